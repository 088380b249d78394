#include "bot/api/roundtable.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/filter.h"
#include "bot/api/tally.h"
#include "bot/api/ticket_json.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policy.h"

#include <string.h>
#include <time.h>

#define MINUTE_MS 60000LL
#define LISTED 10 /* tickets of a kind on the table */

/* The first tickets by some order. */
struct top {
    const struct card *cards[LISTED];
    size_t n;
    bool (*before)(const struct card *a, const struct card *b);
};

struct table {
    const char *quarter;
    struct tally tally;
    struct board_filter filter;
    struct scope scope;
    struct top longest, escalated;
};

static bool is_older(const struct card *a, const struct card *b) {
    return a->created_ms < b->created_ms;
}

static bool is_higher(const struct card *a, const struct card *b) {
    return a->level != b->level ? a->level > b->level : is_older(a, b);
}

static void top_add(struct top *top, const struct card *card) {
    size_t at = top->n;

    if (at < LISTED)
        top->n++;
    else if (!top->before(card, top->cards[--at]))
        return;
    for (; at > 0 && top->before(card, top->cards[at - 1]); at--)
        top->cards[at] = top->cards[at - 1];
    top->cards[at] = card;
}

static void add(void *data, const struct card *card) {
    struct table *table = data;
    bool open = ticket_is_open(card->state);
    bool then = card->created_ms < table->tally.to_ms;

    tally_add(&table->tally, card);
    if (open && then)
        top_add(&table->longest, card);
    if (card->level > LEVEL_RIDER && then &&
        (open || tally_has(&table->tally, card->created_ms)))
        top_add(&table->escalated, card);
}

static json_t *items(struct api_call *call, const struct top *top) {
    json_t *out = json_array();

    for (size_t i = 0; i < top->n; i++)
        json_array_append_new(out, ticket_item(&call->arena, top->cards[i]));
    return out;
}

static json_t *table_json(struct api_call *call, struct table *table) {
    struct tally *t = &table->tally;
    double rate = t->created == 0 ? 0 : (double)t->ended / (double)t->created;

    return json_pack(
        "{ss sI sI sf so so so so sI so}", "quarter", table->quarter, "new",
        (json_int_t)t->created, "closed", (json_int_t)t->closed, "rate", rate,
        "by_category", tally_rows_json(&t->categories, "category"),
        "by_community", tally_rows_json(&t->communities, "community"),
        "longest_open", items(call, &table->longest), "escalated",
        items(call, &table->escalated), "reopened", (json_int_t)t->reopened,
        "rating", tally_rating_json(t));
}

static void answer(void *data) {
    struct api_call *call = data;
    struct table *table = call->data;
    enum err err = board_each(call->bot->board, &table->filter, add, table);
    json_t *json = err == OK ? table_json(call, table) : NULL;

    tally_finish(&table->tally);
    if (err == OK)
        api_answer(call, json, 0);
    else
        api_fail(call, err);
}

/* The first moment of a month where the district is. */
static int64_t month_ms(const struct api_call *call, int year, int month) {
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = 1};

    return timegm(&tm) * 1000LL -
           call->bot->config->utc_offset_minutes * MINUTE_MS;
}

/* "2026Q4" */
static bool read_quarter(struct api_call *call, struct table *table) {
    const char *text = api_query(call, "quarter");

    if (strlen(text) != 6 || strspn(text, "0123456789") != 4 ||
        text[4] != 'Q' || text[5] < '1' || text[5] > '4' || text[0] == '0') {
        api_invalid(call, "invalid", "quarter");
        return false;
    }
    int year = 0;
    for (int i = 0; i < 4; i++)
        year = year * 10 + (text[i] - '0');
    int month = (text[5] - '1') * 3;
    table->quarter = text;
    table->tally.from_ms = month_ms(call, year, month);
    table->tally.to_ms = month_ms(call, year, month + 3);
    return true;
}

static void get_table(struct api_call *call) {
    struct table *table = arena_alloc(&call->arena, sizeof(*table));

    call->data = table;
    table->longest.before = is_older;
    table->escalated.before = is_higher;
    table->scope = scope_of(call, PERM_STATISTICS);
    table->filter = (struct board_filter){
        .covers = scope_covers,
        .data = &table->scope,
    };
    if (read_quarter(call, table))
        filter_when_loaded(call, answer);
}

static const struct api_route routes[] = {
    {"GET", "/roundtable", PERM_STATISTICS, get_table, 0, false},
};

void roundtable_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

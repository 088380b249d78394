#include "bot/api/tickets.h"

#include "base/arena.h"
#include "base/geo.h"
#include "base/limits.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/filter.h"
#include "bot/api/order.h"
#include "bot/api/similar.h"
#include "bot/api/ticket_json.h"
#include "bot/api/ticket_read.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/work.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list ------------------------------------------------------------
 */

struct listing {
    struct filter filter;
    const struct board_after *after; /* NULL: the first page */
    size_t limit;
};

/* "<sort value>.<id>" of the last one of a page. */
static const char *cursor_of(struct api_call *call,
                             const struct listing *listing,
                             const struct card *card) {
    const struct filter *filter = &listing->filter;

    return arena_printf(&call->arena, "%" PRId64 ".%s",
                        board_value(card, filter->sort, filter->descending),
                        card->id);
}

static bool read_cursor(struct api_call *call, struct listing *listing) {
    const char *cursor = api_query(call, "cursor");
    struct board_after *after = arena_alloc(&call->arena, sizeof(*after));
    char *end;

    if (cursor[0] == '\0')
        return true;
    after->value = strtoll(cursor, &end, 10);
    after->id = end + 1;
    if (end == cursor || *end != '.' ||
        !ticket_id_valid(&call->arena, after->id)) {
        api_invalid(call, "invalid", "cursor");
        return false;
    }
    listing->after = after;
    return true;
}

struct counts {
    const char *me;
    int64_t by_state[TICKET_STATES];
    int64_t mine, unassigned, overdue;
};

static void count(void *data, const struct card *card) {
    struct counts *counts = data;
    bool open = ticket_is_open(card->state);

    counts->by_state[card->state]++;
    counts->mine += open && strcmp(card->assignee, counts->me) == 0;
    counts->unassigned += open && card->assignee[0] == '\0';
    counts->overdue += open && card->overdue;
}

/* Of all the caller may see, whatever the filters. */
static json_t *counts_json(struct api_call *call,
                           const struct listing *listing) {
    struct board_filter all = {.covers = listing->filter.board.covers,
                               .data = listing->filter.board.data};
    struct counts counts = {.me = call->caller.actor};
    json_t *states = json_object();

    if (board_each(call->bot->board, &all, count, &counts) != OK)
        counts = (struct counts){0};
    for (int i = 0; i < TICKET_STATES; i++)
        if (counts.by_state[i] > 0)
            json_object_set_new(states, ticket_state_name((enum ticket_state)i),
                                json_integer(counts.by_state[i]));
    return json_pack("{so sI sI sI}", "by_state", states, "mine",
                     (json_int_t)counts.mine, "unassigned",
                     (json_int_t)counts.unassigned, "overdue",
                     (json_int_t)counts.overdue);
}

static void list(void *data) {
    struct api_call *call = data;
    struct listing *listing = call->data;
    const struct filter *filter = &listing->filter;
    struct board_page page;
    enum err err =
        board_list(call->bot->board, &call->arena, &filter->board, filter->sort,
                   filter->descending, listing->after, listing->limit, &page);

    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < page.n; i++)
        json_array_append_new(items, ticket_item(&call->arena, page.cards[i]));
    json_t *json = json_object();
    json_object_set_new(json, "items", items);
    json_object_set_new(json, "next",
                        page.more ? json_string(cursor_of(
                                        call, listing, page.cards[page.n - 1]))
                                  : json_null());
    json_object_set_new(json, "total", json_integer((json_int_t)page.total));
    if (listing->after == NULL)
        json_object_set_new(json, "counts", counts_json(call, listing));
    api_answer(call, json, 0);
}

static void get_list(struct api_call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));

    call->data = listing;
    if (!filter_read(call, PERM_TICKETS_READ, &listing->filter) ||
        !read_cursor(call, listing))
        return;
    listing->limit = api_limit(call);
    filter_when_loaded(call, list);
}

/* ---- one of them ---------------------------------------------------------
 */

static void get_one(struct api_call *call) {
    ticket_page_answer(call, call->args[0], PAGE_SEEN);
}

static void answer_similar(void *data) {
    struct api_call *call = data;
    const struct card *found[SIMILAR_MAX];
    struct card card;
    json_t *items = json_array();

    board_card(&card, call->data);
    size_t n = similar_find(call, &card, found);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, ticket_item(&call->arena, found[i]));
    api_answer(call, json_pack("{so}", "items", items), 0);
}

static void find_similar(struct api_call *call, const struct ticket *ticket) {
    struct ticket *kept = arena_alloc(&call->arena, sizeof(*kept));

    *kept = *ticket;
    call->data = kept;
    filter_when_loaded(call, answer_similar);
}

static void get_similar(struct api_call *call) {
    ticket_fetch(call, call->args[0], PERM_TICKETS_READ, find_similar);
}

/* ---- a new one -----------------------------------------------------------
 */

#define WORD_BYTES 16

static void on_filed(struct work *work, enum err err) {
    struct api_call *call = work->data;
    const struct ticket *ticket = call->data;

    work_free(work);
    if (err == OK) {
        board_poke(call->bot->board);
        ticket_page_answer(call, ticket->id, PAGE_CREATED);
    } else {
        api_fail(call, err == ERR_CONFLICT ? ERR_AWAY : err);
    }
}

static bool read_degrees(struct api_call *call, const char *name,
                         const json_t **out) {
    *out = json_object_get(call->json, name);
    if (*out == NULL || json_is_null(*out))
        *out = NULL;
    else if (!json_is_number(*out)) {
        api_invalid(call, "invalid", name);
        return false;
    }
    return true;
}

/* Kept as WGS-84, whatever it came as. */
static bool read_position(struct api_call *call, struct ticket *ticket) {
    const json_t *lat, *lon;
    const char *datum;

    if (!read_degrees(call, "lat", &lat) || !read_degrees(call, "lon", &lon) ||
        !api_string(call, "datum", WORD_BYTES, false, &datum))
        return false;
    bool gcj02 = datum != NULL && strcmp(datum, "gcj02") == 0;
    if (datum != NULL && !gcj02 && strcmp(datum, "wgs84") != 0) {
        api_invalid(call, "invalid", "datum");
        return false;
    }
    if (lat == NULL && lon == NULL)
        return true;
    struct geo at = {json_number_value(lat), json_number_value(lon)};
    if (lat == NULL || lon == NULL || !geo_valid(at)) {
        api_invalid(call, "invalid", lat == NULL ? "lat" : "lon");
        return false;
    }
    if (gcj02)
        at = geo_gcj02_to_wgs84(at);
    ticket->lat = arena_printf(&call->arena, "%.6f", at.lat);
    ticket->lon = arena_printf(&call->arena, "%.6f", at.lon);
    return true;
}

static bool read_kind(struct api_call *call, char *prefix) {
    const char *kind;

    if (!api_string(call, "kind", WORD_BYTES, true, &kind))
        return false;
    *prefix = strcmp(kind, "request") == 0  ? 'S'
              : strcmp(kind, "report") == 0 ? 'P'
                                            : 0;
    if (*prefix == 0)
        api_invalid(call, "invalid", "kind");
    return *prefix != 0;
}

static bool read_ticket(struct api_call *call, struct ticket *ticket) {
    char prefix;

    if (!read_kind(call, &prefix) ||
        !order_text(call, "text", LIMIT_TEXT_CHARS, true, &ticket->text) ||
        !order_category(call, &ticket->category) ||
        !order_text(call, "place", LIMIT_PLACE_CHARS, false, &ticket->place) ||
        !order_text(call, "contact", LIMIT_NAME_CHARS, false, &ticket->nick) ||
        !order_photos(call, &ticket->photos) || !read_position(call, ticket))
        return false;
    if (ticket->category == NULL)
        ticket->category = "other";
    int64_t number = store_next_number(call->bot->store);
    if (number == 0) {
        api_fail(call, ERR_AWAY);
        return false;
    }
    ticket->id = arena_printf(&call->arena, "%c%" PRId64, prefix, number);
    return true;
}

/* By another system or for somebody who is no rider here: nobody is told how it
 * goes on but whoever asks. */
static void post_ticket(struct api_call *call) {
    struct ticket *ticket = arena_alloc(&call->arena, sizeof(*ticket));

    call->data = ticket;
    if (!read_ticket(call, ticket))
        return;
    ticket->source = call->caller.actor;
    struct work *work = work_new(call->bot);
    struct desk desk = desk_of_work(work);
    desk_file(&desk, ticket);
    api_happens(call, work->txn);
    work_commit(work, on_filed, call);
}

/* ---- the routes ----------------------------------------------------------
 */

static const struct api_route routes[] = {
    {"GET", "/tickets", PERM_TICKETS_READ, get_list, 0, false},
    {"POST", "/tickets", PERM_TICKETS_FILE, post_ticket, 0, false},
    {"GET", "/tickets/{id}", PERM_TICKETS_READ, get_one, 0, false},
    {"GET", "/tickets/{id}/similar", PERM_TICKETS_READ, get_similar, 0, false},
};

void tickets_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

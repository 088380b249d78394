#include "bot/api/statistics.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/filter.h"
#include "bot/api/tally.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE_MS 60000LL
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define DAYS_MAX 400
#define DAYS_DEFAULT 30

struct day {
    int64_t created, closed;
};

struct statistics {
    struct tally tally;
    struct board_filter filter;
    struct scope scope;
    int64_t offset_ms, first_day; /* days since 1970, where the district is */
    size_t n_days;
    struct day *days;
    int64_t *answers; /* how long until the first answer, ms */
    size_t n_answers, room;
};

static int64_t day_of(const struct statistics *s, int64_t ms) {
    int64_t local = ms + s->offset_ms;

    return local >= 0 ? local / DAY_MS : (local - DAY_MS + 1) / DAY_MS;
}

static struct day *day_at(struct statistics *s, int64_t ms) {
    int64_t day = day_of(s, ms) - s->first_day;

    return &s->days[day];
}

static void add_answer(struct statistics *s, int64_t ms) {
    if (s->n_answers == s->room) {
        s->room = s->room == 0 ? 1024 : s->room * 2;
        s->answers = xrealloc(s->answers, s->room * sizeof(*s->answers));
    }
    s->answers[s->n_answers++] = ms < 0 ? 0 : ms;
}

static void add(void *data, const struct card *card) {
    struct statistics *s = data;

    tally_add(&s->tally, card);
    if (card->closed_ms > 0 && tally_has(&s->tally, card->closed_ms))
        day_at(s, card->closed_ms)->closed++;
    if (!tally_has(&s->tally, card->created_ms))
        return;
    day_at(s, card->created_ms)->created++;
    if (card->answered_ms > 0)
        add_answer(s, card->answered_ms - card->created_ms);
}

/* ---- as JSON -------------------------------------------------------------
 */

static json_t *days_json(const struct statistics *s) {
    json_t *out = json_array();

    for (size_t i = 0; i < s->n_days; i++) {
        time_t midnight =
            (time_t)((s->first_day + (int64_t)i) * (DAY_MS / 1000));
        struct tm tm;
        char name[24];
        gmtime_r(&midnight, &tm);
        strftime(name, sizeof(name), "%Y-%m-%d", &tm);
        json_array_append_new(out, json_pack("{ss sI sI}", "day", name, "new",
                                             (json_int_t)s->days[i].created,
                                             "closed",
                                             (json_int_t)s->days[i].closed));
    }
    return out;
}

static int by_length(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* In hours, of answers that are sorted. */
static json_t *share_h(const struct statistics *s, double share) {
    if (s->n_answers == 0)
        return json_null();
    size_t at = (size_t)((double)(s->n_answers - 1) * share);
    return json_real((double)s->answers[at] / HOUR_MS);
}

static json_t *buckets_json(const struct statistics *s) {
    static const int limits_h[] = {1, 2, 4, 8, 24, 48, 72, 168};
    json_t *out = json_array();
    size_t at = 0;

    for (size_t i = 0; i <= ARRAY_LEN(limits_h); i++) {
        bool last = i == ARRAY_LEN(limits_h);
        json_int_t n = 0;
        for (; at < s->n_answers &&
               (last || s->answers[at] <= limits_h[i] * HOUR_MS);
             at++)
            n++;
        json_array_append_new(
            out,
            json_pack("{so sI}", "le_h",
                      last ? json_null() : json_integer(limits_h[i]), "n", n));
    }
    return out;
}

static json_t *answers_json(struct statistics *s) {
    if (s->n_answers > 0)
        qsort(s->answers, s->n_answers, sizeof(*s->answers), by_length);
    return json_pack("{so so so}", "median_h", share_h(s, 0.5), "p90_h",
                     share_h(s, 0.9), "buckets", buckets_json(s));
}

static json_t *statistics_json(struct statistics *s) {
    struct tally *t = &s->tally;

    return json_pack("{so so so so so so sI sI so}", "days", days_json(s),
                     "time_to_answer", answers_json(s), "by_category",
                     tally_rows_json(&t->categories, "category"),
                     "by_community",
                     tally_rows_json(&t->communities, "community"), "by_level",
                     tally_levels_json(t), "by_state", tally_states_json(t),
                     "open", (json_int_t)t->open, "overdue",
                     (json_int_t)t->overdue, "rating", tally_rating_json(t));
}

static void answer(void *data) {
    struct api_call *call = data;
    struct statistics *s = call->data;
    enum err err = board_each(call->bot->board, &s->filter, add, s);
    json_t *json = err == OK ? statistics_json(s) : NULL;

    free(s->answers);
    tally_finish(&s->tally);
    if (err == OK)
        api_answer(call, json, 0);
    else
        api_fail(call, err);
}

/* ---- the route -----------------------------------------------------------
 */

static bool read_period(struct api_call *call, struct statistics *s) {
    struct tally *t = &s->tally;

    if (!filter_ms(call, "from_ms", &t->from_ms) ||
        !filter_ms(call, "to_ms", &t->to_ms))
        return false;
    if (t->to_ms == 0)
        t->to_ms = call->now_ms;
    if (t->from_ms == 0)
        t->from_ms = t->to_ms - DAYS_DEFAULT * DAY_MS;
    if (t->from_ms >= t->to_ms) {
        api_invalid(call, "invalid", "to_ms");
        return false;
    }
    s->first_day = day_of(s, t->from_ms);
    int64_t days = day_of(s, t->to_ms - 1) - s->first_day + 1;
    if (days > DAYS_MAX) {
        api_invalid(call, "too_long", "to_ms");
        return false;
    }
    s->n_days = (size_t)days;
    s->days = arena_alloc(&call->arena, s->n_days * sizeof(*s->days));
    return true;
}

static void get_statistics(struct api_call *call) {
    struct statistics *s = arena_alloc(&call->arena, sizeof(*s));
    const char *unit = api_query(call, "unit");

    call->data = s;
    s->offset_ms = call->bot->config->utc_offset_minutes * MINUTE_MS;
    s->scope = scope_of(call, PERM_STATISTICS);
    s->filter = (struct board_filter){
        .states = (1u << TICKET_STATES) - 1, /* those forgotten, too */
        .unit = strcmp(unit, "*") == 0 ? "" : unit,
        .covers = scope_covers,
        .data = &s->scope,
    };
    if (filter_kind(call, &s->filter.kind) && read_period(call, s))
        filter_when_loaded(call, answer);
}

static const struct api_route routes[] = {
    {"GET", "/statistics", PERM_STATISTICS, get_statistics, 0, false},
};

void statistics_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

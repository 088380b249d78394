#include "bot/api/calendar.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/api/api.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/recurrence.h"
#include "store/broadcast.h"
#include "store/document.h"
#include "store/event.h"
#include "store/plan.h"
#include "store/quiz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS (24LL * 3600 * 1000)
#define SPAN_MAX_MS (100 * DAY_MS)
#define ITEMS_MAX 2000
#define LOOKED_AT 1000 /* of a kind, the latest of them */
#define PAGE 100
#define FIRINGS_MAX 120 /* of one series */
#define TITLE_CHARS 40
#define NUMBER_DIGITS 15

/* What is read, one kind after the other. */
struct calendar {
    struct api_call *call;
    int64_t from_ms, to_ms;
    json_t *items;
    struct arena page;
    size_t read;
};

struct item {
    const char *kind, *id, *title, *state; /* state may be NULL */
    int64_t at_ms, end_ms;                 /* end_ms 0: a moment */
};

static void add(struct calendar *calendar, const struct item *item) {
    int64_t end_ms = item->end_ms != 0 ? item->end_ms : item->at_ms + 1;
    if (item->at_ms >= calendar->to_ms || end_ms <= calendar->from_ms ||
        json_array_size(calendar->items) >= ITEMS_MAX)
        return;
    json_array_append_new(
        calendar->items,
        json_pack(
            "{ss ss ss sI so so}", "kind", item->kind, "id", item->id, "title",
            item->title, "at_ms", (json_int_t)item->at_ms, "end_ms",
            item->end_ms == 0 ? json_null() : json_integer(item->end_ms),
            "state",
            item->state == NULL ? json_null() : json_string(item->state)));
}

static void fail(struct calendar *calendar, enum err err) {
    json_decref(calendar->items);
    api_fail(calendar->call, err);
}

static bool may_see(const struct calendar *calendar, unsigned permissions,
                    const char *units) {
    const struct api_call *call = calendar->call;
    const struct policy *policy = policies_get(call->bot->policies);
    for (unsigned bit = 1; bit <= permissions; bit <<= 1)
        if ((permissions & bit) &&
            access_covers_units(&call->caller, policy, (enum permission)bit,
                                units))
            return true;
    return false;
}

/* ---- the end ------------------------------------------------------------- */

static int by_time(const void *a, const void *b) {
    const json_t *const *x = a, *const *y = b;
    json_int_t at_x = json_integer_value(json_object_get(*x, "at_ms"));
    json_int_t at_y = json_integer_value(json_object_get(*y, "at_ms"));
    return at_x < at_y ? -1 : at_x > at_y;
}

static void answer(struct calendar *calendar) {
    size_t n = json_array_size(calendar->items);
    json_t **sorted = xcalloc(n + 1, sizeof(json_t *));
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        sorted[i] = json_array_get(calendar->items, i);
    qsort(sorted, n, sizeof(json_t *), by_time);
    for (size_t i = 0; i < n; i++)
        json_array_append(items, sorted[i]);
    free(sorted);
    json_decref(calendar->items);
    api_answer(
        calendar->call,
        json_pack("{so sn sI}", "items", items, "next", "total", (json_int_t)n),
        0);
}

/* ---- holidays ------------------------------------------------------------ */

/* "2026-10-01" begins then, where the district is; -1: it is no day. */
static int64_t day_ms(const struct bot *bot, const char *day) {
    struct tm tm = {0};
    const char *end = strptime(day, "%Y-%m-%d", &tm);
    if (end == NULL || *end != '\0')
        return -1;
    return (int64_t)timegm(&tm) * 1000 -
           bot->config->utc_offset_minutes * 60000LL;
}

static void on_document(void *data, enum err err,
                        const struct document *documents, size_t n) {
    struct calendar *calendar = data;
    const char *text = n == 1 && documents[0].json_len > 0
                           ? documents[0].json
                           : policy_default(POLICY_CALENDAR);
    const char *year;
    json_t *about, *day;
    size_t i;
    if (err != OK) {
        fail(calendar, err);
        return;
    }
    json_t *document = json_loads(text, 0, NULL);
    json_object_foreach(json_object_get(document, "years"), year, about) {
        json_array_foreach(json_object_get(about, "holidays"), i, day) {
            const char *name = json_string_value(day);
            int64_t at_ms =
                name == NULL ? -1 : day_ms(calendar->call->bot, name);
            if (at_ms >= 0)
                add(calendar, &(struct item){"holiday", name, "", NULL, at_ms,
                                             at_ms + DAY_MS});
        }
    }
    json_decref(document);
    answer(calendar);
}

static void read_holidays(struct calendar *calendar) {
    struct api_call *call = calendar->call;
    document_get(call->bot->store, &call->arena, &policy_names[POLICY_CALENDAR],
                 1, on_document, calendar);
}

/* ---- quizzes, plans, events ---------------------------------------------- */

static void on_quizzes(void *data, enum err err, const struct quiz *quizzes,
                       size_t n, int64_t total) {
    struct calendar *calendar = data;
    (void)total;
    if (err != OK) {
        fail(calendar, err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (quizzes[i].state != QUIZ_DRAFT && quizzes[i].opens_ms != 0)
            add(calendar,
                &(struct item){"daily", quizzes[i].id, quizzes[i].title,
                               quiz_state_word(quizzes[i].state),
                               quizzes[i].opens_ms, quizzes[i].closes_ms});
    read_holidays(calendar);
}

static void read_quizzes(struct calendar *calendar) {
    struct api_call *call = calendar->call;
    quiz_list_from(call->bot->store, &call->arena, 0, PAGE, on_quizzes,
                   calendar);
}

static void on_plans(void *data, enum err err, const struct plan *plans,
                     size_t n, int64_t total) {
    struct calendar *calendar = data;
    int offset = calendar->call->bot->config->utc_offset_minutes;
    (void)total;
    if (err != OK) {
        fail(calendar, err);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t at_ms = plan_week_ms(plans[i].week, offset);
        if (at_ms >= 0)
            add(calendar, &(struct item){"plan", plans[i].week, plans[i].week,
                                         NULL, at_ms, at_ms + 7 * DAY_MS});
    }
    read_quizzes(calendar);
}

static void read_plans(struct calendar *calendar) {
    struct api_call *call = calendar->call;
    plan_list_all(call->bot->store, &call->arena, 0, PAGE, on_plans, calendar);
}

static void on_events(void *data, enum err err, const struct event *events,
                      size_t n, int64_t total) {
    struct calendar *calendar = data;
    (void)total;
    if (err != OK) {
        fail(calendar, err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (may_see(calendar, PERM_EVENTS | PERM_BROADCASTS, events[i].unit))
            add(calendar,
                &(struct item){"event", events[i].id, events[i].title,
                               event_state_names[events[i].state],
                               events[i].starts_ms, events[i].ends_ms});
    read_plans(calendar);
}

static void read_events(struct calendar *calendar) {
    struct api_call *call = calendar->call;
    event_list(call->bot->store, &call->arena, 0, PAGE, on_events, calendar);
}

/* ---- broadcasts ---------------------------------------------------------- */

static void add_firings(struct calendar *calendar, struct item *item,
                        const struct broadcast *series) {
    const struct policy *policy = policies_get(calendar->call->bot->policies);
    int64_t at_ms = series->next_ms;
    for (size_t i = 0; i < FIRINGS_MAX && at_ms != 0; i++) {
        if (at_ms >= calendar->to_ms)
            return;
        item->at_ms = at_ms;
        add(calendar, item);
        at_ms = recurrence_next(policy, series, at_ms);
    }
}

static void add_broadcast(struct calendar *calendar,
                          const struct broadcast *broadcast) {
    const char *title =
        broadcast->title[0] != '\0'
            ? broadcast->title
            : utf8_excerpt(&calendar->page, broadcast->text, TITLE_CHARS);
    struct item item = {"broadcast",
                        broadcast->id,
                        title,
                        broadcast_state_name(broadcast->state),
                        broadcast->fired_ms != 0  ? broadcast->fired_ms
                        : broadcast->next_ms != 0 ? broadcast->next_ms
                                                  : broadcast->at_ms,
                        0};
    if (!may_see(calendar, PERM_BROADCASTS | PERM_APPROVE, broadcast->unit))
        return;
    if (broadcast_is_series(broadcast) && broadcast->next_ms != 0)
        add_firings(calendar, &item, broadcast);
    else if (item.at_ms != 0)
        add(calendar, &item);
}

static void read_broadcasts(struct calendar *calendar);

static void on_broadcasts(void *data, enum err err,
                          const struct broadcast *broadcasts, size_t n,
                          int64_t total) {
    struct calendar *calendar = data;
    for (size_t i = 0; err == OK && i < n; i++)
        add_broadcast(calendar, &broadcasts[i]);
    arena_finish(&calendar->page);
    calendar->read += PAGE;
    if (err != OK)
        fail(calendar, err);
    else if ((int64_t)calendar->read < total && calendar->read < LOOKED_AT)
        read_broadcasts(calendar);
    else
        read_events(calendar);
}

static void read_broadcasts(struct calendar *calendar) {
    arena_init(&calendar->page);
    broadcast_list_all(calendar->call->bot->store, &calendar->page,
                       calendar->read, PAGE, on_broadcasts, calendar);
}

/* ---- what is asked for --------------------------------------------------- */

static bool read_ms(struct api_call *call, const char *name, int64_t *out) {
    const char *given = api_query(call, name);
    size_t digits = strspn(given, "0123456789");
    *out = strtoll(given, NULL, 10);
    if (digits > 0 && digits <= NUMBER_DIGITS && given[digits] == '\0')
        return true;
    api_invalid(call, given[0] == '\0' ? "required" : "integer_needed", name);
    return false;
}

static void get_calendar(struct api_call *call) {
    struct calendar *calendar = arena_alloc(&call->arena, sizeof(*calendar));
    calendar->call = call;
    if (!read_ms(call, "from_ms", &calendar->from_ms) ||
        !read_ms(call, "to_ms", &calendar->to_ms))
        return;
    if (calendar->to_ms <= calendar->from_ms ||
        calendar->to_ms - calendar->from_ms > SPAN_MAX_MS) {
        api_invalid(call, "out_of_range", "to_ms");
        return;
    }
    calendar->items = json_array();
    read_broadcasts(calendar);
}

static const struct api_route routes[] = {
    {"GET", "/calendar",
     PERM_BROADCASTS | PERM_APPROVE | PERM_STUDY | PERM_EVENTS, get_calendar, 0,
     false},
};

void calendar_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

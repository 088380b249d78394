#include "bot/events.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/desk.h"
#include "store/txn.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define HOUR_MS (3600LL * 1000)
#define CHECK_IN_BEFORE_MS (2 * HOUR_MS)
#define CHECK_IN_AFTER_MS (4 * HOUR_MS)

const char *const event_move_names[EVENT_MOVES] = {
    "publish", "close", "reopen", "cancel", "finish",
};

/* ---- events ---------------------------------------------------------------
 */

/* The one table of what may happen to an event: from these states to that. */
static const struct {
    unsigned from; /* bits by enum event_state */
    enum event_state to;
} steps[EVENT_MOVES] = {
    [EVENT_PUBLISH] = {1u << EVENT_DRAFT, EVENT_OPEN},
    [EVENT_CLOSE] = {1u << EVENT_OPEN, EVENT_CLOSED},
    [EVENT_REOPEN] = {1u << EVENT_CLOSED, EVENT_OPEN},
    [EVENT_CANCEL] = {1u << EVENT_OPEN | 1u << EVENT_CLOSED, EVENT_CANCELLED},
    [EVENT_FINISH] = {1u << EVENT_OPEN | 1u << EVENT_CLOSED, EVENT_FINISHED},
};

bool event_may(const struct event *event, enum event_move move) {
    return (steps[move].from & (1u << event->state)) != 0;
}

enum err events_move(const struct desk *desk, const struct event *event,
                     enum event_move move, const char *actor, const char *note,
                     struct event *after) {
    *after = *event;
    if (!event_may(event, move))
        return ERR_STATE;
    if (move == EVENT_CANCEL && (note == NULL || note[0] == '\0'))
        return ERR_INVALID;
    if (move == EVENT_FINISH && desk->now_ms < event->starts_ms)
        return ERR_STATE;
    after->state = steps[move].to;
    after->updated_ms = desk->now_ms;
    if (move == EVENT_CANCEL)
        after->note = note;
    event_put(desk->txn, after);
    if (move == EVENT_CANCEL || move == EVENT_FINISH)
        event_stir(desk->txn, event, desk->now_ms);
    txn_audit(desk->txn, actor,
              arena_printf(desk->arena, "event-%s", event_move_names[move]),
              event->id, "");
    after->version = event->version + 1;
    return OK;
}

void events_edit(const struct desk *desk, const struct event *before,
                 struct event *after, const char *actor) {
    bool told = before->starts_ms != after->starts_ms ||
                before->ends_ms != after->ends_ms ||
                strcmp(before->place, after->place) != 0;
    bool shown = before->state == EVENT_OPEN || before->state == EVENT_CLOSED;
    after->updated_ms = desk->now_ms;
    if (told && shown)
        after->changed++;
    event_put(desk->txn, after);
    if (shown && (told || strcmp(before->remind, after->remind) != 0))
        event_stir(desk->txn, before, desk->now_ms);
    if (shown && before->n_waiting > 0 && before->capacity != after->capacity)
        event_free_places(desk->txn, before, desk->now_ms);
    txn_audit(desk->txn, actor, "event-edit", before->id, "");
    after->version = before->version + 1;
}

const char *events_shut(const struct event *event, int64_t now_ms) {
    switch (event->state) {
    case EVENT_DRAFT:
        return "unknown";
    case EVENT_CANCELLED:
        return "cancelled";
    case EVENT_FINISHED:
        return "finished";
    case EVENT_CLOSED:
        return now_ms >= event->starts_ms ? "late" : "closed";
    default:
        break;
    }
    return now_ms >= event->deadline_ms || now_ms >= event->starts_ms ? "late"
                                                                      : NULL;
}

bool events_has_room(const struct event *event, int64_t n) {
    int64_t most = event->capacity > 0 ? event->capacity : EVENT_CAPACITY_MAX;
    return event->n_waiting == 0 && event->taken + n <= most;
}

bool events_checks_in(const struct event *event, int64_t now_ms) {
    return (event->state == EVENT_OPEN || event->state == EVENT_CLOSED) &&
           now_ms >= event->starts_ms - CHECK_IN_BEFORE_MS &&
           now_ms < event->ends_ms + CHECK_IN_AFTER_MS;
}

/* ---- how they read --------------------------------------------------------
 */

static struct tm local_time(struct bot *bot, int64_t ms) {
    time_t at = (time_t)(ms / 1000) + bot->config->utc_offset_minutes * 60;
    struct tm tm;
    gmtime_r(&at, &tm);
    return tm;
}

const char *events_time(struct bot *bot, struct arena *arena, int64_t ms) {
    struct tm tm = local_time(bot, ms);
    return arena_printf(arena, "%02d-%02d %02d:%02d", tm.tm_mon + 1, tm.tm_mday,
                        tm.tm_hour, tm.tm_min);
}

const char *events_when(struct bot *bot, struct arena *arena,
                        const struct event *event) {
    struct tm from = local_time(bot, event->starts_ms);
    struct tm to = local_time(bot, event->ends_ms);
    const char *start = events_time(bot, arena, event->starts_ms);
    if (from.tm_year == to.tm_year && from.tm_yday == to.tm_yday)
        return arena_printf(arena, "%s-%02d:%02d", start, to.tm_hour,
                            to.tm_min);
    return arena_printf(arena, "%s - %s", start,
                        events_time(bot, arena, event->ends_ms));
}

const char *events_calendar_url(struct bot *bot, struct arena *arena,
                                const struct event *event) {
    const char *url = bot->config->public_url;
    if (url == NULL)
        return "";
    return arena_printf(arena, "%s/events/%s/%s.ics", url, event->id,
                        event->token);
}

const char *events_code_url(struct bot *bot, struct arena *arena,
                            const struct event *event, const char *code) {
    const char *url = bot->config->public_url;
    if (url == NULL)
        return "";
    return arena_printf(arena, "%s/events/%s/%s/%s.svg", url, event->id,
                        event->token, code);
}

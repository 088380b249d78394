/* What happens to a sign-up: one table of moves, what each does, who is told.
 */
#include "base/arena.h"
#include "base/mem.h"
#include "base/token.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/events.h"
#include "bot/events_parts.h"
#include "store/points.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS (3600LL * 1000)

const char *const signup_move_names[SIGNUP_MOVES] = {
    "accept", "leave", "promote", "cancel", "attend", "offer", "lapse",
};

#define BIT(state) (1u << SIGNUP_##state)

static const struct step {
    unsigned from; /* bits by enum signup_state */
    enum signup_state to;
    const char *why;  /* of a cancelled one */
    const char *told; /* key, when an organiser or the clock did it */
} steps[SIGNUP_MOVES] = {
    [SIGNUP_ACCEPT] = {BIT(OFFERED), SIGNUP_SIGNED, "", NULL},
    [SIGNUP_LEAVE] = {BIT(SIGNED) | BIT(WAITING) | BIT(OFFERED),
                      SIGNUP_CANCELLED, SIGNUP_BY_RIDER, NULL},
    [SIGNUP_PROMOTE] = {BIT(WAITING) | BIT(OFFERED), SIGNUP_SIGNED, "",
                        "event.promoted"},
    [SIGNUP_CANCEL] = {BIT(SIGNED) | BIT(WAITING) | BIT(OFFERED),
                       SIGNUP_CANCELLED, SIGNUP_BY_ORGANISER, "event.removed"},
    [SIGNUP_ATTEND] = {BIT(SIGNED) | BIT(WAITING) | BIT(OFFERED) |
                           BIT(CANCELLED),
                       SIGNUP_ATTENDED, "", "event.attended"},
    [SIGNUP_OFFER] = {BIT(WAITING), SIGNUP_OFFERED, "", "event.offered"},
    [SIGNUP_LAPSE] = {BIT(OFFERED) | BIT(WAITING), SIGNUP_CANCELLED,
                      SIGNUP_BY_LAPSE, "event.lapsed"},
};

/* ---- clocks ---------------------------------------------------------------
 */

size_t events_reminders(const struct event *event,
                        int64_t hours[static EVENT_REMINDERS_MAX]) {
    const char *at = event->remind;
    size_t n = 0;
    while (n < EVENT_REMINDERS_MAX && at[0] >= '0' && at[0] <= '9') {
        char *end;
        hours[n++] = strtoll(at, &end, 10);
        at = end + (*end == ',');
    }
    return n;
}

static int64_t next_reminder(const struct event *event, int64_t now_ms) {
    int64_t hours[EVENT_REMINDERS_MAX], next = 0;
    size_t n = events_reminders(event, hours);
    for (size_t i = 0; i < n; i++) {
        int64_t at = event->starts_ms - hours[i] * HOUR_MS;
        if (at > now_ms && (next == 0 || at < next))
            next = at;
    }
    return next;
}

int64_t events_next_clock(struct bot *bot, const struct event *event,
                          const struct signup *signup, int64_t now_ms) {
    (void)bot;
    switch (signup->state) {
    case SIGNUP_SIGNED:
        return next_reminder(event, now_ms);
    case SIGNUP_OFFERED:
        return signup->offer_ms;
    case SIGNUP_WAITING:
        return event->starts_ms;
    default:
        return 0;
    }
}

/* ---- telling --------------------------------------------------------------
 */

struct notice *events_tell(const struct desk *desk, const struct event *event,
                           const struct signup *signup, enum lane lane,
                           const char *key) {
    struct notice *notice = desk->notify(desk->data, lane, signup->account,
                                         signup->chat, signup->rider, key);
    notice->fallback = signup->group[0] == '\0' ? NULL : signup->group;
    notice_param(notice, "id", event->id);
    notice_param(notice, "title", event->title);
    notice_param(notice, "when", events_when(desk->bot, desk->arena, event));
    notice_param(notice, "place", event->place);
    return notice;
}

static void tell(const struct desk *desk, const struct event *event,
                 const struct signup *after, const struct signup_order *order) {
    const char *key = steps[order->move].told;
    if (order->move == SIGNUP_LAPSE && strcmp(after->why, SIGNUP_BY_FULL) == 0)
        key = "event.no_place";
    struct notice *notice = events_tell(desk, event, after, LANE_ANSWER, key);
    if (order->move == SIGNUP_OFFER)
        notice_param(notice, "until",
                     events_time(desk->bot, desk->arena, after->offer_ms));
    if (order->note != NULL && order->note[0] != '\0') {
        notice_param(notice, "note", order->note);
        notice_param(notice, NOTICE_AFTER, "event.reason");
    }
    if (order->move == SIGNUP_ATTEND && event->points > 0) {
        notice_param(notice, "points",
                     arena_printf(desk->arena, "%" PRId64, event->points));
        notice_param(notice, NOTICE_AFTER, "event.points");
    }
}

/* ---- moving ---------------------------------------------------------------
 */

static bool is_staff(const struct signup_order *order) {
    return strcmp(order->actor, AUDIT_RIDER) != 0 &&
           strcmp(order->actor, AUDIT_SYSTEM) != 0;
}

/* Whether the event is where such a move makes sense. */
static bool event_allows(const struct event *event, enum signup_move move,
                         int64_t now_ms) {
    bool on = event->state == EVENT_OPEN || event->state == EVENT_CLOSED;
    switch (move) {
    case SIGNUP_ATTEND:
        return on || event->state == EVENT_FINISHED;
    case SIGNUP_LAPSE:
        return true;
    case SIGNUP_LEAVE:
        return on && now_ms < event->ends_ms;
    default:
        return on && now_ms < event->starts_ms;
    }
}

static enum err refuse(const struct event *event, const struct signup *signup,
                       const struct signup_order *order, int64_t now_ms) {
    if (order->move == SIGNUP_ATTEND && signup->state == SIGNUP_ATTENDED)
        return ERR_DUPLICATE;
    if ((steps[order->move].from & (1u << signup->state)) == 0 ||
        !event_allows(event, order->move, now_ms))
        return ERR_STATE;
    /* Who was not let in does not let themselves in. */
    if (order->move == SIGNUP_ATTEND && !is_staff(order) &&
        signup->state != SIGNUP_SIGNED && signup->state != SIGNUP_OFFERED)
        return ERR_STATE;
    return OK;
}

void events_end_signup(struct signup *after, const char *why) {
    after->state = SIGNUP_CANCELLED;
    after->why = why;
    after->guardian = after->children = after->answers = "";
}

static void step(const struct desk *desk, const struct event *event,
                 const struct signup_order *order, struct signup *after) {
    int64_t until = desk->now_ms + event->accept_h * HOUR_MS;
    after->state = steps[order->move].to;
    after->why = steps[order->move].why;
    after->updated_ms = desk->now_ms;
    after->offer_ms = 0;
    if (order->move == SIGNUP_OFFER)
        after->offer_ms = until < event->starts_ms ? until : event->starts_ms;
    if (order->move == SIGNUP_LAPSE && desk->now_ms >= event->starts_ms)
        after->why = SIGNUP_BY_FULL;
    if (after->state == SIGNUP_CANCELLED)
        events_end_signup(after, after->why);
    after->changed = event->changed;
    after->due_ms = events_next_clock(desk->bot, event, after, desk->now_ms);
}

enum err events_signup_move(const struct desk *desk, const struct event *event,
                            const struct signup *signup,
                            const struct signup_order *order) {
    struct signup *after = arena_alloc(desk->arena, sizeof(*after));
    enum err err = refuse(event, signup, order, desk->now_ms);
    if (err != OK)
        return err;
    *after = *signup;
    step(desk, event, order, after);
    signup_put(desk->txn, &(struct signup_change){
                              .event = event,
                              .before = signup,
                              .after = after,
                              .place = -1,
                              .now_ms = desk->now_ms,
                              .pushed = is_staff(order),
                          });
    if (order->move == SIGNUP_ATTEND && event->points > 0)
        points_once(desk->txn, signup->rider, event->points, event->id);
    txn_audit(
        desk->txn, order->actor,
        arena_printf(desk->arena, "signup-%s", signup_move_names[order->move]),
        event->id, is_staff(order) ? signup->code : "");
    if (strcmp(order->actor, AUDIT_RIDER) != 0)
        tell(desk, event, after, order);
    return OK;
}

/* ---- signing up -----------------------------------------------------------
 */

void events_sign_up(const struct desk *desk, const struct event *event,
                    const struct signup *before, struct signup *after,
                    int64_t place) {
    char code[TOKEN_MAX];
    token_code(code, sizeof(code), SIGNUP_CODE_CHARS);
    after->event = event->id;
    after->state =
        events_has_room(event, after->n) ? SIGNUP_SIGNED : SIGNUP_WAITING;
    after->code = before != NULL && before->code[0] != '\0'
                      ? before->code
                      : arena_strdup(desk->arena, code);
    after->why = "";
    after->created_ms = after->updated_ms = desk->now_ms;
    after->changed = event->changed;
    after->due_ms = events_next_clock(desk->bot, event, after, desk->now_ms);
    signup_put(desk->txn, &(struct signup_change){
                              .event = event,
                              .before = before,
                              .after = after,
                              .place = place,
                              .now_ms = desk->now_ms,
                          });
    txn_audit(desk->txn, AUDIT_RIDER, "signup", event->id, "");
}

/* What each move does to a ticket, beyond its state and text. */
#include "base/arena.h"
#include "bot/bot.h"
#include "bot/desk_parts.h"
#include "bot/policy.h"
#include "bot/webhook.h"
#include "store/points.h"
#include "store/txn.h"

#include <string.h>

static bool has(const char *text) {
    return text != NULL && text[0] != '\0';
}

static const char *or_empty(const char *text) {
    return text == NULL ? "" : text;
}

/* Ids joined by ','. */
static const char *join(const struct desk *desk, const char *a, const char *b) {
    return !has(b) ? a : !has(a) ? b : arena_printf(desk->arena, "%s,%s", a, b);
}

/* ---- from hand to hand ---------------------------------------------------
 */

static void come_to(struct moving *m, const char *unit, const char *back) {
    m->after->unit = m->detail = arena_strdup(m->desk->arena, unit);
    m->after->back = back;
    m->after->assignee = m->after->assignee_name = "";
    desk_clock_resume(m->policy, m->after, m->desk->now_ms);
    desk_clock_hand_over(m->policy, m->after, m->desk->now_ms);
}

static enum err move_route(struct moving *m) {
    if (!has(m->order->unit) || policy_unit(m->policy, m->order->unit) == NULL)
        return ERR_INVALID;
    come_to(m, m->order->unit, m->before->unit);
    return OK;
}

static enum err move_hand_back(struct moving *m) {
    const struct unit *back = policy_unit(m->policy, m->before->back);
    if (back == NULL)
        back = policy_route(m->policy, NULL, "");
    come_to(m, back->id, "");
    return OK;
}

/* Where it climbs from; its unit may be gone from the organisation. */
static const char *standing(const struct moving *m) {
    const char *unit = m->before->unit;
    return policy_unit(m->policy, unit) != NULL
               ? unit
               : policy_route(m->policy, NULL, "")->id;
}

static enum err move_escalate(struct moving *m) {
    const struct unit *above =
        policy_above(m->policy, standing(m), m->before->level);
    if (above == NULL)
        return ERR_LIMIT;
    come_to(m, above->id, m->before->unit);
    m->after->level = above->level;
    m->after->warned = false;
    m->after->overdue |= m->order->by == MOVER_SYSTEM;
    desk_clock_start(m->policy, m->after, m->desk->now_ms);
    m->noted = arena_printf(m->desk->arena, "%d", above->level);
    return OK;
}

static enum err move_claim(struct moving *m) {
    m->after->assignee = m->order->actor;
    m->after->assignee_name = or_empty(m->order->name);
    m->after->acknowledge_ms = 0;
    return OK;
}

static enum err move_release(struct moving *m) {
    const char *unit = m->before->unit, *back = m->before->back;
    come_to(m, unit, back);
    m->detail = "";
    return OK;
}

/* ---- with the rider ----- */

static void answered(struct moving *m) {
    if (m->after->answered_ms == 0)
        m->after->answered_ms = m->desk->now_ms;
    m->after->acknowledge_ms = 0;
}

static enum err move_answer(struct moving *m) {
    answered(m);
    desk_clock_resume(m->policy, m->after, m->desk->now_ms);
    return OK;
}

static enum err move_ask(struct moving *m) {
    desk_clock_stop(m->policy, m->after, m->desk->now_ms);
    return OK;
}

/* What the rider says is to be seen by somebody: it is their turn again. */
static enum err move_reply(struct moving *m) {
    struct ticket *after = m->after;
    if (!has(m->order->text) && !has(m->order->photos))
        return ERR_INVALID;
    after->photos = join(m->desk, after->photos, m->order->photos);
    if (after->state != TICKET_WAITING && after->state != TICKET_ANSWERED)
        return OK;
    desk_clock_resume(m->policy, after, m->desk->now_ms);
    bool claimed = has(after->assignee);
    after->state = claimed ? TICKET_CLAIMED : TICKET_ROUTED;
    if (!claimed)
        desk_clock_hand_over(m->policy, after, m->desk->now_ms);
    return OK;
}

/* ---- its end ---- */

/* Points for a report, once, however often it is opened again. */
static void earn(struct moving *m) {
    int points = policy_rules(m->policy)->report_points;
    if (!ticket_is_report(m->before->id) || points <= 0 ||
        m->before->points != 0 || !has(m->before->rider))
        return;
    points_post(m->desk->txn, POINTS_ISSUED, m->before->rider, points,
                m->before->id);
    m->after->points = m->points = points;
}

static enum err move_close(struct moving *m) {
    answered(m);
    desk_clock_end(m->after);
    m->after->closed_ms = m->desk->now_ms;
    m->after->after = join(m->desk, m->after->after, m->order->photos);
    if (has(m->before->rider)) {
        m->after->due = DUE_NUDGE;
        m->after->due_ms = m->desk->now_ms + policy_rules(m->policy)->nudge_ms;
    }
    earn(m);
    return OK;
}

static enum err move_confirm(struct moving *m) {
    if (m->order->rating < 0 || m->order->rating > 5)
        return ERR_INVALID;
    if (m->order->rating > 0)
        m->after->rating = m->order->rating;
    m->detail = arena_printf(m->desk->arena, "%d", m->order->rating);
    desk_clock_end(m->after);
    return OK;
}

static enum err move_reopen(struct moving *m) {
    m->after->reopened++;
    m->after->rating = 0;
    m->after->warned = m->after->overdue = false;
    m->after->assignee = m->after->assignee_name = "";
    desk_clock_start(m->policy, m->after, m->desk->now_ms);
    return OK;
}

static enum err move_end(struct moving *m) {
    desk_clock_end(m->after);
    return OK;
}

/* ---- others who follow ---- */

/* Makes a rider follow into; those who do already are passed over. */
static enum err follow(const struct desk *desk, struct ticket *into,
                       const struct follower *follower) {
    struct follower all[TICKET_FOLLOWERS_MAX];
    if (!has(follower->rider))
        return OK;
    const char *packed = ticket_follow(desk->arena, into, follower);
    if (packed == NULL)
        return ticket_followers(desk->arena, into, all) == TICKET_FOLLOWERS_MAX
                   ? ERR_LIMIT
                   : ERR_DUPLICATE;
    into->followers = packed;
    ticket_followed(desk->txn, follower->rider, into->id, desk->now_ms);
    return OK;
}

static bool can_take(const struct moving *m) {
    struct follower all[TICKET_FOLLOWERS_MAX];
    const struct ticket *into = m->order->into;
    size_t n = ticket_followers(m->desk->arena, m->before, all) +
               ticket_followers(m->desk->arena, into, all);
    return n < TICKET_FOLLOWERS_MAX; /* and its own rider */
}

static enum err move_merge(struct moving *m) {
    const struct ticket *ticket = m->before, *into = m->order->into;
    struct follower all[TICKET_FOLLOWERS_MAX];
    if (into == NULL || strcmp(into->id, ticket->id) == 0 ||
        !ticket_is_open(into->state))
        return ERR_INVALID;
    if (!can_take(m))
        return ERR_LIMIT;
    struct ticket joined = *into;
    size_t n = ticket_followers(m->desk->arena, ticket, all);
    enum err err = follow(
        m->desk, &joined,
        &(struct follower){ticket->rider, ticket->account, ticket->chat,
                           /* never turned to: it would say who sent it */
                           ticket->anonymous ? "" : ticket->group});
    for (size_t i = 0; i < n; i++)
        err = follow(m->desk, &joined, &all[i]);
    (void)err; /* there is room: who is left out is there already */
    joined.updated_ms = m->desk->now_ms;
    ticket_change(m->desk->txn, into, &joined,
                  &(struct ticket_entry){.move = MOVE_JOIN,
                                         .at_ms = m->desk->now_ms,
                                         .who = m->order->actor,
                                         .name = or_empty(m->order->name),
                                         .text = "",
                                         .photos = "",
                                         .detail = ticket->id});
    txn_audit(m->desk->txn, m->order->actor, "ticket-join", into->id,
              ticket->id);
    webhooks_ticket(m->desk->bot->webhooks, m->desk->txn, into, &joined,
                    MOVE_JOIN, m->desk->now_ms);
    m->after->into = m->detail = into->id;
    desk_clock_end(m->after);
    return OK;
}

static enum err move_join(struct moving *m) {
    return m->order->follower == NULL
               ? ERR_INVALID
               : follow(m->desk, m->after, m->order->follower);
}

/* ---- what it is ---- */

static enum err move_note(struct moving *m) {
    (void)m;
    return OK;
}

/* Nobody has looked at it yet: it may still go to another unit by itself. */
static bool untouched(const struct ticket *ticket) {
    return (ticket->state == TICKET_NEW || ticket->state == TICKET_ROUTED) &&
           ticket->level == LEVEL_RIDER && !has(ticket->back) &&
           !has(ticket->assignee) && ticket->answered_ms == 0;
}

static void sort_clocks(struct moving *m) {
    struct ticket *after = m->after;
    if (policy_clock(m->policy, m->before->category, m->before->urgent) ==
        policy_clock(m->policy, after->category, after->urgent))
        return;
    bool stopped = after->state == TICKET_WAITING;
    bool taken_up = after->acknowledge_ms == 0;
    desk_clock_start(m->policy, after, m->desk->now_ms);
    if (taken_up)
        after->acknowledge_ms = 0;
    if (stopped)
        desk_clock_stop(m->policy, after, m->desk->now_ms);
}

static enum err move_sort(struct moving *m) {
    const struct order *order = m->order;
    struct ticket *after = m->after;
    bool moved = order->category != NULL &&
                 strcmp(order->category, after->category) != 0;
    if (moved) {
        after->category = order->category;
        after->urgent = policy_is_urgent(m->policy, after->category);
    }
    if (order->urgent >= 0)
        after->urgent = order->urgent != 0;
    if (order->anonymous == 1) {
        after->anonymous = true;
        after->nick = "";
    }
    if (!moved && after->urgent == m->before->urgent &&
        after->anonymous == m->before->anonymous)
        return ERR_INVALID;
    m->detail = after->category;
    if (moved && untouched(m->before))
        after->unit = arena_strdup(
            m->desk->arena,
            policy_route(m->policy, policy_unit(m->policy, after->community),
                         after->category)
                ->id);
    sort_clocks(m);
    return OK;
}

/* ---- clocks ---- */

static enum err move_warn(struct moving *m) {
    if (m->before->due == DUE_ACKNOWLEDGE)
        m->after->acknowledge_ms = 0;
    else if (m->before->due == DUE_WARN)
        m->after->warned = true;
    else
        return ERR_STATE;
    m->detail = m->before->due == DUE_WARN ? "resolve" : "acknowledge";
    return OK;
}

static enum err move_overdue(struct moving *m) {
    m->after->overdue = true;
    m->after->resolve_ms = 0;
    return OK;
}

static enum err move_nudge(struct moving *m) {
    const struct policy_rules *rules = policy_rules(m->policy);
    int64_t at_ms = m->before->closed_ms + rules->rest_ms;
    m->after->due = DUE_REST;
    m->after->due_ms = at_ms > m->desk->now_ms ? at_ms : m->desk->now_ms;
    return OK;
}

/* ---- the table ---- */

#define RUNG(due) (1u << DUE_##due)

const struct step desk_steps[MOVES] = {
    [MOVE_ROUTE] = {.apply = move_route, .reckons = true},
    [MOVE_CLAIM] = {.apply = move_claim, .reckons = true},
    [MOVE_RELEASE] = {.apply = move_release, .reckons = true},
    [MOVE_ANSWER] = {.apply = move_answer, .reckons = true, .locked = true},
    [MOVE_HAND_BACK] = {.apply = move_hand_back,
                        .reckons = true,
                        .locked = true},
    [MOVE_ESCALATE] = {.apply = move_escalate,
                       .reckons = true,
                       .rung = RUNG(RESOLVE)},
    [MOVE_ASK] = {.apply = move_ask, .reckons = true, .locked = true},
    [MOVE_REPLY] = {.apply = move_reply, .reckons = true},
    [MOVE_CLOSE] = {.apply = move_close, .locked = true},
    [MOVE_CONFIRM] = {.apply = move_confirm},
    [MOVE_REOPEN] = {.apply = move_reopen, .reckons = true},
    [MOVE_MERGE] = {.apply = move_merge},
    [MOVE_JOIN] = {.apply = move_join},
    [MOVE_WITHDRAW] = {.apply = move_end},
    [MOVE_REJECT] = {.apply = move_end, .locked = true},
    [MOVE_NOTE] = {.apply = move_note},
    [MOVE_SORT] = {.apply = move_sort, .reckons = true},
    [MOVE_WARN] = {.apply = move_warn,
                   .reckons = true,
                   .rung = RUNG(ACKNOWLEDGE) | RUNG(WARN)},
    [MOVE_OVERDUE] = {.apply = move_overdue,
                      .reckons = true,
                      .rung = RUNG(RESOLVE)},
    [MOVE_NUDGE] = {.apply = move_nudge, .rung = RUNG(NUDGE)},
    [MOVE_REST] = {.apply = move_end, .rung = RUNG(REST)},
};

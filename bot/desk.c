#include "bot/desk.h"

#include "base/arena.h"
#include "bot/bot.h"
#include "bot/desk_parts.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "bot/webhook.h"
#include "bot/work.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

static struct notice *notify_turn(void *data, enum lane lane,
                                  const char *account, const char *chat,
                                  const char *rider, const char *key) {
    return turn_notify(data, lane, account, chat, rider, key);
}

struct desk desk_of_turn(struct turn *turn) {
    return (struct desk){.bot = turn->bot,
                         .arena = &turn->arena,
                         .txn = turn->txn,
                         .now_ms = turn->now_ms,
                         .notify = notify_turn,
                         .data = turn};
}

static struct notice *notify_work(void *data, enum lane lane,
                                  const char *account, const char *chat,
                                  const char *rider, const char *key) {
    return work_notify(data, lane, account, chat, rider, key);
}

struct desk desk_of_work(struct work *work) {
    return (struct desk){.bot = work->bot,
                         .arena = &work->arena,
                         .txn = work->txn,
                         .now_ms = work->now_ms,
                         .notify = notify_work,
                         .data = work};
}

static const struct policy *policy_of(const struct desk *desk) {
    return policies_get(desk->bot->policies);
}

static bool has(const char *text) {
    return text != NULL && text[0] != '\0';
}

static const char *or_empty(const char *text) {
    return text == NULL ? "" : text;
}

/* ---- filing ---------------------------------------------------------------
 */

/* Whoever files gives what there is. */
static void fill_in(struct ticket *ticket) {
    const char **texts[] = {
        &ticket->rider,         &ticket->account, &ticket->chat,
        &ticket->group,         &ticket->nick,    &ticket->category,
        &ticket->text,          &ticket->photos,  &ticket->after,
        &ticket->place,         &ticket->lat,     &ticket->lon,
        &ticket->community,     &ticket->unit,    &ticket->back,
        &ticket->assignee,      &ticket->into,    &ticket->followers,
        &ticket->assignee_name, &ticket->source,
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = or_empty(*texts[i]);
    if (ticket->anonymous)
        ticket->nick = "";
}

static void find_unit(const struct policy *policy, struct ticket *ticket) {
    struct geo at = {strtod(ticket->lat, NULL), strtod(ticket->lon, NULL)};
    const struct unit *community =
        policy_community(policy, has(ticket->lat) ? &at : NULL, ticket->place);
    ticket->community = community == NULL ? "" : community->id;
    ticket->unit = policy_route(policy, community, ticket->category)->id;
}

void desk_file(const struct desk *desk, struct ticket *ticket) {
    const struct policy *policy = policy_of(desk);
    fill_in(ticket);
    find_unit(policy, ticket);
    /* The policy may be replaced before this is committed. */
    ticket->community = arena_strdup(desk->arena, ticket->community);
    ticket->unit = arena_strdup(desk->arena, ticket->unit);
    ticket->version = 1;
    ticket->state = TICKET_ROUTED;
    ticket->level = LEVEL_RIDER;
    ticket->urgent |= policy_is_urgent(policy, ticket->category);
    if (ticket->created_ms == 0)
        ticket->created_ms = desk->now_ms;
    ticket->updated_ms = desk->now_ms;
    desk_clock_start(policy, ticket, desk->now_ms);
    desk_clock_next(policy, ticket, desk->now_ms);
    ticket_create(desk->txn, ticket);
    txn_audit(desk->txn, has(ticket->source) ? ticket->source : AUDIT_RIDER,
              "ticket-file", ticket->id, ticket->unit);
    webhooks_ticket(desk->bot->webhooks, desk->txn, NULL, ticket, MOVE_FILE,
                    desk->now_ms);
    if (ticket->urgent)
        desk_ring(desk, ticket, "ring.new");
}

/* ---- moving -------
 */

/* The clocks move a ticket only when that clock has rung. */
static bool has_rung(const struct moving *m) {
    const struct ticket *ticket = m->before;
    unsigned rung = desk_steps[m->order->move].rung;
    return m->order->by != MOVER_SYSTEM || rung == 0 ||
           ((rung & 1u << ticket->due) != 0 &&
            ticket->due_ms <= m->desk->now_ms);
}

static bool is_locked(const struct moving *m) {
    const struct ticket *ticket = m->before;
    return desk_steps[m->order->move].locked && m->order->by == MOVER_STAFF &&
           has(ticket->assignee) &&
           !desk_same_person(m->desk, ticket->assignee, m->order->actor);
}

static enum err check(const struct moving *m) {
    const struct order *order = m->order;
    if (desk_steps[order->move].apply == NULL ||
        !workflow_allows(order->move, m->before->state, order->by))
        return ERR_STATE;
    if (is_locked(m))
        return ERR_DENIED;
    if (!has_rung(m))
        return ERR_STATE;
    if (workflow_move(order->move)->text == TEXT_MUST && !has(order->text))
        return ERR_INVALID;
    return OK;
}

static void write_down(const struct moving *m) {
    const struct order *order = m->order;
    const struct desk *desk = m->desk;
    ticket_change(desk->txn, m->before, m->after,
                  &(struct ticket_entry){.move = order->move,
                                         .at_ms = desk->now_ms,
                                         .who = order->actor,
                                         .name = or_empty(order->name),
                                         .text = or_empty(order->text),
                                         .photos = or_empty(order->photos),
                                         .detail = m->detail});
    txn_audit(desk->txn, order->actor,
              arena_printf(desk->arena, "ticket-%s",
                           workflow_move(order->move)->name),
              m->before->id, m->noted == NULL ? m->detail : m->noted);
}

/* Whom staff of their own chats hear it from. */
static void ring_for(const struct moving *m) {
    const struct desk *desk = m->desk;
    const struct ticket *before = m->before, *after = m->after;
    switch (m->order->move) {
    case MOVE_WARN:
        desk_ring(desk, after,
                  before->due == DUE_WARN ? "ring.warn" : "ring.acknowledge");
        break;
    case MOVE_OVERDUE:
        desk_ring(desk, after, "ring.overdue");
        break;
    case MOVE_ESCALATE:
        desk_ring(desk, after, "ring.escalated");
        break;
    case MOVE_REOPEN: /* who had it, else all */
        if (!desk_ring_assignee(desk, before, "ring.reopened"))
            desk_ring(desk, after, "ring.reopened");
        break;
    case MOVE_REPLY:
        desk_ring_assignee(desk, before, "ring.reply");
        break;
    case MOVE_SORT:
        if (after->urgent && !before->urgent && !has(after->assignee))
            desk_ring(desk, after, "ring.new");
        break;
    default:
        break;
    }
}

enum err desk_move(const struct desk *desk, const struct ticket *ticket,
                   const struct order *order, struct ticket *after) {
    struct order as = *order;
    if (as.by == MOVER_SYSTEM)
        as.actor = AUDIT_SYSTEM;
    else if (as.by == MOVER_RIDER)
        as.actor = AUDIT_RIDER; /* see there why */
    struct moving m = {
        .desk = desk,
        .policy = policy_of(desk),
        .before = ticket,
        .order = &as,
        .after = after,
        .detail = "",
    };
    *after = *ticket;
    enum err err = check(&m);
    if (err != OK)
        return err;
    if (workflow_move(as.move)->to != TICKET_STATES)
        after->state = workflow_move(as.move)->to;
    err = desk_steps[as.move].apply(&m);
    if (err != OK)
        return err;
    after->updated_ms = desk->now_ms;
    if (desk_steps[as.move].reckons && ticket_is_open(after->state))
        desk_clock_next(m.policy, after, desk->now_ms);
    write_down(&m);
    after->version = ticket->version + 1;
    webhooks_ticket(desk->bot->webhooks, desk->txn, ticket, after, as.move,
                    desk->now_ms);
    desk_tell(desk, ticket, after, &as, m.points);
    ring_for(&m);
    return OK;
}

bool desk_may(struct bot *bot, const struct ticket *ticket,
              enum ticket_move move, const char *actor) {
    const struct desk desk = {.bot = bot};
    const struct order order = {
        .move = move, .by = MOVER_STAFF, .actor = actor};
    const struct moving m = {.desk = &desk, .before = ticket, .order = &order};
    return desk_steps[move].apply != NULL &&
           workflow_allows(move, ticket->state, MOVER_STAFF) &&
           !is_locked(&m) &&
           (move != MOVE_ESCALATE ||
            policy_above(policy_of(&desk), ticket->unit, ticket->level) !=
                NULL);
}

const char *desk_refusal_key(enum err err, const struct order *order) {
    switch (err) {
    case ERR_STATE:
        return "move.not_allowed";
    case ERR_DENIED:
        return "move.claimed";
    case ERR_LIMIT:
        return order->move == MOVE_ESCALATE ? "move.no_higher_level"
               : order->move == MOVE_JOIN || order->move == MOVE_MERGE
                   ? "move.too_many_followers"
                   : "move.too_much";
    case ERR_DUPLICATE:
        return "move.joined_already";
    case ERR_CONFLICT:
        return "move.changed";
    case ERR_INVALID:
        break;
    default:
        return "move.failed";
    }
    switch (order->move) {
    case MOVE_ROUTE:
        return "move.no_such_unit";
    case MOVE_CONFIRM:
        return "move.rating_needed";
    case MOVE_MERGE:
        return "move.no_such_ticket";
    case MOVE_SORT:
        return "move.nothing_changes";
    default:
        return "move.text_needed";
    }
}

/* 认领, 放回, 退回, 上报, 追问, 回复, 办结, 不予受理, 备注, 转办: what staff do
 * with a ticket, each a move of the workflow by the same name. */
#include "base/fold.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/form.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"

#include <string.h>

static const char *const done_keys[MOVES] = {
    [MOVE_CLAIM] = "claim.done",
    [MOVE_RELEASE] = "release.done",
    [MOVE_HAND_BACK] = "hand_back.done",
    [MOVE_ESCALATE] = "escalate.done",
    [MOVE_ASK] = "ask.done",
    [MOVE_ANSWER] = "answer.done",
    [MOVE_CLOSE] = "close.done",
    [MOVE_REJECT] = "reject.done",
    [MOVE_NOTE] = "note.done",
    [MOVE_ROUTE] = "route.done",
};

/* ---- refusals --------------------------------------------------------------
 */

static void refuse(struct turn *turn, const struct ticket *ticket,
                   const char *key) {
    turn_unsay(turn);
    turn->refused = true;
    struct notice *reply = turn_reply(turn, key);
    notice_param(reply, "id", ticket->id);
    /* Whoever works on it has a name for colleagues, not for a group. */
    if (turn->message.in_group)
        notice_param(reply, "*holder", "ticket.colleague");
    else
        notice_param(reply, "holder", ticket_holder(turn, ticket));
    notice_param(reply, "*state", ticket_state_key(ticket->state));
    turn_commit(turn);
}

static void refuse_move(struct turn *turn, const struct ticket *ticket,
                        const struct order *order, enum err err) {
    bool held = ticket->assignee[0] != '\0' && ticket_is_open(ticket->state);
    if (err == ERR_DENIED ||
        (err == ERR_STATE && order->move == MOVE_CLAIM && held))
        refuse(turn, ticket,
               strcmp(ticket->assignee, order->actor) == 0 ? "staff.yours"
                                                           : "staff.held");
    else if (err == ERR_STATE)
        refuse(turn, ticket,
               ticket_is_open(ticket->state) ? "staff.not_now" : "staff.ended");
    else
        refuse(turn, ticket, desk_refusal_key(err, order));
}

/*
 * The turn was opened again because its transaction met a change. When that was
 * of the ticket, whoever wrote this had not seen it: a second answer over a
 * colleague's would be no good. A note does no harm.
 */
static bool was_overtaken(struct turn *turn, const struct ticket *ticket,
                          enum ticket_move move) {
    int64_t seen = turn->moved_version;
    turn->moved_version = ticket->version;
    return seen != 0 && seen != ticket->version && move != MOVE_NOTE;
}

static void carry_out(struct turn *turn, const struct ticket *ticket,
                      struct order *order) {
    struct desk desk = desk_of_turn(turn);
    struct worker worker = worker_of(turn);
    struct ticket after;
    order->by = MOVER_STAFF;
    order->actor = worker.actor;
    order->name = worker.name;
    if (was_overtaken(turn, ticket, order->move)) {
        refuse(turn, ticket, "staff.overtaken");
        return;
    }
    bool names_unit = order->move == MOVE_ROUTE ||
                      order->move == MOVE_ESCALATE ||
                      order->move == MOVE_HAND_BACK;
    struct notice *reply = turn_reply(turn, turn->message.in_group && names_unit
                                                ? "staff.done"
                                                : done_keys[order->move]);
    enum err err = desk_move(&desk, ticket, order, &after);
    if (err != OK) {
        refuse_move(turn, ticket, order, err);
        return;
    }
    notice_param(reply, "id", ticket->id);
    notice_param(reply, "unit", ticket_unit_name(turn, after.unit));
    turn_commit(turn);
}

/* ---- the simple ones ---- */

/* "" when the command has no such slot. */
static const char *value_of(const struct turn *turn, const char *name) {
    const struct command *command = turn->command;
    for (size_t i = 0; i < command->n_slots; i++)
        if (strcmp(command->slots[i].name, name) == 0)
            return form_value(turn, name);
    return "";
}

static void move(struct turn *turn, const struct ticket *ticket) {
    carry_out(turn, ticket,
              &(struct order){
                  .move = workflow_parse(turn->command->name),
                  .text = value_of(turn, "text"),
                  .photos = value_of(turn, "photos"),
              });
}

static void commit(struct turn *turn) {
    ticket_find_covered(turn, form_value(turn, "ticket"), move);
}

static const struct slot ticket_only[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
};
static const struct slot with_text[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_REQUIRED},
};
static const struct slot may_have_text[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
};
static const struct slot with_photos[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_OPTIONAL},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
};

#define MOVE_COMMAND(move, its_slots, its_numbered)                            \
    const struct command command_##move = {                                    \
        .name = #move,                                                         \
        .roles = ROLE_STAFF | ROLE_USER,                                       \
        .where = COMMAND_ASKS_PRIVATE,                                         \
        .numbered = its_numbered,                                              \
        .slots = its_slots,                                                    \
        .n_slots = ARRAY_LEN(its_slots),                                       \
        .commit = commit,                                                      \
    }

MOVE_COMMAND(claim, ticket_only, true);
MOVE_COMMAND(release, ticket_only, true);
MOVE_COMMAND(hand_back, with_text, true);
MOVE_COMMAND(escalate, may_have_text, true);
MOVE_COMMAND(ask, with_text, true);
MOVE_COMMAND(answer, with_text, false);
MOVE_COMMAND(close, with_photos, false);
MOVE_COMMAND(reject, with_text, true);
MOVE_COMMAND(note, with_text, true);

/* ---- 转办 ---- */

#define UNITS_OFFERED 9

static const struct slot route_slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    /* Its name or a part of it, or its id; and a word to who gets it. */
    {.name = "unit", .type = SLOT_TEXT, .need = SLOT_REQUIRED},
    /* Asked when several fit. */
    {.name = "which", .type = SLOT_CHOICE, .need = SLOT_OPTIONAL},
};

/* The units that words may mean: one whose name or id they are, else all that
 * have them in their name. */
struct meant {
    const struct unit *units[UNITS_OFFERED];
    size_t n; /* of all; those beyond UNITS_OFFERED are not kept */
};

static struct meant find_units(struct turn *turn, const char *words) {
    const struct policy *policy = policies_get(turn->bot->policies);
    const char *folded = fold_string(&turn->arena, words);
    const struct unit *all;
    struct meant meant = {.n = 0};
    size_t n = policy_units(policy, &all);
    for (size_t i = 0; i < n; i++) {
        const char *name = fold_string(&turn->arena, all[i].name);
        if (strcmp(name, folded) == 0 || strcmp(all[i].id, folded) == 0)
            return (struct meant){.units = {&all[i]}, .n = 1};
        if (folded[0] == '\0' || strstr(name, folded) == NULL)
            continue;
        if (meant.n < UNITS_OFFERED)
            meant.units[meant.n] = &all[i];
        meant.n++;
    }
    return meant;
}

/* "城管 请尽快": what stands behind the first blank is a word to the unit. */
static struct meant read_unit(struct turn *turn, const char **text) {
    const char *words = form_value(turn, "unit");
    struct meant meant = find_units(turn, words);
    size_t len = strcspn(words, " \n,");
    *text = "";
    if (meant.n > 0 || words[len] == '\0')
        return meant;
    *text = words + len + 1;
    return find_units(turn, arena_strndup(&turn->arena, words, len));
}

static void offer_units(struct turn *turn) {
    const char *text;
    struct meant meant = read_unit(turn, &text);
    struct option *options =
        arena_alloc(&turn->arena, UNITS_OFFERED * sizeof(*options));
    size_t n = meant.n < UNITS_OFFERED ? meant.n : UNITS_OFFERED;
    for (size_t i = 0; i < n; i++)
        options[i] = (struct option){
            arena_strdup(&turn->arena, meant.units[i]->id),
            arena_strdup(&turn->arena, meant.units[i]->name), NULL};
    form_set_options(turn, "which", options, n);
}

static void route_prepare(struct turn *turn) {
    offer_units(turn);
    form_ready(turn);
}

static void route(struct turn *turn, const struct ticket *ticket) {
    const char *text, *which = form_value(turn, "which");
    struct meant meant = read_unit(turn, &text);
    carry_out(turn, ticket,
              &(struct order){
                  .move = MOVE_ROUTE,
                  .unit = which[0] != '\0' ? which
                          : meant.n > 0    ? meant.units[0]->id
                                           : "", /* the policy has changed */
                  .text = text,
              });
}

static void route_commit(struct turn *turn) {
    const char *text;
    struct meant meant = read_unit(turn, &text);
    bool chosen = form_value(turn, "which")[0] != '\0';
    if (meant.n == 0) {
        turn->form->note = "move.no_such_unit";
        form_ask(turn, "unit");
        turn_commit(turn);
    } else if (meant.n > 1 && !chosen) {
        offer_units(turn);
        form_ask(turn, "which");
        turn_commit(turn);
    } else {
        ticket_find_covered(turn, form_value(turn, "ticket"), route);
    }
}

const struct command command_route = {
    .name = "route",
    .roles = ROLE_STAFF | ROLE_USER,
    .where = COMMAND_ASKS_PRIVATE,
    .numbered = true,
    .slots = route_slots,
    .n_slots = ARRAY_LEN(route_slots),
    .prepare = route_prepare,
    .commit = route_commit,
};

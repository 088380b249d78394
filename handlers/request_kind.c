/* The question after a request: its kind, by number, or that it be anonymous.
 */
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"
#include "store/txn.h"

#include <string.h>

static const char *const choices[] = {
    "wage", "injury", "contract", "platform",  "charge", "parking",
    "rest", "family", "other",    "anonymous", NULL};

static const struct slot slots[] = {
    /* Given by the request, never asked for. */
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_OPTIONAL},
    {.name = "kind",
     .type = SLOT_CHOICE,
     .need = SLOT_SKIPPABLE,
     .options = choices,
     .options_key = "kind"},
};

static void change(struct turn *turn, const struct ticket *ticket) {
    const char *kind = form_value(turn, "kind");
    bool hide = strcmp(kind, "anonymous") == 0;
    struct ticket after = *ticket;
    after.updated_ms = turn->now_ms;
    if (hide) {
        after.anonymous = true;
        after.nick = "";
    } else {
        after.category = kind;
    }
    ticket_change(turn->txn, ticket, &after, NULL);
    txn_audit(turn->txn, AUDIT_RIDER,
              hide ? "request-anonymous" : "request-kind", ticket->id, "");
    struct notice *reply = turn_reply(turn, hide ? "request_kind.anonymous"
                                                 : "request_kind.sorted");
    notice_param(reply, "id", ticket->id);
    if (!hide)
        notice_param(reply, "*kind",
                     arena_printf(&turn->arena, "kind.%s", kind));
    turn_commit(turn);
}

static void commit(struct turn *turn) {
    if (form_value(turn, "kind")[0] == '\0')
        turn_say(turn, "request_kind.skipped");
    else
        ticket_find_own(turn, form_value(turn, "ticket"), change);
}

const struct command command_request_kind = {
    .name = "request_kind",
    .where = COMMAND_PRIVATE,
    .hidden = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

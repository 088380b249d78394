/* 补充: more words or photos to a ticket of one's own. */
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"
#include "store/txn.h"

static const struct slot slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_OPTIONAL},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_SKIPPABLE},
};

static void change(struct turn *turn, const struct ticket *ticket) {
    const char *text = form_value(turn, "text");
    const char *photos = form_value(turn, "photos");
    if (!ticket_is_open(ticket->state)) {
        turn_fail(turn, ERR_STATE);
        return;
    }
    if (text[0] == '\0' && photos[0] == '\0') {
        turn_say(turn, "supplement.nothing");
        return;
    }
    const struct ticket_entry entry = {
        .move = MOVE_REPLY,
        .at_ms = turn->now_ms,
        .who = AUDIT_RIDER,
        .name = "",
        .text = text,
        .photos = photos,
        .detail = "",
    };
    struct ticket after = *ticket;
    after.state = TICKET_NEW;
    after.updated_ms = turn->now_ms;
    if (photos[0] != '\0')
        after.photos =
            ticket->photos[0] == '\0'
                ? photos
                : arena_printf(&turn->arena, "%s,%s", ticket->photos, photos);
    ticket_change(turn->txn, ticket, &after, &entry);
    txn_audit(turn->txn, AUDIT_RIDER, "ticket-supplement", ticket->id, "");
    notice_param(turn_reply(turn, "supplement.done"), "id", ticket->id);
    turn_commit(turn);
}

static void commit(struct turn *turn) {
    ticket_find_own(turn, form_value(turn, "ticket"), change);
}

const struct command command_supplement = {
    .name = "supplement",
    .where = COMMAND_ASKS_PRIVATE,
    .quiet = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

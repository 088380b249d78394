/* 补充: more words or photos to a ticket of one's own. */
#include "bot/desk.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"

static const struct slot slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_OPTIONAL},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_SKIPPABLE},
};

static void change(struct turn *turn, const struct ticket *ticket) {
    const char *text = form_value(turn, "text");
    const char *photos = form_value(turn, "photos");
    if (text[0] == '\0' && photos[0] == '\0') {
        turn_say(turn, "supplement.nothing");
        return;
    }
    notice_param(turn_reply(turn, "supplement.done"), "id", ticket->id);
    if (!ticket_move(turn, ticket,
                     &(struct order){
                         .move = MOVE_REPLY, .text = text, .photos = photos}))
        return;
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

/* 撤回: takes a ticket of one's own back, after a question. */
#include "bot/desk.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"

#include <string.h>

static const char *const sure[] = {"yes", "no", NULL};

static const struct slot slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "sure",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = sure,
     .options_key = "sure"},
};

static void change(struct turn *turn, const struct ticket *ticket) {
    notice_param(turn_reply(turn, "withdraw.done"), "id", ticket->id);
    if (!ticket_move(turn, ticket, &(struct order){.move = MOVE_WITHDRAW}))
        return;
    turn_commit(turn);
}

static void commit(struct turn *turn) {
    if (strcmp(form_value(turn, "sure"), "yes") != 0)
        turn_say(turn, "form.cancelled");
    else
        ticket_find_own(turn, form_value(turn, "ticket"), change);
}

const struct command command_withdraw = {
    .name = "withdraw",
    .where = COMMAND_ASKS_PRIVATE,
    .quiet = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

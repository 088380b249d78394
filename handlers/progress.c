/* 进度, 我的: what became of a ticket, and all of one's own. */
#include "base/limits.h"
#include "bot/bot.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"

static const struct slot slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_OPTIONAL},
};

static void on_list(void *data, enum err err, const struct ticket *tickets,
                    size_t n, int64_t total) {
    static const struct ticket_list_texts texts = {"mine.none", "mine.list",
                                                   16};
    ticket_say_list(data, err, tickets, n, total, &texts);
}

static void list_own(struct turn *turn) {
    ticket_list_of(turn->bot->store, &turn->arena, turn->message.rider,
                   LIMIT_TICKETS_SHOWN, on_list, turn);
}

static void show(struct turn *turn, const struct ticket *ticket,
                 const struct ticket_entry *entries, size_t n) {
    struct notice *reply = turn_reply(turn, "progress.ticket");
    notice_param(reply, "id", ticket->id);
    notice_param(reply, "*state", ticket_state_key(ticket->state));
    notice_param(reply, "*category", ticket_category_key(turn, ticket));
    notice_param(reply, "time", ticket_time(turn, ticket->created_ms));
    notice_param(reply, "text", ticket->text);
    notice_param(reply, "log", ticket_log_rows(turn, entries, n));
    turn_commit(turn);
}

static void read_log(struct turn *turn, const struct ticket *ticket) {
    ticket_with_log(turn, ticket, show);
}

static void commit(struct turn *turn) {
    const char *id = form_value(turn, "ticket");
    if (id[0] == '\0')
        list_own(turn);
    else
        ticket_find_own(turn, id, read_log);
}

const struct command command_progress = {
    .name = "progress",
    .where = COMMAND_PRIVATE,
    .opens = OPENS_BY_TICKET,
    .keeps_form = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

const struct command command_mine = {
    .name = "mine",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .quiet = true,
    .commit = list_own,
};

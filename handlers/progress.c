/* 进度, 我的: what became of a ticket, and all of one's own and followed. */
#include "base/limits.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"

static const struct slot slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_OPTIONAL},
};

static void say_list(struct turn *turn, const struct ticket *tickets, size_t n,
                     int64_t total) {
    if (n == 0) {
        turn_say(turn, "mine.none");
        return;
    }
    struct notice *reply = turn_reply(turn, "mine.list");
    notice_param(reply, "rows", ticket_rows(turn, tickets, n, 16));
    notice_param(reply, "n",
                 arena_printf(&turn->arena, "%lld", (long long)total));
    turn_commit(turn);
}

static void list_own(struct turn *turn) {
    ticket_list_mine(turn, LIMIT_TICKETS_SHOWN, say_list);
}

/* What can be done next with a ticket of one's own. */
static const char *next_step(const struct ticket *ticket) {
    switch (ticket->state) {
    case TICKET_CLOSED:
        return ticket->rating == 0 ? "progress.rate" : "progress.unsolved";
    case TICKET_CONFIRMED:
    case TICKET_REJECTED:
        return "progress.unsolved";
    case TICKET_MERGED:
        return "progress.merged";
    case TICKET_WITHDRAWN:
    case TICKET_ERASED:
        return NULL;
    default:
        return "progress.supplement";
    }
}

static void show(struct turn *turn, const struct ticket *ticket,
                 const struct ticket_entry *entries, size_t n) {
    bool own = ticket_is_own(turn, ticket);
    const char *next = own ? next_step(ticket) : "progress.following";
    struct notice *reply =
        turn_reply(turn, own ? "progress.ticket" : "progress.followed");
    notice_param(reply, "id", ticket->id);
    notice_param(reply, "*state", ticket_state_key(ticket->state));
    notice_param(reply, "*category", ticket_category_key(turn, ticket));
    notice_param(reply, "time", ticket_time(turn, ticket->created_ms));
    notice_param(reply, "text", own ? ticket->text : "");
    notice_param(reply, "log",
                 ticket_log_rows(turn, entries, n,
                                 own ? READER_OWNER : READER_FOLLOWER));
    notice_param(reply, "after", ticket_photo_links(turn, ticket->after));
    notice_param(reply, "into", ticket->into);
    if (next != NULL)
        turn_add(turn, next);
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
        ticket_find_mine(turn, id, read_log);
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

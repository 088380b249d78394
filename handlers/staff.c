/* 待办, 看, 回复, 办结: how staff work through what was collected. */
#include "base/limits.h"
#include "bot/bot.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"
#include "store/txn.h"

/* ---- 待办 -------------------------------------------------------------------
 */

static void on_queue(void *data, enum err err, const struct ticket *tickets,
                     size_t n, int64_t total) {
    static const struct ticket_list_texts texts = {"queue.empty", "queue.list",
                                                   18};
    ticket_say_list(data, err, tickets, n, total, &texts);
}

static void queue_commit(struct turn *turn) {
    ticket_list_open(turn->bot->store, &turn->arena, LIMIT_TICKETS_SHOWN,
                     on_queue, turn);
}

const struct command command_queue = {
    .name = "queue",
    .roles = ROLE_STAFF,
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .commit = queue_commit,
};

/* ---- 看 ---- */

static const struct slot view_slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
};

static const char *place_text(struct turn *turn, const struct ticket *ticket) {
    if (ticket->lat[0] == '\0')
        return ticket->place;
    return arena_printf(&turn->arena, "%s (%s, %s)", ticket->place, ticket->lat,
                        ticket->lon);
}

static void show(struct turn *turn, const struct ticket *ticket,
                 const struct ticket_entry *entries, size_t n) {
    struct notice *reply = turn_reply(turn, "view.ticket");
    notice_param(reply, "id", ticket->id);
    notice_param(reply, "*state", ticket_state_key(ticket->state));
    notice_param(reply, "*category", ticket_category_key(turn, ticket));
    notice_param(reply, "time", ticket_time(turn, ticket->created_ms));
    if (ticket->anonymous || ticket->nick[0] == '\0')
        notice_param(reply, "*who", "ticket.anonymous");
    else
        notice_param(reply, "who", ticket->nick);
    notice_param(reply, "text", ticket->text);
    notice_param(reply, "place", place_text(turn, ticket));
    notice_param(reply, "photos", ticket_photo_links(turn, ticket->photos));
    notice_param(reply, "log", ticket_log_rows(turn, entries, n));
    txn_audit(turn->txn, turn->message.rider, "ticket-view", ticket->id, "");
    turn_commit(turn);
}

static void view(struct turn *turn, const struct ticket *ticket) {
    ticket_with_log(turn, ticket, show);
}

static void view_commit(struct turn *turn) {
    ticket_find(turn, form_value(turn, "ticket"), view);
}

const struct command command_view = {
    .name = "view",
    .roles = ROLE_STAFF,
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .slots = view_slots,
    .n_slots = ARRAY_LEN(view_slots),
    .commit = view_commit,
};

/* ---- 回复, 办结 ---- */

/* The rider hears in private; their group at most that an answer waits. */
static void tell_rider(struct turn *turn, const struct ticket *ticket,
                       const char *key, const char *text) {
    if (ticket->rider[0] == '\0')
        return; /* had it forgotten */
    struct notice *notice = turn_notify(turn, LANE_ANSWER, ticket->account,
                                        ticket->chat, ticket->rider, key);
    notice->fallback = ticket->group[0] == '\0' ? NULL : ticket->group;
    notice_param(notice, "id", ticket->id);
    notice_param(notice, "text", text);
}

static void move(struct turn *turn, const struct ticket *ticket,
                 enum ticket_state state, enum ticket_move kind) {
    const char *text = form_value(turn, "text");
    bool closing = state == TICKET_CLOSED;
    if (!ticket_is_open(ticket->state)) {
        turn_fail(turn, ERR_STATE);
        return;
    }
    struct ticket after = *ticket;
    after.state = state;
    after.updated_ms = turn->now_ms;
    ticket_change(turn->txn, ticket, &after,
                  &(struct ticket_entry){
                      .move = kind,
                      .at_ms = turn->now_ms,
                      .who = turn->message.rider,
                      .name = turn->message.nick,
                      .text = text,
                      .photos = "",
                      .detail = "",
                  });
    txn_audit(turn->txn, turn->message.rider,
              closing ? "ticket-close" : "ticket-answer", ticket->id, "");
    notice_param(turn_reply(turn, closing ? "close.done" : "answer.done"), "id",
                 ticket->id);
    tell_rider(turn, ticket,
               !closing          ? "answer.to_rider"
               : text[0] == '\0' ? "close.to_rider"
                                 : "close.to_rider_with_text",
               text);
    turn_commit(turn);
}

static const struct slot answer_slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_REQUIRED},
};

static void answer(struct turn *turn, const struct ticket *ticket) {
    move(turn, ticket, TICKET_ANSWERED, MOVE_ANSWER);
}

static void answer_commit(struct turn *turn) {
    ticket_find(turn, form_value(turn, "ticket"), answer);
}

const struct command command_answer = {
    .name = "answer",
    .roles = ROLE_STAFF,
    .where = COMMAND_ASKS_PRIVATE,
    .slots = answer_slots,
    .n_slots = ARRAY_LEN(answer_slots),
    .commit = answer_commit,
};

static const struct slot close_slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
};

static void close_ticket(struct turn *turn, const struct ticket *ticket) {
    move(turn, ticket, TICKET_CLOSED, MOVE_CLOSE);
}

static void close_commit(struct turn *turn) {
    ticket_find(turn, form_value(turn, "ticket"), close_ticket);
}

const struct command command_close = {
    .name = "close",
    .roles = ROLE_STAFF,
    .where = COMMAND_ASKS_PRIVATE,
    .slots = close_slots,
    .n_slots = ARRAY_LEN(close_slots),
    .commit = close_commit,
};

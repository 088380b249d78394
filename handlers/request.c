/* 诉求: a request, taken down at once; what would speed it up is asked after.
 */
#include "bot/desk.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"

static const char *const anonymous[] = {"yes", NULL};

static const struct slot slots[] = {
    {.name = "anonymous",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = anonymous,
     .options_key = "anonymous"},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_REQUIRED, .min = 2},
    {.name = "kind",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = request_kinds,
     .options_key = "kind",
     .guessed = true},
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_OPTIONAL},
};

static void commit(struct turn *turn) {
    bool hidden = form_value(turn, "anonymous")[0] != '\0';
    const char *kind = form_value(turn, "kind");
    char *id = ticket_new_id(turn, 'S');
    if (id == NULL) {
        turn_fail(turn, ERR_AWAY);
        return;
    }
    struct desk desk = desk_of_turn(turn);
    struct ticket ticket = {
        .id = id,
        .rider = turn->message.rider,
        .account = turn->message.account,
        .chat = turn->answer_chat,
        .group = turn->message.in_group ? turn->message.chat : "",
        .nick = turn->message.nick,
        .anonymous = hidden,
        .category = kind,
        .text = form_value(turn, "text"),
        .photos = form_value(turn, "photos"),
    };
    desk_file(&desk, &ticket);
    struct notice *reply = turn_reply(turn, hidden ? "request.created_anonymous"
                                                   : "request.created");
    notice_param(reply, "id", id);
    if (kind[0] == '\0')
        form_follow(turn, &command_request_kind,
                    (const char *const[]){"ticket", id}, 2);
    turn_commit(turn);
}

const struct command command_request = {
    .name = "request",
    .where = COMMAND_ASKS_PRIVATE,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

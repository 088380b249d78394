/* 活动: what is on, and what one is about. */
#include "bot/bot.h"
#include "bot/events.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/events.h"
#include "handlers/handlers.h"

#include <string.h>

static const char *const joins[] = {"yes", "no", NULL};

static const struct slot slots[] = {
    EVENT_SLOT,
    {.name = "join",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .led = true,
     .options = joins,
     .options_key = "join"},
    EVENT_SHOWN_SLOT,
};

static void prepare(struct turn *turn) {
    event_prepare(turn, event_choose_open);
}

static void on_found(struct turn *turn, const struct event *event,
                     const struct signup *mine) {
    const char *why = events_shut(event, turn->now_ms);
    const char *key = signup_is_active(mine) || mine->state == SIGNUP_ATTENDED
                          ? "event.mine"
                      : why != NULL ? "event.over"
                                    : NULL;
    struct notice *reply;
    if (key == NULL) {
        reply = form_ask(turn, "join");
    } else {
        reply = turn_reply(turn, key);
        notice_param(reply, "id", event->id);
    }
    notice_param(reply, "facts", event_facts(turn, event));
    turn_commit(turn);
}

static void commit(struct turn *turn) {
    const char *id = form_value(turn, "event");
    const char *join = form_value(turn, "join");
    if (id[0] == '\0')
        event_ask_which(turn, "event.none");
    else if (strcmp(join, "yes") == 0)
        turn_redirect(turn, &command_signup, id);
    else if (form_skipped(turn, "join") || join[0] != '\0')
        turn_say(turn, "event.later");
    else
        event_find(turn, id, on_found);
}

const struct command command_event = {
    .name = "event",
    .where = COMMAND_PRIVATE,
    .quiet = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = commit,
};

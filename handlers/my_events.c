/* 我的活动, 取消报名, 接受: what a rider signed up for. */
#include "base/limits.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/events.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/events.h"
#include "handlers/handlers.h"
#include "store/txn.h"

#include <string.h>

/* ---- 我的活动 --------------------------------------------------------------
 */

static void on_listed(struct turn *turn, const struct my_event *mine,
                      size_t n) {
    size_t shown = n < LIMIT_TICKETS_SHOWN ? n : LIMIT_TICKETS_SHOWN;
    if (n == 0) {
        turn_say(turn, "signup.none");
        return;
    }
    notice_param(turn_reply(turn, "my_events.list"), "rows",
                 my_event_rows(turn, mine, shown));
    for (size_t i = 0; i < shown; i++) {
        if (mine[i].signup->state != SIGNUP_SIGNED ||
            mine[i].event->ends_ms < turn->now_ms)
            continue;
        /* Of the next one what is needed at the door. */
        struct notice *reply = &turn->notices[0];
        notice_param(reply, "id", mine[i].event->id);
        notice_param(reply, "code", mine[i].signup->code);
        notice_param(reply, "code_url",
                     events_code_url(turn->bot, &turn->arena, mine[i].event,
                                     mine[i].signup->code));
        turn_add(turn, "my_events.code");
        break;
    }
    turn_commit(turn);
}

static void list_commit(struct turn *turn) {
    event_list_mine(turn, on_listed);
}

const struct command command_my_events = {
    .name = "my_events",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .quiet = true,
    .commit = list_commit,
};

/* ---- which one --------------------------------------------------------------
 */

static const struct slot slots[] = {EVENT_SLOT, EVENT_SHOWN_SLOT};

/* One alone is the one. */
static void choose(struct turn *turn, const struct my_event *mine, size_t n,
                   unsigned states) {
    const struct event *events[EVENTS_SHOWN];
    size_t n_events = 0;
    for (size_t i = 0; i < n && n_events < EVENTS_SHOWN; i++)
        if (((1u << mine[i].signup->state) & states) != 0 &&
            mine[i].event->ends_ms > turn->now_ms)
            events[n_events++] = mine[i].event;
    if (n_events == 1)
        form_preset(turn, "event", events[0]->id);
    event_choose_from(turn, events, n_events);
}

/* Places that come free are looked at at once. */
static void look(struct turn *turn) {
    events_clock_look(turn->bot->events);
}

static void refuse(struct turn *turn, const struct event *event,
                   const char *key) {
    struct notice *reply = turn_reply(turn, key);
    turn->refused = true;
    event_params(turn, reply, event);
    turn_commit(turn);
}

static bool move(struct turn *turn, const struct event *event,
                 const struct signup *mine, enum signup_move move) {
    const struct desk desk = desk_of_turn(turn);
    const struct signup_order order = {.move = move, .actor = AUDIT_RIDER};
    return mine->version > 0 &&
           events_signup_move(&desk, event, mine, &order) == OK;
}

/* ---- 取消报名
 * ---------------------------------------------------------------- */

static void on_leavable(struct turn *turn, const struct my_event *mine,
                        size_t n) {
    choose(turn, mine, n,
           1u << SIGNUP_SIGNED | 1u << SIGNUP_WAITING | 1u << SIGNUP_OFFERED);
}

static void list_leavable(struct turn *turn) {
    event_list_mine(turn, on_leavable);
}

static void leave_prepare(struct turn *turn) {
    event_prepare(turn, list_leavable);
}

static void leave(struct turn *turn, const struct event *event,
                  const struct signup *mine) {
    if (!signup_is_active(mine)) {
        refuse(turn, event, "signup.not_signed");
        return;
    }
    if (!move(turn, event, mine, SIGNUP_LEAVE)) {
        refuse(turn, event, "signup.over");
        return;
    }
    event_params(turn, turn_reply(turn, "signup.left"), event);
    turn->committed = look;
    turn_commit(turn);
}

static void leave_commit(struct turn *turn) {
    const char *id = form_value(turn, "event");
    if (id[0] == '\0')
        event_ask_which(turn, "signup.none");
    else
        event_find(turn, id, leave);
}

const struct command command_leave = {
    .name = "leave",
    .where = COMMAND_PRIVATE,
    .hidden = true,
    .quiet = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = leave_prepare,
    .commit = leave_commit,
};

/* ---- 接受
 * --------------------------------------------------------------------- */

static void on_offers(struct turn *turn, const struct my_event *mine,
                      size_t n) {
    choose(turn, mine, n, 1u << SIGNUP_OFFERED);
}

static void list_offers(struct turn *turn) {
    event_list_mine(turn, on_offers);
}

static void accept_prepare(struct turn *turn) {
    event_prepare(turn, list_offers);
}

static void accept(struct turn *turn, const struct event *event,
                   const struct signup *mine) {
    if (mine->version > 0 && mine->state == SIGNUP_WAITING) {
        refuse(turn, event, "accept.waits");
    } else if (mine->version > 0 && mine->state == SIGNUP_SIGNED) {
        refuse(turn, event, "accept.signed");
    } else if (mine->version == 0 || mine->state != SIGNUP_OFFERED ||
               mine->offer_ms <= turn->now_ms ||
               !move(turn, event, mine, SIGNUP_ACCEPT)) {
        refuse(turn, event, "accept.over");
    } else {
        struct notice *reply = turn_reply(turn, "accept.done");
        event_params(turn, reply, event);
        notice_param(reply, "code", mine->code);
        turn_commit(turn);
    }
}

static void accept_commit(struct turn *turn) {
    const char *id = form_value(turn, "event");
    if (id[0] == '\0')
        event_ask_which(turn, "accept.none");
    else
        event_find(turn, id, accept);
}

const struct command command_accept = {
    .name = "accept",
    .where = COMMAND_PRIVATE,
    .hidden = true,
    .quiet = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = accept_prepare,
    .commit = accept_commit,
};

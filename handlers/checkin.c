/* 签到: who is there says the code that is shown there. */
#include "base/fold.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/events.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/events.h"
#include "handlers/handlers.h"
#include "store/txn.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define CODE_CHARS 40
/* Wrong codes after which only people at the door help: a code is short. */
#define TRIES_MAX 5

static const struct slot slots[] = {
    {.name = "code",
     .type = SLOT_TEXT,
     .need = SLOT_OPTIONAL,
     .max = CODE_CHARS,
     .led = true},
};

/* "４８２１", "e12 4821", "k7m-3qx": digits and capital letters, without the
 * event's number. */
static const char *clean(struct turn *turn, const char *text) {
    char *code = fold_string(&turn->arena, text);
    size_t n = 0;
    char *space = strrchr(code, ' ');
    if (code[0] == 'e' && space != NULL)
        code = space + 1;
    for (const char *at = code; *at != '\0'; at++)
        if (isalnum((unsigned char)*at))
            code[n++] = (char)toupper((unsigned char)*at);
    code[n] = '\0';
    return code;
}

static void say(struct turn *turn, const char *key,
                const struct my_event *about) {
    struct notice *reply = turn_reply(turn, key);
    turn->refused = true;
    if (about != NULL) {
        event_params(turn, reply, about->event);
        notice_param(reply, "code_url",
                     events_code_url(turn->bot, &turn->arena, about->event,
                                     about->signup->code));
    }
    turn_commit(turn);
}

static void attend(struct turn *turn, const struct my_event *mine) {
    const struct event *event = mine->event;
    const struct desk desk = desk_of_turn(turn);
    const struct signup_order order = {.move = SIGNUP_ATTEND,
                                       .actor = AUDIT_RIDER};
    enum err err = events_signup_move(&desk, event, mine->signup, &order);
    if (err != OK) {
        say(turn,
            err == ERR_DUPLICATE ? "checkin.done_before" : "checkin.no_place",
            mine);
        return;
    }
    struct notice *reply = turn_reply(turn, "checkin.done");
    event_params(turn, reply, event);
    if (event->points > 0) {
        notice_param(reply, "points",
                     arena_printf(&turn->arena, "%" PRId64, event->points));
        turn_add(turn, "event.points");
    }
    turn_commit(turn);
}

/* One try less, of each that it might have been. */
static void count_try(struct turn *turn, const struct my_event *const *on,
                      size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct signup *after = arena_alloc(&turn->arena, sizeof(*after));
        *after = *on[i]->signup;
        after->tries++;
        signup_put(turn->txn, &(struct signup_change){
                                  .event = on[i]->event,
                                  .before = on[i]->signup,
                                  .after = after,
                                  .place = -1,
                                  .now_ms = turn->now_ms,
                              });
    }
    say(turn, "checkin.wrong", on[0]);
}

static bool has_letters(const char *code) {
    return code[strspn(code, "0123456789")] != '\0';
}

static void take_code(struct turn *turn, const char *code,
                      const struct my_event *const *on, size_t n) {
    bool tired = true;
    for (size_t i = 0; i < n; i++)
        if (strcmp(on[i]->signup->code, code) == 0) {
            say(turn, "checkin.show_staff", on[i]);
            return;
        }
    if (has_letters(code)) {
        say(turn, "checkin.not_yours", on[0]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        bool spent = on[i]->signup->tries >= TRIES_MAX;
        tired &= spent;
        if (!spent && strcmp(on[i]->event->code, code) == 0) {
            attend(turn, on[i]);
            return;
        }
    }
    if (tired)
        say(turn, "checkin.ask_staff", on[0]);
    else
        count_try(turn, on, n);
}

#define ON_MAX 4 /* events at the same time */

static void on_mine(struct turn *turn, const struct my_event *mine, size_t n) {
    const char *code = clean(turn, form_value(turn, "code"));
    const struct my_event *on[ON_MAX], *next = NULL;
    size_t n_on = 0;
    for (size_t i = 0; i < n; i++) {
        if (mine[i].signup->state == SIGNUP_CANCELLED)
            continue;
        if (events_checks_in(mine[i].event, turn->now_ms) && n_on < ON_MAX)
            on[n_on++] = &mine[i];
        else if (next == NULL && signup_is_active(mine[i].signup) &&
                 mine[i].event->starts_ms > turn->now_ms)
            next = &mine[i];
    }
    if (n_on > 0)
        take_code(turn, code, on, n_on);
    else
        say(turn, next != NULL ? "checkin.too_early" : "checkin.not_signed",
            next);
}

static void commit(struct turn *turn) {
    if (form_value(turn, "code")[0] == '\0') {
        form_ask(turn, "code");
        turn_commit(turn);
    } else {
        event_list_mine(turn, on_mine);
    }
}

const struct command command_checkin = {
    .name = "checkin",
    .where = COMMAND_PRIVATE,
    .hidden = true,
    .quiet = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

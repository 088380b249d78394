#pragma once

#include "base/err.h"
#include "store/event.h"
#include "store/signup.h"

#include <stdbool.h>
#include <stdint.h>

struct bot;
struct desk;

/*
 * The desk of events: the one place where an event and a sign-up are changed,
 * by chat, API or clock. Each adds what it does to the transaction of a desk
 * (bot/desk.h): the change, the audit entry, the notices, points. What is added
 * lives in the desk's arena until it is committed.
 */
enum event_move {
    EVENT_PUBLISH, /* draft → open */
    EVENT_CLOSE,   /* open → closed */
    EVENT_REOPEN,  /* closed → open */
    EVENT_CANCEL,  /* → cancelled: all who signed up are told why */
    EVENT_FINISH,  /* → finished: certificates leave */
    EVENT_MOVES
};
extern const char *const event_move_names[EVENT_MOVES];
bool event_may(const struct event *event, enum event_move move);

/*
 * ERR_STATE: not in its state; ERR_INVALID: cancelling needs a note. The event
 * as it becomes is in *after.
 */
enum err events_move(const struct desk *desk, const struct event *event,
                     enum event_move move, const char *actor, const char *note,
                     struct event *after) must_check;
/* Writes one that was edited; who signed up hear of another time or place. */
void events_edit(const struct desk *desk, const struct event *before,
                 struct event *after, const char *actor);

/* ---- sign-ups ---- */

/* Whether a rider may sign up now: the rest of the key of a text,
 * "late", "cancelled" …, or NULL. */
const char *events_shut(const struct event *event, int64_t now_ms);
/* Whether n people get a place at once; else they wait. */
bool events_has_room(const struct event *event, int64_t n);
/*
 * Signs up: after has who comes; state, code and clock are filled in. place: as
 * in struct signup_change.
 */
void events_sign_up(const struct desk *desk, const struct event *event,
                    const struct signup *before, struct signup *after,
                    int64_t place);

enum signup_move {
    SIGNUP_ACCEPT,  /* offered → signed, by the rider */
    SIGNUP_LEAVE,   /* → cancelled, by the rider */
    SIGNUP_PROMOTE, /* waiting → signed, by an organiser */
    SIGNUP_CANCEL,  /* → cancelled, by an organiser */
    SIGNUP_ATTEND,  /* → attended, with points, once; by rider or organiser */
    SIGNUP_OFFER,   /* waiting → offered, by the clock */
    SIGNUP_LAPSE,   /* offered or waiting → cancelled, by the clock */
    SIGNUP_MOVES
};
extern const char *const signup_move_names[SIGNUP_MOVES];
/*
 * ERR_STATE: not in its state, or its event's. actor is AUDIT_RIDER,
 * AUDIT_SYSTEM or somebody at work; whom an organiser or a clock moves is told,
 * a rider is answered by their command.
 */
struct signup_order {
    enum signup_move move;
    const char *actor;
    const char *note; /* of an organiser, for the rider; or NULL */
};
enum err events_signup_move(const struct desk *desk, const struct event *event,
                            const struct signup *signup,
                            const struct signup_order *order) must_check;

/* Whether check-in is on: from two hours before the start until four after the
 * end. */
bool events_checks_in(const struct event *event, int64_t now_ms);
/* When a sign-up's next clock rings, 0: never. */
int64_t events_next_clock(struct bot *bot, const struct event *event,
                          const struct signup *signup, int64_t now_ms);

/* ---- how they read ---- */

/* "11-30 09:00" in the district's time zone. */
const char *events_time(struct bot *bot, struct arena *arena, int64_t ms);
/* "11-30 09:00-11:30", or with both days. */
const char *events_when(struct bot *bot, struct arena *arena,
                        const struct event *event);
/* The public address of its calendar entry, "" without public_url. */
const char *events_calendar_url(struct bot *bot, struct arena *arena,
                                const struct event *event);
/* The public address of the picture of a personal code. */
const char *events_code_url(struct bot *bot, struct arena *arena,
                            const struct event *event, const char *code);

/* ---- the clock ---- */

/*
 * Looks every second for sign-ups and events whose time has come: reminders,
 * places that came free, offers that lapse, what all are told. What a ring does
 * and the next clock are one transaction under the sign-up's version, so each
 * happens once, whatever restarts in between.
 */
struct events_clock;
struct events_clock *events_clock_new(struct bot *bot);
void events_clock_free(struct events_clock *clock); /* takes NULL */
/* Looks now. Takes NULL. */
void events_clock_look(struct events_clock *clock);

#pragma once

#include "store/event.h"
#include "store/signup.h"

#include <stdbool.h>
#include <stddef.h>

struct notice;
struct turn;

/*
 * What the commands about events share: finding them and the rider's sign-ups,
 * and how one reads. An error has been answered when done is not called.
 */

#define EVENTS_SHOWN 9 /* in a list to choose from */

/* An event, and the rider's sign-up for it; version 0 without one. */
typedef void event_found(struct turn *turn, const struct event *event,
                         const struct signup *mine);
void event_find(struct turn *turn, const char *id, event_found *done);

/* A sign-up of the rider with its event. */
struct my_event {
    const struct event *event;
    const struct signup *signup;
    int64_t place; /* among those that wait, from 1 */
};
/* All of them, the next one first, then those that are over, the last first. */
typedef void my_events_found(struct turn *turn, const struct my_event *mine,
                             size_t n);
void event_list_mine(struct turn *turn, my_events_found *done);

/*
 * For prepare() of a command with the slots EVENT_SLOT and, at the end,
 * EVENT_SHOWN_SLOT. Takes "E12" in front of what was said; else lists what can
 * be chosen, by list() once and then as it was shown, so that a number is what
 * it was when it was read. Then form_ready().
 */
#define EVENT_SLOT {.name = "event", .type = SLOT_CHOICE, .need = SLOT_OPTIONAL}
#define EVENT_SHOWN_SLOT                                                       \
    {.name = "shown", .type = SLOT_TEXT, .need = SLOT_OPTIONAL}
void event_prepare(struct turn *turn, void (*list)(struct turn *turn));
/* list() ends in it. */
void event_choose_from(struct turn *turn, const struct event *const *events,
                       size_t n);
/* list() of those that are open. */
void event_choose_open(struct turn *turn);
/* Asks which; or says that there is none, by a key. */
void event_ask_which(struct turn *turn, const char *none);
/* Title, time, place, places left, and its words. */
const char *event_facts(struct turn *turn, const struct event *event);
/* A line a sign-up. */
const char *my_event_rows(struct turn *turn, const struct my_event *mine,
                          size_t n);
/* The same with all that is known of them, for nobody but the rider. */
const char *my_event_data(struct turn *turn, const struct my_event *mine,
                          size_t n);
/* Says why an event can't be signed up for; with the next step. */
void event_say_shut(struct turn *turn, const struct event *event,
                    const char *why);
/* id, title, when and place as parameters. */
void event_params(struct turn *turn, struct notice *notice,
                  const struct event *event);

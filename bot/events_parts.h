#pragma once

#include "bot/events.h"
#include "store/notice.h"

#include <stddef.h>

/*
 * Private to events*.c:
 *
 *   events.c         events, and how they read
 *   events_signup.c  sign-ups
 *   events_clock.c   what happens by itself
 */

/* The hours before the start at which whoever comes is reminded. */
size_t events_reminders(const struct event *event,
                        int64_t hours[static EVENT_REMINDERS_MAX]);
/* Nobody needs to know any more what is private in it. */
void events_end_signup(struct signup *after, const char *why);
/* A notice to whoever signed up, with id, title, when and place. */
struct notice *events_tell(const struct desk *desk, const struct event *event,
                           const struct signup *signup, enum lane lane,
                           const char *key);

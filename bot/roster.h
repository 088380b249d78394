#pragma once

#include "store/user.h"

#include <stdbool.h>
#include <stddef.h>

struct bot;
struct policy;

/*
 * The users of the district in memory, read every few seconds: who is called
 * what, and whom to ring for a ticket.
 */
struct roster;
struct roster *roster_new(struct bot *bot);
void roster_free(struct roster *roster); /* takes NULL */
void roster_refresh(struct roster *roster);
/* Borrowed until the next turn of the loop; NULL when there is none. Here and
 * below roster may be NULL: nobody is known. */
const struct user *roster_find(const struct roster *roster, const char *name);
/* Whose chat account that is; or NULL. roster may be NULL. */
const struct user *roster_of_rider(const struct roster *roster,
                                   const char *rider);
/* Whether they may work on some tickets. */
bool roster_works(const struct user *user);
/* The next user after after (NULL: the first), or NULL. */
const struct user *roster_next(const struct roster *roster,
                               const struct user *after);
/* Whether one of their grants for work on tickets covers it. */
bool roster_covers(const struct user *user, const struct policy *policy,
                   const char *unit, const char *community,
                   const char *category);

#pragma once

struct bot;
struct tracker;

/*
 * GET /r/<token>: where a tap on the link of a broadcast leads. It says that
 * the target of the token was read, and goes on to the link that is stored, or
 * shows a few words where there is none.
 *
 * Of a private chat it counts once. Visitors of a group have no name: they are
 * told apart by a hash of address and browser under a salt that is another one
 * each day and then nowhere. There is no cookie and no script. Machines that
 * look ahead for people, or ask for the head alone, do not count.
 */
struct tracker *tracker_new(struct bot *bot);
void tracker_free(struct tracker *tracker); /* takes NULL; after the store */

/* Whether whoever calls itself so is a machine, for tests. */
_Bool tracker_is_robot(const char *user_agent);

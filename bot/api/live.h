#pragma once

#include <jansson.h>

struct bot;

/*
 * The consoles that are open, on the WebSocket /console/ws: each is told of the
 * tickets it may see as they change, and who else is looking at the one it
 * shows. A ticket is encoded once for all. To a console that reads slowly only
 * the newest state of each ticket goes, when there is room again.
 */
#define LIVE_MAX 5000                 /* consoles */
#define LIVE_USER_MAX 50              /* … of one user */
#define LIVE_SESSION 4401             /* closed with that: sign in again */
#define LIVE_QUEUE_BYTES (256 * 1024) /* waiting; from there on it is slow */
#define LIVE_CHECK_MS 60000           /* sessions are looked at again */

struct live;
struct live *live_new(struct bot *bot);
void live_free(struct live *live); /* takes NULL */

/* The names of those who look at a ticket, but for one actor. */
json_t *live_looking(const struct live *live, const char *id,
                     const char *except);

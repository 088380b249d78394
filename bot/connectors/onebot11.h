#pragma once

#include <stddef.h>
#include <stdint.h>

struct bot;
struct onebot11;

/*
 * OneBot 11, both ways: we are the server that implementations such as NapCat
 * connect to (reverse), and the client of theirs (forward). Each connection
 * carries one account, which is known by the self_id of what it sends, and is
 * online as "qq.<self_id>" while it has a connection that takes calls.
 *
 *   reverse  /onebot/v11 and /onebot/v11/ws  both ways
 *            /onebot/v11/api                 calls only
 *            /onebot/v11/event               events only
 *            an X-Client-Role of Universal, API or Event decides before these
 *   forward  a url whose path ends in /api or /event is for that only
 */
#define ONEBOT11_DEADLINE_MS 20000
#define ONEBOT11_CONNECTIONS_MAX 256 /* reverse; more are answered 503 */

struct onebot11_forward_options {
    const char *url;                 /* ws:// or wss:// */
    const char *token;               /* or NULL */
    unsigned retry_ms, retry_max_ms; /* as ws_client_options has them */
};

struct onebot11_options {
    const char *token; /* of reverse connections; NULL or "": none are taken */
    const struct onebot11_forward_options *forwards;
    size_t n_forwards;
    int64_t deadline_ms; /* of each call; 0: ONEBOT11_DEADLINE_MS */
};

/* Adds the routes and starts to connect. Needs bot->loop and bot->clock; copies
 * options. A url that is not one is logged and left out. */
struct onebot11 *onebot11_new(struct bot *bot,
                              const struct onebot11_options *options);
/* Takes the accounts offline and closes the connections, before loop_finish();
 * what is under way ends as it does when a connection is lost. Takes NULL. */
void onebot11_stop(struct onebot11 *onebot11);
/* After loop_finish(). Takes NULL. */
void onebot11_free(struct onebot11 *onebot11);

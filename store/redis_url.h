#pragma once

#include "base/err.h"

/*
 * Where a Redis is, as its url says:
 *     redis://[[user]:password@]host[:port][/db]
 *     unix://[[user]:password@]/path/to.sock[?db=N]
 * A byte that would be mistaken for a delimiter is written %XX. "rediss" is
 * refused.
 */
struct redis_url {
    char *path; /* of a unix socket, or NULL */
    char *host; /* a name or an address without brackets, or NULL */
    int port;
    char *user;     /* or NULL */
    char *password; /* or NULL */
    int db;
};

/* ERR_INVALID leaves nothing to finish. */
enum err redis_url_parse(struct redis_url *url, const char *text) must_check;
void redis_url_finish(struct redis_url *url);

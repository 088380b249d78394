#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * The connection to Redis: hiredis async on the loop, pipelined, reconnecting
 * with back-off. Private to store/: no other room includes this.
 */
struct redis;
struct redisReply;
struct resp;

struct redis_options {
    /* "redis://[:password@]host[:port][/db]", "rediss" is not offered;
     * "unix:///path/to.sock[?db=N]"; see store/redis_url.h */
    const char *url;
    /* Source of the library, loaded at connection, or NULL. Its own name and
     * those it registers end in "@VERSION"; see store/redis_library.h. */
    const char *functions;
    void (*on_up)(void *data);   /* connected, ready (not LOADING) and loaded */
    void (*on_down)(void *data); /* the connection was lost */
    void *data;
};

/*
 * NULL and a log line when the url is malformed. Connects in the background.
 * SIGPIPE has to be ignored by the program.
 */
struct redis *redis_new(uv_loop_t *loop, const struct redis_options *options);
/* Closes; every callback still waiting is called with ERR_AWAY. May be called
 * in any callback; the loop has to run once more after. Takes NULL. */
void redis_free(struct redis *redis);
bool redis_is_up(const struct redis *redis);

/*
 * reply is NULL unless err is OK or ERR_IO (an error reply of Redis); it is
 * borrowed for the call. ERR_AWAY: not connected when asked, or far too many
 * commands waiting; nothing was done.
 * ERR_TIMEOUT: the connection broke or the deadline passed after sending; the
 * outcome is unknown.
 */
typedef void redis_done(void *data, enum err err,
                        const struct redisReply *reply);

/* One command; done is called exactly once, never before this returns. lens
 * may be NULL when every argument is a string. */
void redis_command(struct redis *redis, redis_done *done, void *data,
                   size_t argc, const char *const *argv, const size_t *lens);
/* FCALL of a function of the library by its plain name ("commit"). */
void redis_function(struct redis *redis, redis_done *done, void *data,
                    const char *function, const struct resp *keys,
                    const struct resp *args);
/* Commands sent whose answer has not come. */
size_t redis_pending(const struct redis *redis);

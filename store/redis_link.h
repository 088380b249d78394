#pragma once

#include "store/redis.h"

#include <hiredis/hiredis.h>

/*
 * One connection to Redis: commands go in order, answers come in order, and
 * each has a deadline. redis.c opens a new one when one is lost.
 */
struct redis_link;

/* A command; allocated by whoever sends it, freed by the link. */
struct redis_call {
    redis_done *done;
    void *data;
    struct redis_call *next;
    uint64_t sent_ms;
    enum err err; /* what a call that was never sent will be told */
    bool own;     /* of the greeting, not asked for by a caller */
};

struct redis_link_hooks {
    void (*connected)(void *data);
    /* reply is NULL when err is not OK; it may be an error of Redis. */
    void (*answer)(void *data, const struct redis_call *call, enum err err,
                   const redisReply *reply);
    /* Nothing more will come: the owner calls redis_link_close() now. */
    void (*lost)(void *data, const char *why);
    void *data;
};

/*
 * To the unix socket path, or if that is NULL to an IP address and port. hooks
 * is borrowed until the link is closed. NULL: refused at once, and why is set.
 */
struct redis_link *redis_link_new(uv_loop_t *loop, const char *path,
                                  const char *address, int port,
                                  const struct redis_link_hooks *hooks,
                                  char *why, size_t why_size);
/* Sends a command of len bytes, as store/resp.h makes them. OK takes the call;
 * after ERR_AWAY it is still the caller's. */
enum err redis_link_send(struct redis_link *link, struct redis_call *call,
                         const char *command, size_t len) must_check;
/*
 * Answers everything that waits with err; the link goes when the loop has let
 * go of it. May be called in any hook, and again by an answer while it runs.
 */
void redis_link_close(struct redis_link *link, enum err err);

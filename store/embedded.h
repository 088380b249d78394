#pragma once

#include "base/err.h"

#include <uv.h>

/*
 * The private Redis: a redis-server child on a unix socket in the data
 * directory, append-only file with fsync on every write, stopped with us. The
 * directory is locked, so that two daemons never share one.
 */
struct embedded_redis;

struct embedded_options {
    const char *dir;         /* created with mode 700 when it is missing */
    const char *server_path; /* "redis-server" or an absolute path */
    /* Called when the child has died by itself; it is started again. */
    void (*on_exit)(void *data);
    void *data;
};

/* ERR_CONFLICT: another daemon holds the directory. ERR_IO: see the log. */
enum err embedded_redis_new(uv_loop_t *loop,
                            const struct embedded_options *options,
                            struct embedded_redis **out) must_check;
/* "unix:///…/redis.sock"; borrowed. */
const char *embedded_redis_url(const struct embedded_redis *redis);
int embedded_redis_pid(const struct embedded_redis *redis);
/* SIGTERM, waits until it has written and gone; takes NULL. */
void embedded_redis_free(struct embedded_redis *redis);

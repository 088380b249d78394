#pragma once

#include "base/err.h"

#include <hiredis/async.h>
#include <stdbool.h>
#include <uv.h>

/*
 * hiredis on libuv. Its own adapter loses a refused connection (0.14.1), and
 * asks the kernel about writing for every batch; this one writes all commands
 * of a loop turn at once, just before the loop waits.
 */
struct redis_uv {
    uv_poll_t poll;
    uv_prepare_t flush;
    uv_idle_t awake;       /* keeps the loop from waiting before the flush */
    redisAsyncContext *ac; /* NULL once hiredis has let go of it */
    int events;            /* polled for */
    int open;              /* handles not closed yet */
    bool writing;
    void (*gone)(void *data);   /* hiredis is ending the context */
    void (*closed)(void *data); /* the last touch: the memory may go */
    void *data;
};

/*
 * The caller has set gone, closed and data. After OK both are called once,
 * in this order; after an error neither.
 */
enum err redis_uv_attach(struct redis_uv *uv, uv_loop_t *loop,
                         redisAsyncContext *ac) must_check;

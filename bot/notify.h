#pragma once

#include <uv.h>

struct notify;

/*
 * Tells the service manager how we are, by the protocol of sd_notify(3): that
 * we are ready, that we stop, a status in words, and, while the loop turns,
 * that we live (a watchdog).
 *
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of
 * the environment, so that no child speaks in our name: call it before there
 * are threads. NULL when nobody wants to be told; the rest then does nothing.
 */
struct notify *notify_new(uv_loop_t *loop);
/* Its timer closes and its memory goes as the loop runs on. */
void notify_free(struct notify *notify);

void notify_ready(struct notify *notify); /* the watchdog runs from now on */
void notify_stopping(struct notify *notify);
void notify_status(struct notify *notify, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

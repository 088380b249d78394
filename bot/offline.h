#pragma once

#include <stdbool.h>

struct config;
struct seal;
struct store;

/*
 * A piece of work on the store, beside the daemon: over the Redis that is
 * configured, or that of the running daemon, or, when it does not run, one
 * started on its files for a moment.
 */
struct offline;

/* Called once, when the store is up; the work ends by offline_end(). */
typedef void offline_work(struct offline *offline, struct store *store,
                          void *data);
/* False when the work failed, the store could not be had, or it took too long.
 * The reason has been logged. */
bool offline_run(const struct config *config, offline_work *work, void *data);
void offline_end(struct offline *offline, bool ok);
/* The work takes longer, and gets on: its time begins anew. */
void offline_goes_on(struct offline *offline);
struct uv_loop_s *offline_loop(struct offline *offline);
/* The keys of sealed fields, which the store has, too. */
struct seal *offline_seal(struct offline *offline);

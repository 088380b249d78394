#pragma once

#include <uv.h>

/* The address of a host, looked up without blocking the loop. */
struct redis_lookup;

/*
 * address is a numeric one, or NULL with a reason; both are borrowed for the
 * call. The lookup is over then.
 */
typedef void redis_lookup_done(void *data, const char *address,
                               const char *why);

/* Of n addresses the (turn % n)th is given, later. NULL: not even a name. */
struct redis_lookup *redis_lookup_new(uv_loop_t *loop, const char *host,
                                      unsigned turn, redis_lookup_done *done,
                                      void *data);
/* done will not be called. Takes NULL. */
void redis_lookup_cancel(struct redis_lookup *lookup);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct redis;
struct seal;
struct store;

/*
 * The store: everything the program remembers, in Redis. Reads are plain
 * commands; every write is one transaction (store/txn.h), which runs as one
 * Redis function. One typed .c/.h a thing: rider, ticket, group, broadcast, …
 */
struct store_options {
    const char *url;         /* see store/redis.h */
    const char *district;    /* the hash tag of every key: "qinhuai" */
    int64_t seen_ttl_ms;     /* how long a message id is remembered */
    const struct seal *seal; /* of sealed fields, borrowed; NULL: none are */
    void (*on_up)(void *data);
    void (*on_down)(void *data);
    void *data;
};

/* NULL and a log line when an option is malformed. Connects in background. */
struct store *store_new(uv_loop_t *loop, const struct store_options *options);
void store_free(struct store *store);
bool store_is_up(const struct store *store);
/* Commands under way. */
size_t store_pending(const struct store *store);

/* A read or a write ended; data is the caller's. */
typedef void store_done(void *data, enum err err);

/*
 * Numbers of new tickets, events and so on come from blocks that the process
 * reserves in the store ahead of need, so that a transaction knows every key
 * it will write. A crash leaves the rest of a block unused: numbers may have
 * gaps, never twins. Returns 0 when no number is at hand (the store is away).
 */
int64_t store_next_number(struct store *store);
/* At a clean stop, before the last commands drain: gives back the numbers that
 * were reserved and not used. */
void store_return_numbers(struct store *store);

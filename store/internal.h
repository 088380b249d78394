#pragma once

#include "base/buf.h"
#include "store/redis.h"
#include "store/store.h"

/*
 * What the modules of this room share of struct store. Private to store/.
 */
struct store {
    uv_loop_t *loop;
    struct redis *redis;
    struct store_options options;
    char *district;
    struct store_numbers *numbers; /* numbers.c */
    struct buf packed;             /* txn.c: a notice on its way */
    struct seen_sweep *sweep;      /* seen.c: under way, or NULL */
};

/*
 * A read: one plain command made of printf pieces. Each of argc arguments is a
 * string; a key is written without the district's tag and marked by a leading
 * '@', which becomes the tag.
 */
void store_read(struct store *store, redis_done *done, void *data, size_t argc,
                const char *const *argv);

/* The store that a transaction is for. */
struct txn;
struct store *txn_store(const struct txn *txn);

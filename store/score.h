#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * What a judge gave somebody in a stage of a contest: a number a dimension.
 * Of kind "score:E12:<stage>:<judge>" under the rider's id, so that judges do
 * not write over each other.
 */
struct score {
    const char *event, *stage, *judge, *rider;
    int64_t version;    /* 0: is not stored */
    const char *values; /* name, number; … as in store/signup.h */
    int64_t at_ms;
};

/* ERR_CONFLICT unless the version in the store is score->version. */
void score_put(struct txn *txn, const struct score *score);
typedef void score_read(void *data, enum err err, const struct score *score);
/* One that is not there has version 0. */
void score_get(struct store *store, struct arena *arena, const char *event,
               const char *stage, const char *judge, const char *rider,
               score_read *done, void *data);
/* All that judges gave in a stage, RECORDS_MAX of each at most. */
typedef void score_listed(void *data, enum err err, const struct score *scores,
                          size_t n);
void score_list(struct store *store, struct arena *arena, const char *event,
                const char *stage, const char *const *judges, size_t n_judges,
                score_listed *done, void *data);

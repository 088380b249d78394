#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;

/* Places in an order of merit, best first: 1 the first; the same score, the
 * same rank, and the next one is as many ranks behind as there were. */
struct place {
    const char *id; /* of a rider or unit */
    int64_t score;
    int64_t rank;
};
typedef void places_read(void *data, enum err err, const struct place *places,
                         size_t n, int64_t total);

/* Those of a sorted set from offset on; for the typed modules. key is without
 * the district's tag. */
void places_list(struct store *store, struct arena *arena, const char *key,
                 size_t offset, size_t max, places_read *done, void *data);
/* That of one; n is 0 when it has none. */
void places_find(struct store *store, struct arena *arena, const char *key,
                 const char *id, places_read *done, void *data);
/* How many are before a score, as total; n is 0. */
void places_count(struct store *store, struct arena *arena, const char *key,
                  int64_t score, places_read *done, void *data);

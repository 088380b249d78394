#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/* What a rider has read, and when first; the last LEARNING_KEPT of it. */
#define LEARNING_KEPT 300

/* A material was opened. Whether it was the first time is a value of the
 * result, "1" or "0". */
void learning_add(struct txn *txn, const char *rider, const char *material,
                  int64_t now_ms);
void learning_forget(struct txn *txn, const char *rider);

struct learned {
    const char *material;
    int64_t at_ms;
};
/* The latest first, max of them; total is how many there are. */
typedef void learning_read(void *data, enum err err,
                           const struct learned *learned, size_t n,
                           int64_t total);
void learning_get(struct store *store, struct arena *arena, const char *rider,
                  size_t max, learning_read *done, void *data);

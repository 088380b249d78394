#pragma once

#include "base/err.h"

#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * Points, a ledger with double entries: every posting takes from one account
 * what it gives to another, so that all balances together are always 0. A
 * rider's account is the rider's id; POINTS_ISSUED is where points come from.
 */
#define POINTS_ISSUED "issued"

/* why is the ticket, or whatever else they are for. */
void points_post(struct txn *txn, const char *from, const char *to,
                 int64_t points, const char *why);

typedef void points_read(void *data, enum err err, int64_t balance);
void points_get(struct store *store, struct arena *arena, const char *account,
                points_read *done, void *data);

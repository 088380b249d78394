#pragma once

#include "base/err.h"

#include <stdint.h>

struct store;
struct txn;

/*
 * A word that is the same for all processes of a district on one day and is
 * nowhere any more on the next: visitors who have no name are told apart by a
 * hash with it, and by nothing afterwards.
 */
#define SALT_DAY_MS (24LL * 3600 * 1000)

/* Takes the salt of a day, or makes it of candidate. It is the transaction's
 * value. It goes at the end of the day. */
void salt_take(struct txn *txn, int64_t day, const char *candidate,
               int64_t left_ms);

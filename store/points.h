#pragma once

#include "base/err.h"

#include <stddef.h>
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

/*
 * Posts from POINTS_ISSUED to a rider what they get once for each why, such as
 * a material or a question: a second time nothing happens. Whether it did is a
 * value of the result, "1" or "0".
 */
void points_once(struct txn *txn, const char *rider, int64_t points,
                 const char *why);

/*
 * Forgets an account: what is on it goes back to POINTS_ISSUED, and its
 * postings, which name a person, leave the ledger. Those with another account
 * than POINTS_ISSUED stay.
 */
void points_forget(struct txn *txn, const char *account);

typedef void points_read(void *data, enum err err, int64_t balance);
void points_get(struct store *store, struct arena *arena, const char *account,
                points_read *done, void *data);

struct posting {
    int64_t at_ms;
    int64_t points; /* below 0: taken */
    const char *why;
};
/* The last max postings of an account, latest first, of POINTS_KEPT at most;
 * none of POINTS_ISSUED. */
#define POINTS_KEPT 1000
typedef void points_list(void *data, enum err err,
                         const struct posting *postings, size_t n);
void points_list_last(struct store *store, struct arena *arena,
                      const char *account, size_t max, points_list *done,
                      void *data);

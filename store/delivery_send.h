#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * What those who send have to do with a delivery (store/delivery.h): they take
 * targets under a lease, and say what became of them.
 */
struct delivery_taker {
    const char *id;
    const char *lease; /* "<process>.<number>", never used twice */
    const char *account;
    unsigned part;
    unsigned place;             /* of the account among those of the part */
    const char *report_account; /* see struct delivery_live; may be "" */
};

/*
 * Takes the next targets of a part that wait, at most DELIVERY_TAKE_MAX. The
 * transaction's values are, for each run of them, "<first index> <how many>"
 * and then their chats; there are none when none wait. ERR_STATE: it is not
 * being sent.
 */
#define DELIVERY_TAKE_MAX 1000
void delivery_take(struct txn *txn, const struct delivery_taker *taker,
                   size_t how_many);

struct delivery_outcome {
    size_t index;
    char letter;            /* 'o', 'r', 'u', or 'w': was not tried */
    const char *message_id; /* or NULL */
    const char *reason;     /* or NULL */
};
/* Reports of a lease have numbers, 1 and up: one that is sent again because its
 * answer was lost has the same number and the same outcomes. */
struct delivery_report {
    unsigned number;
    bool last; /* the lease ends with it */
    int64_t now_ms;
};
/* Outcomes in the order of their index. */
void delivery_outcomes(struct txn *txn, const struct delivery_taker *taker,
                       const struct delivery_report *report,
                       const struct delivery_outcome *outcomes, size_t n);
/* Ends a lease: what has no outcome becomes letter, 'u' or 'w'. How many there
 * were is a value of the result; there is none if the lease had ended. */
void delivery_lease_end(struct txn *txn, const char *id, const char *lease,
                        char letter, const char *report_account,
                        int64_t now_ms);
/* Takes it off the list of live ones if nothing is left to do. */
void delivery_rest(struct txn *txn, const char *id);

/* The next targets from index from on that an account has to recall; values
 * are the index to go on from, then index, chat and message id of each ("": it
 * is not known any more). Asked twice it answers the same. */
#define DELIVERY_RECALL_MAX 500
void delivery_recall_next(struct txn *txn, const struct delivery_taker *taker,
                          size_t from, size_t how_many);
/* letter is 'c', or 'l' with a reason. */
void delivery_recall_outcomes(struct txn *txn, const char *id,
                              const struct delivery_outcome *outcomes,
                              size_t n);
/* Whatever waits to be recalled is too late. */
void delivery_recall_end(struct txn *txn, const char *id);
#define DELIVERY_RECALL_MS (48LL * 3600 * 1000)

/* A sign of life of a process. */
void delivery_alive(struct txn *txn, const char *process);

/* ---- reading ------------------------------------------------------------- */

struct delivery_live_part {
    size_t from, n;
    const char *accounts, *lang;
    int64_t waiting;
};

struct delivery_lease {
    const char *lease;
    const char *account;
    const char *process; /* of the lease */
    bool alive;          /* that process */
};

/* A delivery with something left to do. */
struct delivery_live {
    const char *id;
    const char *state;          /* see struct delivery_counts */
    const char *report_account; /* whose outbox gets the report, or "" */
    int64_t recall_ms;          /* when it was to be recalled, or 0 */
    int64_t recalling;          /* targets */
    const struct delivery_live_part *parts;
    size_t n_parts;
    const struct delivery_lease *leases;
    size_t n_leases;
};
#define DELIVERIES_LIVE_MAX 32 /* looked at, the oldest first */
typedef void delivery_live_read(void *data, enum err err,
                                const struct delivery_live *live, size_t n);
void delivery_live_list(struct store *store, struct arena *arena,
                        delivery_live_read *done, void *data);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * Claims: what makes a request that comes twice happen once (Idempotency-Key).
 * A request is claimed under a key before it runs; its transaction marks that
 * it has happened; its answer is kept for whoever asks again. A claim that a
 * process took into its grave before anything happened ends soon.
 */
enum claim_state {
    CLAIM_RUNNING,  /* somebody else is at it */
    CLAIM_HAPPENED, /* and the answer is not known */
    CLAIM_ANSWERED
};
#define CLAIM_RUNNING_MS (2LL * 60 * 1000)
#define CLAIM_KEPT_MS (24LL * 3600 * 1000)

struct claim {
    const char *key;  /* hex SHA-256 of caller and key */
    const char *hash; /* … of the request */
};

struct claim_found {
    enum claim_state state;
    bool same; /* it was the same request */
    const char *answer;
    size_t answer_len;
};
/* OK: it is ours to run; ERR_DUPLICATE: found says what became of it, borrowed
 * for the call. */
typedef void claim_taken(void *data, enum err err,
                         const struct claim_found *found);
/* claim lives until done. */
void claim_take(struct store *store, struct arena *arena,
                const struct claim *claim, claim_taken *done, void *data);
/* Part of the transaction of what the request was to do. */
void claim_happened(struct txn *txn, const struct claim *claim);
void claim_answered(struct txn *txn, const struct claim *claim,
                    const char *answer, size_t len);
void claim_drop(struct txn *txn, const struct claim *claim);

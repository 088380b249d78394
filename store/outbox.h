#pragma once

#include "base/err.h"

#include <stddef.h>

struct arena;
struct notice;
struct store;
struct txn;

/* The stored outbox of an account: notices that have not ended yet. */
struct stored_notice {
    const char *id; /* of the stream entry: "1700000000000-0" */
    const char *packed;
    size_t len;
};

#define OUTBOX_PAGE 500
typedef void stored_notices(void *data, enum err err,
                            const struct stored_notice *notices, size_t n);
/* Up to OUTBOX_PAGE notices with ids after after ("" from the oldest). */
void stored_outbox_read(struct store *store, struct arena *arena,
                        const char *account, const char *after,
                        stored_notices *done, void *data);
/* Ends notices of one account: they have left, or never will. */
void stored_outbox_close(struct txn *txn, const char *account,
                         const char *const *ids, size_t n);

#pragma once

#include "store/notice.h"

#include <stddef.h>

struct arena;
struct outbox;
struct txn;

/*
 * Notices of a transaction, of any number: written with it, and sent at once
 * when it has happened, with the ids that the store gave them.
 */
struct notices {
    struct notices_item *items; /* in the arena */
    size_t n;
};

/* Copies the notice; what it borrows must live in the arena. */
struct notice *notices_add(struct notices *notices, struct arena *arena,
                           const struct notice *notice);
void notices_write(const struct notices *notices, struct txn *txn);
/* ids in the order in which they were written. lang is that of rider, when
 * known; of others it is looked up. rider may be NULL. */
void notices_send(const struct notices *notices, struct outbox *outbox,
                  const char *const *ids, const char *rider, int lang);

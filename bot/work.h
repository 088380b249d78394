#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "bot/notices.h"
#include "store/txn.h"

#include <stddef.h>

struct bot;

/*
 * A change of the store that no message of a rider began: by the API or by a
 * clock. A transaction with notices, which are sent at once when it has
 * happened, as those of a turn are.
 */
struct work {
    struct bot *bot;
    struct arena arena;
    struct txn *txn;
    struct notices notices;
    int64_t now_ms;
    void (*done)(struct work *work, enum err err);
    void *data;
};

#define WORK_NOTICES_MAX 256

struct work *work_new(struct bot *bot);
/* Whoever began it frees it, in or after done. */
void work_free(struct work *work);
/* As turn_notify(); borrowed values must live in the work's arena. Those beyond
 * WORK_NOTICES_MAX are not sent. */
struct notice *work_notify(struct work *work, enum lane lane,
                           const char *account, const char *chat,
                           const char *rider, const char *key);
/* done is called exactly once, later in the loop. */
void work_commit(struct work *work,
                 void (*done)(struct work *work, enum err err), void *data);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * One of the bot's own chat accounts as every process and the console see it:
 * whether it is online, and what the platform said to its sending. A record of
 * the kind "account".
 */
struct account_state {
    const char *id; /* "qq.10001000" */
    int64_t version;
    bool online;
    bool parked;        /* sends no broadcasts until a person unparks it */
    const char *reason; /* the platform's words, why it is parked or slowed */
    int64_t since_ms;   /* when the last of these changed */
    int64_t rest_ms;    /* sends no broadcasts before this, or 0 */
    double rate;        /* share of its usual pace, above 0 and up to 1 */
};

/* It came or went; again and again while it is online. */
#define ACCOUNT_SIGN_MS 20000 /* between two signs of an account online */
void account_sign(struct txn *txn, const char *id, bool online, int64_t now_ms);
/* The platform finds it too fast; or it has been good and may be faster. */
void account_slow(struct txn *txn, const char *id, double rate, int64_t rest_ms,
                  const char *reason, int64_t now_ms);
void account_park(struct txn *txn, const char *id, const char *reason,
                  int64_t now_ms);
/* At its usual pace again. ERR_NOT_FOUND: there is no such account.
 * ERR_STATE: it is neither parked nor slowed. */
void account_unpark(struct txn *txn, const char *id, int64_t now_ms);

/* All of them; in arena. One that gave no sign for three times ACCOUNT_SIGN_MS
 * is not online. */
#define ACCOUNTS_MAX 1000
typedef void account_list(void *data, enum err err,
                          const struct account_state *accounts, size_t n);
void account_list_all(struct store *store, struct arena *arena, int64_t now_ms,
                      account_list *done, void *data);

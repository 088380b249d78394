#pragma once

#include "base/bucket.h"

#include <stdint.h>

struct config;
struct pacer_group;

/*
 * How fast one account may send: a bucket for the account and one for each of
 * its chats, and a pause with jitter between the messages of a broadcast.
 */
struct pacer {
    const struct config *config;
    struct bucket account;
    struct pacer_group *groups; /* by chat, a uthash table */
    int64_t broadcast_after_ms; /* no broadcast message before this */
    int64_t quiet_until_ms;     /* no message at all before this */
};

void pacer_init(struct pacer *pacer, const struct config *config,
                int64_t now_ms);
void pacer_finish(struct pacer *pacer);

/* The account goes at a share of its pace, above 0 and up to 1, and says
 * nothing for quiet_ms. */
void pacer_slow(struct pacer *pacer, double share, int64_t quiet_ms,
                int64_t now_ms);

/*
 * Whether a message may leave for chat now: 0 and the tokens are taken, or how
 * many ms to wait. *account_full says that nothing else may leave either.
 */
int64_t pacer_take(struct pacer *pacer, const char *chat, _Bool broadcast,
                   int64_t now_ms, _Bool *account_full);

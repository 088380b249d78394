#include "bot/pacer.h"

#include "base/mem.h"
#include "bot/config.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define PACER_GROUPS_MAX 4096 /* then those at rest are forgotten */

struct pacer_group {
    struct bucket bucket;
    UT_hash_handle hh;
    char chat[];
};

void pacer_init(struct pacer *pacer, const struct config *config,
                int64_t now_ms) {
    *pacer = (struct pacer){.config = config};
    bucket_init(&pacer->account, config->account_rate, config->account_burst,
                now_ms);
}

void pacer_slow(struct pacer *pacer, double share, int64_t quiet_ms,
                int64_t now_ms) {
    const struct config *config = pacer->config;
    struct bucket *bucket = &pacer->account;
    double level;
    bucket_wait_ms(bucket, now_ms); /* its level is right now */
    level = bucket->level;
    bucket_init(bucket, config->account_rate * share,
                config->account_burst * share, now_ms);
    bucket->level = level < bucket->burst ? level : bucket->burst;
    if (now_ms + quiet_ms > pacer->quiet_until_ms)
        pacer->quiet_until_ms = now_ms + quiet_ms;
}

static void forget(struct pacer *pacer, struct pacer_group *group) {
    HASH_DEL(pacer->groups, group);
    free(group);
}

void pacer_finish(struct pacer *pacer) {
    struct pacer_group *group, *next;
    HASH_ITER(hh, pacer->groups, group, next) {
        forget(pacer, group);
    }
}

/* A full bucket says nothing that a new one would not. */
static void forget_at_rest(struct pacer *pacer, int64_t now_ms) {
    struct pacer_group *group, *next;
    double rest_ms =
        pacer->config->group_burst / pacer->config->group_rate * 1000;
    HASH_ITER(hh, pacer->groups, group, next) {
        if ((double)(now_ms - group->bucket.at_ms) > rest_ms)
            forget(pacer, group);
    }
}

static struct bucket *group_bucket(struct pacer *pacer, const char *chat,
                                   int64_t now_ms) {
    struct pacer_group *group;
    HASH_FIND_STR(pacer->groups, chat, group);
    if (group != NULL)
        return &group->bucket;
    if (HASH_COUNT(pacer->groups) >= PACER_GROUPS_MAX)
        forget_at_rest(pacer, now_ms);
    size_t len = strlen(chat);
    group = xcalloc(1, sizeof(*group) + len + 1);
    memcpy(group->chat, chat, len);
    bucket_init(&group->bucket, pacer->config->group_rate,
                pacer->config->group_burst, now_ms);
    HASH_ADD_STR(pacer->groups, chat, group);
    return &group->bucket;
}

int64_t pacer_take(struct pacer *pacer, const char *chat, bool broadcast,
                   int64_t now_ms, bool *account_full) {
    int64_t wait_ms = now_ms < pacer->quiet_until_ms
                          ? pacer->quiet_until_ms - now_ms
                          : bucket_wait_ms(&pacer->account, now_ms);
    *account_full = wait_ms > 0;
    if (wait_ms > 0)
        return wait_ms;
    if (broadcast && now_ms < pacer->broadcast_after_ms)
        return pacer->broadcast_after_ms - now_ms;
    if (pacer->config->group_rate > 0) {
        struct bucket *bucket = group_bucket(pacer, chat, now_ms);
        wait_ms = bucket_wait_ms(bucket, now_ms);
        if (wait_ms > 0)
            return wait_ms;
        bucket_take(bucket, now_ms);
    }
    bucket_take(&pacer->account, now_ms);
    int64_t jitter_ms = pacer->config->broadcast_jitter_ms;
    if (broadcast && jitter_ms > 0)
        pacer->broadcast_after_ms =
            now_ms + (int64_t)randombytes_uniform((uint32_t)jitter_ms + 1);
    return 0;
}

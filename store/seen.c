#define LOG_MODULE "seen"
#include "store/seen.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/internal.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define STEP "1000"        /* keys a step */
#define FORGOTTEN_MAX 1000 /* riders at a time */

static struct metric m_emptied =
    METRIC_COUNTER("xiaofeng_seen_emptied_total",
                   "Kept answers that were emptied for forgotten riders.");
static struct metric m_given_up = METRIC_COUNTER(
    "xiaofeng_seen_given_up_total",
    "Forgotten riders whose kept answers were left to end by themselves.");

struct forgotten {
    char *rider, *chat, *except;
    struct forgotten *prev, *next;
};

/* One look through the keys, for everybody who is known when it begins. */
struct seen_sweep {
    struct store *store;
    struct forgotten *now, *later;
    size_t n_later;
    struct arena arena; /* of a step */
    char cursor[24];
    char **names; /* of the step's keys, without the tag */
    size_t n_names;
};

static void free_list(struct forgotten *list) {
    struct forgotten *one, *next;
    DL_FOREACH_SAFE(list, one, next) {
        free(one->rider);
        free(one->chat);
        free(one->except);
        free(one);
    }
}

static void step(struct seen_sweep *sweep);

static void end(struct seen_sweep *sweep, enum err err) {
    struct forgotten *one;
    int count;
    DL_COUNT(sweep->now, one, count);
    if (err != OK) {
        LOG_WARN("answers to %d forgotten riders end by themselves: %s", count,
                 err_str(err));
        metric_add(&m_given_up, count + (int64_t)sweep->n_later);
        free_list(sweep->later);
        sweep->later = NULL;
    }
    free_list(sweep->now);
    sweep->now = sweep->later;
    sweep->later = NULL;
    sweep->n_later = 0;
    if (sweep->now != NULL) {
        snprintf(sweep->cursor, sizeof(sweep->cursor), "0");
        step(sweep);
        return;
    }
    sweep->store->sweep = NULL;
    free(sweep);
}

static void step_over(struct seen_sweep *sweep, enum err err) {
    bool over = strcmp(sweep->cursor, "0") == 0;
    arena_finish(&sweep->arena);
    if (err != OK || over)
        end(sweep, err);
    else
        step(sweep);
}

/* ---- whose it is -------------------------------------------------------- */

/* See notice_pack(): the lane, the chat, whom it is for, … */
static bool is_for(const struct forgotten *one, const char *packed) {
    const char *chat = strchr(packed, '\x1f');
    const char *rider = chat == NULL ? NULL : strchr(chat + 1, '\x1f');
    if (rider == NULL)
        return false;
    size_t chat_len = (size_t)(rider - chat) - 1;
    size_t rider_len = strcspn(rider + 1, "\x1f");
    return (strlen(one->chat) == chat_len &&
            memcmp(one->chat, chat + 1, chat_len) == 0) ||
           (strlen(one->rider) == rider_len &&
            memcmp(one->rider, rider + 1, rider_len) == 0);
}

static bool ends_with(const char *text, const char *end) {
    size_t len = strlen(text), n = strlen(end);
    return n > 0 && len > n && text[len - n - 1] == ':' &&
           strcmp(text + len - n, end) == 0;
}

static bool is_forgotten(const struct seen_sweep *sweep, const char *name,
                         const char *packed) {
    const struct forgotten *one;
    DL_FOREACH(sweep->now, one) {
        if (is_for(one, packed) && !ends_with(name, one->except))
            return true;
    }
    return false;
}

/* ---- a step ------------------------------------------------------------- */

static void on_emptied(void *data, const struct txn_result *result) {
    step_over(data, result->err);
}

static void empty(struct seen_sweep *sweep, const size_t *places, size_t n) {
    struct txn *txn = txn_new(sweep->store);
    txn_op(txn, "seen_empty");
    for (size_t i = 0; i < n; i++)
        txn_key(txn, "%s", sweep->names[places[i]]);
    txn_arg_int(txn, (int64_t)n);
    metric_add(&m_emptied, (int64_t)n);
    txn_commit(txn, on_emptied, sweep);
}

static void on_values(void *data, enum err err,
                      const struct redisReply *reply) {
    struct seen_sweep *sweep = data;
    size_t n = 0;
    size_t *places =
        arena_alloc(&sweep->arena, (sweep->n_names + 1) * sizeof(*places));
    for (size_t i = 0; err == OK && i < sweep->n_names; i++) {
        const char *packed = reply_string(&sweep->arena, reply_at(reply, i));
        if (packed[0] != '\0' && is_forgotten(sweep, sweep->names[i], packed))
            places[n++] = i;
    }
    if (n > 0)
        empty(sweep, places, n);
    else
        step_over(sweep, err);
}

/* The keys as Redis gave them are the arguments. */
static void read_values(struct seen_sweep *sweep,
                        const struct redisReply *keys) {
    size_t n = reply_count(keys);
    size_t tag = strlen(sweep->store->district) + strlen("{}:");
    const char **argv = arena_alloc(&sweep->arena, (n + 1) * sizeof(*argv));
    sweep->names = arena_alloc(&sweep->arena, (n + 1) * sizeof(*sweep->names));
    sweep->n_names = 0;
    argv[0] = "MGET";
    for (size_t i = 0; i < n; i++) {
        const char *key = reply_string(&sweep->arena, reply_at(keys, i));
        char *name = arena_strdup(&sweep->arena, key);
        if (strlen(name) <= tag)
            continue;
        sweep->names[sweep->n_names++] = name + tag;
        argv[sweep->n_names] = key;
    }
    if (sweep->n_names > 0)
        redis_command(sweep->store->redis, on_values, sweep, sweep->n_names + 1,
                      argv, NULL);
    else
        step_over(sweep, OK);
}

static void on_keys(void *data, enum err err, const struct redisReply *reply) {
    struct seen_sweep *sweep = data;
    if (err != OK) {
        step_over(sweep, err);
        return;
    }
    snprintf(sweep->cursor, sizeof(sweep->cursor), "%s",
             reply_string(&sweep->arena, reply_at(reply, 0)));
    read_values(sweep, reply_at(reply, 1));
}

static void step(struct seen_sweep *sweep) {
    store_read(sweep->store, on_keys, sweep, 6,
               (const char *const[]){"SCAN", sweep->cursor, "MATCH", "@seen:*",
                                     "COUNT", STEP});
}

void seen_forget(struct store *store, const char *rider, const char *chat,
                 const char *except) {
    struct seen_sweep *sweep = store->sweep;
    if (sweep != NULL && sweep->n_later == FORGOTTEN_MAX) {
        metric_add(&m_given_up, 1);
        return;
    }
    struct forgotten *one = xcalloc(1, sizeof(*one));
    *one = (struct forgotten){
        .rider = xstrdup(rider),
        .chat = xstrdup(chat),
        .except = xstrdup(except),
    };
    if (sweep != NULL) {
        DL_APPEND(sweep->later, one);
        sweep->n_later++;
        return;
    }
    sweep = xcalloc(1, sizeof(*sweep));
    sweep->store = store;
    arena_init(&sweep->arena);
    store->sweep = sweep;
    snprintf(sweep->cursor, sizeof(sweep->cursor), "0");
    DL_APPEND(sweep->now, one);
    step(sweep);
}

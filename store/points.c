#include "store/points.h"

#include "base/arena.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_posting(struct txn *txn, const char *from, const char *to,
                        int64_t points, const char *why) {
    txn_key(txn, KEY_POINTS);
    txn_key(txn, KEY_LEDGER);
    txn_key(txn, KEY_POSTINGS, from);
    txn_key(txn, KEY_POSTINGS, to);
    txn_arg(txn, from);
    txn_arg(txn, to);
    txn_arg_int(txn, points);
    txn_arg(txn, why);
    txn_arg_int(txn, POINTS_KEPT);
}

void points_post(struct txn *txn, const char *from, const char *to,
                 int64_t points, const char *why) {
    txn_op(txn, "points_post");
    add_posting(txn, from, to, points, why);
}

void points_once(struct txn *txn, const char *rider, int64_t points,
                 const char *why) {
    txn_op(txn, "points_once");
    add_posting(txn, POINTS_ISSUED, rider, points, why);
    txn_key(txn, KEY_EARNED, rider);
}

void points_forget(struct txn *txn, const char *account) {
    txn_op(txn, "points_forget");
    txn_key(txn, KEY_POINTS);
    txn_key(txn, KEY_LEDGER);
    txn_key(txn, KEY_POSTINGS, account);
    txn_key(txn, KEY_EARNED, account);
    txn_arg(txn, account);
}

struct balance_call {
    points_read *done;
    void *data;
};

static void on_balance(void *data, enum err err,
                       const struct redisReply *reply) {
    struct balance_call *call = data;
    call->done(call->data, err, err == OK ? reply_int(reply) : 0);
}

void points_get(struct store *store, struct arena *arena, const char *account,
                points_read *done, void *data) {
    struct balance_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct balance_call){done, data};
    store_read(store, on_balance, call, 3,
               (const char *const[]){"HGET", "@" KEY_POINTS, account});
}

struct list_call {
    struct arena *arena;
    points_list *done;
    void *data;
};

/* "<ms>-<n> <points> <why>" */
static struct posting unpack(struct arena *arena, const char *packed) {
    struct posting posting = {.at_ms = strtoll(packed, NULL, 10), .why = ""};
    const char *points = strchr(packed, ' ');
    const char *why = points == NULL ? NULL : strchr(points + 1, ' ');
    if (points != NULL)
        posting.points = strtoll(points + 1, NULL, 10);
    if (why != NULL)
        posting.why = arena_strdup(arena, why + 1);
    return posting;
}

static void on_postings(void *data, enum err err,
                        const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    struct posting *postings =
        arena_alloc(call->arena, (n + 1) * sizeof(*postings));
    for (size_t i = 0; i < n; i++)
        postings[i] =
            unpack(call->arena, reply_string(call->arena, reply_at(reply, i)));
    call->done(call->data, err, postings, n);
}

void points_list_last(struct store *store, struct arena *arena,
                      const char *account, size_t max, points_list *done,
                      void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){arena, done, data};
    char key[160], last[24];
    snprintf(key, sizeof(key), "@" KEY_POSTINGS, account);
    snprintf(last, sizeof(last), "%zu", max - 1);
    store_read(store, on_postings, call, 4,
               (const char *const[]){"LRANGE", key, "0", last});
}

#include "store/learning.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>

void learning_add(struct txn *txn, const char *rider, const char *material,
                  int64_t now_ms) {
    txn_op(txn, "learning_add");
    txn_key(txn, KEY_LEARNED, rider);
    txn_key(txn, KEY_RECORD, "material", material);
    txn_arg(txn, material);
    txn_arg_int(txn, now_ms);
    txn_arg_int(txn, LEARNING_KEPT);
}

void learning_forget(struct txn *txn, const char *rider) {
    txn_op(txn, "learning_forget");
    txn_key(txn, KEY_LEARNED, rider);
}

struct read_call {
    struct arena *arena;
    int64_t total;
    enum err err;
    learning_read *done;
    void *data;
};

static void on_total(void *data, enum err err, const struct redisReply *reply) {
    struct read_call *call = data;
    call->err = err;
    call->total = reply_int(reply);
}

/* id, ms, id, ms, … */
static void on_learned(void *data, enum err err,
                       const struct redisReply *reply) {
    struct read_call *call = data;
    if (err == OK)
        err = call->err;
    size_t n = err == OK ? reply_count(reply) / 2 : 0;
    struct learned *learned =
        arena_alloc(call->arena, (n + 1) * sizeof(*learned));
    for (size_t i = 0; i < n; i++)
        learned[i] = (struct learned){
            reply_string(call->arena, reply_at(reply, 2 * i)),
            reply_int(reply_at(reply, 2 * i + 1)),
        };
    call->done(call->data, err, learned, n, call->total);
}

void learning_get(struct store *store, struct arena *arena, const char *rider,
                  size_t max, learning_read *done, void *data) {
    struct read_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct read_call){.arena = arena, .done = done, .data = data};
    const char *key = arena_printf(arena, "@" KEY_LEARNED, rider);
    char last[24];
    if (max == 0 || max > LEARNING_KEPT)
        max = LEARNING_KEPT;
    snprintf(last, sizeof(last), "%zu", max - 1);
    store_read(store, on_total, call, 2, (const char *const[]){"ZCARD", key});
    store_read(
        store, on_learned, call, 5,
        (const char *const[]){"ZREVRANGE", key, "0", last, "WITHSCORES"});
}

#include "store/points.h"

#include "base/arena.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

void points_post(struct txn *txn, const char *from, const char *to,
                 int64_t points, const char *why) {
    txn_op(txn, "points_post");
    txn_key(txn, KEY_POINTS);
    txn_key(txn, KEY_LEDGER);
    txn_arg(txn, from);
    txn_arg(txn, to);
    txn_arg_int(txn, points);
    txn_arg(txn, why);
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

#include "store/outbox.h"

#include "base/arena.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>

struct read_call {
    struct arena *arena;
    stored_notices *done;
    void *data;
};

static void on_read(void *data, enum err err, const struct redisReply *reply) {
    struct read_call *call = data;
    size_t count = err == OK ? reply_count(reply) : 0, n = 0;
    struct stored_notice *notices =
        arena_alloc(call->arena, (count + 1) * sizeof(*notices));
    for (size_t i = 0; i < count; i++) {
        const struct redisReply *entry = reply_at(reply, i);
        const struct redisReply *packed = reply_field(reply_at(entry, 1), "n");
        if (packed == NULL)
            continue;
        notices[n++] = (struct stored_notice){
            .id = reply_string(call->arena, reply_at(entry, 0)),
            .packed = reply_string(call->arena, packed),
            .len = packed->len,
        };
    }
    call->done(call->data, err, notices, n);
}

void stored_outbox_read(struct store *store, struct arena *arena,
                        const char *account, const char *after,
                        stored_notices *done, void *data) {
    struct read_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct read_call){arena, done, data};
    char key[96], from[64], count[16];
    snprintf(key, sizeof(key), "@" KEY_OUTBOX, account);
    snprintf(from, sizeof(from), "%s%s", after[0] == '\0' ? "-" : "(", after);
    snprintf(count, sizeof(count), "%d", OUTBOX_PAGE);
    store_read(store, on_read, call, 6,
               (const char *const[]){"XRANGE", key, from, "+", "COUNT", count});
}

void stored_outbox_close(struct txn *txn, const char *account,
                         const char *const *ids, size_t n) {
    txn_op(txn, "notice_close");
    txn_key(txn, KEY_OUTBOX, account);
    for (size_t i = 0; i < n; i++)
        txn_arg(txn, ids[i]);
}

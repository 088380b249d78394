#include "store/code.h"

#include "base/arena.h"
#include "base/token.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>

static void add_key(struct txn *txn, const char *code) {
    char hash[TOKEN_HASH_SIZE];
    token_hash(hash, code);
    txn_key(txn, KEY_CODE, hash);
}

void code_create(struct txn *txn, const char *code, const struct code *what,
                 int64_t ttl_ms) {
    txn_op(txn, "code_create");
    add_key(txn, code);
    txn_arg_int(txn, ttl_ms);
    txn_arg(txn, "roles");
    txn_arg_int(txn, what->roles);
    txn_arg(txn, "rider");
    txn_arg(txn, what->rider);
    txn_arg(txn, "name");
    txn_arg(txn, what->name);
}

void code_take(struct txn *txn, const char *code) {
    txn_op(txn, "code_take");
    add_key(txn, code);
}

struct get_call {
    struct arena *arena;
    code_read *done;
    void *data;
};

static void on_code(void *data, enum err err, const struct redisReply *reply) {
    struct get_call *call = data;
    if (err == OK && reply_count(reply) == 0)
        err = ERR_NOT_FOUND;
    struct code code = {
        .roles = (unsigned)reply_int(reply_field(reply, "roles")),
        .rider = reply_string(call->arena, reply_field(reply, "rider")),
        .name = reply_string(call->arena, reply_field(reply, "name")),
    };
    call->done(call->data, err, &code);
}

void code_get(struct store *store, struct arena *arena, const char *code,
              code_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){arena, done, data};
    char hash[TOKEN_HASH_SIZE], key[96];
    token_hash(hash, code);
    snprintf(key, sizeof(key), "@" KEY_CODE, hash);
    store_read(store, on_code, call, 2, (const char *const[]){"HGETALL", key});
}

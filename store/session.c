#include "base/arena.h"
#include "base/token.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"
#include "store/user_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A session is made to live on at most this often. */
#define TOUCH_MS (5LL * 60 * 1000)

static void add_key(struct txn *txn, const char *secret) {
    char hash[TOKEN_HASH_SIZE];
    token_hash(hash, secret);
    txn_key(txn, KEY_SESSION, hash);
}

void session_put(struct txn *txn, const char *secret,
                 const struct session_record *session) {
    txn_op(txn, "session_put");
    add_key(txn, secret);
    txn_arg_int(txn, SESSION_IDLE_MS);
    txn_arg(txn, "user");
    txn_arg(txn, session->user);
    txn_arg(txn, "csrf");
    txn_arg(txn, session->csrf);
    txn_arg(txn, "created");
    txn_arg_int(txn, session->created_ms);
}

void session_remove(struct txn *txn, const char *secret) {
    txn_op(txn, "session_remove");
    add_key(txn, secret);
}

struct get_call {
    struct store *store;
    struct arena *arena;
    const char *key; /* with "@" */
    struct session_record session;
    session_read *done;
    void *data;
};

static void on_touched(void *data, const struct txn_result *result) {
    (void)data;
    (void)result; /* else it ends a little earlier */
}

static void touch(struct get_call *call) {
    struct txn *txn = txn_new(call->store);
    txn_op(txn, "session_touch");
    txn_key(txn, "%s", call->key + 1);
    txn_arg_int(txn, SESSION_IDLE_MS);
    txn_commit(txn, on_touched, NULL);
}

/* Those begun before their user's password changed, or another of the same
 * name was there, are over. */
static void on_user(void *data, enum err err, const struct redisReply *reply) {
    struct get_call *call = data;
    struct user user;
    bool there = user_unpack(call->arena, reply, call->session.user, &user) &&
                 !user.disabled && call->session.created_ms >= user.sessions_ms;
    if (err == OK && !there)
        err = ERR_NOT_FOUND;
    call->done(call->data, err, err == OK ? &call->session : NULL,
               err == OK ? &user : NULL);
}

static void on_left(void *data, enum err err, const struct redisReply *reply) {
    struct get_call *call = data;
    if (err == OK && reply_int(reply) < SESSION_IDLE_MS - TOUCH_MS)
        touch(call);
}

static void on_session(void *data, enum err err,
                       const struct redisReply *reply) {
    struct get_call *call = data;
    struct session_record *session = &call->session;
    char key[USER_NAME_MAX + 16];
    session->user = reply_string(call->arena, reply_field(reply, "user"));
    session->csrf = reply_string(call->arena, reply_field(reply, "csrf"));
    session->created_ms = reply_int(reply_field(reply, "created"));
    if (err == OK &&
        (!user_name_valid(session->user) || session->csrf[0] == '\0'))
        err = ERR_NOT_FOUND;
    if (err != OK) {
        call->done(call->data, err, NULL, NULL);
        return;
    }
    store_read(call->store, on_left, call, 2,
               (const char *const[]){"PTTL", call->key});
    snprintf(key, sizeof(key), "@" KEY_USER, session->user);
    store_read(call->store, on_user, call, 2,
               (const char *const[]){"HGETALL", key});
}

void session_get(struct store *store, struct arena *arena, const char *secret,
                 session_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    char hash[TOKEN_HASH_SIZE];
    token_hash(hash, secret);
    *call = (struct get_call){
        .store = store,
        .arena = arena,
        .key = arena_printf(arena, "@" KEY_SESSION, hash),
        .done = done,
        .data = data,
    };
    store_read(store, on_session, call, 2,
               (const char *const[]){"HGETALL", call->key});
}

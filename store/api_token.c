#include "base/arena.h"
#include "base/mem.h"
#include "base/token.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"
#include "store/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the hash: so that a token is found by what its bearer shows, and removed
 * by what everybody may know. */
void api_token_id(char out[static API_TOKEN_ID_SIZE], const char *secret) {
    char hash[TOKEN_HASH_SIZE];
    token_hash(hash, secret);
    out[0] = 't';
    memcpy(out + 1, hash, API_TOKEN_ID_SIZE - 2);
    out[API_TOKEN_ID_SIZE - 1] = '\0';
}

bool api_token_id_valid(const char *id) {
    return strlen(id) == API_TOKEN_ID_SIZE - 1 && id[0] == 't' &&
           strspn(id + 1, "0123456789abcdef") == API_TOKEN_ID_SIZE - 2;
}

/* ---- writing ------------------------------------------------------------- */

void api_token_put(struct txn *txn, const char *secret,
                   const struct token_record *token) {
    char hash[TOKEN_HASH_SIZE], id[API_TOKEN_ID_SIZE];
    token_hash(hash, secret);
    api_token_id(id, secret);
    txn_op(txn, "api_token_put");
    txn_key(txn, KEY_API_TOKEN, id);
    txn_key(txn, KEY_API_TOKENS);
    txn_arg(txn, id);
    txn_arg_int(txn, TOKENS_MAX);
    txn_arg(txn, "hash");
    txn_arg(txn, hash);
    txn_arg(txn, "name");
    txn_arg(txn, token->name);
    txn_arg(txn, "scopes");
    txn_arg(txn, token->scopes);
    txn_arg(txn, "unit");
    txn_arg(txn, token->unit);
    txn_arg(txn, "by");
    txn_arg(txn, token->by);
    txn_arg(txn, "created");
    txn_arg_int(txn, token->created_ms);
    txn_arg(txn, "expires");
    txn_arg_int(txn, token->expires_ms);
}

void api_token_remove(struct txn *txn, const char *id) {
    txn_op(txn, "api_token_remove");
    txn_key(txn, KEY_API_TOKEN, id);
    txn_key(txn, KEY_API_TOKENS);
    txn_arg(txn, id);
}

/* ---- reading ---- */

static bool unpack(struct arena *arena, const struct redisReply *reply,
                   const char *id, struct token_record *out) {
    if (reply_count(reply) == 0)
        return false;
    *out = (struct token_record){
        .id = arena_strdup(arena, id),
        .name = reply_string(arena, reply_field(reply, "name")),
        .scopes = reply_string(arena, reply_field(reply, "scopes")),
        .unit = reply_string(arena, reply_field(reply, "unit")),
        .by = reply_string(arena, reply_field(reply, "by")),
        .created_ms = reply_int(reply_field(reply, "created")),
        .expires_ms = reply_int(reply_field(reply, "expires")),
    };
    return true;
}

struct get_call {
    struct arena *arena;
    char id[API_TOKEN_ID_SIZE];
    char hash[TOKEN_HASH_SIZE]; /* "": asked by id, by nobody who shows it */
    api_token_read *done;
    void *data;
};

static void on_token(void *data, enum err err, const struct redisReply *reply) {
    struct get_call *call = data;
    struct token_record token;
    const char *hash = reply_string(call->arena, reply_field(reply, "hash"));
    bool there = unpack(call->arena, reply, call->id, &token) &&
                 (call->hash[0] == '\0' || token_equal(hash, call->hash));
    if (err == OK && !there)
        err = ERR_NOT_FOUND;
    call->done(call->data, err, err == OK ? &token : NULL);
}

static void get(struct store *store, struct get_call *call) {
    char key[API_TOKEN_ID_SIZE + 16];
    snprintf(key, sizeof(key), "@" KEY_API_TOKEN, call->id);
    store_read(store, on_token, call, 2, (const char *const[]){"HGETALL", key});
}

void api_token_get(struct store *store, struct arena *arena, const char *secret,
                   api_token_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){.arena = arena, .done = done, .data = data};
    api_token_id(call->id, secret);
    token_hash(call->hash, secret);
    get(store, call);
}

void api_token_find(struct store *store, struct arena *arena, const char *id,
                    api_token_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){.arena = arena, .done = done, .data = data};
    snprintf(call->id, sizeof(call->id), "%s",
             api_token_id_valid(id) ? id : "");
    get(store, call);
}

struct list_call {
    struct store *store;
    struct arena *arena;
    struct token_record *tokens;
    char **ids;
    size_t asked, read, n;
    enum err err;
    api_token_list *done;
    void *data;
};

static int by_age(const void *a, const void *b) {
    const struct token_record *x = a, *y = b;
    if (x->created_ms != y->created_ms)
        return x->created_ms < y->created_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void list_end(struct list_call *call) {
    if (call->n > 1)
        qsort(call->tokens, call->n, sizeof(*call->tokens), by_age);
    call->done(call->data, call->err, call->tokens, call->n);
}

static void on_listed(void *data, enum err err,
                      const struct redisReply *reply) {
    struct list_call *call = data;
    const char *id = call->ids[call->read++];
    if (err != OK)
        call->err = err;
    else if (unpack(call->arena, reply, id, &call->tokens[call->n]))
        call->n++;
    if (call->read == call->asked)
        list_end(call);
}

static void on_ids(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = reply_count(reply);
    call->err = err;
    call->asked = n < TOKENS_MAX ? n : TOKENS_MAX;
    if (call->asked == 0) {
        list_end(call);
        return;
    }
    call->tokens =
        arena_alloc(call->arena, call->asked * sizeof(*call->tokens));
    call->ids = arena_alloc(call->arena, call->asked * sizeof(char *));
    for (size_t i = 0; i < call->asked; i++) {
        const char *id = reply_string(call->arena, reply_at(reply, i));
        char key[API_TOKEN_ID_SIZE + 16];
        call->ids[i] = arena_strndup(call->arena, id, API_TOKEN_ID_SIZE - 1);
        snprintf(key, sizeof(key), "@" KEY_API_TOKEN, call->ids[i]);
        store_read(call->store, on_listed, call, 2,
                   (const char *const[]){"HGETALL", key});
    }
}

void api_token_list_all(struct store *store, struct arena *arena,
                        api_token_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){
        .store = store, .arena = arena, .done = done, .data = data};
    store_read(store, on_ids, call, 2,
               (const char *const[]){"SMEMBERS", "@" KEY_API_TOKENS});
}

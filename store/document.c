#include "store/document.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_SIZE 64 /* names are those of bot/policy.h */

/* ---- writing ------------------------------------------------------------- */

void document_put(struct txn *txn, const struct document *document) {
    txn_op(txn, "document_put");
    txn_key(txn, KEY_DOCUMENT, document->name);
    txn_key(txn, KEY_DOCUMENTS);
    txn_arg_int(txn, document->version);
    txn_arg(txn, document->name);
    txn_arg_bytes(txn, document->json, document->json_len);
    txn_arg(txn, document->by);
    txn_arg_int(txn, document->at_ms);
}

void document_expect(struct txn *txn, const struct document *document) {
    txn_op(txn, "document_expect");
    txn_key(txn, KEY_DOCUMENT, document->name);
    txn_arg_int(txn, document->version);
}

/* ---- reading ------------------------------------------------------------- */

struct document_call {
    struct arena *arena;
    struct document *documents;
    size_t n, read;
    enum err err;
    document_read *done;
    void *data;
};

/* Answers come in the order of the questions: the next document. */
static void on_document(void *data, enum err err,
                        const struct redisReply *reply) {
    struct document_call *call = data;
    struct document *document = &call->documents[call->read++];
    const struct redisReply *json = reply_at(reply, 1);
    if (err != OK)
        call->err = err;
    document->version = reply_int(reply_at(reply, 0));
    document->json = reply_string(call->arena, json);
    document->json_len =
        json != NULL && json->type == REDIS_REPLY_STRING ? json->len : 0;
    document->by = reply_string(call->arena, reply_at(reply, 2));
    document->at_ms = reply_int(reply_at(reply, 3));
    if (call->read == call->n)
        call->done(call->data, call->err, call->documents, call->n);
}

void document_get(struct store *store, struct arena *arena,
                  const char *const *names, size_t n, document_read *done,
                  void *data) {
    struct document_call *call = arena_alloc(arena, sizeof(*call));
    if (n == 0)
        abort(); /* nobody asks for nothing, and done must come later */
    *call = (struct document_call){
        .arena = arena,
        .documents = arena_alloc(arena, n * sizeof(*call->documents)),
        .n = n,
        .done = done,
        .data = data,
    };
    for (size_t i = 0; i < n; i++) {
        char key[KEY_SIZE];
        call->documents[i].name = names[i];
        snprintf(key, sizeof(key), "@" KEY_DOCUMENT, names[i]);
        store_read(
            store, on_document, call, 6,
            (const char *const[]){"HMGET", key, "v", "json", "by", "at"});
    }
}

struct versions_call {
    size_t n;
    document_versions *done;
    void *data;
};

static void on_versions(void *data, enum err err,
                        const struct redisReply *reply) {
    struct versions_call *call = data;
    int64_t versions[DOCUMENT_NAMES_MAX];
    for (size_t i = 0; i < call->n; i++)
        versions[i] = reply_int(reply_at(reply, i));
    call->done(call->data, err, versions, call->n);
    free(call);
}

void document_get_versions(struct store *store, const char *const *names,
                           size_t n, document_versions *done, void *data) {
    const char *words[2 + DOCUMENT_NAMES_MAX] = {"HMGET", "@" KEY_DOCUMENTS};
    struct versions_call *call = xcalloc(1, sizeof(*call));
    if (n == 0 || n > DOCUMENT_NAMES_MAX)
        abort();
    *call = (struct versions_call){n, done, data};
    for (size_t i = 0; i < n; i++)
        words[2 + i] = names[i];
    store_read(store, on_versions, call, 2 + n, words);
}

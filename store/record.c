#include "store/record.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *record_string(const struct record *record, const char *name) {
    for (size_t i = 0; i + 1 < record->n_fields; i += 2)
        if (strcmp(record->fields[i], name) == 0)
            return record->fields[i + 1];
    return "";
}

int64_t record_int(const struct record *record, const char *name) {
    return strtoll(record_string(record, name), NULL, 10);
}

/* ---- writing ------------------------------------------------------------- */

void record_put(struct txn *txn, const struct record *record) {
    if (record->n_fields > RECORD_FIELDS_MAX || record->n_fields % 2 != 0)
        abort();
    txn_op(txn, "record_put");
    txn_key(txn, KEY_RECORD, record->kind, record->id);
    txn_key(txn, KEY_RECORDS, record->kind);
    txn_arg_int(txn, record->version);
    txn_arg(txn, record->id);
    txn_arg_int(txn, record->order);
    for (size_t i = 0; i < record->n_fields; i++)
        txn_arg(txn, record->fields[i]);
}

void record_remove(struct txn *txn, const char *kind, const char *id,
                   int64_t version) {
    txn_op(txn, "record_remove");
    txn_key(txn, KEY_RECORD, kind, id);
    txn_key(txn, KEY_RECORDS, kind);
    txn_arg_int(txn, version);
    txn_arg(txn, id);
}

void record_expect(struct txn *txn, const char *kind, const char *id,
                   int64_t version) {
    txn_op(txn, "record_expect");
    txn_key(txn, KEY_RECORD, kind, id);
    txn_arg_int(txn, version);
}

/* ---- reading ------------------------------------------------------------- */

static void unpack(struct arena *arena, const struct redisReply *reply,
                   struct record *record) {
    size_t n = reply_count(reply) / 2 * 2;
    const char **fields = arena_alloc(arena, (n + 1) * sizeof(*fields));
    for (size_t i = 0; i < n; i++)
        fields[i] = reply_string(arena, reply_at(reply, i));
    record->fields = fields;
    record->n_fields = n;
    record->version = record_int(record, "v");
    record->order = record_int(record, "order");
}

static void read_fields(struct store *store, struct arena *arena,
                        const struct record *record, redis_done *done,
                        void *data) {
    const char *key =
        arena_printf(arena, "@" KEY_RECORD, record->kind, record->id);
    store_read(store, done, data, 2, (const char *const[]){"HGETALL", key});
}

struct get_call {
    struct arena *arena;
    struct record record;
    record_read *done;
    void *data;
};

static void on_record(void *data, enum err err,
                      const struct redisReply *reply) {
    struct get_call *call = data;
    unpack(call->arena, reply, &call->record);
    if (err == OK && call->record.version == 0)
        err = ERR_NOT_FOUND;
    call->done(call->data, err, err == OK ? &call->record : NULL);
}

void record_get(struct store *store, struct arena *arena, const char *kind,
                const char *id, record_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){
        arena,
        {.kind = arena_strdup(arena, kind), .id = arena_strdup(arena, id)},
        done,
        data};
    read_fields(store, arena, &call->record, on_record, call);
}

struct list_call {
    struct store *store;
    struct arena *arena;
    const char *kind;
    struct record *records;
    size_t n, read, max;
    int64_t total;
    enum err err;
    record_list *done;
    void *data;
};

static void list_end(struct list_call *call) {
    size_t n = 0;
    for (size_t i = 0; call->err == OK && i < call->n; i++)
        if (call->records[i].version != 0)
            call->records[n++] = call->records[i];
    call->done(call->data, call->err, call->records, n, call->total);
}

/* Answers come in the order of the questions: the next record. */
static void on_next(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    if (err != OK)
        call->err = err;
    unpack(call->arena, reply, &call->records[call->read++]);
    if (call->read == call->n)
        list_end(call);
}

static void on_total(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    if (err != OK)
        call->err = err;
    call->total = reply_int(reply);
}

static void read_all(struct list_call *call) {
    for (size_t i = 0; i < call->n; i++) {
        call->records[i].kind = call->kind;
        read_fields(call->store, call->arena, &call->records[i], on_next, call);
    }
    if (call->n == 0)
        list_end(call);
}

static void on_ids(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    if (err != OK)
        call->err = err;
    call->n = n < call->max ? n : call->max;
    call->records = arena_alloc(call->arena, (n + 1) * sizeof(struct record));
    for (size_t i = 0; i < call->n; i++)
        call->records[i].id = reply_string(call->arena, reply_at(reply, i));
    read_all(call);
}

static struct list_call *list_new(struct store *store, struct arena *arena,
                                  const char *kind, record_list *done,
                                  void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){.store = store,
                               .arena = arena,
                               .kind = arena_strdup(arena, kind),
                               .done = done,
                               .data = data};
    return call;
}

void record_list_kind(struct store *store, struct arena *arena,
                      const char *kind, size_t offset, size_t max,
                      record_list *done, void *data) {
    struct list_call *call = list_new(store, arena, kind, done, data);
    call->max = max < RECORDS_MAX ? max : RECORDS_MAX;
    const char *key = arena_printf(arena, "@" KEY_RECORDS, kind);
    char first[24], last[24];
    snprintf(first, sizeof(first), "%zu", offset);
    snprintf(last, sizeof(last), "%" PRId64, (int64_t)(offset + call->max) - 1);
    store_read(store, on_total, call, 2, (const char *const[]){"ZCARD", key});
    store_read(store, on_ids, call, 4,
               (const char *const[]){"ZREVRANGE", key, first, last});
}

void record_get_many(struct store *store, struct arena *arena, const char *kind,
                     const char *const *ids, size_t n, record_list *done,
                     void *data) {
    struct list_call *call = list_new(store, arena, kind, done, data);
    if (n == 0 || n > RECORDS_MAX)
        abort(); /* nobody asks for nothing, and done must come later */
    call->n = n;
    call->total = (int64_t)n;
    call->records = arena_alloc(arena, n * sizeof(struct record));
    for (size_t i = 0; i < n; i++)
        call->records[i].id = arena_strdup(arena, ids[i]);
    read_all(call);
}

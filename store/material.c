#include "store/material.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/reply.h"
#include "store/txn.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "material"
#define CHARS_A_MINUTE 400 /* of Chinese, read on a phone */
#define FIELDS_MAX 32

const char *const material_states[MATERIAL_STATES] = {"new", "approved",
                                                      "rejected"};

int material_minutes(const char *body, const char *summary) {
    size_t chars = utf8_length(body[0] != '\0' ? body : summary);
    return (int)((chars + CHARS_A_MINUTE - 1) / CHARS_A_MINUTE) +
           (chars == 0 ? 1 : 0);
}

/* ---- writing ------------------------------------------------------------- */

struct fields {
    const char *all[FIELDS_MAX];
    size_t n;
    char numbers[4][24];
};

static void add(struct fields *fields, const char *name, const char *value) {
    fields->all[fields->n++] = name;
    fields->all[fields->n++] = value == NULL ? "" : value;
}

static void add_number(struct fields *fields, size_t i, const char *name,
                       int64_t value) {
    snprintf(fields->numbers[i], sizeof(fields->numbers[i]), "%" PRId64, value);
    add(fields, name, fields->numbers[i]);
}

static void pack(struct fields *fields, const struct material *material) {
    add(fields, "state", material_states[material->state]);
    add(fields, "title", material->title);
    add(fields, "source", material->source);
    add(fields, "cover", material->cover);
    add(fields, "url", material->url);
    add(fields, "summary", material->summary);
    add(fields, "body", material->body);
    add(fields, "category", material->category);
    add(fields, "feed", material->feed);
    add(fields, "by", material->by);
    add(fields, "pushed", material->pushed);
    add_number(fields, 0, "minutes", material->minutes);
    add_number(fields, 1, "published", material->published_ms);
    add_number(fields, 2, "created", material->created_ms);
}

/* state counts from 1, 0 is none: as in material.lua. */
static void place(struct txn *txn, const char *id, int state, int64_t order) {
    txn_op(txn, "material_place");
    for (size_t i = 0; i < MATERIAL_STATES; i++)
        txn_key(txn, KEY_MATERIALS, material_states[i]);
    txn_arg(txn, id);
    txn_arg_int(txn, state);
    txn_arg_int(txn, order);
}

void material_put(struct txn *txn, const struct material *material) {
    struct fields fields = {.n = 0};
    pack(&fields, material);
    record_put(txn, &(struct record){
                        .kind = KIND,
                        .id = material->id,
                        .version = material->version,
                        .order = material->published_ms,
                        .fields = fields.all,
                        .n_fields = fields.n,
                    });
    place(txn, material->id, (int)material->state + 1, material->published_ms);
}

void material_remove(struct txn *txn, const char *id, int64_t version) {
    record_remove(txn, KIND, id, version);
    place(txn, id, 0, 0);
}

void material_import(struct txn *txn, const struct material *material,
                     const struct material_keys *keys, int64_t now_ms) {
    struct fields fields = {.n = 0};
    pack(&fields, material);
    txn_op(txn, "material_import");
    txn_key(txn, KEY_RECORD, KIND, material->id);
    txn_key(txn, KEY_RECORDS, KIND);
    txn_key(txn, KEY_MATERIALS, material_states[MATERIAL_NEW]);
    txn_key(txn, KEY_HEARD);
    txn_arg(txn, keys->guid);
    txn_arg(txn, keys->link);
    txn_arg_int(txn, now_ms);
    txn_arg_int(txn, MATERIAL_KEYS_MAX);
    txn_arg(txn, material->id);
    txn_arg_int(txn, material->published_ms);
    for (size_t i = 0; i < fields.n; i += 2) {
        if (fields.all[i + 1][0] == '\0')
            continue;
        txn_arg(txn, fields.all[i]);
        txn_arg(txn, fields.all[i + 1]);
    }
}

void material_keep(struct txn *txn, const struct material_keys *keys, size_t n,
                   int64_t now_ms) {
    if (n == 0)
        return;
    txn_op(txn, "material_keep");
    txn_key(txn, KEY_HEARD);
    txn_arg_int(txn, now_ms);
    for (size_t i = 0; i < n; i++) {
        txn_arg(txn, keys[i].guid);
        txn_arg(txn, keys[i].link);
    }
}

/* ---- what is known ------------------------------------------------------- */

struct known_call {
    struct arena *arena;
    size_t n;
    material_known *done;
    void *data;
};

static bool has_score(const struct redisReply *reply, size_t i) {
    const struct redisReply *score = reply_at(reply, i);
    return score != NULL && score->type == REDIS_REPLY_STRING;
}

static void on_known(void *data, enum err err, const struct redisReply *reply) {
    struct known_call *call = data;
    char *known = arena_alloc(call->arena, call->n + 1);
    for (size_t i = 0; i < call->n; i++)
        known[i] =
            has_score(reply, 2 * i) || has_score(reply, 2 * i + 1) ? '1' : '0';
    call->done(call->data, err, err == OK ? known : NULL);
}

void material_get_known(struct store *store, struct arena *arena,
                        const struct material_keys *keys, size_t n,
                        material_known *done, void *data) {
    const char *argv[2 + 2 * MATERIAL_KNOWN_MAX] = {"ZMSCORE", "@" KEY_HEARD};
    struct known_call *call = arena_alloc(arena, sizeof(*call));
    if (n == 0 || n > MATERIAL_KNOWN_MAX)
        abort(); /* nobody asks for nothing, and done must come later */
    *call = (struct known_call){arena, n, done, data};
    for (size_t i = 0; i < n; i++) {
        argv[2 + 2 * i] = keys[i].guid; /* "" is never a member */
        argv[3 + 2 * i] = keys[i].link;
    }
    store_read(store, on_known, call, 2 + 2 * n, argv);
}

/* ---- reading ------------------------------------------------------------- */

static enum material_state state_of(const char *word) {
    for (int i = 0; i < MATERIAL_STATES; i++)
        if (strcmp(word, material_states[i]) == 0)
            return (enum material_state)i;
    return MATERIAL_NEW;
}

static struct material unpack(const struct record *record) {
    return (struct material){
        .id = record->id,
        .version = record->version,
        .state = state_of(record_string(record, "state")),
        .title = record_string(record, "title"),
        .source = record_string(record, "source"),
        .cover = record_string(record, "cover"),
        .url = record_string(record, "url"),
        .summary = record_string(record, "summary"),
        .body = record_string(record, "body"),
        .category = record_string(record, "category"),
        .minutes = (int)record_int(record, "minutes"),
        .published_ms = record_int(record, "published"),
        .created_ms = record_int(record, "created"),
        .feed = record_string(record, "feed"),
        .by = record_string(record, "by"),
        .pushed = record_string(record, "pushed"),
        .reads = record_int(record, "reads"),
    };
}

struct get_call {
    material_read *done;
    void *data;
};

static void on_record(void *data, enum err err, const struct record *record) {
    struct get_call *call = data;
    struct material material;
    if (err == OK)
        material = unpack(record);
    call->done(call->data, err, err == OK ? &material : NULL);
}

void material_get(struct store *store, struct arena *arena, const char *id,
                  material_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){done, data};
    record_get(store, arena, KIND, id, on_record, call);
}

struct list_call {
    struct store *store;
    struct arena *arena;
    int64_t total;
    bool counted; /* total is known */
    enum err err;
    material_list *done;
    void *data;
};

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    struct list_call *call = data;
    struct material *materials =
        arena_alloc(call->arena, (n + 1) * sizeof(*materials));
    for (size_t i = 0; i < n; i++)
        materials[i] = unpack(&records[i]);
    call->done(call->data, err, materials, n,
               call->counted ? call->total : total);
}

static void on_total(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    call->err = err;
    call->total = reply_int(reply);
    call->counted = true;
}

static void on_ids(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = err == OK && call->err == OK ? reply_count(reply) : 0;
    const char **ids = arena_alloc(call->arena, (n + 1) * sizeof(*ids));
    for (size_t i = 0; i < n; i++)
        ids[i] = reply_string(call->arena, reply_at(reply, i));
    if (n == 0)
        call->done(call->data, err != OK ? err : call->err, NULL, 0,
                   call->total);
    else
        record_get_many(call->store, call->arena, KIND, ids, n, on_records,
                        call);
}

static struct list_call *list_new(struct store *store, struct arena *arena,
                                  material_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){
        .store = store, .arena = arena, .done = done, .data = data};
    return call;
}

void material_list_state(struct store *store, struct arena *arena,
                         enum material_state state, size_t offset, size_t max,
                         material_list *done, void *data) {
    struct list_call *call = list_new(store, arena, done, data);
    if (state == MATERIAL_STATES) {
        record_list_kind(store, arena, KIND, offset, max, on_records, call);
        return;
    }
    const char *key =
        arena_printf(arena, "@" KEY_MATERIALS, material_states[state]);
    char first[24], last[24];
    if (max == 0 || max > RECORDS_MAX)
        max = RECORDS_MAX;
    snprintf(first, sizeof(first), "%zu", offset);
    snprintf(last, sizeof(last), "%zu", offset + max - 1);
    store_read(store, on_total, call, 2, (const char *const[]){"ZCARD", key});
    store_read(store, on_ids, call, 4,
               (const char *const[]){"ZREVRANGE", key, first, last});
}

/* Of no ids, an answer that comes later all the same. */
static void on_nothing(void *data, enum err err,
                       const struct redisReply *reply) {
    struct list_call *call = data;
    (void)reply;
    call->done(call->data, err, NULL, 0, 0);
}

void material_get_many(struct store *store, struct arena *arena,
                       const char *ids, material_list *done, void *data) {
    struct list_call *call = list_new(store, arena, done, data);
    const char *each[MATERIAL_IDS_MAX];
    char *save = NULL, *rest = arena_strdup(arena, ids);
    size_t n = 0;
    for (char *id = strtok_r(rest, ",", &save);
         id != NULL && n < MATERIAL_IDS_MAX; id = strtok_r(NULL, ",", &save))
        each[n++] = id;
    if (n == 0)
        store_read(store, on_nothing, call, 2,
                   (const char *const[]){"ZCARD", "@" KEY_HEARD});
    else
        record_get_many(store, arena, KIND, each, n, on_records, call);
}

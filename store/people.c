#include "store/people.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/seal.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char people_key[] = "@" KEY_PEOPLE;

static const char *const fields[] = {
    "v",      "lang",  "roles",    "consent", "account",
    "nopush", "units", "stations", "tags",    "registered",
};

/* Changes of these are in the stream. */
static const char *const followed[] = {
    "lang",   "roles", "consent",  "account",
    "nopush", "units", "stations", "tags",
};

bool people_is_field(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(followed); i++)
        if (strcmp(followed[i], name) == 0)
            return true;
    return false;
}

/* A rider who had everything erased is in the stream, too: not in clear. */
#define CONTEXT "people"

void people_changed(struct txn *txn, const char *rider) {
    const struct seal *seal = txn_store(txn)->options.seal;
    struct arena arena;
    arena_init(&arena);
    txn_op(txn, "people");
    txn_key(txn, KEY_PEOPLE);
    txn_arg_int(txn, PEOPLE_STREAM_MAX);
    txn_arg(txn, seal == NULL ? "r" : "s");
    txn_arg(txn,
            seal == NULL ? rider : seal_text(seal, &arena, CONTEXT, rider));
    arena_finish(&arena);
}

void people_trim(struct txn *txn, int64_t before_ms) {
    txn_op(txn, "people_trim");
    txn_key(txn, KEY_PEOPLE);
    txn_arg_int(txn, before_ms);
}

/* ---- riders --------------------------------------------------------------
 */

static void decode(struct arena *arena, const struct redisReply *reply,
                   struct person *out) {
    *out = (struct person){
        .id = out->id,
        .version = reply_int(reply_at(reply, 0)),
        .lang = reply_string(arena, reply_at(reply, 1)),
        .roles = (unsigned)reply_int(reply_at(reply, 2)),
        .consent = reply_string(arena, reply_at(reply, 3)),
        .account = reply_string(arena, reply_at(reply, 4)),
        .nopush = reply_int(reply_at(reply, 5)) != 0,
        .units = reply_string(arena, reply_at(reply, 6)),
        .stations = reply_string(arena, reply_at(reply, 7)),
        .tags = reply_string(arena, reply_at(reply, 8)),
        .registered_ms = reply_int(reply_at(reply, 9)),
    };
}

struct read_call {
    struct store *store;
    struct arena *arena;
    struct person *people;
    size_t n, read;
    enum err err;
    struct people_scan *scan; /* NULL: they were asked for by id */
    people_read *done;
    void *data;
};

/* Answers come in the order of the questions: the next rider's. */
static void on_person(void *data, enum err err,
                      const struct redisReply *reply) {
    struct read_call *call = data;
    if (err != OK)
        call->err = err;
    decode(call->arena, reply, &call->people[call->read++]);
    if (call->read == call->n)
        call->done(call->data, call->err, call->people, call->n);
}

static void read_person(struct read_call *call, const char *key) {
    const char *argv[2 + ARRAY_LEN(fields)] = {"HMGET", key};
    memcpy(argv + 2, fields, sizeof(fields));
    store_read(call->store, on_person, call, ARRAY_LEN(argv), argv);
}

static struct read_call *read_new(struct store *store, struct arena *arena,
                                  size_t n, people_read *done, void *data) {
    struct read_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct read_call){
        .store = store,
        .arena = arena,
        .people = arena_alloc(arena, (n + 1) * sizeof(struct person)),
        .n = n,
        .done = done,
        .data = data,
    };
    return call;
}

void people_get(struct store *store, struct arena *arena,
                const char *const *ids, size_t n, people_read *done,
                void *data) {
    struct read_call *call = read_new(store, arena, n, done, data);
    if (n == 0 || n > PEOPLE_MAX)
        abort(); /* nobody asks for nothing, and done must come later */
    for (size_t i = 0; i < n; i++)
        call->people[i].id = ids[i];
    for (size_t i = 0; i < n; i++)
        read_person(call, arena_printf(arena, "@" KEY_RIDER, ids[i]));
}

/* ---- all of them ---------------------------------------------------------
 */

#define SCAN_COUNT "500" /* keys a step */

static void on_keys(void *data, enum err err, const struct redisReply *reply) {
    struct read_call *call = data;
    const struct redisReply *keys = reply_at(reply, 1);
    size_t tag = strlen(call->store->district) + strlen("{}:");
    size_t n = err == OK ? reply_count(keys) : 0;
    struct people_scan *scan = call->scan;
    if (err == OK) {
        snprintf(scan->cursor, sizeof(scan->cursor), "%s",
                 reply_string(call->arena, reply_at(reply, 0)));
        scan->over = strcmp(scan->cursor, "0") == 0;
    }
    call->people = arena_alloc(call->arena, (n + 1) * sizeof(struct person));
    for (size_t i = 0; i < n; i++) {
        const char *key = reply_string(call->arena, reply_at(keys, i));
        if (strlen(key) > tag + strlen("rider:"))
            call->people[call->n++].id = key + tag + strlen("rider:");
    }
    if (call->n == 0) {
        call->done(call->data, err, call->people, 0);
        return;
    }
    for (size_t i = 0; i < call->n; i++)
        read_person(
            call, arena_printf(call->arena, "@" KEY_RIDER, call->people[i].id));
}

void people_scan(struct store *store, struct arena *arena,
                 struct people_scan *scan, people_read *done, void *data) {
    struct read_call *call = read_new(store, arena, 0, done, data);
    call->scan = scan;
    store_read(store, on_keys, call, 6,
               (const char *const[]){
                   "SCAN", scan->cursor[0] == '\0' ? "0" : scan->cursor,
                   "MATCH", "@rider:*", "COUNT", SCAN_COUNT});
}

/* ---- the stream ----------------------------------------------------------
 */

struct follow_call {
    const struct seal *seal;
    struct arena *arena;
    const char *after;
    size_t max;
    people_changes *done;
    void *data;
};

/* False when it cannot be read: its key is gone. */
static bool read_change(const struct follow_call *call,
                        const struct redisReply *entry,
                        struct people_change *out) {
    const struct redisReply *pair = reply_at(entry, 1);
    const char *kind = reply_string(call->arena, reply_at(pair, 0));
    out->id = reply_string(call->arena, reply_at(pair, 1));
    out->group = strcmp(kind, "g") == 0;
    if (strcmp(kind, "s") == 0)
        out->id = call->seal == NULL
                      ? NULL
                      : seal_open(call->seal, call->arena, CONTEXT, out->id);
    return out->id != NULL;
}

/* The first entry is the one that was seen last; if it is not there, neither
 * may be some behind it. Of a stream that was empty nobody can tell: a full
 * page is then taken for a begin that was cut. */
static void on_entries(void *data, enum err err,
                       const struct redisReply *reply) {
    struct follow_call *call = data;
    struct arena *arena = call->arena;
    size_t n = err == OK ? reply_count(reply) : 0;
    size_t skip = call->after[0] != '\0' ? 1 : 0;
    const char *last = call->after;
    const char *first =
        n == 0 ? "" : reply_string(arena, reply_at(reply_at(reply, 0), 0));
    bool lost = err == OK &&
                (skip == 1 ? strcmp(first, call->after) != 0 : n > call->max);
    struct people_change *changes =
        arena_alloc(arena, (n + 1) * sizeof(*changes));
    size_t count = 0;
    for (size_t i = skip; !lost && i < n; i++) {
        const struct redisReply *entry = reply_at(reply, i);
        lost = !read_change(call, entry, &changes[count++]);
        last = reply_string(arena, reply_at(entry, 0));
    }
    call->done(call->data, err, changes, count, last, lost);
}

void people_follow(struct store *store, struct arena *arena, const char *after,
                   size_t max, people_changes *done, void *data) {
    struct follow_call *call = arena_alloc(arena, sizeof(*call));
    char count[24];
    *call = (struct follow_call){
        .seal = store->options.seal,
        .arena = arena,
        .after = arena_strdup(arena, after),
        .max = max,
        .done = done,
        .data = data,
    };
    snprintf(count, sizeof(count), "%zu", max + 1);
    store_read(store, on_entries, call, 6,
               (const char *const[]){"XRANGE", people_key,
                                     after[0] == '\0' ? "-" : call->after, "+",
                                     "COUNT", count});
}

struct last_call {
    people_end *done;
    void *data;
};

static void on_last(void *data, enum err err, const struct redisReply *reply) {
    struct last_call call = *(struct last_call *)data;
    const struct redisReply *id = reply_at(reply_at(reply, 0), 0);
    bool found = err == OK && id != NULL && id->type == REDIS_REPLY_STRING;
    free(data);
    call.done(call.data, err, found ? id->str : "");
}

void people_last(struct store *store, people_end *done, void *data) {
    struct last_call *call = xcalloc(1, sizeof(*call));
    *call = (struct last_call){done, data};
    store_read(
        store, on_last, call, 6,
        (const char *const[]){"XREVRANGE", people_key, "+", "-", "COUNT", "1"});
}

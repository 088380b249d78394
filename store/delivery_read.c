#include "store/delivery.h"

#include "base/arena.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One command about a delivery's key; key is a format with one %s. */
static void read_key(struct store *store, redis_done *done, void *data,
                     const char *command, const char *key, const char *id) {
    char name[128] = "@";
    snprintf(name + 1, sizeof(name) - 1, "%.*s%s%s", (int)strcspn(key, "%"),
             key, id, strchr(key, '%') + 2);
    store_read(store, done, data, 2, (const char *const[]){command, name});
}

/* ---- counts -------------------------------------------------------------- */

struct counts_call {
    struct arena *arena;
    struct delivery_counts *counts;
    size_t n, read;
    enum err err;
    delivery_counts_list *done;
    void *data;
};

static void on_counts(void *data, enum err err,
                      const struct redisReply *reply) {
    struct counts_call *call = data;
    struct delivery_counts *c = &call->counts[call->read++];
    if (err != OK)
        call->err = err;
    c->state = reply_string(call->arena, reply_at(reply, 0));
    int64_t *const into[] = {
        &c->total,   &c->waiting,   &c->sending,  &c->sent,     &c->refused,
        &c->unknown, &c->recalling, &c->recalled, &c->too_late, &c->read,
    };
    for (size_t i = 0; i < sizeof(into) / sizeof(into[0]); i++)
        *into[i] = reply_int(reply_at(reply, i + 1));
    c->delivered = c->sent + c->recalling + c->recalled + c->too_late;
    if (call->read == call->n)
        call->done(call->data, call->err, call->counts, call->n);
}

void delivery_counts_many(struct store *store, struct arena *arena,
                          const char *const *ids, size_t n,
                          delivery_counts_list *done, void *data) {
    struct counts_call *call = arena_alloc(arena, sizeof(*call));
    if (n == 0)
        abort(); /* done must come later */
    *call = (struct counts_call){
        .arena = arena, .n = n, .done = done, .data = data};
    call->counts = arena_alloc(arena, n * sizeof(*call->counts));
    for (size_t i = 0; i < n; i++) {
        const char *key = arena_printf(arena, "@" KEY_DELIVERY, ids[i]);
        store_read(store, on_counts, call, 13,
                   (const char *const[]){"HMGET", key, "state", "total", "w",
                                         "s", "o", "r", "u", "d", "c", "l",
                                         "read"});
    }
}

struct count_call {
    delivery_counts_read *done;
    void *data;
};

static void on_count(void *data, enum err err,
                     const struct delivery_counts *counts, size_t n) {
    struct count_call *call = data;
    (void)n;
    call->done(call->data, err, counts);
}

void delivery_counts_get(struct store *store, struct arena *arena,
                         const char *id, delivery_counts_read *done,
                         void *data) {
    struct count_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct count_call){done, data};
    delivery_counts_many(store, arena, &id, 1, on_count, call);
}

/* ---- accounts ------------------------------------------------------------ */

struct accounts_call {
    struct store *store;
    struct arena *arena;
    struct delivery_account *accounts;
    size_t n, room;
    size_t ids, read; /* of a backlog: deliveries */
    enum err err;
    delivery_accounts_read *done;
    void *data;
};

static struct delivery_account *account_of(struct accounts_call *call,
                                           const char *name, size_t len) {
    for (size_t i = 0; i < call->n; i++)
        if (strlen(call->accounts[i].account) == len &&
            memcmp(call->accounts[i].account, name, len) == 0)
            return &call->accounts[i];
    if (call->n == call->room) {
        size_t room = call->room * 2 + 16;
        struct delivery_account *more =
            arena_alloc(call->arena, room * sizeof(*more));
        for (size_t i = 0; i < call->n; i++)
            more[i] = call->accounts[i];
        call->accounts = more;
        call->room = room;
    }
    call->accounts[call->n].account = arena_strndup(call->arena, name, len);
    return &call->accounts[call->n++];
}

/* The hash of parts: "<p>" is "<first> <targets> <accounts> <language>". */
static void add_parts(struct accounts_call *call,
                      const struct redisReply *reply) {
    int64_t n = reply_int(reply_field(reply, "n"));
    for (int64_t p = 0; p < n; p++) {
        char name[32];
        snprintf(name, sizeof(name), "%" PRId64, p);
        const char *row = reply_string(call->arena, reply_field(reply, name));
        snprintf(name, sizeof(name), "w:%" PRId64, p);
        int64_t waiting = reply_int(reply_field(reply, name));
        const char *at = row;
        for (int i = 0; i < 2 && at != NULL; i++)
            at = strchr(at, ' ') != NULL ? strchr(at, ' ') + 1 : NULL;
        for (; at != NULL && *at != ' ' && *at != '\0'; at += *at == ',') {
            size_t len = strcspn(at, ", ");
            account_of(call, at, len)->waiting += waiting;
            at += len;
        }
    }
}

static void on_parts(void *data, enum err err, const struct redisReply *reply) {
    struct accounts_call *call = data;
    if (err != OK)
        call->err = err;
    add_parts(call, reply);
}

/* After the parts: "o:<account>" and "r:<account>" of the head. */
static void on_head(void *data, enum err err, const struct redisReply *reply) {
    struct accounts_call *call = data;
    if (err != OK)
        call->err = err;
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2) {
        const char *name = reply_string(call->arena, reply_at(reply, i));
        int64_t n = reply_int(reply_at(reply, i + 1));
        if (strncmp(name, "o:", 2) == 0)
            account_of(call, name + 2, strlen(name + 2))->sent += n;
        else if (strncmp(name, "r:", 2) == 0)
            account_of(call, name + 2, strlen(name + 2))->refused += n;
    }
    call->done(call->data, call->err, call->accounts, call->n);
}

static struct accounts_call *accounts_new(struct store *store,
                                          struct arena *arena,
                                          delivery_accounts_read *done,
                                          void *data) {
    struct accounts_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct accounts_call){
        .store = store, .arena = arena, .done = done, .data = data};
    return call;
}

void delivery_accounts(struct store *store, struct arena *arena, const char *id,
                       delivery_accounts_read *done, void *data) {
    struct accounts_call *call = accounts_new(store, arena, done, data);
    read_key(store, on_parts, call, "HGETALL", KEY_DELIVERY_PARTS, id);
    read_key(store, on_head, call, "HGETALL", KEY_DELIVERY, id);
}

static void backlog_end(struct accounts_call *call) {
    if (call->read == call->ids)
        call->done(call->data, call->err, call->accounts, call->n);
}

static void on_backlog(void *data, enum err err,
                       const struct redisReply *reply) {
    struct accounts_call *call = data;
    on_parts(call, err, reply);
    call->read++;
    backlog_end(call);
}

static void on_live(void *data, enum err err, const struct redisReply *reply) {
    struct accounts_call *call = data;
    call->err = err;
    call->ids = err == OK ? reply_count(reply) : 0;
    for (size_t i = 0; i < call->ids; i++)
        read_key(call->store, on_backlog, call, "HGETALL", KEY_DELIVERY_PARTS,
                 reply_string(call->arena, reply_at(reply, i)));
    if (call->ids == 0)
        backlog_end(call);
}

void delivery_backlog(struct store *store, struct arena *arena,
                      delivery_accounts_read *done, void *data) {
    struct accounts_call *call = accounts_new(store, arena, done, data);
    store_read(
        store, on_live, call, 4,
        (const char *const[]){"ZRANGE", "@" KEY_DELIVERIES_LIVE, "0", "-1"});
}

/* ---- readers ------------------------------------------------------------- */

struct hours_call {
    struct arena *arena;
    delivery_hours_read *done;
    void *data;
};

static int by_hour(const void *a, const void *b) {
    const struct delivery_hour *x = a, *y = b;
    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static void on_hours(void *data, enum err err, const struct redisReply *reply) {
    struct hours_call *call = data;
    size_t n = err == OK ? reply_count(reply) / 2 : 0;
    struct delivery_hour *hours =
        arena_alloc(call->arena, (n + 1) * sizeof(*hours));
    for (size_t i = 0; i < n; i++)
        hours[i] =
            (struct delivery_hour){reply_int(reply_at(reply, 2 * i)),
                                   reply_int(reply_at(reply, 2 * i + 1))};
    qsort(hours, n, sizeof(*hours), by_hour);
    call->done(call->data, err, hours, n);
}

void delivery_reads(struct store *store, struct arena *arena, const char *id,
                    delivery_hours_read *done, void *data) {
    struct hours_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct hours_call){arena, done, data};
    read_key(store, on_hours, call, "HGETALL", KEY_DELIVERY_HOURS, id);
}

struct names_call {
    struct store *store;
    struct arena *arena;
    const char *rider;
    const char **names;
    size_t n, read, kept;
    enum err err;
    delivery_names_read *done;
    void *data;
};

static void on_names(void *data, enum err err, const struct redisReply *reply) {
    struct names_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    const char **names = arena_alloc(call->arena, (n + 1) * sizeof(*names));
    for (size_t i = 0; i < n; i++)
        names[i] = reply_string(call->arena, reply_at(reply, i));
    call->names = names;
    call->n = n;
    if (call->done != NULL)
        call->done(call->data, err, names, n);
}

void delivery_readers(struct store *store, struct arena *arena, const char *id,
                      delivery_names_read *done, void *data) {
    struct names_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct names_call){.arena = arena, .done = done, .data = data};
    read_key(store, on_names, call, "SMEMBERS", KEY_DELIVERY_READERS, id);
}

static void on_has_read(void *data, enum err err,
                        const struct redisReply *reply) {
    struct names_call *call = data;
    if (err != OK)
        call->err = err;
    const char *id = call->names[call->read++];
    if (reply_int(reply) != 0)
        call->names[call->kept++] = id;
    if (call->read == call->n)
        call->done(call->data, call->err, call->names, call->kept);
}

struct reader_call {
    delivery_reader_read *done;
    void *data;
};

static void on_reader(void *data, enum err err,
                      const struct redisReply *reply) {
    struct reader_call *call = data;
    call->done(call->data, err, err == OK && reply_int(reply) != 0);
}

void delivery_reader(struct store *store, struct arena *arena, const char *id,
                     const char *rider, delivery_reader_read *done,
                     void *data) {
    struct reader_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct reader_call){done, data};
    const char *key = arena_printf(arena, "@" KEY_DELIVERY_READERS, id);
    store_read(store, on_reader, call, 3,
               (const char *const[]){"SISMEMBER", key, rider});
}

static void on_ids(void *data, enum err err, const struct redisReply *reply) {
    struct names_call *call = data;
    delivery_names_read *done = call->done;
    call->done = NULL;
    on_names(call, err, reply);
    call->done = done;
    if (err != OK || call->n == 0 || call->rider == NULL) {
        done(call->data, err, call->names, call->n);
        return;
    }
    for (size_t i = 0; i < call->n; i++) {
        const char *key =
            arena_printf(call->arena, "@" KEY_DELIVERY_READERS, call->names[i]);
        store_read(call->store, on_has_read, call, 3,
                   (const char *const[]){"SISMEMBER", key, call->rider});
    }
}

void delivery_ids(struct store *store, struct arena *arena, const char *rider,
                  delivery_names_read *done, void *data) {
    struct names_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct names_call){.store = store,
                                .arena = arena,
                                .rider = arena_strdup(arena, rider),
                                .done = done,
                                .data = data};
    store_read(store, on_ids, call, 4,
               (const char *const[]){"ZRANGE", "@" KEY_DELIVERIES, "0", "-1"});
}

/* ---- what a chat got last -------------------------------------------------
 */

struct pushed_call {
    struct arena *arena;
    int64_t now_ms;
    delivery_pushed_read *done;
    void *data;
};

/* "<id> <index> <ms>" */
static void on_pushed(void *data, enum err err,
                      const struct redisReply *reply) {
    struct pushed_call *call = data;
    const char *text = reply_string(call->arena, reply);
    const char *index = strchr(text, ' ');
    const char *ms = index != NULL ? strchr(index + 1, ' ') : NULL;
    if (err == OK &&
        (ms == NULL || strtoll(ms, NULL, 10) < call->now_ms - TTL_PUSHED_MS))
        err = ERR_NOT_FOUND;
    if (err != OK) {
        call->done(call->data, err, NULL, 0);
        return;
    }
    call->done(call->data, OK,
               arena_strndup(call->arena, text, (size_t)(index - text)),
               strtoul(index, NULL, 10));
}

void delivery_pushed(struct store *store, struct arena *arena, const char *chat,
                     int64_t now_ms, delivery_pushed_read *done, void *data) {
    struct pushed_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct pushed_call){arena, now_ms, done, data};
    store_read(store, on_pushed, call, 3,
               (const char *const[]){"HGET", "@" KEY_PUSHED, chat});
}

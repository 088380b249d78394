#include "store/webhook.h"

#include "base/arena.h"
#include "base/seal.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 128

/* ---- hooks -----------------------------------------------------------------
 */

#define FIELDS 6

/* Its fields split by 0x1f and sealed as a whole: who reads the store could
 * sign in our name, and many a url holds a secret, too. */
static char *pack(struct txn *txn, struct arena *arena,
                  const struct webhook *hook) {
    const struct seal *seal = txn_store(txn)->options.seal;
    char *packed = arena_printf(
        arena, "%" PRId64 "\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s", hook->created_ms,
        hook->url, hook->events, hook->unit, hook->by, hook->secret);
    if (seal == NULL)
        return packed;
    return seal_text(seal, arena, arena_printf(arena, "webhook:%s", hook->id),
                     packed);
}

void webhook_add(struct txn *txn, const struct webhook *hook, size_t max) {
    struct arena arena;
    arena_init(&arena);
    txn_op(txn, "webhook_add");
    txn_key(txn, KEY_WEBHOOKS);
    txn_arg_int(txn, (int64_t)max);
    txn_arg(txn, hook->id);
    txn_arg(txn, pack(txn, &arena, hook));
    arena_finish(&arena);
}

void webhook_remove(struct txn *txn, const char *id) {
    txn_op(txn, "webhook_remove");
    txn_key(txn, KEY_WEBHOOKS);
    txn_key(txn, KEY_WEBHOOK_COUNTS);
    txn_key(txn, KEY_WEBHOOK_EVENTS, id);
    txn_key(txn, KEY_WEBHOOK_DEAD, id);
    txn_key(txn, KEY_WEBHOOK_DIED, id);
    txn_key(txn, KEY_WEBHOOK_SENDER, id);
    txn_arg(txn, id);
}

struct list_call {
    const struct seal *seal;
    struct arena *arena;
    struct counts {
        const char *name;
        int64_t value;
    } *counts;
    size_t n_counts;
    enum err err;
    webhook_list *done;
    void *data;
};

static int64_t count_of(const struct list_call *call, const char *id,
                        const char *what) {
    const char *name = arena_printf(call->arena, "%s:%s", id, what);
    for (size_t i = 0; i < call->n_counts; i++)
        if (strcmp(call->counts[i].name, name) == 0)
            return call->counts[i].value;
    return 0;
}

/* What cannot be opened has no fields. */
static char *open_packed(const struct list_call *call, const char *id,
                         const char *packed) {
    char *opened = arena_strdup(call->arena, packed);
    if (call->seal != NULL)
        opened = seal_open(call->seal, call->arena,
                           arena_printf(call->arena, "webhook:%s", id), packed);
    return opened;
}

static void unpack(const struct list_call *call, struct webhook *hook,
                   const char *packed) {
    const char *fields[FIELDS] = {"", "", "", "", "", ""};
    char *rest = open_packed(call, hook->id, packed);
    for (int i = 0; i < FIELDS && rest != NULL; i++)
        fields[i] = strsep(&rest, "\x1f");
    hook->created_ms = strtoll(fields[0], NULL, 10);
    hook->url = fields[1];
    hook->events = fields[2];
    hook->unit = fields[3];
    hook->by = fields[4];
    hook->secret = fields[5];
    hook->changed = count_of(call, hook->id, "changed");
    hook->overflowed = count_of(call, hook->id, "overflowed");
}

static int by_age(const void *a, const void *b) {
    const struct webhook *x = a, *y = b;
    return x->created_ms != y->created_ms ? (x->created_ms > y->created_ms) -
                                                (x->created_ms < y->created_ms)
                                          : strcmp(x->id, y->id);
}

static void on_hooks(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = err == OK ? reply_count(reply) / 2 : 0;
    struct webhook *hooks = arena_alloc(call->arena, (n + 1) * sizeof(*hooks));
    for (size_t i = 0; i < n; i++) {
        hooks[i].id = reply_string(call->arena, reply_at(reply, 2 * i));
        unpack(call, &hooks[i],
               reply_string(call->arena, reply_at(reply, 2 * i + 1)));
    }
    qsort(hooks, n, sizeof(*hooks), by_age);
    call->done(call->data, err != OK ? err : call->err, hooks, n);
}

static void on_counts(void *data, enum err err,
                      const struct redisReply *reply) {
    struct list_call *call = data;
    call->err = err;
    call->n_counts = err == OK ? reply_count(reply) / 2 : 0;
    call->counts =
        arena_alloc(call->arena, (call->n_counts + 1) * sizeof(*call->counts));
    for (size_t i = 0; i < call->n_counts; i++)
        call->counts[i] =
            (struct counts){reply_string(call->arena, reply_at(reply, 2 * i)),
                            reply_int(reply_at(reply, 2 * i + 1))};
}

void webhook_list_all(struct store *store, struct arena *arena,
                      webhook_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){.seal = store->options.seal,
                               .arena = arena,
                               .done = done,
                               .data = data};
    store_read(store, on_counts, call, 2,
               (const char *const[]){"HGETALL", "@" KEY_WEBHOOK_COUNTS});
    store_read(store, on_hooks, call, 2,
               (const char *const[]){"HGETALL", "@" KEY_WEBHOOKS});
}

/* ---- events ----------------------------------------------------------------
 */

void webhook_event_add(struct txn *txn, const char *hook, const char *event,
                       const char *body, int64_t now_ms) {
    txn_op(txn, "webhook_event");
    txn_key(txn, KEY_WEBHOOKS);
    txn_key(txn, KEY_WEBHOOK_COUNTS);
    txn_key(txn, KEY_WEBHOOK_EVENTS, hook);
    txn_key(txn, KEY_WEBHOOK_DEAD, hook);
    txn_key(txn, KEY_WEBHOOK_DIED, hook);
    txn_arg(txn, hook);
    txn_arg(txn, event);
    txn_arg(txn, body);
    txn_arg_int(txn, now_ms);
    txn_arg_int(txn, WEBHOOK_WAITING_MAX);
    txn_arg_int(txn, WEBHOOK_DEAD_MAX);
}

void webhook_event_done(struct txn *txn, const char *hook, const char *entry) {
    txn_op(txn, "webhook_done");
    txn_key(txn, KEY_WEBHOOK_EVENTS, hook);
    txn_arg(txn, entry);
}

void webhook_event_dead(struct txn *txn, const char *hook,
                        const struct webhook_event *event) {
    txn_op(txn, "webhook_dead");
    txn_key(txn, KEY_WEBHOOK_EVENTS, hook);
    txn_key(txn, KEY_WEBHOOK_DEAD, hook);
    txn_key(txn, KEY_WEBHOOK_DIED, hook);
    txn_arg(txn, event->entry);
    txn_arg_int(txn, event->died_ms);
    txn_arg_int(txn, WEBHOOK_DEAD_MAX);
    txn_arg(txn, event->id);
    txn_arg(txn, event->why);
    txn_arg_int(txn, event->tries);
    txn_arg(txn, event->body);
}

void webhook_replay(struct txn *txn, const char *hook, const char *const *ids,
                    size_t n) {
    txn_op(txn, "webhook_replay");
    txn_key(txn, KEY_WEBHOOKS);
    txn_key(txn, KEY_WEBHOOK_COUNTS);
    txn_key(txn, KEY_WEBHOOK_EVENTS, hook);
    txn_key(txn, KEY_WEBHOOK_DEAD, hook);
    txn_key(txn, KEY_WEBHOOK_DIED, hook);
    txn_arg(txn, hook);
    txn_arg_int(txn, n == 0 ? WEBHOOK_REPLAY_MAX : 0);
    for (size_t i = 0; i < n; i++)
        txn_arg(txn, ids[i]);
}

struct events_call {
    struct arena *arena;
    struct webhook_event *events;
    size_t n;
    int64_t total;
    enum err err;
    webhook_events *done;
    void *data;
};

static struct events_call *call_new(struct arena *arena, webhook_events *done,
                                    void *data) {
    struct events_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct events_call){.arena = arena, .done = done, .data = data};
    return call;
}

static void on_total(void *data, enum err err, const struct redisReply *reply) {
    struct events_call *call = data;
    call->err = err;
    call->total = reply_int(reply);
}

static void on_waiting(void *data, enum err err,
                       const struct redisReply *reply) {
    struct events_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    call->events = arena_alloc(call->arena, (n + 1) * sizeof(*call->events));
    for (size_t i = 0; i < n; i++) {
        const struct redisReply *entry = reply_at(reply, i);
        const struct redisReply *fields = reply_at(entry, 1);
        call->events[i] = (struct webhook_event){
            .entry = reply_string(call->arena, reply_at(entry, 0)),
            .id = reply_string(call->arena, reply_field(fields, "i")),
            .body = reply_string(call->arena, reply_field(fields, "e")),
            .why = "",
        };
    }
    call->done(call->data, err != OK ? err : call->err, call->events, n,
               call->total);
}

void webhook_waiting(struct store *store, struct arena *arena, const char *hook,
                     const char *after, size_t max, webhook_events *done,
                     void *data) {
    struct events_call *call = call_new(arena, done, data);
    char key[KEY_SIZE], from[64], count[24];
    snprintf(key, sizeof(key), "@" KEY_WEBHOOK_EVENTS, hook);
    snprintf(from, sizeof(from), "%s%s", after[0] == '\0' ? "-" : "(", after);
    snprintf(count, sizeof(count), "%zu", max);
    store_read(store, on_total, call, 2, (const char *const[]){"XLEN", key});
    store_read(store, on_waiting, call, 6,
               (const char *const[]){"XRANGE", key, from, "+", "COUNT", count});
}

/* '<why>\31<tries>\31<body>' */
static void unpack_dead(struct events_call *call, struct webhook_event *event,
                        const struct redisReply *packed) {
    const char *why = reply_string(call->arena, packed);
    char *tries = strchr(why, '\x1f');
    char *body = tries == NULL ? NULL : strchr(tries + 1, '\x1f');
    event->why = event->body = "";
    if (body == NULL)
        return; /* replayed between two reads */
    *tries = *body = '\0';
    event->why = why;
    event->tries = atoi(tries + 1);
    event->body = body + 1;
}

static void on_dead_bodies(void *data, enum err err,
                           const struct redisReply *reply) {
    struct events_call *call = data;
    size_t n = 0;
    for (size_t i = 0; i < call->n; i++) {
        struct webhook_event event = call->events[i];
        unpack_dead(call, &event, reply_at(reply, i));
        if (event.body[0] != '\0')
            call->events[n++] = event;
    }
    call->done(call->data, err, call->events, n, call->total);
}

#define DEAD_PAGE 50 /* ids of one command */

struct dead_call {
    struct events_call call;
    struct store *store;
    char key[KEY_SIZE];
};

static void on_dead_ids(void *data, enum err err,
                        const struct redisReply *reply) {
    struct dead_call *dead = data;
    struct events_call *call = &dead->call;
    const char *words[DEAD_PAGE + 2] = {"HMGET", dead->key};
    size_t n = err == OK ? reply_count(reply) / 2 : 0;
    call->n = n < DEAD_PAGE ? n : DEAD_PAGE;
    call->events =
        arena_alloc(call->arena, (call->n + 1) * sizeof(*call->events));
    for (size_t i = 0; i < call->n; i++) {
        struct webhook_event *event = &call->events[i];
        event->id = reply_string(call->arena, reply_at(reply, 2 * i));
        event->entry = "";
        event->died_ms = reply_int(reply_at(reply, 2 * i + 1));
        words[i + 2] = event->id;
    }
    if (call->n == 0)
        call->done(call->data, err, call->events, 0, call->total);
    else
        store_read(dead->store, on_dead_bodies, call, call->n + 2, words);
}

void webhook_dead(struct store *store, struct arena *arena, const char *hook,
                  size_t skip, size_t max, webhook_events *done, void *data) {
    struct dead_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct dead_call){
        .call = {.arena = arena, .done = done, .data = data}, .store = store};
    char key[KEY_SIZE], from[24], to[24];
    size_t n = max < DEAD_PAGE ? max : DEAD_PAGE;
    snprintf(call->key, sizeof(call->key), "@" KEY_WEBHOOK_DEAD, hook);
    snprintf(key, sizeof(key), "@" KEY_WEBHOOK_DIED, hook);
    snprintf(from, sizeof(from), "%zu", skip);
    snprintf(to, sizeof(to), "%zu", skip + n - 1);
    store_read(store, on_total, &call->call, 2,
               (const char *const[]){"ZCARD", key});
    store_read(
        store, on_dead_ids, call, 6,
        (const char *const[]){"ZRANGE", key, from, to, "REV", "WITHSCORES"});
}

/* ---- who sends -------------------------------------------------------------
 */

void webhook_hold(struct txn *txn, const char *hook, const char *owner,
                  int64_t ttl_ms) {
    txn_op(txn, "webhook_hold");
    txn_key(txn, KEY_WEBHOOKS);
    txn_key(txn, KEY_WEBHOOK_SENDER, hook);
    txn_arg(txn, hook);
    txn_arg(txn, owner);
    txn_arg_int(txn, ttl_ms);
}

void webhook_let_go(struct txn *txn, const char *hook, const char *owner) {
    txn_op(txn, "webhook_let_go");
    txn_key(txn, KEY_WEBHOOK_SENDER, hook);
    txn_arg(txn, owner);
}

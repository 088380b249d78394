/* Reading sign-ups, one and many; and whose clocks have rung. */
#include "base/arena.h"
#include "base/mem.h"
#include "base/seal.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/reply.h"
#include "store/signup_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char due_key[] = "@" KEY_EVENT_DUE;

static const char private_key[] = "@" KEY_EVENT_PRIVATE;

/* ---- one ------------------------------------------------------------------
 */

/* What was altered, or sealed by a key that is gone, reads as nothing. */
static void open_private(struct store *store, struct arena *arena,
                         const char *sealed, struct signup *signup) {
    const struct seal *seal = store->options.seal;
    const char *packed = sealed;
    if (seal != NULL && sealed[0] != '\0')
        packed = seal_open(seal, arena,
                           signup_context(arena, signup->event, signup->rider),
                           sealed);
    if (packed == NULL)
        packed = "";
    const char *end = strchr(packed, SIGNUP_PRIVATE);
    signup->children =
        end == NULL ? "" : arena_strndup(arena, packed, (size_t)(end - packed));
    signup->answers = end == NULL ? "" : end + 1;
}

static void unpack(struct store *store, struct arena *arena,
                   const struct record *record, const char *event,
                   struct signup *signup) {
    const char *state = record_string(record, "state");
    *signup = (struct signup){
        .event = event, .rider = record->id, .version = record->version};
    for (int i = 0; i < SIGNUP_STATES; i++)
        if (strcmp(signup_state_names[i], state) == 0)
            signup->state = (enum signup_state)i;
    for (size_t i = 0; i < n_signup_texts; i++)
        *(const char **)(void *)((char *)signup + signup_texts[i].offset) =
            record_string(record, signup_texts[i].name);
    for (size_t i = 0; i < n_signup_numbers; i++)
        *(int64_t *)(void *)((char *)signup + signup_numbers[i].offset) =
            record_int(record, signup_numbers[i].name);
    open_private(store, arena, record_string(record, "private"), signup);
}

struct get_call {
    struct store *store;
    struct arena *arena;
    const char *event;
    struct signup signup;
    signup_read *done;
    void *data;
};

static const char *kind_of(struct arena *arena, const char *event) {
    return arena_printf(arena, "signup:%s", event);
}

static void on_one(void *data, enum err err, const struct record *record) {
    struct get_call *call = data;
    if (err == OK)
        unpack(call->store, call->arena, record, call->event, &call->signup);
    call->done(call->data, err, err == OK ? &call->signup : NULL);
}

static struct get_call *get_new(struct store *store, struct arena *arena,
                                const char *event, signup_read *done,
                                void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){.store = store,
                              .arena = arena,
                              .event = arena_strdup(arena, event),
                              .done = done,
                              .data = data};
    return call;
}

static void get(struct get_call *call, const char *rider) {
    record_get(call->store, call->arena, kind_of(call->arena, call->event),
               rider, on_one, call);
}

void signup_get(struct store *store, struct arena *arena, const char *event,
                const char *rider, signup_read *done, void *data) {
    get(get_new(store, arena, event, done, data), rider);
}

static void on_code(void *data, enum err err, const struct redisReply *reply) {
    struct get_call *call = data;
    const char *rider = reply_string(call->arena, reply);
    if (err == OK && rider[0] == '\0')
        err = ERR_NOT_FOUND;
    if (err == OK)
        get(call, rider);
    else
        call->done(call->data, err, NULL);
}

void signup_get_by_code(struct store *store, struct arena *arena,
                        const char *event, const char *code, signup_read *done,
                        void *data) {
    struct get_call *call = get_new(store, arena, event, done, data);
    store_read(
        store, on_code, call, 3,
        (const char *const[]){
            "HGET", arena_printf(arena, "@" KEY_EVENT_CODES, event), code});
}

/* ---- of one event ---------------------------------------------------------
 */

struct list_call {
    struct store *store;
    struct arena *arena;
    const char *event;
    signup_listed *done;
    void *data;
};

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    struct list_call *call = data;
    struct signup *signups =
        arena_alloc(call->arena, (n + 1) * sizeof(*signups));
    for (size_t i = 0; i < n; i++)
        unpack(call->store, call->arena, &records[i], call->event, &signups[i]);
    call->done(call->data, err, signups, n, total);
}

static struct list_call *list_new(struct store *store, struct arena *arena,
                                  const char *event, signup_listed *done,
                                  void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){store, arena, arena_strdup(arena, event), done,
                               data};
    return call;
}

void signup_list(struct store *store, struct arena *arena, const char *event,
                 size_t offset, size_t max, signup_listed *done, void *data) {
    record_list_kind(store, arena, kind_of(arena, event), offset, max,
                     on_records, list_new(store, arena, event, done, data));
}

static void on_waiting(void *data, enum err err,
                       const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    if (n == 0) {
        call->done(call->data, err, NULL, 0, 0);
        return;
    }
    const char **ids = arena_alloc(call->arena, n * sizeof(*ids));
    for (size_t i = 0; i < n; i++)
        ids[i] = reply_string(call->arena, reply_at(reply, i));
    record_get_many(call->store, call->arena, kind_of(call->arena, call->event),
                    ids, n, on_records, call);
}

void signup_list_waiting(struct store *store, struct arena *arena,
                         const char *event, size_t max, signup_listed *done,
                         void *data) {
    char last[24];
    snprintf(last, sizeof(last), "%zu",
             (max < RECORDS_MAX ? max : RECORDS_MAX) - 1);
    store_read(
        store, on_waiting, list_new(store, arena, event, done, data), 4,
        (const char *const[]){
            "ZRANGE", arena_printf(arena, "@" KEY_WAITLIST, event), "0", last});
}

struct place_call {
    signup_place_read *done;
    void *data;
};

static void on_rank(void *data, enum err err, const struct redisReply *reply) {
    struct place_call *call = data;
    bool there = reply != NULL && reply->type == REDIS_REPLY_INTEGER;
    call->done(call->data, err, err == OK && there ? reply_int(reply) + 1 : 0);
}

void signup_place(struct store *store, struct arena *arena,
                  const struct signup *signup, signup_place_read *done,
                  void *data) {
    struct place_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct place_call){done, data};
    store_read(store, on_rank, call, 3,
               (const char *const[]){
                   "ZRANK",
                   arena_printf(arena, "@" KEY_WAITLIST, signup->event),
                   signup->rider});
}

/* ---- of several events ----------------------------------------------------
 */

struct many_call {
    struct store *store;
    struct arena *arena;
    const char *rider; /* NULL: the ids name event and rider */
    struct signup *signups;
    bool gone_too; /* with version 0, so that they can be struck off */
    size_t n, left;
    int64_t total;
    enum err err;
    signup_listed *done;
    void *data;
};

struct one_call {
    struct many_call *many;
    size_t i;
};

static void many_end(struct many_call *call) {
    size_t n = 0;
    for (size_t i = 0; call->err == OK && i < call->n; i++)
        if (call->gone_too || call->signups[i].version != 0)
            call->signups[n++] = call->signups[i];
    call->done(call->data, call->err, call->signups, n, call->total);
}

static void on_one_of_many(void *data, enum err err,
                           const struct signup *signup) {
    struct one_call *one = data;
    struct many_call *call = one->many;
    if (err == OK)
        call->signups[one->i] = *signup;
    else if (err != ERR_NOT_FOUND)
        call->err = err;
    if (--call->left == 0)
        many_end(call);
}

static void split_member(struct arena *arena, const char *member,
                         const char **event, const char **rider) {
    size_t len = strcspn(member, " ");
    *event = arena_strndup(arena, member, len);
    *rider = member[len] == '\0' ? "" : member + len + 1;
}

static void on_members(void *data, enum err err,
                       const struct redisReply *reply) {
    struct many_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    call->n = call->left = n;
    call->total = (int64_t)n;
    call->err = err;
    call->signups = arena_alloc(call->arena, (n + 1) * sizeof(struct signup));
    for (size_t i = 0; i < n; i++) {
        const char *event = reply_string(call->arena, reply_at(reply, i));
        const char *rider = call->rider;
        struct one_call *one = arena_alloc(call->arena, sizeof(*one));
        if (rider == NULL)
            split_member(call->arena, event, &event, &rider);
        *one = (struct one_call){call, i};
        call->signups[i] = (struct signup){.event = event, .rider = rider};
        signup_get(call->store, call->arena, event, rider, on_one_of_many, one);
    }
    if (n == 0)
        many_end(call);
}

static struct many_call *many_new(struct store *store, struct arena *arena,
                                  signup_listed *done, void *data) {
    struct many_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct many_call){
        .store = store, .arena = arena, .done = done, .data = data};
    return call;
}

void signup_list_rider(struct store *store, struct arena *arena,
                       const char *rider, size_t max, signup_listed *done,
                       void *data) {
    struct many_call *call = many_new(store, arena, done, data);
    char last[24];
    call->rider = arena_strdup(arena, rider);
    snprintf(last, sizeof(last), "%zu", max - 1);
    store_read(
        store, on_members, call, 4,
        (const char *const[]){"ZREVRANGE",
                              arena_printf(arena, "@" KEY_RIDER_SIGNUPS, rider),
                              "0", last});
}

void signup_list_private(struct store *store, struct arena *arena,
                         int64_t before_ms, size_t offset, size_t max,
                         signup_listed *done, void *data) {
    char to[24], skip[24], most[24];
    snprintf(to, sizeof(to), "(%" PRId64, before_ms);
    snprintf(skip, sizeof(skip), "%zu", offset);
    snprintf(most, sizeof(most), "%zu", max);
    struct many_call *call = many_new(store, arena, done, data);
    call->gone_too = true;
    store_read(store, on_members, call, 7,
               (const char *const[]){"ZRANGEBYSCORE", private_key, "-inf", to,
                                     "LIMIT", skip, most});
}

/* ---- clocks ---------------------------------------------------------------
 */

struct due_call {
    struct arena *arena;
    signup_due_listed *done;
    void *data;
};

static void on_due(void *data, enum err err, const struct redisReply *reply) {
    struct due_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    struct signup_due *due = arena_alloc(call->arena, (n + 1) * sizeof(*due));
    for (size_t i = 0; i < n; i++)
        split_member(call->arena, reply_string(call->arena, reply_at(reply, i)),
                     &due[i].event, &due[i].rider);
    call->done(call->data, err, due, n);
}

void signup_list_due(struct store *store, struct arena *arena, int64_t now_ms,
                     size_t max, signup_due_listed *done, void *data) {
    struct due_call *call = arena_alloc(arena, sizeof(*call));
    char now[24], most[24];
    *call = (struct due_call){arena, done, data};
    snprintf(now, sizeof(now), "%" PRId64, now_ms);
    snprintf(most, sizeof(most), "%zu", max);
    store_read(store, on_due, call, 7,
               (const char *const[]){"ZRANGEBYSCORE", due_key, "-inf", now,
                                     "LIMIT", "0", most});
}

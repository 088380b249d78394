#include "store/places.h"

#include "base/arena.h"
#include "store/internal.h"
#include "store/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct call {
    struct store *store;
    struct arena *arena;
    const char *key; /* with the '@' of store_read() */
    size_t offset;
    struct place *places;
    size_t n;
    int64_t total;
    enum err err;
    places_read *done;
    void *data;
};

static struct call *call_new(struct store *store, struct arena *arena,
                             const char *key, places_read *done, void *data) {
    struct call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct call){.store = store,
                          .arena = arena,
                          .key = arena_printf(arena, "@%s", key),
                          .done = done,
                          .data = data};
    return call;
}

static void on_total(void *data, enum err err, const struct redisReply *reply) {
    struct call *call = data;
    if (err != OK)
        call->err = err;
    call->total = reply_int(reply);
}

/* Scores are whole numbers that a double holds. */
static int64_t score_of(const struct redisReply *reply) {
    if (reply == NULL || reply->type != REDIS_REPLY_STRING)
        return 0;
    return (int64_t)strtod(reply->str, NULL);
}

/* ---- a list ---------------------------------------------------------------
 */

static void on_before(void *data, enum err err,
                      const struct redisReply *reply) {
    struct call *call = data;
    if (err != OK)
        call->err = err;
    for (size_t i = 0; i < call->n; i++) {
        struct place *place = &call->places[i];
        if (i == 0)
            place->rank = reply_int(reply) + 1;
        else if (place->score == place[-1].score)
            place->rank = place[-1].rank;
        else
            place->rank = (int64_t)(call->offset + i) + 1;
    }
    call->done(call->data, call->err, call->places, call->n, call->total);
}

static void count_before(struct call *call, int64_t score, redis_done *done) {
    const char *above = arena_printf(call->arena, "(%" PRId64, score);
    store_read(call->store, done, call, 4,
               (const char *const[]){"ZCOUNT", call->key, above, "+inf"});
}

static void on_list(void *data, enum err err, const struct redisReply *reply) {
    struct call *call = data;
    if (err != OK)
        call->err = err;
    call->n = call->err == OK ? reply_count(reply) / 2 : 0;
    call->places =
        arena_alloc(call->arena, (call->n + 1) * sizeof(*call->places));
    for (size_t i = 0; i < call->n; i++) {
        call->places[i].id = reply_string(call->arena, reply_at(reply, 2 * i));
        call->places[i].score = score_of(reply_at(reply, 2 * i + 1));
    }
    if (call->n == 0)
        call->done(call->data, call->err, call->places, 0, call->total);
    else
        count_before(call, call->places[0].score, on_before);
}

void places_list(struct store *store, struct arena *arena, const char *key,
                 size_t offset, size_t max, places_read *done, void *data) {
    struct call *call = call_new(store, arena, key, done, data);
    char first[24], last[24];
    call->offset = offset;
    snprintf(first, sizeof(first), "%zu", offset);
    snprintf(last, sizeof(last), "%" PRId64, (int64_t)(offset + max) - 1);
    store_read(store, on_total, call, 2,
               (const char *const[]){"ZCARD", call->key});
    store_read(store, on_list, call, 5,
               (const char *const[]){"ZREVRANGE", call->key, first, last,
                                     "WITHSCORES"});
}

/* ---- one of them ----------------------------------------------------------
 */

static void on_score(void *data, enum err err, const struct redisReply *reply) {
    struct call *call = data;
    if (err != OK)
        call->err = err;
    if (call->err != OK || reply->type != REDIS_REPLY_STRING) {
        call->done(call->data, call->err, NULL, 0, call->total);
        return;
    }
    call->n = 1;
    call->places[0].score = score_of(reply);
    count_before(call, call->places[0].score, on_before);
}

void places_find(struct store *store, struct arena *arena, const char *key,
                 const char *id, places_read *done, void *data) {
    struct call *call = call_new(store, arena, key, done, data);
    call->places = arena_alloc(arena, sizeof(*call->places));
    call->places[0].id = arena_strdup(arena, id);
    store_read(store, on_total, call, 2,
               (const char *const[]){"ZCARD", call->key});
    store_read(store, on_score, call, 3,
               (const char *const[]){"ZSCORE", call->key, id});
}

static void on_count(void *data, enum err err, const struct redisReply *reply) {
    struct call *call = data;
    call->done(call->data, err, NULL, 0, err == OK ? reply_int(reply) : 0);
}

void places_count(struct store *store, struct arena *arena, const char *key,
                  int64_t score, places_read *done, void *data) {
    count_before(call_new(store, arena, key, done, data), score, on_count);
}

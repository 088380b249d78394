#include "store/score.h"

#include "base/arena.h"
#include "store/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *kind_of(struct arena *arena, const char *event,
                           const char *stage, const char *judge) {
    return arena_printf(arena, "score:%s:%s:%s", event, stage, judge);
}

void score_put(struct txn *txn, const struct score *score) {
    struct arena arena;
    char at[24];
    arena_init(&arena);
    snprintf(at, sizeof(at), "%" PRId64, score->at_ms);
    record_put(
        txn,
        &(struct record){
            .kind = kind_of(&arena, score->event, score->stage, score->judge),
            .id = score->rider,
            .version = score->version,
            .order = score->at_ms,
            .fields = (const char *const[]){"values", score->values, "at", at},
            .n_fields = 4,
        });
    arena_finish(&arena);
}

static void unpack(const struct record *record, struct score *score) {
    score->rider = record->id;
    score->version = record->version;
    score->values = record_string(record, "values");
    score->at_ms = record_int(record, "at");
}

struct get_call {
    struct score score;
    score_read *done;
    void *data;
};

static void on_record(void *data, enum err err, const struct record *record) {
    struct get_call *call = data;
    if (err == OK)
        unpack(record, &call->score);
    call->done(call->data, err == ERR_NOT_FOUND ? OK : err, &call->score);
}

void score_get(struct store *store, struct arena *arena, const char *event,
               const char *stage, const char *judge, const char *rider,
               score_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){
        .score = {.event = event,
                  .stage = stage,
                  .judge = judge,
                  .rider = arena_strdup(arena, rider),
                  .values = ""},
        .done = done,
        .data = data,
    };
    record_get(store, arena, kind_of(arena, event, stage, judge), rider,
               on_record, call);
}

struct list_call {
    struct arena *arena;
    const char *event, *stage;
    struct score *scores;
    size_t n, left;
    enum err err;
    score_listed *done;
    void *data;
};

struct judge_call {
    struct list_call *call;
    const char *judge;
};

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    struct judge_call *of = data;
    struct list_call *call = of->call;
    struct score *all =
        arena_alloc(call->arena, (call->n + n + 1) * sizeof(*all));
    (void)total;
    if (err != OK)
        call->err = err;
    if (call->n > 0)
        memcpy(all, call->scores, call->n * sizeof(*all));
    for (size_t i = 0; err == OK && i < n; i++) {
        all[call->n] = (struct score){
            .event = call->event, .stage = call->stage, .judge = of->judge};
        unpack(&records[i], &all[call->n++]);
    }
    call->scores = all;
    if (--call->left == 0)
        call->done(call->data, call->err, call->scores, call->n);
}

/* One judge after the other would be slow, so all are asked at once; whoever
 * has nothing to ask is answered at once. */
void score_list(struct store *store, struct arena *arena, const char *event,
                const char *stage, const char *const *judges, size_t n_judges,
                score_listed *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){
        .arena = arena,
        .event = event,
        .stage = stage,
        .left = n_judges,
        .done = done,
        .data = data,
    };
    for (size_t i = 0; i < n_judges; i++) {
        struct judge_call *of = arena_alloc(arena, sizeof(*of));
        *of = (struct judge_call){call, judges[i]};
        record_list_kind(store, arena, kind_of(arena, event, stage, judges[i]),
                         0, RECORDS_MAX, on_records, of);
    }
    if (n_judges == 0)
        done(data, OK, NULL, 0);
}

#include "store/attempt.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/question.h"
#include "store/reply.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A score is a whole number below 2^53, which a sorted set holds exactly: from
 * the highest bit down those right, the time left over of TIME_MAX, and who was
 * through first. */
#define FIRST_BITS 22
#define TIME_BITS 25
#define TIME_MAX (((int64_t)1 << TIME_BITS) - 1)

int64_t attempt_score(const struct attempt *attempt, size_t n_questions,
                      int64_t full_ms) {
    int64_t right =
        attempt->right < ATTEMPT_RIGHT_MAX ? attempt->right : ATTEMPT_RIGHT_MAX;
    int64_t missing = (int64_t)n_questions - (int64_t)attempt->n;
    int64_t ms = full_ms == 0 ? 0 : attempt->total_ms + missing * full_ms;
    if (ms > TIME_MAX)
        ms = TIME_MAX;
    return ((right << TIME_BITS) + (TIME_MAX - ms)) << FIRST_BITS;
}

int attempt_score_right(int64_t score) {
    return (int)(score >> (FIRST_BITS + TIME_BITS));
}

int64_t attempt_score_ms(int64_t score) {
    return TIME_MAX - ((score >> FIRST_BITS) & TIME_MAX);
}

bool attempt_score_finished(int64_t score) {
    return (score & (((int64_t)1 << FIRST_BITS) - 1)) != 0;
}

/* ---- writing ------------------------------------------------------------- */

/* "n right total asked started finished answers" */
static void add_packed(struct txn *txn, const struct attempt *attempt) {
    char text[6 * 21 + QUIZ_QUESTIONS_MAX * (QUESTION_DIGITS + 1)];
    int len = snprintf(
        text, sizeof(text),
        "%zu %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s", attempt->n,
        attempt->right, attempt->total_ms, attempt->asked_ms,
        attempt->started_ms, attempt->finished_ms, attempt->answers);
    if (len < 0 || (size_t)len >= sizeof(text))
        abort(); /* a quiz has QUIZ_QUESTIONS_MAX questions */
    txn_arg_bytes(txn, text, (size_t)len);
}

static const char *last_answer(const struct attempt *attempt) {
    const char *comma = strrchr(attempt->answers, ',');
    return comma == NULL ? attempt->answers : comma + 1;
}

void attempt_put(struct txn *txn, const struct attempt_change *change) {
    const struct attempt *before = change->before, *after = change->after;
    bool ends = after->finished_ms != 0 && before->finished_ms == 0;
    char field[48] = "";
    if (change->answered)
        snprintf(field, sizeof(field), "a:%zu:%s", before->n,
                 last_answer(after));
    txn_op(txn, "quiz_attempt");
    txn_key(txn, KEY_RUN_ANSWERS, change->run);
    txn_key(txn, KEY_RUN_SCORES, change->run);
    txn_key(txn, KEY_RUN_COUNTS, change->run);
    txn_key(txn, KEY_RUNS, change->rider);
    txn_arg(txn, change->rider);
    txn_arg(txn, before->packed);
    add_packed(txn, after);
    txn_arg_int(txn, change->score);
    txn_arg(txn, ends ? "1" : "0");
    txn_arg(txn, field);
    txn_arg(txn, change->run);
    txn_arg_int(txn, change->now_ms);
    txn_arg_int(txn, TTL_RUN_MS);
    txn_arg_int(txn, RUNS_MAX);
}

void run_begin(struct txn *txn, const char *run, const char *asked) {
    txn_op(txn, "quiz_run");
    txn_key(txn, KEY_RUN_COUNTS, run);
    txn_arg(txn, asked);
    txn_arg_int(txn, TTL_RUN_MS);
}

void run_forget(struct txn *txn, const char *rider, const char *const *runs,
                size_t n) {
    txn_op(txn, "quiz_forget");
    txn_key(txn, KEY_RUNS, rider);
    for (size_t i = 0; i < n; i++) {
        txn_key(txn, KEY_RUN_ANSWERS, runs[i]);
        txn_key(txn, KEY_RUN_SCORES, runs[i]);
    }
    txn_arg(txn, rider);
    txn_arg_int(txn, (int64_t)n);
}

/* ---- reading ------------------------------------------------------------- */

struct get_call {
    struct arena *arena;
    struct attempt attempt;
    enum err err;
    attempt_read *done;
    void *data;
};

static void unpack(struct arena *arena, const char *text, struct attempt *out) {
    int used = 0;
    *out = (struct attempt){.packed = text, .answers = ""};
    if (sscanf(text,
               "%zu %d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %n",
               &out->n, &out->right, &out->total_ms, &out->asked_ms,
               &out->started_ms, &out->finished_ms, &used) == 6)
        out->answers = arena_strdup(arena, text + used);
}

static void on_attempt(void *data, enum err err,
                       const struct redisReply *reply) {
    struct get_call *call = data;
    call->err = err;
    unpack(call->arena, reply_string(call->arena, reply), &call->attempt);
}

static void read_counts(struct arena *arena, const struct redisReply *reply,
                        struct run_counts *out) {
    size_t n = reply_count(reply) / 2;
    struct run_answer *answers = arena_alloc(arena, (n + 1) * sizeof(*answers));
    *out = (struct run_counts){.asked = "", .answers = answers};
    for (size_t i = 0; i < n; i++) {
        const char *name = reply_string(arena, reply_at(reply, 2 * i));
        int64_t value = reply_int(reply_at(reply, 2 * i + 1));
        char digits[QUESTION_DIGITS + 1] = "";
        struct run_answer *answer = &answers[out->n_answers];
        if (strcmp(name, "asked") == 0)
            out->asked = reply_string(arena, reply_at(reply, 2 * i + 1));
        else if (strcmp(name, "started") == 0)
            out->started = value;
        else if (strcmp(name, "finished") == 0)
            out->finished = value;
        else if (sscanf(name, "a:%zu:%9s", &answer->question, digits) == 2) {
            answer->mask = question_mask(digits);
            answer->n = value;
            out->n_answers++;
        }
    }
}

static void on_counts(void *data, enum err err,
                      const struct redisReply *reply) {
    struct get_call *call = data;
    struct run_counts counts = {.asked = ""};
    if (err == OK)
        err = call->err;
    if (err == OK)
        read_counts(call->arena, reply, &counts);
    call->done(call->data, err, &call->attempt, &counts);
}

void attempt_get(struct store *store, struct arena *arena, const char *run,
                 const char *rider, attempt_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){.arena = arena, .done = done, .data = data};
    char answers[160], counts[160];
    snprintf(answers, sizeof(answers), "@" KEY_RUN_ANSWERS, run);
    snprintf(counts, sizeof(counts), "@" KEY_RUN_COUNTS, run);
    store_read(store, on_attempt, call, 3,
               (const char *const[]){"HGET", answers, rider});
    store_read(store, on_counts, call, 2,
               (const char *const[]){"HGETALL", counts});
}

static const char *scores_key(struct arena *arena, const char *run) {
    return arena_printf(arena, KEY_RUN_SCORES, run);
}

void run_count_before(struct store *store, struct arena *arena, const char *run,
                      int64_t score, places_read *done, void *data) {
    places_count(store, arena, scores_key(arena, run), score, done, data);
}

void run_list_places(struct store *store, struct arena *arena, const char *run,
                     size_t offset, size_t max, places_read *done, void *data) {
    places_list(store, arena, scores_key(arena, run), offset,
                max < RUN_PLACES_MAX ? max : RUN_PLACES_MAX, done, data);
}

void run_find_place(struct store *store, struct arena *arena, const char *run,
                    const char *rider, places_read *done, void *data) {
    places_find(store, arena, scores_key(arena, run), rider, done, data);
}

struct runs_call {
    struct arena *arena;
    run_list *done;
    void *data;
};

static void on_runs(void *data, enum err err, const struct redisReply *reply) {
    struct runs_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    const char **runs = arena_alloc(call->arena, (n + 1) * sizeof(*runs));
    for (size_t i = 0; i < n; i++)
        runs[i] = reply_string(call->arena, reply_at(reply, i));
    call->done(call->data, err, runs, n);
}

void run_list_of(struct store *store, struct arena *arena, const char *rider,
                 run_list *done, void *data) {
    struct runs_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct runs_call){arena, done, data};
    char key[160];
    snprintf(key, sizeof(key), "@" KEY_RUNS, rider);
    store_read(store, on_runs, call, 4,
               (const char *const[]){"ZREVRANGE", key, "0", "-1"});
}

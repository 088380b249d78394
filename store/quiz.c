#include "store/quiz.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/reply.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "quiz"

static const char *const kinds[QUIZ_KINDS] = {
    [QUIZ_PLAIN] = "quiz", [QUIZ_DAILY] = "daily", [QUIZ_ARENA] = "arena"};
static const char *const states[QUIZ_STATES] = {
    [QUIZ_DRAFT] = "draft", [QUIZ_OPEN] = "open", [QUIZ_CLOSED] = "closed"};

/* The index of word, or of the first. */
static int find_word(const char *const *words, int n, const char *word) {
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

const char *quiz_kind_word(enum quiz_kind kind) {
    return kinds[kind];
}

bool quiz_kind_parse(const char *word, enum quiz_kind *out) {
    int i = find_word(kinds, QUIZ_KINDS, word);
    if (i >= 0)
        *out = (enum quiz_kind)i;
    return i >= 0;
}

const char *quiz_state_word(enum quiz_state state) {
    return states[state];
}

bool quiz_id_valid(const char *text) {
    size_t digits = strspn(text + (text[0] == 'Z'), "0123456789");
    return text[0] == 'Z' && digits >= 1 && digits <= 18 &&
           text[1 + digits] == '\0';
}

bool quiz_is_open(const struct quiz *quiz, int64_t now_ms) {
    return quiz->state == QUIZ_OPEN && quiz->asked[0] != '\0' &&
           quiz->opens_ms <= now_ms &&
           (quiz->closes_ms == 0 || now_ms < quiz->closes_ms);
}

void quiz_run(const struct quiz *quiz, char out[static QUIZ_RUN_BYTES]) {
    if (quiz->kind == QUIZ_DAILY)
        snprintf(out, QUIZ_RUN_BYTES, "%s.%s", quiz->id, quiz->day);
    else
        snprintf(out, QUIZ_RUN_BYTES, "%s", quiz->id);
}

/* ---- writing ------------------------------------------------------------- */

#define NUMBERS 8
#define NUMBER_SIZE 24

static void put_record(struct txn *txn, const struct quiz *quiz) {
    const int64_t values[NUMBERS] = {
        quiz->n,      quiz->opens_ms, quiz->closes_ms,  quiz->seconds,
        quiz->points, quiz->at_min,   quiz->created_ms, quiz->updated_ms};
    char numbers[NUMBERS][NUMBER_SIZE];
    for (size_t i = 0; i < NUMBERS; i++)
        snprintf(numbers[i], NUMBER_SIZE, "%" PRId64, values[i]);
    const char *const fields[] = {
        "kind",     kinds[quiz->kind], "state",     states[quiz->state],
        "title",    quiz->title,       "questions", quiz->questions,
        "category", quiz->category,    "asked",     quiz->asked,
        "day",      quiz->day,         "past",      quiz->past,
        "by",       quiz->by,          "n",         numbers[0],
        "opens",    numbers[1],        "closes",    numbers[2],
        "seconds",  numbers[3],        "points",    numbers[4],
        "at",       numbers[5],        "created",   numbers[6],
        "updated",  numbers[7],
    };
    record_put(txn, &(struct record){.kind = KIND,
                                     .id = quiz->id,
                                     .version = quiz->version,
                                     .order = quiz->created_ms,
                                     .fields = fields,
                                     .n_fields = ARRAY_LEN(fields)});
}

static void add_open(struct txn *txn, const char *id, bool open) {
    txn_op(txn, "quiz_open");
    txn_key(txn, KEY_QUIZZES_OPEN);
    txn_key(txn, KEY_QUIZ_CHANGES);
    txn_arg(txn, id);
    txn_arg(txn, open ? "1" : "0");
    txn_arg_int(txn, QUIZZES_OPEN_MAX);
}

void quiz_put(struct txn *txn, const struct quiz *quiz) {
    put_record(txn, quiz);
    add_open(txn, quiz->id, quiz->state == QUIZ_OPEN);
}

void quiz_remove(struct txn *txn, const char *id, int64_t version) {
    record_remove(txn, KIND, id, version);
    add_open(txn, id, false);
}

void quiz_expect(struct txn *txn, const struct quiz *quiz) {
    record_expect(txn, KIND, quiz->id, quiz->version);
}

/* ---- reading ------------------------------------------------------------- */

static struct quiz unpack(const struct record *record) {
    int kind = find_word(kinds, QUIZ_KINDS, record_string(record, "kind"));
    int state = find_word(states, QUIZ_STATES, record_string(record, "state"));
    return (struct quiz){
        .id = record->id,
        .version = record->version,
        .kind = kind < 0 ? QUIZ_PLAIN : (enum quiz_kind)kind,
        .state = state < 0 ? QUIZ_CLOSED : (enum quiz_state)state,
        .title = record_string(record, "title"),
        .questions = record_string(record, "questions"),
        .category = record_string(record, "category"),
        .n = (int)record_int(record, "n"),
        .asked = record_string(record, "asked"),
        .opens_ms = record_int(record, "opens"),
        .closes_ms = record_int(record, "closes"),
        .seconds = (int)record_int(record, "seconds"),
        .points = (int)record_int(record, "points"),
        .at_min = (int)record_int(record, "at"),
        .day = record_string(record, "day"),
        .past = record_string(record, "past"),
        .by = record_string(record, "by"),
        .created_ms = record_int(record, "created"),
        .updated_ms = record_int(record, "updated"),
    };
}

struct get_call {
    quiz_read *done;
    void *data;
};

static void on_record(void *data, enum err err, const struct record *record) {
    struct get_call *call = data;
    struct quiz quiz;
    if (err == OK)
        quiz = unpack(record);
    call->done(call->data, err, err == OK ? &quiz : NULL);
}

void quiz_get(struct store *store, struct arena *arena, const char *id,
              quiz_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){done, data};
    record_get(store, arena, KIND, id, on_record, call);
}

struct list_call {
    struct store *store;
    struct arena *arena;
    quiz_list *done;
    void *data;
};

static struct list_call *list_new(struct store *store, struct arena *arena,
                                  quiz_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){store, arena, done, data};
    return call;
}

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    struct list_call *call = data;
    struct quiz *quizzes = arena_alloc(call->arena, (n + 1) * sizeof(*quizzes));
    for (size_t i = 0; i < n; i++)
        quizzes[i] = unpack(&records[i]);
    call->done(call->data, err, quizzes, n, total);
}

void quiz_list_from(struct store *store, struct arena *arena, size_t offset,
                    size_t max, quiz_list *done, void *data) {
    record_list_kind(store, arena, KIND, offset, max, on_records,
                     list_new(store, arena, done, data));
}

static void on_open(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    const char *ids[QUIZZES_OPEN_MAX];
    size_t n = err == OK ? reply_count(reply) : 0;
    if (n > QUIZZES_OPEN_MAX)
        n = QUIZZES_OPEN_MAX;
    for (size_t i = 0; i < n; i++)
        ids[i] = reply_string(call->arena, reply_at(reply, i));
    if (n == 0)
        call->done(call->data, err, NULL, 0, 0);
    else
        record_get_many(call->store, call->arena, KIND, ids, n, on_records,
                        call);
}

void quiz_list_open(struct store *store, struct arena *arena, quiz_list *done,
                    void *data) {
    store_read(store, on_open, list_new(store, arena, done, data), 2,
               (const char *const[]){"SMEMBERS", "@" KEY_QUIZZES_OPEN});
}

struct changes_call {
    quiz_changes *done;
    void *data;
};

static void on_changes(void *data, enum err err,
                       const struct redisReply *reply) {
    struct changes_call *call = data;
    call->done(call->data, err, err == OK ? reply_int(reply) : 0);
}

void quiz_get_changes(struct store *store, struct arena *arena,
                      quiz_changes *done, void *data) {
    struct changes_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct changes_call){done, data};
    store_read(store, on_changes, call, 2,
               (const char *const[]){"GET", "@" KEY_QUIZ_CHANGES});
}

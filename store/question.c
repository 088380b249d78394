#include "store/question.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "question"
#define SEPARATOR '\x1f' /* between options; in no clean text */
#define OPTIONS_BYTES ((size_t)QUESTION_OPTIONS_MAX * QUESTION_OPTION_CHARS * 4)

static const char *const words[QUESTION_KINDS] = {
    [QUESTION_SINGLE] = "single",
    [QUESTION_MULTIPLE] = "multiple",
    [QUESTION_TRUTH] = "truth",
};

const char *question_kind_word(enum question_kind kind) {
    return words[kind];
}

bool question_kind_parse(const char *word, enum question_kind *out) {
    for (int i = 0; i < QUESTION_KINDS; i++) {
        if (strcmp(words[i], word) != 0)
            continue;
        *out = (enum question_kind)i;
        return true;
    }
    return false;
}

size_t question_choices(const struct question *question) {
    return question->kind == QUESTION_TRUTH ? 2 : question->n_options;
}

static bool is_long(const char *text, size_t chars) {
    return utf8_length(text) > chars;
}

static bool options_good(const struct question *question) {
    bool truth = question->kind == QUESTION_TRUTH;
    if (truth ? question->n_options != 0 : question->n_options < 2)
        return false;
    for (size_t i = 0; i < question->n_options; i++)
        if (question->options[i][0] == '\0' ||
            is_long(question->options[i], QUESTION_OPTION_CHARS))
            return false;
    return true;
}

static bool correct_good(const struct question *question) {
    unsigned mask = question->correct;
    unsigned all = (1u << question_choices(question)) - 1;
    bool one = (mask & (mask - 1)) == 0;
    return mask != 0 && (mask & ~all) == 0 &&
           (one || question->kind == QUESTION_MULTIPLE);
}

const char *question_fault(const struct question *question) {
    if (question->text[0] == '\0' ||
        is_long(question->text, QUESTION_TEXT_CHARS))
        return "text";
    if (!options_good(question))
        return "options";
    if (!correct_good(question))
        return "correct";
    if (is_long(question->explanation, QUESTION_TEXT_CHARS))
        return "explanation";
    if (is_long(question->category, QUESTION_CATEGORY_CHARS))
        return "category";
    return NULL;
}

void question_digits(unsigned mask, char out[static QUESTION_DIGITS]) {
    for (int i = 0; i < QUESTION_OPTIONS_MAX; i++)
        if (mask & (1u << i))
            *out++ = (char)('1' + i);
    *out = '\0';
}

unsigned question_mask(const char *digits) {
    unsigned mask = 0;
    for (; *digits != '\0'; digits++)
        if (*digits >= '1' && *digits <= '0' + QUESTION_OPTIONS_MAX)
            mask |= 1u << (*digits - '1');
    return mask;
}

bool question_id_valid(const char *text) {
    size_t digits = strspn(text + (text[0] == 'Q'), "0123456789");
    return text[0] == 'Q' && digits >= 1 && digits <= 18 &&
           text[1 + digits] == '\0';
}

/* ---- writing ------------------------------------------------------------- */

void question_expect_room(struct txn *txn, size_t n) {
    txn_op(txn, "question_room");
    txn_key(txn, KEY_RECORDS, KIND);
    txn_arg_int(txn, QUESTIONS_MAX - (int64_t)n);
}

static void join_options(const struct question *question,
                         char out[static OPTIONS_BYTES]) {
    char *at = out;
    *at = '\0';
    for (size_t i = 0; i < question->n_options; i++) {
        if (i > 0)
            *at++ = SEPARATOR;
        at = stpcpy(at, question->options[i]);
    }
}

void question_put(struct txn *txn, const struct question *question) {
    char options[OPTIONS_BYTES + QUESTION_OPTIONS_MAX];
    char digits[QUESTION_DIGITS], created[24];
    if (question_fault(question) != NULL)
        abort(); /* whoever takes one in has checked it */
    join_options(question, options);
    question_digits(question->correct, digits);
    snprintf(created, sizeof(created), "%" PRId64, question->created_ms);
    const char *const fields[] = {
        "kind",     question_kind_word(question->kind),
        "text",     question->text,
        "photo",    question->photo,
        "options",  options,
        "correct",  digits,
        "why",      question->explanation,
        "category", question->category,
        "material", question->material,
        "by",       question->by,
        "created",  created,
    };
    if (question->version == 0)
        question_expect_room(txn, 1);
    record_put(txn, &(struct record){.kind = KIND,
                                     .id = question->id,
                                     .version = question->version,
                                     .order = question->created_ms,
                                     .fields = fields,
                                     .n_fields = ARRAY_LEN(fields)});
    txn_op(txn, "quiz_changed");
    txn_key(txn, KEY_QUIZ_CHANGES);
}

void question_remove(struct txn *txn, const char *id, int64_t version) {
    record_remove(txn, KIND, id, version);
    txn_op(txn, "quiz_changed");
    txn_key(txn, KEY_QUIZ_CHANGES);
}

/* ---- reading ------------------------------------------------------------- */

static void split_options(struct arena *arena, const char *text,
                          struct question *out) {
    char *at = text[0] == '\0' ? NULL : arena_strdup(arena, text);
    while (at != NULL && out->n_options < QUESTION_OPTIONS_MAX) {
        char *end = strchr(at, SEPARATOR);
        if (end != NULL)
            *end++ = '\0';
        out->options[out->n_options++] = at;
        at = end;
    }
}

static struct question unpack(struct arena *arena,
                              const struct record *record) {
    struct question question = {
        .id = record->id,
        .version = record->version,
        .text = record_string(record, "text"),
        .photo = record_string(record, "photo"),
        .correct = question_mask(record_string(record, "correct")),
        .explanation = record_string(record, "why"),
        .category = record_string(record, "category"),
        .material = record_string(record, "material"),
        .by = record_string(record, "by"),
        .created_ms = record_int(record, "created"),
    };
    if (!question_kind_parse(record_string(record, "kind"), &question.kind))
        question.kind = QUESTION_SINGLE;
    split_options(arena, record_string(record, "options"), &question);
    return question;
}

struct get_call {
    struct arena *arena;
    question_read *done;
    void *data;
};

static void on_record(void *data, enum err err, const struct record *record) {
    struct get_call *call = data;
    struct question question;
    if (err == OK)
        question = unpack(call->arena, record);
    call->done(call->data, err, err == OK ? &question : NULL);
}

void question_get(struct store *store, struct arena *arena, const char *id,
                  question_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){arena, done, data};
    record_get(store, arena, KIND, id, on_record, call);
}

struct list_call {
    struct arena *arena;
    question_list *done;
    void *data;
};

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    struct list_call *call = data;
    struct question *questions =
        arena_alloc(call->arena, (n + 1) * sizeof(*questions));
    for (size_t i = 0; i < n; i++)
        questions[i] = unpack(call->arena, &records[i]);
    call->done(call->data, err, questions, n, total);
}

static struct list_call *list_new(struct arena *arena, question_list *done,
                                  void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){arena, done, data};
    return call;
}

void question_list_from(struct store *store, struct arena *arena, size_t offset,
                        size_t max, question_list *done, void *data) {
    record_list_kind(store, arena, KIND, offset, max, on_records,
                     list_new(arena, done, data));
}

void question_get_many(struct store *store, struct arena *arena,
                       const char *const *ids, size_t n, question_list *done,
                       void *data) {
    record_get_many(store, arena, KIND, ids, n, on_records,
                    list_new(arena, done, data));
}

/* ---- numbers --------------------------------------------------------------
 */

struct numbers_call {
    size_t n;
    question_numbers *done;
    void *data;
};

static void on_reserved(void *data, const struct txn_result *result) {
    struct numbers_call *kept = data;
    struct numbers_call call = *kept;
    int64_t last = result->err == OK && result->n_values > 0
                       ? strtoll(result->values[0], NULL, 10)
                       : 0;
    free(kept);
    call.done(call.data, result->err,
              last == 0 ? 0 : last - (int64_t)call.n + 1);
}

void question_reserve(struct store *store, size_t n, question_numbers *done,
                      void *data) {
    struct numbers_call *call = xcalloc(1, sizeof(*call));
    *call = (struct numbers_call){n, done, data};
    struct txn *txn = txn_new(store);
    txn_op(txn, "number_reserve");
    txn_key(txn, KEY_NUMBER);
    txn_arg_int(txn, (int64_t)n);
    txn_commit(txn, on_reserved, call);
}

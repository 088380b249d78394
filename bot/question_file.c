#include "bot/question_file.h"

#include "base/arena.h"
#include "base/fold.h"
#include "base/mem.h"
#include "bot/quiz_answer.h"
#include "bot/table_file.h"
#include "bot/table_xlsx.h"

#include <stdlib.h>
#include <string.h>

enum column { KIND, TEXT, ANSWER, EXPLANATION, CATEGORY, FIRST_OPTION };

static const struct table_column columns[] = {
    [KIND] = {"kind", "题型", false},
    [TEXT] = {"text", "题目", true},
    [ANSWER] = {"answer", "答案", true},
    [EXPLANATION] = {"explanation", "解析", false},
    [CATEGORY] = {"category", "分类", false},
    [FIRST_OPTION] = {"A", "选项A", false},
    {"B", "选项B", false},
    {"C", "选项C", false},
    {"D", "选项D", false},
    {"E", "选项E", false},
    {"F", "选项F", false},
    {"G", "选项G", false},
    {"H", "选项H", false},
};
_Static_assert(ARRAY_LEN(columns) == FIRST_OPTION + QUESTION_OPTIONS_MAX,
               "an option a column");

struct reading {
    struct arena *arena;
    struct question *questions;
    size_t n;
    question_file_fault *fault;
    void *data;
};

/* What people call a kind. */
static bool read_kind(struct arena *arena, const char *word,
                      enum question_kind *out) {
    static const struct {
        const char *word;
        enum question_kind kind;
    } words[] = {
        {"单选", QUESTION_SINGLE},       {"单选题", QUESTION_SINGLE},
        {"single", QUESTION_SINGLE},     {"多选", QUESTION_MULTIPLE},
        {"多选题", QUESTION_MULTIPLE},   {"不定项", QUESTION_MULTIPLE},
        {"multiple", QUESTION_MULTIPLE}, {"判断", QUESTION_TRUTH},
        {"判断题", QUESTION_TRUTH},      {"truth", QUESTION_TRUTH},
    };
    const char *folded = fold_string(arena, word);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(folded, words[i].word) != 0)
            continue;
        *out = words[i].kind;
        return true;
    }
    return false;
}

static const char *or_empty(const char *field) {
    return field == NULL ? "" : field;
}

static const char *read_options(struct question *question,
                                const char *const *fields) {
    bool gap = false;
    for (size_t i = 0; i < QUESTION_OPTIONS_MAX; i++) {
        const char *option = or_empty(fields[FIRST_OPTION + i]);
        if (option[0] == '\0')
            gap = true;
        else if (gap)
            return "there is an option behind an empty one";
        else
            question->options[question->n_options++] = option;
    }
    return NULL;
}

/* Without a word for it: nothing to choose from is a statement, several
 * answers are a choice of several. */
static const char *read_answer(struct arena *arena, struct question *question,
                               const char *kind, const char *answer) {
    static const char no_answer[] = "the answer is none of its options";
    if (kind[0] == '\0') {
        question->kind =
            question->n_options == 0 ? QUESTION_TRUTH : QUESTION_MULTIPLE;
    } else if (!read_kind(arena, kind, &question->kind)) {
        return "there is no such kind";
    }
    /* A table may spell the two answers of a statement out. */
    if (question->kind == QUESTION_TRUTH)
        question->n_options = 0;
    if (!quiz_answer_read(arena, question, answer, &question->correct))
        return no_answer;
    unsigned mask = question->correct;
    if (kind[0] == '\0' && question->kind == QUESTION_MULTIPLE &&
        (mask & (mask - 1)) == 0)
        question->kind = QUESTION_SINGLE;
    return NULL;
}

static const char *check(struct arena *arena, const struct question *question) {
    const char *fault = question_fault(question);
    if (fault == NULL)
        return NULL;
    return arena_printf(arena, "%s: missing, too long or not possible", fault);
}

static const char *on_row(void *data, size_t line, const char *const *fields) {
    struct reading *reading = data;
    struct question question = {
        .id = "",
        .text = or_empty(fields[TEXT]),
        .photo = "",
        .explanation = or_empty(fields[EXPLANATION]),
        .category = or_empty(fields[CATEGORY]),
        .material = "",
        .by = "",
    };
    (void)line;
    if (reading->n == QUESTION_FILE_ROWS) {
        reading->n++; /* told once */
        return arena_printf(reading->arena, "there are more than %d questions",
                            QUESTION_FILE_ROWS);
    }
    if (reading->n > QUESTION_FILE_ROWS)
        return NULL;
    const char *fault = read_options(&question, fields);
    if (fault == NULL)
        fault = read_answer(reading->arena, &question, or_empty(fields[KIND]),
                            or_empty(fields[ANSWER]));
    if (fault == NULL)
        fault = check(reading->arena, &question);
    reading->questions[reading->n++] = question;
    return fault;
}

static void on_fault(void *data, size_t line, const char *what) {
    const struct reading *reading = data;
    reading->fault(reading->data, line, what);
}

bool question_file_read(struct arena *arena, const char *bytes, size_t len,
                        question_file_fault *fault, void *data,
                        struct question **out, size_t *n) {
    struct reading reading = {.arena = arena, .fault = fault, .data = data};
    const struct table table = {
        .columns = columns,
        .n_columns = ARRAY_LEN(columns),
        .max_bytes = QUESTION_FILE_BYTES,
        .row = on_row,
        .fault = on_fault,
        .data = &reading,
    };
    reading.questions =
        arena_alloc(arena, QUESTION_FILE_ROWS * sizeof(*reading.questions));
    bool good = table_is_xlsx(bytes, len)
                    ? table_read_xlsx(arena, &table, bytes, len)
                    : table_read(arena, &table, bytes, len);
    *out = reading.questions;
    *n = good ? reading.n : 0;
    return good;
}

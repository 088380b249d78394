#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * The question bank: what quizzes ask. Options are known by their numbers, 1
 * the first; a set of them is a mask with bit 0 for the first. A statement that
 * is true or false has no options of its own: 1 is true, 2 is false.
 */
enum question_kind {
    QUESTION_SINGLE,
    QUESTION_MULTIPLE,
    QUESTION_TRUTH,
    QUESTION_KINDS
};

#define QUESTION_OPTIONS_MAX 8 /* "13" is then the first and the third */
#define QUESTION_TEXT_CHARS 500
#define QUESTION_OPTION_CHARS 120
#define QUESTION_CATEGORY_CHARS 32
#define QUESTIONS_MAX 10000 /* of a district */

struct question {
    const char *id; /* "Q7" */
    int64_t version;
    enum question_kind kind;
    const char *text;
    const char *photo; /* id of a stored one, or "" */
    const char *options[QUESTION_OPTIONS_MAX];
    size_t n_options; /* of truth: 0 */
    unsigned correct; /* at least one; of single and truth: one */
    const char *explanation, *category, *material, *by; /* or "" */
    int64_t created_ms;
};

/* "single", "multiple", "truth"; false of any other word. */
const char *question_kind_word(enum question_kind kind);
bool question_kind_parse(const char *word, enum question_kind *out);
/* How many answers there are to choose from: of truth 2. */
size_t question_choices(const struct question *question);
/* NULL, or which member will not do: "text", "options", … Texts are clean. */
const char *question_fault(const struct question *question);
/* A mask as digits, "13"; and back, whatever is no digit of 1 to 8 is passed
 * over. */
#define QUESTION_DIGITS (QUESTION_OPTIONS_MAX + 1)
void question_digits(unsigned mask, char out[static QUESTION_DIGITS]);
unsigned question_mask(const char *digits);

/* ERR_CONFLICT as record_put(); ERR_LIMIT: a new one beyond QUESTIONS_MAX. */
void question_put(struct txn *txn, const struct question *question);
/* ERR_LIMIT unless there is room for so many new ones together: before their
 * question_put(). */
void question_expect_room(struct txn *txn, size_t n);
void question_remove(struct txn *txn, const char *id, int64_t version);
/* Whether text is an id such as "Q7". */
bool question_id_valid(const char *text);

typedef void question_read(void *data, enum err err,
                           const struct question *question);
void question_get(struct store *store, struct arena *arena, const char *id,
                  question_read *done, void *data);
/* As record_list_kind() and record_get_many(): latest first, borrowed. */
typedef void question_list(void *data, enum err err,
                           const struct question *questions, size_t n,
                           int64_t total);
void question_list_from(struct store *store, struct arena *arena, size_t offset,
                        size_t max, question_list *done, void *data);
void question_get_many(struct store *store, struct arena *arena,
                       const char *const *ids, size_t n, question_list *done,
                       void *data);

/* Numbers for many new ones at once: first, first + 1, … 0 with an error. */
typedef void question_numbers(void *data, enum err err, int64_t first);
void question_reserve(struct store *store, size_t n, question_numbers *done,
                      void *data);

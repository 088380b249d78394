#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * A quiz: questions that riders answer one after the other, each once.
 *
 *   plain  from its opening on, as slowly as the rider likes
 *   daily  one question a day, out from a time of day to that of the next
 *   arena  between two times, with so many seconds for each question
 *
 * What is answered belongs to a run: of a daily quiz each day is one.
 */
enum quiz_kind { QUIZ_PLAIN, QUIZ_DAILY, QUIZ_ARENA, QUIZ_KINDS };
enum quiz_state { QUIZ_DRAFT, QUIZ_OPEN, QUIZ_CLOSED, QUIZ_STATES };

#define QUIZ_QUESTIONS_MAX 50
#define QUIZ_POOL_MAX 1000 /* named questions of a daily one */
#define QUIZ_SECONDS_MAX 600
#define QUIZ_SECONDS_DEFAULT 30
#define QUIZ_TITLE_CHARS 60
#define QUIZ_POINTS_MAX 100
#define QUIZ_POINTS_POLICY (-1) /* as the district's rules say */
#define QUIZZES_OPEN_MAX 50     /* at once */
#define QUIZ_RUN_BYTES 48

struct quiz {
    const char *id; /* "Z5" */
    int64_t version;
    enum quiz_kind kind;
    enum quiz_state state;
    const char *title;
    const char *questions; /* ids joined by ','; "": drawn from category */
    const char *category;  /* "" with no questions: from the whole bank */
    int n;                 /* how many are drawn */
    const char *asked;     /* ids of an open one; of a daily one today's */
    /* 0: when somebody opens or closes it. Of an arena both are set. */
    int64_t opens_ms, closes_ms;
    int seconds;      /* a question, of an arena */
    int points;       /* a right answer; or QUIZ_POINTS_POLICY */
    int at_min;       /* daily: minute of the day at which the next is out */
    const char *day;  /* daily: "2026-11-22", whose question is out; or "" */
    const char *past; /* daily: ids of those before, latest first */
    const char *by;
    int64_t created_ms, updated_ms;
};

const char *quiz_kind_word(enum quiz_kind kind); /* "quiz", "daily", "arena" */
bool quiz_kind_parse(const char *word, enum quiz_kind *out);
const char *quiz_state_word(enum quiz_state state); /* "draft", … */
bool quiz_id_valid(const char *text);
/* Whether riders may answer at that moment. */
bool quiz_is_open(const struct quiz *quiz, int64_t now_ms);
/* The run that is open: "Z5", "Z5.2026-11-22". */
void quiz_run(const struct quiz *quiz, char out[static QUIZ_RUN_BYTES]);

/* ERR_CONFLICT unless its version is that in the store; ERR_LIMIT: one more
 * than QUIZZES_OPEN_MAX would be open. */
void quiz_put(struct txn *txn, const struct quiz *quiz);
void quiz_remove(struct txn *txn, const char *id, int64_t version);
/* ERR_CONFLICT when it has changed: an answer is to what was asked. */
void quiz_expect(struct txn *txn, const struct quiz *quiz);

typedef void quiz_read(void *data, enum err err, const struct quiz *quiz);
void quiz_get(struct store *store, struct arena *arena, const char *id,
              quiz_read *done, void *data);
typedef void quiz_list(void *data, enum err err, const struct quiz *quizzes,
                       size_t n, int64_t total);
/* Latest first. */
void quiz_list_from(struct store *store, struct arena *arena, size_t offset,
                    size_t max, quiz_list *done, void *data);
/* Those whose state is open, whatever the time. */
void quiz_list_open(struct store *store, struct arena *arena, quiz_list *done,
                    void *data);
/* Goes up with every change of a quiz or question. */
typedef void quiz_changes(void *data, enum err err, int64_t changes);
void quiz_get_changes(struct store *store, struct arena *arena,
                      quiz_changes *done, void *data);

#pragma once

#include "store/question.h"
#include "store/quiz.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bot;

/*
 * The open quizzes with their questions, in memory, so that an answer needs to
 * read no more than what its rider did before. The store is asked every second
 * whether anything has changed. Here, too, a daily quiz gets its question of
 * the day, by a transaction under its version: once, however many processes
 * look; and what is over is closed.
 */
struct quizzes;

#define QUIZZES_LOOK_MS 1000

struct quizzes *quizzes_new(struct bot *bot);
/* After the store, which ends what is under way. Takes NULL. */
void quizzes_free(struct quizzes *quizzes);
/* Looks now, for tests with a clock of their own. */
void quizzes_look(struct quizzes *quizzes);
/* Reads what has changed; done, which may be NULL, is called once, later in
 * the loop, whether it went well or not. */
typedef void quizzes_done(void *data);
void quizzes_refresh(struct quizzes *quizzes, quizzes_done *done, void *data);

/* A quiz whose state is open, and what it asks now. Good until the loop turns,
 * as all that is given here. */
struct quiz_sheet {
    struct quiz quiz;
    const struct question *questions;
    size_t n;
};

/* Whether they were read at least once. */
bool quizzes_known(const struct quizzes *quizzes);
/* NULL: it is not open. */
const struct quiz_sheet *quizzes_find(const struct quizzes *quizzes,
                                      const char *id);
/* Those of a kind that can be answered at a moment, or will be; the earliest
 * first. */
size_t quizzes_list(const struct quizzes *quizzes, enum quiz_kind kind,
                    int64_t now_ms, const struct quiz_sheet **out, size_t max);
/* Whether an open quiz asks or may ask a question. */
bool quizzes_use(const struct quizzes *quizzes, const char *question);

#pragma once

#include "store/question.h"
#include "store/quiz.h"
#include "tests/integration/engine.h"

/*
 * Questions and quizzes for tests of the engine: put into the store, and known
 * to the process when these return.
 */

/* Q1 … Qn of a category: single, of the options 甲 乙 丙 丁; the right one of
 * Qi is i % 4 + 1. */
void quiz_add_questions(struct engine *engine, int first, int n,
                        const char *category);
void quiz_add_question(struct engine *engine, const struct question *question);
/* Missing members are made up. */
void quiz_add(struct engine *engine, const struct quiz *quiz);
/* Looks as the clock does, and waits for what it does. */
void quiz_tick(struct engine *engine);
/* Local time is UTC+8: so many minutes after ENGINE_START_MS. */
#define QUIZ_MINUTE_MS (60 * 1000LL)

#pragma once

#include "bot/quizzes.h"
#include "store/attempt.h"

#include <stdbool.h>
#include <stddef.h>

struct turn;

/*
 * What 答题 and 擂台 share: a form whose slots are quiz, answer, at and from,
 * which asks one question after the other. What was answered is in the store,
 * the form knows only what it has asked: "at" is "<run> <n>", and in which
 * group it began: "from". So a rider may stop and go on, today or tomorrow,
 * here or elsewhere.
 */
#define QUIZ_ANSWER_CHARS 60

/* Calls next with the open quizzes at hand; read anew when the turn was opened
 * again because something had changed. */
void quiz_with_open(struct turn *turn, void (*next)(struct turn *turn));

/* Reads what the rider did in a quiz, then calls found. sheet is NULL when it
 * is open no more. */
struct quiz_look {
    const struct quiz_sheet *sheet;
    const struct attempt *attempt;
    const struct run_counts *counts;
};
typedef void quiz_found(struct turn *turn, const struct quiz_look *look);
void quiz_look(struct turn *turn, const char *id, quiz_found *found);

/* Takes the answer that the form has, or asks what is to be answered next, or
 * tells what came of it all. Ends the turn. */
void quiz_go_on(struct turn *turn, const struct quiz_look *look);

/* "12.3": of milliseconds. */
const char *quiz_seconds(struct turn *turn, int64_t ms);

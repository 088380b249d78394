#pragma once

#include "handlers/quiz_flow.h"

struct notice;
struct turn;

/* How questions and answers read. */

/* The parameters of a question: i, n, text, rows, photo, *hint. */
void quiz_put_question(struct turn *turn, struct notice *notice,
                       const struct quiz_sheet *sheet, size_t i);
/* "回答正确！…" or what would have been right, and why; mask 0: too late. */
const char *quiz_verdict(struct turn *turn, const struct quiz_sheet *sheet,
                         size_t i, unsigned mask);
/* What is wrong with an answer that is none. */
const char *quiz_no_answer(struct turn *turn, const struct question *question);
/* "今天已有 12 人作答，答对 75%": of question i, with one more answer by mask;
 * extra 0: without. */
const char *quiz_counted(struct turn *turn, const struct quiz_look *look,
                         size_t i, bool one_more, unsigned mask);
const char *quiz_number(struct turn *turn, int64_t n);

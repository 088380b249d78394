#pragma once

#include "store/question.h"

#include <stdbool.h>

struct arena;

/*
 * What riders type as an answer: "2", "B", "1 3", "13", "A、C"; 对 and 错, in
 * every language, to a statement. The mask of what is chosen; false when it is
 * no answer to this question, such as two options of a single choice.
 */
bool quiz_answer_read(struct arena *arena, const struct question *question,
                      const char *text, unsigned *mask);

/* "2 戴头盔" of a single choice, "1、3" of several, "对" of a statement: an
 * answer as it is told. truth: the words for true and false. */
const char *quiz_answer_text(struct arena *arena,
                             const struct question *question, unsigned mask,
                             const char *const truth[static 2]);

#pragma once

#include "base/err.h"
#include "store/quiz.h"

struct arena;
struct store;

/*
 * Finds what an opening quiz asks: the questions it names, all of which must be
 * there, or as many as it wants drawn by lot from its category. Of a daily one
 * it is the next day's, which is not repeated before the others have been.
 *
 * ERR_NOT_FOUND: a question it names is not there; ERR_LIMIT: there are too few
 * to draw from. asked and past are as in struct quiz, in arena.
 */
typedef void quiz_drawn(void *data, enum err err, const char *asked,
                        const char *past);
void quiz_draw(struct store *store, struct arena *arena,
               const struct quiz *quiz, quiz_drawn *done, void *data);

/* Ids joined by ',' as a list in arena; returns how many, max at most. */
size_t quiz_ids(struct arena *arena, const char *joined, const char **ids,
                size_t max);

#pragma once

#include "base/err.h"

#include <stddef.h>

struct arena;
struct store;

/*
 * Whether things that others name are there, such as the quiz of a broadcast.
 */
enum thing { THING_QUIZ, THING_MATERIAL, THING_EVENT, THINGS };

struct presence {
    enum thing thing;
    const char *id;
};
/* Whether an id is of the form of its kind: "Z7", "M7", "E7". */
_Bool presence_id_valid(enum thing thing, const char *id);
/* missing is the index of the first that is not there; n when all are. Each id
 * is of the right form. done is called later in the loop; n > 0. */
typedef void presence_checked(void *data, enum err err, size_t missing);
void presence_check(struct store *store, struct arena *arena,
                    const struct presence *things, size_t n,
                    presence_checked *done, void *data);

#pragma once

#include "handlers/quiz_flow.h"

#include <stdbool.h>

struct turn;

/*
 * Which quiz it is: for commands with a CHOICE slot "quiz" and a TEXT slot
 * "answer". The numbers of the list are those of what is open, whether the
 * rider is through with it or not, so that they are the same when it is
 * answered.
 */
#define QUIZ_LISTED_MAX 8

/* prepare() of such a command: arena, or all else. */
void quiz_prepare(struct turn *turn, bool arena);

struct quiz_choice {
    bool arena;
    quiz_found *found; /* of the one that it is */
    const char *none;  /* said when nothing is open */
    const char *done;  /* and when the rider is through with all */
};
/* choice lives as long as the program. */
void quiz_choose(struct turn *turn, const struct quiz_choice *choice);

/* 答题: the question of the day, and quizzes that are open. */
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/quiz_choose.h"

static const struct slot slots[] = {
    {.name = "quiz", .type = SLOT_CHOICE, .need = SLOT_OPTIONAL},
    {.name = "answer",
     .type = SLOT_TEXT,
     .need = SLOT_OPTIONAL,
     .max = QUIZ_ANSWER_CHARS},
    {.name = "at", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
    {.name = "from", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
};

static const struct quiz_choice choice = {
    .found = quiz_go_on,
    .none = "quiz.none",
    .done = "quiz.all_done",
};

static void prepare(struct turn *turn) {
    quiz_prepare(turn, false);
}

static void choose(struct turn *turn) {
    quiz_choose(turn, &choice);
}

static void commit(struct turn *turn) {
    quiz_with_open(turn, choose);
}

const struct command command_quiz = {
    .name = "quiz",
    .where = COMMAND_PRIVATE,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = commit,
};

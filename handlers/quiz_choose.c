/* Which of several quizzes a rider wants. */
#include "handlers/quiz_choose.h"

#include "bot/bot.h"
#include "bot/form.h"
#include "bot/turn.h"

#include <string.h>

/* What is open, the question of the day first, then the latest. */
static size_t find_open(const struct turn *turn, bool arena,
                        const struct quiz_sheet *out[static QUIZ_LISTED_MAX]) {
    const struct quizzes *quizzes = turn->bot->quizzes;
    const struct quiz_sheet *found[2 * QUIZZES_OPEN_MAX];
    size_t n = 0, open = 0;
    if (!arena)
        n = quizzes_list(quizzes, QUIZ_DAILY, turn->now_ms, found,
                         QUIZZES_OPEN_MAX);
    size_t days = n;
    n += quizzes_list(quizzes, arena ? QUIZ_ARENA : QUIZ_PLAIN, turn->now_ms,
                      found + n, QUIZZES_OPEN_MAX);
    for (size_t i = 0; i < n && open < QUIZ_LISTED_MAX; i++) {
        const struct quiz_sheet *sheet = found[i < days ? i : n - 1 - i + days];
        if (quiz_is_open(&sheet->quiz, turn->now_ms))
            out[open++] = sheet;
    }
    return open;
}

static struct option *options_of(struct turn *turn, bool arena, size_t *n) {
    const struct quiz_sheet *open[QUIZ_LISTED_MAX];
    struct option *options =
        arena_alloc(&turn->arena, QUIZ_LISTED_MAX * sizeof(*options));
    *n = find_open(turn, arena, open);
    for (size_t i = 0; i < *n; i++)
        options[i] = (struct option){
            arena_strdup(&turn->arena, open[i]->quiz.id),
            arena_strdup(&turn->arena, open[i]->quiz.title), NULL};
    return options;
}

static void set_options(struct turn *turn, bool arena) {
    size_t n;
    const struct option *options = options_of(turn, arena, &n);
    form_set_options(turn, "quiz", options, n);
    form_ready(turn);
}

static void set_arenas(struct turn *turn) {
    set_options(turn, true);
}

static void set_others(struct turn *turn) {
    set_options(turn, false);
}

void quiz_prepare(struct turn *turn, bool arena) {
    quiz_with_open(turn, arena ? set_arenas : set_others);
}

/* Several are open: how far the rider is in each. */
struct choosing {
    const struct quiz_choice *choice;
    struct option *options;
    size_t n, at, left, last; /* last: the last of those left */
};

static void end_choosing(struct turn *turn) {
    struct choosing *choosing = turn->data;
    if (choosing->left == 1) {
        quiz_look(turn, choosing->options[choosing->last].id,
                  choosing->choice->found);
        return;
    }
    if (choosing->left == 0) {
        turn_say(turn, choosing->choice->done);
        return;
    }
    form_set_options(turn, "quiz", choosing->options, choosing->n);
    form_put(turn, "answer", NULL);
    form_ask(turn, "quiz");
    turn_commit(turn);
}

static void look_at_next(struct turn *turn);

static void on_look(struct turn *turn, const struct quiz_look *look) {
    struct choosing *choosing = turn->data;
    struct option *option = &choosing->options[choosing->at];
    if (look->sheet == NULL || look->attempt->finished_ms != 0) {
        const struct text_param title = {"title", option->title};
        option->title = turn_text(turn, "quiz.title_done", &title, 1);
    } else {
        choosing->last = choosing->at;
        choosing->left++;
    }
    if (++choosing->at == choosing->n)
        end_choosing(turn);
    else
        look_at_next(turn);
}

static void look_at_next(struct turn *turn) {
    const struct choosing *choosing = turn->data;
    quiz_look(turn, choosing->options[choosing->at].id, on_look);
}

void quiz_choose(struct turn *turn, const struct quiz_choice *choice) {
    const char *id = form_value(turn, "quiz");
    struct choosing *choosing = arena_alloc(&turn->arena, sizeof(*choosing));
    if (id[0] != '\0') {
        quiz_look(turn, id, choice->found);
        return;
    }
    choosing->choice = choice;
    choosing->options = options_of(turn, choice->arena, &choosing->n);
    turn->data = choosing;
    if (choosing->n == 0)
        turn_say(turn, choice->none);
    else if (choosing->n == 1)
        quiz_look(turn, choosing->options[0].id, choice->found);
    else
        look_at_next(turn);
}

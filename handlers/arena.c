/* 擂台: a contest against the clock, and where one stands in it. */
#include "base/buf.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/quiz_choose.h"
#include "handlers/quiz_text.h"
#include "handlers/tickets.h"
#include "store/leaderboard.h"

#include <inttypes.h>
#include <string.h>

#define FIRST_SHOWN 5

static const char *const gos[] = {"start", "later", NULL};

static const struct slot slots[] = {
    {.name = "quiz", .type = SLOT_CHOICE, .need = SLOT_OPTIONAL},
    {.name = "go",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = gos,
     .options_key = "arena_go"},
    {.name = "answer",
     .type = SLOT_TEXT,
     .need = SLOT_OPTIONAL,
     .max = QUIZ_ANSWER_CHARS},
    {.name = "at", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
    {.name = "from", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
};

/* ---- where one stands ------------------------------------------------------
 */

struct standing {
    struct turn *turn;
    const char *title, *run;
    size_t n_questions;
    struct place own, *first;
    size_t n_first;
    int64_t total;
};

static void on_nicks(void *data, enum err err, const char *const *nicks,
                     size_t n) {
    const struct standing *standing = data;
    struct turn *turn = standing->turn;
    struct buf rows;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    buf_init(&rows);
    for (size_t i = 0; i < n; i++) {
        const struct place *place = &standing->first[i];
        const struct text_param params[] = {
            {"rank", quiz_number(turn, place->rank)},
            {"name", nicks[i][0] != '\0'
                         ? nicks[i]
                         : turn_text(turn, "quiz.unnamed", NULL, 0)},
            {"right", quiz_number(turn, attempt_score_right(place->score))},
            {"seconds", quiz_seconds(turn, attempt_score_ms(place->score))},
        };
        buf_addf(&rows, "\n%s",
                 turn_text(turn, "arena.row", params, ARRAY_LEN(params)));
    }
    struct notice *reply = turn_reply(turn, "arena.standing");
    int64_t score = standing->own.score;
    notice_param(reply, "title", standing->title);
    notice_param(reply, "right", quiz_number(turn, attempt_score_right(score)));
    notice_param(reply, "n", quiz_number(turn, (int64_t)standing->n_questions));
    notice_param(reply, "seconds", quiz_seconds(turn, attempt_score_ms(score)));
    notice_param(reply, "rank", quiz_number(turn, standing->own.rank));
    notice_param(reply, "total", quiz_number(turn, standing->total));
    notice_param(reply, "rows",
                 rows.data == NULL
                     ? ""
                     : arena_strndup(&turn->arena, rows.data, rows.len));
    buf_finish(&rows);
    turn_commit(turn);
}

static void on_first(void *data, enum err err, const struct place *places,
                     size_t n, int64_t total) {
    struct standing *standing = data;
    const char *ids[FIRST_SHOWN];
    struct turn *turn = standing->turn;
    (void)total;
    if (err != OK || n == 0) {
        turn_fail(turn, err != OK ? err : ERR_NOT_FOUND);
        return;
    }
    standing->first = arena_alloc(&turn->arena, n * sizeof(*places));
    memcpy(standing->first, places, n * sizeof(*places));
    for (size_t i = 0; i < n; i++)
        ids[i] = places[i].id;
    leaderboard_nicks(turn->bot->store, &turn->arena, ids, n, on_nicks,
                      standing);
}

static void on_own(void *data, enum err err, const struct place *places,
                   size_t n, int64_t total) {
    struct standing *standing = data;
    struct turn *turn = standing->turn;
    if (err != OK || n == 0) {
        turn_fail(turn, err != OK ? err : ERR_NOT_FOUND);
        return;
    }
    standing->own = places[0];
    standing->total = total;
    run_list_places(turn->bot->store, &turn->arena, standing->run, 0,
                    FIRST_SHOWN, on_first, standing);
}

static void show_standing(struct turn *turn, const struct quiz_sheet *sheet) {
    struct standing *standing = arena_alloc(&turn->arena, sizeof(*standing));
    char run[QUIZ_RUN_BYTES];
    quiz_run(&sheet->quiz, run);
    *standing = (struct standing){
        .turn = turn,
        .title = arena_strdup(&turn->arena, sheet->quiz.title),
        .run = arena_strdup(&turn->arena, run),
        .n_questions = sheet->n,
    };
    run_find_place(turn->bot->store, &turn->arena, standing->run,
                   turn->message.rider, on_own, standing);
}

/* ---- the way in ------------------------------------------------------------
 */

/* The clock runs from the first question on: nobody is thrown into it. */
static void ask_go(struct turn *turn, const struct quiz *quiz, size_t n) {
    form_put(turn, "quiz", arena_strdup(&turn->arena, quiz->id));
    form_put(turn, "answer", NULL);
    struct notice *notice = form_ask(turn, "go");
    notice_param(notice, "title", arena_strdup(&turn->arena, quiz->title));
    notice_param(notice, "n", quiz_number(turn, (int64_t)n));
    notice_param(notice, "seconds", quiz_number(turn, quiz->seconds));
    notice_param(notice, "until", ticket_time(turn, quiz->closes_ms));
    turn_commit(turn);
}

static void on_found(struct turn *turn, const struct quiz_look *look) {
    const char *go = form_value(turn, "go");
    if (look->sheet == NULL || look->attempt->started_ms != 0) {
        if (look->sheet != NULL && look->attempt->finished_ms != 0)
            show_standing(turn, look->sheet);
        else
            quiz_go_on(turn, look);
    } else if (strcmp(go, "start") == 0) {
        quiz_go_on(turn, look);
    } else if (strcmp(go, "later") == 0) {
        turn_say(turn, "arena.later");
    } else {
        ask_go(turn, &look->sheet->quiz, look->sheet->n);
    }
}

static const struct quiz_choice choice = {
    .arena = true,
    .found = on_found,
    .none = "arena.none",
    .done = "quiz.all_done",
};

static bool none_is_open(const struct turn *turn,
                         const struct quiz_sheet *const *sheets, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (quiz_is_open(&sheets[i]->quiz, turn->now_ms))
            return false;
    return true;
}

static void choose(struct turn *turn) {
    const struct quiz_sheet *sheets[QUIZZES_OPEN_MAX];
    size_t n = quizzes_list(turn->bot->quizzes, QUIZ_ARENA, turn->now_ms,
                            sheets, QUIZZES_OPEN_MAX);
    if (n == 0 || form_value(turn, "quiz")[0] != '\0' ||
        !none_is_open(turn, sheets, n)) {
        quiz_choose(turn, &choice);
        return;
    }
    struct notice *notice = turn_reply(turn, "arena.planned");
    notice_param(notice, "title",
                 arena_strdup(&turn->arena, sheets[0]->quiz.title));
    notice_param(notice, "time", ticket_time(turn, sheets[0]->quiz.opens_ms));
    turn_commit(turn);
}

static void prepare(struct turn *turn) {
    quiz_prepare(turn, true);
}

static void commit(struct turn *turn) {
    quiz_with_open(turn, choose);
}

const struct command command_arena = {
    .name = "arena",
    .where = COMMAND_PRIVATE,
    .hidden = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = commit,
};

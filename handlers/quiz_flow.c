/* The way of a rider through a quiz: a question, its answer, the next one. */
#include "handlers/quiz_flow.h"

#include "base/mem.h"
#include "bot/bot.h"
#include "bot/form.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/quiz_answer.h"
#include "bot/turn.h"
#include "handlers/earn.h"
#include "handlers/quiz_read.h"
#include "handlers/quiz_text.h"
#include "handlers/tickets.h"
#include "store/store.h"
#include "store/txn.h"

#include <string.h>

/* ---- reading ---------------------------------------------------------------
 */

struct waiting {
    struct turn *turn;
    void (*next)(struct turn *turn);
};

static void on_fresh(void *data) {
    struct waiting *waiting = data;
    waiting->next(waiting->turn);
}

void quiz_with_open(struct turn *turn, void (*next)(struct turn *turn)) {
    if (turn->attempts <= 1 && quizzes_known(turn->bot->quizzes)) {
        next(turn);
        return;
    }
    struct waiting *waiting = arena_alloc(&turn->arena, sizeof(*waiting));
    *waiting = (struct waiting){turn, next};
    quizzes_refresh(turn->bot->quizzes, on_fresh, waiting);
}

struct looking {
    struct turn *turn;
    const char *id, *run;
    quiz_found *found;
};

/* The quiz as it is now: it may have gone on to another day meanwhile. */
static const struct quiz_sheet *find(struct turn *turn, const char *id,
                                     const char *run) {
    const struct quiz_sheet *sheet = quizzes_find(turn->bot->quizzes, id);
    char now[QUIZ_RUN_BYTES];
    if (sheet == NULL || sheet->n == 0 ||
        !quiz_is_open(&sheet->quiz, turn->now_ms))
        return NULL;
    quiz_run(&sheet->quiz, now);
    return run == NULL || strcmp(now, run) == 0 ? sheet : NULL;
}

static void on_attempt(void *data, enum err err, const struct attempt *attempt,
                       const struct run_counts *counts) {
    const struct looking *looking = data;
    struct turn *turn = looking->turn;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    const struct quiz_look look = {find(turn, looking->id, looking->run),
                                   attempt, counts};
    looking->found(turn, &look);
}

void quiz_look(struct turn *turn, const char *id, quiz_found *found) {
    const struct quiz_sheet *sheet = find(turn, id, NULL);
    char run[QUIZ_RUN_BYTES];
    if (sheet == NULL) {
        found(turn, &(struct quiz_look){0});
        return;
    }
    struct looking *looking = arena_alloc(&turn->arena, sizeof(*looking));
    quiz_run(&sheet->quiz, run);
    *looking = (struct looking){turn, arena_strdup(&turn->arena, id),
                                arena_strdup(&turn->arena, run), found};
    attempt_get(turn->bot->store, &turn->arena, looking->run,
                turn->message.rider, on_attempt, looking);
}

/* ---- what an answer is worth -----------------------------------------------
 */

static void add_points(struct turn *turn, const struct quiz_sheet *sheet,
                       const char *question) {
    const struct policy *policy = policies_get(turn->bot->policies);
    int points = sheet->quiz.points == QUIZ_POINTS_POLICY
                     ? policy_rules(policy)->question_points
                     : sheet->quiz.points;
    if (points > 0)
        earn_points(turn, points, question);
}

static int64_t full_ms(const struct quiz *quiz) {
    return quiz->kind == QUIZ_ARENA ? quiz->seconds * 1000LL : 0;
}

static void put(struct turn *turn, const struct quiz_look *look,
                const struct attempt *after, bool answered) {
    char run[QUIZ_RUN_BYTES];
    quiz_run(&look->sheet->quiz, run);
    earn_name(turn);
    quiz_expect(turn->txn, &look->sheet->quiz);
    attempt_put(turn->txn,
                &(struct attempt_change){
                    .run = run,
                    .rider = turn->message.rider,
                    .before = look->attempt,
                    .after = after,
                    .answered = answered,
                    .score = attempt_score(after, look->sheet->n,
                                           full_ms(&look->sheet->quiz)),
                    .now_ms = turn->now_ms,
                });
}

/* ---- asking ----------------------------------------------------------------
 */

/* Whether the clock of the question that is open has run out. */
static bool is_late(const struct turn *turn, const struct quiz_look *look) {
    int64_t full = full_ms(&look->sheet->quiz);
    return full > 0 && look->attempt->asked_ms != 0 &&
           turn->now_ms > look->attempt->asked_ms + full;
}

/* Asks question i; head is put before it, "" for none. */
static void ask(struct turn *turn, const struct quiz_sheet *sheet, size_t i,
                int64_t left_ms, const char *head) {
    char run[QUIZ_RUN_BYTES];
    quiz_run(&sheet->quiz, run);
    form_put(turn, "quiz", arena_strdup(&turn->arena, sheet->quiz.id));
    if (turn->message.in_group)
        form_put(turn, "from", turn->message.chat);
    form_put(turn, "at", arena_printf(&turn->arena, "%s %zu", run, i));
    struct notice *notice = form_ask(turn, "answer");
    notice_param(notice, "head",
                 head[0] == '\0' ? ""
                                 : arena_printf(&turn->arena, "%s\n\n", head));
    quiz_put_question(turn, notice, sheet, i);
    if (sheet->quiz.kind == QUIZ_ARENA)
        notice_param(notice, "seconds",
                     quiz_number(turn, (left_ms + 999) / 1000));
    turn_commit(turn);
}

/* The next question, for the first time or again. */
static void ask_next(struct turn *turn, const struct quiz_look *look,
                     const char *head) {
    const struct attempt *attempt = look->attempt;
    int64_t full = full_ms(&look->sheet->quiz), left = full;
    if (full > 0 && attempt->asked_ms == 0) {
        struct attempt after = *attempt;
        after.asked_ms = turn->now_ms;
        if (after.started_ms == 0)
            after.started_ms = turn->now_ms;
        put(turn, look, &after, false);
    } else if (full > 0) {
        left = attempt->asked_ms + full - turn->now_ms;
    }
    ask(turn, look->sheet, attempt->n, left, head);
}

/* ---- answers ---------------------------------------------------------------
 */

/* A last answer that is being taken, while what comes of it is read. */
struct taken {
    struct turn *turn;
    struct attempt before, after;
    struct run_counts counts;
    const char *id, *run;
    unsigned mask;
};

static const char *answers_with(struct turn *turn,
                                const struct attempt *attempt, unsigned mask) {
    char digits[QUESTION_DIGITS];
    question_digits(mask, digits);
    return arena_printf(&turn->arena, "%s%s%s", attempt->answers,
                        attempt->n == 0 ? "" : ",", mask == 0 ? "-" : digits);
}

/* What becomes of an attempt by one more answer; mask 0: it came too late. */
static struct attempt answered(struct turn *turn, const struct quiz_look *look,
                               unsigned mask) {
    struct attempt after = *look->attempt;
    const struct question *question = &look->sheet->questions[after.n];
    int64_t full = full_ms(&look->sheet->quiz);
    if (full > 0)
        after.total_ms += mask == 0 ? full : turn->now_ms - after.asked_ms;
    after.answers = answers_with(turn, look->attempt, mask);
    after.right += mask != 0 && mask == question->correct;
    after.n++;
    if (after.started_ms == 0)
        after.started_ms = turn->now_ms;
    if (after.n == look->sheet->n)
        after.finished_ms = turn->now_ms;
    after.asked_ms = full > 0 && after.finished_ms == 0 ? turn->now_ms : 0;
    return after;
}

static void put_answer(struct turn *turn, const struct quiz_look *look,
                       const struct attempt *after, unsigned mask) {
    const struct question *question = &look->sheet->questions[look->attempt->n];
    put(turn, look, after, true);
    if (mask != 0 && mask == question->correct)
        add_points(turn, look->sheet, question->id);
}

static void put_result(struct turn *turn, struct notice *notice,
                       const struct quiz_sheet *sheet,
                       const struct attempt *attempt) {
    notice_param(notice, "title",
                 arena_strdup(&turn->arena, sheet->quiz.title));
    notice_param(notice, "right", quiz_number(turn, attempt->right));
    notice_param(notice, "n", quiz_number(turn, (int64_t)sheet->n));
    if (sheet->quiz.kind == QUIZ_ARENA)
        notice_param(notice, "seconds", quiz_seconds(turn, attempt->total_ms));
}

/* The last answer is taken: before is how many have a better place. */
static void finish(struct turn *turn, const struct quiz_look *look,
                   const struct attempt *after, unsigned mask, int64_t before) {
    static const char *const keys[QUIZ_KINDS] = {
        [QUIZ_PLAIN] = "quiz.finished",
        [QUIZ_DAILY] = "quiz.day_done",
        [QUIZ_ARENA] = "arena.finished",
    };
    size_t i = look->attempt->n;
    const struct quiz_sheet *sheet = look->sheet;
    put_answer(turn, look, after, mask);
    struct notice *notice = turn_reply(turn, keys[sheet->quiz.kind]);
    notice_param(notice, "verdict", quiz_verdict(turn, sheet, i, mask));
    if (sheet->quiz.kind == QUIZ_DAILY) {
        notice_param(notice, "counted",
                     quiz_counted(turn, look, i, true, mask));
    } else {
        put_result(turn, notice, sheet, after);
    }
    if (sheet->quiz.kind == QUIZ_ARENA)
        notice_param(notice, "rank", quiz_number(turn, before + 1));
    turn_commit(turn);
}

static void end(struct taken *taken, int64_t before) {
    struct turn *turn = taken->turn;
    const struct quiz_look look = {find(turn, taken->id, taken->run),
                                   &taken->before, &taken->counts};
    if (look.sheet == NULL)
        turn_say(turn, "quiz.over");
    else
        finish(turn, &look, &taken->after, taken->mask, before);
}

static void on_before(void *data, enum err err, const struct place *places,
                      size_t n, int64_t before) {
    struct taken *taken = data;
    (void)places;
    (void)n;
    if (err != OK)
        turn_fail(taken->turn, err);
    else
        end(taken, before);
}

/* The rank in an arena is told with the answer, so it is read before. */
static void on_noted(struct turn *turn) {
    struct taken *taken = turn->data;
    const struct quiz_sheet *sheet = find(turn, taken->id, taken->run);
    if (sheet == NULL || sheet->quiz.kind != QUIZ_ARENA) {
        end(taken, 0);
        return;
    }
    run_count_before(
        turn->bot->store, &turn->arena, taken->run,
        attempt_score(&taken->after, sheet->n, full_ms(&sheet->quiz)),
        on_before, taken);
}

static void take_last(struct turn *turn, const struct quiz_look *look,
                      const struct attempt *after, unsigned mask) {
    struct taken *taken = arena_alloc(&turn->arena, sizeof(*taken));
    const char *from = form_value(turn, "from");
    char run[QUIZ_RUN_BYTES];
    quiz_run(&look->sheet->quiz, run);
    *taken = (struct taken){
        .turn = turn,
        .before = *look->attempt,
        .after = *after,
        .counts = *look->counts,
        .id = arena_strdup(&turn->arena, look->sheet->quiz.id),
        .run = arena_strdup(&turn->arena, run),
        .mask = mask,
    };
    turn->data = taken;
    quiz_note_read(turn, from[0] != '\0' ? from : turn->message.chat, taken->id,
                   on_noted);
}

static void take(struct turn *turn, const struct quiz_look *look,
                 unsigned mask) {
    const struct quiz_sheet *sheet = look->sheet;
    struct attempt after = answered(turn, look, mask);
    if (after.finished_ms != 0) {
        take_last(turn, look, &after, mask);
    } else {
        put_answer(turn, look, &after, mask);
        ask(turn, sheet, after.n, full_ms(&sheet->quiz),
            quiz_verdict(turn, sheet, look->attempt->n, mask));
    }
}

/* ---- going on --------------------------------------------------------------
 */

/* Whether what was typed is to the question that is open: the form has asked
 * it, or it is the only one there is. */
static bool is_to_this(struct turn *turn, const struct quiz_look *look) {
    char run[QUIZ_RUN_BYTES];
    const char *at = form_value(turn, "at");
    quiz_run(&look->sheet->quiz, run);
    if (at[0] == '\0')
        return look->sheet->n == 1 && full_ms(&look->sheet->quiz) == 0;
    return strcmp(at, arena_printf(&turn->arena, "%s %zu", run,
                                   look->attempt->n)) == 0;
}

static void tell_done(struct turn *turn, const struct quiz_look *look) {
    const struct quiz_sheet *sheet = look->sheet;
    if (sheet->quiz.kind == QUIZ_DAILY) {
        unsigned mask = question_mask(look->attempt->answers);
        struct notice *notice = turn_reply(turn, "quiz.day_was_done");
        notice_param(notice, "verdict", quiz_verdict(turn, sheet, 0, mask));
        notice_param(notice, "counted", quiz_counted(turn, look, 0, false, 0));
    } else {
        put_result(turn, turn_reply(turn, "quiz.was_done"), sheet,
                   look->attempt);
    }
    turn_commit(turn);
}

void quiz_go_on(struct turn *turn, const struct quiz_look *look) {
    const char *text = form_value(turn, "answer");
    bool asked_before = form_value(turn, "at")[0] != '\0';
    unsigned mask = 0;
    if (look->sheet == NULL) {
        turn_say(turn, "quiz.over");
        return;
    }
    if (look->attempt->finished_ms != 0) {
        tell_done(turn, look);
        return;
    }
    const struct question *question = &look->sheet->questions[look->attempt->n];
    if (is_late(turn, look)) {
        take(turn, look, 0);
    } else if (text[0] == '\0') {
        ask_next(turn, look, "");
    } else if (!is_to_this(turn, look)) {
        ask_next(turn, look,
                 asked_before ? turn_text(turn, "quiz.moved_on", NULL, 0) : "");
    } else if (!quiz_answer_read(&turn->arena, question, text, &mask)) {
        ask_next(turn, look, quiz_no_answer(turn, question));
    } else {
        take(turn, look, mask);
    }
}

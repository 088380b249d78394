#include "bot/api/quiz_results.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/export_table.h"
#include "bot/bot.h"
#include "bot/quiz_draw.h"
#include "store/attempt.h"
#include "store/leaderboard.h"
#include "store/question.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NICKS_AT_ONCE 500
#define DAY_CHARS 10 /* "2026-11-22" */

/* What is gathered for an answer, one thing after the other. */
struct results {
    struct api_call *call;
    bool csv;
    size_t skip, limit;
    const char *run, *asked; /* asked: ids */
    struct run_counts counts;
    const struct question *questions;
    size_t n_questions;
    struct place *places;
    const char **nicks;
    size_t n, n_nicks;
    int64_t total;
};

/* ---- how it reads ----------------------------------------------------------
 */

static json_t *name_json(const char *nick) {
    return nick[0] == '\0' ? json_null() : json_string(nick);
}

static json_t *items_json(const struct results *results) {
    json_t *items = json_array();
    for (size_t i = 0; i < results->n; i++) {
        const struct place *place = &results->places[i];
        json_array_append_new(
            items,
            json_pack("{sI so si sI sb}", "rank", (json_int_t)place->rank,
                      "name", name_json(results->nicks[i]), "score",
                      attempt_score_right(place->score), "ms",
                      (json_int_t)attempt_score_ms(place->score), "finished",
                      (int)attempt_score_finished(place->score)));
    }
    return items;
}

/* How a question was answered. */
struct tally {
    int64_t n, right, late, chosen[QUESTION_OPTIONS_MAX];
};

static struct tally tally_of(const struct results *results, size_t i) {
    struct tally tally = {0};
    for (size_t a = 0; a < results->counts.n_answers; a++) {
        const struct run_answer *answer = &results->counts.answers[a];
        if (answer->question != i)
            continue;
        tally.n += answer->n;
        if (answer->mask == 0)
            tally.late += answer->n;
        if (answer->mask == results->questions[i].correct)
            tally.right += answer->n;
        for (int option = 0; option < QUESTION_OPTIONS_MAX; option++)
            if (answer->mask & (1u << option))
                tally.chosen[option] += answer->n;
    }
    return tally;
}

static json_t *question_json(const struct question *question,
                             const struct tally *tally) {
    json_t *chosen = json_array();
    for (size_t c = 0; c < question_choices(question); c++)
        json_array_append_new(chosen, json_integer(tally->chosen[c]));
    return json_pack("{ss ss sI sI sI so}", "id", question->id, "text",
                     question->text, "answered", (json_int_t)tally->n, "right",
                     (json_int_t)tally->right, "late", (json_int_t)tally->late,
                     "chosen", chosen);
}

static void answer_json(struct results *results) {
    struct api_call *call = results->call;
    json_t *questions = json_array();
    int64_t end = (int64_t)(results->skip + results->n);
    int64_t answered = 0, right = 0;
    for (size_t i = 0; i < results->n_questions; i++) {
        struct tally tally = tally_of(results, i);
        json_array_append_new(questions,
                              question_json(&results->questions[i], &tally));
        answered += tally.n;
        right += tally.right;
    }
    json_t *next =
        end < results->total && results->n > 0
            ? json_string(arena_printf(&call->arena, "%" PRId64, end))
            : json_null();
    api_answer(call,
               json_pack("{ss sI sI sI sI so so so sI}", "run", results->run,
                         "riders", (json_int_t)results->counts.started,
                         "through", (json_int_t)results->counts.finished,
                         "answered", (json_int_t)answered, "right",
                         (json_int_t)right, "questions", questions, "items",
                         items_json(results), "next", next, "total",
                         (json_int_t)results->total),
               0);
}

static void answer_csv(struct results *results) {
    struct buf csv;
    buf_init(&csv);
    buf_adds(&csv, EXPORT_BOM "rank,name,right,seconds,through\r\n");
    for (size_t i = 0; i < results->n; i++) {
        const struct place *place = &results->places[i];
        buf_addf(&csv, "%" PRId64 ",", place->rank);
        export_cell(&csv, results->nicks[i]);
        buf_addf(&csv, ",%d,%.3f,%s\r\n", attempt_score_right(place->score),
                 (double)attempt_score_ms(place->score) / 1000,
                 attempt_score_finished(place->score) ? "yes" : "no");
    }
    api_bytes(results->call, 200, "text/csv; charset=utf-8",
              arena_printf(&results->call->arena, "%s.csv", results->run),
              csv.data, csv.len);
    buf_finish(&csv);
}

/* ---- gathering -------------------------------------------------------------
 */

static void next_nicks(struct results *results);

static void on_nicks(void *data, enum err err, const char *const *nicks,
                     size_t n) {
    struct results *results = data;
    if (err != OK) {
        api_fail(results->call, err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        results->nicks[results->n_nicks++] = nicks[i];
    next_nicks(results);
}

static void next_nicks(struct results *results) {
    struct api_call *call = results->call;
    size_t n = results->n - results->n_nicks;
    if (n == 0) {
        (results->csv ? answer_csv : answer_json)(results);
        return;
    }
    if (n > NICKS_AT_ONCE)
        n = NICKS_AT_ONCE;
    const char **ids = arena_alloc(&call->arena, n * sizeof(*ids));
    for (size_t i = 0; i < n; i++)
        ids[i] = results->places[results->n_nicks + i].id;
    leaderboard_nicks(call->bot->store, &call->arena, ids, n, on_nicks,
                      results);
}

static void on_places(void *data, enum err err, const struct place *places,
                      size_t n, int64_t total) {
    struct results *results = data;
    struct arena *arena = &results->call->arena;
    if (err != OK) {
        api_fail(results->call, err);
        return;
    }
    results->places = arena_alloc(arena, (n + 1) * sizeof(*places));
    results->nicks = arena_alloc(arena, (n + 1) * sizeof(*results->nicks));
    if (n > 0)
        memcpy(results->places, places, n * sizeof(*places));
    results->n = n;
    results->total = total;
    next_nicks(results);
}

static void read_places(struct results *results) {
    struct api_call *call = results->call;
    run_list_places(call->bot->store, &call->arena, results->run, results->skip,
                    results->limit, on_places, results);
}

static void on_questions(void *data, enum err err,
                         const struct question *questions, size_t n,
                         int64_t total) {
    struct results *results = data;
    if (err != OK) {
        api_fail(results->call, err);
        return;
    }
    results->questions = questions;
    /* With one gone the places of the others would be wrong. */
    results->n_questions = (int64_t)n == total ? n : 0;
    read_places(results);
}

static void on_counts(void *data, enum err err, const struct attempt *attempt,
                      const struct run_counts *counts) {
    struct results *results = data;
    struct api_call *call = results->call;
    const char *ids[QUIZ_QUESTIONS_MAX];
    (void)attempt;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    results->counts = *counts;
    if (counts->asked[0] != '\0')
        results->asked = counts->asked;
    size_t n = quiz_ids(&call->arena, results->asked, ids, QUIZ_QUESTIONS_MAX);
    if (n == 0)
        read_places(results);
    else
        question_get_many(call->bot->store, &call->arena, ids, n, on_questions,
                          results);
}

/* The run that is asked for: of a daily quiz one day, the last when none is
 * named. */
static bool find_run(struct results *results, const struct quiz *quiz) {
    struct api_call *call = results->call;
    const char *day = api_query(call, "day");
    char run[QUIZ_RUN_BYTES];
    quiz_run(quiz, run);
    results->asked = quiz->asked;
    results->run = arena_strdup(&call->arena, run);
    if (quiz->kind != QUIZ_DAILY || day[0] == '\0')
        return true;
    if (strlen(day) != DAY_CHARS || day[strspn(day, "0123456789-")] != '\0') {
        api_invalid(call, "invalid", "day");
        return false;
    }
    if (strcmp(day, quiz->day) != 0)
        results->asked = "";
    results->run = arena_printf(&call->arena, "%s.%s", quiz->id, day);
    return true;
}

static void on_quiz(void *data, enum err err, const struct quiz *quiz) {
    struct results *results = data;
    struct api_call *call = results->call;
    if (err != OK)
        api_fail(call, err);
    else if (find_run(results, quiz))
        attempt_get(call->bot->store, &call->arena, results->run, "", on_counts,
                    results);
}

static void begin(struct api_call *call, bool csv) {
    struct results *results = arena_alloc(&call->arena, sizeof(*results));
    const char *cursor = api_query(call, "cursor");
    *results = (struct results){
        .call = call,
        .csv = csv,
        .skip = csv ? 0 : strtoull(cursor, NULL, 10),
        .limit = csv ? RUN_PLACES_MAX : api_limit(call),
        .asked = "",
    };
    if (strlen(cursor) > 7 || cursor[strspn(cursor, "0123456789")] != '\0')
        api_invalid(call, "invalid", "cursor");
    else if (!quiz_id_valid(call->args[0]))
        api_fail(call, ERR_NOT_FOUND);
    else
        quiz_get(call->bot->store, &call->arena, call->args[0], on_quiz,
                 results);
}

void quiz_results_get(struct api_call *call) {
    begin(call, false);
}

void quiz_results_csv(struct api_call *call) {
    begin(call, true);
}

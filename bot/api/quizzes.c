#include "bot/api/quizzes.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/order.h"
#include "bot/api/quiz_results.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/quiz_draw.h"
#include "bot/quizzes.h"
#include "store/question.h"
#include "store/quiz.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES 32
#define SECONDS_MIN 5
#define DAY_MINUTES (24 * 60)
#define AT_DEFAULT (8 * 60)
#define TIME_MAX ((int64_t)1 << 43) /* about the year 2248 */

/* ---- how one reads ---------------------------------------------------------
 */

/* Planned: it is to open by itself. */
static const char *state_word(const struct quiz *quiz, int64_t now_ms) {
    if (quiz->state != QUIZ_OPEN || quiz_is_open(quiz, now_ms))
        return quiz_state_word(quiz->state);
    bool over = quiz->closes_ms != 0 && quiz->closes_ms <= now_ms;
    return over ? quiz_state_word(QUIZ_CLOSED) : "planned";
}

static json_t *ids_json(struct arena *arena, const char *joined) {
    const char **ids = arena_alloc(arena, QUIZ_POOL_MAX * sizeof(*ids));
    size_t n = quiz_ids(arena, joined, ids, QUIZ_POOL_MAX);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(ids[i]));
    return list;
}

static json_t *questions_json(struct arena *arena, const struct quiz *quiz) {
    if (quiz->questions[0] != '\0')
        return ids_json(arena, quiz->questions);
    return json_pack("{ss si}", "category", quiz->category, "n", quiz->n);
}

static json_t *moves_json(const struct quiz *quiz) {
    json_t *moves = json_array();
    if (quiz->state != QUIZ_CLOSED)
        json_array_append_new(
            moves, json_string(quiz->state == QUIZ_DRAFT ? "open" : "close"));
    return moves;
}

static json_t *time_json(int64_t ms) {
    return ms == 0 ? json_null() : json_integer(ms);
}

static json_t *quiz_json(struct api_call *call, const struct quiz *quiz) {
    bool daily = quiz->kind == QUIZ_DAILY, arena = quiz->kind == QUIZ_ARENA;
    char at[16];
    snprintf(at, sizeof(at), "%02d:%02d", quiz->at_min / 60 % 24,
             quiz->at_min % 60);
    return json_pack(
        "{ss sI ss ss ss so so so so so so ss? ss? so ss sI sI}", "id",
        quiz->id, "version", (json_int_t)quiz->version, "kind",
        quiz_kind_word(quiz->kind), "state", state_word(quiz, call->now_ms),
        "title", quiz->title, "questions", questions_json(&call->arena, quiz),
        "asked", ids_json(&call->arena, quiz->asked), "opens_ms",
        time_json(quiz->opens_ms), "closes_ms", time_json(quiz->closes_ms),
        "seconds", arena ? json_integer(quiz->seconds) : json_null(), "points",
        quiz->points == QUIZ_POINTS_POLICY ? json_null()
                                           : json_integer(quiz->points),
        "at", daily ? at : NULL, "day",
        daily && quiz->day[0] != '\0' ? quiz->day : NULL, "moves",
        moves_json(quiz), "by", quiz->by, "created_ms",
        (json_int_t)quiz->created_ms, "updated_ms",
        (json_int_t)quiz->updated_ms);
}

/* ---- the list --------------------------------------------------------------
 */

struct listing {
    struct api_call *call;
    size_t skip;
};

static void on_list(void *data, enum err err, const struct quiz *quizzes,
                    size_t n, int64_t total) {
    const struct listing *listing = data;
    struct api_call *call = listing->call;
    int64_t end = (int64_t)(listing->skip + n);
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, quiz_json(call, &quizzes[i]));
    json_t *next =
        end < total && n > 0
            ? json_string(arena_printf(&call->arena, "%" PRId64, end))
            : json_null();
    api_answer(call,
               json_pack("{so so sI}", "items", items, "next", next, "total",
                         (json_int_t)total),
               0);
}

static void get_list(struct api_call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    const char *cursor = api_query(call, "cursor");
    *listing = (struct listing){call, strtoull(cursor, NULL, 10)};
    if (strlen(cursor) > 6 || cursor[strspn(cursor, "0123456789")] != '\0')
        api_invalid(call, "invalid", "cursor");
    else
        quiz_list_from(call->bot->store, &call->arena, listing->skip,
                       api_limit(call), on_list, listing);
}

/* ---- reading a body --------------------------------------------------------
 */

static bool read_kind(struct api_call *call, struct quiz *quiz) {
    const char *kind;
    if (!api_string(call, "kind", WORD_BYTES, true, &kind))
        return false;
    if (quiz_kind_parse(kind, &quiz->kind))
        return true;
    api_invalid(call, "invalid", "kind");
    return false;
}

/* An id that is valid and not there before. */
static bool add_id(struct api_call *call, const json_t *ids, size_t i,
                   const char **joined) {
    const char *id = json_string_value(json_array_get(ids, i));
    if (id == NULL || !question_id_valid(id))
        return false;
    for (size_t j = 0; j < i; j++)
        if (strcmp(json_string_value(json_array_get(ids, j)), id) == 0)
            return false;
    *joined = i == 0 ? arena_strdup(&call->arena, id)
                     : arena_printf(&call->arena, "%s,%s", *joined, id);
    return true;
}

static bool read_ids(struct api_call *call, const json_t *ids,
                     struct quiz *quiz) {
    size_t max = quiz->kind == QUIZ_DAILY ? QUIZ_POOL_MAX : QUIZ_QUESTIONS_MAX;
    size_t n = json_array_size(ids);
    bool good = n >= 1 && n <= max;
    for (size_t i = 0; good && i < n; i++)
        good = add_id(call, ids, i, &quiz->questions);
    return good;
}

static bool read_draw(struct api_call *call, const json_t *draw,
                      struct quiz *quiz) {
    const json_t *category = json_object_get(draw, "category");
    const json_t *n = json_object_get(draw, "n");
    if (category != NULL && !json_is_null(category)) {
        if (!json_is_string(category) ||
            json_string_length(category) > 4 * QUESTION_CATEGORY_CHARS)
            return false;
        quiz->category = order_clean(call, json_string_value(category));
    }
    quiz->n = quiz->kind == QUIZ_DAILY ? 1 : (int)json_integer_value(n);
    return quiz->n >= 1 && json_integer_value(n) <= QUIZ_QUESTIONS_MAX;
}

static bool read_questions(struct api_call *call, struct quiz *quiz) {
    const json_t *questions = json_object_get(call->json, "questions");
    quiz->questions = quiz->category = "";
    if (json_is_array(questions)
            ? read_ids(call, questions, quiz)
            : json_is_object(questions) && read_draw(call, questions, quiz))
        return true;
    api_invalid(call, questions == NULL ? "required" : "invalid", "questions");
    return false;
}

static bool read_times(struct api_call *call, struct quiz *quiz) {
    bool arena = quiz->kind == QUIZ_ARENA;
    if (!api_integer(call, "opens_ms", 0, TIME_MAX, 0, &quiz->opens_ms) ||
        !api_integer(call, "closes_ms", 0, TIME_MAX, 0, &quiz->closes_ms))
        return false;
    if (arena && quiz->opens_ms == 0)
        api_invalid(call, "required", "opens_ms");
    else if (arena && quiz->closes_ms == 0)
        api_invalid(call, "required", "closes_ms");
    else if (quiz->closes_ms != 0 && quiz->closes_ms <= quiz->opens_ms)
        api_invalid(call, "out_of_range", "closes_ms");
    else
        return true;
    return false;
}

/* "08:00"; without it the time of day at which it opens. */
static bool read_at(struct api_call *call, struct quiz *quiz) {
    const char *at;
    int hour = 0, minute = 0, used = 0;
    if (!api_string(call, "at", WORD_BYTES, false, &at))
        return false;
    int64_t local_min = quiz->opens_ms / 60000 + DAY_MINUTES +
                        call->bot->config->utc_offset_minutes;
    quiz->at_min =
        quiz->opens_ms == 0 ? AT_DEFAULT : (int)(local_min % DAY_MINUTES);
    if (at == NULL)
        return true;
    if (sscanf(at, "%2d:%2d%n", &hour, &minute, &used) != 2 ||
        at[used] != '\0' || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59) {
        api_invalid(call, "invalid", "at");
        return false;
    }
    quiz->at_min = hour * 60 + minute;
    return true;
}

static bool read_quiz(struct api_call *call, struct quiz *quiz) {
    int64_t seconds, points;
    quiz->asked = quiz->day = quiz->past = "";
    if (!read_kind(call, quiz) ||
        !order_text(call, "title", QUIZ_TITLE_CHARS, true, &quiz->title) ||
        !read_questions(call, quiz) || !read_times(call, quiz) ||
        !read_at(call, quiz) ||
        !api_integer(call, "seconds", SECONDS_MIN, QUIZ_SECONDS_MAX,
                     QUIZ_SECONDS_DEFAULT, &seconds) ||
        !api_integer(call, "points", 0, QUIZ_POINTS_MAX, QUIZ_POINTS_POLICY,
                     &points))
        return false;
    quiz->seconds = (int)seconds;
    quiz->points = (int)points;
    quiz->updated_ms = call->now_ms;
    return true;
}

/* ---- writing ---------------------------------------------------------------
 */

static void on_current(void *data, enum err err, const struct quiz *quiz) {
    struct api_call *call = data;
    if (err == OK)
        api_stale(call, quiz_json(call, quiz));
    else
        api_fail(call, err);
}

static void show(void *data) {
    struct api_call *call = data;
    const struct quiz *quiz = call->data;
    if (quiz->version == 1)
        api_created(call, quiz_json(call, quiz));
    else
        api_answer(call, quiz_json(call, quiz), quiz->version);
}

/* Whoever asks next, here, meets it as it is. */
static void on_written(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    struct quiz *quiz = call->data;
    if (result->err == ERR_CONFLICT) {
        quiz_get(call->bot->store, &call->arena, quiz->id, on_current, call);
    } else if (result->err == ERR_LIMIT) {
        api_invalid(call, "too_many", NULL);
    } else if (result->err != OK) {
        api_fail(call, result->err);
    } else {
        quiz->version++;
        quizzes_refresh(call->bot->quizzes, show, call);
    }
}

static void write_it(struct api_call *call, const char *action) {
    const struct quiz *quiz = call->data;
    struct txn *txn = txn_new(call->bot->store);
    quiz_put(txn, quiz);
    txn_audit(txn, call->caller.actor, action, quiz->id, "");
    api_happens(call, txn);
    txn_commit(txn, on_written, call);
}

static void post_quiz(struct api_call *call) {
    struct quiz *quiz = arena_alloc(&call->arena, sizeof(*quiz));
    call->data = quiz;
    if (!read_quiz(call, quiz))
        return;
    int64_t number = store_next_number(call->bot->store);
    if (number == 0) {
        api_fail(call, ERR_AWAY);
        return;
    }
    quiz->id = arena_printf(&call->arena, "Z%" PRId64, number);
    quiz->by = call->caller.actor;
    quiz->created_ms = call->now_ms;
    write_it(call, "quiz-add");
}

/* ---- one of them -----------------------------------------------------------
 */

static bool path_is_id(struct api_call *call) {
    if (quiz_id_valid(call->args[0]))
        return true;
    api_fail(call, ERR_NOT_FOUND);
    return false;
}

static void on_one(void *data, enum err err, const struct quiz *quiz) {
    struct api_call *call = data;
    if (err == OK)
        api_answer(call, quiz_json(call, quiz), quiz->version);
    else
        api_fail(call, err);
}

static void get_one(struct api_call *call) {
    if (path_is_id(call))
        quiz_get(call->bot->store, &call->arena, call->args[0], on_one, call);
}

static bool read_version(struct api_call *call, struct quiz *quiz) {
    if (json_object_get(call->json, "version") == NULL) {
        api_invalid(call, "required", "version");
        return false;
    }
    return api_integer(call, "version", 1, INT64_MAX, 0, &quiz->version);
}

/* Whether before, as it was read, is what the caller speaks of; the call has
 * been answered when not. */
static bool is_that(struct api_call *call, enum err err,
                    const struct quiz *before, int64_t version) {
    if (err != OK)
        api_fail(call, err);
    else if (before->version != version)
        api_stale(call, quiz_json(call, before));
    else
        return true;
    return false;
}

static void on_before_put(void *data, enum err err, const struct quiz *before) {
    struct api_call *call = data;
    struct quiz *quiz = call->data;
    if (!is_that(call, err, before, quiz->version))
        return;
    if (before->state != QUIZ_DRAFT) {
        api_invalid(call, "not_allowed", NULL);
        return;
    }
    quiz->id = before->id;
    quiz->by = before->by;
    quiz->created_ms = before->created_ms;
    write_it(call, "quiz-change");
}

static void put_one(struct api_call *call) {
    struct quiz *quiz = arena_alloc(&call->arena, sizeof(*quiz));
    call->data = quiz;
    if (path_is_id(call) && read_version(call, quiz) && read_quiz(call, quiz))
        quiz_get(call->bot->store, &call->arena, call->args[0], on_before_put,
                 call);
}

static void on_removed(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    if (result->err == ERR_CONFLICT)
        quiz_get(call->bot->store, &call->arena, call->args[0], on_current,
                 call);
    else if (result->err != OK)
        api_fail(call, result->err);
    else
        api_empty(call);
}

static void on_before_delete(void *data, enum err err,
                             const struct quiz *before) {
    struct api_call *call = data;
    const int64_t *version = call->data;
    if (!is_that(call, err, before, *version))
        return;
    if (before->state == QUIZ_OPEN) {
        api_invalid(call, "not_allowed", NULL);
        return;
    }
    struct txn *txn = txn_new(call->bot->store);
    quiz_remove(txn, before->id, before->version);
    txn_audit(txn, call->caller.actor, "quiz-remove", before->id, "");
    api_happens(call, txn);
    txn_commit(txn, on_removed, call);
}

static void delete_one(struct api_call *call) {
    int64_t *version = arena_alloc(&call->arena, sizeof(*version));
    *version = strtoll(api_query(call, "version"), NULL, 10);
    call->data = version;
    if (!path_is_id(call))
        return;
    if (*version <= 0)
        api_invalid(call, "required", "version");
    else
        quiz_get(call->bot->store, &call->arena, call->args[0],
                 on_before_delete, call);
}

/* ---- opening and closing ---------------------------------------------------
 */

static void on_drawn(void *data, enum err err, const char *asked,
                     const char *past) {
    struct api_call *call = data;
    struct quiz *quiz = call->data;
    if (err == ERR_NOT_FOUND || err == ERR_LIMIT) {
        api_invalid(call, err == ERR_LIMIT ? "too_few" : "no_such_question",
                    "questions");
        return;
    }
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    /* A daily one gets its first question when its time of day has come. */
    if (quiz->kind != QUIZ_DAILY) {
        quiz->asked = asked;
        quiz->past = past;
    }
    quiz->state = QUIZ_OPEN;
    write_it(call, "quiz-open");
}

static void open_it(struct api_call *call) {
    struct quiz *quiz = call->data;
    if (quiz->closes_ms != 0 && quiz->closes_ms <= call->now_ms)
        api_invalid(call, "over", "closes_ms");
    else
        quiz_draw(call->bot->store, &call->arena, quiz, on_drawn, call);
}

static void close_it(struct api_call *call) {
    struct quiz *quiz = call->data;
    quiz->state = QUIZ_CLOSED;
    write_it(call, "quiz-close");
}

static void on_before_move(void *data, enum err err,
                           const struct quiz *before) {
    struct api_call *call = data;
    struct quiz *quiz = call->data;
    const char *move = json_string_value(json_object_get(call->json, "move"));
    bool open = strcmp(move, "open") == 0;
    if (!is_that(call, err, before, quiz->version))
        return;
    if (before->state != (open ? QUIZ_DRAFT : QUIZ_OPEN)) {
        api_invalid(call, "not_allowed", "move");
        return;
    }
    *quiz = *before;
    quiz->updated_ms = call->now_ms;
    (open ? open_it : close_it)(call);
}

static void post_move(struct api_call *call) {
    struct quiz *quiz = arena_alloc(&call->arena, sizeof(*quiz));
    const char *move;
    call->data = quiz;
    if (!path_is_id(call) ||
        !api_string(call, "move", WORD_BYTES, true, &move) ||
        !read_version(call, quiz))
        return;
    if (strcmp(move, "open") != 0 && strcmp(move, "close") != 0)
        api_invalid(call, "no_such_move", "move");
    else
        quiz_get(call->bot->store, &call->arena, call->args[0], on_before_move,
                 call);
}

static const struct api_route routes[] = {
    {"GET", "/quizzes", PERM_STUDY, get_list, 0, false},
    {"POST", "/quizzes", PERM_STUDY, post_quiz, 0, false},
    {"GET", "/quizzes/{id}", PERM_STUDY, get_one, 0, false},
    {"PUT", "/quizzes/{id}", PERM_STUDY, put_one, 0, false},
    {"DELETE", "/quizzes/{id}", PERM_STUDY, delete_one, 0, false},
    {"POST", "/quizzes/{id}/moves", PERM_STUDY, post_move, 0, false},
    {"GET", "/quizzes/{id}/results", PERM_STUDY, quiz_results_get, 0, false},
    {"GET", "/quizzes/{id}/results.csv", PERM_STUDY, quiz_results_csv, 0,
     false},
};

void quizzes_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

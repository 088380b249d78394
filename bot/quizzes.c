#define LOG_MODULE "quizzes"
#include "bot/quizzes.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/loop.h"
#include "bot/quiz_draw.h"
#include "bot/work.h"
#include "store/attempt.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>
#include <uv.h>

#define DAY_SIZE 12 /* "2026-11-22" */
#define AGAIN_MS (60 * 1000)

static struct metric m_days =
    METRIC_COUNTER("xiaofeng_quiz_days_total", "Daily questions put out.");
static struct metric m_loads = METRIC_COUNTER(
    "xiaofeng_quiz_loads_total", "Readings of what is open, after a change.");

/* What was read at once. */
struct sheets {
    struct arena arena;
    struct quiz_sheet sheets[QUIZZES_OPEN_MAX];
    size_t n, left; /* quizzes whose questions are still to come */
    enum err err;
    int64_t changes;
};

struct waiting {
    quizzes_done *done;
    void *data;
    struct waiting *next;
};

struct quizzes {
    struct bot *bot;
    uv_timer_t timer;
    struct sheets *now;     /* NULL: was never read */
    struct sheets *reading; /* under way, or NULL */
    struct arena arena;     /* of the look under way */
    bool looking, moving;
    int64_t again_ms; /* not before: nothing was there to be asked */
    struct waiting *waiting, *served;
};

/* ---- reading ---------------------------------------------------------------
 */

static void look(struct quizzes *quizzes);

static void sheets_free(struct sheets *sheets) {
    if (sheets == NULL)
        return;
    arena_finish(&sheets->arena);
    free(sheets);
}

static void tell(struct waiting **list) {
    struct waiting *told = *list;
    *list = NULL;
    while (told != NULL) {
        struct waiting *one = told;
        LL_DELETE(told, one);
        one->done(one->data);
        free(one);
    }
}

static void end_look(struct quizzes *quizzes) {
    arena_finish(&quizzes->arena);
    quizzes->looking = false;
    tell(&quizzes->served);
    if (quizzes->bot->stopping)
        tell(&quizzes->waiting);
    else if (quizzes->waiting != NULL && !quizzes->looking)
        look(quizzes);
}

static void end_reading(struct quizzes *quizzes) {
    struct sheets *read = quizzes->reading;
    quizzes->reading = NULL;
    if (read->err == OK) {
        metric_add(&m_loads, 1);
        sheets_free(quizzes->now);
        quizzes->now = read;
    } else {
        sheets_free(read);
    }
    end_look(quizzes);
}

struct reading {
    struct quizzes *quizzes;
    struct quiz_sheet *sheet;
};

static void on_questions(void *data, enum err err,
                         const struct question *questions, size_t n,
                         int64_t total) {
    struct reading *reading = data;
    struct sheets *sheets = reading->quizzes->reading;
    if (err != OK)
        sheets->err = err;
    reading->sheet->questions = questions;
    reading->sheet->n = n;
    if (err == OK && (int64_t)n < total) {
        /* Its answers are by their place: without one they would be wrong. */
        LOG_ERR("%s asks a question that is gone", reading->sheet->quiz.id);
        reading->sheet->n = 0;
    }
    if (--sheets->left == 0)
        end_reading(reading->quizzes);
}

static void read_questions(struct quizzes *quizzes, struct quiz_sheet *sheet) {
    struct sheets *sheets = quizzes->reading;
    const char *ids[QUIZ_QUESTIONS_MAX];
    size_t n =
        quiz_ids(&sheets->arena, sheet->quiz.asked, ids, QUIZ_QUESTIONS_MAX);
    if (n == 0)
        return;
    struct reading *reading = arena_alloc(&sheets->arena, sizeof(*reading));
    *reading = (struct reading){quizzes, sheet};
    sheets->left++;
    question_get_many(quizzes->bot->store, &sheets->arena, ids, n, on_questions,
                      reading);
}

static void on_open(void *data, enum err err, const struct quiz *list, size_t n,
                    int64_t total) {
    struct quizzes *quizzes = data;
    struct sheets *sheets = quizzes->reading;
    (void)total;
    sheets->err = err;
    sheets->left = 1; /* ours, until all are asked for */
    for (size_t i = 0; err == OK && i < n; i++) {
        if (list[i].state != QUIZ_OPEN)
            continue;
        struct quiz_sheet *sheet = &sheets->sheets[sheets->n++];
        sheet->quiz = list[i];
        read_questions(quizzes, sheet);
    }
    if (--sheets->left == 0)
        end_reading(quizzes);
}

static void on_changes(void *data, enum err err, int64_t changes) {
    struct quizzes *quizzes = data;
    bool same = quizzes->now != NULL && quizzes->now->changes == changes;
    if (err != OK || same) {
        end_look(quizzes);
        return;
    }
    quizzes->reading = xcalloc(1, sizeof(*quizzes->reading));
    quizzes->reading->changes = changes;
    arena_init(&quizzes->reading->arena);
    quiz_list_open(quizzes->bot->store, &quizzes->reading->arena, on_open,
                   quizzes);
}

static void look(struct quizzes *quizzes) {
    quizzes->looking = true;
    quizzes->served = quizzes->waiting;
    quizzes->waiting = NULL;
    quiz_get_changes(quizzes->bot->store, &quizzes->arena, on_changes, quizzes);
}

void quizzes_refresh(struct quizzes *quizzes, quizzes_done *done, void *data) {
    if (done != NULL) {
        struct waiting *one = xcalloc(1, sizeof(*one));
        *one = (struct waiting){.done = done, .data = data};
        LL_APPEND(quizzes->waiting, one);
    }
    if (!quizzes->looking)
        look(quizzes);
}

/* ---- what the clock does ---------------------------------------------------
 */

/* One quiz moved by time; they take turns. */
struct moving {
    struct quizzes *quizzes;
    struct work *work;
    struct quiz quiz; /* as it was, in the work's arena */
    char day[DAY_SIZE];
};

static struct quiz keep(struct arena *arena, const struct quiz *quiz) {
    struct quiz kept = *quiz;
    const char **texts[] = {&kept.id,       &kept.title, &kept.questions,
                            &kept.category, &kept.asked, &kept.day,
                            &kept.past,     &kept.by};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        *texts[i] = arena_strdup(arena, *texts[i]);
    return kept;
}

static void on_moved(struct work *work, enum err err) {
    struct moving *moving = work->data;
    struct quizzes *quizzes = moving->quizzes;
    if (err == OK && moving->day[0] != '\0')
        metric_add(&m_days, 1);
    else if (err != OK && err != ERR_CONFLICT && err != ERR_AWAY)
        LOG_WARN("%s is not moved: %s", moving->quiz.id, err_str(err));
    quizzes->moving = false;
    work_free(work);
    if (!quizzes->bot->stopping)
        quizzes_refresh(quizzes, NULL, NULL);
}

static void commit(struct moving *moving, const struct quiz *after,
                   const char *action) {
    struct work *work = moving->work;
    quiz_put(work->txn, after);
    txn_audit(work->txn, AUDIT_SYSTEM, action, after->id, moving->day);
    work_commit(work, on_moved, moving);
}

static void on_drawn(void *data, enum err err, const char *asked,
                     const char *past) {
    struct moving *moving = data;
    struct quiz after = moving->quiz;
    if (err != OK) {
        if (err != ERR_AWAY)
            LOG_WARN("%s has no question for the day: %s", moving->quiz.id,
                     err_str(err));
        moving->quizzes->moving = false;
        moving->quizzes->again_ms = moving->work->now_ms + AGAIN_MS;
        work_free(moving->work);
        return;
    }
    after.asked = asked;
    after.past = past;
    after.day = moving->day;
    after.updated_ms = moving->work->now_ms;
    char run[QUIZ_RUN_BYTES];
    quiz_run(&after, run);
    run_begin(moving->work->txn, run, asked);
    commit(moving, &after, "quiz-day");
}

static struct moving *begin(struct quizzes *quizzes, const struct quiz *quiz) {
    struct work *work = work_new(quizzes->bot);
    struct moving *moving = arena_alloc(&work->arena, sizeof(*moving));
    *moving = (struct moving){
        .quizzes = quizzes, .work = work, .quiz = keep(&work->arena, quiz)};
    quizzes->moving = true;
    return moving;
}

static void close_it(struct quizzes *quizzes, const struct quiz *quiz) {
    struct moving *moving = begin(quizzes, quiz);
    struct quiz after = moving->quiz;
    after.state = QUIZ_CLOSED;
    after.updated_ms = moving->work->now_ms;
    commit(moving, &after, "quiz-close");
}

/* Whether the day's question is due; then day is which. */
static bool day_is_due(const struct quizzes *quizzes, const struct quiz *quiz,
                       int64_t now_ms, char day[static DAY_SIZE]) {
    int64_t local_ms =
        now_ms + quizzes->bot->config->utc_offset_minutes * 60000LL;
    time_t local = (time_t)(local_ms / 1000);
    struct tm tm;
    if (quiz->kind != QUIZ_DAILY || now_ms < quiz->opens_ms)
        return false;
    gmtime_r(&local, &tm);
    strftime(day, DAY_SIZE, "%Y-%m-%d", &tm);
    return tm.tm_hour * 60 + tm.tm_min >= quiz->at_min &&
           strcmp(day, quiz->day) > 0;
}

/* The first that time has come for. */
static void move_one(struct quizzes *quizzes) {
    int64_t now_ms = clock_wall_ms(quizzes->bot->clock);
    char day[DAY_SIZE];
    for (size_t i = 0; i < quizzes->now->n; i++) {
        const struct quiz *quiz = &quizzes->now->sheets[i].quiz;
        if (quiz->closes_ms != 0 && quiz->closes_ms <= now_ms) {
            close_it(quizzes, quiz);
            return;
        }
        if (now_ms < quizzes->again_ms ||
            !day_is_due(quizzes, quiz, now_ms, day))
            continue;
        struct moving *moving = begin(quizzes, quiz);
        memcpy(moving->day, day, sizeof(day));
        quiz_draw(quizzes->bot->store, &moving->work->arena, &moving->quiz,
                  on_drawn, moving);
        return;
    }
}

static void on_looked(void *data) {
    struct quizzes *quizzes = data;
    if (quizzes->now != NULL && !quizzes->moving && !quizzes->bot->stopping &&
        store_is_up(quizzes->bot->store))
        move_one(quizzes);
}

void quizzes_look(struct quizzes *quizzes) {
    if (store_is_up(quizzes->bot->store) && !quizzes->bot->stopping)
        quizzes_refresh(quizzes, on_looked, quizzes);
}

static void on_timer(uv_timer_t *timer) {
    struct quizzes *quizzes = timer->data;
    if (!quizzes->looking)
        quizzes_look(quizzes);
}

/* ---- finding ---------------------------------------------------------------
 */

bool quizzes_known(const struct quizzes *quizzes) {
    return quizzes->now != NULL;
}

const struct quiz_sheet *quizzes_find(const struct quizzes *quizzes,
                                      const char *id) {
    for (size_t i = 0; quizzes->now != NULL && i < quizzes->now->n; i++)
        if (strcmp(quizzes->now->sheets[i].quiz.id, id) == 0)
            return &quizzes->now->sheets[i];
    return NULL;
}

static int by_opening(const void *a, const void *b) {
    const struct quiz *x = &(*(const struct quiz_sheet *const *)a)->quiz;
    const struct quiz *y = &(*(const struct quiz_sheet *const *)b)->quiz;
    int64_t of_x = x->opens_ms != 0 ? x->opens_ms : x->created_ms;
    int64_t of_y = y->opens_ms != 0 ? y->opens_ms : y->created_ms;
    return of_x != of_y ? (of_x < of_y ? -1 : 1) : strcmp(x->id, y->id);
}

size_t quizzes_list(const struct quizzes *quizzes, enum quiz_kind kind,
                    int64_t now_ms, const struct quiz_sheet **out, size_t max) {
    size_t n = 0;
    for (size_t i = 0; quizzes->now != NULL && i < quizzes->now->n; i++) {
        const struct quiz_sheet *sheet = &quizzes->now->sheets[i];
        bool over =
            sheet->quiz.closes_ms != 0 && sheet->quiz.closes_ms <= now_ms;
        if (sheet->quiz.kind == kind && sheet->n > 0 && !over && n < max)
            out[n++] = sheet;
    }
    if (n > 1)
        qsort(out, n, sizeof(*out), by_opening);
    return n;
}

/* An id among ids joined by ','. */
static bool names(const char *joined, const char *id) {
    size_t len = strlen(id);
    for (const char *at = joined; (at = strstr(at, id)) != NULL; at += len)
        if ((at == joined || at[-1] == ',') &&
            (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

bool quizzes_use(const struct quizzes *quizzes, const char *question) {
    for (size_t i = 0; quizzes->now != NULL && i < quizzes->now->n; i++) {
        const struct quiz *quiz = &quizzes->now->sheets[i].quiz;
        if (names(quiz->asked, question))
            return true;
    }
    return false;
}

/* ---- life ------------------------------------------------------------------
 */

struct quizzes *quizzes_new(struct bot *bot) {
    struct quizzes *quizzes = xcalloc(1, sizeof(*quizzes));
    quizzes->bot = bot;
    arena_init(&quizzes->arena);
    uv_timer_init(&bot->loop->uv, &quizzes->timer);
    quizzes->timer.data = quizzes;
    uv_timer_start(&quizzes->timer, on_timer, 0, QUIZZES_LOOK_MS);
    return quizzes;
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void quizzes_free(struct quizzes *quizzes) {
    if (quizzes == NULL)
        return;
    sheets_free(quizzes->now);
    quizzes->now = NULL;
    uv_close((uv_handle_t *)&quizzes->timer, on_closed);
}

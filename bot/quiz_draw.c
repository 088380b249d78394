#include "bot/quiz_draw.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "bot/question_bank.h"
#include "store/question.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PAST_MAX 366 /* days that are not repeated, when there are so many */

struct draw {
    struct store *store;
    struct arena *arena;
    const struct quiz *quiz;
    const char **ids; /* to draw from */
    size_t n;
    quiz_drawn *done;
    void *data;
};

size_t quiz_ids(struct arena *arena, const char *joined, const char **ids,
                size_t max) {
    size_t n = 0;
    while (joined[0] != '\0' && n < max) {
        size_t len = strcspn(joined, ",");
        if (len > 0)
            ids[n++] = arena_strndup(arena, joined, len);
        joined += len + (joined[len] == ',');
    }
    return n;
}

static const char *join(struct arena *arena, const char *const *ids, size_t n) {
    struct buf text;
    buf_init(&text);
    for (size_t i = 0; i < n; i++)
        buf_addf(&text, "%s%s", i == 0 ? "" : ",", ids[i]);
    const char *joined =
        arena_strndup(arena, text.data == NULL ? "" : text.data, text.len);
    buf_finish(&text);
    return joined;
}

/* ---- by lot ---------------------------------------------------------------
 */

/* Brings n of them to the front, each with the same chance. */
static void shuffle(const char **ids, size_t of, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t j = i + randombytes_uniform((uint32_t)(of - i));
        const char *id = ids[i];
        ids[i] = ids[j];
        ids[j] = id;
    }
}

static void draw_many(struct draw *draw) {
    size_t n = (size_t)draw->quiz->n;
    if (n == 0 || draw->n < n) {
        draw->done(draw->data, ERR_LIMIT, "", "");
        return;
    }
    shuffle(draw->ids, draw->n, n);
    draw->done(draw->data, OK, join(draw->arena, draw->ids, n), "");
}

/* How long ago it was asked, 0 the last time; PAST_MAX: never, or nobody
 * remembers. */
static size_t days_since(const char *const *past, size_t n, const char *id) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(past[i], id) == 0)
            return i;
    return PAST_MAX;
}

/* One of those whose last time is longest ago. */
static void draw_day(struct draw *draw) {
    const char *past[PAST_MAX + 1];
    size_t n_past =
        quiz_ids(draw->arena, draw->quiz->past, past + 1, PAST_MAX - 1);
    size_t n = 0, oldest = 0;
    for (size_t i = 0; i < draw->n; i++) {
        size_t days = days_since(past + 1, n_past, draw->ids[i]);
        if (days > oldest) {
            oldest = days;
            n = 0;
        }
        if (days == oldest)
            draw->ids[n++] = draw->ids[i];
    }
    if (n == 0) {
        draw->done(draw->data, ERR_LIMIT, "", draw->quiz->past);
        return;
    }
    shuffle(draw->ids, n, 1);
    past[0] = draw->ids[0];
    draw->done(draw->data, OK, past[0], join(draw->arena, past, n_past + 1));
}

static void draw_from(struct draw *draw) {
    if (draw->quiz->kind == QUIZ_DAILY)
        draw_day(draw);
    else
        draw_many(draw);
}

/* ---- what there is ---------------------------------------------------------
 */

static void on_question(void *data, const struct question *question) {
    struct draw *draw = data;
    const char *category = draw->quiz->category;
    if (draw->n < QUESTIONS_MAX &&
        (category[0] == '\0' || strcmp(category, question->category) == 0))
        draw->ids[draw->n++] = arena_strdup(draw->arena, question->id);
}

static void on_scanned(void *data, enum err err) {
    struct draw *draw = data;
    if (err != OK)
        draw->done(draw->data, err, "", "");
    else
        draw_from(draw);
}

static void on_named(void *data, enum err err, const struct question *questions,
                     size_t n, int64_t total) {
    struct draw *draw = data;
    if (err == OK && draw->quiz->kind != QUIZ_DAILY && (int64_t)n < total)
        err = ERR_NOT_FOUND;
    for (size_t i = 0; err == OK && i < n; i++)
        draw->ids[i] = questions[i].id;
    draw->n = n;
    if (err != OK)
        draw->done(draw->data, err, "", "");
    else if (draw->quiz->kind == QUIZ_DAILY)
        draw_day(draw);
    else
        draw->done(draw->data, OK, join(draw->arena, draw->ids, n), "");
}

void quiz_draw(struct store *store, struct arena *arena,
               const struct quiz *quiz, quiz_drawn *done, void *data) {
    struct draw *draw = arena_alloc(arena, sizeof(*draw));
    *draw = (struct draw){.store = store,
                          .arena = arena,
                          .quiz = quiz,
                          .done = done,
                          .data = data};
    draw->ids = arena_alloc(arena, QUESTIONS_MAX * sizeof(*draw->ids));
    size_t n = quiz_ids(arena, quiz->questions, draw->ids, QUIZ_POOL_MAX);
    if (n > 0)
        question_get_many(store, arena, draw->ids, n, on_named, draw);
    else
        bank_scan(store, on_question, on_scanned, draw);
}

/* Places in a run, against a model that knows nothing of how they are kept. */
#include "store/attempt.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/leaderboard.h"
#include "tests/integration/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDERS 300
#define QUESTIONS 10
#define FULL_MS 20000

struct model {
    char rider[16];
    int right;
    int64_t ms;  /* what is missing counted in full */
    int through; /* order in which they were; 0: not */
};

static uint32_t seed;

/* The same in every run of the test. */
static uint32_t pick(uint32_t below) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static bool better(const struct model *a, const struct model *b) {
    if (a->right != b->right)
        return a->right > b->right;
    if (a->ms != b->ms)
        return a->ms < b->ms;
    if ((a->through == 0) != (b->through == 0))
        return a->through != 0;
    return a->through < b->through;
}

static struct place *places;
static size_t n_places;
static int64_t total_of;

static void on_places(void *data, enum err err, const struct place *found,
                      size_t n, int64_t total) {
    struct store_fixture *f = data;
    places = arena_alloc(&f->arena, (n + 1) * sizeof(*places));
    if (n > 0)
        memcpy(places, found, n * sizeof(*places));
    n_places = n;
    total_of = total;
    f->err = err;
    f->done = true;
}

/* One answer after the other, as the flow writes them; a few questions, so
 * that there are many ties. */
static void take_part(struct store_fixture *f, struct model *model,
                      int *through) {
    struct attempt before = {.packed = "", .answers = ""};
    size_t n = pick(4) == 0 ? pick(QUESTIONS) : QUESTIONS;
    model->right = 0;
    model->ms = 0;
    for (size_t i = 0; i <= n && i < QUESTIONS; i++) {
        struct attempt after = before;
        if (i < n) {
            bool right = pick(8) != 0;
            int64_t ms = 1000 * (1 + pick(2));
            after.n++;
            after.right += right;
            after.total_ms += ms;
            after.answers = arena_printf(&f->arena, "%s%s%c", before.answers,
                                         i == 0 ? "" : ",", right ? '1' : '2');
            model->right += right;
            model->ms += ms;
        } else if (i > 0) {
            break;
        }
        after.started_ms = 1;
        after.finished_ms = after.n == QUESTIONS ? 5 : 0;
        struct txn *txn = txn_new(f->store);
        attempt_put(txn, &(struct attempt_change){
                             .run = "Z1",
                             .rider = model->rider,
                             .before = &before,
                             .after = &after,
                             .answered = i < n,
                             .score = attempt_score(&after, QUESTIONS, FULL_MS),
                             .now_ms = 7,
                         });
        assert_int_equal(store_fixture_commit(f, txn), OK);
        before = after;
        before.packed =
            store_fixture_text(f, "HGET {test}:answers:Z1 %s", model->rider);
    }
    model->through = before.finished_ms != 0 ? ++*through : 0;
    model->ms += (int64_t)(QUESTIONS - before.n) * FULL_MS;
}

static const struct model *model_of(const struct model *models,
                                    const char *rider) {
    for (size_t i = 0; i < RIDERS; i++)
        if (strcmp(models[i].rider, rider) == 0)
            return &models[i];
    fail_msg("nobody is %s", rider);
    return NULL;
}

static void places_are_those_of_the_model(void **state) {
    struct store_fixture *f = *state;
    static struct model models[RIDERS];
    int through = 0;
    seed = 20231114;
    for (int i = 0; i < RIDERS; i++) {
        snprintf(models[i].rider, sizeof(models[i].rider), "qq.%d", i);
        take_part(f, &models[i], &through);
    }
    run_list_places(f->store, &f->arena, "Z1", 0, RIDERS, on_places, f);
    store_fixture_wait(f);
    assert_int_equal(n_places, RIDERS);
    for (size_t i = 0; i < n_places; i++) {
        const struct model *one = model_of(models, places[i].id);
        int64_t rank = 1;
        for (size_t j = 0; j < RIDERS; j++)
            rank += better(&models[j], one);
        assert_int_equal(places[i].rank, rank);
        assert_int_equal(attempt_score_right(places[i].score), one->right);
        assert_int_equal(attempt_score_ms(places[i].score), one->ms);
        assert_int_equal(attempt_score_finished(places[i].score),
                         one->through != 0);
    }
    /* A page further on has the same ranks. */
    int64_t fifth = places[100].rank;
    run_list_places(f->store, &f->arena, "Z1", 100, 10, on_places, f);
    store_fixture_wait(f);
    assert_int_equal(n_places, 10);
    assert_int_equal(total_of, RIDERS);
    assert_int_equal(places[0].rank, fifth);
}

static void the_largest_score_is_exact(void **state) {
    (void)state;
    const struct attempt best = {.n = 50, .right = 50};
    const struct attempt worst = {.n = 50, .total_ms = (int64_t)1 << 40};
    int64_t top = attempt_score(&best, 50, 600000);
    int64_t with_first = top + (1 << 22) - 2;
    assert_true(with_first < (int64_t)1 << 53);
    assert_true((int64_t)(double)with_first == with_first);
    assert_int_equal(attempt_score_right(with_first), 50);
    assert_int_equal(attempt_score_ms(with_first), 0);
    assert_int_equal(attempt_score(&worst, 50, 600000), 0);
    assert_true(attempt_score_finished(with_first));
    assert_false(attempt_score_finished(top));
}

/* ---- leaderboards ---- */

#define OFFSET 480
/* A Monday, 00:30 there; in UTC it is still Sunday. */
#define MONDAY_MS 1700411400000LL

static const char *earn(struct store_fixture *f, const char *rider,
                        const char *why, int64_t now_ms) {
    struct txn *txn = txn_new(f->store);
    leaderboard_once(txn, &(struct board_gain){.rider = rider,
                                               .points = 3,
                                               .why = why,
                                               .firm = "meituan",
                                               .branch = "",
                                               .now_ms = now_ms,
                                               .utc_offset_minutes = OFFSET});
    assert_int_equal(store_fixture_commit(f, txn), OK);
    return f->values[0];
}

static int64_t points_on(struct store_fixture *f, enum board_by by,
                         enum board_period period, const char *id,
                         int64_t now_ms) {
    const struct board board = {by, period, now_ms, OFFSET};
    leaderboard_find(f->store, &f->arena, &board, id, on_places, f);
    store_fixture_wait(f);
    assert_int_equal(f->err, OK);
    return n_places == 0 ? 0 : places[0].score;
}

static void counted_with_the_points(void **state) {
    struct store_fixture *f = *state;
    int64_t sunday = MONDAY_MS - 3600000;
    assert_string_equal(earn(f, "qq.1", "Q1", sunday), "1");
    assert_string_equal(earn(f, "qq.1", "Q1", MONDAY_MS), "0");
    assert_string_equal(earn(f, "qq.1", "Q2", MONDAY_MS), "1");
    assert_int_equal(points_on(f, BOARD_RIDER, BOARD_WEEK, "qq.1", MONDAY_MS),
                     3);
    assert_int_equal(points_on(f, BOARD_RIDER, BOARD_WEEK, "qq.1", sunday), 3);
    assert_int_equal(points_on(f, BOARD_RIDER, BOARD_MONTH, "qq.1", sunday), 6);
    assert_int_equal(points_on(f, BOARD_FIRM, BOARD_ALL, "meituan", sunday), 6);
    assert_int_equal(points_on(f, BOARD_BRANCH, BOARD_ALL, "", sunday), 0);
    assert_string_equal(store_fixture_text(f, "HGET {test}:points qq.1"), "6");
    assert_true(store_fixture_redis(f, "PTTL {test}:board:rider:2023-W47") > 0);
    assert_int_equal(store_fixture_redis(f, "PTTL {test}:board:rider:all"), -1);
}

/* From every board that still is: those of weeks ago, too. */
static void gone_from_all_boards(void **state) {
    struct store_fixture *f = *state;
    int64_t week = 7LL * 24 * 3600 * 1000;
    for (int back = 0; back < 4; back++)
        earn(f, "qq.1", arena_printf(&f->arena, "Q%d", back),
             MONDAY_MS - back * week);
    struct txn *txn = txn_new(f->store);
    leaderboard_leave(txn, "qq.1", MONDAY_MS, OFFSET);
    assert_int_equal(store_fixture_commit(f, txn), OK);
    for (int back = 0; back < 4; back++)
        for (int period = 0; period < BOARD_PERIODS; period++)
            assert_int_equal(points_on(f, BOARD_RIDER,
                                       (enum board_period)period, "qq.1",
                                       MONDAY_MS - back * week),
                             0);
    assert_int_equal(points_on(f, BOARD_FIRM, BOARD_ALL, "meituan", MONDAY_MS),
                     12);
}

#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, store_fixture_setup,                    \
                                    store_fixture_teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(places_are_those_of_the_model),
        TEST(the_largest_score_is_exact),
        TEST(counted_with_the_points),
        TEST(gone_from_all_boards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

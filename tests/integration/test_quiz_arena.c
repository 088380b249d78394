/* 擂台: against the clock, by two processes, and what is kept of it. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "bot/quizzes.h"
#include "store/attempt.h"
#include "tests/integration/quiz_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.90001"

static int setup(void **state) {
    struct engine *engine = engine_new(NULL);
    quiz_add_questions(engine, 1, 3, "交通");
    *state = engine;
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void pass(struct engine *engine, int64_t ms) {
    clock_manual_advance(&engine->clock, ms);
}

/* Three questions, 20 s each, for an hour from ten minutes ahead. */
static void open_arena(struct engine *engine) {
    quiz_add(engine, &(struct quiz){
                         .id = "Z9",
                         .kind = QUIZ_ARENA,
                         .state = QUIZ_OPEN,
                         .title = "安全擂台",
                         .asked = "Q1,Q2,Q3",
                         .seconds = 20,
                         .points = QUIZ_POINTS_POLICY,
                         .opens_ms = ENGINE_START_MS + 10 * QUIZ_MINUTE_MS,
                         .closes_ms = ENGINE_START_MS + 70 * QUIZ_MINUTE_MS});
}

static void enter(struct engine *engine, const char *rider) {
    engine_has(engine_ask(engine, rider, "擂台"), "1 开始");
    engine_has(engine_ask(engine, rider, "1"), "第 1/3 题（限 20 秒）");
}

/* Answers after ms; right or wrong: Qi's number is i % 4 + 1. */
static const char *answer(struct engine *engine, const char *rider, int i,
                          bool right, int64_t ms) {
    char text[4];
    snprintf(text, sizeof(text), "%d", right ? i % 4 + 1 : (i + 1) % 4 + 1);
    pass(engine, ms);
    return engine_ask(engine, rider, text);
}

static void by_the_clock(void **state) {
    struct engine *engine = *state;
    open_arena(engine);
    engine_has(engine_ask(engine, RIDER, "擂台"),
               "【安全擂台】11-15 06:23 开擂");
    pass(engine, 10 * QUIZ_MINUTE_MS - 1);
    engine_has(engine_ask(engine, RIDER, "擂台"), "开擂");
    pass(engine, 1);
    engine_has(engine_ask(engine, RIDER, "擂台"),
               "3 题，每题限 20 秒，11-15 07:23 结束");
    engine_has(engine_ask(engine, RIDER, "2"), "想参加时再发");
    enter(engine, RIDER);
    engine_has(answer(engine, RIDER, 1, true, 20000), "回答正确");
    engine_has(answer(engine, RIDER, 2, true, 20001), "超时了");
    const char *end = answer(engine, RIDER, 3, true, 2345);
    engine_has(end, "3 题答对 2 题，用时 42.3 秒，目前第 1 名");
    engine_has(engine_ask(engine, RIDER, "擂台"),
               "目前第 1 名（共 1 人）。\n1. 小王　2 题　42.3 秒");
    pass(engine, 60 * QUIZ_MINUTE_MS);
    quiz_tick(engine);
    engine_has(engine_ask(engine, RIDER, "擂台"), "没有擂台赛");
    char *closed =
        engine_redis_text(engine, "HGET {test}:record:quiz:Z9 state");
    assert_string_equal(closed, "closed");
    free(closed);
}

/* The clock does not stop with the rider. */
static void stopping_stops_no_clock(void **state) {
    struct engine *engine = *state;
    open_arena(engine);
    pass(engine, 10 * QUIZ_MINUTE_MS);
    enter(engine, RIDER);
    engine_ask(engine, RIDER, "取消");
    pass(engine, 12000);
    engine_has(engine_ask(engine, RIDER, "擂台"), "第 1/3 题（限 8 秒）");
    engine_ask(engine, RIDER, "取消");
    pass(engine, 8001);
    const char *next = engine_ask(engine, RIDER, "擂台");
    engine_has(next, "超时了");
    engine_has(next, "第 2/3 题（限 20 秒）");
}

static void closed_on_the_way(void **state) {
    struct engine *engine = *state;
    open_arena(engine);
    pass(engine, 70 * QUIZ_MINUTE_MS - 5000);
    enter(engine, RIDER);
    engine_has(answer(engine, RIDER, 1, true, 4999), "回答正确");
    engine_has(answer(engine, RIDER, 2, true, 1), "已经结束");
}

struct place_wanted {
    const char *rider;
    int right;
    int64_t ms, rank;
};

static struct place places[8];
static size_t n_places;
static bool listed;

static void on_places(void *data, enum err err, const struct place *found,
                      size_t n, int64_t total) {
    struct engine *engine = data;
    (void)engine;
    assert_int_equal(err, OK);
    assert_int_equal(total, n);
    for (n_places = 0; n_places < n; n_places++) {
        places[n_places] = found[n_places];
        places[n_places].id = strdup(found[n_places].id);
    }
    listed = true;
}

static void ranked(struct engine *engine, const struct place_wanted *wanted,
                   size_t n) {
    struct arena arena;
    arena_init(&arena);
    listed = false;
    run_list_places(engine->bot.store, &arena, "Z9", 0, 8, on_places, engine);
    ENGINE_UNTIL(engine, listed);
    assert_int_equal(n_places, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(places[i].id, wanted[i].rider);
        assert_int_equal(attempt_score_right(places[i].score), wanted[i].right);
        assert_int_equal(attempt_score_ms(places[i].score), wanted[i].ms);
        assert_int_equal(places[i].rank, wanted[i].rank);
        free((char *)(uintptr_t)places[i].id);
    }
    arena_finish(&arena);
}

/* More right, then less time, then who was through first. */
static void ties(void **state) {
    struct engine *engine = *state;
    static const char *const riders[] = {"qq.1", "qq.2", "qq.3", "qq.4",
                                         "qq.5"};
    open_arena(engine);
    pass(engine, 10 * QUIZ_MINUTE_MS);
    for (size_t i = 0; i < 3; i++) { /* the same, one after the other */
        enter(engine, riders[i]);
        answer(engine, riders[i], 1, true, 1000);
        answer(engine, riders[i], 2, i == 2, 1000);
        engine_has(answer(engine, riders[i], 3, true, 1000), i == 0 ? "第 1 名"
                                                             : i == 1
                                                                 ? "第 2 名"
                                                                 : "第 1 名");
    }
    for (size_t i = 3; i < 5; i++) { /* not through: behind, and equal */
        enter(engine, riders[i]);
        answer(engine, riders[i], 1, true, 500);
    }
    const struct place_wanted wanted[] = {
        {"qq.3", 3, 3000, 1},  {"qq.1", 2, 3000, 2},  {"qq.2", 2, 3000, 3},
        {"qq.5", 1, 40500, 4}, {"qq.4", 1, 40500, 4},
    };
    ranked(engine, wanted, ARRAY_LEN(wanted));
}

/* Two processes serve one rider; each answer counts once. */
static void two_processes(void **state) {
    struct engine *engine = *state;
    open_arena(engine);
    pass(engine, 10 * QUIZ_MINUTE_MS);
    enter(engine, RIDER);
    char *before = engine_redis_text(engine, "HGET {test}:answers:Z9 " RIDER);
    struct attempt had = {.packed = before, .answers = ""};
    struct attempt has = {.n = 1, .right = 1, .total_ms = 1, .answers = "2"};
    for (int i = 0; i < 2; i++) {
        struct txn *txn = txn_new(engine->bot.store);
        attempt_put(txn, &(struct attempt_change){.run = "Z9",
                                                  .rider = RIDER,
                                                  .before = &had,
                                                  .after = &has,
                                                  .answered = true,
                                                  .score = 1});
        assert_int_equal(engine_commit(engine, txn),
                         i == 0 ? OK : ERR_CONFLICT);
    }
    free(before);
    /* This process did not see that: it is to the question that comes now. */
    const char *next = answer(engine, RIDER, 1, true, 1000);
    engine_has(next, "那道题已经过去了");
    engine_has(next, "第 2/3 题");
    char *n = engine_redis_text(engine, "HGET {test}:counts:Z9 a:0:2");
    assert_string_equal(n, "1");
    free(n);
}

/* Two processes put out the day's question: one of them does. */
static void on_refreshed(void *data) {
    *(bool *)data = true;
}

static void one_question_of_the_day(void **state) {
    struct engine *engine = *state;
    struct quizzes *other = quizzes_new(&engine->bot);
    bool done = false;
    quiz_add(engine, &(struct quiz){.id = "Z1",
                                    .kind = QUIZ_DAILY,
                                    .state = QUIZ_OPEN,
                                    .category = "交通",
                                    .n = 1});
    quizzes_look(other);
    quizzes_look(engine->bot.quizzes);
    engine_settle(engine);
    quizzes_look(other);
    quiz_tick(engine);
    quizzes_refresh(other, on_refreshed, &done);
    ENGINE_UNTIL(engine, done);
    const struct quiz_sheet *mine = quizzes_find(engine->bot.quizzes, "Z1");
    const struct quiz_sheet *theirs = quizzes_find(other, "Z1");
    assert_int_equal(mine->n, 1);
    assert_string_equal(mine->quiz.asked, theirs->quiz.asked);
    assert_int_equal(mine->quiz.version, 2);
    assert_string_equal(mine->quiz.day, "2023-11-15");
    assert_true(quizzes_use(other, mine->quiz.asked));
    assert_false(quizzes_use(other, "Q"));
    quizzes_free(other);
}

/* A month of days, two processes and a restart now and then: one question a
 * day, and none again before the others have been. */
static void a_month_of_days(void **state) {
    struct engine *engine = *state;
    char asked[30][8];
    quiz_add(engine, &(struct quiz){.id = "Z1",
                                    .kind = QUIZ_DAILY,
                                    .state = QUIZ_OPEN,
                                    .category = "交通",
                                    .at_min = 6 * 60,
                                    .n = 1});
    for (size_t day = 0; day < ARRAY_LEN(asked); day++) {
        struct quizzes *other = quizzes_new(&engine->bot);
        quizzes_look(other);
        quizzes_look(engine->bot.quizzes);
        engine_settle(engine);
        quizzes_look(other);
        quiz_tick(engine);
        const struct quiz_sheet *sheet =
            quizzes_find(engine->bot.quizzes, "Z1");
        assert_int_equal(sheet->quiz.version, day + 2);
        snprintf(asked[day], sizeof(asked[day]), "%s", sheet->quiz.asked);
        for (size_t back = 1; back < 3 && back <= day; back++)
            assert_string_not_equal(asked[day], asked[day - back]);
        quizzes_free(other);
        if (day % 7 == 3)
            engine_restart(engine);
        /* Before its time of day nothing changes. */
        pass(engine, (24 * 60 - 20) * QUIZ_MINUTE_MS);
        quiz_tick(engine);
        sheet = quizzes_find(engine->bot.quizzes, "Z1");
        assert_int_equal(sheet->quiz.version, day + 2);
        pass(engine, 20 * QUIZ_MINUTE_MS);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(by_the_clock),      TEST(stopping_stops_no_clock),
        TEST(closed_on_the_way), TEST(ties),
        TEST(two_processes),     TEST(one_question_of_the_day),
        TEST(a_month_of_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

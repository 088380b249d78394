/* What stays of a quiz: that its broadcast was read, and what a rider may see
 * and erase. */
#include "base/mem.h"
#include "bot/quizzes.h"
#include "store/broadcast.h"
#include "tests/integration/quiz_fixture.h"

#include <hiredis/hiredis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.90001"
#define OTHER "qq.90002"

static int setup(void **state) {
    struct engine *engine = engine_new(NULL);
    quiz_add_questions(engine, 1, 2, "");
    quiz_add(engine, &(struct quiz){.id = "Z2",
                                    .state = QUIZ_OPEN,
                                    .asked = "Q1,Q2",
                                    .points = 2});
    *state = engine;
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

/* B1, which carries a quiz, has reached a chat as its only target. */
static void push(struct engine *engine, const char *chat, const char *quiz) {
    char pushed[64];
    struct txn *txn = txn_new(engine->bot.store);
    broadcast_put(txn, &(struct broadcast){.id = "B1",
                                           .state = BROADCAST_DONE,
                                           .lane = LANE_STUDY,
                                           .target = "riders",
                                           .quiz = quiz,
                                           .fired_ms = 5});
    assert_int_equal(engine_commit(engine, txn), OK);
    snprintf(pushed, sizeof(pushed), "B1 0 %lld", (long long)ENGINE_START_MS);
    engine_redis(engine, "HSET {test}:delivery:B1 total 1");
    engine_redis(engine, "RPUSH {test}:delivery:B1:chats %s", chat);
    freeReplyObject(redis_server_command(
        engine->redis, "HSET {test}:pushed %s %s", chat, pushed));
}

static long long has_read(struct engine *engine, const char *rider) {
    return engine_redis(engine, "SISMEMBER {test}:delivery:B1:readers %s",
                        rider);
}

static void done_is_read(void **state) {
    struct engine *engine = *state;
    push(engine, "qq.u90001", "Z2");
    engine_ask(engine, RIDER, "答题");
    engine_has(engine_ask(engine, RIDER, "2"), "第 2/2 题");
    assert_int_equal(has_read(engine, RIDER), 0); /* not through yet */
    engine_has(engine_ask(engine, RIDER, "3"), "2 题答对 2 题");
    assert_int_equal(has_read(engine, RIDER), 1);
    /* Whom it did not reach has not read it. */
    engine_ask(engine, OTHER, "答题");
    engine_ask(engine, OTHER, "2");
    engine_has(engine_ask(engine, OTHER, "3"), "答对 2 题");
    assert_int_equal(has_read(engine, OTHER), 0);
}

/* Begun in the group that got it, gone on with in private. */
static void done_is_read_in_the_group(void **state) {
    struct engine *engine = *state;
    push(engine, ENGINE_GROUP, "Z2");
    engine_group(engine, RIDER, "答题");
    engine_settle(engine);
    engine_ask(engine, RIDER, "2");
    engine_has(engine_ask(engine, RIDER, "3"), "答对 2 题");
    assert_int_equal(has_read(engine, RIDER), 1);
}

static void another_quiz_is_not_that(void **state) {
    struct engine *engine = *state;
    push(engine, "qq.u90001", "Z9");
    engine_ask(engine, RIDER, "答题");
    engine_ask(engine, RIDER, "2");
    engine_has(engine_ask(engine, RIDER, "3"), "答对 2 题");
    assert_int_equal(has_read(engine, RIDER), 0);
}

static void told_and_erased(void **state) {
    struct engine *engine = *state;
    static const char *const keys[] = {
        "answers:Z2", "scores:Z2", "board:rider:all", "board:rider:2023-W46"};
    engine_ask(engine, RIDER, "答题");
    engine_ask(engine, RIDER, "2");
    engine_ask(engine, RIDER, "3");
    engine_ask(engine, OTHER, "答题");
    engine_ask(engine, OTHER, "2");
    engine_has(engine_ask(engine, RIDER, "我的数据"), "答题：参加过 1 次");
    engine_ask(engine, RIDER, "删除我的数据");
    engine_has(engine_ask(engine, RIDER, "1"), "回执");
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *has = i == 0 ? "HEXISTS" : "ZSCORE";
        char key[64];
        snprintf(key, sizeof(key), "{test}:%s", keys[i]);
        assert_true(engine_redis(engine, "%s %s " RIDER, has, key) <= 0);
        assert_true(engine_redis(engine, "%s %s " OTHER, has, key) >= 1);
    }
    assert_int_equal(engine_redis(engine, "EXISTS {test}:runs:" RIDER), 0);
    /* How many answered stays. */
    char *n = engine_redis_text(engine, "HGET {test}:counts:Z2 a:0:2");
    assert_string_equal(n, "2");
    free(n);
    engine_has(engine_ask(engine, OTHER, "排行"), "1. 小王　2 分");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(done_is_read),
        TEST(done_is_read_in_the_group),
        TEST(another_quiz_is_not_that),
        TEST(told_and_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

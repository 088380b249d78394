/* 学习 and 我的学习, as riders meet them. */
#include "base/mem.h"
#include "store/material.h"
#include "store/plan.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.1"
#define CHAT "qq.u1"

static int setup(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void add(struct engine *e, const char *id, const char *title,
                enum material_state state, int64_t at_ms) {
    struct txn *txn = txn_new(e->bot.store);
    material_put(txn, &(struct material){.id = id,
                                         .state = state,
                                         .title = title,
                                         .source = "学习园地",
                                         .url = "https://example.org/a",
                                         .summary = "三句话说清楚",
                                         .body = "很长的正文",
                                         .minutes = 3,
                                         .published_ms = at_ms});
    assert_int_equal(engine_commit(e, txn), OK);
}

static void plan(struct engine *e, const char *ids) {
    char week[PLAN_WEEK_SIZE];
    struct txn *txn = txn_new(e->bot.store);
    plan_week(e->clock.now_ms, 480, week);
    plan_put(txn, &(struct plan){.week = week, .materials = ids});
    assert_int_equal(engine_commit(e, txn), OK);
}

static void some(struct engine *e) {
    add(e, "M1", "旧的一篇", MATERIAL_APPROVED, 10);
    add(e, "M2", "计划里的一篇", MATERIAL_APPROVED, 5);
    add(e, "M3", "还没看过的", MATERIAL_NEW, 30);
    add(e, "M4", "最新的一篇", MATERIAL_APPROVED, 20);
    add(e, "M5", "不要的", MATERIAL_REJECTED, 40);
    plan(e, "M2,M3");
}

static void test_nothing_to_read(void **state) {
    struct engine *e = *state;
    engine_has(engine_ask(e, RIDER, "学习"), "还没有学习资料");
    engine_has(engine_ask(e, RIDER, "我的学习"), "还没有读过");
}

static void test_the_plan_comes_first(void **state) {
    struct engine *e = *state;
    some(e);
    const char *list = engine_ask(e, RIDER, "学习");
    engine_has(list, "1 本周 · 计划里的一篇（3 分钟）");
    engine_has(list, "2 最新的一篇（3 分钟）");
    engine_has(list, "3 旧的一篇");
    engine_has_not(list, "还没看过的");
    engine_has_not(list, "不要的");
}

static void test_reading_counts_once(void **state) {
    struct engine *e = *state;
    some(e);
    engine_ask(e, RIDER, "学习");
    const char *text = engine_ask(e, RIDER, "2");
    engine_has(text,
               "最新的一篇\n学习园地 · 约 3 分钟 · +1 积分\n三句话说清楚\n"
               "https://example.org/a");
    engine_has(text, "2 最新的一篇（3 分钟）✓");
    assert_int_equal(engine_redis(e, "ZCARD {test}:learned:" RIDER), 1);
    /* The next number is one of the same list. */
    text = engine_ask(e, RIDER, "1");
    engine_has(text, "计划里的一篇\n学习园地");
    text = engine_ask(e, RIDER, "2");
    engine_has(text, "最新的一篇");
    engine_has_not(text, "积分");
    engine_has(engine_ask(e, RIDER, "学习 2"), "最新的一篇\n");
    char *points = engine_redis_text(e, "HGET {test}:points " RIDER);
    assert_string_equal(points, "2");
    free(points);
    char *reads = engine_redis_text(e, "HGET {test}:record:material:M4 reads");
    assert_string_equal(reads, "1");
    free(reads);
    const char *mine = engine_ask(e, RIDER, "我的学习");
    engine_has(mine, "读过 2 篇");
    engine_has(mine, "计划里的一篇");
    engine_has(engine_ask(e, RIDER, "我的数据"), "读过的学习资料 2 篇");
}

static void test_the_same_message_twice(void **state) {
    struct engine *e = *state;
    some(e);
    struct segment text = {.type = SEGMENT_TEXT, .text = "学习 1"};
    const struct message again = {.rider = RIDER,
                                  .chat = CHAT,
                                  .id = "m-again",
                                  .segments = &text,
                                  .n_segments = 1};
    for (int i = 0; i < 2; i++) {
        engine_send(e, &again);
        engine_settle(e);
    }
    assert_int_equal(engine_said(e, "计划里的一篇\n学习园地"), 2);
    char *points = engine_redis_text(e, "HGET {test}:points " RIDER);
    assert_string_equal(points, "1");
    free(points);
}

static void test_reading_keeps_a_draft(void **state) {
    struct engine *e = *state;
    some(e);
    engine_ask(e, RIDER, "随手拍 路灯不亮");
    engine_ask(e, RIDER, "学习");
    engine_ask(e, RIDER, "1");
    engine_ask(e, RIDER, "驿站"); /* asks for a place */
    assert_true(engine_redis(e, "HSTRLEN {test}:rider:" RIDER " draft") > 0);
    engine_ask(e, RIDER, "取消");
    engine_has_not(engine_ask(e, RIDER, "继续"), "没有进行到一半");
}

static void test_a_group_hears_nothing(void **state) {
    struct engine *e = *state;
    some(e);
    engine_ask_group(e, RIDER, "学习");
    assert_int_equal(e->n_sent, 0);
    engine_mention(e, RIDER, "学习");
    engine_settle(e);
    engine_has_not(engine_last(e, ENGINE_GROUP), "计划里的一篇");
    engine_has(engine_last(e, CHAT), "计划里的一篇");
}

static void test_what_was_read_is_forgotten(void **state) {
    struct engine *e = *state;
    some(e);
    engine_ask(e, RIDER, "学习 1");
    assert_int_equal(engine_redis(e, "EXISTS {test}:learned:" RIDER), 1);
    engine_ask(e, RIDER, "删除我的数据");
    engine_ask(e, RIDER, "1");
    assert_int_equal(engine_redis(e, "EXISTS {test}:learned:" RIDER), 0);
    assert_int_equal(engine_redis(e, "EXISTS {test}:earned:" RIDER), 0);
}

static void test_a_list_that_changes_meanwhile(void **state) {
    struct engine *e = *state;
    add(e, "M1", "唯一的一篇", MATERIAL_APPROVED, 10);
    engine_ask(e, RIDER, "学习");
    struct txn *txn = txn_new(e->bot.store);
    material_remove(txn, "M1", 1);
    assert_int_equal(engine_commit(e, txn), OK);
    engine_has(engine_ask(e, RIDER, "1"), "还没有学习资料");
    assert_int_equal(engine_redis(e, "EXISTS {test}:learned:" RIDER), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_nothing_to_read),
        TEST(test_the_plan_comes_first),
        TEST(test_reading_counts_once),
        TEST(test_the_same_message_twice),
        TEST(test_reading_keeps_a_draft),
        TEST(test_a_group_hears_nothing),
        TEST(test_what_was_read_is_forgotten),
        TEST(test_a_list_that_changes_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

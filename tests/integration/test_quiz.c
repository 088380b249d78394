/* 答题 and 排行, as riders meet them. */
#include "base/clock.h"
#include "base/mem.h"
#include "bot/quizzes.h"
#include "store/rider.h"
#include "tests/integration/quiz_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.90001"
#define OTHER "qq.90002"

static int setup(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void open_daily(struct engine *engine) {
    quiz_add(engine, &(struct quiz){.id = "Z1",
                                    .kind = QUIZ_DAILY,
                                    .state = QUIZ_OPEN,
                                    .title = "每日一题",
                                    .points = QUIZ_POINTS_POLICY});
    quiz_tick(engine);
}

static void open_plain(struct engine *engine, const char *id,
                       const char *asked) {
    quiz_add(engine, &(struct quiz){.id = id,
                                    .kind = QUIZ_PLAIN,
                                    .state = QUIZ_OPEN,
                                    .asked = asked,
                                    .points = 2});
}

static void is(char *text, const char *wanted) {
    assert_string_equal(text, wanted);
    free(text);
}
#define redis_says(engine, command, wanted)                                    \
    is(engine_redis_text(engine, command), wanted)

/* ---- the question of the day ---- */

static void nothing_is_open(void **state) {
    struct engine *engine = *state;
    engine_has(engine_ask(engine, RIDER, "答题"), "没有开放的答题");
    engine_has(engine_ask(engine, RIDER, "擂台"), "没有擂台赛");
    engine_has(engine_ask(engine, RIDER, "排行"), "还没有人上榜");
}

static void one_a_day(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 1, "");
    open_daily(engine);
    const char *asked = engine_ask(engine, RIDER, "答题");
    engine_has(asked, "【每日一题】第 1/1 题\n第1问\n1 甲\n2 乙\n3 丙\n4 丁\n");
    engine_has(engine_ask(engine, RIDER, "5"), "1 到 4");
    engine_has(engine_ask(engine, RIDER, "1 2"), "只回复一个");
    const char *right = engine_ask(engine, RIDER, "２");
    engine_has(right, "回答正确！\n因为如此");
    engine_has(right, "已有 1 人作答，答对 100%");
    engine_has(engine_ask(engine, RIDER, "答题"), "已经答过");
    engine_has(engine_ask(engine, RIDER, "答题 1"), "已经答过");
    redis_says(engine, "HGET {test}:points " RIDER, "1");
    /* The number may come along with the word. */
    const char *wrong = engine_ask(engine, OTHER, "答题 1");
    engine_has(wrong, "正确答案：2 乙");
    engine_has(wrong, "已有 2 人作答，答对 50%");
    assert_int_equal(engine_redis(engine, "HEXISTS {test}:points " OTHER), 0);
}

/* The answer to yesterday's question is none to today's. */
static void another_day(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 2, "");
    open_daily(engine);
    char *first = strdup(engine_ask(engine, RIDER, "答题"));
    clock_manual_advance(&engine->clock, 24 * 60 * QUIZ_MINUTE_MS);
    quiz_tick(engine);
    const char *next = engine_ask(engine, RIDER, "答题");
    assert_string_not_equal(first, next); /* the one that was not out yet */
    engine_has(next, strstr(first, "第1问") == NULL ? "第1问" : "第2问");
    free(first);
}

static void the_day_changes_under_an_answer(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 2, "");
    open_daily(engine);
    engine_ask(engine, RIDER, "答题");
    /* Midnight is some minutes away: the form is still open then. */
    int64_t local =
        ENGINE_START_MS % (24 * 60 * QUIZ_MINUTE_MS) + 8 * 60 * QUIZ_MINUTE_MS;
    int64_t day = 24 * 60 * QUIZ_MINUTE_MS;
    clock_manual_advance(&engine->clock, day - local % day - QUIZ_MINUTE_MS);
    quiz_tick(engine);
    engine_ask(engine, RIDER, "答题");
    clock_manual_advance(&engine->clock, 2 * QUIZ_MINUTE_MS);
    quiz_tick(engine);
    engine_has(engine_ask(engine, RIDER, "2"), "那道题已经过去了");
    assert_int_equal(engine_redis(engine, "EXISTS {test}:runs:" RIDER), 0);
}

static void out_at_its_time_only(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 1, "");
    /* It is 06:13 of the 15th there. */
    quiz_add(engine, &(struct quiz){.id = "Z1",
                                    .kind = QUIZ_DAILY,
                                    .state = QUIZ_OPEN,
                                    .at_min = 6 * 60 + 15});
    quiz_tick(engine);
    engine_has(engine_ask(engine, RIDER, "答题"), "没有开放的答题");
    clock_manual_advance(&engine->clock, 2 * QUIZ_MINUTE_MS);
    quiz_tick(engine);
    engine_has(engine_ask(engine, RIDER, "答题"), "第1问");
    quiz_tick(engine);
    redis_says(engine, "HGET {test}:record:quiz:Z1 v", "2");
}

/* ---- a quiz of several ---- */

static void through_a_quiz(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 1, "");
    quiz_add_question(engine, &(struct question){.id = "Q2",
                                                 .kind = QUESTION_MULTIPLE,
                                                 .text = "哪些要戴",
                                                 .options = {"盔", "帽", "镜"},
                                                 .n_options = 3,
                                                 .correct = 5});
    quiz_add_question(engine, &(struct question){.id = "Q3",
                                                 .kind = QUESTION_TRUTH,
                                                 .text = "可以逆行",
                                                 .photo = "abc123",
                                                 .correct = 2});
    open_plain(engine, "Z2", "Q1,Q2,Q3");
    engine_has(engine_ask(engine, RIDER, "答题"), "第 1/3 题");
    const char *second = engine_ask(engine, RIDER, "B");
    engine_has(second, "回答正确");
    engine_has(second, "第 2/3 题\n哪些要戴\n1 盔\n2 帽\n3 镜\n多选");
    const char *third = engine_ask(engine, RIDER, "31");
    engine_has(third, "回答正确");
    engine_has(third, "可以逆行\n/photos/abc123\n1 对\n2 错");
    engine_has(engine_ask(engine, RIDER, "大概"), "1（对）或 2（错）");
    const char *end = engine_ask(engine, RIDER, "不对");
    engine_has(end, "3 题答对 3 题");
    redis_says(engine, "HGET {test}:points " RIDER, "6");
    engine_has(engine_ask(engine, RIDER, "答题"), "已经答完");
}

static void stopped_and_gone_on(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 3, "");
    open_plain(engine, "Z2", "Q1,Q2,Q3");
    engine_ask(engine, RIDER, "答题");
    engine_ask(engine, RIDER, "2");
    engine_has(engine_ask(engine, RIDER, "取消"), "不弄了");
    clock_manual_advance(&engine->clock, 300 * QUIZ_MINUTE_MS);
    engine_restart(engine);
    quiz_tick(engine);
    engine_has(engine_ask(engine, RIDER, "答题"), "第 2/3 题\n第2问");
    engine_has(engine_ask(engine, RIDER, "3"), "第 3/3 题");
}

/* Q1 is in both quizzes: it earns once. */
static void points_once_a_question(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 1, "");
    open_plain(engine, "Z2", "Q1");
    engine_has(engine_ask(engine, RIDER, "答题 2"), "1 题答对 1 题");
    open_plain(engine, "Z3", "Q1");
    engine_has(engine_ask(engine, RIDER, "答题 2"), "1 题答对 1 题");
    redis_says(engine, "HGET {test}:points " RIDER, "2");
    redis_says(engine, "ZSCORE {test}:board:rider:all " RIDER, "2");
}

static void several_are_open(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 2, "");
    quiz_add(engine, &(struct quiz){.id = "Z2",
                                    .state = QUIZ_OPEN,
                                    .title = "交通",
                                    .asked = "Q1"});
    quiz_add(engine, &(struct quiz){.id = "Z3",
                                    .state = QUIZ_OPEN,
                                    .title = "食品",
                                    .asked = "Q2"});
    open_daily(engine);
    const char *list = engine_ask(engine, RIDER, "答题");
    engine_has(list, "1 每日一题\n2 食品\n3 交通");
    engine_has(engine_ask(engine, RIDER, "3"), "【交通】第 1/1 题\n第1问");
    engine_has(engine_ask(engine, RIDER, "2"), "1 题答对 1 题");
    engine_has(engine_ask(engine, RIDER, "答题"), "3 交通（已答完）");
    engine_has(engine_ask(engine, RIDER, "2"), "【食品】");
    engine_ask(engine, RIDER, "1");
    engine_has(engine_ask(engine, RIDER, "答题"), "【每日一题】");
}

/* What comes again gets what it got, and counts nothing twice. */
static void delivered_again(void **state) {
    struct engine *engine = *state;
    struct segment two = {.type = SEGMENT_TEXT, .text = "2"};
    struct message answer = {
        .rider = RIDER, .id = "m-again", .segments = &two, .n_segments = 1};
    quiz_add_questions(engine, 1, 2, "");
    open_plain(engine, "Z2", "Q1,Q2");
    engine_ask(engine, RIDER, "答题");
    engine_send(engine, &answer);
    engine_settle(engine);
    char *first = strdup(engine_last(engine, NULL));
    engine_has(first, "第 2/2 题");
    engine_send(engine, &answer);
    engine_settle(engine);
    assert_string_equal(engine_last(engine, NULL), first);
    char *line = engine_redis_text(engine, "HGET {test}:answers:Z2 " RIDER);
    assert_memory_equal(line, "1 1 ", 4);
    free(line);
    free(first);
}

static void closed_meanwhile(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 1, "");
    open_plain(engine, "Z2", "Q1");
    engine_ask(engine, RIDER, "答题");
    /* Another process closes it; this one has not heard of it. */
    struct txn *txn = txn_new(engine->bot.store);
    quiz_put(txn, &(struct quiz){.id = "Z2",
                                 .version = 1,
                                 .state = QUIZ_CLOSED,
                                 .title = "",
                                 .questions = "",
                                 .category = "",
                                 .asked = "Q1",
                                 .day = "",
                                 .past = "",
                                 .by = ""});
    assert_int_equal(engine_commit(engine, txn), OK);
    engine_has(engine_ask(engine, RIDER, "2"), "已经结束");
    assert_int_equal(engine_redis(engine, "EXISTS {test}:answers:Z2"), 0);
}

static void in_a_group(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 1, "");
    open_plain(engine, "Z2", "Q1");
    engine_group(engine, RIDER, "答题");
    engine_settle(engine);
    engine_has(engine_last(engine, "qq.u90001"), "第1问");
    engine_has_not(engine_last(engine, ENGINE_GROUP), "第1问");
    engine_clear(engine);
    engine_mention(engine, RIDER, "排行");
    engine_settle(engine);
    engine_has_not(engine_last(engine, ENGINE_GROUP), "学习排行");
}

/* ---- leaderboards ---- */

static void answer_all(struct engine *engine, const char *rider,
                       const char *nick, int right) {
    engine_ask(engine, rider, "答题");
    for (int i = 1; i <= 3; i++) {
        char text[4];
        struct segment segment = {.type = SEGMENT_TEXT, .text = text};
        int number = i % 4 + 1;
        snprintf(text, sizeof(text), "%d",
                 i <= right ? number : number % 4 + 1);
        engine_send(engine, &(struct message){.rider = rider,
                                              .nick = nick,
                                              .segments = &segment,
                                              .n_segments = 1});
        engine_settle(engine);
    }
}

static void ties_share_a_rank(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 3, "");
    open_plain(engine, "Z2", "Q1,Q2,Q3");
    answer_all(engine, "qq.1", "甲君", 3);
    answer_all(engine, "qq.2", "乙君", 2);
    answer_all(engine, "qq.3", "丙君", 2);
    answer_all(engine, "qq.4", "丁君", 1);
    const char *board = engine_ask(engine, "qq.4", "排行");
    engine_has(board, "本周学习排行\n1. 甲君　6 分\n2. ");
    engine_has(board, "\n2. 乙君　4 分");
    engine_has(board, "\n2. 丙君　4 分");
    engine_has(board, "\n4. 丁君　2 分");
    engine_has(board, "你第 4 名，2 分");
    engine_has_not(board, "qq.");
    engine_has(engine_ask(engine, "qq.4", "排行 本月"),
               "本月学习排行\n1. 甲君");
    /* Next week nobody has any yet. */
    clock_manual_advance(&engine->clock, 7 * 24 * 60 * QUIZ_MINUTE_MS);
    engine_has(engine_ask(engine, "qq.4", "排行"), "还没有人上榜");
    engine_has(engine_ask(engine, "qq.4", "排行 累计"), "1. 甲君");
}

static void off_the_board(void **state) {
    struct engine *engine = *state;
    quiz_add_questions(engine, 1, 3, "");
    open_plain(engine, "Z2", "Q1");
    engine_ask(engine, RIDER, "答题 2");
    engine_has(engine_ask(engine, RIDER, "排行"), "小王");
    engine_has(engine_ask(engine, RIDER, "排行 退出"), "移除");
    engine_has(engine_ask(engine, OTHER, "排行"), "还没有人上榜");
    open_plain(engine, "Z3", "Q2");
    engine_has(engine_ask(engine, RIDER, "答题 3"), "答对 1 题");
    engine_has(engine_ask(engine, OTHER, "排行"), "还没有人上榜");
    engine_has(engine_ask(engine, RIDER, "排行 加入"), "好的");
    open_plain(engine, "Z4", "Q3");
    engine_has(engine_ask(engine, RIDER, "答题 4"), "答对 1 题");
    engine_has(engine_ask(engine, OTHER, "排行"), "小王　2 分");
    redis_says(engine, "HGET {test}:points " RIDER, "6");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(nothing_is_open),      TEST(one_a_day),
        TEST(another_day),          TEST(the_day_changes_under_an_answer),
        TEST(out_at_its_time_only), TEST(through_a_quiz),
        TEST(stopped_and_gone_on),  TEST(points_once_a_question),
        TEST(several_are_open),     TEST(delivered_again),
        TEST(closed_meanwhile),     TEST(in_a_group),
        TEST(ties_share_a_rank),    TEST(off_the_board),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Turns: their order, redelivery, conflicts, floods, and life without a store;
 * and where a private message goes. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/mem.h"
#include "bot/config.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "bot/turns.h"
#include "handlers/handlers.h"
#include "store/store.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.1"
#define OTHER "qq.2"
#define GIVE_UP_MS 3001 /* PARK_MS of turns.c, passed */

static int setup(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void text_with_id(struct engine *e, const char *rider, const char *id,
                         const char *text) {
    struct segment segment = {.type = SEGMENT_TEXT, .text = text};
    engine_send(e, &(struct message){.rider = rider,
                                     .id = id,
                                     .segments = &segment,
                                     .n_segments = 1});
}

/* ---- order and redelivery -------------------------------------------------
 */

static void test_order(void **state) {
    struct engine *e = *state;
    char text[64];
    for (int i = 1; i <= 8; i++) {
        snprintf(text, sizeof(text), "诉求 充电 %d", i);
        engine_private(e, RIDER, text);
        engine_private(e, OTHER, text);
    }
    engine_settle(e);
    const char *const chats[] = {"qq.u1", "qq.u2"};
    const char *const riders[] = {RIDER, OTHER};
    for (int r = 0; r < 2; r++) {
        assert_int_equal(engine_count(e, chats[r]), 8);
        assert_int_equal(engine_redis(e, "ZCARD {test}:tickets:%s", riders[r]),
                         8);
        int nth = 0;
        for (size_t i = 0; i < e->n_sent; i++) {
            if (strcmp(e->sent[i].chat, chats[r]) != 0)
                continue;
            const char *id = strstr(e->sent[i].text, "编号 S");
            assert_non_null(id);
            char number[24];
            snprintf(number, sizeof(number), "S%ld",
                     strtol(id + strlen("编号 S"), NULL, 10));
            char *kept = engine_ticket(e, number, "text");
            snprintf(text, sizeof(text), "充电 %d", ++nth);
            assert_string_equal(kept, text);
            free(kept);
        }
    }
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 16);
    assert_int_equal(engine_redis(e, "XLEN {test}:outbox:%s", ENGINE_ACCOUNT),
                     0);
    assert_true(turns_idle(e->bot.turns));
}

static void test_redelivery(void **state) {
    struct engine *e = *state;
    double before = engine_metric("xiaofeng_duplicates_total");
    text_with_id(e, RIDER, "7", "诉求 充电柜坏了");
    text_with_id(e, RIDER, "7", "诉求 充电柜坏了"); /* while the first runs */
    engine_settle(e);
    assert_int_equal(e->n_sent, 2);
    char *answer = xstrdup(e->sent[0].text);
    engine_has(answer, "编号 S1");
    assert_string_equal(e->sent[1].text, answer);
    engine_restart(e);
    engine_clear(e);
    text_with_id(e, RIDER, "7", "诉求 充电柜坏了");
    engine_settle(e);
    assert_int_equal(e->n_sent, 1);
    assert_string_equal(e->sent[0].text, answer);
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 1);
    /* The same id in another chat is another message. */
    text_with_id(e, OTHER, "7", "诉求 充电柜坏了");
    engine_settle(e);
    engine_has(engine_last(e, "qq.u2"), "编号 S");
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 2);
    assert_true(engine_metric("xiaofeng_duplicates_total") == before + 2);
    free(answer);
}

/* An answer to a form is not an answer to the next question when it is
 * delivered again. */
static void test_redelivered_answer(void **state) {
    struct engine *e = *state;
    engine_ask(e, RIDER, "随手拍");
    engine_ask(e, RIDER, "跳过");
    text_with_id(e, RIDER, "a", "中山路");
    engine_settle(e);
    engine_has(engine_last(e, NULL), "哪一类");
    text_with_id(e, RIDER, "a", "中山路");
    engine_settle(e);
    engine_has(engine_last(e, NULL), "哪一类");
    engine_has(engine_ask(e, RIDER, "1"), "编号 P1");
    char *text = engine_ticket(e, "P1", "text");
    assert_string_equal(text, "");
    free(text);
}

/* ---- conflicts ------------------------------------------------------------
 */

static struct engine *meddled;
static int meddling; /* how often somebody else writes the rider first */

static void meddle(struct turn *turn) {
    if (meddling > 0) {
        meddling--;
        engine_redis(meddled, "HINCRBY {test}:rider:%s v 1", RIDER);
    }
    turn_set(turn, "nick", "changed");
    turn_say(turn, "test.plain");
}

static const struct command meddle_command = {
    .name = "request",
    .commit = meddle,
};
static const struct command *const meddle_table[] = {&meddle_command};

static int setup_meddle(void **state) {
    meddled = *state = engine_new(&(struct engine_options){
        .commands = meddle_table,
        .n_commands = 1,
    });
    return 0;
}

static void test_conflict(void **state) {
    struct engine *e = *state;
    double before = engine_metric("xiaofeng_conflicts_total");
    engine_ask(e, RIDER, "诉求");
    meddling = 1;
    engine_has(engine_ask(e, RIDER, "诉求"), "你好");
    assert_int_equal(e->n_sent, 1);
    assert_int_equal(engine_redis(e, "HGET {test}:rider:%s nick", RIDER), 7);
    assert_true(engine_metric("xiaofeng_conflicts_total") == before + 1);
    meddling = 100;
    engine_has(engine_ask(e, RIDER, "诉求"), "再试一次");
    assert_int_equal(e->n_sent, 1);
    assert_int_equal(meddling, 95);
}

/* ---- floods ---------------------------------------------------------------
 */

static int setup_flood(void **state) {
    *state = engine_new(&(struct engine_options){
        .paced = true,
        .config = "[pace]\naccount_rate=0\ngroup_rate=0\n",
    });
    return 0;
}

static void test_flood(void **state) {
    struct engine *e = *state;
    double before = engine_metric("xiaofeng_floods_total");
    engine_ask(e, OTHER, "语言 English");
    engine_clear(e);
    for (int i = 0; i < 15; i++) {
        engine_private(e, RIDER, "我的");
        engine_settle(e);
    }
    assert_int_equal(engine_said(e, "还没有提过"), 10);
    assert_int_equal(engine_said(e, "发得有点快"), 1);
    assert_int_equal(e->n_sent, 11);
    assert_true(engine_metric("xiaofeng_floods_total") == before + 5);
    clock_manual_advance(&e->clock, 2000); /* one more gets through */
    engine_has(engine_ask(e, RIDER, "我的"), "还没有提过");
    engine_clear(e);
    engine_private(e, RIDER, "我的");
    engine_settle(e);
    assert_int_equal(e->n_sent, 0);
    /* Somebody else is not held up, and told in the language they chose. */
    for (int i = 0; i < 12; i++) {
        engine_private(e, OTHER, "我的");
        engine_settle(e);
    }
    assert_int_equal(engine_count(e, "qq.u2"), 11);
    engine_has(engine_last(e, "qq.u2"), "That was a lot");
    clock_manual_advance(&e->clock, 60000);
    for (int i = 0; i < 15; i++)
        engine_private(e, RIDER, "我的");
    engine_settle(e);
    assert_int_equal(engine_said(e, "发得有点快"), 1);
}

/* What is said to the others in a group is not counted. */
static void test_chatter_is_no_flood(void **state) {
    struct engine *e = *state;
    clock_manual_advance(&e->clock, e->config->form_group_ms);
    for (int i = 0; i < 40; i++) {
        engine_group(e, RIDER, "今天好热");
        engine_settle(e);
    }
    assert_int_equal(e->n_sent, 0);
    engine_has(engine_ask_group(e, RIDER, "诉求 充电柜坏了"), "编号 S1");
}

/* Messages of one rider that wait for each other are few. */
static void test_queue_of_one_rider(void **state) {
    struct engine *e = *state;
    for (int i = 0; i < LIMIT_RIDER_QUEUE + 5; i++)
        engine_private(e, RIDER, "我的");
    engine_private(e, OTHER, "我的");
    engine_settle(e);
    /* Those beyond are refused, and that is said once. */
    assert_int_equal(engine_count(e, "qq.u1"), LIMIT_RIDER_QUEUE + 2);
    assert_int_equal(engine_said(e, "发得有点快"), 1);
    assert_int_equal(engine_count(e, "qq.u2"), 1);
    for (int i = 0; i < LIMIT_RIDER_QUEUE + 5; i++)
        engine_private(e, RIDER, "我的");
    engine_settle(e);
    assert_int_equal(engine_said(e, "发得有点快"), 2);
}

/* What is under way ends; what comes is asked to come again. */
static void test_stopping(void **state) {
    struct engine *e = *state;
    engine_private(e, RIDER, "诉求 充电柜坏了");
    e->bot.stopping = true;
    engine_private(e, OTHER, "诉求 充电柜又坏了");
    engine_group(e, OTHER, "今天好热");
    engine_settle(e);
    e->bot.stopping = false;
    assert_int_equal(e->n_sent, 2);
    engine_has(engine_last(e, "qq.u1"), "编号 S1");
    engine_has_not(engine_last(e, "qq.u2"), "编号");
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 1);
}

/* ---- without a store ------------------------------------------------------
 */

static void stop_redis(struct engine *e) {
    unsigned downs = e->downs;
    redis_server_kill(e->redis);
    ENGINE_UNTIL(e, e->downs > downs);
}

static void start_redis(struct engine *e) {
    unsigned ups = e->ups;
    redis_server_start(e->redis);
    redis_server_wait(e->redis);
    ENGINE_UNTIL(e, e->ups > ups);
}

/* A short one is not noticed by anybody. */
static void test_short_outage(void **state) {
    struct engine *e = *state;
    stop_redis(e);
    engine_private(e, RIDER, "诉求 充电柜坏了");
    engine_private(e, RIDER, "诉求 充电柜又坏了");
    engine_private(e, OTHER, "诉求 没有车位停车");
    start_redis(e);
    engine_settle(e);
    assert_int_equal(e->n_sent, 3);
    assert_int_equal(engine_said(e, "编号 S"), 3);
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 3);
}

static void give_up(struct engine *e) {
    clock_manual_advance(&e->clock, GIVE_UP_MS);
    ENGINE_UNTIL(e, turns_idle(e->bot.turns));
}

static void test_long_outage(void **state) {
    struct engine *e = *state;
    engine_ask(e, OTHER, "语言 English");
    engine_clear(e);
    double before = engine_metric("xiaofeng_turns_without_store_total");
    stop_redis(e);
    engine_private(e, RIDER, "诉求 充电柜坏了");
    engine_private(e, RIDER, "诉求 还有一件");
    engine_private(e, OTHER, "request charger is broken");
    give_up(e);
    assert_int_equal(engine_count(e, "qq.u1"), 1);
    engine_has(engine_last(e, "qq.u1"), "暂时连不上");
    assert_int_equal(engine_count(e, "qq.u2"), 1);
    engine_has_not(engine_last(e, "qq.u2"), "连不上");
    engine_private(e, RIDER, "诉求 第三件");
    give_up(e);
    assert_int_equal(e->n_sent, 2);
    assert_true(engine_metric("xiaofeng_turns_without_store_total") ==
                before + 4);
    start_redis(e);
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 0);
    engine_has(engine_ask(e, RIDER, "诉求 充电柜坏了"), "编号 S");
    /* The next outage is another one. */
    engine_clear(e);
    stop_redis(e);
    engine_private(e, RIDER, "诉求 充电柜坏了");
    give_up(e);
    engine_has(engine_last(e, "qq.u1"), "暂时连不上");
}

/* The store dies under a transaction that was sent. */
static void dying(struct turn *turn) {
    if (meddling-- > 0)
        redis_server_kill(meddled->redis);
    turn_set(turn, "nick", "changed");
    turn_say(turn, "test.plain");
}

static const struct command dying_command = {
    .name = "request",
    .commit = dying,
};
static const struct command *const dying_table[] = {&dying_command};

static int setup_dying(void **state) {
    meddling = 1;
    meddled = *state = engine_new(&(struct engine_options){
        .commands = dying_table,
        .n_commands = 1,
    });
    return 0;
}

static void test_died_under_it(void **state) {
    struct engine *e = *state;
    unsigned downs = e->downs;
    engine_private(e, RIDER, "诉求");
    ENGINE_UNTIL(e, e->downs > downs);
    assert_int_equal(e->n_sent, 0);
    start_redis(e);
    engine_settle(e);
    assert_int_equal(engine_count(e, "qq.u1"), 1);
    engine_has(engine_last(e, NULL), "你好");
    /* It does not come back in time: nobody knows. */
    meddling = 1;
    downs = e->downs;
    engine_private(e, RIDER, "诉求");
    ENGINE_UNTIL(e, e->downs > downs);
    give_up(e);
    engine_has(engine_last(e, NULL), "不确定有没有收下");
}

/* ---- where a private message goes -----------------------------------------
 */

static void test_private_routes(void **state) {
    struct engine *e = *state;
    engine_has(engine_ask(e, RIDER, "嗯嗯"), "可以帮你");
    engine_has(engine_last(e, NULL), "隐私说明");
    engine_has(engine_last(e, NULL), "秦淮区运行");
    engine_has_not(engine_ask(e, RIDER, "帮助"), "隐私说明");
    engine_has(engine_ask(e, RIDER, "1"), "什么困难");
    engine_has(engine_ask(e, RIDER, "充电柜坏了没人修"), "编号 S1");
    engine_has(engine_ask(e, OTHER, "诉求 老板说话不算数"), "属于哪一类");
    engine_has(engine_ask(e, OTHER, "返回"), "属于哪一类");
    engine_has(engine_last(e, NULL), "已经是第一步");
    engine_has(engine_ask(e, OTHER, "撤回 S2"), "确定");
    engine_has(engine_ask(e, OTHER, "是的"), "S2 已撤回");
    /* A long text is offered to be taken down. */
    engine_has(engine_ask(e, RIDER, "换电站排队要一小时"), "要登记吗");
    engine_has(engine_ask(e, RIDER, "1"), "编号 S3");
    engine_has(engine_ask(e, RIDER, "这里的井盖不见了很危险"), "要登记吗");
    engine_has(engine_ask(e, RIDER, "2"), "照片");
    engine_has(engine_ask(e, RIDER, "没有"), "在哪里");
    engine_has(engine_ask(e, RIDER, "长乐路 12 号"), "编号 P4");
    char *text = engine_redis_text(e, "HGET {test}:ticket:P4 category");
    assert_string_equal(text, "safety"); /* the words had it */
    free(text);
    engine_has(engine_ask(e, RIDER, "s 1"), "S1 待处理");
    engine_has(engine_ask(e, RIDER, "Ｓ１"), "S1 待处理");
    engine_has(engine_ask(e, RIDER, "补充 S1还没有人来"), "已补充到 S1");
    engine_has(engine_ask(e, RIDER, "进度 s-1"), "还没有人来");
    engine_has(engine_ask(e, RIDER, "S99"), "没有找到");
    engine_has(engine_ask(e, OTHER, "S1"), "没有找到");
    engine_has(engine_ask(e, RIDER, "P1"), "S1 待处理"); /* they count as one */
    engine_has(engine_ask(e, RIDER, "/訴求 換電櫃壞了"), "编号 S5");
    engine_has(engine_ask(e, RIDER, "待办"), "需要工作身份");
    engine_has(engine_ask(e, RIDER, "MY  DATA"), "qq.1");
    engine_has(engine_ask(e, RIDER, "my data"), "qq.1");
}

/* A word of the question's options answers it, even where it is also the word
 * of a command. */
static void test_option_before_command(void **state) {
    struct engine *e = *state;
    engine_has(engine_ask(e, RIDER, "小区门禁总是坏,进不去"), "作为诉求提交");
    engine_has(engine_ask(e, RIDER, "诉求"), "编号 S");
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 1);
}

static void test_photo_begins_a_report(void **state) {
    struct engine *e = *state;
    engine_photo(e, RIDER, "AAAAAAAAAAAAAAAAAAAAAA", NULL);
    engine_settle(e);
    engine_has(engine_last(e, NULL), "在哪里");
    engine_place(e, RIDER, 32, 118, "新街口");
    engine_settle(e);
    engine_has(engine_last(e, NULL), "哪一类");
    engine_has(engine_ask(e, RIDER, "消防"), "编号 P1");
    engine_photo(e, RIDER, "BBBBBBBBBBBBBBBBBBBBBB", "随手拍消防通道被堵");
    engine_settle(e);
    engine_has(engine_last(e, NULL), "在哪里");
    engine_has(engine_ask(e, RIDER, "夫子庙"), "编号 P2");
}

static void test_languages(void **state) {
    struct engine *e = *state;
    struct segment segment = {.type = SEGMENT_TEXT, .text = "help"};
    engine_send(e, &(struct message){.rider = RIDER,
                                     .lang = "zh-TW",
                                     .segments = &segment,
                                     .n_segments = 1});
    engine_settle(e);
    engine_has(engine_last(e, NULL), "訴求"); /* as the platform hints */
    engine_has(engine_ask(e, RIDER, "language"), "English");
    engine_ask(e, RIDER, "3");
    engine_has(engine_ask(e, RIDER, "帮助"), "request");
    engine_ask(e, RIDER, "语言 中文");
    engine_has(engine_ask(e, RIDER, "help"), "反映困难");
}

/* The notice of who runs this goes with the first private answer, whatever it
 * is, and refusing costs nothing. */
static void test_privacy(void **state) {
    struct engine *e = *state;
    engine_group(e, RIDER, "诉求 充电柜坏了");
    engine_settle(e);
    engine_has_not(engine_last(e, ENGINE_GROUP), "隐私说明");
    engine_has(engine_ask(e, RIDER, "我的"), "隐私说明");
    engine_has(engine_ask(e, RIDER, "不同意"), "不同意");
    engine_has(engine_ask(e, RIDER, "诉求 充电柜又坏了"), "编号 S2");
    engine_has_not(engine_last(e, NULL), "隐私说明");
    char *consent = engine_redis_text(e, "HGET {test}:rider:%s consent", RIDER);
    assert_string_equal(consent, "no:1:1700000000000");
    free(consent);
}

static void test_forget(void **state) {
    struct engine *e = *state;
    engine_ask(e, RIDER, "诉求 充电柜坏了");
    engine_ask(e, RIDER, "补充 S1 还没有人来");
    engine_has(engine_ask(e, RIDER, "我的数据"), "诉求和随手拍 1 条");
    engine_has(engine_ask(e, RIDER, "删除我的数据"), "确定删除");
    engine_has(engine_ask(e, RIDER, "2"), "不弄了");
    engine_ask(e, RIDER, "删除我的数据");
    engine_has(engine_ask(e, RIDER, "确定"), "已删除，共 1 条");
    assert_int_equal(engine_redis(e, "EXISTS {test}:rider:%s", RIDER), 0);
    assert_int_equal(engine_redis(e, "EXISTS {test}:tickets:%s", RIDER), 0);
    assert_int_equal(engine_redis(e, "HEXISTS {test}:ticket:S1 text"), 0);
    assert_int_equal(engine_redis(e, "EXISTS {test}:log:S1"), 0);
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 0);
    engine_has(engine_ask(e, RIDER, "S1"), "没有找到");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_WITH(name, how)                                                   \
    cmocka_unit_test_setup_teardown(name, how, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_order),
        TEST(test_redelivery),
        TEST(test_redelivered_answer),
        TEST_WITH(test_conflict, setup_meddle),
        TEST_WITH(test_flood, setup_flood),
        TEST_WITH(test_chatter_is_no_flood, setup_flood),
        TEST(test_queue_of_one_rider),
        TEST(test_stopping),
        TEST(test_short_outage),
        TEST(test_long_outage),
        TEST_WITH(test_died_under_it, setup_dying),
        TEST(test_private_routes),
        TEST(test_option_before_command),
        TEST(test_photo_begins_a_report),
        TEST(test_languages),
        TEST(test_privacy),
        TEST(test_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

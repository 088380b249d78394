/* What is said in a group, and what never is. */
#include "base/mem.h"
#include "bot/config.h"
#include "bot/glance.h"
#include "bot/turns.h"
#include "store/rider.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.1"
#define OTHER "qq.2"
#define STAFF "qq.9"

static int setup(void **state) {
    *state = engine_new(&(struct engine_options){
        .config = "[xiaofeng]\npublic_url=https://bee.example\n",
    });
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void mention(struct engine *e, const char *rider, const char *text) {
    engine_clear(e);
    engine_mention(e, rider, text);
    engine_settle(e);
}

static void silence(struct engine *e, const char *rider, const char *text) {
    engine_ask_group(e, rider, text);
    if (e->n_sent != 0)
        fail_msg("\"%s\" was answered: %s", text, e->sent[0].text);
}

static void test_chatter(void **state) {
    static const char *const talk[] = {
        "今天好热", "在吗",     "取消",       "返回",     "没有",
        "跳过",     "继续",     "我的",       "学习资料", "同意",
        "诉求一下", "不诉求",   "随手拍得好", "通知",     "待办",
        "看 S1",    "S1",       "1",          "?",        "撤回了一条消息",
        "helpful",  "补充一句", "语言不通",   "",         "///",
    };
    struct engine *e = *state;
    for (size_t i = 0; i < ARRAY_LEN(talk); i++)
        if (strcmp(talk[i], "在吗") != 0 && strcmp(talk[i], "?") != 0)
            silence(e, RIDER, talk[i]);
    assert_int_equal(engine_redis(e, "DBSIZE"), 1); /* the numbers */
}

static void test_request_in_group(void **state) {
    struct engine *e = *state;
    const char *answer = engine_ask_group(e, RIDER, "诉求 充电柜坏了");
    engine_has(answer, "已登记，编号 S1");
    engine_has_not(answer, "充电柜");
    assert_int_equal(e->n_sent, 1);
    assert_string_equal(e->sent[0].mention, RIDER);
    assert_non_null(e->sent[0].reply_to);
    char *group = engine_redis_text(e, "HGET {test}:ticket:S1 group");
    assert_string_equal(group, ENGINE_GROUP);
    free(group);
    /* What its words do not tell is asked in private. */
    engine_ask_group(e, RIDER, "诉求 老板说话不算数");
    engine_has(engine_last(e, "qq.u1"), "S2 属于哪一类");
    engine_has(engine_last(e, "qq.u1"), "隐私说明");
    engine_has(engine_last(e, ENGINE_GROUP), "请看私聊");
    assert_int_equal(engine_said(e, "老板"), 0);
    silence(e, RIDER, "1"); /* nor is it answered in the group */
    engine_has(engine_ask(e, RIDER, "1"), "工资报酬");
}

static void test_begun_in_group(void **state) {
    struct engine *e = *state;
    engine_ask_group(e, RIDER, "诉求");
    engine_has(engine_last(e, "qq.u1"), "什么困难");
    engine_has(engine_last(e, ENGINE_GROUP), "请看私聊");
    silence(e, RIDER, "充电柜坏了");
    engine_has(engine_ask(e, RIDER, "充电柜坏了"), "编号 S1");
}

static void test_form_in_group(void **state) {
    struct engine *e = *state;
    engine_has(engine_ask_group(e, RIDER, "隨手拍"), "照片");
    assert_int_equal(engine_count(e, "qq.u1"), 0);
    silence(e, OTHER, "中山路");
    silence(e, OTHER, "跳过");
    engine_has(engine_ask_group(e, RIDER, "没有"), "在哪里");
    engine_has(engine_ask_group(e, RIDER, "中山路"), "哪一类");
    silence(e, RIDER, "9");
    silence(e, RIDER, "中午吃什么"); /* no answer: said to the others */
    mention(e, RIDER, "9");          /* but this is meant for us */
    engine_has(engine_last(e, ENGINE_GROUP), "请回复下面的数字");
    silence(e, OTHER, "1");
    engine_has(engine_ask_group(e, RIDER, "1"), "编号 P1");
    silence(e, RIDER, "1");
}

static void test_form_in_group_ends(void **state) {
    struct engine *e = *state;
    engine_ask_group(e, RIDER, "随手拍");
    engine_has(engine_ask_group(e, RIDER, "取消"), "不弄了");
    silence(e, RIDER, "取消");
    engine_ask_group(e, RIDER, "随手拍");
    clock_manual_advance(&e->clock, e->config->form_group_ms);
    silence(e, RIDER, "没有");
    silence(e, RIDER, "中山路");
    mention(e, RIDER, "继续");
    engine_has(engine_last(e, ENGINE_GROUP), "照片");
    /* In private it goes on, too. */
    engine_has(engine_ask(e, RIDER, "跳过"), "在哪里");
    silence(e, RIDER, "中山路");
    engine_has(engine_ask(e, RIDER, "中山路"), "哪一类");
}

static void test_addressed(void **state) {
    struct engine *e = *state;
    mention(e, RIDER, "");
    engine_has(engine_last(e, ENGINE_GROUP), "我在");
    mention(e, RIDER, "今天好热");
    engine_has(engine_last(e, ENGINE_GROUP), "我在");
    mention(e, RIDER, "我的");
    engine_has(engine_last(e, ENGINE_GROUP), "请看私聊");
    engine_has(engine_last(e, "qq.u1"), "还没有提过");
    assert_int_equal(e->n_sent, 2);
    engine_has(engine_ask_group(e, RIDER, "/我的"), "请看私聊");
    mention(e, RIDER, "诉求充电柜坏了");
    engine_has(engine_last(e, ENGINE_GROUP), "编号 S1");
    engine_has(engine_ask_group(e, RIDER, "进度 S1"), "请看私聊");
    assert_int_equal(engine_count(e, ENGINE_GROUP), 1);
    engine_has(engine_last(e, "qq.u1"), "充电柜坏了");
    engine_has(engine_ask_group(e, RIDER, "帮助"), "可以帮你");
}

static void test_staff(void **state) {
    struct engine *e = *state;
    engine_role(e, STAFF, ROLE_STAFF);
    engine_ask_group(e, RIDER, "诉求 充电柜坏了");
    mention(e, RIDER, "待办"); /* may not, and the group hears nothing */
    assert_int_equal(e->n_sent, 0);
    engine_ask_group(e, STAFF, "待办");
    engine_has(engine_last(e, "qq.u9"), "S1");
    engine_has_not(engine_last(e, ENGINE_GROUP), "S1");
    engine_has(engine_ask(e, STAFF, "看 1"), "小王");
    engine_ask(e, STAFF, "回复 S1 明天来修");
    engine_has(engine_last(e, "qq.u9"), "已回复 S1");
    engine_has(engine_last(e, "qq.u1"), "明天来修");
    assert_int_equal(engine_count(e, ENGINE_GROUP), 0);
    engine_ask(e, STAFF, "办结 S1");
    engine_has(engine_last(e, "qq.u1"), "S1 已办结");
    engine_has(engine_ask(e, STAFF, "回复 S1 再说"), "已经结束");
    engine_has(engine_ask(e, STAFF, "待办"), "待办已清空");
    engine_ask(e, RIDER, "诉求 匿名 站长扣工资");
    engine_has(engine_ask(e, STAFF, "看 S2"), "匿名");
    engine_has_not(engine_last(e, NULL), "小王");
    engine_has_not(engine_last(e, NULL), RIDER);
}

/* A private answer that the platform refuses: a link in the group. */
static void test_refused(void **state) {
    struct engine *e = *state;
    e->mode = ENGINE_REFUSES;
    engine_ask_group(e, RIDER, "诉求");
    ENGINE_UNTIL(e, engine_said(e, "https://bee.example/chat#link=") == 1);
    const char *offer = engine_last(e, ENGINE_GROUP);
    engine_has(offer, "私聊发不出去");
    assert_string_equal(e->sent[e->n_sent - 1].mention, RIDER);
    assert_true(strlen(strstr(offer, "#link=")) > 6 + 20);
    engine_settle(e);
    assert_int_equal(engine_redis(e, "XLEN {test}:outbox:%s", ENGINE_ACCOUNT),
                     0);
    /* Who asked in private has no group to turn to. */
    engine_ask(e, RIDER, "我的");
    engine_settle(e);
    assert_int_equal(engine_count(e, ENGINE_GROUP), 0);
}

/* An answer of staff is not in the link, the group hears that one waits. */
static void test_answer_refused(void **state) {
    struct engine *e = *state;
    engine_role(e, STAFF, ROLE_STAFF);
    engine_ask_group(e, RIDER, "诉求 充电柜坏了");
    engine_clear(e);
    e->mode = ENGINE_REFUSES;
    engine_private(e, STAFF, "回复 S1 明天来修");
    ENGINE_UNTIL(e, engine_count(e, ENGINE_GROUP) == 1);
    engine_has(engine_last(e, ENGINE_GROUP), "有新答复");
    engine_has_not(engine_last(e, ENGINE_GROUP), "明天");
    engine_has_not(engine_last(e, ENGINE_GROUP), "S1");
}

/* ---- telling chatter from a few bytes ------------------------------------ */

static bool wants(struct engine *e, const char *rider, const char *text,
                  bool mentioned) {
    return glance(&e->bot, &(struct glance){
                               .chat = ENGINE_GROUP,
                               .rider = rider,
                               .in_group = true,
                               .mentioned = mentioned,
                               .text = text,
                               .text_len = strlen(text),
                           });
}

static void test_glance(void **state) {
    struct engine *e = *state;
    /* Just started: anybody may have a form open. */
    assert_true(wants(e, RIDER, "今天好热", false));
    clock_manual_advance(&e->clock, e->config->form_group_ms);
    assert_false(wants(e, RIDER, "今天好热", false));
    assert_true(wants(e, RIDER, "今天好热", true));
    assert_true(wants(e, RIDER, "诉求 充电", false));
    assert_true(wants(e, RIDER, "訴求 充電", false));
    assert_true(wants(e, RIDER, "／诉求 充电", false));
    assert_true(wants(e, RIDER, "Report", false));
    assert_true(wants(e, RIDER, "ＲＥＰＯＲＴ", false));
    assert_true(wants(e, RIDER, "随手拍消防通道", false));
    assert_false(wants(e, RIDER, "我的", false));
    assert_true(wants(e, RIDER, "/我的", false));
    assert_false(wants(e, RIDER, "", false));
    assert_true(glance(&e->bot, &(struct glance){.text = "", .text_len = 0}));
    /* Who was asked in the group is waited for; nobody else is. */
    engine_ask_group(e, RIDER, "随手拍");
    assert_true(wants(e, RIDER, "中山路", false));
    assert_false(wants(e, OTHER, "中山路", false));
    clock_manual_advance(&e->clock, e->config->form_group_ms);
    assert_false(wants(e, RIDER, "中山路", false));
    engine_ask_group(e, RIDER, "随手拍");
    engine_ask_group(e, RIDER, "取消");
    assert_false(wants(e, RIDER, "中山路", false));
}

/* A long text is looked at in its first bytes, wherever those end. */
static void test_glance_at_long_text(void **state) {
    struct engine *e = *state;
    char text[600];
    clock_manual_advance(&e->clock, e->config->form_group_ms);
    for (size_t blanks = 0; blanks < 260; blanks++) {
        memset(text, ' ', blanks);
        for (size_t at = blanks; at + 3 < sizeof(text); at += 3)
            memcpy(text + at, "诉", 4);
        assert_false(wants(e, RIDER, text, false));
    }
    memset(text, ' ', 100);
    strcpy(text + 100, "诉求 充电柜坏了");
    assert_true(wants(e, RIDER, text, false));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_chatter),
        TEST(test_request_in_group),
        TEST(test_begun_in_group),
        TEST(test_form_in_group),
        TEST(test_form_in_group_ends),
        TEST(test_addressed),
        TEST(test_staff),
        TEST(test_refused),
        TEST(test_answer_refused),
        TEST(test_glance),
        TEST(test_glance_at_long_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

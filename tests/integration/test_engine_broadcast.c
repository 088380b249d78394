/* 通知, 推送学习, 推送进度, 撤回, 取消推送: broadcasts by chat. */
#include "base/mem.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "store/document.h"
#include "store/group.h"
#include "store/rider.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOSS "qq.1"
#define BOSS_CHAT "qq.u1"
#define SECOND "qq.2000"
#define TEXT "明天有雨,路滑慢行"
/* Tuesday, 2026-11-03 10:00 in Beijing, and a meal. */
#define TUESDAY_MS 1793671200000LL
#define NOON_MS (TUESDAY_MS + 2 * 3600 * 1000)

static void add_groups(struct engine *e, int n) {
    char chat[16], title[32];
    for (int i = 1; i <= n; i++) {
        snprintf(chat, sizeof(chat), "qq.g%d", i);
        snprintf(title, sizeof(title), "%02d号群", i);
        engine_add_group(e, chat, title, ENGINE_ACCOUNT);
    }
}

static int setup(void **state) {
    struct engine *e = *state = engine_new(NULL);
    e->clock.now_ms = TUESDAY_MS;
    engine_role(e, BOSS, ROLE_ORGANISER);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void put_document(struct engine *e, const char *json) {
    struct txn *txn = txn_new(e->bot.store);
    document_put(txn, &(struct document){
                          .name = policy_names[POLICY_BROADCASTS],
                          .json = json,
                          .json_len = strlen(json),
                          .by = "system",
                          .at_ms = 1,
                      });
    assert_int_equal(engine_commit(e, txn), OK);
    policies_refresh(e->bot.policies, NULL, NULL);
    ENGINE_UNTIL(e, policy_version(policies_get(e->bot.policies),
                                   POLICY_BROADCASTS) == 1);
}

/* Up to the question whether to send it. */
static const char *preview(struct engine *e, const char *command) {
    char text[128];
    snprintf(text, sizeof(text), "%s " TEXT, command);
    engine_has(engine_ask(e, BOSS, text), "发到哪些群");
    return engine_ask(e, BOSS, "全部");
}

/* Confirmed, and from then on the connector does as mode says. */
static void order(struct engine *e, const char *command,
                  enum engine_mode mode) {
    preview(e, command);
    engine_clear(e);
    e->mode = mode;
    engine_private(e, BOSS, "1");
}

static size_t broadcasts_sent(const struct engine *e) {
    return engine_said(e, TEXT);
}

static void test_reaches_all(void **state) {
    struct engine *e = *state;
    add_groups(e, 3);
    engine_add_group(e, "qq.g50", "别的账号", SECOND);
    engine_online(e, SECOND);
    engine_has(preview(e, "通知"), "将发到 4 个群");
    engine_clear(e);
    engine_private(e, BOSS, "1");
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, BOSS_CHAT),
               "共 4 个群，送达 4，被拒 0，结果不明 0");
    assert_int_equal(engine_said(e, "开始发送，共 4 个群"), 1);
    assert_int_equal(broadcasts_sent(e), 4);
    for (size_t i = 0; i < e->n_sent; i++) {
        const struct engine_sent *sent = &e->sent[i];
        if (strstr(sent->text, TEXT) == NULL)
            continue;
        engine_has(sent->text, "【通知】");
        assert_string_equal(sent->account->id, strcmp(sent->chat, "qq.g50") == 0
                                                   ? SECOND
                                                   : ENGINE_ACCOUNT);
    }
    for (int i = 1; i <= 3; i++) {
        char chat[16];
        snprintf(chat, sizeof(chat), "qq.g%d", i);
        assert_int_equal(engine_count(e, chat), 1);
    }
    engine_has(engine_ask(e, BOSS, "推送进度 B1"),
               "B1 已发完：共 4，送达 4，等待 0");
}

static void test_outcomes(void **state) {
    struct engine *e = *state;
    add_groups(e, 3);
    order(e, "推送学习", ENGINE_HOLDS);
    ENGINE_UNTIL(e, broadcasts_sent(e) == 3);
    enum outcome outcomes[] = {OUTCOME_SENT, OUTCOME_REFUSED, OUTCOME_UNKNOWN};
    for (size_t i = 0, b = 0; i < e->n_sent; i++)
        engine_outcome(e, i,
                       strstr(e->sent[i].text, "【学习资料】") == NULL
                           ? OUTCOME_SENT
                           : outcomes[b++]);
    e->mode = ENGINE_SENDS;
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, BOSS_CHAT),
               "共 3 个群，送达 1，被拒 1，结果不明 1");
}

static void test_not_sure(void **state) {
    struct engine *e = *state;
    engine_has(engine_ask(e, BOSS, "通知 " TEXT), "还没有可以发送的群");
    add_groups(e, 2);
    engine_has(engine_ask(e, BOSS, "通知 " TEXT), "1 01号群\n2 02号群");
    engine_has(engine_ask(e, BOSS, "3"), "可多选");
    engine_has(engine_ask(e, BOSS, "2,1"), "将发到 2 个群：01号群, 02号群");
    engine_has(engine_ask(e, BOSS, "继续"), "将发到 2 个群：01号群, 02号群");
    engine_has(engine_ask(e, BOSS, "也许"), "将发到 2 个群：01号群, 02号群");
    engine_has(engine_ask(e, BOSS, "返回"), "发到哪些群");
    engine_has(engine_ask(e, BOSS, "1"), "将发到 1 个群：01号群\n1 确定");
    engine_has(engine_ask(e, BOSS, "不了"), "不弄了");
    assert_int_equal(broadcasts_sent(e), 0);
    engine_has(engine_ask(e, "qq.2", "通知 " TEXT), "需要工作身份");
    /* A word of agreement in front is part of the text. */
    engine_has(engine_ask(e, BOSS, "通知 好,明天见"), "发到哪些群");
    engine_has(engine_ask(e, BOSS, "1"), "好,明天见");
    assert_int_equal(engine_redis(e, "EXISTS {test}:records:broadcast"), 0);
}

static void test_muted(void **state) {
    struct engine *e = *state;
    add_groups(e, 2);
    struct txn *txn = txn_new(e->bot.store);
    group_set(txn, &(struct group){.chat = "qq.g2",
                                   .title = "安静群",
                                   .account = ENGINE_ACCOUNT,
                                   .muted = true});
    assert_int_equal(engine_commit(e, txn), OK);
    engine_has_not(engine_ask(e, BOSS, "通知 " TEXT), "安静群");
    engine_ask(e, BOSS, "全部");
    engine_private(e, BOSS, "1");
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    assert_int_equal(engine_count(e, "qq.g2"), 0);
}

/* A group whose account is not there waits for it. */
static void test_account_comes_later(void **state) {
    struct engine *e = *state;
    engine_add_group(e, "qq.g50", "别的账号", SECOND);
    order(e, "通知", ENGINE_SENDS);
    engine_settle(e);
    assert_int_equal(broadcasts_sent(e), 0);
    engine_has(engine_ask(e, BOSS, "推送进度 B1"),
               "B1 发送中：共 1，送达 0，等待 1");
    engine_online(e, SECOND);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    assert_int_equal(engine_count(e, "qq.g50"), 1);
}

static void test_quiet_hours(void **state) {
    struct engine *e = *state;
    add_groups(e, 2);
    e->clock.now_ms = NOON_MS;
    engine_has(preview(e, "通知"), "现在是免打扰时段，确定后 11-03 13:30");
    engine_has(engine_ask(e, BOSS, "1"),
               "共 2 个群。现在是免打扰时段，"
               "11-03 13:30 开始发");
    engine_hurry(e);
    engine_settle(e);
    assert_int_equal(engine_count(e, "qq.g1"), 0);
    e->clock.now_ms = NOON_MS + 90 * 60 * 1000;
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    assert_int_equal(engine_count(e, "qq.g1"), 1);
}

static void test_second_person(void **state) {
    struct engine *e = *state;
    add_groups(e, 2);
    put_document(e, "{\"approval\":true}");
    engine_has(preview(e, "通知"), "还要第二个人在后台审批");
    engine_has(engine_ask(e, BOSS, "1"),
               "B1 已提交，共 2 个群。等第二个人审批");
    engine_settle(e);
    assert_int_equal(engine_count(e, "qq.g1"), 0);
    engine_has(engine_ask(e, BOSS, "推送进度"), "1 B1 明天有雨");
    engine_has(engine_ask(e, BOSS, "1"), "B1 等待审批，共 2");
    engine_has(engine_ask(e, BOSS, "取消推送 B1"), "取消「B1 明天有雨");
    engine_has(engine_ask(e, BOSS, "1"), "B1 已取消");
    engine_has(engine_ask(e, BOSS, "取消推送 B1"), "没有这样的推送");
    engine_has(engine_ask(e, BOSS, "推送进度 B1"), "B1 已取消");
}

static void test_cancel_and_recall(void **state) {
    struct engine *e = *state;
    add_groups(e, 3);
    e->clock.now_ms = NOON_MS; /* it waits */
    order(e, "通知", ENGINE_SENDS);
    engine_settle(e);
    engine_has(engine_ask(e, BOSS, "取消推送 B1"), "不再发");
    engine_has(engine_ask(e, BOSS, "2"), "不弄了");
    engine_has(engine_ask(e, BOSS, "推送进度 B1"), "B1 发送中");
    engine_ask(e, BOSS, "取消推送 B1");
    engine_has(engine_ask(e, BOSS, "1"), "B1 已取消，没发的不再发");
    e->clock.now_ms = TUESDAY_MS + 24 * 3600 * 1000;
    engine_hurry(e);
    engine_settle(e);
    assert_int_equal(engine_count(e, "qq.g1"), 0);
    /* Another one, which has arrived. */
    order(e, "通知", ENGINE_SENDS);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_ask(e, BOSS, "撤回 B2"), "把「B2 明天有雨");
    engine_has(engine_ask(e, BOSS, "1"), "B2 正在撤回");
    /* Without a number of a broadcast it is for what riders wrote. */
    engine_has_not(engine_ask(e, BOSS, "撤回 P7"), "推送");
    engine_ask(e, BOSS, "取消");
    engine_has_not(engine_ask(e, "qq.2", "撤回 B2"), "推送");
    engine_has(engine_ask(e, "qq.2", "推送进度 B2"), "需要工作身份");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_reaches_all),
        TEST(test_outcomes),
        TEST(test_not_sure),
        TEST(test_muted),
        TEST(test_account_comes_later),
        TEST(test_quiet_hours),
        TEST(test_second_person),
        TEST(test_cancel_and_recall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

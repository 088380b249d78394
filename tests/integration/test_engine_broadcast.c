/* Broadcasts: each group once, whatever happens meanwhile. */
#include "base/mem.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/outbox.h"
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
    engine_role(e, BOSS, ROLE_ORGANISER);
    return 0;
}

/* Batches of four, one message a "second" (of the test's clock). */
static int setup_paced(void **state) {
    struct engine *e = *state = engine_new(&(struct engine_options){
        .paced = true,
        .config = "[pace]\naccount_rate=1\naccount_burst=20\ngroup_rate=0\n"
                  "broadcast_jitter=0s\n[rider]\nrate=0\n",
    });
    engine_role(e, BOSS, ROLE_ORGANISER);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

/* Confirmed, and from then on the connector does as mode says. */
static void order(struct engine *e, const char *command,
                  enum engine_mode mode) {
    char text[128];
    snprintf(text, sizeof(text), "%s " TEXT, command);
    engine_ask(e, BOSS, text);
    engine_ask(e, BOSS, "全部");
    engine_clear(e);
    e->mode = mode;
    engine_private(e, BOSS, "1");
}

static size_t broadcasts_sent(const struct engine *e) {
    return engine_said(e, TEXT);
}

static char *states(struct engine *e, const char *account) {
    return engine_redis_text(e, "GET {test}:states:B1:%s", account);
}

static void states_are(struct engine *e, const char *account,
                       const char *letters) {
    char *now = states(e, account);
    assert_string_equal(now, letters);
    free(now);
}

static void test_reaches_all(void **state) {
    struct engine *e = *state;
    add_groups(e, 3);
    engine_add_group(e, "qq.g50", "别的账号", SECOND);
    engine_online(e, SECOND);
    order(e, "通知", ENGINE_SENDS);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, BOSS_CHAT),
               "共 4 个群，送达 4，被拒 0，结果不明 0");
    assert_int_equal(broadcasts_sent(e), 4);
    for (size_t i = 0; i < e->n_sent; i++) {
        const struct engine_sent *sent = &e->sent[i];
        if (strstr(sent->text, TEXT) != NULL) {
            engine_has(sent->text, "【通知】");
            assert_string_equal(
                sent->account->id,
                strcmp(sent->chat, "qq.g50") == 0 ? SECOND : ENGINE_ACCOUNT);
        }
    }
    for (int i = 1; i <= 3; i++) {
        char chat[16];
        snprintf(chat, sizeof(chat), "qq.g%d", i);
        assert_int_equal(engine_count(e, chat), 1);
    }
    states_are(e, ENGINE_ACCOUNT, "ooo");
    states_are(e, SECOND, "o");
    ENGINE_UNTIL(e, outbox_idle(e->bot.outbox));
    assert_int_equal(
        engine_redis(e, "EXISTS {test}:broadcasts:%s", ENGINE_ACCOUNT), 0);
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
    states_are(e, ENGINE_ACCOUNT, "oru");
    /* Nothing of it is ever tried again. */
    engine_clear(e);
    engine_restart(e);
    for (int i = 0; i < 120; i++) /* two sweeps */
        uv_run(&e->loop.uv, UV_RUN_ONCE);
    assert_int_equal(broadcasts_sent(e), 0);
    states_are(e, ENGINE_ACCOUNT, "oru");
}

static void test_not_sure(void **state) {
    struct engine *e = *state;
    engine_has(engine_ask(e, BOSS, "通知 " TEXT), "还没有可以发送的群");
    add_groups(e, 2);
    engine_has(engine_ask(e, BOSS, "通知 " TEXT), "1 01号群\n2 02号群");
    engine_has(engine_ask(e, BOSS, "3"), "可多选");
    engine_has(engine_ask(e, BOSS, "2,1"), "将发到：01号群, 02号群");
    engine_has(engine_ask(e, BOSS, "不了"), "不弄了");
    assert_int_equal(broadcasts_sent(e), 0);
    engine_has(engine_ask(e, "qq.2", "通知 " TEXT), "需要工作身份");
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

/* Killed while four were being sent: nobody knows of those, and they are not
 * sent again; the rest is. */
static void test_crash(void **state) {
    struct engine *e = *state;
    add_groups(e, 6);
    order(e, "通知", ENGINE_HOLDS);
    ENGINE_UNTIL(e, broadcasts_sent(e) == 4);
    engine_settle(e);
    states_are(e, ENGINE_ACCOUNT, "ssssww");
    engine_clear(e);
    e->mode = ENGINE_SENDS;
    engine_restart(e);
    clock_manual_advance(&e->clock, 60000);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, BOSS_CHAT),
               "共 6 个群，送达 2，被拒 0，结果不明 4");
    states_are(e, ENGINE_ACCOUNT, "uuuuoo");
    for (int i = 1; i <= 6; i++) {
        char chat[16];
        snprintf(chat, sizeof(chat), "qq.g%d", i);
        assert_int_equal(engine_count(e, chat), i > 4 ? 1 : 0);
    }
}

/* The connection goes: what was under way is unknown, what waits waits. */
static void test_connection_lost(void **state) {
    struct engine *e = *state;
    add_groups(e, 6);
    order(e, "通知", ENGINE_HOLDS);
    ENGINE_UNTIL(e, broadcasts_sent(e) == 4);
    engine_settle(e);
    account_offline(account_find(&e->bot, ENGINE_ACCOUNT), e);
    char *now = states(e, ENGINE_ACCOUNT);
    ENGINE_UNTIL(e, (free(now), now = states(e, ENGINE_ACCOUNT),
                     strncmp(now, "uuuu", 4) == 0));
    free(now);
    assert_int_equal(broadcasts_sent(e), 4);
    e->mode = ENGINE_SENDS;
    clock_manual_advance(&e->clock, 60000);
    engine_online(e, ENGINE_ACCOUNT);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, BOSS_CHAT), "送达 2，被拒 0，结果不明 4");
    assert_int_equal(broadcasts_sent(e), 6);
}

/* A group of an account that is not there waits for it. */
static void test_account_comes_later(void **state) {
    struct engine *e = *state;
    engine_add_group(e, "qq.g50", "别的账号", SECOND);
    order(e, "通知", ENGINE_SENDS);
    engine_settle(e);
    assert_int_equal(broadcasts_sent(e), 0);
    engine_online(e, SECOND);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    assert_int_equal(engine_count(e, "qq.g50"), 1);
}

/* Redis goes and comes back while a broadcast is being sent. */
static void test_outage(void **state) {
    struct engine *e = *state;
    add_groups(e, 6);
    order(e, "通知", ENGINE_HOLDS);
    ENGINE_UNTIL(e, broadcasts_sent(e) == 4);
    engine_settle(e);
    redis_server_kill(e->redis);
    ENGINE_UNTIL(e, e->downs > 0);
    for (size_t i = 0, n = e->n_sent; i < n; i++)
        engine_outcome(e, i, OUTCOME_SENT);
    e->mode = ENGINE_SENDS;
    clock_manual_advance(&e->clock, 60000);
    redis_server_start(e->redis);
    redis_server_wait(e->redis);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, BOSS_CHAT),
               "共 6 个群，送达 6，被拒 0，结果不明 0");
    assert_int_equal(broadcasts_sent(e), 6);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define PACED(name) cmocka_unit_test_setup_teardown(name, setup_paced, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_reaches_all),
        TEST(test_outcomes),
        TEST(test_not_sure),
        TEST(test_muted),
        PACED(test_crash),
        PACED(test_connection_lost),
        TEST(test_account_comes_later),
        PACED(test_outage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

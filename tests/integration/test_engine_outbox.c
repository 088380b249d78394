/* All that leaves: lanes, pacing, outcomes, and what a crash left behind. */
#include "base/mem.h"
#include "bot/account.h"
#include "bot/config.h"
#include "bot/outbox.h"
#include "bot/queue.h"
#include "store/notice.h"
#include "store/store.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.1"
#define OUTBOX "XLEN {test}:outbox:" ENGINE_ACCOUNT

static int setup(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void push(struct engine *e, enum lane lane, const char *chat,
                 const char *text) {
    struct notice notice = {
        .lane = lane,
        .account = ENGINE_ACCOUNT,
        .chat = chat,
        .key = "notify.text",
    };
    notice_param(&notice, "text", text);
    outbox_push(e->bot.outbox, &notice, NULL, LANG_ZH_CN);
}

static void sent_is(const struct engine *e, size_t i, const char *text) {
    assert_true(i < e->n_sent);
    engine_has(e->sent[i].text, text);
}

static struct account *account(struct engine *e) {
    return account_find(&e->bot, ENGINE_ACCOUNT);
}

/* ---- lanes and pace -------------------------------------------------------
 */

static void test_lanes(void **state) {
    struct engine *e = *state;
    e->mode = ENGINE_AWAY;
    push(e, LANE_STUDY, "qq.g1", "study 1");
    push(e, LANE_NOTICE, "qq.g1", "notice 1");
    push(e, LANE_STUDY, "qq.g1", "study 2");
    push(e, LANE_ANSWER, "qq.u1", "answer 1");
    push(e, LANE_REPLY, "qq.u1", "reply 1");
    push(e, LANE_REPLY, "qq.u1", "reply 2");
    assert_int_equal(e->n_sent, 0);
    assert_false(outbox_idle(e->bot.outbox));
    e->mode = ENGINE_SENDS;
    ENGINE_UNTIL(e, outbox_idle(e->bot.outbox));
    static const char *const order[] = {"reply 1",  "reply 2", "answer 1",
                                        "notice 1", "study 1", "study 2"};
    assert_int_equal(e->n_sent, ARRAY_LEN(order));
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        sent_is(e, i, order[i]);
}

static int setup_group_pace(void **state) {
    *state = engine_new(&(struct engine_options){
        .paced = true,
        .config = "[pace]\naccount_rate=0\ngroup_rate=20\ngroup_burst=2\n"
                  "broadcast_jitter=0s\n",
    });
    return 0;
}

/* A group that had enough waits, and holds nobody else up. */
static void test_group_pace(void **state) {
    struct engine *e = *state;
    for (int i = 0; i < 4; i++)
        push(e, LANE_REPLY, "qq.g1", "one");
    push(e, LANE_REPLY, "qq.g2", "two");
    push(e, LANE_STUDY, "qq.g3", "three");
    assert_int_equal(e->n_sent, 4);
    assert_int_equal(engine_count(e, "qq.g1"), 2);
    assert_int_equal(engine_count(e, "qq.g2"), 1);
    for (size_t n = 3; n <= 4; n++) {
        clock_manual_advance(&e->clock, 50);
        ENGINE_UNTIL(e, engine_count(e, "qq.g1") == n);
        engine_settle(e);
        assert_int_equal(engine_count(e, "qq.g1"), n);
    }
    assert_true(outbox_idle(e->bot.outbox));
}

static int setup_account_pace(void **state) {
    *state = engine_new(&(struct engine_options){
        .paced = true,
        .config = "[pace]\naccount_rate=20\naccount_burst=3\ngroup_rate=0\n"
                  "broadcast_jitter=0s\n",
    });
    return 0;
}

static void test_account_pace(void **state) {
    struct engine *e = *state;
    push(e, LANE_STUDY, "qq.g1", "study");
    push(e, LANE_STUDY, "qq.g2", "study");
    push(e, LANE_STUDY, "qq.g3", "study");
    push(e, LANE_STUDY, "qq.g4", "study");
    push(e, LANE_REPLY, "qq.u1", "reply");
    assert_int_equal(e->n_sent, 3);
    clock_manual_advance(&e->clock, 50);
    ENGINE_UNTIL(e, e->n_sent == 4);
    sent_is(e, 3, "reply"); /* overtakes what was there before */
    engine_settle(e);
    assert_int_equal(e->n_sent, 4);
    clock_manual_advance(&e->clock, 50);
    ENGINE_UNTIL(e, e->n_sent == 5);
    sent_is(e, 4, "study");
}

static void test_full(void **state) {
    struct engine *e = *state;
    double before = engine_metric("xiaofeng_notices_dropped_total");
    push(e, LANE_REPLY, "qq.u1", "x");
    e->mode = ENGINE_AWAY;
    for (int i = 0; i < QUEUE_MAX + 3; i++)
        push(e, LANE_REPLY, "qq.u1", "x");
    assert_true(engine_metric("xiaofeng_notices_dropped_total") == before + 3);
    outbox_push(e->bot.outbox,
                &(struct notice){
                    .account = "qq.404", .chat = "qq.u1", .key = "test.plain"},
                NULL, LANG_ZH_CN);
    assert_true(engine_metric("xiaofeng_notices_dropped_total") == before + 4);
}

/* ---- outcomes -------------------------------------------------------------
 */

static void test_closed_by_any_outcome(void **state) {
    static const enum outcome outcomes[] = {OUTCOME_SENT, OUTCOME_REFUSED,
                                            OUTCOME_UNKNOWN};
    struct engine *e = *state;
    e->mode = ENGINE_HOLDS;
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        engine_ask(e, RIDER, "诉求 充电柜坏了");
        assert_int_equal(e->n_sent, 1);
        assert_int_equal(engine_redis(e, OUTBOX), 1);
        assert_false(outbox_idle(e->bot.outbox));
        engine_outcome(e, 0, outcomes[i]);
        engine_outcome(e, 0, OUTCOME_SENT); /* too late for a second word */
        ENGINE_UNTIL(e, outbox_idle(e->bot.outbox));
        assert_int_equal(engine_redis(e, OUTBOX), 0);
        assert_int_equal(e->n_sent, 1);
    }
}

/* Many end at once: they are closed together. */
static void test_closed_in_batches(void **state) {
    struct engine *e = *state;
    char rider[16];
    e->mode = ENGINE_HOLDS;
    for (int i = 0; i < 300; i++) {
        snprintf(rider, sizeof(rider), "qq.%d", 100 + i);
        engine_private(e, rider, "诉求 充电柜坏了");
    }
    engine_settle(e);
    assert_int_equal(e->n_sent, 300);
    assert_int_equal(engine_redis(e, OUTBOX), 300);
    for (size_t i = 0; i < 300; i++)
        engine_outcome(e, i, OUTCOME_SENT);
    ENGINE_UNTIL(e, outbox_idle(e->bot.outbox));
    assert_int_equal(engine_redis(e, OUTBOX), 0);
}

static void test_closed_after_outage(void **state) {
    struct engine *e = *state;
    e->mode = ENGINE_HOLDS;
    engine_ask(e, RIDER, "诉求 充电柜坏了");
    redis_server_kill(e->redis);
    ENGINE_UNTIL(e, e->downs > 0);
    engine_outcome(e, 0, OUTCOME_SENT);
    redis_server_start(e->redis);
    redis_server_wait(e->redis);
    ENGINE_UNTIL(e, outbox_idle(e->bot.outbox));
    assert_int_equal(engine_redis(e, OUTBOX), 0);
    assert_int_equal(e->n_sent, 1);
}

/* ---- a connection that goes -----------------------------------------------
 */

static void test_connection_lost(void **state) {
    struct engine *e = *state;
    e->mode = ENGINE_HOLDS;
    engine_private(e, "qq.1", "诉求 充电柜坏了");
    engine_private(e, "qq.2", "诉求 充电柜坏了");
    engine_private(e, "qq.3", "诉求 充电柜坏了");
    engine_settle(e);
    push(e, LANE_NOTICE, "qq.g1", "broadcast");
    assert_int_equal(e->n_sent, 4);
    account_offline(account(e), e);
    push(e, LANE_REPLY, "qq.u4", "later");
    assert_int_equal(e->n_sent, 4);
    engine_online(e, ENGINE_ACCOUNT);
    /* Replies once more, in their order; what went to a group is not. */
    assert_int_equal(e->n_sent, 8);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(e->sent[4 + i].chat, e->sent[i].chat);
        assert_string_equal(e->sent[4 + i].text, e->sent[i].text);
    }
    sent_is(e, 7, "later");
    engine_outcome(e, 0, OUTCOME_SENT); /* of the lost connection: too late */
    account_offline(account(e), e);
    engine_online(e, ENGINE_ACCOUNT);
    /* "later" had one chance; the others had two and end. */
    assert_int_equal(e->n_sent, 9);
    sent_is(e, 8, "later");
    engine_outcome(e, 8, OUTCOME_SENT);
    ENGINE_UNTIL(e, outbox_idle(e->bot.outbox));
    assert_int_equal(engine_redis(e, OUTBOX), 0);
}

/* A second connection replaces the first, whose end is then no news. */
static void test_connection_replaced(void **state) {
    struct engine *e = *state;
    e->mode = ENGINE_HOLDS;
    engine_ask(e, RIDER, "诉求 充电柜坏了");
    engine_online(e, ENGINE_ACCOUNT);
    assert_int_equal(e->n_sent, 2);
    account_offline(account(e), NULL);
    assert_true(account(e)->online);
    engine_outcome(e, 1, OUTCOME_SENT);
    ENGINE_UNTIL(e, outbox_idle(e->bot.outbox));
    assert_int_equal(engine_redis(e, OUTBOX), 0);
}

/* ---- what a crash left ----------------------------------------------------
 */

static void test_crash_before_the_outcome(void **state) {
    struct engine *e = *state;
    e->mode = ENGINE_HOLDS;
    engine_ask(e, RIDER, "语言 English");
    engine_restart(e);
    assert_int_equal(engine_redis(e, OUTBOX), 1);
    e->mode = ENGINE_SENDS;
    engine_clear(e);
    ENGINE_UNTIL(e, e->n_sent == 1);
    engine_has(e->sent[0].text, "English"); /* in the recipient's language */
    ENGINE_UNTIL(e, engine_redis(e, OUTBOX) == 0);
    engine_settle(e);
    assert_int_equal(e->n_sent, 1);
}

static int setup_offline(void **state) {
    *state = engine_new(&(struct engine_options){.without_online = true});
    return 0;
}

static void store_notice(struct engine *e, const char *account,
                         const char *text) {
    struct notice notice = {.lane = LANE_ANSWER,
                            .account = account,
                            .chat = "qq.u1",
                            .rider = RIDER,
                            .key = "notify.text"};
    notice_param(&notice, "text", text);
    struct txn *txn = txn_new(e->bot.store);
    txn_notice(txn, &notice);
    assert_int_equal(engine_commit(e, txn), OK);
}

/* Notices of an account are sent by who holds it, as soon as somebody does;
 * one that cannot be read is no obstacle. */
static void test_sweep(void **state) {
    struct engine *e = *state;
    double before = engine_metric("xiaofeng_notices_repaired_total");
    engine_redis(e, "XADD {test}:outbox:%s * n nonsense", ENGINE_ACCOUNT);
    for (int i = 0; i < 20; i++)
        store_notice(e, ENGINE_ACCOUNT, "for you");
    store_notice(e, "qq.2000", "of another");
    engine_settle(e);
    assert_int_equal(e->n_sent, 0);
    engine_online(e, ENGINE_ACCOUNT);
    ENGINE_UNTIL(e, e->n_sent == 20);
    ENGINE_UNTIL(e, engine_redis(e, OUTBOX) == 0);
    assert_int_equal(engine_said(e, "for you"), 20);
    assert_true(engine_metric("xiaofeng_notices_repaired_total") >=
                before + 20);
    engine_online(e, "qq.2000");
    ENGINE_UNTIL(e, engine_said(e, "of another") == 1);
    assert_string_equal(e->sent[20].account->id, "qq.2000");
}

/* More than one page of them. */
static void test_sweep_of_many(void **state) {
    struct engine *e = *state;
    struct notice notice = {.lane = LANE_ANSWER,
                            .account = ENGINE_ACCOUNT,
                            .chat = "qq.u1",
                            .rider = RIDER,
                            .key = "test.plain"};
    for (int i = 0; i < 13; i++) {
        struct txn *txn = txn_new(e->bot.store);
        for (int j = 0; j < 100; j++)
            txn_notice(txn, &notice);
        assert_int_equal(engine_commit(e, txn), OK);
    }
    engine_online(e, ENGINE_ACCOUNT);
    ENGINE_UNTIL(e, e->n_sent >= 1300);
    ENGINE_UNTIL(e, engine_redis(e, OUTBOX) == 0);
    engine_settle(e);
    assert_int_equal(e->n_sent, 1300);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_WITH(name, how)                                                   \
    cmocka_unit_test_setup_teardown(name, how, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_lanes),
        TEST_WITH(test_group_pace, setup_group_pace),
        TEST_WITH(test_account_pace, setup_account_pace),
        TEST(test_full),
        TEST(test_closed_by_any_outcome),
        TEST(test_closed_in_batches),
        TEST(test_closed_after_outage),
        TEST(test_connection_lost),
        TEST(test_connection_replaced),
        TEST(test_crash_before_the_outcome),
        TEST_WITH(test_sweep, setup_offline),
        TEST_WITH(test_sweep_of_many, setup_offline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

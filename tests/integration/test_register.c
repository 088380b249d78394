/* 登记, 退订, 订阅: riders say where they belong, see it, change it, and are
 * no target when they do not want to be one. */
#include "base/mem.h"
#include "bot/audience.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "store/document.h"
#include "store/rider.h"
#include "store/station.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ORGANISATION                                                           \
    "{\"units\":[{\"id\":\"top\",\"name\":\"秦淮区\",\"kind\":\"district\"},"  \
    "{\"id\":\"branch\",\"name\":\"流动支部\",\"kind\":\"branch\",\"parent\":" \
    "\"top\"},{\"id\":\"north\",\"name\":\"北街社区\",\"kind\":\"community\"," \
    "\"parent\":\"top\"},{\"id\":\"south\",\"name\":\"南街社区\",\"kind\":"    \
    "\"community\",\"parent\":\"top\"},{\"id\":\"sf\",\"name\":\"顺丰\","      \
    "\"kind\":\"firm\",\"parent\":\"top\"},{\"id\":\"jd\",\"name\":\"京东\","  \
    "\"kind\":\"firm\",\"parent\":\"top\"}]}"

#define RIDER "qq.90001"

static void on_looked(void *data) {
    *(bool *)data = true;
}

static void lay_down(struct engine *e) {
    bool done = false;
    struct txn *txn = txn_new(e->bot.store);
    document_put(txn, &(struct document){.name = "organisation",
                                         .json = ORGANISATION,
                                         .json_len = strlen(ORGANISATION),
                                         .by = "user:wang"});
    station_set(txn,
                &(struct station){.name = "三山街驿站",
                                  .address = "",
                                  .hours = "",
                                  .offers = "",
                                  .lat = 32.0,
                                  .lon = 118.7},
                1);
    assert_int_equal(engine_commit(e, txn), OK);
    policies_refresh(e->bot.policies, on_looked, &done);
    ENGINE_UNTIL(e, done);
}

static int setup(void **state) {
    struct engine *e = *state = engine_new(NULL);
    lay_down(e);
    return 0;
}

static int setup_bare(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

/* A field of the rider is this. */
static void field(struct engine *e, const char *name, const char *value) {
    char *kept = engine_redis_text(e, "HGET {%s}:rider:" RIDER " %s",
                                   e->config->district, name);
    assert_string_equal(kept, value);
    free(kept);
}

/* ---- registering ---- */

static void test_register(void **state) {
    struct engine *e = *state;
    const char *said = engine_ask(e, RIDER, "登记");
    engine_has(said, "哪家公司");
    engine_has(said, "1");
    engine_has(said, "顺丰");
    engine_has_not(said, "流动支部");
    engine_has(engine_ask(e, RIDER, "1"), "哪个社区");
    engine_has(engine_ask(e, RIDER, "南街社区"), "哪个驿站");
    said = engine_ask(e, RIDER, "1");
    engine_has(said, "已登记：顺丰 · 南街社区 · 三山街驿站");
    engine_has(said, "同意");
    char id[STATION_ID_SIZE];
    station_id(id, "三山街驿站");
    field(e, "units", "south,sf");
    field(e, "stations", id);
    engine_ask(e, RIDER, "同意");
    /* It is shown, and left or changed. */
    said = engine_ask(e, RIDER, "登记");
    engine_has(said, "你登记的是：顺丰 · 南街社区 · 三山街驿站");
    engine_has(engine_ask(e, RIDER, "不用"), "不改");
    field(e, "units", "south,sf");
    engine_ask(e, RIDER, "登记");
    engine_has(engine_ask(e, RIDER, "1"), "哪家公司");
    engine_ask(e, RIDER, "京东");
    engine_ask(e, RIDER, "跳过");
    said = engine_ask(e, RIDER, "跳过");
    engine_has(said, "京东 · 南街社区 · 三山街驿站");
    engine_has_not(said, "同意");
    field(e, "units", "jd,south");
}

/* What staff have set besides is theirs. */
static void test_branch_stays(void **state) {
    struct engine *e = *state;
    engine_ask(e, RIDER, "帮助");
    engine_redis(e, "HSET {%s}:rider:" RIDER " units branch,sf",
                 e->config->district);
    engine_redis(e, "HSET {%s}:rider:" RIDER " tags 先锋", e->config->district);
    engine_ask(e, RIDER, "登记");
    engine_ask(e, RIDER, "京东");
    engine_ask(e, RIDER, "跳过");
    engine_ask(e, RIDER, "跳过");
    field(e, "units", "jd,branch");
    field(e, "tags", "先锋");
    const char *said = engine_ask(e, RIDER, "我的数据");
    engine_has(said, "京东 流动支部");
    engine_has(said, "先锋");
}

static void test_nothing_chosen(void **state) {
    struct engine *e = *state;
    engine_ask(e, RIDER, "登记");
    engine_has(engine_ask(e, RIDER, "99"), "哪家公司");
    engine_has(engine_ask(e, RIDER, "没有这家"), "哪家公司");
    engine_ask(e, RIDER, "跳过");
    engine_ask(e, RIDER, "跳过");
    engine_has(engine_ask(e, RIDER, "跳过"), "不改");
    field(e, "registered", "");
    /* Back to the question before, and out of it. */
    engine_ask(e, RIDER, "登记");
    engine_has(engine_ask(e, RIDER, "1"), "哪个社区");
    engine_has(engine_ask(e, RIDER, "返回"), "哪家公司");
    engine_ask(e, RIDER, "取消");
    field(e, "registered", "");
}

/* Nobody else in the group hears where somebody belongs. */
static void test_in_a_group(void **state) {
    struct engine *e = *state;
    engine_ask_group(e, RIDER, "登记");
    engine_has_not(engine_last(e, ENGINE_GROUP), "顺丰");
    engine_has(engine_last(e, "qq.u90001"), "顺丰");
}

static void test_no_organisation(void **state) {
    struct engine *e = *state;
    engine_has(engine_ask(e, RIDER, "登记"), "还没有公布");
}

/* ---- who is reached ---- */

static void on_audience(void *data, enum err err, struct audience *audience) {
    struct audience **out = data;
    assert_int_equal(err, OK);
    *out = audience;
}

/* How many riders are reached; and how many have unsubscribed. */
static void reached(struct engine *e, const char *expression, size_t n,
                    size_t nopush) {
    struct audience *audience = NULL;
    audience_resolve(&e->bot,
                     &(struct audience_query){.target = AUDIENCE_RIDERS,
                                              .expression = expression,
                                              .units = "*"},
                     on_audience, &audience);
    ENGINE_UNTIL(e, audience != NULL);
    assert_int_equal(audience->n, n);
    assert_int_equal(audience->nopush, nopush);
    struct audience_run run;
    while (audience_next(audience, 10, &run)) {
        assert_string_equal(run.accounts, ENGINE_ACCOUNT);
        assert_string_equal(run.chats[0], "qq.u90001");
    }
    audience_free(audience);
}

static void test_subscription(void **state) {
    struct engine *e = *state;
    engine_ask(e, RIDER, "登记");
    engine_ask(e, RIDER, "顺丰");
    engine_ask(e, RIDER, "跳过");
    engine_ask(e, RIDER, "跳过");
    reached(e, "{\"unit\":\"sf\"}", 0, 0); /* no word on the privacy notice */
    engine_has(engine_ask(e, RIDER, "订阅"), "还差一步");
    reached(e, "", 0, 0);
    engine_ask(e, RIDER, "同意");
    reached(e, "{\"unit\":\"sf\"}", 1, 0);
    reached(e, "{\"unit\":\"top\"}", 1, 0);
    reached(e, "{\"unit\":\"jd\"}", 0, 0);
    engine_has(engine_ask(e, RIDER, "退订"), "已退订");
    reached(e, "", 0, 1);
    engine_has(engine_ask(e, RIDER, "我的数据"), "已退订");
    engine_has(engine_ask(e, RIDER, "订阅"), "已订阅，通知会");
    reached(e, "", 1, 0);
    engine_has(engine_ask(e, RIDER, "我的数据"), "私聊通知：收");
    engine_ask(e, RIDER, "不同意");
    reached(e, "", 0, 0);
    engine_ask(e, RIDER, "同意");
    /* With all their data the rider goes. */
    engine_ask(e, RIDER, "删除我的数据");
    engine_has(engine_ask(e, RIDER, "确定"), "已删除");
    reached(e, "", 0, 0);
    field(e, "units", "");
}

/* The account they write to in private reaches them. */
static void test_account(void **state) {
    struct engine *e = *state;
    engine_online(e, "qq.2000");
    engine_send(e, &(struct message){.account = "qq.2000",
                                     .chat = ENGINE_GROUP,
                                     .rider = RIDER,
                                     .in_group = true,
                                     .segments = (struct segment[]){{
                                         .type = SEGMENT_TEXT,
                                         .text = "诉求 路灯坏了",
                                     }},
                                     .n_segments = 1});
    engine_settle(e);
    field(e, "account", "");
    engine_ask(e, RIDER, "同意");
    field(e, "account", ENGINE_ACCOUNT);
    engine_ask_group(e, RIDER, "诉求 井盖没了");
    field(e, "account", ENGINE_ACCOUNT);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_register),
        TEST(test_branch_stays),
        TEST(test_nothing_chosen),
        TEST(test_in_a_group),
        cmocka_unit_test_setup_teardown(test_no_organisation, setup_bare,
                                        teardown),
        TEST(test_subscription),
        TEST(test_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

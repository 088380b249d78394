/* What staff do in their chats: every command, every refusal, what colleagues
 * do meanwhile, and what the users of the console may see there. */
#include "base/arena.h"
#include "base/mem.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/roster.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "store/document.h"
#include "store/rider.h"
#include "store/store.h"
#include "store/ticket.h"
#include "store/user.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.1"
#define STAFF "qq.9"
#define COLLEAGUE "qq.8"
#define WANG "qq.7" /* a user of the console */
#define PHOTO "AAAAAAAAAAAAAAAAAAAAAA"
#define HOUR_MS (3600LL * 1000)

static const char organisation[] =
    "{\"units\":["
    "{\"id\":\"industry\",\"name\":\"行业党委\",\"kind\":\"industry\","
    "\"level\":5},"
    "{\"id\":\"branch\",\"name\":\"科巷党支部\",\"kind\":\"branch\","
    "\"level\":3,\"parent\":\"industry\"},"
    "{\"id\":\"first\",\"name\":\"一号社区\",\"kind\":\"community\","
    "\"parent\":\"branch\"},"
    "{\"id\":\"second\",\"name\":\"二号社区\",\"kind\":\"community\","
    "\"parent\":\"branch\"},"
    "{\"id\":\"labour\",\"name\":\"人社局\",\"kind\":\"department\","
    "\"parent\":\"industry\"}]}";
static const char routing[] =
    "{\"default\":\"first\",\"rules\":["
    "{\"community\":\"*\",\"category\":\"wage\",\"unit\":\"labour\"}]}";
/* Around the clock, so that a test can count hours. */
static const char clock_rules[] =
    "{\"rules\":[{\"category\":\"*\",\"urgency\":\"*\",\"acknowledge_min\":60,"
    "\"resolve_min\":600,\"warn_min\":60,\"around_the_clock\":true}],"
    "\"rider_nudge_h\":72,\"rider_rest_h\":96}";

static void put(struct engine *e, enum policy_document document,
                const char *json) {
    struct txn *txn = txn_new(e->bot.store);
    document_put(txn, &(struct document){.name = policy_names[document],
                                         .json = json,
                                         .json_len = strlen(json),
                                         .by = "system",
                                         .at_ms = 1});
    assert_int_equal(engine_commit(e, txn), OK);
}

static void on_policies(void *data) {
    *(bool *)data = true;
}

static void load_policy(struct engine *e) {
    bool done = false;
    policies_refresh(e->bot.policies, on_policies, &done);
    ENGINE_UNTIL(e, done);
}

static int setup(void **state) {
    struct engine *e = engine_new(&(struct engine_options){
        .config = "[xiaofeng]\npublic_url=https://bee.example\n"});
    engine_role(e, STAFF, ROLE_STAFF);
    engine_role(e, COLLEAGUE, ROLE_STAFF);
    put(e, POLICY_ORGANISATION, organisation);
    put(e, POLICY_ROUTING, routing);
    put(e, POLICY_CLOCKS, clock_rules);
    load_policy(e);
    *state = e;
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static const char *chat_of(const char *rider) {
    static char chats[4][32];
    static unsigned next;
    char *chat = chats[next++ % 4];
    snprintf(chat, sizeof(chats[0]), "qq.u%s", rider + strlen("qq."));
    return chat;
}

static const char *hears(struct engine *e, const char *rider,
                         const char *part) {
    const char *said = engine_last(e, chat_of(rider));
    engine_has(said, part);
    return said;
}

static const char *asks(struct engine *e, const char *rider, const char *text,
                        const char *part) {
    engine_ask(e, rider, text);
    return hears(e, rider, part);
}

/* Requests are S1, S2, … */
static void request(struct engine *e, const char *text) {
    char all[128];
    snprintf(all, sizeof(all), "诉求 %s", text);
    asks(e, RIDER, all, "已登记");
}

static void assert_field(struct engine *e, const char *id, const char *field,
                         const char *is) {
    char *value = engine_redis_text(e, "HGET {test}:ticket:%s %s", id, field);
    assert_string_equal(value, is);
    free(value);
}

/* ---- each command ---------------------------------------------------------
 */

static void test_claim_and_release(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    asks(e, STAFF, "认领 S1", "S1 由你来办");
    hears(e, RIDER, "已有人受理");
    assert_field(e, "S1", "state", "claimed");
    assert_field(e, "S1", "assignee", STAFF);
    asks(e, STAFF, "认领 1", "已经由你在办");
    asks(e, COLLEAGUE, "认领 S1", "在办");
    asks(e, COLLEAGUE, "回复 S1 好的", "要接手请先和对方商量");
    asks(e, COLLEAGUE, "办结 S1", "要接手请先和对方商量");
    asks(e, COLLEAGUE, "退回 S1 不归我们", "要接手请先和对方商量");
    asks(e, COLLEAGUE, "追问 S1 在哪里", "要接手请先和对方商量");
    asks(e, COLLEAGUE, "不予受理 S1 不行", "要接手请先和对方商量");
    assert_field(e, "S1", "state", "claimed");
    asks(e, STAFF, "放回 S1", "已放回待办");
    assert_field(e, "S1", "state", "routed");
    asks(e, STAFF, "放回 S1", "这一步做不了");
    asks(e, COLLEAGUE, "受理 S1", "由你来办");
    asks(e, COLLEAGUE, "办结 S1 修好了", "已办结");
    asks(e, STAFF, "认领 S1", "已经结束");
    asks(e, STAFF, "放回 S1", "已经结束");
    assert_field(e, "S1", "state", "closed");
}

static void test_ask(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    asks(e, STAFF, "追问 S1", "想问骑手什么");
    asks(e, STAFF, "是哪一台", "已问 S1 的骑手");
    hears(e, RIDER, "是哪一台");
    assert_field(e, "S1", "state", "waiting");
    asks(e, STAFF, "看 S1", "等骑手回复，时限暂停");
    asks(e, STAFF, "待办", "等骑手回复");
    asks(e, RIDER, "补充 S1 东门那台", "已补充到");
    assert_field(e, "S1", "state", "routed");
    asks(e, RIDER, "进度 S1", "询问：是哪一台");
    hears(e, RIDER, "补充：东门那台");
}

static void test_hand_back(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    asks(e, STAFF, "转办 S1 二号社区", "已转给二号社区");
    hears(e, RIDER, "已转给二号社区");
    asks(e, STAFF, "退回 S1", "为什么退回");
    asks(e, STAFF, "不归我们管香蕉", "已退回一号社区");
    assert_field(e, "S1", "state", "handed_back");
    assert_field(e, "S1", "unit", "first");
    /* Why is for colleagues. */
    engine_has_not(asks(e, RIDER, "进度 S1", "退回"), "香蕉");
    asks(e, STAFF, "看 S1", "退回 一号社区：不归我们管香蕉");
    asks(e, STAFF, "退回 S1 再退", "这一步做不了");
}

static void test_escalate(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    asks(e, STAFF, "上报 S1 要上级协调", "已上报到科巷党支部");
    hears(e, RIDER, "已上报到科巷党支部");
    assert_field(e, "S1", "level", "3");
    asks(e, STAFF, "看 S1", "3 级（支部） · 科巷党支部");
    asks(e, STAFF, "上报　Ｓ１", "已上报到行业党委");
    asks(e, STAFF, "上報 S1", "已经在最高一级");
    assert_field(e, "S1", "level", "5");
    /* To a rider the same word is a photo report, and to staff without a
     * number it is as well. */
    asks(e, RIDER, "上报 S1 路灯坏了", "请拍张照片");
    asks(e, RIDER, "取消", "不弄了");
    asks(e, STAFF, "上报 路灯坏了", "请拍张照片");
    asks(e, STAFF, "取消", "不弄了");
}

static void test_reject(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    asks(e, STAFF, "不予受理 S1", "为什么不予受理");
    asks(e, STAFF, "不在本区", "S1 已不予受理");
    hears(e, RIDER, "不在本区");
    assert_field(e, "S1", "state", "rejected");
    asks(e, STAFF, "驳回 S1 再说一次", "已经结束");
    asks(e, RIDER, "没解决", "已重新打开");
}

static void test_note(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    engine_clear(e);
    asks(e, STAFF, "备注 S1 物业电话打不通香蕉", "只有工作人员看得到");
    assert_int_equal(engine_count(e, chat_of(RIDER)), 0);
    asks(e, STAFF, "备注 S1", "备注写什么");
    asks(e, STAFF, "再打一次", "已加备注");
    asks(e, COLLEAGUE, "看 S1", "备注：物业电话打不通香蕉");
    hears(e, COLLEAGUE, "备注：再打一次");
    engine_has_not(asks(e, RIDER, "进度 S1", "待处理"), "香蕉");
    engine_has_not(hears(e, RIDER, ""), "备注");
    engine_has_not(asks(e, RIDER, "我的数据", "S1"), "香蕉");
    asks(e, STAFF, "办结 S1", "已办结");
    asks(e, STAFF, "备注 S1 回访过了", "已加备注");
    assert_int_equal(engine_redis(e, "LLEN {test}:notes:S1"), 3);
}

static void test_close_with_photos(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    engine_photo(e, STAFF, PHOTO, "办结 S1 换了新的");
    engine_settle(e);
    hears(e, STAFF, "已办结");
    hears(e, RIDER, "换了新的");
    hears(e, RIDER, "https://bee.example/photos/" PHOTO);
    assert_field(e, "S1", "after", PHOTO);
    asks(e, RIDER, "进度 S1", "/photos/" PHOTO);
    asks(e, STAFF, "看 S1", "/photos/" PHOTO);
}

static void test_route(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    asks(e, STAFF, "转办 S1 社区", "1 一号社区\n2 二号社区");
    asks(e, STAFF, "7", "请回复下面的数字");
    hears(e, STAFF, "1 一号社区");
    asks(e, STAFF, "返回", "转给哪个单位");
    asks(e, STAFF, "社区", "1 一号社区");
    asks(e, STAFF, "2", "已转给二号社区");
    assert_field(e, "S1", "unit", "second");
    asks(e, STAFF, "转办 S1 人社局 请尽快香蕉", "已转给人社局");
    assert_field(e, "S1", "unit", "labour");
    engine_has(asks(e, STAFF, "看 S1", "转办 人社局：请尽快香蕉"), "人社局");
    engine_has_not(asks(e, RIDER, "进度 S1", "转办 人社局"), "香蕉");
    asks(e, STAFF, "转办 S1 branch", "已转给科巷党支部");
    asks(e, STAFF, "转办 S1 没有这个单位", "没有这个单位");
    hears(e, STAFF, "转给哪个单位");
    asks(e, STAFF, "一号", "已转给一号社区");
    asks(e, STAFF, "转办", "转办哪个编号");
    asks(e, STAFF, "S1", "转给哪个单位");
    asks(e, STAFF, "人社", "已转给人社局");
    assert_field(e, "S1", "unit", "labour");
    asks(e, STAFF, "办结 S1", "已办结");
    asks(e, STAFF, "转办 S1 一号", "已经结束");
}

/* Riders have none of it. */
static void test_riders_may_not(void **state) {
    static const char *const words[] = {
        "认领 S1",      "放回 S1",        "退回 S1 什么", "追问 S1 什么",
        "回复 S1 什么", "不予受理 S1 无", "备注 S1 什么", "转办 S1 人社局",
        "办结 S1",      "看 S1",          "待办"};
    struct engine *e = *state;
    request(e, "换电柜坏了");
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        asks(e, RIDER, words[i], "需要工作身份");
        assert_field(e, "S1", "v", "1");
    }
    engine_clear(e);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        engine_ask_group(e, RIDER, words[i]);
    assert_int_equal(e->n_sent, 0);
}

static void test_unknown_numbers(void **state) {
    static const char *const words[] = {
        "认领 S404",      "放回 S404",      "退回 S404 什么",  "上报 S404",
        "追问 S404 什么", "备注 S404 什么", "转办 S404 人社局"};
    struct engine *e = *state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        asks(e, STAFF, words[i], "没有找到这个编号");
}

/* In a group nothing but the number is said. */
static void test_in_a_group(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    const char *said = engine_ask_group(e, STAFF, "转办 S1 人社局 香蕉");
    engine_has(said, "S1");
    engine_has_not(engine_last(e, ENGINE_GROUP), "人社局");
    engine_ask_group(e, STAFF, "认领 S1");
    engine_has(engine_last(e, ENGINE_GROUP), "S1 由你来办");
    engine_ask_group(e, COLLEAGUE, "办结 S1");
    engine_has(engine_last(e, ENGINE_GROUP), "同事");
    engine_ask_group(e, STAFF, "备注 S1 苹果");
    engine_has_not(engine_last(e, ENGINE_GROUP), "苹果");
    engine_ask_group(e, STAFF, "上报 S1");
    engine_has_not(engine_last(e, ENGINE_GROUP), "党");
    /* Without a number it is talk among colleagues. */
    engine_clear(e);
    engine_group(e, STAFF, "备注 一下就行");
    engine_group(e, STAFF, "退回 去看看");
    engine_settle(e);
    assert_int_equal(e->n_sent, 0);
    engine_mention(e, STAFF, "备注");
    engine_settle(e);
    hears(e, STAFF, "写备注");
}

static void test_languages(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    asks(e, STAFF, "language en", "English");
    asks(e, STAFF, "claim S1", "S1 is yours");
    asks(e, STAFF, "ask S1 which one?", "was asked");
    asks(e, STAFF, "note S1 called twice", "only staff");
    asks(e, STAFF, "view S1", "called twice");
    hears(e, STAFF, "clocks stand still");
    asks(e, STAFF, "queue", "waits for the rider");
    asks(e, STAFF, "route S1 人社", "went to 人社局");
    asks(e, STAFF, "escalate S1", "went up to 行业党委");
    asks(e, STAFF, "hand back S1 not ours", "went back to");
    asks(e, STAFF, "release S1", "cannot be done");
    asks(e, STAFF, "reject S1 no", "not accepted");
    asks(e, STAFF, "reject S1 no", "at its end");
    asks(e, COLLEAGUE, "語言 繁體", "繁體");
    request(e, "单价又降了");
    asks(e, COLLEAGUE, "認領 S2", "S2 由你來辦");
    asks(e, COLLEAGUE, "追問 S2 哪一天", "已問 S2 的騎手");
    asks(e, COLLEAGUE, "待辦", "我在辦");
}

/* ---- 待办 and 看 ----------------------------------------------------------
 */

static void test_queue(void **state) {
    struct engine *e = *state;
    asks(e, STAFF, "待办", "待办已清空");
    request(e, "甲柜坏了");
    request(e, "乙柜坏了");
    clock_manual_advance(&e->clock, HOUR_MS / 2);
    request(e, "丙柜坏了");
    asks(e, COLLEAGUE, "认领 S1", "由你来办");
    asks(e, STAFF, "认领 S3", "由你来办");
    engine_redis(e, "HSET {test}:ticket:S2 overdue 1");
    const char *said = asks(e, STAFF, "待办", "待办 3 条");
    /* Theirs, what is late, the rest. */
    const char *third = strstr(said, "S3"), *second = strstr(said, "S2"),
               *first = strstr(said, "S1");
    assert_true(third < second && second < first);
    engine_has(said, "我在办");
    engine_has(said, "【超时】");
    engine_has(said, "一号社区");
    engine_has(said, "甲柜坏了");
    said = asks(e, COLLEAGUE, "待办", "待办 3 条");
    assert_true(strstr(said, "S1") < strstr(said, "S2"));
    assert_true(strstr(said, "S2") < strstr(said, "S3"));
}

/* More than are read: those that are due next come first all the same. */
static void test_long_queue(void **state) {
    struct engine *e = *state;
    struct txn *txn = txn_new(e->bot.store);
    for (int i = 1; i <= 400; i++) {
        char id[16];
        snprintf(id, sizeof(id), "S%d", 1000 + i);
        ticket_create(txn, &(struct ticket){
                               .id = id,
                               .rider = RIDER,
                               .account = ENGINE_ACCOUNT,
                               .chat = chat_of(RIDER),
                               .state = TICKET_ROUTED,
                               .unit = "first",
                               .level = 1,
                               .category = "other",
                               .text = "很早",
                               .created_ms = i,
                               .resolve_ms = ENGINE_START_MS + HOUR_MS * 1000,
                               .due = DUE_RESOLVE,
                               .due_ms = ENGINE_START_MS + HOUR_MS * 1000 - i,
                           });
    }
    assert_int_equal(engine_commit(e, txn), OK);
    request(e, "刚来的换电柜坏了");
    const char *said = asks(e, STAFF, "待办", "待办 401 条");
    const char *newest = strstr(said, "刚来的");
    assert_non_null(newest);
    assert_true(newest < strstr(said, "很早"));
}

static void test_view(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    const char *said = asks(e, STAFF, "看 S1", "1 级");
    engine_has(said, "一号社区 · 没有人认领");
    engine_has(said, "受理时限 11-15 07:13");
    engine_has(said, "办结时限 11-15 16:13");
    engine_has(said, "一起跟进：0 人");
    asks(e, COLLEAGUE, "认领 S1", "由你来办");
    said = asks(e, STAFF, "看 S1", "换电柜坏了");
    engine_has_not(said, "没有人认领");
    engine_has_not(said, "受理时限");
    /* Whoever worked on it is not named to riders. */
    char *nick = engine_redis_text(e, "HGET {test}:ticket:S1 name");
    assert_true(nick[0] != '\0');
    engine_has_not(asks(e, RIDER, "进度 S1", "受理"), nick);
    free(nick);
}

/* A link to a map: shifted as maps of China are, and only there. */
static void test_map_links(void **state) {
    struct engine *e = *state;
    engine_photo(e, RIDER, PHOTO, "随手拍 路灯坏了");
    engine_settle(e);
    engine_place(e, RIDER, 32.0415, 118.7913, "科巷");
    engine_settle(e);
    asks(e, STAFF, "看 P1",
         "科巷\nhttps://uri.amap.com/marker?position=118.796");
    engine_photo(e, RIDER, PHOTO, "随手拍 路灯坏了");
    engine_settle(e);
    engine_place(e, RIDER, 48.8584, 2.2945, "铁塔");
    engine_settle(e);
    asks(e, STAFF, "看 P2", "?mlat=48.858400&mlon=2.294500");
}

/* ---- colleagues at the same time ------------------------------------------
 */

/* Somebody else writes the ticket between the reading and the writing of a
 * turn: their turn runs first, all of it, while this one waits for Redis. */
static void both(struct engine *e, const char *text, const char *other) {
    engine_private(e, STAFF, text);
    engine_private(e, COLLEAGUE, other);
    engine_settle(e);
}

static void test_two_claim(void **state) {
    struct engine *e = *state;
    double before = engine_metric("xiaofeng_conflicts_total");
    request(e, "换电柜坏了");
    engine_clear(e);
    both(e, "认领 S1", "认领 S1");
    assert_int_equal(engine_said(e, "由你来办"), 1);
    assert_int_equal(engine_said(e, "刚刚有变化"), 1);
    assert_int_equal(engine_said(e, "已有人受理"), 1); /* the rider, once */
    assert_true(engine_metric("xiaofeng_conflicts_total") > before);
    assert_field(e, "S1", "state", "claimed");
    assert_int_equal(engine_redis(e, "LLEN {test}:log:S1"), 1);
}

static void test_two_answer(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    engine_clear(e);
    both(e, "回复 S1 明天修", "回复 S1 今天修");
    assert_int_equal(engine_said(e, "已回复 S1"), 1);
    assert_int_equal(engine_said(e, "你这一步没有做"), 1);
    assert_int_equal(engine_count(e, chat_of(RIDER)), 1);
    assert_int_equal(engine_redis(e, "LLEN {test}:log:S1"), 1);
    /* Said again, it is what they want. */
    asks(e, STAFF, "回复 S1 好的", "已回复");
}

static void test_close_over_a_reply(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    engine_clear(e);
    engine_private(e, RIDER, "补充 S1 又冒烟了");
    engine_private(e, STAFF, "办结 S1");
    engine_settle(e);
    assert_int_equal(engine_said(e, "已办结，"), 0);
    assert_int_equal(engine_said(e, "刚刚有变化"), 1);
    assert_field(e, "S1", "state", "routed");
    /* A note does no harm: both are kept. */
    both(e, "备注 S1 一", "备注 S1 二");
    assert_int_equal(engine_redis(e, "LLEN {test}:notes:S1"), 2);
}

/* ---- users of the console -------------------------------------------------
 */

static void put_user(struct engine *e, const char *unit, const char *category,
                     bool disabled, int64_t version) {
    struct txn *txn = txn_new(e->bot.store);
    user_put(txn, &(struct user){
                      .name = "wang",
                      .version = version,
                      .display = "王社工",
                      .lang = "",
                      .password = "",
                      .totp = "",
                      .rider = WANG,
                      .chat = chat_of(WANG),
                      .account = ENGINE_ACCOUNT,
                      .disabled = disabled,
                      .grants = {{USER_STAFF, unit, category}},
                      .n_grants = 1,
                      .created_ms = 1,
                  });
    assert_int_equal(engine_commit(e, txn), OK);
    roster_refresh(e->bot.roster);
    engine_settle(e);
    ENGINE_UNTIL(e, roster_of_rider(e->bot.roster, WANG) != NULL &&
                        roster_of_rider(e->bot.roster, WANG)->version ==
                            version + 1);
}

static void test_user(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了"); /* first */
    request(e, "单价又降了"); /* labour */
    asks(e, WANG, "待办", "需要工作身份");
    put_user(e, "first", "*", false, 0);
    const char *said = asks(e, WANG, "待办", "待办 1 条");
    engine_has(said, "S1");
    engine_has_not(said, "S2");
    /* What they may not see is not there. */
    static const char *const words[] = {"看 S2",        "认领 S2",
                                        "回复 S2 什么", "备注 S2 什么",
                                        "办结 S2",      "转办 S2 一号"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        asks(e, WANG, words[i], "没有找到这个编号");
    assert_field(e, "S2", "v", "1");
    asks(e, WANG, "认领 S1", "由你来办");
    assert_field(e, "S1", "assignee", "user:wang");
    assert_field(e, "S1", "name", "王社工");
    asks(e, STAFF, "回复 S1 什么", "王社工在办");
    asks(e, STAFF, "看 S1", "王社工 受理");
    asks(e, WANG, "待办", "我在办");
    asks(e, WANG, "帮助", "待办");
    /* No role is kept for them. */
    assert_int_equal(engine_redis(e, "HEXISTS {test}:rider:%s roles", WANG), 0);
    asks(e, WANG, "转办 S1 人社局", "已转给人社局");
    asks(e, WANG, "看 S1", "没有找到这个编号");
}

/* A code once made them staff of the whole district: as a user they are of
 * their unit, and disabled of none. */
static void test_user_with_a_code(void **state) {
    struct engine *e = *state;
    request(e, "换电柜坏了");
    request(e, "单价又降了");
    engine_role(e, WANG, ROLE_STAFF);
    asks(e, WANG, "看 S2", "单价又降了");
    put_user(e, "*", "wage", false, 0);
    asks(e, WANG, "看 S2", "单价又降了");
    asks(e, WANG, "看 S1", "没有找到这个编号");
    put_user(e, "*", "*", true, 1);
    asks(e, WANG, "看 S2", "没有找到这个编号");
    asks(e, WANG, "待办", "待办已清空");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_claim_and_release),
        TEST(test_ask),
        TEST(test_hand_back),
        TEST(test_escalate),
        TEST(test_reject),
        TEST(test_note),
        TEST(test_close_with_photos),
        TEST(test_route),
        TEST(test_riders_may_not),
        TEST(test_unknown_numbers),
        TEST(test_in_a_group),
        TEST(test_languages),
        TEST(test_queue),
        TEST(test_long_queue),
        TEST(test_view),
        TEST(test_map_links),
        TEST(test_two_claim),
        TEST(test_two_answer),
        TEST(test_close_over_a_reply),
        TEST(test_user),
        TEST(test_user_with_a_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

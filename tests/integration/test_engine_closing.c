/* How a ticket comes to its end with its rider: others who report the same,
 * ratings, what was not solved, points, and an end to all of it. */
#include "base/arena.h"
#include "base/mem.h"
#include "store/points.h"
#include "store/rider.h"
#include "store/store.h"
#include "store/ticket.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.1"
#define OTHER "qq.2"
#define THIRD "qq.3"
#define STAFF "qq.9"
#define PHOTO_1 "AAAAAAAAAAAAAAAAAAAAAA"
#define PHOTO_2 "BBBBBBBBBBBBBBBBBBBBBB"
#define LAT 32.0415
#define LON 118.7913
#define METRE (1 / 111195.0) /* in degrees of latitude */
#define HOUR_MS (3600LL * 1000)
#define DAY_MS (24 * HOUR_MS)

static int setup(void **state) {
    struct engine *e = engine_new(NULL);
    engine_role(e, STAFF, ROLE_STAFF);
    *state = e;
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static const char *asks(struct engine *e, const char *rider, const char *text,
                        const char *part) {
    char chat[32];
    snprintf(chat, sizeof(chat), "qq.u%s", rider + strlen("qq."));
    engine_ask(e, rider, text);
    engine_has(engine_last(e, chat), part);
    return engine_last(e, chat);
}

/* The last that was said to that chat. */
static void hears(struct engine *e, const char *chat, const char *part) {
    engine_has(engine_last(e, chat), part);
}

/* The number behind "编号 " in the last text. */
static const char *number(const struct engine *e) {
    static char numbers[8][16];
    static unsigned next;
    char *kept = numbers[next++ % 8];
    const char *at = strstr(engine_last(e, NULL), "编号 ");
    assert_non_null(at);
    at += strlen("编号 ");
    size_t len = 1 + strspn(at + 1, "0123456789");
    snprintf(kept, sizeof(numbers[0]), "%.*s", (int)len, at);
    return kept;
}

static const char *with(const char *word, const char *id, const char *rest) {
    static char texts[8][256];
    static unsigned next;
    char *text = texts[next++ % 8];
    snprintf(text, sizeof(texts[0]), "%s %s %s", word, id, rest);
    return text;
}

static const char *request(struct engine *e, const char *rider) {
    asks(e, rider, "诉求 换电柜坏了", "已登记");
    return number(e);
}

static const char *closed(struct engine *e, const char *rider) {
    const char *id = request(e, rider);
    asks(e, STAFF, with("办结", id, "修好了"), "办结");
    return id;
}

static void assert_state(struct engine *e, const char *id, const char *state) {
    char *is = engine_redis_text(e, "HGET {test}:ticket:%s state", id);
    assert_string_equal(is, state);
    free(is);
}

/* A report up to where it has text, category and place. */
static void report(struct engine *e, const char *rider, const char *text,
                   double lat, double lon) {
    engine_photo(e, rider, PHOTO_1, text);
    engine_settle(e);
    engine_place(e, rider, lat, lon, "科巷新寓");
    engine_settle(e);
}

/* ---- the same report ------------------------------------------------------
 */

static void test_join(void **state) {
    struct engine *e = *state;
    report(e, RIDER, "随手拍 路灯坏了", LAT, LON);
    hears(e, "qq.u1", "已登记");
    const char *id = number(e);
    clock_manual_advance(&e->clock, 3 * HOUR_MS);
    engine_clear(e);
    report(e, OTHER, "随手拍 路灯坏了香蕉", LAT + 60 * METRE, LON);
    hears(e, "qq.u2", id);
    hears(e, "qq.u2", "公共设施损坏，约 60 米，3 小时前，1 位骑手");
    hears(e, "qq.u2", "1 一起跟进\n2 仍然新报");
    assert_int_equal(engine_said(e, "科巷"), 0); /* nothing of the other's */
    engine_clear(e);
    asks(e, OTHER, "1", "已一起跟进");
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 1);
    /* They see how it goes, and not what the other wrote. */
    const char *said = asks(e, OTHER, with("进度", id, ""), "一起跟进");
    engine_has(said, "待处理");
    engine_has_not(said, "路灯");
    said = asks(e, OTHER, "我的", id);
    engine_has(said, "（一起跟进）");
    engine_has_not(said, "路灯");
    said = asks(e, RIDER, with("进度", id, ""), "路灯坏了");
    engine_has(said, "有骑手一起跟进");
    engine_has_not(said, "香蕉");
    /* Staff see what both sent. */
    said = asks(e, STAFF, with("看", id, ""), "一起跟进：1 人");
    engine_has(said, "路灯坏了香蕉");
    char *photos = engine_redis_text(e, "HGET {test}:ticket:%s photos", id);
    assert_string_equal(photos, PHOTO_1);
    free(photos);
    engine_clear(e);
    asks(e, STAFF, with("办结", id, "换了灯"), "已办结");
    hears(e, "qq.u1", "换了灯");
    hears(e, "qq.u1", "评分");
    hears(e, "qq.u2", "换了灯");
    engine_has_not(engine_last(e, "qq.u2"), "评分");
}

static void test_join_counts_and_languages(void **state) {
    struct engine *e = *state;
    report(e, RIDER, "随手拍 路灯坏了", LAT, LON);
    report(e, OTHER, "随手拍 路灯坏了", LAT, LON);
    asks(e, OTHER, "是的", "已一起跟进");
    asks(e, THIRD, "language en", "English");
    report(e, THIRD, "snap broken 路灯", LAT, LON);
    engine_has(engine_ask(e, THIRD, "4"), "2 riders have reported it");
    asks(e, THIRD, "follow", "You follow P1 now");
    asks(e, "qq.4", "語言 繁體", "繁體");
    report(e, "qq.4", "隨手拍 路灯坏了", LAT, LON);
    hears(e, "qq.u4", "3 位騎手已報告");
    asks(e, "qq.4", "新報", "已登記，編號 P");
}

/* Too far, too old, of another kind, at its end: no question. */
static void test_not_alike(void **state) {
    struct engine *e = *state;
    report(e, RIDER, "随手拍 路灯坏了", LAT, LON);
    hears(e, "qq.u1", "编号 P1");
    report(e, OTHER, "随手拍 路灯坏了", LAT + 151 * METRE, LON);
    hears(e, "qq.u2", "已登记");
    report(e, OTHER, "随手拍 垃圾没人收", LAT, LON);
    hears(e, "qq.u2", "已登记");
    clock_manual_advance(&e->clock, 72 * HOUR_MS + 1);
    report(e, OTHER, "随手拍 路灯坏了", LAT, LON);
    hears(e, "qq.u2", "已登记");
    const char *id = number(e);
    asks(e, STAFF, with("办结", id, ""), "已办结");
    report(e, THIRD, "随手拍 路灯坏了", LAT, LON);
    hears(e, "qq.u3", "已登记");
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 4);
    /* A place in words alone is no position. */
    asks(e, "qq.4", "随手拍 路灯坏了", "请拍张照片");
    asks(e, "qq.4", "跳过", "在哪里");
    asks(e, "qq.4", "科巷新寓", "已登记");
}

/* The question is never a dead end. */
static void test_offer_goes_on(void **state) {
    struct engine *e = *state;
    report(e, RIDER, "随手拍 路灯坏了", LAT, LON);
    report(e, OTHER, "随手拍 路灯坏了", LAT, LON);
    asks(e, OTHER, "9", "请回复下面的数字");
    hears(e, "qq.u2", "P1");
    asks(e, OTHER, "这是什么意思", "请回复下面的数字");
    engine_photo(e, OTHER, PHOTO_2, NULL);
    engine_settle(e);
    hears(e, "qq.u2", "1 一起跟进");
    engine_restart(e);
    asks(e, OTHER, "帮助", "我是小蜂");
    asks(e, OTHER, "继续", "1 一起跟进");
    asks(e, OTHER, "返回", "是哪一类");
    asks(e, OTHER, "4", "1 一起跟进");
    asks(e, OTHER, "跳过", "已登记");
    const char *id = number(e);
    char *photos = engine_redis_text(e, "HGET {test}:ticket:%s photos", id);
    assert_string_equal(photos, PHOTO_1 "," PHOTO_2);
    free(photos);
    /* Closed between question and answer: it stands alone. */
    report(e, THIRD, "随手拍 垃圾没人收", LAT, LON);
    const char *first = number(e);
    report(e, OTHER, "随手拍 垃圾没人收", LAT, LON);
    hears(e, "qq.u2", first);
    asks(e, STAFF, with("办结", first, ""), "已办结");
    asks(e, OTHER, "1", "已登记，编号 P");
    report(e, "qq.5", "随手拍 消防通道堵了", LAT, LON);
    report(e, OTHER, "随手拍 消防通道堵了", LAT, LON);
    asks(e, OTHER, "取消", "不弄了");
}

/* One's own report, or one that is followed: more of the same. */
static void test_join_again(void **state) {
    struct engine *e = *state;
    report(e, RIDER, "随手拍 路灯坏了", LAT, LON);
    report(e, RIDER, "随手拍 路灯还是坏的", LAT, LON);
    hears(e, "qq.u1", "附近已有 P1");
    asks(e, RIDER, "1", "已补充到 P1");
    report(e, OTHER, "随手拍 路灯坏了", LAT, LON);
    asks(e, OTHER, "1", "已一起跟进 P1");
    report(e, OTHER, "随手拍 路灯一直坏", LAT, LON);
    asks(e, OTHER, "1", "已经在跟进 P1");
    asks(e, STAFF, "看 P1", "路灯一直坏");
    hears(e, "qq.u9", "一起跟进：1 人");
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 1);
}

/* No more can follow: it is not offered, and who was offered it is filed. */
static void test_join_beyond_the_most(void **state) {
    struct engine *e = *state;
    struct arena arena;
    char packed[TICKET_FOLLOWERS_MAX * 32] = "";
    arena_init(&arena);
    for (int i = 0; i < TICKET_FOLLOWERS_MAX - 1; i++)
        snprintf(packed + strlen(packed), sizeof(packed) - strlen(packed),
                 "qq.8%d\x1f%s\x1fqq.u8%d\x1f\x1e", i, ENGINE_ACCOUNT, i);
    report(e, RIDER, "随手拍 路灯坏了", LAT, LON);
    engine_redis(e, "HSET {test}:ticket:P1 followers %s", packed);
    report(e, OTHER, "随手拍 路灯坏了", LAT, LON);
    hears(e, "qq.u2", "100 位骑手");
    report(e, THIRD, "随手拍 路灯坏了", LAT, LON);
    hears(e, "qq.u3", "附近已有 P1");
    asks(e, OTHER, "1", "已一起跟进 P1");
    asks(e, THIRD, "1", "已登记，编号 P");
    report(e, "qq.4", "随手拍 路灯坏了", LAT, LON);
    engine_has_not(engine_last(e, "qq.u4"), "附近已有 P1");
    arena_finish(&arena);
}

static void test_join_in_a_group(void **state) {
    struct engine *e = *state;
    struct segment segments[] = {
        {.type = SEGMENT_TEXT, .text = "随手拍 路灯坏了"},
        {.type = SEGMENT_IMAGE, .photo = PHOTO_2},
        {.type = SEGMENT_LOCATION, .lat = LAT, .lon = LON, .text = "科巷"},
    };
    report(e, RIDER, "随手拍 路灯坏了香蕉", LAT, LON);
    engine_clear(e);
    engine_send(e, &(struct message){.rider = OTHER,
                                     .chat = ENGINE_GROUP,
                                     .in_group = true,
                                     .segments = segments,
                                     .n_segments = 3});
    engine_settle(e);
    hears(e, ENGINE_GROUP, "附近已有 P1");
    engine_has_not(engine_last(e, ENGINE_GROUP), "香蕉");
    engine_has_not(engine_last(e, ENGINE_GROUP), "科巷");
    engine_clear(e);
    engine_group(e, THIRD, "1"); /* not for them */
    engine_group(e, OTHER, "今天好热");
    engine_settle(e);
    assert_int_equal(e->n_sent, 0);
    engine_has(engine_ask_group(e, OTHER, "1"), "已一起跟进 P1");
}

/* ---- ratings --------------------------------------------------------------
 */

static void assert_rating(struct engine *e, const char *id, const char *is) {
    char *rating = engine_redis_text(e, "HGET {test}:ticket:%s rating", id);
    assert_string_equal(rating, is);
    free(rating);
}

static void test_bare_rating(void **state) {
    struct engine *e = *state;
    asks(e, RIDER, "5", "我是小蜂"); /* nothing to rate: the menu */
    const char *id = closed(e, RIDER);
    hears(e, "qq.u1", "回复 1–5 评分");
    asks(e, RIDER, "5", "评 5 分，谢谢");
    assert_rating(e, id, "5");
    assert_state(e, id, "confirmed");
    /* Once: then it is the menu's again. */
    asks(e, RIDER, "3", "我是小蜂");
    asks(e, RIDER, "3", "你一共提过");
    asks(e, RIDER, "0", "我是小蜂");
    asks(e, RIDER, "9", "");
    assert_rating(e, id, "5");
}

/* A menu that was shown after the closing is what a number answers. */
static void test_bare_rating_and_the_menu(void **state) {
    struct engine *e = *state;
    const char *id = request(e, RIDER);
    asks(e, RIDER, "帮助", "我是小蜂");
    clock_manual_advance(&e->clock, 60000);
    asks(e, STAFF, with("办结", id, ""), "已办结");
    clock_manual_advance(&e->clock, 60000);
    asks(e, RIDER, "帮助", "我是小蜂");
    asks(e, RIDER, "4", "你一共提过 1 条");
    assert_rating(e, id, "");
    asks(e, RIDER, "取消", "不弄了");
    asks(e, RIDER, "４", "评 4 分");
    assert_rating(e, id, "4");
    /* One that was shown before is not. */
    id = request(e, OTHER);
    asks(e, OTHER, "帮助", "我是小蜂");
    clock_manual_advance(&e->clock, 60000);
    asks(e, STAFF, with("办结", id, ""), "已办结");
    asks(e, OTHER, "2", "评 2 分");
    assert_rating(e, id, "2");
}

/* An open question is answered first; and after two weeks a number is none. */
static void test_bare_rating_is_modest(void **state) {
    struct engine *e = *state;
    const char *id = closed(e, RIDER);
    asks(e, RIDER, "诉求 有件事想反映", "属于哪一类");
    asks(e, RIDER, "5", "充电换电");
    assert_rating(e, id, "");
    /* In a group it is talk. */
    engine_clear(e);
    engine_group(e, RIDER, "5");
    engine_settle(e);
    assert_int_equal(e->n_sent, 0);
    clock_manual_advance(&e->clock, 14 * DAY_MS + 1);
    asks(e, RIDER, "5", "我是小蜂");
    assert_rating(e, id, "");
    asks(e, RIDER, "评分 5", "评 5 分");
    assert_rating(e, id, "5");
}

static void test_rate(void **state) {
    struct engine *e = *state;
    const char *first = closed(e, RIDER);
    clock_manual_advance(&e->clock, 1000);
    const char *second = closed(e, RIDER);
    asks(e, RIDER, "评分 3", "评 3 分，已记下"); /* the latest */
    assert_rating(e, second, "3");
    assert_rating(e, first, "");
    asks(e, RIDER, with("评分", first, "1 等太久"), "没解决");
    assert_rating(e, first, "1");
    asks(e, STAFF, with("看", first, ""), "评价 1：等太久");
    asks(e, RIDER, with("评分 4", first, ""), "评 4 分，谢谢");
    assert_rating(e, first, "4");
    asks(e, RIDER, "评价", "办得怎么样");
    hears(e, "qq.u1", "5 很满意");
    asks(e, RIDER, "7", "请回复下面的数字");
    asks(e, RIDER, "五分", "评 5 分");
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 0);
}

static void test_rate_out_of_range(void **state) {
    static const char *const wrong[] = {"评分 9", "评分 0", "评分 6",
                                        "评分 99999999999999999999"};
    struct engine *e = *state;
    const char *id = closed(e, RIDER);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        asks(e, RIDER, wrong[i], "请回复下面的数字");
        hears(e, "qq.u1", "5 很满意");
        assert_rating(e, id, "");
        asks(e, RIDER, "取消", "不弄了");
    }
    asks(e, RIDER, "评分 -1", "5 很满意");
    asks(e, RIDER, "取消", "不弄了");
}

static void test_rate_what_is_not_theirs(void **state) {
    struct engine *e = *state;
    const char *id = closed(e, RIDER);
    asks(e, OTHER, with("评分", id, "1"), "没有找到这个编号");
    assert_rating(e, id, "");
    asks(e, OTHER, "评分 1", "还没有办结");
    report(e, RIDER, "随手拍 路灯坏了", LAT, LON);
    id = number(e);
    report(e, OTHER, "随手拍 路灯坏了", LAT, LON);
    asks(e, OTHER, "1", "已一起跟进");
    asks(e, OTHER, with("评分", id, "1"), "由最早报告的骑手评分");
    asks(e, OTHER, with("没解决", id, ""), "再发一次「随手拍」");
    asks(e, STAFF, with("办结", id, ""), "已办结");
    asks(e, OTHER, "1", "我是小蜂");
    asks(e, OTHER, with("评分", id, "1"), "由最早报告的骑手评分");
    assert_rating(e, id, "");
    assert_state(e, id, "closed");
}

static void test_rate_what_is_not_closed(void **state) {
    struct engine *e = *state;
    const char *id = request(e, RIDER);
    asks(e, RIDER, with("评分", id, "5"), "还没办结");
    asks(e, RIDER, with("撤回", id, ""), "确定撤回");
    asks(e, RIDER, "1", "已撤回");
    asks(e, RIDER, with("评分", id, "5"), "不用评分");
    assert_rating(e, id, "");
}

static void test_rate_in_a_group(void **state) {
    struct engine *e = *state;
    const char *id = closed(e, RIDER);
    engine_clear(e);
    engine_group(e, RIDER, with("评分", id, "1"));
    engine_settle(e);
    assert_int_equal(e->n_sent, 0); /* not said to us */
    const char *said = engine_ask_group(e, RIDER, with("/评分", id, "1"));
    engine_has(said, id);
    engine_has_not(said, "1 分");
    assert_rating(e, id, "1");
}

/* ---- 没解决 ---------------------------------------------------------------
 */

static void test_unsolved(void **state) {
    struct engine *e = *state;
    const char *id = closed(e, RIDER);
    asks(e, RIDER, "没解决，灯还是坏的", "已重新打开");
    hears(e, "qq.u1", id);
    assert_state(e, id, "reopened");
    assert_int_equal(engine_redis(e, "ZCARD {test}:open"), 1);
    asks(e, STAFF, with("看", id, ""), "没解决，重新处理：灯还是坏的");
    /* Words of all kinds. */
    static const char *const words[] = {"未解决", "還沒好",     "没有解决",
                                        "没修好", "not solved", "“没解决”"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        asks(e, STAFF, with("办结", id, ""), "已办结");
        asks(e, RIDER, words[i], "已重新打开");
        assert_state(e, id, "reopened");
    }
    /* A rating does not end it for good, a second close asks again. */
    asks(e, STAFF, with("办结", id, ""), "已办结");
    asks(e, RIDER, "1", "没解决");
    asks(e, RIDER, with("没解决", id, "灯又坏了"), "已重新打开");
    assert_int_equal(engine_redis(e, "HGET {test}:ticket:%s rating", id), -1);
    asks(e, STAFF, with("办结", id, ""), "已办结");
    asks(e, RIDER, "5", "谢谢");
}

static void test_unsolved_while_open(void **state) {
    struct engine *e = *state;
    asks(e, RIDER, "没解决", "没有找到你办过的诉求");
    const char *id = request(e, RIDER);
    asks(e, RIDER, "没解决", "还在处理");
    assert_state(e, id, "routed");
    asks(e, RIDER, with("没解决", id, "还是坏的"), "已转告处理的人");
    asks(e, STAFF, with("看", id, ""), "补充：还是坏的");
    /* An answer that did not help, with no word more. */
    asks(e, STAFF, with("回复", id, "已修好"), "已回复");
    asks(e, RIDER, "没解决", "已转告处理的人");
    assert_state(e, id, "routed");
    asks(e, STAFF, with("看", id, ""), "补充：没解决");
    asks(e, OTHER, with("没解决", id, ""), "没有找到这个编号");
    /* Withdrawn is withdrawn. */
    asks(e, RIDER, with("撤回", id, ""), "确定撤回");
    asks(e, RIDER, "1", "已撤回");
    asks(e, RIDER, with("没解决", id, ""), "已经结束了");
    /* What was not accepted may be asked again. */
    id = request(e, RIDER);
    asks(e, STAFF, with("不予受理", id, "不归本区管"), "不予受理");
    hears(e, "qq.u1", "不归本区管");
    asks(e, RIDER, "没解决 就是本区的", "已重新打开");
    assert_state(e, id, "reopened");
}

/* ---- more to say ----------------------------------------------------------
 */

static void test_second_sentence(void **state) {
    struct engine *e = *state;
    asks(e, RIDER, "诉求 有件事想反映", "属于哪一类");
    const char *id = number(e);
    asks(e, RIDER, "上个月开始就是这样了", "已补充到");
    hears(e, "qq.u1", "属于哪一类");
    engine_photo(e, RIDER, PHOTO_1, NULL);
    engine_settle(e);
    hears(e, "qq.u1", "已补充到");
    asks(e, RIDER, "嗯嗯", "请回复下面的数字");
    asks(e, RIDER, "99", "请回复下面的数字");
    asks(e, RIDER, "1", "已归到「工资报酬」");
    asks(e, STAFF, with("看", id, ""), "补充：上个月开始就是这样了");
    char *photos = engine_redis_text(e, "HGET {test}:ticket:%s photos", id);
    assert_string_equal(photos, PHOTO_1);
    free(photos);
    asks(e, RIDER, "诉求 又有件事想反映", "属于哪一类");
    asks(e, RIDER, "跳过", "工作人员会来分类");
    asks(e, RIDER, "跳过", "没有进行到一半的内容");
}

/* ---- points ---------------------------------------------------------------
 */

static long long points(struct engine *e, const char *account) {
    char *text = engine_redis_text(e, "HGET {test}:points %s", account);
    long long n = text[0] == '\0' ? -999 : atoll(text);
    free(text);
    return n;
}

static void test_points(void **state) {
    struct engine *e = *state;
    asks(e, RIDER, "我的积分", "你还没有积分");
    for (int i = 0; i < 7; i++) {
        report(e, RIDER, "随手拍 路灯坏了", LAT + i, LON);
        asks(e, STAFF, with("办结", number(e), ""), "已办结");
    }
    hears(e, "qq.u1", "获得 5 积分");
    const char *said = asks(e, RIDER, "我的积分", "你的积分：35");
    engine_has(said, "P7 +5");
    engine_has(said, "P3 +5");
    engine_has_not(said, "P2 +5");
    engine_clear(e);
    engine_group(e, RIDER, "/积分");
    engine_settle(e);
    hears(e, "qq.u1", "35");
    engine_has_not(engine_last(e, ENGINE_GROUP), "35");
    asks(e, RIDER, "我的数据", "积分 35");
    asks(e, RIDER, "language en", "English");
    asks(e, RIDER, "my points", "Your points: 35");
    assert_int_equal(points(e, RIDER), 35);
    assert_int_equal(points(e, POINTS_ISSUED), -35);
}

/* ---- an end to it ---------------------------------------------------------
 */

static void test_forget(void **state) {
    struct engine *e = *state;
    report(e, RIDER, "随手拍 路灯坏了", LAT, LON);
    report(e, OTHER, "随手拍 路灯坏了", LAT, LON);
    asks(e, OTHER, "1", "已一起跟进 P1");
    report(e, THIRD, "随手拍 路灯坏了", LAT, LON);
    asks(e, THIRD, "1", "已一起跟进 P1");
    report(e, OTHER, "随手拍 垃圾没人收", LAT, LON);
    const char *own = number(e);
    asks(e, STAFF, with("办结", own, ""), "已办结");
    assert_int_equal(points(e, OTHER), 5);
    asks(e, OTHER, "我的数据", "（一起跟进）");
    asks(e, OTHER, "删除我的数据", "确定删除");
    asks(e, OTHER, "1", "已删除，共 1 条");
    /* The other's goes on, without them. */
    assert_state(e, "P1", "routed");
    assert_state(e, own, "erased");
    assert_int_equal(points(e, OTHER), -999);
    assert_int_equal(points(e, POINTS_ISSUED), 0);
    assert_int_equal(engine_redis(e, "XLEN {test}:ledger"), 0);
    char *followers = engine_redis_text(e, "HGET {test}:ticket:P1 followers");
    assert_null(strstr(followers, OTHER "\x1f"));
    assert_non_null(strstr(followers, THIRD "\x1f"));
    free(followers);
    engine_clear(e);
    asks(e, STAFF, "办结 P1 换了灯", "已办结");
    assert_int_equal(engine_count(e, "qq.u2"), 0);
    hears(e, "qq.u3", "换了灯");
    asks(e, OTHER, "进度 P1", "没有找到这个编号");
    asks(e, OTHER, "我的积分", "你还没有积分");
}

/* Whatever the book knows of an account, it balances when that is gone. */
static void test_forget_more_points(void **state) {
    struct engine *e = *state;
    struct txn *txn = txn_new(e->bot.store);
    points_post(txn, POINTS_ISSUED, RIDER, 5, "P1");
    points_post(txn, RIDER, "shop", 2, "G1");
    points_post(txn, POINTS_ISSUED, OTHER, 5, "P2");
    assert_int_equal(engine_commit(e, txn), OK);
    asks(e, RIDER, "积分", "你的积分：3");
    hears(e, "qq.u1", "G1 -2");
    txn = txn_new(e->bot.store);
    points_forget(txn, RIDER);
    points_forget(txn, "qq.404");
    assert_int_equal(engine_commit(e, txn), OK);
    assert_int_equal(points(e, RIDER), -999);
    assert_int_equal(points(e, "shop"), 2);
    assert_int_equal(points(e, OTHER), 5);
    assert_int_equal(points(e, POINTS_ISSUED), -7);
    assert_int_equal(engine_redis(e, "EXISTS {test}:postings:%s", RIDER), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_join),
        TEST(test_join_counts_and_languages),
        TEST(test_not_alike),
        TEST(test_offer_goes_on),
        TEST(test_join_again),
        TEST(test_join_beyond_the_most),
        TEST(test_join_in_a_group),
        TEST(test_bare_rating),
        TEST(test_bare_rating_and_the_menu),
        TEST(test_bare_rating_is_modest),
        TEST(test_rate),
        TEST(test_rate_out_of_range),
        TEST(test_rate_what_is_not_theirs),
        TEST(test_rate_what_is_not_closed),
        TEST(test_rate_in_a_group),
        TEST(test_unsolved),
        TEST(test_unsolved_while_open),
        TEST(test_second_sentence),
        TEST(test_points),
        TEST(test_forget),
        TEST(test_forget_more_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

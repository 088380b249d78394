/* Events in chat: signing up with family and questions, waiting, a place that
 * comes free, cancelling, checking in; and whatever is said that is no answer.
 */
#include "tests/integration/events_fixture.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/turn.h"
#include "store/txn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.1"
#define OTHER "qq.2"

static struct engine *e;
static struct arena arena;

static int setup(void **state) {
    (void)state;
    e = engine_new(&(struct engine_options){
        .config = "[xiaofeng]\npublic_url=https://bee.example\n"});
    arena_init(&arena);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    engine_free(e);
    return 0;
}

static const char *asks(const char *rider, const char *text,
                        const char *parts) {
    engine_ask(e, rider, text);
    const char *chat = arena_printf(&arena, "qq.u%s", rider + strlen("qq."));
    const char *said = engine_last(e, chat);
    char *all = arena_strdup(&arena, parts), *save = NULL;
    for (char *part = strtok_r(all, "|", &save); part != NULL;
         part = strtok_r(NULL, "|", &save)) {
        if (part[0] == '!')
            engine_has_not(said, part + 1);
        else
            engine_has(said, part);
    }
    return said;
}

static void hears(const char *chat, const char *part) {
    engine_has(engine_last(e, chat), part);
}

static struct signup signup_of(const char *rider) {
    return signup_now(e, &arena, "E1", rider);
}

static struct event event(void) {
    return event_now(e, &arena, "E1");
}

static void advance(int64_t ms) {
    clock_manual_advance(&e->clock, ms);
    events_ring(e);
}

/* ---- signing up ------------------------------------------------------------
 */

static void test_what_is_on(void **state) {
    struct event one = event_of(e, "E1", "亲子研学"), late;
    (void)state;
    asks(RIDER, "活动", "现在没有可以报名的活动");
    asks(RIDER, "报名", "现在没有可以报名的活动");
    event_store(e, &one);
    one = event_of(e, "E2", "草稿");
    one.state = EVENT_DRAFT;
    event_store(e, &one);
    late = event_of(e, "E3", "义诊");
    late.starts_ms -= EVENT_DAY_MS;
    late.text = "带上医保卡";
    event_store(e, &late);
    asks(RIDER, "活动",
         "1 11-17 06:13 义诊 E3|2 11-18 06:13 亲子研学 E1|!草稿");
    asks(RIDER, "1", "“义诊”|带上医保卡|1 我要报名|名额不限");
    asks(RIDER, "返回", "1 我要报名");
    asks(RIDER, "2", "好的");
    asks(RIDER, "活动 E1", "“亲子研学”（E1）|玄武湖");
    asks(RIDER, "1", "已报上“亲子研学”|https://bee.example/events/E1/");
    asks(RIDER, "活动 e1", "你已经报过");
    asks(RIDER, "活动 E2", "没有这个活动");
    asks(RIDER, "报名 E99", "没有这个活动");
    assert_int_equal(event().n_signed, 1);
    assert_int_equal(event().taken, 1);
}

/* The list may have changed since it was read: a number is what it was. */
static void test_a_number_is_of_the_list_shown(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    event_store(e, &one);
    asks(RIDER, "报名", "1 11-18 06:13 亲子研学");
    one = event_of(e, "E2", "抢先的");
    one.starts_ms -= EVENT_HOUR_MS;
    event_store(e, &one);
    asks(RIDER, "1", "已报上“亲子研学”");
    asks(OTHER, "报名 1", "已报上“抢先的”");
}

static void test_family(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    one.family_max = 4;
    one.capacity = 10;
    event_store(e, &one);
    asks(RIDER, "报名 E1", "还带几位家人|0 到 4");
    asks(RIDER, "返回", "还带几位家人");
    asks(RIDER, "5", "最多带 4 位");
    asks(RIDER, "两个", "还带几位家人");
    asks(RIDER, "跳过", "还带几位家人");
    asks(RIDER, "3", "几位不满 14 岁|0 到 3");
    asks(RIDER, "4", "不会多过一起来的人");
    asks(RIDER, "2", "第 1 位孩子（共 2 位）");
    asks(RIDER, "小明", "请发称呼和年龄");
    asks(RIDER, "小明 14", "满 14 岁的不用登记");
    asks(RIDER, "小明 8", "第 2 位孩子");
    /* Between the questions nobody reads it in the store, either. */
    char *form = engine_redis_text(e, "HGET {test}:rider:" RIDER " form");
    engine_has(form, "child1");
    engine_has_not(form, "小明");
    free(form);
    asks(RIDER, "返回", "第 1 位孩子");
    asks(RIDER, "小明，9岁", "第 2 位孩子");
    asks(RIDER, "跳过", "第 2 位孩子");
    asks(RIDER, "小红5岁", "监护人|1 我是监护人，同意");
    asks(RIDER, "不知道", "监护人");
    asks(RIDER, "1", "已报上“亲子研学”|共 4 人");
    struct signup mine = signup_of(RIDER);
    assert_int_equal(mine.n, 4);
    assert_int_equal(mine.young, 2);
    assert_string_equal(mine.children,
                        "小明\x1d"
                        "9\x1e小红\x1d"
                        "5");
    assert_int_equal(strncmp(mine.guardian, "yes:1:17", 8), 0);
    assert_int_equal(event().taken, 4);
    char *sealed =
        engine_redis_text(e, "HGET {test}:record:signup:E1:" RIDER " private");
    assert_true(sealed[0] != '\0');
    engine_has_not(sealed, "小明");
    free(sealed);
    asks(RIDER, "我的数据", "亲子研学|小明 9、小红 5");
    asks(RIDER, "取消报名", "已取消“亲子研学”");
    assert_int_equal(event().taken, 0);
    assert_string_equal(signup_of(RIDER).children, "");
    assert_int_equal(engine_redis(e, "ZCARD {test}:private"), 0);
}

static void test_without_a_guardian(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    one.family_max = 2;
    event_store(e, &one);
    asks(RIDER, "报名 E1", "还带几位");
    asks(RIDER, "2", "几位不满");
    asks(RIDER, "1", "第 1 位孩子");
    asks(RIDER, "小明 8", "监护人");
    asks(RIDER, "2", "共 2 人|孩子没有登记");
    struct signup mine = signup_of(RIDER);
    assert_int_equal(mine.n, 2);
    assert_int_equal(mine.young, 0);
    assert_string_equal(mine.children, "");
    assert_string_equal(mine.guardian, "");
}

static void test_questions(void **state) {
    struct event one = event_of(e, "E1", "技能竞赛");
    (void)state;
    one.questions =
        "[{\"id\":\"size\",\"text\":\"衣服尺码?\",\"kind\":\"choice\","
        "\"options\":[\"M\",\"L\",\"XL\"],\"required\":true},"
        "{\"id\":\"wish\",\"text\":\"有什么想说的?\",\"kind\":\"text\"}]";
    event_store(e, &one);
    asks(RIDER, "报名 E1 我想参加", "衣服尺码|1 M\n2 L|!跳过");
    asks(RIDER, "4", "回复下面的数字|衣服尺码");
    asks(RIDER, "跳过", "衣服尺码");
    asks(RIDER, "l", "有什么想说的|跳过");
    asks(RIDER, "返回", "衣服尺码");
    asks(RIDER, "3", "有什么想说的");
    engine_restart(e); /* the form is in the store */
    asks(RIDER, "有水喝就行", "已报上“技能竞赛”");
    assert_string_equal(signup_of(RIDER).answers,
                        "size\x1dXL\x1ewish\x1d有水喝就行");
    asks(OTHER, "报名 E1", "衣服尺码");
    asks(OTHER, "2", "有什么想说的");
    asks(OTHER, "跳过", "已报上");
    assert_string_equal(signup_of(OTHER).answers, "size\x1dL");
}

static void test_what_is_too_late(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    event_store(e, &one);
    asks(OTHER, "报名 E1", "已报上");
    asks(OTHER, "报名 E1", "你已经报上|取消报名 E1");
    clock_manual_advance(&e->clock, 2 * EVENT_DAY_MS);
    asks(RIDER, "报名 E1", "11-17 06:13 已截止|活动");
    one = event();
    one.state = EVENT_CANCELLED;
    one.note = "下雨";
    event_store(e, &one);
    asks(RIDER, "报名 E1", "取消了：下雨");
    one = event();
    one.state = EVENT_FINISHED;
    event_store(e, &one);
    asks(RIDER, "报名 E1", "已经结束");
    asks(RIDER, "取消报名 E1", "你没有报");
    asks(OTHER, "取消报名 E1", "已经结束或取消");
    asks(RIDER, "接受 E1", "没有为你留着");
    asks(RIDER, "接受", "现在没有为你留的名额");
    asks(RIDER, "取消报名", "你现在没有报名的活动");
    asks(RIDER, "我的活动", "你现在没有报名的活动");
}

/* In the group nothing is said of who signed up, nor of codes. */
static void test_in_a_group(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    event_store(e, &one);
    const char *said = engine_ask_group(e, RIDER, "报名 E1");
    engine_has_not(said, "签到码");
    engine_has(said, "私聊");
    hears("qq.u1", "已报上“亲子研学”");
    assert_string_equal(signup_of(RIDER).group, ENGINE_GROUP);
    engine_ask_group(e, OTHER, "大家签到了吗");
    assert_int_equal(e->n_sent, 0);
}

/* ---- waiting
 * ------------------------------------------------------------------ */

static void test_waiting(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    one.capacity = 3;
    one.family_max = 2;
    event_store(e, &one);
    asks("qq.1", "报名 E1 2", "几位不满");
    asks("qq.1", "0", "共 3 人");
    asks("qq.2", "报名 E1 1 0", "候补第 1 位");
    asks("qq.3", "报名 E1 0", "候补第 2 位");
    asks("qq.3", "报名 E1", "你已经在");
    asks("qq.3", "我的活动", "候补第 2 位");
    asks("qq.3", "接受 E1", "还没有空出名额");
    asks("qq.3", "签到 4821", "还没到签到的时候");
    assert_int_equal(event().n_waiting, 2);
    engine_clear(e);
    engine_private(e, "qq.1", "取消报名");
    engine_settle(e);
    events_ring(e);
    hears("qq.u2", "有名额了，为你留到 11-15 18:13");
    hears("qq.u3", "有名额了");
    assert_int_equal(event().n_offered, 2);
    assert_int_equal(event().taken, 3);
    asks("qq.1", "报名 E1 0", "候补第 1 位");
    asks("qq.2", "接受", "有你的位子了|签到码");
    asks("qq.2", "接受", "现在没有为你留的名额");
    asks("qq.2", "接受 E1", "你已经报上");
    /* Who does not answer loses it to the next; who is first in line and does
     * not fit does not hold up the others. */
    asks("qq.4", "报名 E1 1 0", "候补第 2 位");
    engine_clear(e);
    advance(12 * EVENT_HOUR_MS);
    hears("qq.u3", "名额已过时");
    hears("qq.u1", "有名额了");
    assert_int_equal(engine_count(e, "qq.u4"), 0);
    assert_int_equal(signup_of("qq.3").state, SIGNUP_CANCELLED);
    asks("qq.3", "接受 E1", "没有为你留着");
    asks("qq.1", "取消报名", "已取消");
    events_ring(e);
    assert_int_equal(event().taken, 2);
    asks("qq.2", "取消报名", "已取消");
    events_ring(e);
    hears("qq.u4", "有名额了");
    /* An offer does not outlast the beginning. */
    assert_int_equal(signup_of("qq.4").offer_ms,
                     clock_wall_ms(&e->clock.clock) + 12 * EVENT_HOUR_MS);
}

static void test_nobody_is_offered_after_the_start(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    one.capacity = 1;
    one.accept_h = 100;
    event_store(e, &one);
    asks("qq.1", "报名 E1", "已报上");
    asks("qq.2", "报名 E1", "候补第 1 位");
    asks("qq.3", "报名 E1", "候补第 2 位");
    asks("qq.1", "取消报名", "已取消");
    events_ring(e);
    assert_int_equal(signup_of("qq.2").offer_ms, one.starts_ms);
    engine_clear(e);
    advance(3 * EVENT_DAY_MS);
    hears("qq.u3", "没能排上");
    assert_int_equal(engine_count(e, "qq.u3"), 1);
    assert_int_equal(event().n_waiting, 0);
    assert_int_equal(event().n_offered, 0);
    assert_int_equal(engine_redis(e, "ZCARD {test}:eventdue"), 0);
}

/* ---- at the door
 * --------------------------------------------------------------- */

static void test_check_in(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    one.points = 5;
    event_store(e, &one);
    asks(RIDER, "报名 E1", "已报上");
    asks(OTHER, "报名 E1", "已报上");
    asks(RIDER, "签到 4821", "还没到签到的时候");
    asks("qq.3", "签到 4821", "没有报名正在进行的活动");
    clock_manual_advance(&e->clock, 3 * EVENT_DAY_MS - EVENT_HOUR_MS);
    const char *theirs = signup_of(OTHER).code;
    char *text = arena_printf(&arena, "签到 %s", theirs);
    asks(RIDER, text, "不是你的签到码");
    text = arena_printf(&arena, "签到 %s", signup_of(RIDER).code);
    asks(RIDER, text, "请出示给");
    asks(RIDER, "签到", "请发现场公布的签到数字");
    asks(RIDER, "１２３４", "签到码不对");
    asks(RIDER, "签到 E1 ４８２１", "已签到：“亲子研学”|得 5 积分");
    asks(RIDER, "签到 4821", "签过到了");
    char *points = engine_redis_text(e, "HGET {test}:points " RIDER);
    assert_string_equal(points, "5");
    free(points);
    asks(RIDER, "我的活动", "已签到");
    asks(RIDER, "取消报名 E1", "你没有报");
    for (int i = 0; i < 5; i++)
        asks(OTHER, "签到 0000", "签到码不对");
    asks(OTHER, "签到 4821", "请找“亲子研学”");
    assert_int_equal(event().n_attended, 1);
}

/* What there is of a rider's sign-ups goes with them. */
static void test_forget(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    one.capacity = 1;
    event_store(e, &one);
    asks(RIDER, "报名 E1", "已报上");
    asks(OTHER, "报名 E1", "候补第 1 位");
    asks(RIDER, "删除我的数据", "确定");
    asks(RIDER, "1", "已删除");
    assert_int_equal(signup_of(RIDER).version, 0);
    assert_int_equal(engine_redis(e, "EXISTS {test}:signups:" RIDER), 0);
    assert_int_equal(engine_redis(e, "HLEN {test}:codes:E1"), 1);
    events_ring(e);
    hears("qq.u2", "有名额了");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_what_is_on),
        TEST(test_a_number_is_of_the_list_shown),
        TEST(test_family),
        TEST(test_without_a_guardian),
        TEST(test_questions),
        TEST(test_what_is_too_late),
        TEST(test_in_a_group),
        TEST(test_waiting),
        TEST(test_nobody_is_offered_after_the_start),
        TEST(test_check_in),
        TEST(test_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Events by the API, with riders in chat: an event from its draft to its end,
 * who sees what, two organisers, contests, and what is refused. */
#include "base/mem.h"
#include "bot/api/events.h"
#include "store/txn.h"
#include "tests/integration/events_fixture.h"
#include "tests/integration/staff_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct staff_fixture *f;

static int setup(void **state) {
    if (staff_setup(state) != 0)
        return -1;
    f = *state;
    events_add_routes(&f->engine->bot);
    signups_add_routes(&f->engine->bot);
    scores_add_routes(&f->engine->bot);
    staff_user(f, "wang", USER_ORGANISER, "*", "*");
    return 0;
}

static void answers(unsigned status, const char *code) {
    if (f->status != status)
        fail_msg("%u, not %u: %s", f->status, status, f->body);
    if (code != NULL)
        assert_string_equal(staff_text(f, "code"), code);
}

static void calls(const char *who, const char *method, const char *path,
                  const char *body, unsigned status) {
    staff_call(f, who, method, path, body);
    answers(status, NULL);
}

static int64_t now_ms(void) {
    return clock_wall_ms(&f->engine->clock.clock);
}

static const char *print(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
static const char *print(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    const char *text = arena_vprintf(&f->arena, fmt, args);
    va_end(args);
    return text;
}

/* An event in three days with these members; its id. */
static const char *create(const char *more) {
    calls(
        "wang", "POST", "/events",
        print("{\"title\":\"亲子研学\",\"place\":\"玄武湖\",\"starts_ms\":%lld"
              "%s}",
              (long long)(now_ms() + 3 * EVENT_DAY_MS), more),
        201);
    return arena_strdup(&f->arena, staff_text(f, "id"));
}

static const char *below(const char *id, const char *rest) {
    return print("/events/%s%s", id, rest);
}

static void moves(const char *id, const char *move, const char *more) {
    calls("wang", "GET", below(id, ""), NULL, 200);
    calls("wang", "POST", below(id, "/moves"),
          print("{\"move\":\"%s\",\"version\":%lld%s}", move,
                (long long)staff_int(f, "version"), more),
          200);
}

static const char *asks(const char *rider, const char *text, const char *part) {
    engine_ask(f->engine, rider, text);
    const char *said =
        engine_last(f->engine, print("qq.u%s", rider + strlen("qq.")));
    engine_has(said, part);
    return said;
}

/* ---- from its draft to its end ----------------------------------------------
 */

static void test_whole(void **state) {
    (void)state;
    const char *id = create(
        ",\"capacity\":2,\"points\":5,\"certificate\":"
        "\"{nick} 参加了{title}\"");
    assert_string_equal(staff_text(f, "state"), "draft");
    assert_int_equal(staff_int(f, "accept_h"), 12);
    assert_int_equal(strlen(staff_text(f, "code")), 4);
    asks("qq.1", print("报名 %s", id), "没有这个活动");
    moves(id, "publish", "");
    asks("qq.1", print("报名 %s", id), "已报上");
    asks("qq.2", print("报名 %s", id), "已报上");
    asks("qq.3", print("报名 %s", id), "候补第 1 位");
    calls("wang", "GET", below(id, ""), NULL, 200);
    assert_int_equal(staff_int(f, "counts.signed"), 2);
    assert_int_equal(staff_int(f, "counts.people"), 2);
    assert_int_equal(staff_int(f, "counts.waiting"), 1);
    calls("wang", "GET", below(id, "/signups?state=waiting"), NULL, 200);
    assert_int_equal(staff_int(f, "total"), 1);
    /* Who they are elsewhere is not told. */
    assert_null(strstr(f->body, "qq.3"));
    const char *third = arena_strdup(&f->arena, staff_text(f, "items.0.id"));
    calls("wang", "POST", below(id, print("/signups/%s/moves", third)),
          "{\"move\":\"promote\",\"version\":1}", 422);
    answers(422, "full");
    calls("wang", "GET", below(id, "/signups?state=signed&limit=1"), NULL, 200);
    assert_int_equal(staff_int(f, "total"), 2);
    assert_string_equal(staff_text(f, "next"), "1");
    const char *second = arena_strdup(&f->arena, staff_text(f, "items.0.id"));
    engine_clear(f->engine);
    calls("wang", "POST", below(id, print("/signups/%s/moves", second)),
          "{\"move\":\"cancel\",\"version\":1,\"note\":\"名单有误\"}", 200);
    assert_string_equal(staff_text(f, "state"), "cancelled");
    events_ring(f->engine);
    assert_int_equal(engine_said(f->engine, "原因：名单有误"), 1);
    engine_has(engine_last(f->engine, "qq.u3"), "有名额了");
    calls("wang", "POST", below(id, print("/signups/%s/moves", third)),
          "{\"move\":\"promote\",\"version\":1}", 409);
    assert_string_equal(staff_text(f, "current.state"), "offered");
    calls("wang", "POST", below(id, print("/signups/%s/moves", third)),
          "{\"move\":\"promote\",\"version\":2}", 200);
    /* At the door. */
    calls("wang", "POST", below(id, "/checkin"),
          print("{\"code\":\"%s\"}", third), 422);
    answers(422, "not_now");
    clock_manual_advance(&f->engine->clock, 3 * EVENT_DAY_MS);
    calls("wang", "POST", below(id, "/checkin"),
          print("{\"code\":\"%s %s\"}", id, third), 200);
    assert_int_equal(staff_int(f, "n"), 1);
    calls("wang", "POST", below(id, "/checkin"),
          print("{\"code\":\"%s\"}", third), 422);
    answers(422, "already");
    calls("wang", "POST", below(id, "/checkin"), "{\"code\":\"AAAAAA\"}", 422);
    answers(422, "unknown");
    char *points = engine_redis_text(f->engine, "HGET {test}:points qq.3");
    assert_string_equal(points, "5");
    free(points);
    engine_clear(f->engine);
    moves(id, "finish", "");
    events_ring(f->engine);
    engine_has(engine_last(f->engine, "qq.u3"), "参加了亲子研学");
    assert_int_equal(engine_count(f->engine, "qq.u1"), 0);
    events_ring(f->engine);
    assert_int_equal(engine_count(f->engine, "qq.u3"), 1);
    calls("wang", "GET", below(id, "/export.csv"), NULL, 200);
    assert_non_null(strstr(f->body, third));
    assert_non_null(strstr(f->body, "已签到"));
}

static void test_two_organisers(void **state) {
    const char *id = create("");
    (void)state;
    const char *starts = print("%lld", (long long)(now_ms() + EVENT_DAY_MS));
    staff_user(f, "li", USER_ORGANISER, "*", "*");
    calls("li", "PUT", below(id, ""),
          print("{\"version\":1,\"title\":\"义诊\",\"starts_ms\":%s}", starts),
          200);
    assert_int_equal(staff_int(f, "version"), 2);
    assert_true(json_is_null(staff_at(f, "place")));
    calls("wang", "PUT", below(id, ""),
          print("{\"version\":1,\"title\":\"研学\",\"starts_ms\":%s}", starts),
          409);
    assert_string_equal(staff_text(f, "current.title"), "义诊");
    calls("wang", "DELETE", below(id, "?version=1"), NULL, 409);
    calls("wang", "DELETE", below(id, "?version=2"), NULL, 204);
    calls("wang", "GET", below(id, ""), NULL, 404);
}

static void test_changed_and_called_off(void **state) {
    const char *id = create("");
    (void)state;
    moves(id, "publish", "");
    asks("qq.1", print("报名 %s", id), "已报上");
    calls("wang", "PUT", below(id, ""),
          print("{\"version\":2,\"title\":\"亲子研学\",\"place\":\"莫愁湖\","
                "\"starts_ms\":%lld}",
                (long long)(now_ms() + 4 * EVENT_DAY_MS)),
          200);
    engine_clear(f->engine);
    events_ring(f->engine);
    engine_has(engine_last(f->engine, "qq.u1"), "莫愁湖");
    assert_int_equal(f->engine->n_sent, 1);
    calls("wang", "POST", below(id, "/moves"),
          "{\"move\":\"cancel\",\"version\":3}", 422);
    answers(422, "text_needed");
    calls("wang", "POST", below(id, "/moves"),
          "{\"move\":\"publish\",\"version\":3}", 422);
    answers(422, "not_allowed");
    moves(id, "cancel", ",\"note\":\"台风\"");
    engine_clear(f->engine);
    events_ring(f->engine);
    engine_has(engine_last(f->engine, "qq.u1"), "取消了：台风");
    assert_int_equal(f->engine->n_sent, 1);
    calls("wang", "GET", below(id, "/signups"), NULL, 200);
    assert_string_equal(staff_text(f, "items.0.state"), "cancelled");
    assert_string_equal(staff_text(f, "items.0.why"), "event");
}

/* ---- who sees what
 * ------------------------------------------------------------ */

static void test_scope(void **state) {
    const char *all = create("");
    (void)state;
    staff_user(f, "zhao", USER_ORGANISER, "xinjiekou", "*");
    staff_user(f, "qian", USER_ORGANISER, "fuzimiao", "*");
    staff_user(f, "sun", USER_STAFF, "*", "*");
    calls("zhao", "POST", "/events",
          print("{\"title\":\"社区义诊\",\"starts_ms\":%lld}",
                (long long)(now_ms() + EVENT_DAY_MS)),
          201);
    assert_string_equal(staff_text(f, "unit"), "xinjiekou");
    const char *own = arena_strdup(&f->arena, staff_text(f, "id"));
    calls("zhao", "GET", "/events", NULL, 200);
    assert_string_equal(staff_ids(f), own);
    calls("zhao", "GET", below(all, ""), NULL, 404);
    calls("qian", "GET", below(own, ""), NULL, 404);
    calls("qian", "GET", below(own, "/signups"), NULL, 404);
    calls("qian", "GET", below(own, "/export.csv"), NULL, 404);
    calls("qian", "GET", below(own, "/scores"), NULL, 404);
    calls("qian", "POST", below(own, "/checkin"), "{\"code\":\"AAAAAA\"}", 404);
    calls("qian", "GET", "/events", NULL, 200);
    assert_int_equal(staff_int(f, "total"), 0);
    calls("wang", "GET", "/events?state=draft,open&limit=1", NULL, 200);
    assert_int_equal(staff_int(f, "total"), 2);
    assert_string_equal(staff_text(f, "next"), "1");
    calls("sun", "GET", "/events", NULL, 403);
    calls("zhao", "POST", "/events",
          print("{\"title\":\"别处\",\"unit\":\"fuzimiao\",\"starts_ms\":%lld}",
                (long long)(now_ms() + EVENT_DAY_MS)),
          422);
    assert_string_equal(staff_text(f, "field"), "unit");
}

static void test_children_are_looked_at_for_a_reason(void **state) {
    const char *id = create(",\"family_max\":2");
    (void)state;
    moves(id, "publish", "");
    asks("qq.1", print("报名 %s 1 1", id), "第 1 位孩子");
    asks("qq.1", "小明 8", "监护人");
    asks("qq.1", "1", "共 2 人");
    calls("wang", "GET", below(id, "/signups"), NULL, 200);
    assert_int_equal(staff_int(f, "items.0.children"), 1);
    assert_null(strstr(f->body, "小明"));
    const char *code = arena_strdup(&f->arena, staff_text(f, "items.0.id"));
    const char *path = below(id, print("/signups/%s/unmask", code));
    calls("wang", "POST", path, "{}", 422);
    calls("wang", "POST", path, "{\"reason\":\"看看\"}", 422);
    answers(422, "too_short");
    calls("wang", "POST", path, "{\"reason\":\"给孩子准备胸牌\"}", 200);
    assert_string_equal(staff_text(f, "children.0.name"), "小明");
    assert_int_equal(staff_int(f, "children.0.age"), 8);
    assert_int_equal(staff_int(f, "children.0.consent_ms"), now_ms());
    char *log = engine_redis_text(
        f->engine, "EVAL %s 1 {test}:audit",
        "return(cjson.encode(redis.call('XREVRANGE',KEYS[1],'+','-','COUNT',"
        "'1')))");
    engine_has(log, "signup-unmask");
    engine_has(log, "给孩子准备胸牌");
    engine_has_not(log, "小明");
    free(log);
    calls("wang", "GET", below(id, "/export.csv"), NULL, 200);
    assert_null(strstr(f->body, "小明"));
}

/* ---- what is refused
 * ------------------------------------------------------------ */

static void test_bad_fields(void **state) {
    static const struct {
        const char *member, *field;
    } bad[] = {
        {"\"ends_ms\":1", "ends_ms"},
        {"\"deadline_ms\":9900000000000", "deadline_ms"},
        {"\"deadline_ms\":4000000000000", "deadline_ms"},
        {"\"capacity\":-1", "capacity"},
        {"\"capacity\":5001", "capacity"},
        {"\"capacity\":\"x\"", "capacity"},
        {"\"family_max\":7", "family_max"},
        {"\"accept_h\":0", "accept_h"},
        {"\"points\":1001", "points"},
        {"\"lat\":91", "lat"},
        {"\"lon\":\"x\"", "lon"},
        {"\"photo\":\"../../etc/passwd\"", "photo"},
        {"\"remind_h\":[2,24]", "remind_h"},
        {"\"remind_h\":[1,1]", "remind_h"},
        {"\"remind_h\":{}", "remind_h"},
        {"\"kind\":\"party\"", "kind"},
        {"\"unit\":\"nowhere\"", "unit"},
        {"\"code\":\"12\"", "code"},
        {"\"code\":\"12a4\"", "code"},
        {"\"questions\":{}", "questions"},
        {"\"questions\":[{\"id\":\"A\",\"text\":\"x\",\"kind\":\"text\"}]",
         "questions.id"},
        {"\"questions\":[{\"id\":\"a\",\"text\":\"\",\"kind\":\"text\"}]",
         "questions.text"},
        {"\"questions\":[{\"id\":\"a\",\"text\":\"x\",\"kind\":\"choice\"}]",
         "questions.options"},
        {"\"questions\":[{\"id\":\"a\",\"text\":\"x\",\"kind\":\"text\"},"
         "{\"id\":\"a\",\"text\":\"y\",\"kind\":\"text\"}]",
         "questions.id"},
        {"\"questions\":[1,2,3,4,5,6]", "questions"},
        {"\"title\":1", "title"},
    };
    long long starts = (long long)(now_ms() + EVENT_DAY_MS);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        bool title = strncmp(bad[i].member, "\"title\"", 7) == 0;
        calls("wang", "POST", "/events",
              print("{%s\"starts_ms\":%lld,%s}",
                    title ? "" : "\"title\":\"研学\",", starts, bad[i].member),
              422);
        assert_string_equal(staff_text(f, "field"), bad[i].field);
    }
    calls("wang", "POST", "/events", "{\"title\":\"研学\"}", 422);
    assert_string_equal(staff_text(f, "field"), "starts_ms");
    calls("wang", "GET", "/events", NULL, 200);
    assert_int_equal(staff_int(f, "total"), 0);
    const char *id = create("");
    calls("wang", "POST", below(id, "/moves"),
          "{\"move\":\"dance\",\"version\":1}", 422);
    calls("wang", "POST", below(id, "/moves"), "{\"move\":\"publish\"}", 422);
    assert_string_equal(staff_text(f, "field"), "version");
    calls("wang", "GET", "/events/12", NULL, 404);
    calls("wang", "GET", "/events/E99999", NULL, 404);
    calls("wang", "GET", below(id, "/signups?cursor=x"), NULL, 422);
    calls("wang", "POST", below(id, "/signups/AAAAAA/moves"),
          "{\"move\":\"attend\",\"version\":1}", 404);
    clock_manual_advance(&f->engine->clock, 4 * EVENT_DAY_MS);
    calls("wang", "POST", below(id, "/moves"),
          "{\"move\":\"publish\",\"version\":1}", 422);
    answers(422, "past");
}

/* Fewer places than are taken is no edit; more of them let those in that wait.
 */
static void test_capacity(void **state) {
    const char *id = create(",\"capacity\":2");
    long long starts = (long long)(now_ms() + 3 * EVENT_DAY_MS);
    (void)state;
    moves(id, "publish", "");
    for (int i = 1; i <= 3; i++)
        asks(print("qq.%d", i), print("报名 %s", id), i == 3 ? "候补" : "报上");
    calls("wang", "PUT", below(id, ""),
          print("{\"version\":2,\"title\":\"研学\",\"place\":\"玄武湖\","
                "\"starts_ms\":%lld,\"capacity\":1}",
                starts),
          422);
    answers(422, "below_taken");
    calls("wang", "PUT", below(id, ""),
          print("{\"version\":2,\"title\":\"研学\",\"place\":\"玄武湖\","
                "\"starts_ms\":%lld,\"capacity\":3}",
                starts),
          200);
    engine_clear(f->engine);
    events_ring(f->engine);
    engine_has(engine_last(f->engine, "qq.u3"), "有名额了");
    assert_int_equal(f->engine->n_sent, 1);
}

/* ---- a contest
 * ---------------------------------------------------------------- */

static const char stages[] =
    "[{\"id\":\"first\",\"name\":\"初赛\",\"advance\":2,"
    "\"judges\":[\"judge1\",\"judge2\"],\"dimensions\":["
    "{\"name\":\"速度\",\"weight\":3,\"max\":10},"
    "{\"name\":\"服务\",\"weight\":1,\"max\":100}]},"
    "{\"id\":\"final\",\"name\":\"决赛\",\"judges\":[\"judge1\"],"
    "\"dimensions\":[{\"name\":\"总分\",\"weight\":1,\"max\":100}]}]";

static void score(const char *judge, const char *id, const char *stage,
                  const char *code, const char *scores, unsigned status) {
    calls(judge, "PUT", below(id, "/scores"),
          print("{\"stage\":\"%s\",\"signup\":\"%s\",\"scores\":%s}", stage,
                code, scores),
          status);
}

static void test_contest(void **state) {
    const char *id = create(""), *codes[3];
    (void)state;
    staff_user(f, "judge1", USER_STAFF, "*", "*");
    staff_user(f, "judge2", USER_STAFF, "*", "*");
    staff_user(f, "other", USER_STAFF, "*", "*");
    calls("wang", "PUT", below(id, "/stages"),
          print("{\"version\":1,\"stages\":%s}", stages), 200);
    assert_string_equal(staff_text(f, "kind"), "contest");
    moves(id, "publish", "");
    for (int i = 0; i < 3; i++) {
        asks(print("qq.%d", i + 1), print("报名 %s", id), "已报上");
        struct signup signup =
            signup_now(f->engine, &f->arena, id, print("qq.%d", i + 1));
        codes[i] = signup.code;
    }
    score("other", id, "first", codes[0], "{\"速度\":9}", 404);
    score("judge2", id, "final", codes[0], "{\"总分\":9}", 403);
    score("judge1", id, "first", codes[0], "{\"速度\":11}", 422);
    score("judge1", id, "first", codes[0], "{\"速度\":-1}", 422);
    score("judge1", id, "first", codes[0], "{\"美\":1}", 422);
    score("judge1", id, "first", codes[0], "{}", 422);
    score("judge1", id, "first", "AAAAAA", "{\"速度\":1}", 422);
    score("judge1", id, "second", codes[0], "{\"速度\":1}", 422);
    score("judge1", id, "first", codes[0], "{\"速度\":8}", 200);
    score("judge1", id, "first", codes[0], "{\"服务\":80}", 200);
    assert_non_null(strstr(f->body, "\"速度\":8.0"));
    score("judge2", id, "first", codes[0], "{\"速度\":10,\"服务\":60}", 200);
    /* The judges do not see each other's. */
    assert_non_null(strstr(f->body, "\"速度\":10.0"));
    /* The same total as the first, more by the first dimension. */
    score("judge1", id, "first", codes[1], "{\"速度\":9.5,\"服务\":55}", 200);
    score("judge1", id, "first", codes[2], "{\"速度\":5,\"服务\":100}", 200);
    calls("wang", "GET", below(id, "/scores?stage=first"), NULL, 200);
    assert_string_equal(staff_text(f, "items.0.signup"), codes[1]);
    assert_string_equal(staff_text(f, "items.1.signup"), codes[0]);
    assert_true(json_number_value(staff_at(f, "items.0.total")) == 85.0);
    assert_true(json_number_value(staff_at(f, "items.1.total")) == 85.0);
    assert_int_equal(staff_int(f, "items.1.rank"), 2);
    assert_true(json_is_true(staff_at(f, "items.1.advances")));
    assert_true(json_is_false(staff_at(f, "items.2.advances")));
    engine_has(staff_text(f, "text"), "初赛成绩");
    engine_has(staff_text(f, "text"), "85.00 晋级");
    score("judge1", id, "final", codes[2], "{\"总分\":99}", 422);
    answers(422, "not_through");
    score("judge1", id, "final", codes[0], "{\"总分\":88}", 200);
    calls("wang", "PUT", below(id, "/scores"),
          print("{\"stage\":\"final\",\"signup\":\"%s\",\"judge\":\"judge1\","
                "\"scores\":{\"总分\":90}}",
                codes[1]),
          200);
    assert_string_equal(staff_text(f, "items.0.signup"), codes[1]);
    calls("judge2", "GET", below(id, "/scores?stage=final"), NULL, 200);
    assert_int_equal(staff_int(f, "total"), 0);
    calls("other", "GET", below(id, "/scores"), NULL, 404);
}

static void test_a_broadcast_about_it(void **state) {
    const char *id = create("");
    (void)state;
    calls("wang", "POST", below(id, "/broadcast"), NULL, 201);
    char *text = engine_redis_text(
        f->engine, "HGET {test}:record:broadcast:%s text", staff_text(f, "id"));
    engine_has(text, "亲子研学");
    engine_has(text, print("报名 %s", id));
    free(text);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, staff_teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_whole),
        TEST(test_two_organisers),
        TEST(test_changed_and_called_off),
        TEST(test_scope),
        TEST(test_children_are_looked_at_for_a_reason),
        TEST(test_bad_fields),
        TEST(test_capacity),
        TEST(test_contest),
        TEST(test_a_broadcast_about_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

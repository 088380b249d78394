/* Stages of a contest as they are written, and how those who take part rank;
 * questions of organisers, and answers to them. */
#include "bot/contest.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/event_questions.h"
#include "store/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STAGE(members)                                                         \
    "[{\"id\":\"s1\",\"name\":\"初赛\",\"judges\":[\"wang\"]," members "}]"
#define DIMENSIONS(members)                                                    \
    STAGE("\"dimensions\":[{\"name\":\"速度\"," members "}]")

static void test_what_is_no_stage(void **state) {
    static const struct {
        const char *json, *field;
    } bad[] = {
        {"", "stages"},
        {"{}", "stages"},
        {"[1]", "stages.id"},
        {"[{},{},{},{},{}]", "stages"},
        {"[{\"id\":\"S 1\"}]", "stages.id"},
        {"[{\"id\":\"s1\",\"name\":\"\"}]", "stages.name"},
        {"[{\"id\":\"s1\",\"name\":\"a\\u001fb\"}]", "stages.name"},
        {"[{\"id\":\"s1\",\"name\":\"a\"}]", "stages.judges"},
        {"[{\"id\":\"s1\",\"name\":\"a\",\"judges\":[\"wang\",\"wang\"]}]",
         "stages.judges"},
        {"[{\"id\":\"s1\",\"name\":\"a\",\"judges\":[\"../x\"]}]",
         "stages.judges"},
        {STAGE("\"advance\":-1"), "stages.advance"},
        {STAGE("\"advance\":\"all\""), "stages.advance"},
        {STAGE("\"dimensions\":[]"), "stages.dimensions"},
        {DIMENSIONS("\"max\":1"), "stages.dimensions.weight"},
        {DIMENSIONS("\"weight\":0,\"max\":1"), "stages.dimensions.weight"},
        {DIMENSIONS("\"weight\":1,\"max\":0"), "stages.dimensions.max"},
        {DIMENSIONS("\"weight\":1,\"max\":1e300"), "stages.dimensions.max"},
        {DIMENSIONS("\"weight\":1,\"max\":1},{\"name\":\"速度\""),
         "stages.dimensions.name"},
    };
    const char *field;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(contest_check(bad[i].json, &field), ERR_INVALID);
        assert_string_equal(field, bad[i].field);
    }
    assert_int_equal(contest_check("[]", &field), OK);
    assert_int_equal(
        contest_check(DIMENSIONS("\"weight\":1,\"max\":5"), &field), OK);
}

static struct contestant one(const char *rider, double a, double b) {
    return (struct contestant){
        .rider = rider, .sums = {a, b}, .counts = {a >= 0, b >= 0}};
}

static const char *order(const struct contestant *all, size_t n) {
    static char text[64];
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        strcat(text, all[i].rider);
        strcat(text, (const char[]){(char)('0' + all[i].rank),
                                    all[i].advances ? '+' : ' ', '\0'});
    }
    return text;
}

static void test_ranks(void **state) {
    const struct contest_stage stage = {
        .advance = 2,
        .dimensions = {{"速度", 1, 10}, {"服务", 1, 10}},
        .n_dimensions = 2,
    };
    (void)state;
    /* b and c have the same total, c more by the first dimension. */
    struct contestant all[] = {one("a", 5, 5), one("b", 6, 8), one("c", 8, 6),
                               one("d", -1, -1)};
    all[3].counts[0] = all[3].counts[1] = 0;
    contest_rank(&stage, all, 4);
    assert_string_equal(order(all, 4), "c1+b2+a3 d0 ");
    assert_true(all[0].total == 70.0);
    /* The same in all: one rank, and both go on or neither. */
    struct contestant same[] = {one("a", 5, 5), one("b", 9, 9), one("c", 5, 5),
                                one("e", 1, 1)};
    contest_rank(&stage, same, 4);
    assert_string_equal(order(same, 4), "b1+a2+c2+e4 ");
    contest_rank(&stage, same, 0);
    /* The mean of those who judged, not of all judges. */
    struct contestant judged[] = {one("a", 16, 8), one("b", 9, 9)};
    judged[0].counts[0] = 2;
    contest_rank(&stage, judged, 2);
    assert_string_equal(order(judged, 2), "b1+a2+");
    assert_true(judged[1].means[0] == 8.0);
}

static void test_questions(void **state) {
    struct arena arena;
    struct event_question questions[EVENT_QUESTIONS_MAX];
    const struct event event = {
        .questions =
            "[{\"id\":\"size\",\"text\":\"尺码\",\"kind\":\"choice\","
            "\"options\":[\"M\",\"10\",\"大号\"],\"required\":true},"
            "{\"id\":\"wish\",\"text\":\"愿望\",\"kind\":\"text\"}]"};
    (void)state;
    arena_init(&arena);
    assert_int_equal(event_questions(&arena, &event, questions), 2);
    assert_true(questions[0].required);
    assert_string_equal(event_options_text(&arena, &questions[0]),
                        "1 M\n2 10\n3 大号");
    assert_string_equal(event_answer(&arena, &questions[0], "２"), "10");
    assert_string_equal(event_answer(&arena, &questions[0], "m"), "M");
    assert_string_equal(event_answer(&arena, &questions[0], "大號"), "大号");
    assert_string_equal(event_answer(&arena, &questions[0], "3."), "大号");
    assert_null(event_answer(&arena, &questions[0], "0"));
    assert_string_equal(event_answer(&arena, &questions[0], "10"), "10");
    assert_null(event_answer(&arena, &questions[0], "99999999999999999999"));
    assert_null(event_answer(&arena, &questions[0], "小号"));
    assert_string_equal(event_answer(&arena, &questions[1], "有水喝"),
                        "有水喝");
    char *large = arena_alloc(&arena, EVENT_ANSWER_CHARS + 2);
    memset(large, 'x', EVENT_ANSWER_CHARS + 1);
    assert_null(event_answer(&arena, &questions[1], large));
    const struct event broken = {.questions = "[{\"id\":"};
    assert_int_equal(event_questions(&arena, &broken, questions), 0);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_stage),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Expressions of audiences: what is taken and what is refused, and the texts
 * of the index. */
#include "base/arena.h"
#include "base/buf.h"
#include "bot/audience_expression.h"
#include "bot/audience_names.h"
#include "bot/audience_result.h"
#include "bot/policy.h"
#include "bot/policy_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ORGANISATION                                                           \
    "{\"units\":[{\"id\":\"qinhuai\",\"name\":\"秦淮区\",\"kind\":"            \
    "\"district\"},{\"id\":\"a\",\"name\":\"甲社区\",\"kind\":\"community\","  \
    "\"parent\":\"qinhuai\"}]}"

static struct policy *policy;

static int setup(void **state) {
    struct document documents[POLICY_DOCUMENTS] = {0};
    struct arena arena;
    (void)state;
    arena_init(&arena);
    documents[POLICY_ORGANISATION] =
        (struct document){.name = "organisation",
                          .version = 1,
                          .json = ORGANISATION,
                          .json_len = strlen(ORGANISATION)};
    enum err err = policy_parse(documents, 480, &arena, NULL, &policy);
    arena_finish(&arena);
    return err == OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    policy_free(policy);
    return 0;
}

/* "" when it is taken, else "code field". */
static const char *check(const char *text, enum audience_target target) {
    static char out[256];
    struct audience_problem problem = {"", ""};
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    enum err err = audience_check(policy, json, target, &problem);
    assert_int_equal(audience_check(policy, json, target, NULL), err);
    json_decref(json);
    if (err == OK)
        return "";
    assert_int_equal(err, ERR_INVALID);
    snprintf(out, sizeof(out), "%s %s", problem.code, problem.field);
    return out;
}

static const char *riders(const char *text) {
    return check(text, AUDIENCE_RIDERS);
}

static const char *groups(const char *text) {
    return check(text, AUDIENCE_GROUPS);
}

static void test_what_is_taken(void **state) {
    static const char *const both[] = {
        "{}",
        "{\"all\":[]}",
        "{\"all\":[{}]}",
        "{\"unit\":\"a\"}",
        "{\"any\":[{\"unit\":[\"a\",\"qinhuai\"]},{\"tag\":\"x\"}]}",
        "{\"all\":[{\"not\":{\"tag\":\"夜班\"}}]}",
        "{\"station\":\"st1\"}",
        "{\"lang\":[\"zh_TW\",\"en\",\"zh-CN\"]}",
        "{\"platform\":\"qq\"}",
        "{\"read\":\"B12\"}",
        "{\"unread\":[\"B12\",\"B13\"]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        assert_string_equal(riders(both[i]), "");
        assert_string_equal(groups(both[i]), "");
    }
    assert_string_equal(groups("{\"group\":[\"qq.g1\"]}"), "");
    assert_string_equal(riders("{\"role\":[\"rider\",\"admin\"]}"), "");
    assert_string_equal(riders("{\"consent\":\"no\"}"), "");
    assert_string_equal(
        riders("{\"event\":[\"E1\",\"E1:attended\",\"E12:waiting\"]}"), "");
}

static void test_what_is_refused(void **state) {
    static const struct {
        const char *text, *why;
    } both[] = {
        {"[]", "not_an_object audience"},
        {"null", "not_an_object audience"},
        {"1", "not_an_object audience"},
        {"\"unit\"", "not_an_object audience"},
        {"{\"units\":\"a\"}", "unknown_field audience.units"},
        {"{\"\":\"a\"}", "unknown_field audience."},
        {"{\"unit\":\"a\",\"tag\":\"b\"}", "one_member audience"},
        {"{\"all\":{}}", "not_an_array audience.all"},
        {"{\"any\":[]}", "empty audience.any"},
        {"{\"not\":[]}", "not_an_object audience.not"},
        {"{\"not\":null}", "not_an_object audience.not"},
        {"{\"all\":[{},{\"any\":[{\"unit\":[\"a\",1]}]}]}",
         "bad_value audience.all[1].any[0].unit[1]"},
        {"{\"unit\":null}", "bad_value audience.unit"},
        {"{\"unit\":{}}", "bad_value audience.unit"},
        {"{\"unit\":[]}", "empty audience.unit"},
        {"{\"unit\":\"\"}", "bad_value audience.unit"},
        {"{\"unit\":\"nowhere\"}", "unknown_unit audience.unit"},
        {"{\"unit\":\"*\"}", "unknown_unit audience.unit"},
        {"{\"not\":{\"unit\":[\"a\",\"b\"]}}",
         "unknown_unit audience.not.unit"},
        {"{\"tag\":\"a\\nb\"}", "bad_value audience.tag"},
        {"{\"lang\":\"klingon\"}", "bad_value audience.lang"},
        {"{\"read\":\"12\"}", "bad_value audience.read"},
        {"{\"read\":\"B\"}", "bad_value audience.read"},
        {"{\"unread\":\"B1234567890123456\"}", "bad_value audience.unread"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        assert_string_equal(riders(both[i].text), both[i].why);
        assert_string_equal(groups(both[i].text), both[i].why);
    }
    assert_string_equal(riders("{\"group\":\"qq.g1\"}"),
                        "groups_only audience.group");
    assert_string_equal(groups("{\"role\":\"staff\"}"),
                        "riders_only audience.role");
    assert_string_equal(groups("{\"consent\":\"yes\"}"),
                        "riders_only audience.consent");
    assert_string_equal(groups("{\"event\":\"E1\"}"),
                        "riders_only audience.event");
    assert_string_equal(riders("{\"role\":\"boss\"}"),
                        "bad_value audience.role");
    assert_string_equal(riders("{\"consent\":true}"),
                        "bad_value audience.consent");
    assert_string_equal(riders("{\"event\":\"E12:gone\"}"),
                        "bad_value audience.event");
    assert_string_equal(riders("{\"event\":\"E:attended\"}"),
                        "bad_value audience.event");
    /* A NUL would end it somewhere else than it ends. */
    json_t *json = json_pack("{so}", "tag", json_stringn_nocheck("a\0b", 3));
    assert_int_equal(audience_check(policy, json, AUDIENCE_RIDERS, NULL),
                     ERR_INVALID);
    json_decref(json);
}

/* n of them inside each other, around a leaf. */
static const char *nested(struct buf *out, const char *open, const char *close,
                          int n) {
    buf_clear(out);
    for (int i = 0; i < n; i++)
        buf_adds(out, open);
    buf_adds(out, "{\"tag\":\"x\"}");
    for (int i = 0; i < n; i++)
        buf_adds(out, close);
    return out->data;
}

static void test_depth(void **state) {
    struct buf text;
    (void)state;
    buf_init(&text);
    assert_string_equal(riders(nested(&text, "{\"not\":", "}", 8)), "");
    assert_string_equal(riders(nested(&text, "{\"all\":[", "]}", 8)), "");
    assert_string_equal(
        riders(nested(&text, "{\"not\":", "}", 9)),
        "too_deep audience.not.not.not.not.not.not.not.not.not");
    assert_memory_equal(riders(nested(&text, "{\"all\":[", "]}", 1000)),
                        "too_deep ", 9);
    buf_finish(&text);
}

static const char *leaves(struct buf *out, int n, const char *leaf) {
    buf_clear(out);
    buf_adds(out, "{\"any\":[");
    for (int i = 0; i < n; i++)
        buf_addf(out, "%s%s", i == 0 ? "" : ",", leaf);
    buf_adds(out, "]}");
    return out->data;
}

static void test_how_many(void **state) {
    struct buf text, half;
    (void)state;
    buf_init(&text);
    buf_init(&half);
    assert_string_equal(riders(leaves(&text, 64, "{\"tag\":\"x\"}")), "");
    assert_string_equal(riders(leaves(&text, 65, "{\"tag\":\"x\"}")),
                        "too_many audience.any");
    leaves(&half, 33, "{\"tag\":\"x\"}");
    assert_string_equal(riders(leaves(&text, 2, half.data)),
                        "too_many audience.any[1].any[31].tag");
    /* Nothing but nodes. */
    leaves(&half, 64, "{}");
    assert_memory_equal(riders(leaves(&text, 64, half.data)), "too_many ", 9);
    /* Values of all leaves together. */
    buf_clear(&half);
    buf_adds(&half, "{\"tag\":[\"0\"");
    for (int i = 1; i < AUDIENCE_VALUES_MAX / 2; i++)
        buf_addf(&half, ",\"%d\"", i);
    buf_adds(&half, "]}");
    assert_string_equal(riders(leaves(&text, 2, half.data)), "");
    assert_string_equal(riders(leaves(&text, 3, half.data)),
                        "too_many audience.any[2].tag[0]");
    buf_finish(&half);
    buf_finish(&text);
}

static void test_a_megabyte(void **state) {
    struct audience_expression read;
    struct arena arena;
    struct buf text;
    (void)state;
    arena_init(&arena);
    buf_init(&text);
    buf_adds(&text, "{\"tag\":\"");
    while (text.len < 1024 * 1024)
        buf_adds(&text, "xxxxxxxxxxxxxxxx");
    buf_adds(&text, "\"}");
    assert_string_equal(riders(text.data), "bad_value audience.tag");
    assert_int_equal(
        audience_expression_parse(&arena, text.data, AUDIENCE_RIDERS, &read),
        ERR_INVALID);
    /* A name that is as long is told cut, and as text. */
    buf_clear(&text);
    buf_adds(&text, "{\"");
    while (text.len < 1024 * 1024)
        buf_adds(&text, "长");
    buf_adds(&text, "\":1}");
    assert_memory_equal(riders(text.data), "unknown_field audience", 22);
    static const char *const broken[] = {"{", "{\"all\":[]} x", "[]", "x",
                                         "{\"all\":[],\"all\":[]}"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        assert_int_equal(audience_expression_parse(&arena, broken[i],
                                                   AUDIENCE_RIDERS, &read),
                         ERR_INVALID);
    assert_int_equal(
        audience_expression_parse(&arena, "", AUDIENCE_RIDERS, &read), OK);
    /* A unit that has gone since is no mistake of what was stored. */
    assert_int_equal(audience_expression_parse(&arena, "{\"unit\":\"gone\"}",
                                               AUDIENCE_RIDERS, &read),
                     OK);
    assert_int_equal(read.n_leaves, 1);
    assert_string_equal(read.leaves[0]->values[0], "gone");
    buf_finish(&text);
    arena_finish(&arena);
}

/* ---- names ---------------------------------------------------------------
 */

static void test_names(void **state) {
    struct audience_names names = {0};
    char text[32];
    (void)state;
    assert_int_equal(names_find(&names, "x"), NAMES_NONE);
    assert_int_equal(names_find(&names, ""), NAMES_NONE);
    assert_int_equal(names_add(&names, ""), 0);
    assert_int_equal(names_add(&names, ""), 0);
    for (uint32_t i = 1; i < 50000; i++) {
        snprintf(text, sizeof(text), "qq.%u", i * 7);
        assert_int_equal(names_add(&names, text), i);
    }
    for (uint32_t i = 1; i < 50000; i++) {
        snprintf(text, sizeof(text), "qq.%u", i * 7);
        assert_int_equal(names_add(&names, text), i);
        assert_int_equal(names_find(&names, text), i);
        assert_string_equal(names_text(&names, i), text);
    }
    assert_int_equal(names_find(&names, "qq.1"), NAMES_NONE);
    /* What is forgotten comes back under another number. */
    for (uint32_t i = 1; i < 50000; i += 2)
        names_forget(&names, i);
    assert_int_equal(names_find(&names, "qq.7"), NAMES_NONE);
    assert_string_equal(names_text(&names, 1), "");
    assert_int_equal(names_find(&names, "qq.14"), 2);
    assert_int_equal(names_add(&names, "qq.7"), 50000);
    for (uint32_t i = 50001; i < 120000; i++) {
        snprintf(text, sizeof(text), "web.%u", i);
        assert_int_equal(names_add(&names, text), i);
    }
    assert_int_equal(names_find(&names, "qq.14"), 2);
    assert_int_equal(names_find(&names, "qq.7"), 50000);
    assert_int_equal(names_find(&names, ""), 0);
    assert_true(names_bytes(&names) < 120000 * 40);
    names_finish(&names);
}

/* A text longer than any is cut, and not beyond a block. */
static void test_long_names(void **state) {
    struct audience_names names = {0};
    struct buf text;
    (void)state;
    buf_init(&text);
    for (int i = 0; i < 100; i++) {
        buf_clear(&text);
        buf_addf(&text, "%d", i);
        while (text.len < 70000)
            buf_adds(&text, "0123456789");
        assert_int_equal(names_add(&names, text.data), i);
        assert_int_equal(names_add(&names, text.data), i);
        assert_int_equal(strlen(names_text(&names, (uint32_t)i)),
                         NAMES_TEXT_BYTES);
    }
    buf_finish(&text);
    names_finish(&names);
}

/* ---- an audience ---------------------------------------------------------
 */

static void test_runs(void **state) {
    struct audience *audience = audience_new();
    struct audience_run run;
    char chat[16];
    (void)state;
    assert_false(audience_next(audience, 10, &run));
    size_t first = audience_part(audience, "qq.1,qq.2", "zh-CN");
    size_t second = audience_part(audience, "qq.1", "zh-CN");
    assert_int_equal(audience_part(audience, "qq.1,qq.2", "zh-CN"), first);
    assert_int_not_equal(audience_part(audience, "qq.1,qq.2", "en"), first);
    for (int i = 0; i < 25; i++) {
        snprintf(chat, sizeof(chat), "qq.g%d", i);
        audience_add(audience, i % 5 == 0 ? second : first, chat);
    }
    assert_int_equal(audience->n, 25);
    for (int round = 0; round < 2; round++) { /* from the begin again */
        size_t n = 0, runs = 0;
        while (audience_next(audience, 8, &run)) {
            assert_true(run.n > 0 && run.n <= 8);
            assert_string_equal(run.accounts,
                                run.part == first ? "qq.1,qq.2" : "qq.1");
            assert_string_equal(run.lang, "zh-CN");
            assert_int_equal(run.part_n, run.part == first ? 20 : 5);
            if (runs++ == 0) {
                assert_string_equal(run.chats[0], "qq.g1");
                assert_string_equal(run.chats[7], "qq.g9");
            }
            n += run.n;
        }
        assert_int_equal(n, 25);
        assert_int_equal(runs, 4);
    }
    audience_free(audience);
    audience_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_taken),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_how_many),
        cmocka_unit_test(test_a_megabyte),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_runs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

#include "base/jscan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    return 0;
}

static struct jspan span(const char *s) {
    return (struct jspan){s, strlen(s)};
}

/* Scans a copy that ends exactly where the text does, so that a step too far
 * is seen. Gives the number of members, -1 when broken. */
static int count_members(const char *text, size_t len) {
    char *copy = xmalloc(len);
    struct jscan scan;
    struct jspan key;
    struct jspan value;
    int count = 0;

    memcpy(copy, text, len);
    jscan_init(&scan, copy, len);
    while (jscan_next(&scan, &key, &value)) {
        assert_true(key.at > copy && key.at + key.len < copy + len);
        assert_true(value.len > 0 && value.at > key.at);
        assert_true(value.at + value.len <= copy + len);
        count++;
    }
    assert_false(jscan_next(&scan, &key, &value));
    free(copy);
    return scan.broken ? -1 : count;
}

static int members(const char *text) {
    return count_members(text, strlen(text));
}

static void test_members_in_order(void **state) {
    static const char text[] =
        " { \"a\" : 1 ,\t\"b\":\"x\\\"}\" ,\r\n\"c\":{\"d\":[1,{\"e\":\"]\"}]},"
        "\"f\":[],\"g\":true,\"h\":null,\"i\":-1.5e+3,\"\":\"\"} \n";
    static const char *const keys[] = {"a", "b", "c", "f", "g", "h", "i", ""};
    static const char *const values[] = {
        "1",       "\"x\\\"}\"", "{\"d\":[1,{\"e\":\"]\"}]}",
        "[]",      "true",       "null",
        "-1.5e+3", "\"\"",
    };
    struct jscan scan;
    struct jspan key;
    struct jspan value;

    (void)state;
    jscan_init(&scan, text, strlen(text));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_true(jscan_next(&scan, &key, &value));
        assert_true(jspan_is(key, keys[i]));
        assert_true(jspan_is(value, values[i]));
    }
    assert_false(jscan_next(&scan, &key, &value));
    assert_false(scan.broken);
    assert_false(jscan_next(&scan, &key, &value));
    assert_false(scan.broken);
}

static void test_small_objects(void **state) {
    (void)state;
    assert_int_equal(members("{}"), 0);
    assert_int_equal(members("  { }  "), 0);
    assert_int_equal(members("{\"a\":1}"), 1);
    assert_int_equal(members("{\"a\":{}}"), 1);
    assert_int_equal(members("{\"a\":[],\"b\":\"\"}"), 2);
}

static void test_what_is_broken(void **state) {
    static const char *const texts[] = {
        "",
        " ",
        "null",
        "[]",
        "\"x\"",
        "1",
        "}",
        "{",
        "{{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{1:1}",
        "{\"a\":\"x}",
        "{\"a\":\"x\\\"}",
        "{\"a\":[}",
        "{\"a\":[}]}",
        "{\"a\":{]}",
        "{\"a\":[1,2}",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":1}{\"b\":2}",
        "{\"a\":'x'}",
        "{\"a\":,}",
        "{\"a\":\"\\",
        "{\"a\":1,,\"b\":2}",
        "{\"a\":<html>}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (members(texts[i]) != -1)
            fail_msg("not broken: %s", texts[i]);
}

static void test_nothing_at_all(void **state) {
    struct jscan scan;
    struct jspan key;
    struct jspan value;

    (void)state;
    jscan_init(&scan, NULL, 0);
    assert_true(scan.broken);
    assert_false(jscan_next(&scan, &key, &value));
    jscan_array_init(&scan, (struct jspan){0});
    assert_true(scan.broken);
    assert_false(jscan_array_next(&scan, &value));
    assert_null(jspan_string(&arena, (struct jspan){0}, NULL));
    assert_null(jspan_id(&arena, (struct jspan){0}, 64));
    assert_false(jspan_int((struct jspan){0}, &(int64_t){0}));
}

/* {"a":[[[…]]]} with depth brackets of both kinds inside the object. */
static int nested(size_t depth) {
    struct buf buf;
    int result;

    buf_init(&buf);
    buf_adds(&buf, "{\"a\":");
    for (size_t i = 0; i < depth; i++)
        buf_adds(&buf, i % 2 ? "{\"b\":" : "[");
    buf_adds(&buf, "1");
    for (size_t i = depth; i > 0; i--)
        buf_addc(&buf, (i - 1) % 2 ? '}' : ']');
    buf_adds(&buf, "}");
    result = count_members(buf.data, buf.len);
    buf_finish(&buf);
    return result;
}

static void test_depth_is_bounded(void **state) {
    (void)state;
    assert_int_equal(nested(1), 1);
    assert_int_equal(nested(JSCAN_DEPTH_MAX - 1), 1);
    assert_int_equal(nested(JSCAN_DEPTH_MAX), -1);
    assert_int_equal(nested(100000), -1);
}

static void test_strings_of_every_length(void **state) {
    char text[128];

    (void)state;
    for (size_t pad = 0; pad < 100; pad++) {
        size_t len = (size_t)snprintf(text, sizeof(text),
                                      "{\"k\":\"%.*s\\\"\"}", (int)pad,
                                      "................................"
                                      "................................"
                                      "....................................");

        assert_int_equal(count_members(text, len), 1);
        assert_int_equal(count_members(text, len - 1), -1);
        assert_int_equal(count_members(text, len - 2), -1);
    }
}

/* Bytes next to the sought ones in value, and with their highest bit set. */
static void test_only_quotes_end_strings(void **state) {
    char text[16] = "{\"k\":\"........\"}";

    (void)state;
    for (int c = 1; c < 256; c++) {
        if (c == '"' || c == '\\')
            continue;
        memset(text + 6, c, 8);
        assert_int_equal(count_members(text, 16), 1);
    }
}

static void test_arrays(void **state) {
    static const char text[] =
        "[ {\"type\":\"text\"}, 12 ,\"a,b\",[1,[2]],null ]";
    static const char *const values[] = {
        "{\"type\":\"text\"}", "12", "\"a,b\"", "[1,[2]]", "null",
    };
    struct jscan scan;
    struct jspan value;

    (void)state;
    jscan_array_init(&scan, span(text));
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        assert_true(jscan_array_next(&scan, &value));
        assert_true(jspan_is(value, values[i]));
    }
    assert_false(jscan_array_next(&scan, &value));
    assert_false(scan.broken);
}

static void test_broken_arrays(void **state) {
    static const char *const texts[] = {
        "",   "[",      "[1",   "[1,",  "[1,]", "[,1]", "[1 2]",
        "{}", "\"[]\"", "[1]]", "[[1]", "[{]",  "[:]",
    };
    struct jscan scan;
    struct jspan value;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        jscan_array_init(&scan, span(texts[i]));
        while (jscan_array_next(&scan, &value))
            assert_true(value.len > 0);
        if (!scan.broken)
            fail_msg("not broken: %s", texts[i]);
    }
    jscan_array_init(&scan, span(" [ ] "));
    assert_false(jscan_array_next(&scan, &value));
    assert_false(scan.broken);
}

static void check_string(const char *json, const char *expected) {
    size_t len = 12345;
    char *out = jspan_string(&arena, span(json), &len);

    if (!out)
        fail_msg("refused: %s", json);
    assert_string_equal(out, expected);
    assert_int_equal(len, strlen(expected));
}

static void test_unescaping(void **state) {
    (void)state;
    check_string("\"\"", "");
    check_string("\"plain text of some length\"", "plain text of some length");
    check_string("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
    check_string("\"\\u968f\\u624b\\u62CD\"", "随手拍");
    check_string("\"\\u00e9\\u0041\"", "éA");
    check_string("\"\\ud83d\\ude00\"", "😀");
    check_string("\"a\\uDBFF\\uDFFFz\"", "a\xf4\x8f\xbf\xbfz");
    check_string("\"隨手拍 😀\"", "隨手拍 😀");
}

static void test_what_cannot_be_said_is_replaced(void **state) {
    (void)state;
    check_string("\"a\\u0000b\"", "a�b");
    check_string("\"\\ud83d\"", "�");
    check_string("\"\\ude00\"", "�");
    check_string("\"\\ud83d!\"", "�!");
    check_string("\"\\ud83d\\n\"", "�\n");
    check_string("\"\\ud83d\\ud83d\\ude00\"", "�😀");
    check_string("\"\\ude00\\ud83d\"", "��");
    check_string("\"a\xff\"", "a�");
    check_string("\"\xe9\x9a\"", "�");
    check_string("\"\xc0\xaf\"", "��");
    check_string("\"\xed\xa0\x80\"", "���");
}

static void test_a_raw_nul(void **state) {
    size_t len;
    char *out = jspan_string(&arena, (struct jspan){"\"a\0b\"", 5}, &len);

    (void)state;
    assert_string_equal(out, "a�b");
    assert_int_equal(len, strlen("a�b"));
}

static void test_strings_that_are_none(void **state) {
    static const char *const texts[] = {
        "",
        "\"",
        "x",
        "12",
        "null",
        "\"a",
        "a\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u123\"",
        "\"\\u12g4\"",
        "\"\\U1234\"",
        "\"a\"b\"",
        "\"\\ud83d\\u\"",
        "\"\\ud83d\\u12\"",
        "[\"a\"]",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (jspan_string(&arena, span(texts[i]), NULL))
            fail_msg("taken: %s", texts[i]);
    assert_null(jspan_string(&arena, (struct jspan){"\"\\\0\"", 4}, NULL));
}

static void test_ids(void **state) {
    static const char *const refused[] = {
        "",
        "null",
        "true",
        "1.0",
        "1e5",
        "-",
        "01",
        "-01",
        "+1",
        "[1]",
        "{}",
        "0x10",
        "\"\\x\"",
        "\"12345678901\"",
        "12345678901",
    };

    (void)state;
    assert_string_equal(jspan_id(&arena, span("0"), 10), "0");
    assert_string_equal(jspan_id(&arena, span("-12"), 10), "-12");
    assert_string_equal(jspan_id(&arena, span("90001"), 10), "90001");
    assert_string_equal(jspan_id(&arena, span("\"90001\""), 10), "90001");
    assert_string_equal(jspan_id(&arena, span("\"1234567890\""), 10),
                        "1234567890");
    assert_string_equal(jspan_id(&arena, span("1234567890"), 10), "1234567890");
    assert_string_equal(jspan_id(&arena, span("\"\\u0061\\u0062\\u0063\""), 3),
                        "abc");
    assert_string_equal(jspan_id(&arena, span("9007199254740993"), 64),
                        "9007199254740993");
    assert_string_equal(
        jspan_id(&arena, span("123456789012345678901234567890"), 64),
        "123456789012345678901234567890");
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (jspan_id(&arena, span(refused[i]), 10))
            fail_msg("taken: %s", refused[i]);
}

static void test_integers(void **state) {
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"7", 7},
        {"-1", -1},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    static const char *const bad[] = {
        "",
        "-",
        "1.0",
        "1e3",
        "01",
        "\"1\"",
        "null",
        " 1",
        "1 ",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999999999999",
    };
    int64_t out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        out = 99;
        assert_true(jspan_int(span(good[i].text), &out));
        assert_int_equal(out, good[i].value);
    }
    out = 99;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (jspan_int(span(bad[i]), &out))
            fail_msg("taken: %s", bad[i]);
    assert_int_equal(out, 99);
}

static const char frame[] =
    "{\"self_id\":10001000,\"user_id\":90001,\"time\":1795311540,"
    "\"message_id\":1422299998,\"real_seq\":\"1001\",\"message_type\":"
    "\"group\",\"sender\":{\"user_id\":90001,\"nickname\":\"骑手\\n小王\","
    "\"card\":\"\",\"role\":\"member\"},\"raw_message\":\"[CQ:at,qq=10001000] "
    "电池 &#91;3号柜&#93; \\\"急\\\"\",\"font\":14,\"message\":[{\"type\":"
    "\"at\",\"data\":{\"qq\":\"10001000\"}},{\"type\":\"text\",\"data\":"
    "{\"text\":\"随手拍\\u4e00\"}}],\"post_type\":\"message\","
    "\"group_id\":20010001}";

static void test_it_agrees_with_jansson(void **state) {
    json_t *object = json_loads(frame, 0, NULL);
    struct jscan scan;
    struct jspan key;
    struct jspan value;
    size_t count = 0;

    (void)state;
    assert_non_null(object);
    jscan_init(&scan, frame, strlen(frame));
    for (; jscan_next(&scan, &key, &value); count++) {
        char *name = arena_strndup(&arena, key.at, key.len);
        json_t *theirs = json_object_get(object, name);
        json_t *ours = json_loadb(value.at, value.len, JSON_DECODE_ANY, NULL);

        assert_non_null(theirs);
        assert_true(json_equal(ours, theirs));
        if (json_is_string(theirs))
            assert_string_equal(jspan_string(&arena, value, NULL),
                                json_string_value(theirs));
        json_decref(ours);
    }
    assert_false(scan.broken);
    assert_int_equal(count, json_object_size(object));
    json_decref(object);
}

static void test_every_cut_of_a_frame_is_broken(void **state) {
    (void)state;
    for (size_t len = 0; len < strlen(frame); len++)
        assert_int_equal(count_members(frame, len), -1);
    assert_true(count_members(frame, strlen(frame)) > 0);
}

/* Whatever a byte is changed to: no step outside, and what Jansson reads as an
 * object is not broken for us. */
static void test_every_change_of_a_frame(void **state) {
    static const char bytes[] = "\"\\{}[]:,x0 \x01\xff";
    char copy[sizeof(frame)];

    (void)state;
    for (size_t at = 0; at < strlen(frame); at++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            json_t *object;
            int ours;

            memcpy(copy, frame, sizeof(frame));
            copy[at] = bytes[i];
            ours = count_members(copy, sizeof(copy) - 1);
            object = json_loadb(copy, sizeof(copy) - 1, 0, NULL);
            /* Jansson reads over a NUL that stands behind a number. */
            if (json_is_object(object) && ours < 0 && bytes[i])
                fail_msg("broken at %zu by %d", at, bytes[i]);
            json_decref(object);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_in_order),
        cmocka_unit_test(test_small_objects),
        cmocka_unit_test(test_what_is_broken),
        cmocka_unit_test(test_nothing_at_all),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_strings_of_every_length),
        cmocka_unit_test(test_only_quotes_end_strings),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_broken_arrays),
        cmocka_unit_test(test_unescaping),
        cmocka_unit_test(test_what_cannot_be_said_is_replaced),
        cmocka_unit_test(test_a_raw_nul),
        cmocka_unit_test(test_strings_that_are_none),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_it_agrees_with_jansson),
        cmocka_unit_test(test_every_cut_of_a_frame_is_broken),
        cmocka_unit_test(test_every_change_of_a_frame),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static void test_an_empty_buffer(void **state) {
    struct buf buf;
    char *taken;

    (void)state;
    buf_init(&buf);
    assert_int_equal(buf.len, 0);
    buf_clear(&buf);
    buf_consume(&buf, 5);
    buf_add(&buf, NULL, 0);
    assert_string_equal(buf.data, "");
    buf_finish(&buf);
    taken = buf_take(&buf);
    assert_string_equal(taken, "");
    free(taken);
}

static void test_it_grows_and_stays_terminated(void **state) {
    struct buf buf;

    (void)state;
    buf_init(&buf);
    for (size_t i = 0; i < 5000; i++) {
        buf_addc(&buf, (char)('a' + i % 26));
        assert_int_equal(buf.data[buf.len], '\0');
    }
    assert_int_equal(strlen(buf.data), 5000);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
    buf_finish(&buf);
}

static void test_reserve_then_fill(void **state) {
    struct buf buf;
    char *to;

    (void)state;
    buf_init(&buf);
    buf_adds(&buf, "head");
    to = buf_reserve(&buf, 10000);
    assert_string_equal(buf.data, "head");
    assert_ptr_equal(to, buf.data + 4);
    memset(to, 'x', 10000);
    to[10000] = '\0';
    buf.len += 10000;
    assert_int_equal(strlen(buf.data), 10004);
    buf_finish(&buf);
}

static void test_formatted(void **state) {
    struct buf buf;

    (void)state;
    buf_init(&buf);
    for (int width = 1; width < 300; width++) {
        buf_clear(&buf);
        buf_addf(&buf, "<%*d>", width, 7);
        assert_int_equal(buf.len, width + 2);
        assert_int_equal(strlen(buf.data), buf.len);
        assert_int_equal(buf.data[width + 1], '>');
    }
    buf_finish(&buf);
}

static void test_consume_and_take(void **state) {
    struct buf buf;
    char *taken;

    (void)state;
    buf_init(&buf);
    buf_adds(&buf, "one two three");
    buf_consume(&buf, 0);
    buf_consume(&buf, 4);
    assert_string_equal(buf.data, "two three");
    taken = buf_take(&buf);
    assert_string_equal(taken, "two three");
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    free(taken);
    buf_adds(&buf, "again");
    buf_consume(&buf, 100);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf.data, "");
    buf_finish(&buf);
}

/* What buf_add_json_string() writes, read back by another program. */
static void check_json(const char *s, size_t len) {
    struct buf buf;
    json_t *value;

    buf_init(&buf);
    buf_add_json_string(&buf, s, len);
    value = json_loads(buf.data, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(value);
    assert_int_equal(json_string_length(value), len);
    assert_memory_equal(json_string_value(value), s, len);
    json_decref(value);
    buf_finish(&buf);
}

static void test_json_strings_read_back(void **state) {
    char all[128];

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (char)i;
        check_json(all + i, 1);
    }
    check_json(all, sizeof(all));
    check_json("", 0);
    check_json("随手拍 😀 \"\\\n", strlen("随手拍 😀 \"\\\n"));
}

static void test_json_string_of_nothing(void **state) {
    struct buf buf;

    (void)state;
    buf_init(&buf);
    buf_add_json_string(&buf, NULL, 0);
    assert_string_equal(buf.data, "\"\"");
    buf_finish(&buf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_buffer),
        cmocka_unit_test(test_it_grows_and_stays_terminated),
        cmocka_unit_test(test_reserve_then_fill),
        cmocka_unit_test(test_formatted),
        cmocka_unit_test(test_consume_and_take),
        cmocka_unit_test(test_json_strings_read_back),
        cmocka_unit_test(test_json_string_of_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

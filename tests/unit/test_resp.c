#include "store/resp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_command(void **state) {
    struct resp resp = {0};

    (void)state;
    resp_begin(&resp, 2);
    resp_adds(&resp, "GET");
    resp_add(&resp, "a\0b\r\n", 5);
    assert_int_equal(resp.n, 2);
    assert_int_equal(resp.bytes.len, 24);
    assert_memory_equal(resp.bytes.data,
                        "*2\r\n$3\r\nGET\r\n$5\r\na\0b\r\n\r\n", 24);
    resp_begin(&resp, 10);
    assert_string_equal(resp.bytes.data, "*10\r\n");
    resp_finish(&resp);
}

static void test_empty_and_long(void **state) {
    static char text[12345];
    struct resp resp = {0};

    (void)state;
    memset(text, 'x', sizeof(text));
    resp_adds(&resp, "");
    assert_string_equal(resp.bytes.data, "$0\r\n\r\n");
    resp_clear(&resp);
    resp_add(&resp, text, sizeof(text));
    assert_memory_equal(resp.bytes.data, "$12345\r\nxxx", 11);
    assert_int_equal(resp.bytes.len, 8 + sizeof(text) + 2);
    resp_finish(&resp);
}

static void test_join(void **state) {
    struct resp whole = {0}, part = {0};

    (void)state;
    resp_begin(&whole, 2);
    resp_join(&whole, &part); /* of none */
    resp_adds(&part, "DEL");
    resp_adds(&part, "k");
    resp_join(&whole, &part);
    assert_int_equal(whole.n, 2);
    assert_string_equal(whole.bytes.data, "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n");
    resp_finish(&whole);
    resp_finish(&part);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_empty_and_long),
        cmocka_unit_test(test_join),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

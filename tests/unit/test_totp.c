#include "bot/totp.h"

#include "base/arena.h"
#include "base/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* "12345678901234567890", as in RFC 6238, appendix B; its codes have eight
 * digits, ours are the last six of them. */
#define SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

static void the_codes_of_the_rfc_are_right(void **state) {
    static const struct {
        int64_t s;
        const char *code;
    } codes[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
    };
    int64_t step;
    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_true(
            totp_check(SECRET, codes[i].code, codes[i].s * 1000, 0, &step));
        assert_int_equal(step, codes[i].s / 30);
    }
}

static void a_clock_may_be_a_little_off(void **state) {
    int64_t step, now_ms = 1234567890000; /* step 41152263 */
    (void)state;
    for (int off = -3; off <= 3; off++) {
        bool right =
            totp_check(SECRET, "005924", now_ms + off * 30000, 0, &step);
        assert_int_equal(right, off >= -1 && off <= 1);
        if (right)
            assert_int_equal(step, 41152263);
    }
}

static void no_code_is_used_twice(void **state) {
    int64_t step;
    (void)state;
    assert_true(totp_check(SECRET, "005924", 1234567890000, 41152262, &step));
    assert_false(totp_check(SECRET, "005924", 1234567890000, step, &step));
    assert_false(totp_check(SECRET, "005924", 1234567890000, 41152264, &step));
}

static void anything_else_is_wrong(void **state) {
    static const char *const codes[] = {"",       "00592",  "0059240",
                                        "00592a", " 05924", "005925",
                                        "-05924", "+05924", "００５９２４"};
    int64_t step;
    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        assert_false(totp_check(SECRET, codes[i], 1234567890000, 0, &step));
    assert_false(totp_check("not base32!", "005924", 1234567890000, 0, &step));
}

static void secrets_are_random_and_told(void **state) {
    struct arena arena;
    (void)state;
    arena_init(&arena);
    char *one = totp_secret(&arena), *two = totp_secret(&arena);
    assert_int_equal(strlen(one), 32);
    assert_string_not_equal(one, two);
    assert_string_equal(
        totp_uri(&arena, "ABC", "小蜂 qinhuai", "wang"),
        "otpauth://totp/%E5%B0%8F%E8%9C%82%20qinhuai:wang?secret=ABC&"
        "issuer=%E5%B0%8F%E8%9C%82%20qinhuai&algorithm=SHA1&digits=6&"
        "period=30");
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_codes_of_the_rfc_are_right),
        cmocka_unit_test(a_clock_may_be_a_little_off),
        cmocka_unit_test(no_code_is_used_twice),
        cmocka_unit_test(anything_else_is_wrong),
        cmocka_unit_test(secrets_are_random_and_told),
    };

    if (!token_init() || !totp_init())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Numbers as printf has them. */
#include "base/number.h"

#include "base/mem.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void is_as_printf(int64_t number) {
    char expected[32], out[NUMBER_SIZE];
    snprintf(expected, sizeof(expected), "%" PRId64, number);
    assert_string_equal(number_print(out, number), expected);
}

static void numbers_are_as_printf_has_them(void **state) {
    static const int64_t ends[] = {0, 1, -1, 9, 10, -10, INT64_MAX, INT64_MIN};
    int64_t power = 1;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        is_as_printf(ends[i]);
    for (int i = 0; i < 18; i++, power *= 10) {
        is_as_printf(power - 1);
        is_as_printf(power);
        is_as_printf(-power);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_as_printf_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

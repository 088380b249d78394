#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_each_error_has_its_own_word(void **state) {
    (void)state;
    for (int a = 0; a < ERR_COUNT; a++) {
        const char *word = err_str((enum err)a);

        assert_true(strlen(word) > 0);
        assert_string_not_equal(word, "unknown");
        assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz_"),
                         strlen(word));
        for (int b = 0; b < a; b++)
            assert_string_not_equal(word, err_str((enum err)b));
    }
    assert_string_equal(err_str(ERR_NOT_FOUND), "not_found");
}

static void test_no_error_is_unknown(void **state) {
    (void)state;
    assert_string_equal(err_str(ERR_COUNT), "unknown");
    assert_string_equal(err_str((enum err)(ERR_COUNT + 7)), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_error_has_its_own_word),
        cmocka_unit_test(test_no_error_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

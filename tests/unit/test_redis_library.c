#include "store/redis_library.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_markers(void **state) {
    struct redis_library library;
    char *expected;

    (void)state;
    redis_library_init(&library, "#!lua name=x@VERSION\nf('a@VERSION')@");
    assert_int_equal(strlen(library.suffix), 9);
    assert_int_equal(library.suffix[0], '_');
    assert_int_equal(strspn(library.suffix + 1, "0123456789abcdef"), 8);
    expected =
        xasprintf("#!lua name=x%s\nf('a%s')@", library.suffix, library.suffix);
    assert_string_equal(library.source, expected);
    free(expected);
    redis_library_finish(&library);
}

static void test_other_source_other_suffix(void **state) {
    struct redis_library one;
    struct redis_library same;
    struct redis_library other;

    (void)state;
    redis_library_init(&one, "a@VERSION");
    redis_library_init(&same, "a@VERSION");
    redis_library_init(&other, "b@VERSION");
    assert_string_equal(one.suffix, same.suffix);
    assert_string_not_equal(one.suffix, other.suffix);
    redis_library_finish(&one);
    redis_library_finish(&same);
    redis_library_finish(&other);
}

static void test_none(void **state) {
    struct redis_library library;

    (void)state;
    redis_library_init(&library, NULL);
    assert_null(library.source);
    assert_string_equal(library.suffix, "");
    redis_library_finish(&library);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markers),
        cmocka_unit_test(test_other_source_other_suffix),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

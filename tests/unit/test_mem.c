#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_alloc_of_nothing_is_something(void **state) {
    void *a = xmalloc(0);
    void *b = xcalloc(0, 8);
    void *c = xrealloc(NULL, 0);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    free(a);
    free(b);
    free(c);
}

static void test_calloc_is_zeroed(void **state) {
    unsigned char *data = xcalloc(100, 7);

    (void)state;
    for (size_t i = 0; i < 700; i++)
        assert_int_equal(data[i], 0);
    free(data);
}

static void test_realloc_keeps_what_was_there(void **state) {
    char *data = xstrdup("rider");

    (void)state;
    data = xrealloc(data, 4096);
    assert_string_equal(data, "rider");
    free(data);
}

static void test_strings(void **state) {
    char *whole = xstrdup("诉求");
    char *part = xstrndup("request", 3);
    char *short_one = xstrndup("ab", 100);
    char *printed = xasprintf("%s-%d", "T", 12);

    (void)state;
    assert_string_equal(whole, "诉求");
    assert_string_equal(part, "req");
    assert_string_equal(short_one, "ab");
    assert_string_equal(printed, "T-12");
    free(whole);
    free(part);
    free(short_one);
    free(printed);
}

static void test_impossible_sizes_abort(void **state) {
    volatile size_t huge = SIZE_MAX / 2;
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        close(STDERR_FILENO);
        free(xmalloc(huge));
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc_of_nothing_is_something),
        cmocka_unit_test(test_calloc_is_zeroed),
        cmocka_unit_test(test_realloc_keeps_what_was_there),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_impossible_sizes_abort),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

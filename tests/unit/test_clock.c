#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static void test_the_system_clock_tells_the_time(void **state) {
    int64_t before = (int64_t)time(NULL);
    int64_t wall = clock_wall_ms(&clock_system);
    int64_t after = (int64_t)time(NULL);

    (void)state;
    /* time() may lag behind by a tick of the kernel. */
    assert_true(wall / 1000 >= before - 1);
    assert_true(wall / 1000 <= after + 1);
}

static void test_the_monotonic_clock_moves_on(void **state) {
    int64_t first = clock_mono_ms(&clock_system);
    int64_t last = first;

    (void)state;
    while (last < first + 5) {
        int64_t now = clock_mono_ms(&clock_system);

        assert_true(now >= last);
        last = now;
    }
}

static void test_the_manual_clock_stands_until_moved(void **state) {
    struct clock_manual manual;

    (void)state;
    clock_manual_init(&manual, 1000);
    assert_int_equal(clock_wall_ms(&manual.clock), 1000);
    assert_int_equal(clock_mono_ms(&manual.clock), 1000);
    clock_manual_advance(&manual, 250);
    assert_int_equal(clock_wall_ms(&manual.clock), 1250);
    assert_int_equal(clock_mono_ms(&manual.clock), 1250);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_system_clock_tells_the_time),
        cmocka_unit_test(test_the_monotonic_clock_moves_on),
        cmocka_unit_test(test_the_manual_clock_stands_until_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

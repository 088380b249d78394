#include "base/hours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void reads_as(const char *text, const char *kept) {
    struct hours hours, again;
    char printed[HOURS_SIZE];
    if (!hours_parse(text, &hours))
        fail_msg("not understood: %s", text);
    hours_print(&hours, printed);
    assert_string_equal(printed, kept);
    assert_true(hours_parse(printed, &again));
    assert_int_equal(again.from, hours.from);
    assert_int_equal(again.to, hours.to);
}

static void test_what_people_type(void **state) {
    (void)state;
    reads_as("08:00-20:00", "08:00-20:00");
    reads_as("8:00-20:00", "08:00-20:00");
    reads_as(" 8：30 ～ 21：45 ", "08:30-21:45");
    reads_as("8:00至20:00", "08:00-20:00");
    reads_as("20:00—02:00", "20:00-02:00");
    reads_as("06:00-24:00", "06:00-00:00");
    reads_as("00:00-24:00", "24h");
    reads_as("24h", "24h");
    reads_as("24小时", "24h");
    reads_as("全天", "24h");
}

static void test_what_is_none(void **state) {
    static const char *const bad[] = {
        "",           "8",           "8-20",         "08:00",
        "08:00-",     "-20:00",      "08:00-20:00x", "08:00-25:00",
        "24:30-8:00", "08:60-20:00", "008:00-20:00", "08:00-08:00",
        "8.00-20.00", "24h 08:00",   "-1:00-20:00",  "08:00-20:00-22:00"};
    struct hours hours = {1, 2};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (hours_parse(bad[i], &hours))
            fail_msg("taken: %s", bad[i]);
    assert_int_equal(hours.from, 1);
    assert_int_equal(hours.to, 2);
}

static void test_when_it_is_open(void **state) {
    const struct hours day = {8 * 60, 20 * 60}, night = {20 * 60, 2 * 60},
                       late = {6 * 60, 0}, always = {0, 0};
    (void)state;
    assert_false(hours_open_at(&day, 8 * 60 - 1));
    assert_true(hours_open_at(&day, 8 * 60));
    assert_true(hours_open_at(&day, 20 * 60 - 1));
    assert_false(hours_open_at(&day, 20 * 60));
    assert_true(hours_open_at(&night, 23 * 60));
    assert_true(hours_open_at(&night, 0));
    assert_false(hours_open_at(&night, 2 * 60));
    assert_false(hours_open_at(&night, 12 * 60));
    assert_true(hours_open_at(&late, 24 * 60 - 1));
    assert_false(hours_open_at(&late, 0));
    assert_true(hours_open_at(&always, 0));
    assert_true(hours_open_at(&always, 24 * 60 - 1));
    assert_true(hours_always(&always));
    assert_false(hours_always(&day));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_people_type),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_when_it_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

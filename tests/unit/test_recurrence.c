#include "bot/recurrence.h"
#include "bot/windows.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "bot/policy.h"
#include "store/broadcast.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define OFFSET 480 /* minutes: Beijing */
#define HOUR_MS 3600000LL

/* Quiet at night, two peaks, and holidays by the built-in calendar. */
#define HOLD                                                                   \
    "{\"quiet\":[\"21:30-07:30\"],\"peaks\":[\"11:00-13:30\"],"                \
    "\"holidays\":\"hold\"}"

static struct policy *policy_of(const char *broadcasts) {
    struct document documents[POLICY_DOCUMENTS] = {{0}};
    struct problems problems;
    struct arena arena;
    struct policy *policy = NULL;
    arena_init(&arena);
    documents[POLICY_BROADCASTS].json = broadcasts;
    documents[POLICY_BROADCASTS].json_len = strlen(broadcasts);
    if (policy_parse(documents, OFFSET, &arena, &problems, &policy) != OK)
        fail_msg("%s: %s", problems.items[0].path, problems.items[0].text);
    arena_finish(&arena);
    return policy;
}

static int setup(void **state) {
    *state = policy_of("{}");
    return 0;
}

static int setup_hold(void **state) {
    *state = policy_of(HOLD);
    return 0;
}

static int teardown(void **state) {
    policy_free(*state);
    return 0;
}

/* "2026-10-01 09:30", local. */
static int64_t at(const char *text) {
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d %H:%M", &tm);
    assert_non_null(end);
    assert_int_equal(*end, '\0');
    return ((int64_t)timegm(&tm) - OFFSET * 60) * 1000;
}

static const char *print(int64_t ms) {
    static char said[32];
    time_t seconds = (time_t)(ms / 1000 + OFFSET * 60);
    struct tm tm;
    strftime(said, sizeof(said), "%Y-%m-%d %H:%M", gmtime_r(&seconds, &tm));
    return ms == 0 ? "never" : said;
}

/* The next firings after a moment, one after the other. */
static void fires(const struct policy *policy, struct broadcast *broadcast,
                  const char *after, const char *const *expected, size_t n) {
    int64_t ms = at(after);
    const char *field;
    assert_null(recurrence_fault(policy, broadcast, ms, &field));
    for (size_t i = 0; i < n; i++) {
        ms = recurrence_next(policy, broadcast, ms);
        assert_string_equal(print(ms), expected[i]);
    }
}
#define FIRES(policy, broadcast, after, ...)                                   \
    fires((policy), (broadcast), (after), (const char *const[]){__VA_ARGS__},  \
          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static struct broadcast rule(const char *rrule, const char *begin) {
    return (struct broadcast){.rrule = rrule, .at_ms = at(begin)};
}

static void test_rules(void **state) {
    const struct policy *p = *state;
    struct broadcast b = rule("FREQ=DAILY", "2026-11-01 09:30");
    FIRES(p, &b, "2026-10-01 00:00", "2026-11-01 09:30", "2026-11-02 09:30");
    FIRES(p, &b, "2026-11-05 09:30", "2026-11-06 09:30");
    FIRES(p, &b, "2026-11-05 09:29", "2026-11-05 09:30");
    b = rule("FREQ=WEEKLY;BYDAY=MO,TH", "2026-11-01 00:15"); /* UTC: a day
                                                                 before */
    FIRES(p, &b, "2026-11-01 00:00", "2026-11-02 00:15", "2026-11-05 00:15",
          "2026-11-09 00:15");
    b = rule("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31 10:00");
    FIRES(p, &b, "2026-01-31 10:00", "2026-03-31 10:00", "2026-05-31 10:00");
    b = rule("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-01 10:00");
    FIRES(p, &b, "2026-01-31 10:00", "2026-02-27 10:00", "2026-03-27 10:00");
    b = rule("FREQ=DAILY;BYHOUR=15,9", "2026-11-01 08:00");
    FIRES(p, &b, "2026-11-01 08:00", "2026-11-01 09:00", "2026-11-01 15:00",
          "2026-11-02 09:00");
    b = rule("FREQ=HOURLY;INTERVAL=5", "2026-01-01 00:30");
    FIRES(p, &b, "2026-01-01 23:00", "2026-01-02 01:30", "2026-01-02 06:30");
    FIRES(p, &b, "2027-01-01 00:00", "2027-01-01 00:30");
    b = rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2026-01-01 10:00");
    FIRES(p, &b, "2026-01-01 00:00", "2028-02-29 10:00", "2032-02-29 10:00");
}

static void test_ends(void **state) {
    const struct policy *p = *state;
    struct broadcast b = rule("FREQ=DAILY;COUNT=3", "2026-11-01 09:30");
    FIRES(p, &b, "2026-10-01 00:00", "2026-11-01 09:30", "2026-11-02 09:30",
          "2026-11-03 09:30", "never");
    /* Of a day all is meant; of UTC, the moment. */
    b = rule("FREQ=DAILY;UNTIL=20261102", "2026-11-01 09:30");
    FIRES(p, &b, "2026-11-01 10:00", "2026-11-02 09:30", "never");
    b = rule("FREQ=DAILY;UNTIL=20261102T013000Z", "2026-11-01 09:30");
    FIRES(p, &b, "2026-11-01 10:00", "2026-11-02 09:30", "never");
    b = rule("FREQ=DAILY;UNTIL=20261102T012959Z", "2026-11-01 09:30");
    assert_string_equal(print(recurrence_next(p, &b, at("2026-11-01 10:00"))),
                        "never");
}

/* The plain way: from the begin, one by one. */
static void test_far_from_the_begin(void **state) {
    static const char *const rules[] = {
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
        "FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,MO,SA",
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=HOURLY;INTERVAL=7",
        "FREQ=HOURLY;BYDAY=MO;BYHOUR=9,14",
        "FREQ=WEEKLY;BYDAY=WE;BYHOUR=20,8;INTERVAL=2",
    };
    const struct policy *p = *state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct broadcast b = rule(rules[i], "2026-03-17 09:40");
        int64_t ms = b.at_ms - 1;
        int n = 0;
        for (; n < 60 && ms < at("2090-01-01 00:00"); n++) {
            int64_t next = recurrence_next(p, &b, ms);
            assert_true(next > ms);
            int64_t middle = ms + (next - ms) / 2;
            assert_int_equal(recurrence_next(p, &b, middle), next);
            assert_int_equal(recurrence_next(p, &b, next - 1000), next);
            ms = next;
        }
        /* With a count it begins at the begin. */
        char *counted = xasprintf("%s;COUNT=%d", rules[i], n);
        b.rrule = counted;
        assert_string_equal(print(recurrence_next(p, &b, ms - 1000)),
                            print(ms));
        assert_int_equal(recurrence_next(p, &b, ms), 0);
        free(counted);
    }
}

static void test_nth_workday(void **state) {
    const struct policy *p = *state;
    struct broadcast b = {.workday = 2, .at_ms = at("2026-09-02 09:00")};
    /* The 2nd is Wednesday and the second; October begins with a week of
     * holidays, and then Thursday the 8th is the first. */
    FIRES(p, &b, "2026-09-01 00:00", "2026-09-02 09:00", "2026-10-09 09:00",
          "2026-11-03 09:00");
    FIRES(p, &b, "2026-09-02 09:00", "2026-10-09 09:00");
    b.workday = -1;
    /* A Sunday in February is worked for the holidays. */
    FIRES(p, &b, "2026-01-31 00:00", "2026-09-30 09:00", "2026-10-30 09:00");
    b.at_ms = at("2026-01-01 09:00");
    FIRES(p, &b, "2026-02-01 00:00", "2026-02-28 09:00", "2026-03-31 09:00");
    b.workday = 23; /* most months have fewer */
    int64_t ms = recurrence_next(p, &b, at("2026-01-01 00:00"));
    assert_true(ms > 0);
}

static void test_what_is_wrong(void **state) {
    static const struct {
        const char *rrule, *fault;
    } bad[] = {
        {"garbage", "invalid"},
        {"RRULE:FREQ=DAILY", "invalid"},
        {"FREQ=DAILY;INTERVAL=0", "invalid"},
        {"FREQ=DAILY;COUNT=0", "invalid"},
        {"FREQ=DAILY;COUNT=5001", "invalid"},
        {"FREQ=DAILY;COUNT=-4", "invalid"},
        {"FREQ=DAILY;COUNT=3;UNTIL=20300101", "invalid"},
        {"FREQ=DAILY;RSCALE=CHINESE", "invalid"},
        {"FREQ=DAILY;X=1", "invalid"},
        {"FREQ=WEEKLY;BYDAY=MO,XX", "invalid"},
        {"FREQ=DAILY;FREQ=SECONDLY", "invalid"},
        {"FREQ=SECONDLY", "too_often"},
        {"FREQ=MINUTELY;INTERVAL=30", "too_often"},
        {"FREQ=DAILY;BYMINUTE=0,30", "too_often"},
        {"FREQ=DAILY;BYHOUR=9;BYSECOND=0,1", "too_often"},
        {"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never"},
        {"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30,31", "never"},
        {"FREQ=MONTHLY;BYMONTH=4,6;BYMONTHDAY=31", "never"},
        {"FREQ=DAILY;UNTIL=20200101", "never"},
        {"FREQ=DAILY;INTERVAL=7;BYDAY=MO", "never"}, /* began on a Tuesday */
        {"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "invalid"},
        {"FREQ=HOURLY;INTERVAL=2;BYHOUR=10", "invalid"},
    };
    const struct policy *p = *state;
    const char *field = NULL;
    int64_t now = at("2026-03-17 09:40");
    int64_t began = clock_mono_ms(&clock_system);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct broadcast b = rule(bad[i].rrule, "2026-03-17 09:40");
        const char *fault = recurrence_fault(p, &b, now, &field);
        if (fault == NULL || strcmp(fault, bad[i].fault) != 0)
            fail_msg("%s: %s", bad[i].rrule, fault == NULL ? "good" : fault);
        assert_string_equal(field, "rrule");
    }
    /* None of them keeps the loop waiting. */
    assert_true(clock_mono_ms(&clock_system) - began < 3000);
    char large[300];
    memset(large, ';', sizeof(large));
    memcpy(large, "FREQ=DAILY", 10);
    large[299] = '\0';
    struct broadcast b = rule(large, "2026-03-17 09:40");
    assert_string_equal(recurrence_fault(p, &b, now, &field), "invalid");
    b = (struct broadcast){.workday = 24, .at_ms = now};
    assert_string_equal(recurrence_fault(p, &b, now, &field), "invalid");
    assert_string_equal(field, "workday");
    b.workday = -24;
    assert_string_equal(recurrence_fault(p, &b, now, &field), "invalid");
    b = rule("FREQ=DAILY", "2026-03-17 09:40");
    b.workday = 1;
    assert_string_equal(recurrence_fault(p, &b, now, &field), "invalid");
}

/* ---- when nothing is sent ------------------------------------------------ */

static const char *opens(const struct policy *p, const char *when) {
    int64_t open = windows_open_ms(p, at(when));
    return open == 0 ? "now" : print(open);
}

static void test_windows(void **state) {
    const struct policy *p = *state;
    assert_string_equal(opens(p, "2026-11-03 07:29"), "2026-11-03 07:30");
    assert_string_equal(opens(p, "2026-11-03 07:30"), "now");
    assert_string_equal(opens(p, "2026-11-03 10:59"), "now");
    assert_string_equal(opens(p, "2026-11-03 11:00"), "2026-11-03 13:30");
    assert_string_equal(opens(p, "2026-11-03 13:30"), "now");
    assert_string_equal(opens(p, "2026-11-03 21:29"), "now");
    assert_string_equal(opens(p, "2026-11-03 21:30"), "2026-11-04 07:30");
    assert_string_equal(opens(p, "2026-11-03 00:00"), "2026-11-03 07:30");
    /* Weekends are none of its holidays. */
    assert_string_equal(opens(p, "2026-11-07 10:00"), "now");
    assert_string_equal(opens(p, "2026-09-30 22:00"), "2026-10-08 07:30");
    assert_string_equal(opens(p, "2026-10-03 10:00"), "2026-10-08 07:30");
    assert_int_equal(
        windows_open_ms(p, at("2026-11-03 21:29") + HOUR_MS / 60 - 1), 0);
}

static void test_always_open(void **state) {
    const struct policy *p = *state;
    assert_string_equal(opens(p, "2026-10-01 00:00"), "now");
    assert_string_equal(opens(p, "2026-11-03 23:59"), "now");
}

static void test_held_firings(void **state) {
    const struct policy *p = *state;
    struct broadcast b = rule("FREQ=DAILY", "2026-09-29 12:00");
    /* A week of holidays is one firing, not eight. */
    FIRES(p, &b, "2026-09-29 00:00", "2026-09-29 13:30", "2026-09-30 13:30",
          "2026-10-08 07:30", "2026-10-08 13:30", "2026-10-09 13:30");
    b = rule("FREQ=HOURLY", "2026-11-03 00:00");
    FIRES(p, &b, "2026-11-03 20:00", "2026-11-03 21:00", "2026-11-04 07:30",
          "2026-11-04 08:00");
    b.ignores_hours = true;
    FIRES(p, &b, "2026-11-03 21:00", "2026-11-03 22:00", "2026-11-03 23:00");
    b = (struct broadcast){.at_ms = at("2026-11-03 22:00")};
    FIRES(p, &b, "2026-11-03 08:00", "2026-11-04 07:30");
    b.at_ms = 0;
    FIRES(p, &b, "2026-11-03 11:10", "2026-11-03 13:30");
    FIRES(p, &b, "2026-11-03 10:10", "2026-11-03 10:10");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_far_from_the_begin, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nth_workday, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_windows, setup_hold, teardown),
        cmocka_unit_test_setup_teardown(test_always_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held_firings, setup_hold,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "bot/worktime.h"

#include "base/mem.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define OFFSET 480 /* minutes: Beijing */
#define HOUR_MS 3600000LL
#define MINUTE_MS 60000LL
#define DAY_MS (24 * HOUR_MS)

/* "2026-10-01 09:30", local. */
static int64_t at(const char *text) {
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d %H:%M", &tm);
    assert_non_null(end);
    assert_int_equal(*end, '\0');
    return ((int64_t)timegm(&tm) - OFFSET * 60) * 1000;
}

static void assert_at(int64_t ms, const char *text) {
    char said[32];
    time_t seconds = (time_t)(ms / 1000 + OFFSET * 60);
    struct tm tm;
    strftime(said, sizeof(said), "%Y-%m-%d %H:%M", gmtime_r(&seconds, &tm));
    assert_string_equal(said, text);
    assert_int_equal(ms % MINUTE_MS, 0);
}

static const char *const office = "09:00-12:00,13:30-17:30"; /* 7 h */

static struct worktime *office_week(void) {
    struct worktime *worktime = worktime_new(OFFSET);
    for (int day = 0; day < 5; day++)
        assert_int_equal(worktime_set_hours(worktime, day, office), OK);
    return worktime;
}

static void holidays(struct worktime *worktime, const char *const *days,
                     size_t n, bool working) {
    for (size_t i = 0; i < n; i++)
        assert_int_equal(worktime_set_day(worktime, days[i], working), OK);
}

static void test_lunch_and_night(void **state) {
    struct worktime *w = office_week();
    (void)state;
    /* A Wednesday. */
    int64_t from = at("2026-11-18 10:00");
    assert_at(worktime_add(w, from, HOUR_MS), "2026-11-18 11:00");
    assert_at(worktime_add(w, from, 2 * HOUR_MS), "2026-11-18 12:00");
    assert_at(worktime_add(w, from, 2 * HOUR_MS + MINUTE_MS),
              "2026-11-18 13:31");
    assert_at(worktime_add(w, from, 6 * HOUR_MS), "2026-11-18 17:30");
    assert_at(worktime_add(w, from, 7 * HOUR_MS), "2026-11-19 10:00");
    assert_at(worktime_add(w, at("2026-11-18 12:30"), MINUTE_MS),
              "2026-11-18 13:31");
    assert_at(worktime_add(w, at("2026-11-18 03:00"), MINUTE_MS),
              "2026-11-18 09:01");
    assert_at(worktime_add(w, at("2026-11-18 23:59"), MINUTE_MS),
              "2026-11-19 09:01");
    assert_int_equal(worktime_add(w, from, 0), from);
    assert_int_equal(worktime_add(w, from, -5), from);
    assert_int_equal(worktime_between(w, from, at("2026-11-18 13:00")),
                     2 * HOUR_MS);
    assert_int_equal(worktime_between(w, from, at("2026-11-19 10:00")),
                     7 * HOUR_MS);
    assert_int_equal(worktime_between(w, from, from), 0);
    assert_int_equal(worktime_between(w, from, from - DAY_MS), 0);
    worktime_free(w);
}

static void test_weekend(void **state) {
    struct worktime *w = office_week();
    (void)state;
    assert_at(worktime_add(w, at("2026-11-20 17:00"), HOUR_MS),
              "2026-11-23 09:30"); /* Friday to Monday */
    assert_at(worktime_add(w, at("2026-11-21 11:00"), HOUR_MS),
              "2026-11-23 10:00");
    assert_int_equal(
        worktime_between(w, at("2026-11-21 00:00"), at("2026-11-23 00:00")), 0);
    assert_at(worktime_add(w, at("2026-11-18 09:00"), 35 * HOUR_MS),
              "2026-11-24 17:30"); /* five days of seven hours */
    worktime_free(w);
}

/* The Spring Festival of 2026: nine days, and two Saturdays worked for them. */
static void test_holidays_and_make_up_days(void **state) {
    static const char *const off[] = {"2026-02-15", "2026-02-16", "2026-02-17",
                                      "2026-02-18", "2026-02-19", "2026-02-20",
                                      "2026-02-21", "2026-02-22", "2026-02-23"};
    static const char *const on[] = {"2026-02-14", "2026-02-28"};
    struct worktime *w = office_week();
    (void)state;
    holidays(w, off, ARRAY_LEN(off), false);
    holidays(w, on, ARRAY_LEN(on), true);
    assert_at(worktime_add(w, at("2026-02-13 17:00"), HOUR_MS),
              "2026-02-14 09:30");
    assert_at(worktime_add(w, at("2026-02-14 17:00"), HOUR_MS),
              "2026-02-24 09:30");
    assert_int_equal(
        worktime_between(w, at("2026-02-14 00:00"), at("2026-03-01 00:00")),
        (1 + 4 + 1) * 7 * HOUR_MS);
    /* Said again, it holds. */
    assert_int_equal(worktime_set_day(w, "2026-02-28", false), OK);
    assert_at(worktime_add(w, at("2026-02-27 17:00"), HOUR_MS),
              "2026-03-02 09:30");
    worktime_free(w);
}

static void test_over_the_end_of_a_year(void **state) {
    static const char *const off[] = {"2026-01-01", "2026-01-02", "2026-01-03"};
    struct worktime *w = office_week();
    (void)state;
    holidays(w, off, ARRAY_LEN(off), false);
    assert_int_equal(worktime_set_day(w, "2026-01-04", true), OK); /* Sunday */
    assert_at(worktime_add(w, at("2025-12-31 16:30"), 2 * HOUR_MS),
              "2026-01-04 10:00");
    assert_int_equal(
        worktime_between(w, at("2025-12-31 16:30"), at("2026-01-05 10:00")),
        9 * HOUR_MS);
    /* A leap day, and years that no holiday is known of. */
    assert_at(worktime_add(w, at("2028-02-28 17:00"), HOUR_MS),
              "2028-02-29 09:30");
    assert_at(worktime_add(w, at("2026-01-05 09:00"), 52 * 35 * HOUR_MS),
              "2027-01-01 17:30");
    worktime_free(w);
}

static void test_no_hours_at_all(void **state) {
    struct worktime *w = worktime_new(OFFSET);
    (void)state;
    assert_int_equal(worktime_set_day(w, "2026-01-04", true), OK);
    assert_int_equal(worktime_add(w, 1000, 500), 1500);
    assert_int_equal(worktime_between(w, 0, 365 * DAY_MS * 100), 0);
    worktime_free(w);
    worktime_free(NULL);
}

static void test_around_the_clock(void **state) {
    struct worktime *w = worktime_new(OFFSET);
    (void)state;
    for (int day = 0; day < 7; day++)
        assert_int_equal(
            worktime_set_hours(w, day, day % 2 ? "24h" : "00:00-24:00"), OK);
    int64_t from = at("2026-06-19 11:11");
    for (int64_t span = 1; span < 40 * DAY_MS; span = span * 3 + 7) {
        assert_int_equal(worktime_add(w, from, span), from + span);
        assert_int_equal(worktime_between(w, from, from + span), span);
    }
    worktime_free(w);
}

static void test_refused(void **state) {
    static const char *const hours[] = {
        "9",
        "09:00",
        "09:00-",
        "17:00-09:00",
        "09:00-25:00",
        "a",
        ",",
        "09:00-12:00,",
        "09:00-12:00,11:00-13:00",
        "13:00-14:00,09:00-10:00",
        "09:00-09:00x",
        "09:00-12:00;13:00-14:00",
        ("1:00-1:01,2:00-2:01,3:00-3:01,4:00-4:01,5:00-5:01,6:00-6:01,"
         "7:00-7:01,8:00-8:01,9:00-9:01"),
    };
    static const char *const days[] = {
        "",           "2026",       "2026-1-1",    "2026-13-01", "2026-02-29",
        "2026-00-10", "2026-06-31", "2026-01-011", "1969-12-31", "2026/01/01",
        "+026-01-01", "2026-01-0x", "2026-01-00"};
    struct worktime *w = office_week();
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hours); i++)
        assert_int_equal(worktime_set_hours(w, 0, hours[i]), ERR_INVALID);
    assert_int_equal(worktime_set_hours(w, 7, office), ERR_INVALID);
    assert_int_equal(worktime_set_hours(w, -1, office), ERR_INVALID);
    for (size_t i = 0; i < ARRAY_LEN(days); i++)
        assert_int_equal(worktime_set_day(w, days[i], false), ERR_INVALID);
    /* What was refused changed nothing. */
    assert_at(worktime_add(w, at("2026-11-18 09:00"), 35 * HOUR_MS),
              "2026-11-24 17:30");
    worktime_free(w);
}

/* ---- against a calendar of minutes ----------------------------------------
 */

#define FIRST_DAY "2025-12-01 00:00"
#define DAYS 120
#define MINUTES (DAYS * 1440)

struct reference {
    struct worktime *worktime;
    int64_t begin;
    bool works[MINUTES];
};

static unsigned next_random(unsigned *seed, unsigned below) {
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % below;
}

/* Hours as text, and as minutes of a day. */
static void make_hours(unsigned *seed, char *text, size_t size,
                       bool works[1440]) {
    size_t used = 0;
    unsigned minute = next_random(seed, 600);
    memset(works, 0, 1440);
    text[0] = '\0';
    for (unsigned n = next_random(seed, 4); n > 0 && minute < 1440; n--) {
        unsigned to = minute + 1 + next_random(seed, 400);
        if (to > 1440)
            to = 1440;
        used += (size_t)snprintf(text + used, size - used,
                                 "%s%02u:%02u-%02u:%02u", used > 0 ? "," : "",
                                 minute / 60, minute % 60, to / 60, to % 60);
        memset(works + minute, 1, to - minute);
        minute = to + next_random(seed, 200);
    }
}

static void make_reference(struct reference *r, unsigned *seed) {
    static bool week[7][1440];
    char text[128];
    r->worktime = worktime_new(OFFSET);
    r->begin = at(FIRST_DAY); /* a Monday */
    for (int day = 0; day < 7; day++) {
        make_hours(seed, text, sizeof(text), week[day]);
        assert_int_equal(worktime_set_hours(r->worktime, day, text), OK);
    }
    for (int day = 0; day < DAYS; day++)
        memcpy(r->works + day * 1440, week[day % 7], 1440);
    for (int i = 0; i < 12; i++) {
        unsigned day = 20 + next_random(seed, 40);
        bool working = next_random(seed, 2) == 1;
        time_t seconds =
            (time_t)(r->begin / 1000 + OFFSET * 60 + (int64_t)day * 86400);
        struct tm tm;
        strftime(text, sizeof(text), "%Y-%m-%d", gmtime_r(&seconds, &tm));
        assert_int_equal(worktime_set_day(r->worktime, text, working), OK);
        if (working)
            memcpy(r->works + day * 1440, week[0], 1440);
        else
            memset(r->works + day * 1440, 0, 1440);
    }
}

static void check_spans(const struct reference *r, unsigned *seed) {
    for (int i = 0; i < 40; i++) {
        unsigned from = next_random(seed, MINUTES / 2);
        unsigned to = from + next_random(seed, MINUTES / 2);
        int64_t worked = 0;
        for (unsigned minute = from; minute < to; minute++)
            worked += r->works[minute];
        int64_t from_ms = r->begin + from * MINUTE_MS;
        int64_t to_ms = r->begin + to * MINUTE_MS;
        assert_int_equal(worktime_between(r->worktime, from_ms, to_ms),
                         worked * MINUTE_MS);
        if (worked == 0)
            continue;
        while (!r->works[to - 1])
            to--;
        assert_int_equal(worktime_add(r->worktime, from_ms, worked * MINUTE_MS),
                         r->begin + to * MINUTE_MS);
    }
}

static void test_as_a_calendar_of_minutes(void **state) {
    struct reference *r = xcalloc(1, sizeof(*r));
    unsigned seed = 7;
    (void)state;
    for (int round = 0; round < 60; round++) {
        make_reference(r, &seed);
        check_spans(r, &seed);
        worktime_free(r->worktime);
    }
    free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lunch_and_night),
        cmocka_unit_test(test_weekend),
        cmocka_unit_test(test_holidays_and_make_up_days),
        cmocka_unit_test(test_over_the_end_of_a_year),
        cmocka_unit_test(test_no_hours_at_all),
        cmocka_unit_test(test_around_the_clock),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_as_a_calendar_of_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/integration/month_model.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MONTH_DAY_1 17 /* days after the begin: 1 October */
#define LATE_MINUTES 15

const char *const month_hours =
    "{\"quiet\":[\"21:30-07:30\"],\"peaks\":[\"11:00-13:30\",\"17:00-20:00\"],"
    "\"holidays\":\"hold\"}";

static bool is_holiday(int day) {
    return (day >= 11 && day <= 13) || (day >= 17 && day <= 23);
}

static bool is_workday(int day) {
    int weekday = day % 7; /* the first is a Monday */
    if (is_holiday(day))
        return false;
    return weekday < 5 || day == 6 /* 20 September */ ||
           day == 26 /* 10 October */;
}

bool is_open(int minute) {
    int of_day = minute % DAY_MINUTES;
    return !is_holiday(minute / DAY_MINUTES) && of_day >= 7 * 60 + 30 &&
           of_day < 21 * 60 + 30 && !(of_day >= 660 && of_day < 810) &&
           !(of_day >= 1020 && of_day < 1200);
}

#define ALL ""
#define FIRST "{\"group\":[\"qq.g1\",\"qq.g2\",\"qq.g3\",\"qq.g35\"]}"
#define SECOND "{\"group\":[\"qq.g19\",\"qq.g20\",\"qq.g36\"]}"
#define SHARED "{\"group\":[\"qq.g35\",\"qq.g36\",\"qq.g37\"]}"

struct plan plans[PLANS] = {
    {"B9001", DAILY, 540, "FREQ=DAILY", 0, ALL, GROUPS, .lane = LANE_NOTICE},
    {"B9002", DAILY, 720, "FREQ=DAILY", 0, FIRST, 4, .lane = LANE_STUDY},
    {"B9003", THRICE_A_WEEK, 1230, "FREQ=WEEKLY;BYDAY=MO,WE,FR", 0, SECOND, 3,
     .lane = LANE_NOTICE},
    {"B9004", TWICE_A_MONTH, 600, "FREQ=MONTHLY;BYMONTHDAY=1,15", 0, ALL,
     GROUPS, .lane = LANE_STUDY},
    {"B9005", SECOND_WORKDAY, 480, "", 2, ALL, GROUPS, .lane = LANE_NOTICE},
    {"B9006", EVERY_THREE_HOURS, 30, "FREQ=HOURLY;INTERVAL=3", 0, SHARED, 3,
     .lane = LANE_NOTICE},
    {"B9007", DAILY, 1320, "FREQ=DAILY", 0, FIRST, 4, .ignores_hours = true,
     .lane = LANE_NOTICE},
    {"B9008", DAILY, 960, "FREQ=DAILY", 0, SECOND, 3, .skips_missed = true,
     .lane = LANE_STUDY},
    {"B9009", ONCE, 2 * DAY_MINUTES + 600, "", 0, ALL, GROUPS,
     .lane = LANE_NOTICE},
    {"B9010", ONCE, 11 * DAY_MINUTES + 5, "", 0, FIRST, 4, .lane = LANE_NOTICE},
    {"B9011", ONCE, 18 * DAY_MINUTES + 700, "", 0, SECOND, 3,
     .ignores_hours = true, .lane = LANE_NOTICE},
    {"B9012", ONCE, 28 * DAY_MINUTES + 1300, "", 0, ALL, GROUPS,
     .skips_missed = true, .lane = LANE_STUDY},
};

/* Whether it would happen at a minute, whatever the hours. */
static bool occurs(const struct plan *plan, int minute) {
    int day = minute / DAY_MINUTES, of_day = minute % DAY_MINUTES;
    int workdays = 0;
    switch (plan->rhythm) {
    case DAILY:
        return of_day == plan->minute;
    case THRICE_A_WEEK:
        return of_day == plan->minute && day % 7 < 5 && day % 7 % 2 == 0;
    case TWICE_A_MONTH:
        return of_day == plan->minute &&
               (day == 1 || day == MONTH_DAY_1 || day == MONTH_DAY_1 + 14);
    case SECOND_WORKDAY:
        for (int d = MONTH_DAY_1; d <= day; d++)
            workdays += is_workday(d);
        return of_day == plan->minute && day >= MONTH_DAY_1 &&
               is_workday(day) && workdays == 2;
    case EVERY_THREE_HOURS:
        return minute >= plan->minute && (minute - plan->minute) % 180 == 0;
    default:
        return minute == plan->minute;
    }
}

/* The first minute after one when it fires, or the first when it may. */
static int open_after(const struct plan *plan, int minute) {
    while (minute < 2 * MINUTES && !plan->ignores_hours && !is_open(minute))
        minute++;
    return minute;
}

static int next_after(const struct plan *plan, int minute) {
    for (int m = minute + 1; m < MINUTES + DAY_MINUTES; m++)
        if (occurs(plan, m))
            return open_after(plan, m);
    return -1;
}

/* Time passes; while a daemon is up, what is due fires. */
static void foresee(struct plan *plan, int now) {
    while (plan->next >= 0 && plan->next <= now) {
        int open = open_after(plan, now);
        if (plan->skips_missed && now - plan->next > LATE_MINUTES) {
            plan->next = next_after(plan, now);
        } else if (open > now) {
            plan->next = open;
        } else {
            plan->expected = xrealloc(plan->expected,
                                      (plan->n + 1) * sizeof(*plan->expected));
            plan->expected[plan->n++] = now;
            plan->next = next_after(plan, now);
        }
    }
}

const struct blackout blackouts[BLACKOUTS] = {
    {5 * DAY_MINUTES + 15 * 60 + 30, 6 * DAY_MINUTES + 10 * 60 + 10},
    {9 * DAY_MINUTES + 8 * 60 + 50, 9 * DAY_MINUTES + 12 * 60 + 20},
    {15 * DAY_MINUTES + 20 * 60, 16 * DAY_MINUTES + 16 * 60 + 5},
};

static bool is_away(int minute) {
    for (size_t i = 0; i < BLACKOUTS; i++)
        if (minute >= blackouts[i].from && minute < blackouts[i].to)
            return true;
    return false;
}

void plans_foresee(void) {
    for (size_t i = 0; i < PLANS; i++)
        plans[i].next = next_after(&plans[i], -1);
    for (int minute = 0; minute < MINUTES; minute++)
        for (size_t i = 0; i < PLANS; i++)
            if (!is_away(minute))
                foresee(&plans[i], minute);
}

void plans_free(void) {
    for (size_t i = 0; i < PLANS; i++)
        free(plans[i].expected);
}

/* A bucket of its own, filled by the clock. */
struct level {
    double level;
    int64_t at_ms;
};

static void drain(struct level *level, int64_t at_ms, double rate, double burst,
                  const char *what, int which) {
    if (level->at_ms == 0)
        level->level = burst;
    else
        level->level += (double)(at_ms - level->at_ms) / 1000 * rate;
    if (level->level > burst)
        level->level = burst;
    level->level -= 1;
    assert_true(at_ms >= level->at_ms);
    level->at_ms = at_ms;
    if (level->level < -0.001)
        fail_msg("%s %d: more than its bucket holds, at second %lld", what,
                 which, (long long)((at_ms - BEGIN_MS) / SECOND_MS));
}

void buckets_check(const struct record *records, size_t n) {
    static struct level accounts[ACCOUNTS], groups[ACCOUNTS][GROUPS + 1];
    for (size_t i = 0; i < n; i++) {
        const struct record *record = &records[i];
        drain(&accounts[record->account], record->at_ms, RATE, BURST, "account",
              record->account);
        drain(&groups[record->account][record->group], record->at_ms,
              GROUP_RATE, GROUP_BURST, "group", record->group);
    }
}

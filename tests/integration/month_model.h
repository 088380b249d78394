#pragma once

#include "store/notice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is planned for the month of test_planner_month.c, and when it fires by
 * a model that goes from minute to minute. Minutes are counted from the begin.
 */
#define SECOND_MS 1000LL
#define MINUTE_MS 60000LL
#define DAY_MINUTES 1440
#define DAYS 31
#define MINUTES (DAYS * DAY_MINUTES)
/* Monday, 2026-09-14 00:00 in Beijing; the month has two holidays, of 3 days
 * and of 7, and days of weekends that are worked for them. */
#define BEGIN_MS 1789315200000LL
/* The first account is in those up to ONLY_FIRST, the second in the following
 * ones, both in those from SHARED_FROM on. */
#define GROUPS 44
#define ONLY_FIRST 18
#define SHARED_FROM 35

/* The document "broadcasts" that the model holds to. */
extern const char *const month_hours;

/* When things happen, as far as the model goes. */
enum rhythm {
    DAILY,
    THRICE_A_WEEK, /* Monday, Wednesday, Friday */
    TWICE_A_MONTH, /* the 1st and 15th */
    SECOND_WORKDAY,
    EVERY_THREE_HOURS,
    ONCE
};

struct plan {
    const char *id;
    enum rhythm rhythm;
    int minute; /* of the day; ONCE: of the month */
    const char *rrule;
    int workday;
    const char *audience;
    int targets;
    bool ignores_hours, skips_missed;
    enum lane lane;
    int next;      /* the minute it fires; -1: never again */
    int *expected; /* minutes at which it fired */
    size_t n;
};
#define PLANS 12
extern struct plan plans[PLANS];

/* Nobody is there from a minute on, up to another one. */
#define BLACKOUTS 3
extern const struct blackout {
    int from, to;
} blackouts[BLACKOUTS];

bool is_open(int minute);
/* Works out the whole month. */
void plans_foresee(void);
void plans_free(void);

/* ---- what was sent ---- */

#define ACCOUNTS 2
#define RATE 0.5
#define BURST 5.0
#define GROUP_RATE 0.05
#define GROUP_BURST 2.0
/* Lines of the settings that say the same. */
#define PACE                                                                   \
    "public_url=https://bee.example\n[pace]\naccount_rate=0.5\n"               \
    "account_burst=5\ngroup_rate=0.05\ngroup_burst=2\n"                        \
    "broadcast_jitter=500ms\n[rider]\nrate=0\n"

struct record {
    int64_t at_ms;
    int account, group;
    int64_t number; /* of the broadcast */
    int index;
};

/* Fails the test when an account, or an account in a group, sent faster than
 * its bucket allows. In the order of each account. */
void buckets_check(const struct record *records, size_t n);

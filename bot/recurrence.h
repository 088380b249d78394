#pragma once

#include <stdint.h>

struct broadcast;
struct policy;

/*
 * When a broadcast fires: at its moment; by a rule of RFC 5545; or on the nth
 * working day of each month, at its time of day. All in the district's time,
 * from at_ms on, or from now on without one.
 *
 * What falls where nothing is sent (bot/windows.h) fires when it is open again,
 * and what would fire at the same moment then fires once.
 *
 * A rule repeats at most every hour; parts of it that would have to be tried
 * hour by hour over months (BYMONTH of an hourly one) are not taken.
 */
#define RECURRENCE_RULE_BYTES 200
#define RECURRENCE_COUNT_MAX 5000 /* COUNT of a rule */
#define RECURRENCE_WORKDAY_MAX 23 /* and as many from a month's end */
#define RECURRENCE_AHEAD_MS (5LL * 366 * 24 * 3600 * 1000) /* looked at */

/*
 * What is wrong with a rule or working day: NULL, or "invalid", "too_often",
 * or "never", which is not once after after_ms; and the field of it: "rrule"
 * or "workday".
 */
const char *recurrence_fault(const struct policy *policy,
                             const struct broadcast *broadcast,
                             int64_t after_ms, const char **field);

/*
 * The next moment it fires after after_ms; 0: never again. Of one that does not
 * repeat it is its at_ms, or after_ms where that has passed, or when it is open
 * then: always one.
 */
int64_t recurrence_next(const struct policy *policy,
                        const struct broadcast *broadcast, int64_t after_ms);

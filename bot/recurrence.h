#pragma once

#include <stdbool.h>
#include <stdint.h>

struct broadcast;
struct policy;

/*
 * When a broadcast fires: at its moment; by a rule of RFC 5545; or on the nth
 * working day of each month, at its time of day. All in the district's time.
 *
 * What falls where nothing is sent (bot/windows.h) fires when it is open again,
 * and what would fire at the same moment then fires once.
 */
#define RECURRENCE_RULE_BYTES 200
#define RECURRENCE_COUNT_MAX 5000         /* COUNT of a rule */
#define RECURRENCE_WORKDAY_MAX 23         /* and as many from a month's end */
#define RECURRENCE_GAP_MS (3600 * 1000LL) /* fires no more often */

/*
 * Whether it could be: NULL, or "invalid", "too_often" or "never", and then
 * the field of it: "rrule", "workday" or "at_ms". from_ms is when it is to
 * begin at the earliest.
 */
const char *recurrence_fault(const struct policy *policy,
                             const struct broadcast *broadcast, int64_t from_ms,
                             const char **field);

/*
 * The next moment it fires after after_ms; 0: never again. Of one that does not
 * repeat it is its at_ms, or after_ms where that has passed: always one.
 */
int64_t recurrence_next(const struct policy *policy,
                        const struct broadcast *broadcast, int64_t after_ms);

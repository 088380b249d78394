#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Working time: the hours of a week, with the public holidays and the make-up
 * working days of each year. Times are ms since 1970, spans of working time are
 * ms, too.
 */
struct worktime;

struct worktime *worktime_new(int utc_offset_minutes);
void worktime_free(struct worktime *worktime); /* takes NULL */

/* Hours of a weekday (0 Monday .. 6 Sunday) as "09:00-12:00,13:30-17:30", ""
 * for none. A make-up working day has those of Monday. */
enum err worktime_set_hours(struct worktime *worktime, int weekday,
                            const char *hours) must_check;
/* "2026-10-01" is a holiday, or a working day whatever its weekday. */
enum err worktime_set_day(struct worktime *worktime, const char *day,
                          bool working) must_check;

/* Whether the day of a moment is worked, by its weekday and its date; whether
 * it is a public holiday, as no Sunday is one. */
bool worktime_is_workday(const struct worktime *worktime, int64_t at_ms);
bool worktime_is_holiday(const struct worktime *worktime, int64_t at_ms);

/* The moment when span_ms of working time after from_ms have passed. Never: a
 * calendar without any hours gives from_ms + span_ms. */
int64_t worktime_add(const struct worktime *worktime, int64_t from_ms,
                     int64_t span_ms);
/* Working time between two moments; 0 when to_ms is not after from_ms. */
int64_t worktime_between(const struct worktime *worktime, int64_t from_ms,
                         int64_t to_ms);

#include "bot/recurrence.h"

#include "bot/policy.h"
#include "bot/windows.h"
#include "bot/worktime.h"
#include "store/broadcast.h"

#include <libical/ical.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_MS 1000LL
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define MONTHS_MAX 60 /* looked at for an nth working day */

/* ---- times: of the district, without a zone ------------------------------ */

static struct tm local_tm(const struct policy *policy, int64_t at_ms) {
    struct tm tm;
    time_t local = (time_t)((at_ms + policy_offset_ms(policy)) / SECOND_MS);
    gmtime_r(&local, &tm);
    return tm;
}

static struct icaltimetype to_ical(const struct policy *policy, int64_t at_ms) {
    struct tm tm = local_tm(policy, at_ms);
    struct icaltimetype out = icaltime_null_time();
    out.year = tm.tm_year + 1900;
    out.month = tm.tm_mon + 1;
    out.day = tm.tm_mday;
    out.hour = tm.tm_hour;
    out.minute = tm.tm_min;
    out.second = tm.tm_sec;
    return out;
}

static int64_t from_ical(const struct policy *policy, struct icaltimetype at) {
    struct tm tm = {.tm_year = at.year - 1900,
                    .tm_mon = at.month - 1,
                    .tm_mday = at.day,
                    .tm_hour = at.hour,
                    .tm_min = at.minute,
                    .tm_sec = at.second};
    return (int64_t)timegm(&tm) * SECOND_MS - policy_offset_ms(policy);
}

/* ---- rules --------------------------------------------------------------- */

static bool has(const short *list) {
    return list[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

static bool has_two(const short *list) {
    return has(list) && list[1] != ICAL_RECURRENCE_ARRAY_MAX;
}

/* Whether some month of the rule has a day of it: of those that never do, the
 * library tries each until the year 2582. */
static bool has_a_date(const struct icalrecurrencetype *rule) {
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!has(rule->by_month) || !has(rule->by_month_day))
        return true;
    for (size_t i = 0; rule->by_month[i] != ICAL_RECURRENCE_ARRAY_MAX; i++)
        for (size_t j = 0; rule->by_month_day[j] != ICAL_RECURRENCE_ARRAY_MAX;
             j++) {
            int month = rule->by_month[i], day = rule->by_month_day[j];
            if (month >= 1 && month <= 12 &&
                (day < 0 ? -day : day) <= days[month - 1])
                return true;
        }
    return false;
}

static const char *rule_fault(const struct icalrecurrencetype *rule) {
    bool hourly = rule->freq == ICAL_HOURLY_RECURRENCE;
    if (rule->freq == ICAL_NO_RECURRENCE || rule->rscale != NULL ||
        rule->count < 0 || rule->count > RECURRENCE_COUNT_MAX)
        return "invalid";
    if (rule->freq < ICAL_HOURLY_RECURRENCE || has_two(rule->by_minute) ||
        has_two(rule->by_second))
        return "too_often";
    if (rule->freq != ICAL_YEARLY_RECURRENCE &&
        (has(rule->by_week_no) || has(rule->by_year_day)))
        return "invalid";
    if (hourly &&
        (has(rule->by_month) || has(rule->by_month_day) ||
         has(rule->by_set_pos) || (has(rule->by_hour) && rule->interval > 1)))
        return "invalid";
    return has_a_date(rule) ? NULL : "never";
}

static int by_value(const void *a, const void *b) {
    return *(const short *)a - *(const short *)b;
}

/* The rule, or freq ICAL_NO_RECURRENCE. rscale is to be freed. */
static struct icalrecurrencetype parse(const char *text) {
    struct icalrecurrencetype rule;
    icalrecurrencetype_clear(&rule);
    if (strlen(text) > RECURRENCE_RULE_BYTES)
        return rule;
    icalerror_set_errors_are_fatal(0);
    rule = icalrecurrencetype_from_string(text);
    /* The library gives the hours of a day in this order. */
    size_t hours = 0;
    while (rule.by_hour[hours] != ICAL_RECURRENCE_ARRAY_MAX)
        hours++;
    qsort(rule.by_hour, hours, sizeof(rule.by_hour[0]), by_value);
    return rule;
}

static void forget(struct icalrecurrencetype *rule) {
    icalmemory_free_buffer(rule->rscale);
    rule->rscale = NULL;
}

/* A rule under way. */
struct walk {
    struct icalrecurrencetype rule;
    struct icaltimetype begin; /* not before */
    struct icaltimetype after; /* wanted is what is later */
    int count;                 /* of all that it gives, 0: any */
};

/* Without an end the library goes on for centuries: it gets one. "Until" in
 * UTC, or a day, becomes a local moment. */
static void set_until(const struct policy *policy, struct walk *walk,
                      int64_t after_ms) {
    struct icaltimetype *until = &walk->rule.until;
    struct icaltimetype end = to_ical(policy, after_ms + RECURRENCE_AHEAD_MS);
    if (icaltime_is_null_time(*until)) {
        *until = end;
        return;
    }
    if (until->is_date) {
        until->is_date = 0;
        until->hour = 23;
        until->minute = until->second = 59;
    } else if (icaltime_is_utc(*until)) {
        int offset_s = (int)(policy_offset_ms(policy) / SECOND_MS);
        icaltime_adjust(until, 0, 0, 0, offset_s);
    }
    until->zone = NULL;
    if (icaltime_compare(*until, end) > 0)
        *until = end;
}

/* The library's way to begin later (icalrecur_iterator_set_start()) does not
 * keep to an interval of hours. Every hour that is among some hours of the day
 * is the same as each day at those hours. */
static void skip_hours(const struct policy *policy, struct walk *walk,
                       int64_t at_ms, int64_t after_ms) {
    int64_t step = walk->rule.interval * HOUR_MS;
    if (walk->rule.freq != ICAL_HOURLY_RECURRENCE)
        return;
    if (has(walk->rule.by_hour))
        walk->rule.freq = ICAL_DAILY_RECURRENCE;
    else if (walk->count == 0 && after_ms - at_ms > step)
        walk->begin = to_ical(policy, at_ms + (after_ms - at_ms) / step * step);
}

/* What lies far behind needs not be walked through, unless it is counted. */
static icalrecur_iterator *begin_walk(const struct walk *walk) {
    icalrecur_iterator *at = icalrecur_iterator_new(walk->rule, walk->begin);
    struct icaltimetype day = walk->after;
    day.hour = day.minute = day.second = 0;
    if (at != NULL && walk->count == 0 &&
        walk->rule.freq != ICAL_HOURLY_RECURRENCE &&
        icaltime_compare(day, walk->begin) > 0)
        icalrecur_iterator_set_start(at, day);
    return at;
}

static struct icaltimetype walk_on(const struct walk *walk,
                                   icalrecur_iterator *at) {
    struct icaltimetype next = icalrecur_iterator_next(at);
    for (int n = 1; !icaltime_is_null_time(next); n++) {
        if (icaltime_compare(next, walk->after) > 0)
            break;
        next = walk->count != 0 && n == walk->count
                   ? icaltime_null_time()
                   : icalrecur_iterator_next(at);
    }
    return next;
}

static int64_t rule_next(const struct policy *policy,
                         const struct broadcast *broadcast, int64_t after_ms) {
    struct walk walk = {.rule = parse(broadcast->rrule)};
    struct icaltimetype found = icaltime_null_time();
    if (rule_fault(&walk.rule) == NULL) {
        walk.count = walk.rule.count;
        walk.rule.count = 0;
        int64_t at_ms = broadcast->at_ms != 0 ? broadcast->at_ms : after_ms;
        walk.begin = to_ical(policy, at_ms);
        walk.after = to_ical(policy, after_ms);
        set_until(policy, &walk, after_ms > at_ms ? after_ms : at_ms);
        skip_hours(policy, &walk, at_ms, after_ms);
        icalrecur_iterator *at = begin_walk(&walk);
        if (at != NULL)
            found = walk_on(&walk, at);
        icalrecur_iterator_free(at);
    }
    forget(&walk.rule);
    return icaltime_is_null_time(found) ? 0 : from_ical(policy, found);
}

/* ---- the nth working day ------------------------------------------------- */

/* The day of a month that is its nth working day, by its first moment; 0: it
 * has not as many. */
static int64_t nth_workday(const struct policy *policy, int year, int month,
                           int n) {
    const struct worktime *worktime = policy_worktime(policy);
    int64_t from = from_ical(
        policy, (struct icaltimetype){.year = year, .month = month, .day = 1});
    int days = icaltime_days_in_month(month, year);
    int step = n > 0 ? 1 : -1;
    for (int i = n > 0 ? 0 : days - 1; i >= 0 && i < days; i += step) {
        if (worktime_is_workday(worktime, from + i * DAY_MS))
            n -= step;
        if (n == 0)
            return from + i * DAY_MS;
    }
    return 0;
}

static int64_t workday_next(const struct policy *policy,
                            const struct broadcast *broadcast,
                            int64_t after_ms) {
    int64_t from =
        after_ms >= broadcast->at_ms ? after_ms + 1 : broadcast->at_ms;
    int64_t of_day = (broadcast->at_ms + policy_offset_ms(policy)) % DAY_MS;
    struct tm tm = local_tm(policy, from);
    int year = tm.tm_year + 1900, month = tm.tm_mon + 1;
    for (int i = 0; i < MONTHS_MAX; i++) {
        int64_t day = nth_workday(policy, year, month, broadcast->workday);
        if (day != 0 && day + of_day >= from)
            return day + of_day;
        month = month % 12 + 1;
        year += month == 1;
    }
    return 0;
}

/* ---- all of them --------------------------------------------------------- */

static bool has_rule(const struct broadcast *broadcast) {
    return broadcast->rrule != NULL && broadcast->rrule[0] != '\0';
}

static int64_t next_plain(const struct policy *policy,
                          const struct broadcast *broadcast, int64_t after_ms) {
    if (has_rule(broadcast))
        return rule_next(policy, broadcast, after_ms);
    if (broadcast->workday != 0)
        return workday_next(policy, broadcast, after_ms);
    return broadcast->at_ms > after_ms ? broadcast->at_ms : after_ms;
}

const char *recurrence_fault(const struct policy *policy,
                             const struct broadcast *broadcast,
                             int64_t after_ms, const char **field) {
    int n = broadcast->workday;
    *field = "workday";
    if (n < -RECURRENCE_WORKDAY_MAX || n > RECURRENCE_WORKDAY_MAX ||
        (n != 0 && has_rule(broadcast)))
        return "invalid";
    if (has_rule(broadcast)) {
        *field = "rrule";
        struct icalrecurrencetype rule = parse(broadcast->rrule);
        const char *fault = rule_fault(&rule);
        forget(&rule);
        if (fault != NULL)
            return fault;
    }
    return next_plain(policy, broadcast, after_ms) == 0 ? "never" : NULL;
}

int64_t recurrence_next(const struct policy *policy,
                        const struct broadcast *broadcast, int64_t after_ms) {
    int64_t at = next_plain(policy, broadcast, after_ms);
    if (at == 0 || broadcast->ignores_hours)
        return at;
    int64_t open = windows_open_ms(policy, at);
    return open != 0 ? open : at;
}

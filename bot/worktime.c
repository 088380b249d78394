#include "bot/worktime.h"

#include "base/hours.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uthash.h>

#define MINUTE_MS 60000LL
#define DAY_MINUTES 1440
#define DAY_MS (DAY_MINUTES * MINUTE_MS)
#define WEEK 7
#define MONDAY 0
#define SPANS_MAX 8     /* of a day */
#define DATES_MAX 36525 /* named ones: a hundred years of them */
#define DATE_LEN 10     /* "2026-10-01" */

/* Working hours of a day, in ms since its midnight, in their order. */
struct day_hours {
    struct {
        int64_t from, to;
    } spans[SPANS_MAX];
    size_t n;
    int64_t total;
};

/* A day whose weekday does not tell whether it is worked. */
struct date {
    int64_t day; /* days since 1970, local */
    bool working;
    UT_hash_handle hh;
};

struct worktime {
    int64_t offset_ms;
    struct day_hours week[WEEK];
    int64_t week_total;
    struct date *dates;
    int64_t first, last; /* of dates; first is after last when there is none */
};

struct worktime *worktime_new(int utc_offset_minutes) {
    struct worktime *worktime = xcalloc(1, sizeof(*worktime));
    worktime->offset_ms = utc_offset_minutes * MINUTE_MS;
    worktime->first = INT64_MAX;
    worktime->last = INT64_MIN;
    return worktime;
}

void worktime_free(struct worktime *worktime) {
    struct date *date, *next;
    if (worktime == NULL)
        return;
    HASH_ITER(hh, worktime->dates, date, next) {
        HASH_DEL(worktime->dates, date);
        free(date);
    }
    free(worktime);
}

/* ---- what is laid down ------------------------------------------------------
 */

/* One "09:00-12:00" behind those before it. */
static bool add_span(struct day_hours *day, const char *text, size_t len) {
    char span[32];
    struct hours hours;
    if (len >= sizeof(span) || day->n == SPANS_MAX)
        return false;
    memcpy(span, text, len);
    span[len] = '\0';
    if (!hours_parse(span, &hours))
        return false;
    int to = hours.to == 0 ? DAY_MINUTES : hours.to; /* until midnight */
    int64_t before = day->n == 0 ? 0 : day->spans[day->n - 1].to;
    if (hours.from >= to || hours.from * MINUTE_MS < before)
        return false;
    day->spans[day->n].from = hours.from * MINUTE_MS;
    day->spans[day->n].to = to * MINUTE_MS;
    day->total += (to - hours.from) * MINUTE_MS;
    day->n++;
    return true;
}

enum err worktime_set_hours(struct worktime *worktime, int weekday,
                            const char *hours) {
    struct day_hours day = {0};
    if (weekday < 0 || weekday >= WEEK)
        return ERR_INVALID;
    for (const char *at = hours; hours[0] != '\0';) {
        size_t len = strcspn(at, ",");
        if (!add_span(&day, at, len))
            return ERR_INVALID;
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    worktime->week_total += day.total - worktime->week[weekday].total;
    worktime->week[weekday] = day;
    return OK;
}

/* Days since 1970 of "2026-10-01"; false for anything else. */
static bool parse_date(const char *text, int64_t *day) {
    static const char form[] = "0000-00-00";
    int part[3] = {0}, at = 0;
    for (size_t i = 0; i < DATE_LEN; i++) {
        if (form[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
        if (form[i] == '-')
            at++;
        else
            part[at] = part[at] * 10 + text[i] - '0';
    }
    struct tm tm = {
        .tm_year = part[0] - 1900, .tm_mon = part[1] - 1, .tm_mday = part[2]};
    time_t seconds = timegm(&tm); /* which moves the 31st of June */
    *day = (int64_t)seconds / (DAY_MS / 1000);
    return text[DATE_LEN] == '\0' && part[0] >= 1970 &&
           tm.tm_mon == part[1] - 1 && tm.tm_mday == part[2];
}

enum err worktime_set_day(struct worktime *worktime, const char *day,
                          bool working) {
    int64_t number;
    struct date *date;
    if (!parse_date(day, &number))
        return ERR_INVALID;
    HASH_FIND(hh, worktime->dates, &number, sizeof(number), date);
    if (date == NULL) {
        if (HASH_COUNT(worktime->dates) >= DATES_MAX)
            return ERR_LIMIT;
        date = xcalloc(1, sizeof(*date));
        date->day = number;
        HASH_ADD(hh, worktime->dates, day, sizeof(date->day), date);
    }
    date->working = working;
    if (number < worktime->first)
        worktime->first = number;
    if (number > worktime->last)
        worktime->last = number;
    return OK;
}

/* ---- days -----------------------------------------------------------------
 */

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static const struct day_hours *hours_of(const struct worktime *worktime,
                                        int64_t day) {
    static const struct day_hours none;
    struct date *date;
    HASH_FIND(hh, worktime->dates, &day, sizeof(day), date);
    if (date != NULL && !date->working)
        return &none;
    if (date != NULL)
        return &worktime->week[MONDAY];
    int64_t weekday = (day + 3) % WEEK; /* 1970 began on a Thursday */
    return &worktime->week[weekday < 0 ? weekday + WEEK : weekday];
}

static int64_t day_of(const struct worktime *worktime, int64_t at_ms) {
    return floor_div(at_ms + worktime->offset_ms, DAY_MS);
}

bool worktime_is_workday(const struct worktime *worktime, int64_t at_ms) {
    return hours_of(worktime, day_of(worktime, at_ms))->total > 0;
}

bool worktime_is_holiday(const struct worktime *worktime, int64_t at_ms) {
    int64_t day = day_of(worktime, at_ms);
    const struct date *date;
    HASH_FIND(hh, worktime->dates, &day, sizeof(day), date);
    return date != NULL && !date->working;
}

/* How many whole weeks from day on, of those before end, have no named date:
 * they need not be walked through day by day. */
static int64_t plain_weeks(const struct worktime *worktime, int64_t day,
                           int64_t end) {
    if (day <= worktime->last) {
        if (day >= worktime->first)
            return 0;
        if (end > worktime->first)
            end = worktime->first;
    }
    return end > day ? (end - day) / WEEK : 0;
}

/* Working time of a day before a moment of it. */
static int64_t worked_before(const struct day_hours *day, int64_t moment) {
    int64_t sum = 0;
    for (size_t i = 0; i < day->n && day->spans[i].from < moment; i++)
        sum += (day->spans[i].to < moment ? day->spans[i].to : moment) -
               day->spans[i].from;
    return sum;
}

/* The first moment of a day before which worked ms of it are; worked is more
 * than 0 and at most its total. */
static int64_t moment_of(const struct day_hours *day, int64_t worked) {
    size_t i = 0;
    for (; worked > day->spans[i].to - day->spans[i].from; i++)
        worked -= day->spans[i].to - day->spans[i].from;
    return day->spans[i].from + worked;
}

/* ---- sums -----------------------------------------------------------------
 */

int64_t worktime_add(const struct worktime *worktime, int64_t from_ms,
                     int64_t span_ms) {
    if (span_ms <= 0)
        return from_ms;
    if (worktime->week_total == 0)
        return from_ms + span_ms;
    int64_t local = from_ms + worktime->offset_ms;
    int64_t day = floor_div(local, DAY_MS);
    /* Counted from the midnight before. */
    int64_t left =
        span_ms + worked_before(hours_of(worktime, day), local - day * DAY_MS);
    while (left > hours_of(worktime, day)->total) {
        int64_t weeks = (left - 1) / worktime->week_total;
        int64_t plain = plain_weeks(worktime, day, day + (weeks + 1) * WEEK);
        if (plain > weeks)
            plain = weeks;
        left -= plain * worktime->week_total;
        day += plain * WEEK;
        if (plain == 0)
            left -= hours_of(worktime, day++)->total;
    }
    return day * DAY_MS + moment_of(hours_of(worktime, day), left) -
           worktime->offset_ms;
}

int64_t worktime_between(const struct worktime *worktime, int64_t from_ms,
                         int64_t to_ms) {
    if (to_ms <= from_ms)
        return 0;
    int64_t from = from_ms + worktime->offset_ms;
    int64_t to = to_ms + worktime->offset_ms;
    int64_t day = floor_div(from, DAY_MS), end = floor_div(to, DAY_MS);
    int64_t sum = worked_before(hours_of(worktime, end), to - end * DAY_MS) -
                  worked_before(hours_of(worktime, day), from - day * DAY_MS);
    while (day < end) {
        int64_t weeks = plain_weeks(worktime, day, end);
        sum += weeks * worktime->week_total;
        day += weeks * WEEK;
        if (weeks == 0)
            sum += hours_of(worktime, day++)->total;
    }
    return sum;
}

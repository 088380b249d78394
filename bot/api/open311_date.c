#include "bot/api/open311_parts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND_MS 1000LL
#define MINUTE_MS (60 * SECOND_MS)

json_t *open311_date(int64_t ms, int utc_offset_minutes) {
    char text[64];
    int offset =
        utc_offset_minutes < 0 ? -utc_offset_minutes : utc_offset_minutes;
    time_t local = (time_t)(ms / SECOND_MS + utc_offset_minutes * 60);
    struct tm tm;
    if (ms <= 0 || gmtime_r(&local, &tm) == NULL)
        return json_null();
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec, utc_offset_minutes < 0 ? '-' : '+',
             offset / 60 % 24, offset % 60);
    return json_string(text);
}

/* As many digits as asked for, then *end. */
static bool read_number(const char **at, int digits, int min, int max,
                        int *out) {
    int value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        value = value * 10 + (**at - '0');
    }
    *out = value;
    return value >= min && value <= max;
}

static bool skip(const char **at, char c) {
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* "Z", "+08:00", "+0800"; a blank is the '+' of a query that was not encoded.
 */
static bool read_zone(const char **at, int *minutes) {
    int hour, minute, sign;
    *minutes = 0;
    if (skip(at, 'Z') || skip(at, 'z'))
        return true;
    sign = skip(at, '-') ? -1 : skip(at, '+') || skip(at, ' ') ? 1 : 0;
    if (sign == 0 || !read_number(at, 2, 0, 23, &hour))
        return false;
    skip(at, ':');
    if (!read_number(at, 2, 0, 59, &minute))
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

static bool read_time(const char **at, struct tm *tm) {
    if (!read_number(at, 2, 0, 23, &tm->tm_hour) || !skip(at, ':') ||
        !read_number(at, 2, 0, 59, &tm->tm_min))
        return false;
    if (!skip(at, ':'))
        return true;
    if (!read_number(at, 2, 0, 60, &tm->tm_sec))
        return false;
    if (skip(at, '.'))
        *at += strspn(*at, "0123456789");
    return true;
}

static bool read_day(const char **at, struct tm *tm) {
    if (!read_number(at, 4, 1970, 9999, &tm->tm_year) || !skip(at, '-') ||
        !read_number(at, 2, 1, 12, &tm->tm_mon) || !skip(at, '-') ||
        !read_number(at, 2, 1, 31, &tm->tm_mday))
        return false;
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return true;
}

bool open311_parse_date(const char *text, int utc_offset_minutes, int64_t *ms) {
    struct tm tm = {0};
    const char *at = text;
    int minutes = utc_offset_minutes;
    if (!read_day(&at, &tm))
        return false;
    int month = tm.tm_mon;
    if (skip(&at, 'T') || skip(&at, 't')) {
        if (!read_time(&at, &tm))
            return false;
        if (*at != '\0' && !read_zone(&at, &minutes))
            return false;
    }
    if (*at != '\0')
        return false;
    int64_t seconds = timegm(&tm);
    if (tm.tm_mon != month) /* the 31st of a month without one */
        return false;
    *ms = seconds * SECOND_MS - minutes * MINUTE_MS;
    return true;
}

/* Dates of feeds. */
#include "bot/feed_parts.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define EARLIEST_S 788918400LL /* 1995: no feed is older, clocks are */

/* "2026-11-22T08:00:00.123+08:00", or a day alone. */
static bool read_3339(const char *text, int64_t *out) {
    struct tm tm = {0};
    int len = 0, hours = 0, minutes = 0;
    char sign = 'Z';
    if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &len) != 3 ||
        tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
        tm.tm_mday < 1 || tm.tm_mday > 31)
        return false;
    const char *at = text + len;
    if ((*at == 'T' || *at == 't' || *at == ' ') && at[1] >= '0') {
        if (sscanf(at + 1, "%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &len) != 2)
            return false;
        at += 1 + len;
        if (*at == ':' && sscanf(at, ":%2d%n", &tm.tm_sec, &len) == 1)
            at += len;
        if (*at == '.')
            at += 1 + strspn(at + 1, "0123456789");
    }
    at += strspn(at, " \t\r\n");
    if (*at != '\0' && sscanf(at, "%c%2d:%2d", &sign, &hours, &minutes) < 1)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int64_t zone = (hours * 60LL + minutes) * 60;
    *out = timegm(&tm) - (sign == '+' ? zone : sign == '-' ? -zone : 0);
    return true;
}

int64_t feed_date(const char *text, int64_t now_ms) {
    int64_t s;
    text += strspn(text, " \t\r\n");
    if (text[0] == '\0' || strspn(text, "0123456789") != 4)
        s = curl_getdate(text, NULL);
    else if (!read_3339(text, &s))
        return 0;
    if (s < EARLIEST_S)
        return 0;
    return s * 1000 > now_ms ? now_ms : s * 1000;
}

#include "base/hours.h"

#include "base/mem.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define DAY_MINUTES (24 * 60)

static const char *const whole_days[] = {"24h", "24H", "24小时", "24小時",
                                         "全天"};
static const char *const colons[] = {":", "："};
static const char *const dashes[] = {"-", "~", "–", "—", "－", "～", "至"};

static const char *skip_blanks(const char *at) {
    return at + strspn(at, " \t");
}

/* Takes one of words, with blanks around it. */
static bool take(const char **at, const char *const *words, size_t n) {
    const char *from = skip_blanks(*at);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(words[i]);
        if (strncmp(from, words[i], len) != 0)
            continue;
        *at = skip_blanks(from + len);
        return true;
    }
    return false;
}

/* One or two digits. */
static bool take_number(const char **at, int max, int *out) {
    int number = 0;
    size_t len = strspn(*at, "0123456789");
    if (len < 1 || len > 2)
        return false;
    for (size_t i = 0; i < len; i++)
        number = number * 10 + (*at)[i] - '0';
    *at += len;
    *out = number;
    return number <= max;
}

/* "8:30" or "08:30"; 24:00 is the end of a day. */
static bool take_time(const char **at, int *minute) {
    int hour, rest;
    if (!take_number(at, 24, &hour) || !take(at, colons, ARRAY_LEN(colons)) ||
        !take_number(at, 59, &rest) || (hour == 24 && rest != 0))
        return false;
    *minute = hour * 60 + rest;
    return true;
}

bool hours_parse(const char *text, struct hours *out) {
    const char *at = skip_blanks(text);
    int from = 0, to = 0;
    if (!take(&at, whole_days, ARRAY_LEN(whole_days)) &&
        (!take_time(&at, &from) || !take(&at, dashes, ARRAY_LEN(dashes)) ||
         !take_time(&at, &to) || from == to))
        return false;
    if (*skip_blanks(at) != '\0')
        return false;
    *out = (struct hours){from % DAY_MINUTES, to % DAY_MINUTES};
    return true;
}

void hours_print(const struct hours *hours, char out[static HOURS_SIZE]) {
    if (hours_always(hours))
        snprintf(out, HOURS_SIZE, "24h");
    else
        snprintf(out, HOURS_SIZE, "%02u:%02u-%02u:%02u",
                 (unsigned)hours->from / 60 % 24, (unsigned)hours->from % 60,
                 (unsigned)hours->to / 60 % 24, (unsigned)hours->to % 60);
}

bool hours_always(const struct hours *hours) {
    return hours->from == hours->to;
}

bool hours_open_at(const struct hours *hours, int minute) {
    if (hours->from < hours->to)
        return minute >= hours->from && minute < hours->to;
    return hours_always(hours) || minute >= hours->from || minute < hours->to;
}

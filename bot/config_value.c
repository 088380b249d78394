#include "bot/config_parts.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES 40
#define TEXT_BYTES 200

bool value_is_secret(enum value_type type) {
    return type == VALUE_TOKEN || type == VALUE_WS_URL ||
           type == VALUE_REDIS_URL;
}

bool value_is_string(enum value_type type) {
    return type <= VALUE_REDIS_URL;
}

void value_wipe(char *secret) {
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
}

bool value_name_ok(const char *name) {
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

    return len > 0 && len <= NAME_BYTES && name[len] == '\0' &&
           name[0] != '-' && name[0] != '_';
}

/* Numbers. */

/* Decimal digits with at most one point among them; no sign, no exponent. A
 * copy of strtod() that no locale can change. Returns where it ended. */
static const char *parse_decimal(const char *text, double *out) {
    double value = 0, unit = 1;
    bool point = false;
    const char *p = text;

    for (; isdigit((unsigned char)*p) || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        value = value * 10 + (*p - '0');
        unit *= point ? 10 : 1;
    }
    *out = value / unit;
    return p == text || p[-1] == '.' || *text == '.' ? NULL : p;
}

static bool parse_number(const char *text, double *out) {
    const char *end = parse_decimal(text, out);

    return end != NULL && *end == '\0' && end - text <= 15;
}

static bool parse_int(const char *text, double *out) {
    bool negative = *text == '-';

    if (strchr(text, '.') != NULL || !parse_number(text + negative, out))
        return false;
    *out = negative ? -*out : *out;
    return true;
}

/* A number and its unit, in milliseconds. */
static bool parse_duration(const char *text, double *out) {
    static const struct {
        const char *word;
        double ms;
    } units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    const char *end = parse_decimal(text, out);

    if (end == NULL || end - text > 15)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (strcmp(end, units[i].word) != 0)
            continue;
        *out *= units[i].ms;
        return *out == floor(*out);
    }
    return false;
}

typedef bool number_parser(const char *text, double *out);

struct number_kind {
    number_parser *parse;
    const char *what;
};

static const struct number_kind number_kinds[] = {
    [VALUE_INT] = {parse_int, "a whole number"},
    [VALUE_NUMBER] = {parse_number, "a number"},
    [VALUE_DURATION] = {parse_duration,
                        "a duration such as 500ms, 30s, 5m or 24h,"},
};

/* Ranges are written in the table as values are in the file. */
static char *set_number(const struct setting *setting, const char *text,
                        void *field) {
    const struct number_kind *kind = &number_kinds[setting->type];
    double value, min, max;

    if (!kind->parse(setting->min, &min) || !kind->parse(setting->max, &max))
        abort();
    if (!kind->parse(text, &value) || value < min || value > max)
        return xasprintf("must be %s from %s to %s", kind->what, setting->min,
                         setting->max);
    if (setting->type == VALUE_INT)
        *(int *)field = (int)value;
    else if (setting->type == VALUE_NUMBER)
        *(double *)field = value;
    else
        *(int64_t *)field = (int64_t)value;
    return NULL;
}

/* Words. */

static char *set_bool(const char *text, bool *field) {
    static const char *const words[] = {"no",   "yes", "false",
                                        "true", "off", "on"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *field = i % 2 == 1;
            return NULL;
        }
    }
    return xstrdup("must be yes or no");
}

static char *set_lang(const char *text, enum lang *field) {
    return lang_parse(text, field) ? NULL
                                   : xstrdup("must be zh-CN, zh-TW or en");
}

static char *set_level(const char *text, enum log_level *field) {
    return log_level_parse(text, field)
               ? NULL
               : xstrdup("must be error, warn, info or debug");
}

/* Strings. */

static bool is_printable_ascii(const char *text) {
    for (; *text != '\0'; text++)
        if (*text <= 0x20 || *text >= 0x7f)
            return false;
    return true;
}

/* From the environment anything may come. */
static bool is_one_line(const char *text) {
    if (!utf8_valid(text, strlen(text)))
        return false;
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

/* A scheme, then a host or, for a unix socket, a path. */
static bool is_url(const char *text, const char *scheme) {
    size_t len = strlen(scheme);
    bool is_path = strcmp(scheme, "unix://") == 0;

    return strncmp(text, scheme, len) == 0 && text[len] != '\0' &&
           (text[len] == '/') == is_path && is_printable_ascii(text);
}

static bool is_address(const char *text) {
    struct in6_addr ip;

    return inet_pton(AF_INET, text, &ip) == 1 ||
           inet_pton(AF_INET6, text, &ip) == 1 || strcmp(text, "*") == 0;
}

/* What is wrong with a string, or NULL. */
static const char *string_fault(enum value_type type, const char *text) {
    switch (type) {
    case VALUE_TEXT:
        return strlen(text) <= TEXT_BYTES ? NULL : "is too long";
    case VALUE_NAME:
        return value_name_ok(text) ? NULL
                                   : "must be a name of a-z, 0-9, - and _";
    case VALUE_ADDRESS:
        return is_address(text) ? NULL : "must be an IP address or *";
    case VALUE_TOKEN:
        return is_printable_ascii(text)
                   ? NULL
                   : "must be printable ASCII without blanks";
    case VALUE_WEB_URL:
        return is_url(text, "https://") || is_url(text, "http://")
                   ? NULL
                   : "must be an https:// or http:// url";
    case VALUE_WS_URL:
        return is_url(text, "wss://") || is_url(text, "ws://")
                   ? NULL
                   : "must be a wss:// or ws:// url";
    case VALUE_REDIS_URL:
        return is_url(text, "redis://") || is_url(text, "unix://")
                   ? NULL
                   : "must be a redis:// or unix:// url";
    default:
        return NULL;
    }
}

static char *set_string(enum value_type type, const char *text, char **field) {
    size_t len = strlen(text);
    const char *fault = NULL;

    if (len > CONFIG_SECRET_BYTES)
        fault = "is too long";
    else if (!is_one_line(text))
        fault = "must be one line of UTF-8";
    else
        fault = string_fault(type, text);
    if (fault != NULL)
        return xstrdup(fault);
    while (type == VALUE_WEB_URL && len > 0 && text[len - 1] == '/')
        len--;
    if (value_is_secret(type))
        value_wipe(*field);
    free(*field);
    *field = type == VALUE_ADDRESS && strcmp(text, "*") == 0
                 ? NULL
                 : xstrndup(text, len);
    return NULL;
}

char *value_set(const struct setting *setting, const char *text, void *field) {
    switch (setting->type) {
    case VALUE_INT:
    case VALUE_NUMBER:
    case VALUE_DURATION:
        return set_number(setting, text, field);
    case VALUE_BOOL:
        return set_bool(text, field);
    case VALUE_LANG:
        return set_lang(text, field);
    case VALUE_LEVEL:
        return set_level(text, field);
    default:
        return set_string(setting->type, text, field);
    }
}

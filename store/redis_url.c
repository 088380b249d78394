#include "store/redis_url.h"

#include "base/hex.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define PORT_DEFAULT 6379
#define PORT_MAX 65535
#define DB_MAX 9999
#define HOST_BYTES 255
#define PATH_BYTES (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

/* The bytes from start to end with every %XX resolved; NULL when malformed. */
static char *decode(const char *start, const char *end) {
    char *out = xmalloc((size_t)(end - start) + 1);
    size_t len = 0;

    for (const char *p = start; p < end; p++) {
        char c = *p;
        if (c == '%') {
            int high = end - p > 2 ? hex_digit(p[1]) : -1;
            int low = high >= 0 ? hex_digit(p[2]) : -1;
            if (low < 0)
                goto malformed;
            c = (char)(high * 16 + low);
            p += 2;
        }
        if (c == '\0')
            goto malformed;
        out[len++] = c;
    }
    out[len] = '\0';
    return out;

malformed:
    free(out);
    return NULL;
}

/* Digits only, so that "+1", " 1" and "" are refused. */
static bool parse_number(const char *start, const char *end, int max,
                         int *out) {
    int value = 0;

    if (start == end)
        return false;
    for (const char *p = start; p < end; p++) {
        if (!isdigit((unsigned char)*p))
            return false;
        value = value * 10 + (*p - '0');
        if (value > max)
            return false;
    }
    *out = value;
    return true;
}

static bool parse_login(struct redis_url *url, const char *start,
                        const char *end) {
    const char *colon = memchr(start, ':', (size_t)(end - start));

    if (colon == NULL)
        return false;
    if (colon > start && (url->user = decode(start, colon)) == NULL)
        return false;
    url->password = decode(colon + 1, end);
    return url->password != NULL && url->password[0] != '\0';
}

static bool host_byte_ok(char c) {
    return isalnum((unsigned char)c) || strchr(".-_:", c) != NULL;
}

static bool parse_host(struct redis_url *url, const char *start,
                       const char *end) {
    const char *colon;

    if (start < end && *start == '[') {
        const char *close = memchr(start, ']', (size_t)(end - start));
        if (close == NULL || (close + 1 < end && close[1] != ':'))
            return false;
        url->host = xstrndup(start + 1, (size_t)(close - start - 1));
        colon = close + 1 < end ? close + 1 : NULL;
    } else {
        colon = memchr(start, ':', (size_t)(end - start));
        const char *stop = colon != NULL ? colon : end;
        url->host = xstrndup(start, (size_t)(stop - start));
    }
    if (url->host[0] == '\0' || strlen(url->host) > HOST_BYTES)
        return false;
    for (const char *p = url->host; *p != '\0'; p++)
        if (!host_byte_ok(*p))
            return false;
    url->port = PORT_DEFAULT;
    if (colon == NULL)
        return true;
    return parse_number(colon + 1, end, PORT_MAX, &url->port) && url->port > 0;
}

static bool parse_tcp(struct redis_url *url, const char *rest) {
    const char *end = rest + strlen(rest);
    const char *slash = strchr(rest, '/');
    const char *stop = slash != NULL ? slash : end;
    const char *at = memrchr(rest, '@', (size_t)(stop - rest));

    if (at != NULL && !parse_login(url, rest, at))
        return false;
    if (!parse_host(url, at != NULL ? at + 1 : rest, stop))
        return false;
    if (slash == NULL || slash + 1 == end)
        return true;
    return parse_number(slash + 1, end, DB_MAX, &url->db);
}

static bool parse_unix(struct redis_url *url, const char *rest) {
    const char *slash = strchr(rest, '/');
    const char *end = strchr(rest, '?');

    if (slash == NULL || (end != NULL && end < slash))
        return false;
    if (slash > rest &&
        (slash[-1] != '@' || !parse_login(url, rest, slash - 1)))
        return false;
    if (end != NULL) {
        if (strncmp(end, "?db=", 4) != 0 ||
            !parse_number(end + 4, end + strlen(end), DB_MAX, &url->db))
            return false;
    } else {
        end = slash + strlen(slash);
    }
    url->path = decode(slash, end);
    return url->path != NULL && strlen(url->path) <= PATH_BYTES;
}

enum err redis_url_parse(struct redis_url *url, const char *text) {
    bool ok = false;

    *url = (struct redis_url){0};
    if (strncmp(text, "redis://", 8) == 0)
        ok = parse_tcp(url, text + 8);
    else if (strncmp(text, "unix://", 7) == 0)
        ok = parse_unix(url, text + 7);
    if (ok)
        return OK;
    redis_url_finish(url);
    return ERR_INVALID;
}

void redis_url_finish(struct redis_url *url) {
    free(url->path);
    free(url->host);
    free(url->user);
    free(url->password);
    *url = (struct redis_url){0};
}

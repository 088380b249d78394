#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

/* A byte of a message becomes two at most, so that a line stays below
 * PIPE_BUF and goes out in one piece. */
#define LOG_MESSAGE_BYTES 1024
#define LOG_LINE_BYTES (2 * LOG_MESSAGE_BYTES + 256)

static enum log_level max_level = LOG_INFO;
static bool as_json;

static const char *const level_words[] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

static const char *const level_labels[] = {
    [LOG_ERROR] = "ERROR",
    [LOG_WARN] = "WARN ",
    [LOG_INFO] = "INFO ",
    [LOG_DEBUG] = "DEBUG",
};

void log_init(enum log_level level, bool json) {
    max_level = level;
    as_json = json;
}

bool log_enabled(enum log_level level) {
    return level <= max_level;
}

bool log_level_parse(const char *word, enum log_level *out) {
    for (size_t i = 0; i < ARRAY_LEN(level_words); i++) {
        if (strcasecmp(word, level_words[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

static void format_time(char *out, size_t size) {
    struct timespec ts = {0};
    struct tm tm = {0};
    size_t len;

    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    len = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + len, size - len, ".%03ldZ", ts.tv_nsec / 1000000);
}

/* Marks a message that was cut, without leaving half a character. */
static size_t mark_cut(char *message, size_t size) {
    static const char mark[] = "...";
    size_t len = size - sizeof(mark);

    while (len > 0 && ((unsigned char)message[len] & 0xc0) == 0x80)
        len--;
    memcpy(message + len, mark, sizeof(mark));
    return len + sizeof(mark) - 1;
}

/* Copies text so that it stays on one line and, in JSON, inside its quotes;
 * writes at most two bytes for each. */
static char *put_escaped(char *to, const char *text, size_t len) {
    bool broken = !utf8_valid(text, len);

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\n' || c == '\r' || c == '\t') {
            *to++ = '\\';
            *to++ = c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
        } else if (c < 0x20 || c == 0x7f || (broken && c >= 0x80)) {
            *to++ = '?';
        } else {
            if (as_json && (c == '"' || c == '\\'))
                *to++ = '\\';
            *to++ = (char)c;
        }
    }
    return to;
}

static void write_line(const char *line, size_t len) {
    ssize_t done;

    do
        done = write(STDERR_FILENO, line, len);
    while (done < 0 && errno == EINTR);
}

void log_write(enum log_level level, const char *module, const char *fmt, ...) {
    int saved_errno = errno;
    char message[LOG_MESSAGE_BYTES];
    char line[LOG_LINE_BYTES];
    char now[40];
    va_list args;
    size_t len;
    char *to;
    int n;

    va_start(args, fmt);
    n = vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    len = n < 0 ? 0 : (size_t)n;
    if (len >= sizeof(message))
        len = mark_cut(message, sizeof(message));

    format_time(now, sizeof(now));
    if (as_json)
        n = snprintf(line, 192,
                     "{\"time\":\"%s\",\"level\":\"%s\",\"module\":\"%.32s\","
                     "\"message\":\"",
                     now, level_words[level], module);
    else
        n = snprintf(line, 192, "%s %s %.32s: ", now, level_labels[level],
                     module);
    to = put_escaped(line + n, message, len);
    if (as_json) {
        *to++ = '"';
        *to++ = '}';
    }
    *to++ = '\n';
    write_line(line, (size_t)(to - line));
    errno = saved_errno;
}

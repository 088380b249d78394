#include "base/buf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BUF_FIRST_BYTES 64

void buf_init(struct buf *buf) {
    *buf = (struct buf){0};
}

void buf_finish(struct buf *buf) {
    free(buf->data);
    buf_init(buf);
}

void buf_clear(struct buf *buf) {
    buf->len = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

/* Grows to hold need bytes and the NUL behind them. */
static void grow(struct buf *buf, size_t need) {
    size_t cap = buf->cap ? buf->cap : BUF_FIRST_BYTES;

    while (cap <= need)
        cap *= 2;
    buf->data = xrealloc(buf->data, cap);
    buf->cap = cap;
}

char *buf_reserve(struct buf *buf, size_t extra) {
    if (extra >= SIZE_MAX / 4 - buf->len)
        abort();
    if (buf->len + extra >= buf->cap) {
        grow(buf, buf->len + extra);
        buf->data[buf->len] = '\0';
    }
    return buf->data + buf->len;
}

void buf_add(struct buf *buf, const void *data, size_t len) {
    char *to = buf_reserve(buf, len);

    if (len)
        memcpy(to, data, len);
    to[len] = '\0';
    buf->len += len;
}

void buf_adds(struct buf *buf, const char *s) {
    buf_add(buf, s, strlen(s));
}

void buf_addc(struct buf *buf, char c) {
    char *to = buf_reserve(buf, 1);

    to[0] = c;
    to[1] = '\0';
    buf->len++;
}

static void add_formatted(struct buf *buf, const char *fmt, va_list args,
                          va_list again) __attribute__((format(printf, 2, 0)));

static void add_formatted(struct buf *buf, const char *fmt, va_list args,
                          va_list again) {
    size_t room;
    int len;

    buf_reserve(buf, BUF_FIRST_BYTES);
    room = buf->cap - buf->len;
    len = vsnprintf(buf->data + buf->len, room, fmt, args);
    if (len < 0)
        abort();
    if ((size_t)len >= room) {
        buf_reserve(buf, (size_t)len);
        vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, again);
    }
    buf->len += (size_t)len;
}

void buf_addf(struct buf *buf, const char *fmt, ...) {
    va_list args;
    va_list again;

    va_start(args, fmt);
    va_copy(again, args);
    add_formatted(buf, fmt, args, again);
    va_end(again);
    va_end(args);
}

static bool json_plain(unsigned char c) {
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void add_json_escape(struct buf *buf, unsigned char c) {
    switch (c) {
    case '"':
        buf_add(buf, "\\\"", 2);
        break;
    case '\\':
        buf_add(buf, "\\\\", 2);
        break;
    case '\n':
        buf_add(buf, "\\n", 2);
        break;
    case '\r':
        buf_add(buf, "\\r", 2);
        break;
    case '\t':
        buf_add(buf, "\\t", 2);
        break;
    default:
        buf_addf(buf, "\\u%04x", c);
    }
}

void buf_add_json_string(struct buf *buf, const char *s, size_t len) {
    const char *end = s ? s + len : s;

    buf_reserve(buf, len + 2);
    buf_addc(buf, '"');
    while (s < end) {
        const char *run = s;

        while (s < end && json_plain((unsigned char)*s))
            s++;
        buf_add(buf, run, (size_t)(s - run));
        if (s < end)
            add_json_escape(buf, (unsigned char)*s++);
    }
    buf_addc(buf, '"');
}

void buf_consume(struct buf *buf, size_t len) {
    if (len >= buf->len) {
        buf_clear(buf);
        return;
    }
    if (!len)
        return;
    memmove(buf->data, buf->data + len, buf->len - len + 1);
    buf->len -= len;
}

char *buf_take(struct buf *buf) {
    char *data = buf->data ? buf->data : xcalloc(1, 1);

    buf_init(buf);
    return data;
}

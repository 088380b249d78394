#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A growable byte buffer. data is NUL-terminated one past len whenever data is
 * not NULL, so a buffer of text can be read as a string.
 */
struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_init(struct buf *buf);
void buf_finish(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */
/* Makes room for extra more bytes and returns where they go. */
char *buf_reserve(struct buf *buf, size_t extra);
void buf_add(struct buf *buf, const void *data, size_t len);
void buf_adds(struct buf *buf, const char *s);
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends s as a JSON string literal with its quotes. s must be valid UTF-8. */
void buf_add_json_string(struct buf *buf, const char *s, size_t len);
/* Removes the first len bytes. */
void buf_consume(struct buf *buf, size_t len);
/* Hands the bytes to the caller (free()) and empties the buffer. */
char *buf_take(struct buf *buf);

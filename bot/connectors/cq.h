#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * CQ strings, OneBot 11's other form of a message: text with codes in it, such
 * as "[CQ:at,qq=10001000] hello". In text & [ ] are written &amp; &#91; &#93;,
 * inside a code's parameters , is &#44;, too (OneBot 11, message/string.md).
 */
struct cq {
    const char *at;
    const char *end;
};

/* One piece as it stands: text, or a code with its parameters. */
struct cq_piece {
    const char *type; /* "at"; NULL for text. Not NUL-terminated */
    size_t type_len;
    const char *at; /* the text, or the parameters behind the type; escaped */
    size_t len;
};

void cq_init(struct cq *cq, const char *text, size_t len);
/* Gives the next piece; false at the end. What only looks like a code is
 * text. */
bool cq_next(struct cq *cq, struct cq_piece *piece);

bool cq_is(const struct cq_piece *piece, const char *type);
/* The value of a parameter, still escaped; false when there is none. */
bool cq_param(const struct cq_piece *piece, const char *name,
              const char **value, size_t *len);

/* A copy without escapes, NUL-terminated; len may be NULL. What is no escape
 * stays as it is. */
char *cq_unescape(struct arena *arena, const char *s, size_t len,
                  size_t *out_len);
/* The same into to, which has room for len bytes; returns how many there are.
 */
size_t cq_unescape_to(char *to, const char *s, size_t len);

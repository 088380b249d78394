#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* True when all len bytes are well-formed UTF-8 (no surrogates, no overlong).
 */
bool utf8_valid(const char *s, size_t len);

/* A copy in which each broken sequence and each NUL is U+FFFD and nothing else
 * is changed. */
char *utf8_repair(struct arena *arena, const char *s, size_t len);

/*
 * What a stranger sent, made safe to keep and to show: broken sequences become
 * U+FFFD, NUL and control characters except newline and tab are dropped,
 * CR LF becomes LF, bidirectional overrides are dropped, white space at both
 * ends is trimmed. The result is NUL-terminated.
 */
char *utf8_clean(struct arena *arena, const char *s, size_t len);

/* The number of code points of a valid string. */
size_t utf8_length(const char *s);

/*
 * The number of bytes of the longest prefix of valid s that has at most
 * max_chars user-perceived characters (grapheme clusters).
 */
size_t utf8_prefix(const char *s, size_t max_chars);

/*
 * At most max_chars graphemes of s on one line, with "…" when something was
 * left out; newlines become spaces.
 */
char *utf8_excerpt(struct arena *arena, const char *s, size_t max_chars);

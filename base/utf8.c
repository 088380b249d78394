#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "base/arena.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define REPLACEMENT_LEN 3

static bool is_tail(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

/* The allowed range of the second byte keeps out overlong forms, surrogates
 * and what lies above U+10FFFF (Unicode, table 3-7). */
static bool second_fits(unsigned char first, unsigned char second) {
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return is_tail(second);
    }
}

/*
 * Looks at one sequence at the start of s and gives how many bytes belong to
 * it: a whole character (true), or the broken piece to replace (false).
 */
static bool next_sequence(const unsigned char *s, size_t len, size_t *used) {
    size_t want;

    *used = 1;
    if (s[0] < 0x80)
        return true;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return false;
    want = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (len < 2 || !second_fits(s[0], s[1]))
        return false;
    for (*used = 2; *used < want; (*used)++)
        if (*used >= len || !is_tail(s[*used]))
            return false;
    return true;
}

static size_t ascii_run(const unsigned char *s, size_t len) {
    size_t i = 0;

    for (; i + 8 <= len; i += 8) {
        uint64_t word;

        memcpy(&word, s + i, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < len && s[i] < 0x80)
        i++;
    return i;
}

/* Chinese text is nearly all of this form: three bytes, no special range. */
static size_t han_run(const unsigned char *s, size_t len) {
    size_t i = 0;

    while (i + 3 <= len && s[i] >= 0xe1 && s[i] <= 0xec && is_tail(s[i + 1]) &&
           is_tail(s[i + 2]))
        i += 3;
    return i;
}

bool utf8_valid(const char *s, size_t len) {
    const unsigned char *at = (const unsigned char *)s;
    size_t used;

    while (len > 0) {
        used = ascii_run(at, len);
        used += han_run(at + used, len - used);
        if (!used && !next_sequence(at, len, &used))
            return false;
        at += used;
        len -= used;
    }
    return true;
}

char *utf8_repair(struct arena *arena, const char *s, size_t len) {
    const unsigned char *at = (const unsigned char *)s;
    char *out = arena_alloc(arena, len * REPLACEMENT_LEN + 1);
    char *to = out;
    size_t used;

    for (; len > 0; at += used, len -= used) {
        if (next_sequence(at, len, &used) && *at != 0) {
            memcpy(to, at, used);
            to += used;
        } else {
            memcpy(to, REPLACEMENT, REPLACEMENT_LEN);
            to += REPLACEMENT_LEN;
        }
    }
    return out;
}

/* Controls, bidirectional embeddings, overrides and isolates, and the mark at
 * the start of files: nothing that a person means to say. */
static bool is_dropped(utf8proc_int32_t c) {
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
           c == 0xfeff;
}

static bool is_line_end(utf8proc_int32_t c) {
    return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

static bool is_space(utf8proc_int32_t c) {
    return c == ' ' || c == '\t' || c == '\n' ||
           (c >= 0xa0 && utf8proc_category(c) == UTF8PROC_CATEGORY_ZS);
}

/* The code point of the next sequence, U+FFFD for a broken one. */
static utf8proc_int32_t next_char(const unsigned char *s, size_t len,
                                  size_t *used) {
    utf8proc_int32_t c = 0xfffd;

    if (next_sequence(s, len, used))
        utf8proc_iterate(s, (utf8proc_ssize_t)*used, &c);
    return c;
}

char *utf8_clean(struct arena *arena, const char *s, size_t len) {
    const unsigned char *at = (const unsigned char *)s;
    char *out = arena_alloc(arena, len * REPLACEMENT_LEN + 1);
    char *to = out;
    char *kept = out; /* behind the last character that is not space */
    size_t used;

    for (; len > 0; at += used, len -= used) {
        utf8proc_int32_t c = next_char(at, len, &used);

        if (c == '\r' && len > 1 && at[1] == '\n')
            used = 2;
        if (is_line_end(c))
            c = '\n';
        if (is_dropped(c) || (to == out && is_space(c)))
            continue;
        to += utf8proc_encode_char(c, (utf8proc_uint8_t *)to);
        if (!is_space(c))
            kept = to;
    }
    *kept = '\0';
    return out;
}

size_t utf8_length(const char *s) {
    size_t count = 0;

    for (; *s; s++)
        count += !is_tail((unsigned char)*s);
    return count;
}

size_t utf8_prefix(const char *s, size_t max_chars) {
    const unsigned char *bytes = (const unsigned char *)s;
    size_t len = strlen(s);
    size_t at = 0;
    size_t chars = 0;
    size_t used;
    utf8proc_int32_t state = 0;
    utf8proc_int32_t before = 0;

    for (; at < len; at += used) {
        utf8proc_int32_t c = next_char(bytes + at, len - at, &used);

        if (at == 0 || utf8proc_grapheme_break_stateful(before, c, &state))
            chars++;
        if (chars > max_chars)
            break;
        before = c;
    }
    return at;
}

char *utf8_excerpt(struct arena *arena, const char *s, size_t max_chars) {
    size_t len = utf8_prefix(s, max_chars);
    char *out;

    out = arena_printf(arena, "%.*s%s", (int)len, s, s[len] ? "…" : "");
    for (char *c = out; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
    return out;
}

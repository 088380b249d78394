#include "base/jscan.h"

#include "base/arena.h"
#include "base/hex.h"
#include "base/utf8.h"

/* What a byte outside of a string means to the scan. */
enum kind { OTHER, SPACE, QUOTE, OPEN, CLOSE, SCALAR };

static const unsigned char kinds[256] = {
    [' '] = SPACE,          ['\t'] = SPACE, ['\n'] = SPACE,
    ['\r'] = SPACE,         ['"'] = QUOTE,  ['{'] = OPEN,
    ['['] = OPEN,           ['}'] = CLOSE,  [']'] = CLOSE,
    ['+'] = SCALAR,         ['-'] = SCALAR, ['.'] = SCALAR,
    ['0' ... '9'] = SCALAR, ['E'] = SCALAR, ['a' ... 'z'] = SCALAR,
};

static enum kind kind_of(char c) {
    return (enum kind)kinds[(unsigned char)c];
}

static const char *skip_space(const char *at, const char *end) {
    while (at < end && kind_of(*at) == SPACE)
        at++;
    return at;
}

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Not 0 when a byte of word is c. The lowest bit set is exact; bits above it
 * may be false. */
static uint64_t has_byte(uint64_t word, unsigned char c) {
    uint64_t zeroed = word ^ (ONES * c);

    return (zeroed - ONES) & ~zeroed & HIGHS;
}

/* Goes to the next quote or backslash, eight bytes a step. */
static const char *find_special(const char *at, const char *end) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - at >= 8) {
        uint64_t word;
        uint64_t found;

        memcpy(&word, at, sizeof(word));
        found = has_byte(word, '"') | has_byte(word, '\\');
        if (found)
            return at + (__builtin_ctzll(found) >> 3);
        at += 8;
    }
#endif
    while (at < end && *at != '"' && *at != '\\')
        at++;
    return at;
}

/* at is behind the opening quote; gives the closing one, NULL if none. */
static const char *string_end(const char *at, const char *end) {
    for (;;) {
        at = find_special(at, end);
        if (at >= end)
            return NULL;
        if (*at == '"')
            return at;
        if (end - at < 2)
            return NULL;
        at += 2;
    }
}

/* at is at the opening bracket; gives what is behind the closing one. */
static const char *skip_nested(const char *at, const char *end) {
    uint64_t braces = 0; /* a bit a level: 1 for an object */
    unsigned depth = 0;

    for (; at < end; at++) {
        switch (kind_of(*at)) {
        case QUOTE:
            at = string_end(at + 1, end);
            if (!at)
                return NULL;
            break;
        case OPEN:
            /* The object that is scanned is a level itself. */
            if (++depth >= JSCAN_DEPTH_MAX)
                return NULL;
            braces = braces << 1 | (*at == '{');
            break;
        case CLOSE:
            if ((braces & 1) != (*at == '}'))
                return NULL;
            braces >>= 1;
            if (--depth == 0)
                return at + 1;
            break;
        case OTHER:
        case SPACE:
        case SCALAR:
            break;
        }
    }
    return NULL;
}

static const char *skip_scalar(const char *at, const char *end) {
    while (at < end && kind_of(*at) == SCALAR)
        at++;
    return at;
}

/* Gives what is behind the value at at, NULL when none begins there. */
static const char *skip_value(const char *at, const char *end) {
    switch (at < end ? kind_of(*at) : OTHER) {
    case QUOTE:
        at = string_end(at + 1, end);
        return at ? at + 1 : NULL;
    case OPEN:
        return skip_nested(at, end);
    case SCALAR:
        return skip_scalar(at, end);
    case OTHER:
    case SPACE:
    case CLOSE:
        break;
    }
    return NULL;
}

static void scan_begin(struct jscan *scan, const char *text, size_t len,
                       char open) {
    *scan = (struct jscan){0};
    if (len > 0) {
        scan->end = text + len;
        scan->at = skip_space(text, scan->end);
    }
    if (scan->at == scan->end || *scan->at != open)
        scan->broken = true;
    else
        scan->at++;
}

static bool scan_break(struct jscan *scan) {
    scan->broken = true;
    return false;
}

/* Steps to the next member or element; at is NULL once the end was seen. */
static bool scan_step(struct jscan *scan, char open, char close) {
    const char *at = scan->at;
    /* No value ends in an opening bracket, so this tells the first step. */
    bool first;

    if (scan->broken || !at)
        return false;
    first = at[-1] == open;
    at = skip_space(at, scan->end);
    if (at < scan->end && *at == close) {
        scan->at = NULL;
        scan->broken = skip_space(at + 1, scan->end) != scan->end;
        return false;
    }
    if (!first) {
        if (at >= scan->end || *at != ',')
            return scan_break(scan);
        at = skip_space(at + 1, scan->end);
    }
    scan->at = at;
    return true;
}

static bool take_value(struct jscan *scan, struct jspan *value) {
    const char *behind = skip_value(scan->at, scan->end);

    if (!behind)
        return scan_break(scan);
    *value = (struct jspan){scan->at, (size_t)(behind - scan->at)};
    scan->at = behind;
    return true;
}

void jscan_init(struct jscan *scan, const char *text, size_t len) {
    scan_begin(scan, text, len, '{');
}

bool jscan_next(struct jscan *scan, struct jspan *key, struct jspan *value) {
    const char *from;
    const char *to;

    if (!scan_step(scan, '{', '}'))
        return false;
    from = scan->at + 1;
    if (scan->at >= scan->end || *scan->at != '"')
        return scan_break(scan);
    to = string_end(from, scan->end);
    if (!to)
        return scan_break(scan);
    *key = (struct jspan){from, (size_t)(to - from)};
    to = skip_space(to + 1, scan->end);
    if (to >= scan->end || *to != ':')
        return scan_break(scan);
    scan->at = skip_space(to + 1, scan->end);
    return take_value(scan, value);
}

void jscan_array_init(struct jscan *scan, struct jspan array) {
    scan_begin(scan, array.at, array.len, '[');
}

bool jscan_array_next(struct jscan *scan, struct jspan *value) {
    return scan_step(scan, '[', ']') && take_value(scan, value);
}

/* Reads "uXXXX"; false when it is not that. */
static bool read_unit(const char *at, const char *end, uint32_t *out) {
    *out = 0;
    if (end - at < 5 || *at != 'u')
        return false;
    for (int i = 1; i <= 4; i++) {
        int digit = hex_digit(at[i]);

        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

/* c is no surrogate and not above U+10FFFF. */
static char *put_char(char *to, uint32_t c) {
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* at is at the "u" of an escape; gives what is behind it or behind its pair. */
static const char *unescape_unit(const char *at, const char *end, char **to) {
    uint32_t c;
    uint32_t low;

    if (!read_unit(at, end, &c))
        return NULL;
    at += 5;
    if (c >= 0xd800 && c <= 0xdbff && at < end && *at == '\\' &&
        read_unit(at + 1, end, &low) && low >= 0xdc00 && low <= 0xdfff) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    }
    if (c == 0 || (c >= 0xd800 && c <= 0xdfff))
        c = 0xfffd;
    *to = put_char(*to, c);
    return at;
}

/* at is behind the backslash. */
static const char *unescape(const char *at, const char *end, char **to) {
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (at >= end || *at == '\0')
        return NULL;
    if (*at == 'u')
        return unescape_unit(at, end, to);
    found = strchr(from, *at);
    if (!found)
        return NULL;
    *(*to)++ = into[found - from];
    return at + 1;
}

char *jspan_string(struct arena *arena, struct jspan value, size_t *len) {
    const char *at;
    const char *end;
    char *out;
    char *to;

    if (value.len < 2 || value.at[0] != '"' || value.at[value.len - 1] != '"')
        return NULL;
    at = value.at + 1;
    end = value.at + value.len - 1;
    out = to = arena_alloc(arena, value.len);
    while (at < end) {
        const char *run = find_special(at, end);

        memcpy(to, at, (size_t)(run - at));
        to += run - at;
        at = run;
        if (at == end)
            break;
        if (*at == '"')
            return NULL;
        at = unescape(at + 1, end, &to);
        if (!at)
            return NULL;
    }
    if (memchr(out, 0, (size_t)(to - out)) ||
        !utf8_valid(out, (size_t)(to - out))) {
        out = utf8_repair(arena, out, (size_t)(to - out));
        to = out + strlen(out);
    }
    if (len)
        *len = (size_t)(to - out);
    return out;
}

/* -?(0|[1-9][0-9]*), as JSON writes an integer. */
static bool is_integer(struct jspan value) {
    const char *at = value.at;
    const char *end;

    if (value.len == 0)
        return false;
    end = at + value.len;
    if (*at == '-')
        at++;
    if (at == end || (*at == '0' && end - at > 1))
        return false;
    for (; at < end; at++)
        if (*at < '0' || *at > '9')
            return false;
    return true;
}

char *jspan_id(struct arena *arena, struct jspan value, size_t max_len) {
    size_t len;
    char *out;

    if (value.len == 0)
        return NULL;
    if (*value.at != '"') {
        if (value.len > max_len || !is_integer(value))
            return NULL;
        return arena_strndup(arena, value.at, value.len);
    }
    /* No escape is longer than six times what it stands for. */
    if (value.len / 6 > max_len)
        return NULL;
    out = jspan_string(arena, value, &len);
    return out && len <= max_len ? out : NULL;
}

bool jspan_int(struct jspan value, int64_t *out) {
    bool negative = value.len > 0 && *value.at == '-';
    int64_t number = 0;

    if (!is_integer(value))
        return false;
    for (size_t i = negative; i < value.len; i++) {
        int digit = value.at[i] - '0';

        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digit, &number))
            return false;
    }
    /* Counted downwards, because there is one more below zero. */
    if (!negative && __builtin_sub_overflow(0, number, &number))
        return false;
    *out = number;
    return true;
}

#include "base/fold.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/arena.h"
#include "base/han.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Decodes one character of s; a byte that begins none is given as it is. */
static utf8proc_int32_t next_char(const char **s, const char *end) {
    const unsigned char *at = (const unsigned char *)*s;
    utf8proc_int32_t c = *at;
    utf8proc_ssize_t used = 1;

    /* Three bytes, but for what begins with 0xe0 or 0xed: most of Chinese. */
    if (c > 0xe0 && c < 0xed && end - *s >= 3 && (at[1] & 0xc0) == 0x80 &&
        (at[2] & 0xc0) == 0x80) {
        *s += 3;
        return (c & 0x0f) << 12 | (at[1] & 0x3f) << 6 | (at[2] & 0x3f);
    }
    if (c >= 0x80)
        used = utf8proc_iterate(at, end - *s, &c);
    *s += used > 0 ? used : 1;
    return used > 0 ? c : *at;
}

static bool between(utf8proc_int32_t c, utf8proc_int32_t first,
                    utf8proc_int32_t last) {
    return c >= first && c <= last;
}

/* Nearly all that riders write: what NFKC leaves alone, or simple_char() does
 * as well as it. */
static bool is_simple(const char *s, size_t len) {
    const char *end = s + len;

    while (s < end) {
        utf8proc_int32_t c = next_char(&s, end);

        if (c >= 0x80 && !between(c, HAN_FIRST, HAN_LAST) &&
            !between(c, 0xff01, 0xff5e) && !between(c, 0x3000, 0x3002) &&
            !between(c, 0x3008, 0x3011) && !between(c, 0x2018, 0x201d))
            return false;
    }
    return true;
}

/* Chinese punctuation that NFKC keeps, as typed on another keyboard. */
static utf8proc_int32_t punctuation(utf8proc_int32_t c) {
    static const struct {
        utf8proc_int32_t from;
        char to;
    } map[] = {
        {0x3001, ','},                  /* 、 */
        {0x3002, '.'},                  /* 。 */
        {0x3008, '<'},  {0x3009, '>'},  /* 〈 〉 */
        {0x300a, '<'},  {0x300b, '>'},  /* 《 》 */
        {0x300c, '"'},  {0x300d, '"'},  /* 「 」 */
        {0x300e, '"'},  {0x300f, '"'},  /* 『 』 */
        {0x3010, '['},  {0x3011, ']'},  /* 【 】 */
        {0x3014, '['},  {0x3015, ']'},  /* 〔 〕 */
        {0x3016, '['},  {0x3017, ']'},  /* 〖 〗 */
        {0x301c, '~'},                  /* 〜 */
        {0x2010, '-'},  {0x2013, '-'},  /* ‐ – */
        {0x2014, '-'},  {0x2015, '-'},  /* — ― */
        {0x2212, '-'},                  /* − */
        {0x2018, '\''}, {0x2019, '\''}, /* ‘ ’ */
        {0x201c, '"'},  {0x201d, '"'},  /* “ ” */
    };

    for (size_t i = 0; i < ARRAY_LEN(map); i++)
        if (map[i].from == c)
            return map[i].to;
    return c;
}

/* The folded character; ' ' for any white space, 0 for what is dropped. */
static utf8proc_int32_t simple_char(utf8proc_int32_t c) {
    if (between(c, 0xff01, 0xff5e))
        c -= 0xfee0;
    if (c == ' ' || between(c, '\t', '\r') || c == 0x85 || c == 0x3000 ||
        c == 0x2028 || c == 0x2029)
        return ' ';
    if (c < 0x20 || between(c, 0x7f, 0x9f))
        return 0;
    if (between(c, 'A', 'Z'))
        return c + ('a' - 'A');
    return between(c, 0x2010, 0x301c) ? punctuation(c) : c;
}

/* Character by character: the words we know are folded like what riders write,
 * so a phrase that OpenCC would keep ("乾隆") meets itself all the same. */
static utf8proc_int32_t simplified(utf8proc_int32_t c) {
    utf8proc_int32_t to = 0;

    if (between(c, HAN_FIRST, HAN_LAST))
        to = han_table[c - HAN_FIRST];
    return to ? to : c;
}

/* Folds each character of s into to, which has room for len bytes and a NUL:
 * none grows. */
static void fold_chars(char *to, const char *s, size_t len) {
    const char *end = s + len;
    bool space = false; /* one is due before the next character */
    bool begun = false;

    while (s < end) {
        utf8proc_int32_t c = simple_char(next_char(&s, end));

        if (c == ' ')
            space = begun;
        if (c == ' ' || c == 0)
            continue;
        if (space)
            *to++ = ' ';
        space = false;
        begun = true;
        to += utf8proc_encode_char(simplified(c), (utf8proc_uint8_t *)to);
    }
    *to = '\0';
}

char *fold_text(struct arena *arena, const char *s, size_t len) {
    static const utf8proc_option_t options =
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
        UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    utf8proc_uint8_t *mapped = NULL;
    char *out;

    if (!is_simple(s, len)) {
        utf8proc_ssize_t n =
            utf8proc_map((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)len,
                         &mapped, options);

        /* Only broken UTF-8 cannot be mapped: nobody meant to say that. */
        if (n < 0)
            return arena_strdup(arena, "");
        s = (const char *)mapped;
        len = (size_t)n;
    }
    out = arena_alloc(arena, len + 1);
    fold_chars(out, s, len);
    free(mapped);
    return out;
}

char *fold_string(struct arena *arena, const char *s) {
    return fold_text(arena, s, strlen(s));
}

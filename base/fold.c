#include "base/fold.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <opencc/opencc.h>
#include <utf8proc.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Where OpenCC's dictionaries have something to say about the BMP. */
#define HAN_FIRST 0x3400
#define HAN_LAST 0x9fff

/* What is known of a character: OpenCC costs 10 us a text, so it is asked once
 * about each character, and about a text only when one of it may change. */
enum han { HAN_UNKNOWN, HAN_SAME, HAN_CHANGES };

struct fold {
    opencc_t t2s;
    unsigned char *han; /* enum han of each from HAN_FIRST on */
};

/* Characters that stay as they are alone but change within some phrase of
 * OpenCC's TSPhrases. */
static const utf8proc_int32_t phrase_only[] = {
    0x6c88 /* 沈 */, 0x7274 /* 牴 */, 0x77ad /* 瞭 */,
    0x85c9 /* 藉 */, 0x8879 /* 衹 */, 0x8986 /* 覆 */,
};

struct fold *fold_new(void) {
    opencc_t t2s = opencc_open("t2s.json");
    struct fold *fold;

    if (!t2s || t2s == (opencc_t)-1)
        return NULL;
    fold = xcalloc(1, sizeof(*fold));
    fold->t2s = t2s;
    fold->han = xcalloc(HAN_LAST - HAN_FIRST + 1, 1);
    for (size_t i = 0; i < ARRAY_LEN(phrase_only); i++)
        fold->han[phrase_only[i] - HAN_FIRST] = HAN_CHANGES;
    return fold;
}

void fold_free(struct fold *fold) {
    if (!fold)
        return;
    opencc_close(fold->t2s);
    free(fold->han);
    free(fold);
}

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

/* Asks OpenCC about one character. */
static enum han ask_han(const struct fold *fold, utf8proc_int32_t c) {
    char text[5] = "";
    char *to;
    enum han han = HAN_SAME;

    utf8proc_encode_char(c, (utf8proc_uint8_t *)text);
    to = opencc_convert_utf8(fold->t2s, text, strlen(text));
    if (to && strcmp(to, text) != 0)
        han = HAN_CHANGES;
    if (to)
        opencc_convert_utf8_free(to);
    return han;
}

static bool may_change(const struct fold *fold, utf8proc_int32_t c) {
    unsigned char *han;

    if (!between(c, HAN_FIRST, HAN_LAST))
        return c >= 0x20000;
    han = &fold->han[c - HAN_FIRST];
    if (*han == HAN_UNKNOWN)
        *han = (unsigned char)ask_han(fold, c);
    return *han == HAN_CHANGES;
}

/* Folds each character of s into to, which has room for len bytes and a NUL:
 * none grows. True when traditional characters may be among them. */
static bool fold_chars(const struct fold *fold, char *to, const char *s,
                       size_t len) {
    const char *end = s + len;
    bool traditional = false;
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
        to += utf8proc_encode_char(c, (utf8proc_uint8_t *)to);
        traditional = traditional || may_change(fold, c);
    }
    *to = '\0';
    return traditional;
}

static char *to_simplified(const struct fold *fold, struct arena *arena,
                           char *text) {
    char *converted = opencc_convert_utf8(fold->t2s, text, strlen(text));

    if (!converted)
        return text;
    text = arena_strdup(arena, converted);
    opencc_convert_utf8_free(converted);
    return text;
}

char *fold_text(const struct fold *fold, struct arena *arena, const char *s,
                size_t len) {
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
    if (fold_chars(fold, out, s, len))
        out = to_simplified(fold, arena, out);
    free(mapped);
    return out;
}

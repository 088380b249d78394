/* In which encoding a feed is, and the same in UTF-8. */
#include "base/arena.h"
#include "base/gbk.h"
#include "base/utf8.h"
#include "bot/feed_parts.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES 24
#define HEAD_BYTES 200 /* of a document, where its encoding stands */

enum charset { CHARSET_NONE, CHARSET_UTF8, CHARSET_GBK, CHARSET_OTHER };

/* What else is read: by iconv, when it is installed. */
static const char *const others[] = {
    "big5",         "big5-hkscs", "iso-8859-1", "iso-8859-15",
    "windows-1252", "shift_jis",  "euc-jp",     "euc-kr",
    "utf-16",       "utf-16le",   "utf-16be",   "windows-1251"};

struct candidate {
    enum charset charset;
    const char *name; /* of CHARSET_OTHER, or what is not known: NULL */
};

static struct candidate candidate_of(const char *name) {
    static const char *const utf8[] = {"utf-8", "utf8", "us-ascii", "ascii"};
    static const char *const gbk[] = {"gbk", "gb2312", "gb18030", "cp936",
                                      "gb_2312-80"};
    if (name[0] == '\0')
        return (struct candidate){CHARSET_NONE, NULL};
    for (size_t i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++)
        if (strcasecmp(name, utf8[i]) == 0)
            return (struct candidate){CHARSET_UTF8, NULL};
    for (size_t i = 0; i < sizeof(gbk) / sizeof(gbk[0]); i++)
        if (strcasecmp(name, gbk[i]) == 0)
            return (struct candidate){CHARSET_GBK, NULL};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcasecmp(name, others[i]) == 0)
            return (struct candidate){CHARSET_OTHER, others[i]};
    return (struct candidate){CHARSET_OTHER, NULL};
}

/* The value behind a word such as "charset=", quoted or not; "" when it is not
 * there. */
static void value_behind(const char *text, const char *word,
                         char name[NAME_BYTES]) {
    const char *at = strcasestr(text, word);
    name[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(word);
    at += strspn(at, " =\"'");
    size_t len = strcspn(at, " \"';?>\r\n\t");
    if (len >= NAME_BYTES)
        len = NAME_BYTES - 1;
    memcpy(name, at, len);
    name[len] = '\0';
}

/* That of an XML declaration. */
static void declared(const struct feed_source *source, char name[NAME_BYTES]) {
    char head[HEAD_BYTES + 1];
    size_t len = source->len < HEAD_BYTES ? source->len : HEAD_BYTES;
    memcpy(head, source->bytes, len);
    head[len] = '\0';
    char *begin = strstr(head, "<?xml");
    char *end = begin == NULL ? NULL : strstr(begin, "?>");
    name[0] = '\0';
    if (end == NULL)
        return;
    *end = '\0';
    value_behind(begin, "encoding", name);
}

static char *copy(struct arena *arena, const char *bytes, size_t len) {
    char *copied = arena_alloc(arena, len + 1);
    memcpy(copied, bytes, len);
    return copied;
}

static bool by_iconv(struct arena *arena, const char *name, const char *bytes,
                     size_t len, const char **text, size_t *text_len) {
    iconv_t way = iconv_open("UTF-8", name);
    size_t room = len * 3 + 8, left = len;
    if (way == (iconv_t)-1)
        return false;
    char *in = copy(arena, bytes, len);
    char *out = arena_alloc(arena, room + 1), *at = out;
    bool ok = iconv(way, &in, &left, &at, &room) != (size_t)-1;
    iconv_close(way);
    *text = out;
    *text_len = (size_t)(at - out);
    return ok;
}

static bool convert(struct arena *arena, const struct candidate *candidate,
                    const char *bytes, size_t len, const char **text,
                    size_t *text_len) {
    switch (candidate->charset) {
    case CHARSET_UTF8:
        *text = copy(arena, bytes, len);
        *text_len = len;
        return utf8_valid(bytes, len);
    case CHARSET_GBK:
        *text = gbk_to_utf8(arena, bytes, len, text_len);
        return *text != NULL ||
               by_iconv(arena, "gb18030", bytes, len, text, text_len);
    case CHARSET_OTHER:
        return candidate->name != NULL &&
               by_iconv(arena, candidate->name, bytes, len, text, text_len);
    case CHARSET_NONE:
        break;
    }
    return false;
}

/* The server may be wrong about what it serves, and so may the document; but
 * bytes that are one of both are taken for that. */
enum feed_fault feed_decode(struct arena *arena,
                            const struct feed_source *source, const char **text,
                            size_t *len) {
    const char *bytes = source->bytes;
    size_t n = source->len;
    char name[NAME_BYTES];
    struct candidate candidates[3] = {0};
    if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        n -= 3;
        candidates[0].charset = CHARSET_UTF8;
    } else if (n >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 ||
                          memcmp(bytes, "\xfe\xff", 2) == 0)) {
        candidates[0] = candidate_of("utf-16");
    } else {
        value_behind(source->type, "charset", name);
        candidates[0] = candidate_of(name);
        declared(source, name);
        candidates[1] = candidate_of(name);
        if (candidates[0].charset == CHARSET_NONE &&
            candidates[1].charset == CHARSET_NONE)
            candidates[2].charset = CHARSET_UTF8;
    }
    for (size_t i = 0; i < 3; i++)
        if (convert(arena, &candidates[i], bytes, n, text, len) &&
            memchr(*text, '\0', *len) == NULL)
            return FEED_OK;
    return FEED_ENCODING;
}

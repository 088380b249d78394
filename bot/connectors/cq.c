#include "bot/connectors/cq.h"

#include "base/arena.h"
#include "base/mem.h"

#include <string.h>

#define CODE_OPEN "[CQ:"
#define CODE_OPEN_LEN (sizeof(CODE_OPEN) - 1)

void cq_init(struct cq *cq, const char *text, size_t len) {
    cq->at = text;
    cq->end = text + len;
}

static bool is_type_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/*
 * Reads the code at at; returns what is behind it, NULL when it is none. The
 * search for its end stops at another bracket, which a code cannot contain: so
 * a text of nothing but beginnings costs no more than its length.
 */
static const char *read_code(const char *at, const char *end,
                             struct cq_piece *piece) {
    const char *close;

    if ((size_t)(end - at) <= CODE_OPEN_LEN ||
        memcmp(at, CODE_OPEN, CODE_OPEN_LEN) != 0)
        return NULL;
    at += CODE_OPEN_LEN;
    close = at;
    while (close < end && *close != ']' && *close != '[')
        close++;
    if (close == end || *close != ']')
        return NULL;
    piece->type = at;
    while (is_type_char(*at))
        at++;
    piece->type_len = (size_t)(at - piece->type);
    if (piece->type_len == 0 || (*at != ',' && at != close))
        return NULL;
    if (*at == ',')
        at++;
    piece->at = at;
    piece->len = (size_t)(close - at);
    return close + 1;
}

/* The end of the text that begins at at: where the next code opens. */
static const char *text_end(const char *at, const char *end) {
    struct cq_piece code;

    for (;;) {
        at = memchr(at, '[', (size_t)(end - at));
        if (!at)
            return end;
        if (read_code(at, end, &code))
            return at;
        at++;
    }
}

bool cq_next(struct cq *cq, struct cq_piece *piece) {
    const char *behind;

    if (cq->at >= cq->end)
        return false;
    behind = read_code(cq->at, cq->end, piece);
    if (!behind) {
        behind = text_end(cq->at, cq->end);
        *piece = (struct cq_piece){NULL, 0, cq->at, (size_t)(behind - cq->at)};
    }
    cq->at = behind;
    return true;
}

bool cq_is(const struct cq_piece *piece, const char *type) {
    return piece->type && piece->type_len == strlen(type) &&
           memcmp(piece->type, type, piece->type_len) == 0;
}

bool cq_param(const struct cq_piece *piece, const char *name,
              const char **value, size_t *len) {
    size_t name_len = strlen(name);
    const char *at = piece->at;
    const char *end = at + piece->len;

    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end;

        if ((size_t)(stop - at) > name_len && at[name_len] == '=' &&
            memcmp(at, name, name_len) == 0) {
            *value = at + name_len + 1;
            *len = (size_t)(stop - *value);
            return true;
        }
        at = stop + 1;
    }
    return false;
}

size_t cq_unescape_to(char *to, const char *s, size_t len) {
    static const struct {
        const char *name;
        size_t len;
        char c;
    } escapes[] = {
        {"&#44;", 5, ','},
        {"&#91;", 5, '['},
        {"&#93;", 5, ']'},
        {"&amp;", 5, '&'},
    };
    char *from = to;

    /* One pass, so that "&amp;#91;" becomes "&#91;" and stays that. */
    for (size_t i = 0; i < len;) {
        size_t used = 1;
        char c = s[i];

        for (size_t e = 0; c == '&' && e < ARRAY_LEN(escapes); e++) {
            if (len - i >= escapes[e].len &&
                memcmp(s + i, escapes[e].name, escapes[e].len) == 0) {
                used = escapes[e].len;
                *to = escapes[e].c;
                break;
            }
        }
        if (used == 1)
            *to = c;
        to++;
        i += used;
    }
    return (size_t)(to - from);
}

char *cq_unescape(struct arena *arena, const char *s, size_t len,
                  size_t *out_len) {
    char *out = arena_alloc(arena, len + 1);
    size_t used = cq_unescape_to(out, s, len);

    if (out_len)
        *out_len = used;
    return out;
}

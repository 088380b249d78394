#include "store/notice.h"

#include "base/arena.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define SEPARATOR '\x1f'
#define HEAD_FIELDS 6 /* lane chat rider reply_to fallback key */
#define FIELDS_MAX (HEAD_FIELDS + 2 * NOTICE_PARAMS_MAX)

void notice_param(struct notice *notice, const char *name, const char *value) {
    if (notice->n_params == NOTICE_PARAMS_MAX)
        abort();
    notice->params[notice->n_params++] = (struct text_param){name, value};
}

static void add(struct buf *out, const char *s) {
    buf_addc(out, SEPARATOR);
    if (s != NULL)
        buf_adds(out, s);
}

void notice_pack(struct buf *out, const struct notice *notice) {
    buf_addc(out, (char)('0' + (int)notice->lane));
    add(out, notice->chat);
    add(out, notice->rider);
    add(out, notice->reply_to);
    add(out, notice->fallback);
    add(out, notice->key);
    for (size_t i = 0; i < notice->n_params; i++) {
        add(out, notice->params[i].name);
        add(out, notice->params[i].value);
    }
}

static const char *or_null(const char *s) {
    return s[0] == '\0' ? NULL : s;
}

bool notice_unpack(struct arena *arena, const char *packed, size_t len,
                   struct notice *out) {
    char *fields[FIELDS_MAX];
    size_t n = 0;
    char *at = arena_strndup(arena, packed, len);
    while (at != NULL && n < FIELDS_MAX) {
        fields[n++] = at;
        at = strchr(at, SEPARATOR);
        if (at != NULL)
            *at++ = '\0';
    }
    if (at != NULL || n < HEAD_FIELDS || (n - HEAD_FIELDS) % 2 != 0 ||
        fields[0][0] < '0' || fields[0][0] >= '0' + LANE_COUNT)
        return false;
    *out = (struct notice){
        .lane = (enum lane)(fields[0][0] - '0'),
        .chat = fields[1],
        .rider = or_null(fields[2]),
        .reply_to = or_null(fields[3]),
        .fallback = or_null(fields[4]),
        .key = fields[5],
    };
    for (size_t i = HEAD_FIELDS; i < n; i += 2)
        notice_param(out, fields[i], fields[i + 1]);
    return true;
}

static void add_texts(struct buf *out, struct arena *arena, enum lang lang,
                      const struct text_param *params, size_t n,
                      const char *which, const char *before,
                      const char *after) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(params[i].name, which) != 0)
            continue;
        buf_adds(out, before);
        buf_adds(out, catalog_format(arena, lang, params[i].value, params, n));
        buf_adds(out, after);
    }
}

char *notice_render(struct arena *arena, enum lang lang,
                    const struct notice *notice) {
    struct text_param params[NOTICE_PARAMS_MAX] = {0};
    size_t n = notice->n_params;
    bool more = false;
    for (size_t i = 0; i < n; i++) {
        params[i] = notice->params[i];
        if (params[i].name[0] == '*') {
            params[i].name++;
            params[i].value = catalog_text(lang, params[i].value);
        }
        more |= params[i].name[0] == NOTICE_BEFORE[0] ||
                params[i].name[0] == NOTICE_AFTER[0];
    }
    char *text = catalog_format(arena, lang, notice->key, params, n);
    if (!more)
        return text;
    struct buf out;
    buf_init(&out);
    add_texts(&out, arena, lang, params, n, NOTICE_BEFORE, "", "\n");
    buf_adds(&out, text);
    add_texts(&out, arena, lang, params, n, NOTICE_AFTER, "\n\n", "");
    text = arena_strndup(arena, out.data, out.len);
    buf_finish(&out);
    return text;
}

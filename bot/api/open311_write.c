#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/api/open311_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Six decimals of a degree: a tenth of a metre. */
#define REAL_DIGITS 9

/* U+FFFE and U+FFFF are characters that XML does not know. */
static bool is_noncharacter(const char *at) {
    return strncmp(at, "\xef\xbf\xbe", 3) == 0 ||
           strncmp(at, "\xef\xbf\xbf", 3) == 0;
}

json_t *open311_string(struct arena *arena, const char *text) {
    if (text == NULL || text[0] == '\0')
        return json_null();
    char *clean = utf8_clean(arena, text, strlen(text)), *to = clean;
    for (const char *at = clean; *at != '\0';) {
        if (is_noncharacter(at))
            at += 3;
        else
            *to++ = *at++;
    }
    *to = '\0';
    return json_string(clean);
}

static void add_escaped(struct buf *out, const char *text) {
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            buf_adds(out, "&amp;");
            break;
        case '<':
            buf_adds(out, "&lt;");
            break;
        case '>':
            buf_adds(out, "&gt;");
            break;
        case '"':
            buf_adds(out, "&quot;");
            break;
        default:
            buf_addc(out, *at);
            break;
        }
    }
}

/* What an item of an array is called. */
static const char *item_of(const char *array) {
    static const char *const names[][2] = {
        {"services", "service"}, {"service_requests", "request"},
        {"errors", "error"},     {"attributes", "attribute"},
        {"values", "value"},     {"endpoints", "endpoint"},
        {"formats", "format"},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i][0], array) == 0)
            return names[i][1];
    abort(); /* a new array wants a row */
}

static void add_element(struct buf *out, const char *name, const json_t *json);

static void add_content(struct buf *out, const char *name, const json_t *json) {
    const char *key;
    const json_t *value;
    size_t i;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        for (void *at = json_object_iter((json_t *)(uintptr_t)json); at != NULL;
             at = json_object_iter_next((json_t *)(uintptr_t)json, at)) {
            key = json_object_iter_key(at);
            add_element(out, key, json_object_iter_value(at));
        }
        break;
    case JSON_ARRAY:
        json_array_foreach(json, i, value)
            add_element(out, item_of(name), value);
        break;
    case JSON_STRING:
        add_escaped(out, json_string_value(json));
        break;
    case JSON_INTEGER:
        buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        break;
    case JSON_REAL:
        buf_addf(out, "%.6f", json_real_value(json));
        break;
    case JSON_TRUE:
        buf_adds(out, "true");
        break;
    case JSON_FALSE:
        buf_adds(out, "false");
        break;
    case JSON_NULL:
        break;
    }
}

static void add_element(struct buf *out, const char *name, const json_t *json) {
    buf_addf(out, "<%s>", name);
    add_content(out, name, json);
    buf_addf(out, "</%s>", name);
}

static int add_bytes(const char *bytes, size_t len, void *data) {
    buf_add(data, bytes, len);
    return 0;
}

void open311_write(struct buf *out, enum open311_format format,
                   const char *root, const json_t *json) {
    if (format == OPEN311_JSON) {
        json_dump_callback(json, add_bytes, out,
                           JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
        buf_addc(out, '\n');
        return;
    }
    buf_adds(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    add_element(out, root, json);
    buf_addc(out, '\n');
}

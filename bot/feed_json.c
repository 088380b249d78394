/* JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/). */
#include "base/arena.h"
#include "base/json_depth.h"
#include "bot/feed_parts.h"

#include <jansson.h>
#include <string.h>

#define VERSION "https://jsonfeed.org/version/"

static const char *string_at(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static const char *either(const char *one, const char *other) {
    return one != NULL ? one : other;
}

/* An id may be a number, in versions before 1.1. */
static const char *id_of(struct arena *arena, const json_t *item) {
    const json_t *id = json_object_get(item, "id");
    if (json_is_integer(id))
        return arena_printf(arena, "%lld", (long long)json_integer_value(id));
    return string_at(item, "id");
}

static void add(struct feed_reading *reading, const json_t *item) {
    const char *html = string_at(item, "content_html");
    struct feed_raw raw = {
        .guid = id_of(reading->arena, item),
        .link = either(string_at(item, "url"), string_at(item, "external_url")),
        .title = string_at(item, "title"),
        .summary = string_at(item, "summary"),
        .body = either(html, string_at(item, "content_text")),
        .body_html = html != NULL,
        .image =
            either(string_at(item, "image"), string_at(item, "banner_image")),
        .date = either(string_at(item, "date_published"),
                       string_at(item, "date_modified")),
    };
    feed_add_entry(reading, &raw);
}

static enum feed_fault fault_of(const json_error_t *error) {
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input:
        return FEED_TRUNCATED;
    case json_error_invalid_utf8:
        return FEED_ENCODING;
    default:
        return FEED_MALFORMED;
    }
}

enum feed_fault feed_parse_json(struct feed_reading *reading, const char *text,
                                size_t len) {
    json_error_t error;
    const json_t *item;
    size_t i;
    if (len > FEED_JSON_BYTES_MAX)
        return FEED_TOO_LARGE;
    if (json_deeper_than(text, len, FEED_DEPTH_MAX))
        return FEED_TOO_DEEP;
    json_t *root = json_loadb(text, len, 0, &error);
    if (root == NULL)
        return fault_of(&error);
    const char *version = string_at(root, "version");
    const json_t *items = json_object_get(root, "items");
    bool is_feed = version != NULL && json_is_array(items) &&
                   strncmp(version, VERSION, strlen(VERSION)) == 0;
    if (is_feed) {
        feed_set_title(reading, string_at(root, "title"), false);
        json_array_foreach(items, i, item) add(reading, item);
    }
    json_decref(root);
    return is_feed ? FEED_OK : FEED_UNKNOWN;
}

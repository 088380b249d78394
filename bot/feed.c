#include "bot/feed.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "bot/feed_parts.h"
#include "bot/fetch.h"
#include "store/material.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define GUID_BYTES 1024

const char *const feed_faults[FEED_FAULTS] = {
    [FEED_OK] = "",
    [FEED_EMPTY] = "empty",
    [FEED_HTML] = "html",
    [FEED_UNKNOWN] = "unknown",
    [FEED_MALFORMED] = "malformed",
    [FEED_TRUNCATED] = "truncated",
    [FEED_ENCODING] = "encoding",
    [FEED_ENTITIES] = "entities",
    [FEED_TOO_DEEP] = "too_deep",
    [FEED_TOO_LARGE] = "too_large",
};

/* ---- entries ------------------------------------------------------------- */

static const char *whole_url(struct feed_reading *reading, const char *base,
                             const char *url) {
    char *whole = NULL;
    const char *kept = "";
    CURLU *parts = curl_url();
    if (parts != NULL && curl_url_set(parts, CURLUPART_URL, base, 0) == 0 &&
        curl_url_set(parts, CURLUPART_URL, url, 0) == 0 &&
        curl_url_get(parts, CURLUPART_URL, &whole, 0) == 0 &&
        strlen(whole) <= MATERIAL_URL_BYTES && fetch_url_ok(whole, true))
        kept = arena_strdup(reading->arena, whole);
    curl_free(whole);
    curl_url_cleanup(parts);
    return kept;
}

/* A link that people and the daemon can follow, or "". */
static const char *read_url(struct feed_reading *reading, const char *raw) {
    if (raw == NULL)
        return "";
    char *url = utf8_clean(reading->arena, raw, strlen(raw));
    if (url[0] == '\0' || strlen(url) > MATERIAL_URL_BYTES)
        return "";
    if (strncasecmp(url, "http://", 7) == 0 ||
        strncasecmp(url, "https://", 8) == 0)
        return fetch_url_ok(url, true) ? url : "";
    return whole_url(reading, reading->source->url, url);
}

static char *read_text(struct feed_reading *reading, const char *raw,
                       bool html) {
    if (raw == NULL)
        return arena_strdup(reading->arena, "");
    if (html && strpbrk(raw, "<&") != NULL)
        return feed_html_text(reading->arena, raw);
    return utf8_clean(reading->arena, raw, strlen(raw));
}

/* At most so many characters, on several lines. */
static char *shorten(struct arena *arena, char *text, size_t chars) {
    size_t len = utf8_prefix(text, chars);
    return text[len] == '\0' ? text
                             : arena_printf(arena, "%.*s…", (int)len, text);
}

void feed_set_title(struct feed_reading *reading, const char *title,
                    bool html) {
    reading->out->title = utf8_excerpt(
        reading->arena, read_text(reading, title, html), MATERIAL_TITLE_CHARS);
}

void feed_add_entry(struct feed_reading *reading, const struct feed_raw *raw) {
    struct arena *arena = reading->arena;
    struct feed_content *out = reading->out;
    if (out->n == FEED_ENTRIES_MAX) {
        out->left_out++;
        return;
    }
    char *title = read_text(reading, raw->title, raw->title_html);
    char *summary = read_text(reading, raw->summary, raw->summary_html);
    char *body = read_text(reading, raw->body, raw->body_html);
    if (title[0] == '\0') /* a note of a microblog */
        title = summary[0] != '\0' ? summary : body;
    if (title[0] == '\0') {
        out->left_out++;
        return;
    }
    if (summary[0] == '\0')
        summary = body;
    const char *guid = raw->guid == NULL ? "" : raw->guid;
    out->entries[out->n++] = (struct feed_entry){
        .guid = utf8_clean(arena, guid, strnlen(guid, GUID_BYTES)),
        .url = read_url(reading, raw->link),
        .title = utf8_excerpt(arena, title, MATERIAL_TITLE_CHARS),
        .summary = shorten(arena, summary, MATERIAL_SUMMARY_CHARS),
        .body = shorten(arena, body, MATERIAL_BODY_CHARS),
        .image = read_url(reading, raw->image),
        .published_ms =
            raw->date == NULL ? 0 : feed_date(raw->date, reading->now_ms),
    };
}

/* ---- what it is ---------------------------------------------------------- */

static bool begins(const char *text, const char *with) {
    return strncasecmp(text, with, strlen(with)) == 0;
}

enum feed_fault feed_parse(struct arena *arena,
                           const struct feed_source *source, int64_t now_ms,
                           struct feed_content *out) {
    struct feed_reading reading = {arena, source, now_ms, out};
    const char *text;
    size_t len;
    *out = (struct feed_content){.title = ""};
    if (source->len > FEED_BYTES_MAX)
        return FEED_TOO_LARGE;
    enum feed_fault fault = feed_decode(arena, source, &text, &len);
    if (fault != FEED_OK)
        return fault;
    size_t blank = strspn(text, " \t\r\n");
    text += blank;
    len -= blank;
    if (len == 0)
        return FEED_EMPTY;
    if (begins(text, "<!doctype html") || begins(text, "<html"))
        return FEED_HTML;
    if (text[0] == '{')
        return feed_parse_json(&reading, text, len);
    if (text[0] == '<')
        fault = feed_parse_xml(&reading, text, len);
    else
        fault = FEED_UNKNOWN;
    if (fault != FEED_OK && fault != FEED_ENTITIES &&
        begins(source->type, "text/html"))
        return FEED_HTML;
    return fault;
}

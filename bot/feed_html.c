/* HTML of a feed as plain text. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "bot/feed_parts.h"

#include <libxml/HTMLparser.h>
#include <string.h>
#include <strings.h>

#define HTML_DEPTH_MAX 200 /* further in nobody writes */

struct html {
    htmlParserCtxtPtr parser;
    struct buf text;
    int depth;
    int silent; /* depth of a script or the like, 0: none */
};

static bool is_one_of(const xmlChar *name, const char *const *names) {
    for (; *names != NULL; names++)
        if (strcasecmp((const char *)name, *names) == 0)
            return true;
    return false;
}

static bool is_block(const xmlChar *name) {
    static const char *const blocks[] = {
        "p",  "br",      "div",     "li",         "ul",  "ol",    "h1", "h2",
        "h3", "h4",      "h5",      "h6",         "tr",  "table", "hr", "dt",
        "dd", "section", "article", "blockquote", "pre", NULL};
    return is_one_of(name, blocks);
}

static bool is_silent(const xmlChar *name) {
    static const char *const silent[] = {"script", "style",    "noscript",
                                         "iframe", "template", "head",
                                         "svg",    NULL};
    return is_one_of(name, silent);
}

static void end_line(struct html *html) {
    struct buf *text = &html->text;
    while (text->len > 0 && text->data[text->len - 1] == ' ')
        text->len--;
    if (text->len > 0 && text->data[text->len - 1] != '\n')
        buf_addc(text, '\n');
}

static void on_start(void *data, const xmlChar *name, const xmlChar **atts) {
    struct html *html = data;
    (void)atts;
    if (++html->depth > HTML_DEPTH_MAX)
        xmlStopParser(html->parser);
    if (html->silent == 0 && is_silent(name))
        html->silent = html->depth;
    if (is_block(name))
        end_line(html);
}

static void on_end(void *data, const xmlChar *name) {
    struct html *html = data;
    if (html->silent == html->depth)
        html->silent = 0;
    html->depth--;
    if (is_block(name))
        end_line(html);
}

static bool is_blank(xmlChar c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks become one, and none begins a line. */
static void on_text(void *data, const xmlChar *text, int len) {
    struct html *html = data;
    struct buf *out = &html->text;
    for (int i = 0; html->silent == 0 && i < len; i++) {
        bool blank = is_blank(text[i]);
        char last = out->len == 0 ? '\n' : out->data[out->len - 1];
        if (!blank)
            buf_addc(out, (char)text[i]);
        else if (last != ' ' && last != '\n')
            buf_addc(out, ' ');
    }
}

char *feed_html_text(struct arena *arena, const char *text) {
    htmlSAXHandler sax = {
        .startElement = on_start,
        .endElement = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = NULL, /* scripts and styles */
    };
    struct html html = {.parser = NULL};
    size_t len = strnlen(text, FEED_FIELD_BYTES);
    buf_init(&html.text);
    html.parser = htmlCreatePushParserCtxt(&sax, &html, NULL, 0, NULL,
                                           XML_CHAR_ENCODING_UTF8);
    if (html.parser != NULL) {
        htmlCtxtUseOptions(html.parser,
                           HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                               HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
        htmlParseChunk(html.parser, text, (int)len, 1);
        if (html.parser->myDoc != NULL)
            xmlFreeDoc(html.parser->myDoc);
        htmlFreeParserCtxt(html.parser);
    }
    char *clean = html.text.len == 0
                      ? arena_strdup(arena, "")
                      : utf8_clean(arena, html.text.data, html.text.len);
    buf_finish(&html.text);
    return clean;
}

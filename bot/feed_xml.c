/* RSS and Atom, read as events: no tree is made, no entity is kept. */
#include "base/arena.h"
#include "base/buf.h"
#include "bot/feed_parts.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <string.h>
#include <strings.h>

#define CHUNK_BYTES 16384

#define ATOM "http://www.w3.org/2005/Atom"
#define RSS1 "http://purl.org/rss/1.0/"
#define CONTENT "http://purl.org/rss/1.0/modules/content/"
#define DC "http://purl.org/dc/elements/1.1/"
#define MEDIA "http://search.yahoo.com/mrss/"
#define RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

enum dialect { DIALECT_NONE, DIALECT_RSS, DIALECT_ATOM };

/* Texts of an entry, by how much they are worth: a later one of the same place
 * counts when the place is free, or worth less. */
enum field {
    FIELD_NONE,
    FIELD_TITLE,
    FIELD_LINK,
    FIELD_GUID,
    FIELD_SUMMARY,
    FIELD_BODY,
    FIELD_DATE,
    FIELD_UPDATED,
    FIELDS
};

struct xml {
    struct feed_reading *reading;
    xmlParserCtxtPtr parser;
    enum feed_fault fault;
    enum dialect dialect;
    int depth;       /* of the element that is open, 1 is the root */
    int entry_depth; /* of the entry that is open, 0: none */
    enum field field;
    int field_depth; /* of the element whose text is being read */
    bool field_html;
    struct buf text;
    const char *values[FIELDS];
    bool html[FIELDS];
    const char *image;
};

static void stop(struct xml *xml, enum feed_fault fault) {
    if (xml->fault == FEED_OK)
        xml->fault = fault;
    xmlStopParser(xml->parser);
}

/* ---- elements ------------------------------------------------------------ */

struct element {
    const char *name, *space; /* space "": none */
    const xmlChar **attributes;
    int n_attributes;
};

static bool is(const struct element *element, const char *space,
               const char *name) {
    return strcmp(element->space, space) == 0 &&
           strcasecmp(element->name, name) == 0;
}

/* Of RSS, which has no namespace of its own. */
static bool is_rss(const struct element *element, const char *name) {
    return is(element, "", name) || is(element, RSS1, name);
}

/* A copy, or NULL. */
static const char *attribute(struct xml *xml, const struct element *element,
                             const char *name) {
    for (int i = 0; i < element->n_attributes; i++) {
        const xmlChar **at = element->attributes + 5 * i;
        if (strcmp((const char *)at[0], name) == 0)
            return arena_strndup(xml->reading->arena, (const char *)at[3],
                                 (size_t)(at[4] - at[3]));
    }
    return NULL;
}

static bool has_value(struct xml *xml, const struct element *element,
                      const char *name, const char *begin) {
    const char *value = attribute(xml, element, name);
    return value != NULL && strncasecmp(value, begin, strlen(begin)) == 0;
}

static void see_root(struct xml *xml, const struct element *element) {
    if (is_rss(element, "rss") || is(element, RDF, "RDF"))
        xml->dialect = DIALECT_RSS;
    else if (is(element, ATOM, "feed"))
        xml->dialect = DIALECT_ATOM;
    else
        stop(xml,
             strcasecmp(element->name, "html") == 0 ? FEED_HTML : FEED_UNKNOWN);
}

static enum field rss_field(const struct element *element) {
    if (is_rss(element, "title"))
        return FIELD_TITLE;
    if (is_rss(element, "link"))
        return FIELD_LINK;
    if (is_rss(element, "guid"))
        return FIELD_GUID;
    if (is_rss(element, "description"))
        return FIELD_SUMMARY;
    if (is(element, CONTENT, "encoded"))
        return FIELD_BODY;
    if (is_rss(element, "pubDate") || is(element, DC, "date"))
        return FIELD_DATE;
    return FIELD_NONE;
}

static enum field atom_field(const struct element *element) {
    static const struct {
        const char *name;
        enum field field;
    } fields[] = {
        {"title", FIELD_TITLE},     {"id", FIELD_GUID},
        {"summary", FIELD_SUMMARY}, {"content", FIELD_BODY},
        {"published", FIELD_DATE},  {"updated", FIELD_UPDATED},
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (is(element, ATOM, fields[i].name))
            return fields[i].field;
    return FIELD_NONE;
}

/* What an entry says by attributes. */
static void see_attributes(struct xml *xml, const struct element *element) {
    bool link = xml->dialect == DIALECT_ATOM && is(element, ATOM, "link");
    if (link && xml->values[FIELD_LINK] == NULL &&
        (attribute(xml, element, "rel") == NULL ||
         has_value(xml, element, "rel", "alternate")))
        xml->values[FIELD_LINK] = attribute(xml, element, "href");
    if (xml->image != NULL)
        return;
    if (link && has_value(xml, element, "rel", "enclosure") &&
        has_value(xml, element, "type", "image/"))
        xml->image = attribute(xml, element, "href");
    else if (is(element, MEDIA, "thumbnail") ||
             (is(element, MEDIA, "content") &&
              has_value(xml, element, "medium", "image")) ||
             (is_rss(element, "enclosure") &&
              has_value(xml, element, "type", "image/")))
        xml->image = attribute(xml, element, "url");
}

static void read_field(struct xml *xml, const struct element *element,
                       enum field field) {
    xml->field = field;
    xml->field_depth = xml->depth;
    buf_clear(&xml->text);
    xml->field_html = xml->dialect == DIALECT_RSS
                          ? field == FIELD_TITLE || field == FIELD_SUMMARY ||
                                field == FIELD_BODY
                          : has_value(xml, element, "type", "html") ||
                                has_value(xml, element, "type", "text/html");
}

static bool is_entry(const struct xml *xml, const struct element *element) {
    return xml->dialect == DIALECT_RSS ? is_rss(element, "item")
                                       : is(element, ATOM, "entry");
}

/* Elements in a text, as of XHTML. */
static void see_inner(struct xml *xml, const char *name) {
    static const char *const blocks[] = {"p",  "br", "div", "li", "h1",
                                         "h2", "h3", "h4",  "tr", NULL};
    for (size_t i = 0; blocks[i] != NULL; i++)
        if (strcasecmp(name, blocks[i]) == 0 &&
            xml->text.len < FEED_FIELD_BYTES)
            buf_addc(&xml->text, '\n');
}

static void on_start(void *data, const xmlChar *name, const xmlChar *prefix,
                     const xmlChar *space, int n_namespaces,
                     const xmlChar **namespaces, int n_attributes,
                     int n_defaulted, const xmlChar **attributes) {
    struct xml *xml = data;
    struct element element = {(const char *)name,
                              space == NULL ? "" : (const char *)space,
                              attributes, n_attributes};
    (void)prefix, (void)n_namespaces, (void)namespaces, (void)n_defaulted;
    if (++xml->depth > FEED_DEPTH_MAX) {
        stop(xml, FEED_TOO_DEEP);
    } else if (xml->depth == 1) {
        see_root(xml, &element);
    } else if (xml->field != FIELD_NONE) {
        see_inner(xml, element.name);
    } else if (xml->entry_depth == 0 && is_entry(xml, &element)) {
        xml->entry_depth = xml->depth;
        memset(xml->values, 0, sizeof(xml->values));
        xml->image = NULL;
    } else if (xml->entry_depth != 0 &&
               xml->reading->out->n < FEED_ENTRIES_MAX) {
        enum field field = xml->dialect == DIALECT_RSS ? rss_field(&element)
                                                       : atom_field(&element);
        see_attributes(xml, &element);
        if (xml->depth == xml->entry_depth + 1 && field != FIELD_NONE)
            read_field(xml, &element, field);
    } else if (xml->entry_depth == 0 && xml->reading->out->title[0] == '\0' &&
               xml->depth <= 3 &&
               (is_rss(&element, "title") || is(&element, ATOM, "title"))) {
        read_field(xml, &element, FIELD_TITLE);
    }
}

static void end_entry(struct xml *xml) {
    const char **values = xml->values;
    struct feed_raw raw = {
        .guid = values[FIELD_GUID],
        .link = values[FIELD_LINK] != NULL ? values[FIELD_LINK]
                                           : values[FIELD_GUID],
        .title = values[FIELD_TITLE],
        .title_html = xml->html[FIELD_TITLE],
        .summary = values[FIELD_SUMMARY],
        .summary_html = xml->html[FIELD_SUMMARY],
        .body = values[FIELD_BODY],
        .body_html = xml->html[FIELD_BODY],
        .image = xml->image,
        .date = values[FIELD_DATE] != NULL ? values[FIELD_DATE]
                                           : values[FIELD_UPDATED],
    };
    /* Where there is no link, a guid that is a url may be one. */
    if (values[FIELD_LINK] == NULL && raw.link != NULL &&
        strncasecmp(raw.link, "http", 4) != 0)
        raw.link = NULL;
    feed_add_entry(xml->reading, &raw);
}

static void end_field(struct xml *xml) {
    enum field field = xml->field;
    const char *text = arena_strndup(
        xml->reading->arena, xml->text.data == NULL ? "" : xml->text.data,
        xml->text.len);
    xml->field = FIELD_NONE;
    if (xml->entry_depth == 0) {
        feed_set_title(xml->reading, text, xml->field_html);
    } else if (xml->values[field] == NULL && text[0] != '\0') {
        xml->values[field] = text;
        xml->html[field] = xml->field_html;
    }
}

static void on_end(void *data, const xmlChar *name, const xmlChar *prefix,
                   const xmlChar *space) {
    struct xml *xml = data;
    (void)prefix, (void)space;
    if (xml->field != FIELD_NONE && xml->depth == xml->field_depth)
        end_field(xml);
    else if (xml->field != FIELD_NONE)
        see_inner(xml, (const char *)name);
    else if (xml->entry_depth != 0 && xml->depth == xml->entry_depth) {
        end_entry(xml);
        xml->entry_depth = 0;
    }
    xml->depth--;
}

/* A text that is too long is cut, between two characters. */
static void on_text(void *data, const xmlChar *text, int len) {
    struct xml *xml = data;
    size_t room =
        FEED_FIELD_BYTES > xml->text.len ? FEED_FIELD_BYTES - xml->text.len : 0;
    size_t n = (size_t)len;
    if (xml->field == FIELD_NONE)
        return;
    if (n > room)
        for (n = room; n > 0 && (text[n] & 0xc0) == 0x80;)
            n--;
    buf_add(&xml->text, text, n);
}

/* ---- what is refused ----------------------------------------------------- */

static void on_entity(void *data, const xmlChar *name, int type,
                      const xmlChar *public_id, const xmlChar *system_id,
                      xmlChar *content) {
    (void)name, (void)type, (void)public_id, (void)system_id, (void)content;
    stop(data, FEED_ENTITIES);
}

static void on_unparsed(void *data, const xmlChar *name,
                        const xmlChar *public_id, const xmlChar *system_id,
                        const xmlChar *notation) {
    (void)name, (void)public_id, (void)system_id, (void)notation;
    stop(data, FEED_ENTITIES);
}

/* Defaults of attributes are as good as entities. */
static void on_attribute(void *data, const xmlChar *element,
                         const xmlChar *name, int type, int how,
                         const xmlChar *fallback, xmlEnumerationPtr tree) {
    (void)element, (void)name, (void)type, (void)how, (void)fallback;
    xmlFreeEnumeration(tree);
    stop(data, FEED_ENTITIES);
}

static enum feed_fault fault_of(xmlParserCtxtPtr parser, bool whole) {
    const xmlError *error = xmlCtxtGetLastError(parser);
    switch (error == NULL ? 0 : error->code) {
    case XML_ERR_DOCUMENT_END:
    case XML_ERR_TAG_NOT_FINISHED:
        return FEED_TRUNCATED;
    case XML_ERR_INVALID_ENCODING:
    case XML_ERR_INVALID_CHAR:
        return FEED_ENCODING;
    default:
        /* What is wrong where it ends is that it ends. */
        return whole ? FEED_MALFORMED : FEED_TRUNCATED;
    }
}

static enum feed_fault parse(struct xml *xml, const char *text, size_t len) {
    for (size_t at = 0; at < len && xml->parser->wellFormed;
         at += CHUNK_BYTES) {
        size_t n = len - at < CHUNK_BYTES ? len - at : CHUNK_BYTES;
        xmlParseChunk(xml->parser, text + at, (int)n, 0);
    }
    bool broken = !xml->parser->wellFormed;
    if (!broken)
        xmlParseChunk(xml->parser, NULL, 0, 1);
    if (xml->fault != FEED_OK)
        return xml->fault;
    return xml->parser->wellFormed ? FEED_OK : fault_of(xml->parser, broken);
}

enum feed_fault feed_parse_xml(struct feed_reading *reading, const char *text,
                               size_t len) {
    xmlSAXHandler sax = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .entityDecl = on_entity,
        .unparsedEntityDecl = on_unparsed,
        .attributeDecl = on_attribute,
    };
    struct xml xml = {.reading = reading};
    buf_init(&xml.text);
    xml.parser = xmlCreatePushParserCtxt(&sax, &xml, NULL, 0, NULL);
    if (xml.parser == NULL)
        return FEED_MALFORMED;
    xmlCtxtUseOptions(xml.parser, XML_PARSE_NONET | XML_PARSE_NOERROR |
                                      XML_PARSE_NOWARNING |
                                      XML_PARSE_IGNORE_ENC);
    enum feed_fault fault = parse(&xml, text, len);
    if (xml.parser->myDoc != NULL) /* for declarations, in spite of us */
        xmlFreeDoc(xml.parser->myDoc);
    xmlFreeParserCtxt(xml.parser);
    buf_finish(&xml.text);
    return fault;
}

void feed_init(void) {
    xmlInitParser();
}

#include "bot/table_xlsx.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

#include <libxml/xmlreader.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#define PARTS_MAX 1000 /* files in the archive */
#define STRINGS_MAX 200000
#define PATH_BYTES 200
#define XML_FLAGS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

struct workbook {
    struct arena *arena;
    const struct table *table;
    zip_t *zip;
    size_t left;          /* bytes that may still be unpacked */
    const char **strings; /* shared by all sheets */
    size_t n_strings;
    struct buf csv;
    size_t row, column, width; /* width: of the first row; 0: none yet */
    size_t n_faults;
};

bool table_is_xlsx(const char *bytes, size_t len) {
    return len >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0;
}

static void tell(struct workbook *book, size_t line, const char *what) {
    if (book->n_faults++ < TABLE_FAULTS_MAX)
        book->table->fault(book->table->data, line, what);
}

/* ---- parts -----------------------------------------------------------------
 */

/* Unpacks a part as far as it may; false with a fault when it is not there or
 * too large. */
static bool unpack(struct workbook *book, const char *name, struct buf *out) {
    zip_file_t *file = zip_fopen(book->zip, name, 0);
    zip_int64_t n = 0;
    if (file == NULL)
        return false;
    do {
        char *to = buf_reserve(out, 65536);
        n = zip_fread(file, to, 65536);
        if (n > 0 && (size_t)n <= book->left) {
            out->len += (size_t)n;
            book->left -= (size_t)n;
        } else if (n > 0) {
            tell(book, 0, "the workbook is too large when it is unpacked");
            n = -1;
        }
    } while (n > 0);
    zip_fclose(file);
    return n == 0;
}

/* Calls each for every node; false when the XML is broken, or has a document
 * type, which no spreadsheet writes. */
static bool read_xml(struct workbook *book, const struct buf *xml,
                     bool (*each)(struct workbook *book,
                                  xmlTextReaderPtr reader, void *data),
                     void *data) {
    xmlTextReaderPtr reader =
        xmlReaderForMemory(xml->data == NULL ? "" : xml->data, (int)xml->len,
                           NULL, NULL, XML_FLAGS);
    int more = reader == NULL ? -1 : xmlTextReaderRead(reader);
    while (more == 1) {
        int type = xmlTextReaderNodeType(reader);
        bool good = type != XML_READER_TYPE_DOCUMENT_TYPE &&
                    type != XML_READER_TYPE_ENTITY_REFERENCE &&
                    each(book, reader, data);
        more = good ? xmlTextReaderRead(reader) : -1;
    }
    if (reader != NULL)
        xmlFreeTextReader(reader);
    return more == 0;
}

static bool read_part(struct workbook *book, const char *name,
                      bool (*each)(struct workbook *book,
                                   xmlTextReaderPtr reader, void *data),
                      void *data) {
    struct buf xml;
    buf_init(&xml);
    bool good = unpack(book, name, &xml) && read_xml(book, &xml, each, data);
    buf_finish(&xml);
    return good;
}

static bool begins(xmlTextReaderPtr reader, const char *name) {
    const char *is = (const char *)xmlTextReaderConstLocalName(reader);
    return xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT &&
           is != NULL && strcmp(is, name) == 0;
}

static bool ends(xmlTextReaderPtr reader, const char *name) {
    const char *is = (const char *)xmlTextReaderConstLocalName(reader);
    int type = xmlTextReaderNodeType(reader);
    return (type == XML_READER_TYPE_END_ELEMENT ||
            (type == XML_READER_TYPE_ELEMENT &&
             xmlTextReaderIsEmptyElement(reader) == 1)) &&
           is != NULL && strcmp(is, name) == 0;
}

static const char *text_of(xmlTextReaderPtr reader) {
    int type = xmlTextReaderNodeType(reader);
    bool text = type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
                type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE;
    return text ? (const char *)xmlTextReaderConstValue(reader) : NULL;
}

/* An attribute by its name with its prefix, in the arena; or "". */
static const char *attribute(struct workbook *book, xmlTextReaderPtr reader,
                             const char *name) {
    xmlChar *value = xmlTextReaderGetAttribute(reader, (const xmlChar *)name);
    const char *kept =
        value == NULL ? "" : arena_strdup(book->arena, (const char *)value);
    xmlFree(value);
    return kept;
}

/* ---- which sheet -----------------------------------------------------------
 */

struct relation {
    const char *id, *target;
};

static bool on_workbook(struct workbook *book, xmlTextReaderPtr reader,
                        void *data) {
    struct relation *relation = data;
    if (begins(reader, "sheet") && relation->id == NULL)
        relation->id = attribute(book, reader, "r:id");
    return true;
}

static bool on_relation(struct workbook *book, xmlTextReaderPtr reader,
                        void *data) {
    struct relation *relation = data;
    if (begins(reader, "Relationship") && relation->target == NULL &&
        strcmp(attribute(book, reader, "Id"), relation->id) == 0)
        relation->target = attribute(book, reader, "Target");
    return true;
}

/* The part of the first sheet. */
static const char *find_sheet(struct workbook *book) {
    struct relation relation = {NULL, NULL};
    if (!read_part(book, "xl/workbook.xml", on_workbook, &relation) ||
        relation.id == NULL ||
        !read_part(book, "xl/_rels/workbook.xml.rels", on_relation,
                   &relation) ||
        relation.target == NULL || strlen(relation.target) > PATH_BYTES)
        return NULL;
    if (relation.target[0] == '/')
        return relation.target + 1;
    return arena_printf(book->arena, "xl/%s", relation.target);
}

/* ---- shared strings --------------------------------------------------------
 */

/* A string in the making: runs of text, without how they are to be read out. */
struct string {
    struct buf text;
    bool in_text, in_reading;
};

static void add_text(struct string *string, xmlTextReaderPtr reader) {
    const char *text = text_of(reader);
    if (begins(reader, "rPh"))
        string->in_reading = !xmlTextReaderIsEmptyElement(reader);
    else if (ends(reader, "rPh"))
        string->in_reading = false;
    else if (begins(reader, "t"))
        string->in_text = !xmlTextReaderIsEmptyElement(reader);
    else if (ends(reader, "t"))
        string->in_text = false;
    else if (text != NULL && string->in_text && !string->in_reading)
        buf_adds(&string->text, text);
}

static bool on_string(struct workbook *book, xmlTextReaderPtr reader,
                      void *data) {
    struct string *string = data;
    add_text(string, reader);
    if (begins(reader, "si"))
        buf_clear(&string->text);
    if (!ends(reader, "si"))
        return true;
    if (book->n_strings == STRINGS_MAX)
        return false;
    if (book->n_strings % 1000 == 0)
        book->strings = xrealloc(book->strings, (book->n_strings + 1000) *
                                                    sizeof(*book->strings));
    book->strings[book->n_strings++] =
        string->text.len == 0
            ? ""
            : arena_strndup(book->arena, string->text.data, string->text.len);
    buf_clear(&string->text);
    return true;
}

/* A workbook without any is as good. */
static bool read_strings(struct workbook *book) {
    struct string string = {0};
    if (zip_name_locate(book->zip, "xl/sharedStrings.xml", 0) < 0)
        return true;
    bool good = read_part(book, "xl/sharedStrings.xml", on_string, &string);
    buf_finish(&string.text);
    return good;
}

/* ---- the sheet -------------------------------------------------------------
 */

struct cell {
    struct string string;
    struct buf value;
    const char *type;
    size_t column; /* 1 the first */
    bool in_value, formula, in_cell;
};

/* "AB12": 28; 0 when it names no column. */
static size_t column_of(const char *name) {
    size_t column = 0;
    for (; *name >= 'A' && *name <= 'Z' && column <= TABLE_COLUMNS_MAX; name++)
        column = column * 26 + (size_t)(*name - 'A') + 1;
    return column;
}

static const char *cell_text(struct workbook *book, struct cell *cell) {
    const char *value = cell->value.len == 0 ? "" : cell->value.data;
    if (strcmp(cell->type, "inlineStr") == 0)
        return cell->string.text.len == 0 ? "" : cell->string.text.data;
    if (strcmp(cell->type, "b") == 0)
        return strcmp(value, "1") == 0 ? "true" : "false";
    if (strcmp(cell->type, "s") != 0)
        return value;
    size_t i = strtoul(value, NULL, 10);
    return i < book->n_strings ? book->strings[i] : "";
}

/* Rows have their lines, so no cell breaks one. */
static void add_cell(struct workbook *book, const char *text) {
    if (book->column > 0)
        buf_addc(&book->csv, ',');
    book->column++;
    buf_addc(&book->csv, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_addc(&book->csv, '"');
        buf_addc(&book->csv, *text == '\n' || *text == '\r' ? ' ' : *text);
    }
    buf_addc(&book->csv, '"');
}

static bool end_cell(struct workbook *book, struct cell *cell) {
    const char *text = cell_text(book, cell);
    if (cell->formula)
        tell(book, book->row, "there is a formula: put its value there");
    else if (strcmp(cell->type, "e") == 0)
        tell(book, book->row, "a cell shows an error");
    if (text[0] == '\0')
        return true;
    if (cell->column == 0 || cell->column > TABLE_COLUMNS_MAX + 1)
        cell->column = TABLE_COLUMNS_MAX + 1; /* told as too many columns */
    while (book->column + 1 < cell->column)
        add_cell(book, "");
    add_cell(book, text);
    return true;
}

static bool begin_row(struct workbook *book, const char *number) {
    size_t row = number[0] == '\0' ? book->row + 1 : strtoul(number, NULL, 10);
    if (row <= book->row || row > XLSX_ROWS_MAX) {
        tell(book, 0, "the sheet has too many rows");
        return false;
    }
    for (; book->row < row; book->row++)
        if (book->row > 0)
            buf_addc(&book->csv, '\n');
    book->column = 0;
    return true;
}

/* Spreadsheets leave empty cells at the end of a row out. */
static void end_row(struct workbook *book) {
    if (book->width == 0)
        book->width = book->column;
    while (book->column > 0 && book->column < book->width)
        add_cell(book, "");
}

static void begin_cell(struct workbook *book, struct cell *cell,
                       xmlTextReaderPtr reader) {
    const char *name = attribute(book, reader, "r");
    cell->type = attribute(book, reader, "t");
    cell->column = name[0] == '\0' ? book->column + 1 : column_of(name);
    cell->formula = false;
    cell->in_cell = true;
    buf_clear(&cell->value);
    buf_clear(&cell->string.text);
}

static bool on_node(struct workbook *book, xmlTextReaderPtr reader,
                    void *data) {
    struct cell *cell = data;
    const char *text = text_of(reader);
    if (begins(reader, "row") && !begin_row(book, attribute(book, reader, "r")))
        return false;
    if (begins(reader, "c"))
        begin_cell(book, cell, reader);
    if (begins(reader, "f"))
        cell->formula = true;
    if (begins(reader, "v"))
        cell->in_value = !xmlTextReaderIsEmptyElement(reader);
    else if (ends(reader, "v"))
        cell->in_value = false;
    else if (text != NULL && cell->in_value)
        buf_adds(&cell->value, text);
    add_text(&cell->string, reader);
    if (ends(reader, "c") && cell->in_cell) {
        cell->in_cell = false;
        if (!end_cell(book, cell))
            return false;
    }
    if (ends(reader, "row"))
        end_row(book);
    return book->csv.len <= XLSX_UNPACKED_BYTES;
}

static bool read_sheet(struct workbook *book, const char *part) {
    struct cell cell = {.type = ""};
    bool good = read_part(book, part, on_node, &cell);
    buf_finish(&cell.value);
    buf_finish(&cell.string.text);
    return good;
}

/* ---- the file --------------------------------------------------------------
 */

static zip_t *open_zip(const char *bytes, size_t len) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(bytes, len, 0, &error);
    zip_t *zip =
        source == NULL
            ? NULL
            : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (zip == NULL && source != NULL)
        zip_source_free(source);
    zip_error_fini(&error);
    return zip;
}

static bool read_book(struct workbook *book) {
    const char *sheet = NULL;
    if (zip_get_num_entries(book->zip, 0) <= PARTS_MAX)
        sheet = find_sheet(book);
    if (sheet != NULL && read_strings(book) && read_sheet(book, sheet))
        return book->n_faults == 0;
    if (book->n_faults == 0)
        tell(book, 0, "the workbook cannot be read: save it anew, or as CSV");
    return false;
}

bool table_read_xlsx(struct arena *arena, const struct table *table,
                     const char *bytes, size_t len) {
    struct workbook book = {
        .arena = arena, .table = table, .left = XLSX_UNPACKED_BYTES};
    struct table inner = *table;
    if (len > table->max_bytes) {
        tell(&book, 0, "the file is too large");
        return false;
    }
    buf_init(&book.csv);
    book.zip = open_zip(bytes, len);
    bool good = false;
    if (book.zip == NULL) {
        tell(&book, 0, "the workbook is broken");
    } else {
        good = read_book(&book);
        zip_discard(book.zip);
    }
    inner.max_bytes = 2 * XLSX_UNPACKED_BYTES;
    if (good)
        good = table_read(arena, &inner, book.csv.len == 0 ? "" : book.csv.data,
                          book.csv.len);
    buf_finish(&book.csv);
    free(book.strings);
    return good;
}

#include "bot/table_file.h"

#include "base/arena.h"
#include "base/gbk.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#define NONE TABLE_COLUMNS_MAX /* no column of ours */
#define EXCERPT_CHARS 40

struct reading {
    struct arena *arena;
    const struct table *table;
    size_t n_faults;
    size_t line, row_line; /* of the chunk and of the row's beginning */
    bool in_row, have_header, bad_header;
    size_t header[TABLE_COLUMNS_MAX]; /* the column of each field */
    const char *fields[TABLE_COLUMNS_MAX];
    size_t n_header, n_fields; /* may be more than TABLE_COLUMNS_MAX */
};

static void tell(struct reading *reading, size_t line, const char *what) {
    if (reading->n_faults++ < TABLE_FAULTS_MAX)
        reading->table->fault(reading->table->data, line, what);
}

/* ---- rows ------------------------------------------------------------------
 */

static size_t column_of(const struct table *table, const char *name) {
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->columns[i].name, name) == 0 ||
            strcmp(table->columns[i].also, name) == 0)
            return i;
    return NONE;
}

static void take_header(struct reading *reading) {
    const struct table *table = reading->table;
    bool seen[TABLE_COLUMNS_MAX] = {false};
    reading->have_header = true;
    reading->n_header = reading->n_fields;
    for (size_t i = 0; i < reading->n_fields; i++) {
        size_t column = column_of(table, reading->fields[i]);
        reading->header[i] = column;
        if (column == NONE)
            tell(reading, reading->row_line,
                 arena_printf(reading->arena, "no such column: %s",
                              utf8_excerpt(reading->arena, reading->fields[i],
                                           EXCERPT_CHARS)));
        else if (seen[column])
            tell(reading, reading->row_line, "a column is there twice");
        else
            seen[column] = true;
    }
    for (size_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].needed && !seen[i])
            tell(reading, reading->row_line,
                 arena_printf(reading->arena, "the column %s is missing",
                              table->columns[i].name));
    reading->bad_header = reading->n_faults > 0;
}

static void take_row(struct reading *reading) {
    const char *fields[TABLE_COLUMNS_MAX] = {NULL};
    for (size_t i = 0; i < reading->n_fields; i++)
        fields[reading->header[i]] = reading->fields[i];
    const char *fault =
        reading->table->row(reading->table->data, reading->row_line, fields);
    if (fault != NULL)
        tell(reading, reading->row_line, fault);
}

/* Spreadsheets leave rows of nothing but separators at the end. */
static bool is_empty(const struct reading *reading) {
    for (size_t i = 0; i < reading->n_fields && i < TABLE_COLUMNS_MAX; i++)
        if (reading->fields[i][0] != '\0')
            return false;
    return true;
}

static void on_field(void *bytes, size_t len, void *data) {
    struct reading *reading = data;
    if (reading->n_fields < TABLE_COLUMNS_MAX)
        reading->fields[reading->n_fields] = utf8_clean(
            reading->arena, bytes == NULL ? "" : (const char *)bytes, len);
    reading->n_fields++;
}

static void on_row(int end, void *data) {
    struct reading *reading = data;
    (void)end;
    reading->in_row = false;
    if (is_empty(reading) || reading->bad_header)
        ; /* without its columns no row can be told to be right */
    else if (reading->n_fields > TABLE_COLUMNS_MAX)
        tell(reading, reading->row_line, "there are too many columns");
    else if (!reading->have_header)
        take_header(reading);
    else if (reading->n_fields != reading->n_header)
        tell(reading, reading->row_line,
             "it has another number of columns than the first line");
    else
        take_row(reading);
    reading->n_fields = 0;
}

/* ---- the file ---------------------------------------------------------------
 */

static bool is_blank(const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (bytes[i] == '\0' || strchr(" \t\r\n", bytes[i]) == NULL)
            return false;
    return true;
}

/* Feeds the parser a line at a time, so that faults have their lines. False
 * when no more can be read. */
static bool parse_line(struct reading *reading, struct csv_parser *parser,
                       const char *bytes, size_t len) {
    reading->line++;
    if (!reading->in_row && is_blank(bytes, len))
        return true;
    if (!utf8_valid(bytes, len)) {
        tell(reading, reading->line,
             "it is neither UTF-8 nor GBK: save the table as \"CSV UTF-8\"");
        return false;
    }
    if (!reading->in_row)
        reading->row_line = reading->line;
    reading->in_row = true;
    if (csv_parse(parser, bytes, len, on_field, on_row, reading) == len)
        return true;
    tell(reading, reading->line, "a quotation mark is out of place");
    return false;
}

static void parse(struct reading *reading, const char *bytes, size_t len) {
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        abort();
    csv_set_realloc_func(&parser, xrealloc);
    bool more = true;
    while (more && len > 0) {
        const char *end = memchr(bytes, '\n', len);
        size_t line = end == NULL ? len : (size_t)(end - bytes) + 1;
        more = parse_line(reading, &parser, bytes, line);
        bytes += line;
        len -= line;
    }
    if (more && csv_fini(&parser, on_field, on_row, reading) != 0)
        tell(reading, reading->row_line, "a quotation mark is not closed");
    csv_free(&parser);
}

/* Without its byte order mark, and from GBK to UTF-8 when it is the one and not
 * the other. */
static void decode(struct arena *arena, const char **bytes, size_t *len) {
    static const char mark[] = "\xef\xbb\xbf";
    size_t n;
    if (*len >= strlen(mark) && memcmp(*bytes, mark, strlen(mark)) == 0) {
        *bytes += strlen(mark);
        *len -= strlen(mark);
        return;
    }
    const char *text =
        utf8_valid(*bytes, *len) ? NULL : gbk_to_utf8(arena, *bytes, *len, &n);
    if (text != NULL) {
        *bytes = text;
        *len = n;
    }
}

bool table_read(struct arena *arena, const struct table *table,
                const char *bytes, size_t len) {
    struct reading reading = {.arena = arena, .table = table};
    if (table->n_columns > TABLE_COLUMNS_MAX)
        abort();
    if (len > table->max_bytes) {
        tell(&reading, 0,
             arena_printf(arena, "the file is larger than %zu MB",
                          table->max_bytes / 1024 / 1024));
        return false;
    }
    decode(arena, &bytes, &len);
    parse(&reading, bytes, len);
    if (reading.n_faults == 0 && !reading.have_header)
        tell(&reading, 0, "the file is empty");
    if (reading.n_faults > TABLE_FAULTS_MAX)
        table->fault(table->data, 0,
                     arena_printf(arena, "and %zu more faults",
                                  reading.n_faults - TABLE_FAULTS_MAX));
    return reading.n_faults == 0;
}

#include "bot/station_file.h"

#include "base/arena.h"
#include "base/hours.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <csv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum column { NAME, ADDRESS, LAT, LON, HOURS, OFFERS, COLUMN_COUNT, NONE };

static const struct {
    const char *name, *also;
    bool needed;
} columns[COLUMN_COUNT] = {
    [NAME] = {"name", "名称", true},
    [ADDRESS] = {"address", "地址", false},
    [LAT] = {"lat", "纬度", true},
    [LON] = {"lon", "经度", true},
    [HOURS] = {"hours", "营业时间", false},
    [OFFERS] = {"offers", "服务", false},
};

#define FIELDS_MAX 16 /* of a row */
#define FAULTS_MAX 50 /* told; a file of another kind has one a line */

struct reading {
    struct arena *arena;
    station_file_fault *fault;
    void *data;
    size_t n_faults;
    size_t line, row_line; /* of the chunk and of the row's beginning */
    bool in_row, have_header, bad_header;
    enum column header[FIELDS_MAX];
    const char *fields[FIELDS_MAX];
    size_t n_header, n_fields; /* may be more than FIELDS_MAX */
    struct station *stations;
    size_t *lines; /* of each station */
    size_t n;
};

static void tell(struct reading *reading, size_t line, const char *what) {
    if (reading->n_faults++ < FAULTS_MAX)
        reading->fault(reading->data, line, what);
}

/* ---- one station ----------------------------------------------------------
 */

/* Words with one blank between, whatever stood there. */
static char *tidy_words(struct arena *arena, const char *text) {
    static const char *const marks[] = {",",  ";",  "/",  "|",  "、",
                                        "，", "；", "　", "\t", "\n"};
    char *words = arena_strdup(arena, text), *to = words;
    for (const char *at = text; *at != '\0';) {
        size_t skip = *at == ' ' ? 1 : 0;
        for (size_t i = 0; skip == 0 && i < ARRAY_LEN(marks); i++)
            if (strncmp(at, marks[i], strlen(marks[i])) == 0)
                skip = strlen(marks[i]);
        if (skip == 0)
            *to++ = *at++;
        else if (to > words && to[-1] != ' ')
            *to++ = ' ';
        at += skip;
    }
    while (to > words && to[-1] == ' ')
        to--;
    *to = '\0';
    return words;
}

static const char *tidy_hours(struct arena *arena, const char *text) {
    struct hours hours;
    if (!hours_parse(text, &hours))
        return text; /* empty, or a fault that station_fault() finds */
    char *printed = arena_alloc(arena, HOURS_SIZE);
    hours_print(&hours, printed);
    return printed;
}

static const char *clean(struct arena *arena, const char *text) {
    return utf8_clean(arena, text, strlen(text));
}

void station_tidy(struct arena *arena, struct station *station) {
    station->name = clean(arena, station->name);
    station->address = clean(arena, station->address);
    station->hours = tidy_hours(arena, clean(arena, station->hours));
    station->offers = tidy_words(arena, clean(arena, station->offers));
}

/* NAN, which station_fault() refuses, when it is no number. */
static double degrees(const char *text) {
    char *end;
    double number = strtod(text, &end);
    return end == text || *end != '\0' ? (double)NAN : number;
}

/* ---- rows ------------------------------------------------------------------
 */

static const char *field(const struct reading *reading, enum column column) {
    for (size_t i = 0; i < reading->n_header; i++)
        if (reading->header[i] == column)
            return reading->fields[i];
    return "";
}

static enum column column_of(const char *name) {
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (strcmp(columns[i].name, name) == 0 ||
            strcmp(columns[i].also, name) == 0)
            return (enum column)i;
    return NONE;
}

static void take_header(struct reading *reading) {
    bool seen[COLUMN_COUNT] = {false};
    reading->have_header = true;
    reading->n_header = reading->n_fields;
    for (size_t i = 0; i < reading->n_fields; i++) {
        enum column column = column_of(reading->fields[i]);
        reading->header[i] = column;
        if (column == NONE)
            tell(reading, reading->row_line,
                 arena_printf(reading->arena, "no such column: %s",
                              utf8_excerpt(reading->arena, reading->fields[i],
                                           STATION_NAME_CHARS)));
        else if (seen[column])
            tell(reading, reading->row_line, "a column is there twice");
        else
            seen[column] = true;
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        if (columns[i].needed && !seen[i])
            tell(reading, reading->row_line,
                 arena_printf(reading->arena, "the column %s is missing",
                              columns[i].name));
    reading->bad_header = reading->n_faults > 0;
}

static const char *row_fault(const struct reading *reading,
                             const struct station *station) {
    const char *fault = station_fault(station);
    for (size_t i = 0; fault == NULL && i < reading->n; i++)
        if (strcmp(reading->stations[i].name, station->name) == 0)
            fault = arena_printf(reading->arena, "the name is that of line %zu",
                                 reading->lines[i]);
    return fault;
}

static void take_station(struct reading *reading) {
    struct station station = {
        .name = field(reading, NAME),
        .address = field(reading, ADDRESS),
        .hours = field(reading, HOURS),
        .offers = field(reading, OFFERS),
        .lat = degrees(field(reading, LAT)),
        .lon = degrees(field(reading, LON)),
    };
    station_tidy(reading->arena, &station);
    const char *fault = row_fault(reading, &station);
    if (reading->n == STATIONS_MAX)
        fault = "there are more than 1000 stations";
    if (fault != NULL) {
        tell(reading, reading->row_line, fault);
        return;
    }
    reading->lines[reading->n] = reading->row_line;
    reading->stations[reading->n++] = station;
}

/* Spreadsheets leave rows of nothing but separators at the end. */
static bool is_empty(const struct reading *reading) {
    for (size_t i = 0; i < reading->n_fields && i < FIELDS_MAX; i++)
        if (reading->fields[i][0] != '\0')
            return false;
    return true;
}

static void on_field(void *bytes, size_t len, void *data) {
    struct reading *reading = data;
    if (reading->n_fields < FIELDS_MAX)
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
    else if (reading->n_fields > FIELDS_MAX)
        tell(reading, reading->row_line, "there are too many columns");
    else if (!reading->have_header)
        take_header(reading);
    else if (reading->n_fields != reading->n_header)
        tell(reading, reading->row_line,
             "it has another number of columns than the first line");
    else
        take_station(reading);
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

/* Feeds the parser a line at a time, so that faults have their lines. */
static bool parse_line(struct reading *reading, struct csv_parser *parser,
                       const char *bytes, size_t len) {
    reading->line++;
    if (!reading->in_row && is_blank(bytes, len))
        return true;
    if (!utf8_valid(bytes, len)) {
        tell(reading, reading->line,
             "it is not UTF-8: save the table as \"CSV UTF-8\"");
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

bool station_file_read(struct arena *arena, const char *bytes, size_t len,
                       station_file_fault *fault, void *data,
                       struct station **out, size_t *n) {
    static const char mark[] = "\xef\xbb\xbf";
    struct reading reading = {.arena = arena, .fault = fault, .data = data};
    *out = NULL;
    *n = 0;
    if (len > STATION_FILE_BYTES) {
        tell(&reading, 0, "the file is larger than 1 MB");
        return false;
    }
    reading.stations =
        arena_alloc(arena, STATIONS_MAX * sizeof(*reading.stations));
    reading.lines = arena_alloc(arena, STATIONS_MAX * sizeof(*reading.lines));
    if (len >= strlen(mark) && memcmp(bytes, mark, strlen(mark)) == 0) {
        bytes += strlen(mark);
        len -= strlen(mark);
    }
    parse(&reading, bytes, len);
    if (reading.n_faults == 0 && !reading.have_header)
        tell(&reading, 0, "the file is empty");
    if (reading.n_faults > FAULTS_MAX)
        fault(data, 0,
              arena_printf(arena, "and %zu more faults",
                           reading.n_faults - FAULTS_MAX));
    *out = reading.stations;
    *n = reading.n;
    return reading.n_faults == 0;
}

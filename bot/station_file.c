#include "bot/station_file.h"

#include "base/arena.h"
#include "base/hours.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/table_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum column { NAME, ADDRESS, LAT, LON, HOURS, OFFERS, COLUMN_COUNT };

static const struct table_column columns[COLUMN_COUNT] = {
    [NAME] = {"name", "名称", true},
    [ADDRESS] = {"address", "地址", false},
    [LAT] = {"lat", "纬度", true},
    [LON] = {"lon", "经度", true},
    [HOURS] = {"hours", "营业时间", false},
    [OFFERS] = {"offers", "服务", false},
};

struct reading {
    struct arena *arena;
    station_file_fault *fault;
    void *data;
    struct station *stations;
    size_t *lines; /* of each station */
    size_t n;
};

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

/* ---- the table --------------------------------------------------------------
 */

static const char *or_empty(const char *text) {
    return text == NULL ? "" : text;
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

static const char *on_row(void *data, size_t line, const char *const *fields) {
    struct reading *reading = data;
    struct station station = {
        .name = fields[NAME],
        .address = or_empty(fields[ADDRESS]),
        .hours = or_empty(fields[HOURS]),
        .offers = or_empty(fields[OFFERS]),
        .lat = degrees(fields[LAT]),
        .lon = degrees(fields[LON]),
    };
    station_tidy(reading->arena, &station);
    const char *fault = row_fault(reading, &station);
    if (reading->n == STATIONS_MAX)
        fault = "there are more than 1000 stations";
    if (fault != NULL)
        return fault;
    reading->lines[reading->n] = line;
    reading->stations[reading->n++] = station;
    return NULL;
}

static void on_fault(void *data, size_t line, const char *what) {
    const struct reading *reading = data;
    reading->fault(reading->data, line, what);
}

bool station_file_read(struct arena *arena, const char *bytes, size_t len,
                       station_file_fault *fault, void *data,
                       struct station **out, size_t *n) {
    struct reading reading = {.arena = arena, .fault = fault, .data = data};
    reading.stations =
        arena_alloc(arena, STATIONS_MAX * sizeof(*reading.stations));
    reading.lines = arena_alloc(arena, STATIONS_MAX * sizeof(*reading.lines));
    bool good = table_read(arena,
                           &(struct table){
                               .columns = columns,
                               .n_columns = COLUMN_COUNT,
                               .max_bytes = STATION_FILE_BYTES,
                               .row = on_row,
                               .fault = on_fault,
                               .data = &reading,
                           },
                           bytes, len);
    *out = reading.stations;
    *n = reading.n;
    return good;
}

#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an export holds: a copy of all it needs, so that it is written by
 * another thread while the board goes on changing. It has no rider, nick,
 * account or chat of anybody; phone numbers in texts are hidden as it is
 * written.
 */
enum export_column {
    COLUMN_ID,
    COLUMN_KIND,
    COLUMN_CATEGORY,
    COLUMN_STATE,
    COLUMN_URGENCY,
    COLUMN_LEVEL,
    COLUMN_UNIT,
    COLUMN_COMMUNITY,
    COLUMN_ASSIGNEE,
    COLUMN_CREATED,
    COLUMN_ANSWERED,
    COLUMN_CLOSED,
    COLUMN_DUE,
    COLUMN_OVERDUE,
    COLUMN_REOPENED,
    COLUMN_RATING,
    COLUMN_FOLLOWERS,
    COLUMN_PHOTOS,
    COLUMN_LAT,
    COLUMN_LON,
    COLUMN_PLACE,
    COLUMN_TEXT,
    EXPORT_COLUMNS
};

struct export_row {
    int64_t value; /* by which rows are sorted */
    const char *id, *kind, *category, *state, *urgency, *unit, *community,
        *assignee, *overdue, *place, *text;
    int64_t created_ms, answered_ms, closed_ms, due_ms;
    double lat, lon;
    bool has_position;
    int level, reopened, rating, followers, photos;
};

struct export_table {
    struct arena arena; /* of all the strings */
    const char *heads[EXPORT_COLUMNS];
    const char *title;
    struct export_row *rows;
    size_t n, room;
    bool descending;
    int utc_offset_minutes;
};

void export_table_finish(struct export_table *table);
void export_sort(struct export_table *table);

/* https://www.rfc-editor.org/rfc/rfc4180, with the mark that tells spreadsheets
 * that it is UTF-8. A cell is never taken for a formula. */
#define EXPORT_BOM "\xef\xbb\xbf"
/* One cell of a line. */
void export_cell(struct buf *out, const char *text);
void export_csv(const struct export_table *table, struct buf *out);
/* A workbook of one sheet, made in dir, which is private. */
enum err export_xlsx(const struct export_table *table, const char *dir,
                     struct buf *out) must_check;

#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * Reads a table in CSV (RFC 4180), as spreadsheets save it: UTF-8, with or
 * without a byte order mark, or GBK. The first line names the columns, in any
 * order, in English or Chinese.
 */
struct table_column {
    const char *name, *also;
    bool needed;
};
#define TABLE_COLUMNS_MAX 16
#define TABLE_FAULTS_MAX 50 /* told; a file of another kind has one a line */

struct table {
    const struct table_column *columns;
    size_t n_columns;
    size_t max_bytes;
    /* Takes a row. fields are clean texts in the order of columns, in the
     * arena, NULL of a column that the table does not have. Gives what is wrong
     * with the row, or NULL. */
    const char *(*row)(void *data, size_t line, const char *const *fields);
    /* line: where the row begins, 1 the first; 0: the file as a whole. */
    void (*fault)(void *data, size_t line, const char *what);
    void *data;
};

/* Every fault is told; false when there was one. */
bool table_read(struct arena *arena, const struct table *table,
                const char *bytes, size_t len);

#pragma once

#include "bot/table_file.h"

/*
 * Reads a table from a workbook as spreadsheets save it (ECMA-376, .xlsx): what
 * its first sheet shows, the first row naming the columns. Formulas are told as
 * faults: what they come to is not ours to say. What it unpacks to is bounded.
 */
#define XLSX_UNPACKED_BYTES ((size_t)4 * 1024 * 1024) /* of all its parts */
#define XLSX_ROWS_MAX 20000

/* Whether bytes begin as a workbook does; a table in CSV never does. */
bool table_is_xlsx(const char *bytes, size_t len);
/* As table_read(). */
bool table_read_xlsx(struct arena *arena, const struct table *table,
                     const char *bytes, size_t len);

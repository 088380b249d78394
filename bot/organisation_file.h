#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * Units of the organisation in a table (bot/table_file.h) with the columns id
 * (编号), name (名称), kind (类别), level (层级), parent (上级), contact
 * (联系人); the last three may be missing. A kind is one of bot/policy.h, or
 * its name in Chinese.
 */
#define ORGANISATION_FILE_BYTES ((size_t)2 * 1024 * 1024)

enum unit_change { UNIT_SAME, UNIT_CHANGED, UNIT_ADDED };

/* A row. Of a column that the table does not have the field is NULL. */
struct organisation_row {
    size_t line;
    const char *id, *name, *kind, *level, *parent, *contact;
    enum unit_change change; /* by organisation_merge(), as is: */
    size_t index;            /* of its unit among those of the document */
};

/* line: where the row begins, 1 the first; 0: the file as a whole. */
typedef void organisation_file_fault(void *data, size_t line, const char *what);

/* Every fault is told; false when there was one. What units may be is not
 * looked at: that is the document's to say. */
bool organisation_file_read(struct arena *arena, const char *bytes, size_t len,
                            organisation_file_fault *fault, void *data,
                            struct organisation_row **out, size_t *n);

/*
 * The organisation with the units of the rows added or changed; those it does
 * not name stay. json is the document, or "". NULL when it is not one of units.
 * The text is in arena.
 */
const char *organisation_merge(struct arena *arena, const char *json,
                               size_t json_len, struct organisation_row *rows,
                               size_t n);

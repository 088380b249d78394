#include "bot/api/imports.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/scope.h"
#include "bot/attributes.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "bot/table_file.h"
#include "store/group.h"
#include "store/people.h"
#include "store/station.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 200 /* rows of one transaction */
#define TRIES 4   /* of one that somebody else was in the way of */
#define ID_BYTES 96

enum { COLUMN_ID, COLUMN_UNITS };
#define COLUMNS (COLUMN_UNITS + ATTRIBUTES)

static const struct table_column group_columns[COLUMNS] = {
    {"chat", "群", true},
    {"units", "组织", false},
    {"stations", "驿站", false},
    {"tags", "标签", false},
};
static const struct table_column rider_columns[COLUMNS] = {
    {"rider", "骑手", true},
    {"units", "组织", false},
    {"stations", "驿站", false},
    {"tags", "标签", false},
};

struct row {
    size_t line;
    const char *id;
    const char *values[ATTRIBUTES]; /* NULL: as it is */
};

struct import {
    struct api_call *call;
    bool riders;
    struct attributes attributes;
    struct row *rows;
    size_t n, at, tries;
    const char **ids; /* of the chunk */
    size_t chunk, chunk_changes;
    size_t changed, unknown, n_problems;
    json_t *problems;
};

static void tell(void *data, size_t line, const char *what) {
    struct import *import = data;
    if (import->n_problems++ < TABLE_FAULTS_MAX)
        json_array_append_new(
            import->problems,
            json_pack("{sI ss}", "line", (json_int_t)line, "text", what));
}

/* ---- the table -----------------------------------------------------------
 */

/* A bare number is of QQ. NULL: it is no id. */
static const char *read_id(const struct import *import, const char *text) {
    size_t digits = strspn(text, "0123456789"), len = strlen(text);
    const char *dot = strchr(text, '.');
    if (len == 0 || len > ID_BYTES)
        return NULL;
    if (digits == len)
        return arena_printf(&import->call->arena, "qq.%s%s",
                            import->riders ? "" : "g", text);
    return dot == NULL || dot == text || dot[1] == '\0' ? NULL : text;
}

static const char *on_row(void *data, size_t line, const char *const *fields) {
    struct import *import = data;
    struct row row = {.line = line, .id = read_id(import, fields[COLUMN_ID])};
    const char *fault = NULL;
    if (row.id == NULL)
        return "this is no id";
    for (int i = 0; i < ATTRIBUTES; i++) {
        if (fields[COLUMN_UNITS + i] == NULL)
            continue;
        row.values[i] = attributes_read(&import->attributes, (enum attribute)i,
                                        fields[COLUMN_UNITS + i], &fault);
        if (row.values[i] == NULL)
            return fault;
    }
    if (import->n == IMPORT_ROWS_MAX)
        return "there are more than 20000 lines";
    import->rows[import->n++] = row;
    return NULL;
}

static int by_id(const void *a, const void *b) {
    const struct row *x = a, *y = b;
    int order = strcmp(x->id, y->id);
    return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

/* Of several lines for one the first holds. */
static void drop_twins(struct import *import) {
    size_t n = 0;
    if (import->n > 0)
        qsort(import->rows, import->n, sizeof(*import->rows), by_id);
    for (size_t i = 0; i < import->n; i++)
        if (n > 0 && strcmp(import->rows[n - 1].id, import->rows[i].id) == 0)
            tell(import, import->rows[i].line,
                 arena_printf(&import->call->arena,
                              "the id is that of line %zu",
                              import->rows[n - 1].line));
        else
            import->rows[n++] = import->rows[i];
    import->n = n;
}

static void read_rows(struct import *import) {
    struct api_call *call = import->call;
    const struct table table = {
        .columns = import->riders ? rider_columns : group_columns,
        .n_columns = COLUMNS,
        .max_bytes = IMPORT_BYTES,
        .row = on_row,
        .fault = tell,
        .data = import,
    };
    import->rows =
        arena_alloc(&call->arena, IMPORT_ROWS_MAX * sizeof(*import->rows));
    import->ids = arena_alloc(&call->arena, CHUNK * sizeof(*import->ids));
    /* The lines that are right are done, whatever the others are. */
    (void)!table_read(&call->arena, &table, call->body, call->body_len);
    drop_twins(import);
}

/* ---- some rows at a time -------------------------------------------------
 */

static void next_chunk(struct import *import);

static void on_written(void *data, const struct txn_result *result) {
    struct import *import = data;
    struct api_call *call = import->call;
    if (result->err != OK) {
        json_decref(import->problems);
        api_fail(call, result->err);
        return;
    }
    api_answer(call,
               json_pack("{sI sI so}", "changed", (json_int_t)import->changed,
                         "unknown", (json_int_t)import->unknown, "problems",
                         import->problems),
               0);
}

/* Once all are done: done again, it would change nothing. */
static void end(struct import *import) {
    struct api_call *call = import->call;
    struct txn *txn = txn_new(call->bot->store);
    txn_audit(txn, call->caller.actor,
              import->riders ? "riders-import" : "groups-import", "",
              arena_printf(&call->arena, "%zu", import->changed));
    api_happens(call, txn);
    txn_commit(txn, on_written, import);
}

static void on_chunk(void *data, const struct txn_result *result) {
    struct import *import = data;
    if (result->err == ERR_CONFLICT && ++import->tries < TRIES) {
        next_chunk(import); /* as they are by now */
        return;
    }
    if (result->err != OK) {
        json_decref(import->problems);
        api_fail(import->call, result->err);
        return;
    }
    import->changed += import->chunk_changes;
    import->at += import->chunk;
    import->tries = 0;
    next_chunk(import);
}

static void tell_unknown(struct import *import, const struct row *row) {
    if (import->tries > 0)
        return; /* they were told */
    import->unknown++;
    tell(import, row->line, import->riders ? "no such rider" : "no such group");
}

/* The fields of a row that differ from had; how many names and values. */
static size_t differences(const struct row *row,
                          const char *const had[ATTRIBUTES],
                          const char *out[2 * ATTRIBUTES]) {
    size_t n = 0;
    for (int i = 0; i < ATTRIBUTES; i++) {
        if (row->values[i] == NULL || strcmp(row->values[i], had[i]) == 0)
            continue;
        out[n++] = attribute_names[i];
        out[n++] = row->values[i];
    }
    return n;
}

/* What a row changes, if its caller may; 0: nothing. */
static size_t take(struct import *import, const struct row *row, bool known,
                   const char *const had[ATTRIBUTES],
                   const char *out[2 * ATTRIBUTES]) {
    const struct api_call *call = import->call;
    const char *units = had[ATTRIBUTE_UNITS];
    const char *after = row->values[ATTRIBUTE_UNITS];
    /* Riders without any unit may be given one of one's own. */
    bool free = import->riders && units[0] == '\0' && after != NULL;
    if (!known || (!free && !scope_has_any(call, PERM_GROUPS, units))) {
        tell_unknown(import, row);
        return 0;
    }
    if (after != NULL && strcmp(after, units) != 0 &&
        !scope_may_change(call, PERM_GROUPS, units, after)) {
        if (import->tries == 0)
            tell(import, row->line, "these units are not yours to give");
        return 0;
    }
    return differences(row, had, out);
}

static void commit(struct import *import, struct txn *txn, size_t n) {
    import->chunk_changes = n;
    if (n > 0) {
        txn_commit(txn, on_chunk, import);
        return;
    }
    txn_free(txn);
    import->at += import->chunk;
    import->tries = 0;
    next_chunk(import);
}

static void fail(struct import *import, enum err err) {
    json_decref(import->problems);
    api_fail(import->call, err);
}

static void on_groups(void *data, enum err err, const struct group *groups,
                      size_t n) {
    struct import *import = data;
    const char *fields[2 * ATTRIBUTES];
    size_t changes = 0;
    if (err != OK) {
        fail(import, err);
        return;
    }
    struct txn *txn = txn_new(import->call->bot->store);
    for (size_t i = 0; i < n; i++) {
        const struct group *group = &groups[i];
        const char *const had[ATTRIBUTES] = {group->units, group->stations,
                                             group->tags};
        size_t n_fields = take(import, &import->rows[import->at + i],
                               group->title[0] != '\0', had, fields);
        if (n_fields > 0)
            group_change(txn, group->chat, group->version, fields, n_fields);
        changes += n_fields > 0;
    }
    commit(import, txn, changes);
}

static void on_people(void *data, enum err err, const struct person *people,
                      size_t n) {
    struct import *import = data;
    const char *fields[2 * ATTRIBUTES];
    size_t changes = 0;
    if (err != OK) {
        fail(import, err);
        return;
    }
    struct txn *txn = txn_new(import->call->bot->store);
    for (size_t i = 0; i < n; i++) {
        const struct person *person = &people[i];
        const char *const had[ATTRIBUTES] = {person->units, person->stations,
                                             person->tags};
        size_t n_fields = take(import, &import->rows[import->at + i],
                               person->version > 0, had, fields);
        if (n_fields > 0)
            txn_rider(txn, person->id, person->version, fields, n_fields);
        changes += n_fields > 0;
    }
    commit(import, txn, changes);
}

static void next_chunk(struct import *import) {
    struct api_call *call = import->call;
    size_t left = import->n - import->at;
    if (left == 0) {
        end(import);
        return;
    }
    import->chunk = left < CHUNK ? left : CHUNK;
    for (size_t i = 0; i < import->chunk; i++)
        import->ids[i] = import->rows[import->at + i].id;
    if (import->riders)
        people_get(call->bot->store, &call->arena, import->ids, import->chunk,
                   on_people, import);
    else
        group_get(call->bot->store, &call->arena, import->ids, import->chunk,
                  on_groups, import);
}

/* ---- the two routes ------------------------------------------------------
 */

static void on_stations(void *data, enum err err,
                        const struct station *stations, size_t n,
                        size_t total) {
    struct import *import = data;
    struct api_call *call = import->call;
    (void)total;
    if (err != OK) {
        fail(import, err);
        return;
    }
    attributes_init(&import->attributes, &call->arena,
                    policies_get(call->bot->policies), stations, n);
    read_rows(import);
    next_chunk(import);
}

static void begin(struct api_call *call, bool riders) {
    struct import *import = arena_alloc(&call->arena, sizeof(*import));
    *import = (struct import){
        .call = call, .riders = riders, .problems = json_array()};
    station_list_all(call->bot->store, &call->arena, STATIONS_MAX, on_stations,
                     import);
}

void imports_groups(struct api_call *call) {
    begin(call, false);
}

void imports_riders(struct api_call *call) {
    begin(call, true);
}

#include "bot/organisation_file.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/policy_parts.h"
#include "bot/table_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum column { ID, NAME, KIND, LEVEL, PARENT, CONTACT, COLUMN_COUNT };

static const struct table_column columns[COLUMN_COUNT] = {
    [ID] = {"id", "编号", true},
    [NAME] = {"name", "名称", true},
    [KIND] = {"kind", "类别", true},
    [LEVEL] = {"level", "层级", false},
    [PARENT] = {"parent", "上级", false},
    [CONTACT] = {"contact", "联系人", false},
};

static const struct {
    const char *chinese, *kind;
} kinds[] = {
    {"区", "district"},         {"社区", "community"},
    {"部门", "department"},     {"企业", "firm"},
    {"党员", "member"},         {"党支部", "branch"},
    {"支部", "branch"},         {"企业党组织", "enterprise"},
    {"企业党委", "enterprise"}, {"街道党工委", "township"},
    {"镇街党委", "township"},   {"行业党委", "industry"},
};

struct rows_reading {
    struct arena *arena;
    organisation_file_fault *fault;
    void *data;
    struct organisation_row *rows;
    size_t n;
    json_t *lines; /* id: line, of the rows so far */
};

/* ---- the table --------------------------------------------------------------
 */

static const char *kind_of(const char *text) {
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].chinese, text) == 0)
            return kinds[i].kind;
    return text;
}

static const char *on_row(void *data, size_t line, const char *const *fields) {
    struct rows_reading *reading = data;
    if (reading->n == UNITS_MAX)
        return "there are more than 5000 units";
    if (fields[ID][0] == '\0')
        return "it has no id";
    if (fields[LEVEL] != NULL && fields[LEVEL][0] != '\0' &&
        (strlen(fields[LEVEL]) != 1 || fields[LEVEL][0] < '0' ||
         fields[LEVEL][0] > '9'))
        return "its level is not a number from 2 to 5";
    const json_t *before = json_object_get(reading->lines, fields[ID]);
    if (before != NULL)
        return arena_printf(reading->arena,
                            "the id is that of line %" JSON_INTEGER_FORMAT,
                            json_integer_value(before));
    json_object_set_new(reading->lines, fields[ID],
                        json_integer((json_int_t)line));
    reading->rows[reading->n++] = (struct organisation_row){
        .line = line,
        .id = fields[ID],
        .name = fields[NAME],
        .kind = kind_of(fields[KIND]),
        .level = fields[LEVEL],
        .parent = fields[PARENT],
        .contact = fields[CONTACT],
    };
    return NULL;
}

static void on_fault(void *data, size_t line, const char *what) {
    const struct rows_reading *reading = data;
    reading->fault(reading->data, line, what);
}

bool organisation_file_read(struct arena *arena, const char *bytes, size_t len,
                            organisation_file_fault *fault, void *data,
                            struct organisation_row **out, size_t *n) {
    struct rows_reading reading = {
        .arena = arena, .fault = fault, .data = data};
    reading.rows = arena_alloc(arena, UNITS_MAX * sizeof(*reading.rows));
    reading.lines = json_object();
    bool good = table_read(arena,
                           &(struct table){
                               .columns = columns,
                               .n_columns = COLUMN_COUNT,
                               .max_bytes = ORGANISATION_FILE_BYTES,
                               .row = on_row,
                               .fault = on_fault,
                               .data = &reading,
                           },
                           bytes, len);
    json_decref(reading.lines);
    *out = reading.rows;
    *n = reading.n;
    return good;
}

/* ---- merging ----------------------------------------------------------------
 */

/* "" removes a member, NULL leaves it. */
static void set_text(json_t *unit, const char *member, const char *text) {
    if (text != NULL && text[0] != '\0')
        json_object_set_new(unit, member, json_string(text));
    else if (text != NULL)
        json_object_del(unit, member);
}

static void set_level(json_t *unit, const char *level) {
    if (level != NULL && level[0] != '\0')
        json_object_set_new(unit, "level", json_integer(level[0] - '0'));
    else if (level != NULL)
        json_object_del(unit, "level");
}

static void merge_row(json_t *units, json_t *index,
                      struct organisation_row *row) {
    const json_t *at = json_object_get(index, row->id);
    row->index =
        at == NULL ? json_array_size(units) : (size_t)json_integer_value(at);
    if (at == NULL)
        json_array_append_new(units, json_pack("{s:s}", "id", row->id));
    json_t *unit = json_array_get(units, row->index);
    json_t *before = json_copy(unit);
    set_text(unit, "name", row->name);
    set_text(unit, "kind", row->kind);
    set_level(unit, row->level);
    set_text(unit, "parent", row->parent);
    set_text(unit, "contact", row->contact);
    row->change = at == NULL                 ? UNIT_ADDED
                  : json_equal(before, unit) ? UNIT_SAME
                                             : UNIT_CHANGED;
    json_decref(before);
}

static void merge_rows(json_t *units, struct organisation_row *rows, size_t n) {
    json_t *index = json_object(); /* id: place */
    for (size_t i = 0; i < json_array_size(units); i++) {
        const char *id =
            json_string_value(json_object_get(json_array_get(units, i), "id"));
        if (id != NULL)
            json_object_set_new(index, id, json_integer((json_int_t)i));
    }
    for (size_t i = 0; i < n; i++)
        merge_row(units, index, &rows[i]);
    json_decref(index);
}

const char *organisation_merge(struct arena *arena, const char *json,
                               size_t json_len, struct organisation_row *rows,
                               size_t n) {
    const char *merged = NULL;
    json_t *document = json_len == 0 ? json_pack("{s:[]}", "units")
                                     : json_loadb(json, json_len, 0, NULL);
    json_t *units = json_object_get(document, "units");
    if (json_is_array(units)) {
        merge_rows(units, rows, n);
        char *text = json_dumps(document, JSON_INDENT(1));
        if (text == NULL)
            abort(); /* out of memory: all of it came from texts */
        merged = arena_strdup(arena, text);
        free(text);
    }
    json_decref(document);
    return merged;
}

#include "bot/audience_expression.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/policy.h"
#include "i18n/catalog.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const audience_target_names[AUDIENCE_TARGETS] = {
    [AUDIENCE_GROUPS] = "groups", [AUDIENCE_RIDERS] = "riders"};

const char *const audience_fields[AUDIENCE_FIELDS] = {
    [FIELD_GROUP] = "group",       [FIELD_UNIT] = "unit",
    [FIELD_STATION] = "station",   [FIELD_ROLE] = "role",
    [FIELD_TAG] = "tag",           [FIELD_LANG] = "lang",
    [FIELD_PLATFORM] = "platform", [FIELD_CONSENT] = "consent",
    [FIELD_EVENT] = "event",       [FIELD_READ] = "read",
    [FIELD_UNREAD] = "unread",
};

static const bool groups_only[AUDIENCE_FIELDS] = {[FIELD_GROUP] = true};
static const bool riders_only[AUDIENCE_FIELDS] = {
    [FIELD_ROLE] = true, [FIELD_CONSENT] = true, [FIELD_EVENT] = true};

struct reading {
    struct arena *arena;
    enum audience_target target;
    struct audience_expression *out;
    struct audience_problem *problem;
    char path[sizeof(((struct audience_problem *)0)->field)];
};

/* ---- where in it, and what is wrong --------------------------------------
 */

/* Goes down; gives what rise() needs to come back. What is too long to be told
 * is cut. */
static size_t descend(struct reading *reading, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static size_t descend(struct reading *reading, const char *fmt, ...) {
    size_t len = strlen(reading->path);
    va_list args;
    va_start(args, fmt);
    vsnprintf(reading->path + len, sizeof(reading->path) - len, fmt, args);
    va_end(args);
    return len;
}

static void rise(struct reading *reading, size_t len) {
    reading->path[len] = '\0';
}

static enum err refuse(const struct reading *reading, const char *code) {
    if (reading->problem != NULL) {
        const char *path = reading->path;
        reading->problem->code = code;
        /* Cut in the middle of a character it would be no text. */
        snprintf(reading->problem->field, sizeof(reading->problem->field), "%s",
                 utf8_valid(path, strlen(path)) ? path : "audience");
    }
    return ERR_INVALID;
}

/* ---- values --------------------------------------------------------------
 */

static bool is_number(const char *text, char letter) {
    size_t len = text[0] == letter ? strspn(text + 1, "0123456789") : 0;
    return len > 0 && len <= 15 && text[1 + len] == '\0';
}

static bool is_one_of(const char *text, const char *const *words) {
    while (*words != NULL && strcmp(*words, text) != 0)
        words++;
    return *words != NULL;
}

/* "E12", "E12:attended" */
static bool is_event(const char *text) {
    static const char *const states[] = {"attended", "waiting", "signed", NULL};
    char id[24];
    size_t len = strcspn(text, ":");
    if (len >= sizeof(id) ||
        (text[len] == ':' && !is_one_of(text + len + 1, states)))
        return false;
    memcpy(id, text, len);
    id[len] = '\0';
    return is_number(id, 'E');
}

static bool is_line(const char *text) {
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            return false;
    return true;
}

static bool fits(enum audience_field field, const char *text) {
    static const char *const roles[] = {"rider", "staff", "organiser", "admin",
                                        NULL};
    static const char *const answers[] = {"yes", "no", NULL};
    enum lang lang;
    switch (field) {
    case FIELD_ROLE:
        return is_one_of(text, roles);
    case FIELD_CONSENT:
        return is_one_of(text, answers);
    case FIELD_LANG:
        return lang_parse(text, &lang);
    case FIELD_EVENT:
        return is_event(text);
    case FIELD_READ:
    case FIELD_UNREAD:
        return is_number(text, 'B');
    default:
        return text[0] != '\0' && is_line(text);
    }
}

static enum err read_value(struct reading *reading, const json_t *json,
                           struct audience_node *leaf) {
    const char *text = json_string_value(json);
    if (text == NULL || strlen(text) != json_string_length(json) ||
        json_string_length(json) > AUDIENCE_VALUE_BYTES ||
        !fits(leaf->field, text))
        return refuse(reading, "bad_value");
    if (reading->out->n_values++ == AUDIENCE_VALUES_MAX)
        return refuse(reading, "too_many");
    leaf->values[leaf->n_values++] = arena_strdup(reading->arena, text);
    return OK;
}

static enum err read_values(struct reading *reading, const json_t *json,
                            struct audience_node *leaf) {
    size_t n = json_is_array(json) ? json_array_size(json) : 1;
    if (n == 0)
        return refuse(reading, "empty");
    if (n > AUDIENCE_VALUES_MAX)
        return refuse(reading, "too_many");
    leaf->values = arena_alloc(reading->arena, n * sizeof(*leaf->values));
    for (size_t i = 0; i < n; i++) {
        size_t up = strlen(reading->path);
        if (json_is_array(json))
            descend(reading, "[%zu]", i);
        enum err err = read_value(
            reading, json_is_array(json) ? json_array_get(json, i) : json,
            leaf);
        if (err != OK)
            return err;
        rise(reading, up);
    }
    return OK;
}

/* ---- nodes ---------------------------------------------------------------
 */

static enum err read_node(struct reading *reading, const json_t *json,
                          size_t depth, struct audience_node **out);

static enum err read_leaf(struct reading *reading, const char *name,
                          const json_t *json, struct audience_node *node) {
    struct audience_expression *all = reading->out;
    size_t field = 0;
    while (field < AUDIENCE_FIELDS && strcmp(audience_fields[field], name) != 0)
        field++;
    if (field == AUDIENCE_FIELDS)
        return refuse(reading, "unknown_field");
    if (groups_only[field] && reading->target != AUDIENCE_GROUPS)
        return refuse(reading, "groups_only");
    if (riders_only[field] && reading->target != AUDIENCE_RIDERS)
        return refuse(reading, "riders_only");
    if (all->n_leaves == AUDIENCE_LEAVES_MAX)
        return refuse(reading, "too_many");
    node->op = AUDIENCE_LEAF;
    node->field = (enum audience_field)field;
    node->leaf = all->n_leaves;
    node->path = arena_strdup(reading->arena, reading->path);
    all->leaves[all->n_leaves++] = node;
    return read_values(reading, json, node);
}

/* An "all" of nothing is no leaf: they are counted by the depth and by how many
 * one may have. */
static enum err read_many(struct reading *reading, const json_t *json,
                          size_t depth, struct audience_node *node) {
    struct audience_node **last = &node->first;
    if (!json_is_array(json))
        return refuse(reading, "not_an_array");
    size_t n = json_array_size(json);
    if (n > AUDIENCE_LEAVES_MAX)
        return refuse(reading, "too_many");
    if (n == 0 && node->op == AUDIENCE_ANY)
        return refuse(reading, "empty");
    for (size_t i = 0; i < n; i++) {
        size_t up = descend(reading, "[%zu]", i);
        enum err err =
            read_node(reading, json_array_get(json, i), depth + 1, last);
        if (err != OK)
            return err;
        rise(reading, up);
        last = &(*last)->next;
    }
    return OK;
}

static enum err read_member(struct reading *reading, const char *name,
                            const json_t *json, size_t depth,
                            struct audience_node *node) {
    bool is_all = strcmp(name, "all") == 0, is_any = strcmp(name, "any") == 0;
    bool is_not = strcmp(name, "not") == 0;
    if (!is_all && !is_any && !is_not)
        return read_leaf(reading, name, json, node);
    if (depth > AUDIENCE_DEPTH_MAX)
        return refuse(reading, "too_deep");
    node->op = is_not ? AUDIENCE_NOT : is_all ? AUDIENCE_ALL : AUDIENCE_ANY;
    return is_not ? read_node(reading, json, depth + 1, &node->first)
                  : read_many(reading, json, depth, node);
}

#define NODES_MAX (AUDIENCE_LEAVES_MAX * AUDIENCE_DEPTH_MAX)

static enum err read_node(struct reading *reading, const json_t *json,
                          size_t depth, struct audience_node **out) {
    struct audience_node *node = arena_alloc(reading->arena, sizeof(*node));
    const char *name;
    json_t *value;
    *out = node;
    if (reading->out->n_nodes++ == NODES_MAX)
        return refuse(reading, "too_many");
    if (!json_is_object(json))
        return refuse(reading, "not_an_object");
    if (json_object_size(json) == 0) {
        node->op = AUDIENCE_ALL;
        return OK;
    }
    if (json_object_size(json) > 1)
        return refuse(reading, "one_member");
    json_object_foreach((json_t *)(uintptr_t)json, name, value) {
        size_t up = descend(reading, ".%s", name);
        enum err err = read_member(reading, name, value, depth, node);
        if (err != OK)
            return err;
        rise(reading, up);
    }
    return OK;
}

enum err audience_expression_read(struct arena *arena, const json_t *json,
                                  enum audience_target target,
                                  struct audience_expression *out,
                                  struct audience_problem *problem) {
    struct reading reading = {.arena = arena,
                              .target = target,
                              .out = out,
                              .problem = problem,
                              .path = "audience"};
    *out = (struct audience_expression){0};
    return read_node(&reading, json, 1, &out->root);
}

enum err audience_expression_parse(struct arena *arena, const char *text,
                                   enum audience_target target,
                                   struct audience_expression *out) {
    size_t len = strlen(text);
    if (len > AUDIENCE_BYTES)
        return ERR_INVALID;
    json_t *json = len == 0
                       ? json_object()
                       : json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    enum err err = audience_expression_read(arena, json, target, out, NULL);
    json_decref(json);
    return err;
}

/* ---- checking ------------------------------------------------------------
 */

static enum err check_units(const struct policy *policy,
                            const struct audience_node *leaf,
                            struct audience_problem *problem) {
    for (size_t i = 0; i < leaf->n_values; i++) {
        if (policy_unit(policy, leaf->values[i]) != NULL)
            continue;
        if (problem != NULL) {
            problem->code = "unknown_unit";
            snprintf(problem->field, sizeof(problem->field), "%s", leaf->path);
        }
        return ERR_INVALID;
    }
    return OK;
}

enum err audience_check(const struct policy *policy, const json_t *expression,
                        enum audience_target target,
                        struct audience_problem *problem) {
    struct audience_expression read;
    struct arena arena;
    arena_init(&arena);
    enum err err =
        audience_expression_read(&arena, expression, target, &read, problem);
    for (size_t i = 0; err == OK && i < read.n_leaves; i++)
        if (read.leaves[i]->field == FIELD_UNIT)
            err = check_units(policy, read.leaves[i], problem);
    arena_finish(&arena);
    return err;
}

#include "bot/policy_node.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define EXCERPT_CHARS 40

struct node node_member(const struct node *up, const char *member) {
    return (struct node){
        .reading = up->reading,
        .up = up,
        .member = member,
        .json = json_object_get(up->json, member),
    };
}

struct node node_element(const struct node *up, size_t index) {
    return (struct node){
        .reading = up->reading,
        .up = up,
        .index = index,
        .json = json_array_get(up->json, index),
    };
}

/* ---- problems -------------------------------------------------------------
 */

/* "rules[3].unit"; the document itself is "". */
static void print_path(struct buf *out, const struct node *node) {
    if (node->up == NULL)
        return;
    print_path(out, node->up);
    if (node->member == NULL)
        buf_addf(out, "[%zu]", node->index);
    else
        buf_addf(out, "%s%s", out->len > 0 ? "." : "", node->member);
}

void node_problem(const struct node *node, const char *fmt, ...) {
    struct problems *problems = node->reading->problems;
    struct buf path;
    va_list args;
    if (problems->n == POLICY_PROBLEMS_MAX)
        return;
    buf_init(&path);
    print_path(&path, node);
    buf_adds(&path, "");
    struct problem *problem = &problems->items[problems->n++];
    problem->document = node->reading->document;
    problem->path = arena_strndup(node->reading->arena, path.data, path.len);
    va_start(args, fmt);
    problem->text = arena_vprintf(node->reading->arena, fmt, args);
    va_end(args);
    buf_finish(&path);
}

static void wanted(const struct node *node, const char *what) {
    if (node->json == NULL)
        node_problem(node, "is missing");
    else
        node_problem(node, "is not %s", what);
}

/* ---- values ---------------------------------------------------------------
 */

static bool is_known(const char *name, const char *const *known) {
    while (*known != NULL && strcmp(*known, name) != 0)
        known++;
    return *known != NULL;
}

bool node_is_object(const struct node *node, const char *const *known) {
    if (!json_is_object(node->json)) {
        wanted(node, "an object");
        return false;
    }
    json_t *object = (json_t *)(uintptr_t)node->json; /* only walked */
    for (void *at = json_object_iter(object); at != NULL;
         at = json_object_iter_next(object, at))
        if (!is_known(json_object_iter_key(at), known))
            node_problem(node, "has a member that is not known: %s",
                         utf8_excerpt(node->reading->arena,
                                      json_object_iter_key(at), EXCERPT_CHARS));
    return true;
}

size_t node_array(const struct node *node, size_t max) {
    if (!json_is_array(node->json)) {
        wanted(node, "an array");
        return 0;
    }
    if (json_array_size(node->json) > max) {
        node_problem(node, "has more than %zu elements", max);
        return 0;
    }
    return json_array_size(node->json);
}

const char *node_text(const struct node *node, size_t max_chars) {
    const char *text = json_string_value(node->json);
    if (text == NULL) {
        wanted(node, "a text");
        return "";
    }
    size_t len = json_string_length(node->json);
    const char *clean = utf8_clean(&node->reading->policy->memory, text, len);
    if (strcmp(clean, text) != 0)
        node_problem(node,
                     "has blanks at an end, or characters that cannot "
                     "be shown");
    else if (len == 0)
        node_problem(node, "is empty");
    else if (utf8_length(text) > max_chars)
        node_problem(node, "is longer than %zu characters", max_chars);
    else
        return clean;
    return "";
}

const char *node_line(const struct node *node, size_t max_chars) {
    const char *text = node_text(node, max_chars);
    if (strpbrk(text, "\n\t") == NULL)
        return text;
    node_problem(node, "is more than one line");
    return "";
}

int64_t node_int(const struct node *node, int64_t min, int64_t max) {
    if (!json_is_integer(node->json)) {
        wanted(node, "a whole number");
        return min;
    }
    int64_t number = json_integer_value(node->json);
    if (number >= min && number <= max)
        return number;
    node_problem(node, "is not from %lld to %lld", (long long)min,
                 (long long)max);
    return min;
}

bool node_bool(const struct node *node) {
    if (!json_is_boolean(node->json))
        wanted(node, "true or false");
    return json_is_true(node->json);
}

const struct unit *node_unit(const struct node *node) {
    const char *id = json_string_value(node->json);
    if (id == NULL) {
        wanted(node, "the id of a unit");
        return NULL;
    }
    const struct unit *unit = policy_unit(node->reading->policy, id);
    if (unit == NULL)
        node_problem(node, "is no unit of the organisation: %s",
                     utf8_excerpt(node->reading->arena, id, EXCERPT_CHARS));
    return unit;
}

int node_category(const struct node *node) {
    const char *text = json_string_value(node->json);
    int category = text == NULL ? -1 : policy_category(text);
    if (text == NULL)
        wanted(node, "a category or \"*\"");
    else if (category < 0 && strcmp(text, "*") != 0)
        node_problem(node, "is no category: %s",
                     utf8_excerpt(node->reading->arena, text, EXCERPT_CHARS));
    return category;
}

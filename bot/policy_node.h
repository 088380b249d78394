#pragma once

#include "bot/policy_parts.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A value of a document, and the way to it: what reads a document walks down
 * such nodes, so that whatever is wrong is told with its path. Private to
 * policy*.c.
 */
struct node {
    struct reading *reading;
    const struct node *up; /* NULL: the document */
    const char *member;    /* NULL: element index of an array */
    size_t index;
    const json_t *json; /* NULL: it is not there */
};

/* up has to outlive what it gives. */
struct node node_member(const struct node *up, const char *member);
struct node node_element(const struct node *up, size_t index);
static inline bool node_is_there(const struct node *node) {
    return node->json != NULL;
}

void node_problem(const struct node *node, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Each of these tells a problem and gives the value in brackets when the value
 * is missing or of another kind. */

/* [false] An object with no members but those of a list that ends with NULL. */
bool node_is_object(const struct node *node, const char *const *known);
/* [0] The length of an array of at most max elements. */
size_t node_array(const struct node *node, size_t max);
/* [""] Clean text of 1 to max_chars characters, in the policy's memory. */
const char *node_text(const struct node *node, size_t max_chars);
/* [""] The same of one line. */
const char *node_line(const struct node *node, size_t max_chars);
/* [min] */
int64_t node_int(const struct node *node, int64_t min, int64_t max);
/* [false] */
bool node_bool(const struct node *node);
/* [NULL] The unit of an id. */
const struct unit *node_unit(const struct node *node);
/* [-1] The place in policy_categories; "*" is -1 without a problem. */
int node_category(const struct node *node);

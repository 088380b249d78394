#pragma once

#include "bot/audience.h"

struct arena;

/*
 * An expression that was read, private to bot/audience*.c. It borrows nothing.
 */
enum audience_field {
    FIELD_GROUP,
    FIELD_UNIT,
    FIELD_STATION,
    FIELD_ROLE,
    FIELD_TAG,
    FIELD_LANG,
    FIELD_PLATFORM,
    FIELD_CONSENT,
    FIELD_EVENT,
    FIELD_READ,
    FIELD_UNREAD,
    AUDIENCE_FIELDS
};
extern const char *const audience_fields[AUDIENCE_FIELDS];

enum audience_op { AUDIENCE_ALL, AUDIENCE_ANY, AUDIENCE_NOT, AUDIENCE_LEAF };
struct audience_node {
    enum audience_op op;
    struct audience_node *first, *next; /* below it; beside it */
    enum audience_field field;          /* of a leaf */
    const char **values;
    size_t n_values;
    size_t leaf;      /* its number */
    const char *path; /* where it stands, for problems */
};

struct audience_expression {
    struct audience_node *root;
    struct audience_node *leaves[AUDIENCE_LEAVES_MAX];
    size_t n_leaves, n_values, n_nodes;
};

/* As audience_check(), but a unit may have gone since. problem may be NULL. */
enum err audience_expression_read(struct arena *arena, const json_t *json,
                                  enum audience_target target,
                                  struct audience_expression *out,
                                  struct audience_problem *problem) must_check;
/* Of text; "" names everybody. */
enum err audience_expression_parse(struct arena *arena, const char *text,
                                   enum audience_target target,
                                   struct audience_expression *out) must_check;

#define AUDIENCE_VALUE_BYTES 128 /* of one value */

#include "bot/policy_node.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* What a unit may be, and the rung on which it is unless it says otherwise. */
static const struct {
    const char *name;
    int level;
} kinds[] = {
    {"district", 0},   {"community", 0}, {"department", 0},
    {"firm", 0},       {"member", 2},    {"branch", 3},
    {"enterprise", 4}, {"township", 4},  {"industry", 5},
};

/* ---- reading ------------------------------------------------------------- */

static const char *read_id(const struct node *node) {
    const char *id = node_line(node, UNIT_ID_MAX);
    if (strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(id))
        return id;
    node_problem(node, "is not of a-z, 0-9, _ and -");
    return "";
}

/* Tables and forms leave an empty text where there is nothing. */
static bool is_empty(const struct node *node) {
    return json_is_null(node->json) ||
           (json_is_string(node->json) && json_string_length(node->json) == 0);
}

static void read_unit(const struct node *node, struct unit *unit) {
    static const char *const known[] = {"id",     "name",    "kind", "level",
                                        "parent", "contact", NULL};
    *unit = (struct unit){.id = "", .name = "", .kind = "", .contact = ""};
    if (!node_is_object(node, known))
        return;
    struct node id = node_member(node, "id"), name = node_member(node, "name"),
                kind = node_member(node, "kind"),
                level = node_member(node, "level"),
                contact = node_member(node, "contact");
    unit->id = read_id(&id);
    unit->name = node_line(&name, UNIT_NAME_CHARS);
    unit->kind = node_line(&kind, UNIT_ID_MAX);
    size_t i = 0;
    while (i < ARRAY_LEN(kinds) && strcmp(kinds[i].name, unit->kind) != 0)
        i++;
    if (i < ARRAY_LEN(kinds))
        unit->level = kinds[i].level;
    else if (unit->kind[0] != '\0')
        node_problem(&kind,
                     "is none of district, community, department, "
                     "firm, member, branch, enterprise, township, "
                     "industry");
    if (node_is_there(&level))
        unit->level = (int)node_int(&level, 0, LEVEL_TOP);
    if (unit->level == LEVEL_RIDER)
        node_problem(&level, "is that of the riders");
    if (node_is_there(&contact) && !is_empty(&contact))
        unit->contact = node_line(&contact, UNIT_CONTACT_CHARS);
}

/* By id; of the same id, the first in the document first. */
static int compare(const void *a, const void *b) {
    const struct unit *x = *(const struct unit *const *)a;
    const struct unit *y = *(const struct unit *const *)b;
    int order = strcmp(x->id, y->id);
    return order != 0 ? order : x < y ? -1 : x > y;
}

static void sort_units(const struct node *array, struct policy *policy) {
    const struct unit **by_id = policy->by_id;
    size_t n = policy->n_units;
    for (size_t i = 0; i < n; i++)
        by_id[i] = &policy->units[i];
    if (n > 0)
        qsort(by_id, n, sizeof(const struct unit *), compare);
    for (size_t i = 1; i < n; i++) {
        if (by_id[i]->id[0] == '\0' ||
            strcmp(by_id[i - 1]->id, by_id[i]->id) != 0)
            continue;
        struct node unit =
            node_element(array, (size_t)(by_id[i] - policy->units));
        struct node id = node_member(&unit, "id");
        node_problem(&id, "is that of units[%zu], too",
                     (size_t)(by_id[i - 1] - policy->units));
    }
}

static void read_parent(const struct node *array, size_t i) {
    struct unit *units = array->reading->policy->units;
    struct node unit = node_element(array, i);
    struct node parent = node_member(&unit, "parent");
    bool none = !node_is_there(&parent) || is_empty(&parent);
    units[i].parent = none ? NULL : node_unit(&parent);
}

/* From each the root is reached in a few steps. */
static void check_ancestors(const struct node *array, size_t i) {
    const struct unit *unit = &array->reading->policy->units[i];
    const struct unit *up = unit->parent;
    size_t depth = 0;
    while (up != NULL && up != unit && depth < UNIT_DEPTH_MAX) {
        up = up->parent;
        depth++;
    }
    if (up == NULL)
        return;
    struct node element = node_element(array, i);
    struct node parent = node_member(&element, "parent");
    if (up == unit)
        node_problem(&parent, "leads in a circle");
    else
        node_problem(&parent,
                     "is more than %d levels below the top, or below "
                     "a circle",
                     UNIT_DEPTH_MAX);
}

void policy_read_organisation(const struct node *root) {
    static const char *const known[] = {"units", NULL};
    struct policy *policy = root->reading->policy;
    if (!node_is_object(root, known))
        return;
    struct node array = node_member(root, "units");
    size_t n = node_array(&array, UNITS_MAX);
    if (json_is_array(array.json) && json_array_size(array.json) == 0)
        node_problem(&array, "is empty");
    policy->units = arena_alloc(&policy->memory, (n + 1) * sizeof(struct unit));
    policy->by_id =
        arena_alloc(&policy->memory, (n + 1) * sizeof(const struct unit *));
    for (size_t i = 0; i < n; i++) {
        struct node element = node_element(&array, i);
        read_unit(&element, &policy->units[i]);
    }
    policy->n_units = n;
    sort_units(&array, policy);
    for (size_t i = 0; i < n; i++)
        read_parent(&array, i);
    for (size_t i = 0; i < n; i++)
        check_ancestors(&array, i);
}

/* ---- asking ---------------------------------------------------------------
 */

static int compare_id(const void *id, const void *unit) {
    return strcmp(id, (*(const struct unit *const *)unit)->id);
}

const struct unit *policy_unit(const struct policy *policy, const char *id) {
    if (policy->n_units == 0 || id[0] == '\0')
        return NULL;
    const struct unit *const *found =
        bsearch(id, policy->by_id, policy->n_units, sizeof(const struct unit *),
                compare_id);
    return found == NULL ? NULL : *found;
}

size_t policy_units(const struct policy *policy, const struct unit **first) {
    *first = policy->units;
    return policy->n_units;
}

bool policy_covers(const struct policy *policy, const char *ancestor,
                   const char *unit) {
    if (ancestor[0] == '\0' || strcmp(ancestor, "*") == 0)
        return true;
    if (strcmp(ancestor, unit) == 0)
        return true; /* also when it is in the organisation no more */
    const struct unit *up = policy_unit(policy, unit);
    while (up != NULL && strcmp(up->id, ancestor) != 0)
        up = up->parent;
    return up != NULL;
}

const struct unit *policy_above(const struct policy *policy, const char *unit,
                                int level) {
    const struct unit *up = policy_unit(policy, unit);
    do
        up = up == NULL ? NULL : up->parent;
    while (up != NULL && up->level <= level);
    return up;
}

#include "bot/policy_node.h"

#include <stdlib.h>
#include <string.h>

/* A community by its place among the units, or -1 for all, and a category by
 * its place in the list, or -1. */
#define CATEGORY_BITS 8
static int make_key(int community, int category) {
    return (community + 1) << CATEGORY_BITS | (category + 1);
}

/* ---- reading ------------------------------------------------------------- */

static int read_community(const struct node *node) {
    const char *id = json_string_value(node->json);
    if (id != NULL && strcmp(id, "*") == 0)
        return -1;
    const struct unit *unit = node_unit(node);
    return unit == NULL ? -1 : (int)(unit - node->reading->policy->units);
}

static void read_route(const struct node *node, struct route *route) {
    static const char *const known[] = {"community", "category", "unit", NULL};
    if (!node_is_object(node, known))
        return;
    size_t before = node->reading->problems->n;
    struct node community = node_member(node, "community");
    struct node category = node_member(node, "category");
    struct node unit = node_member(node, "unit");
    int there = read_community(&community), what = node_category(&category);
    route->key = make_key(there, what);
    route->unit = node_unit(&unit);
    if (route->key == make_key(-1, -1) && node->reading->problems->n == before)
        node_problem(node, "is for everything: that is \"default\"");
}

static int compare(const void *a, const void *b) {
    const struct route *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static bool has_twin(const struct route *routes, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (routes[j].key == routes[i].key)
            return true;
    return false;
}

/* Sorted, twins are beside each other; only then it is worth while to look for
 * where they were written. */
static void check_twins(const struct node *array, const struct route *routes,
                        const struct route *sorted, size_t n) {
    bool twins = false;
    for (size_t i = 1; i < n; i++)
        twins |= sorted[i].key == sorted[i - 1].key;
    for (size_t i = 0; twins && i < n; i++)
        if (array->reading->problems->n < POLICY_PROBLEMS_MAX &&
            has_twin(routes, i)) {
            struct node rule = node_element(array, i);
            node_problem(&rule, "is for the same as one before it");
        }
}

/* The built-in document may name a unit that this district does not have. */
static const struct unit *some_unit(const struct policy *policy) {
    for (size_t i = 0; i < policy->n_units; i++)
        if (strcmp(policy->units[i].kind, "district") == 0)
            return &policy->units[i];
    for (size_t i = 0; i < policy->n_units; i++)
        if (policy->units[i].parent == NULL)
            return &policy->units[i];
    return NULL;
}

static void read_default(const struct node *node) {
    struct policy *policy = node->reading->policy;
    const char *id = json_string_value(node->json);
    policy->default_unit = id == NULL ? NULL : policy_unit(policy, id);
    if (policy->default_unit == NULL && node->reading->builtin)
        policy->default_unit = some_unit(policy);
    else if (policy->default_unit == NULL)
        node_unit(node); /* tells why */
}

void policy_read_routing(const struct node *root) {
    static const char *const known[] = {"default", "rules", NULL};
    struct policy *policy = root->reading->policy;
    if (!node_is_object(root, known))
        return;
    struct node fallback = node_member(root, "default");
    struct node array = node_member(root, "rules");
    read_default(&fallback);
    size_t n = node_array(&array, ROUTES_MAX);
    size_t before = root->reading->problems->n;
    struct route *routes =
        arena_alloc(&policy->memory, (n + 1) * sizeof(*routes));
    for (size_t i = 0; i < n; i++) {
        struct node rule = node_element(&array, i);
        read_route(&rule, &routes[i]);
    }
    policy->routes = arena_alloc(&policy->memory, (n + 1) * sizeof(*routes));
    memcpy(policy->routes, routes, n * sizeof(*routes));
    policy->n_routes = n;
    if (n > 0)
        qsort(policy->routes, n, sizeof(*routes), compare);
    if (root->reading->problems->n == before)
        check_twins(&array, routes, policy->routes, n);
}

/* ---- asking ---------------------------------------------------------------
 */

static const struct unit *look_up(const struct policy *policy, int community,
                                  int category) {
    struct route key = {.key = make_key(community, category)};
    const struct route *route =
        policy->n_routes == 0 ? NULL
                              : bsearch(&key, policy->routes, policy->n_routes,
                                        sizeof(key), compare);
    return route == NULL ? NULL : route->unit;
}

const struct unit *policy_route(const struct policy *policy,
                                const struct unit *community,
                                const char *category) {
    int there = community == NULL ? -1 : (int)(community - policy->units);
    int what = category == NULL ? -1 : policy_category(category);
    const struct unit *unit = NULL;
    if (there >= 0 && what >= 0)
        unit = look_up(policy, there, what);
    if (unit == NULL && what >= 0)
        unit = look_up(policy, -1, what);
    if (unit == NULL && there >= 0)
        unit = look_up(policy, there, -1);
    if (unit == NULL)
        unit = community;
    return unit == NULL ? policy->default_unit : unit;
}

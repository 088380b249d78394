#include "bot/policy_node.h"

#include "bot/worktime.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000LL
#define HOUR_MS (60 * MINUTE_MS)
#define CLOCK_MIN_MAX (366 * 24 * 60) /* a year */
#define SILENCE_H_MAX (366 * 24)

/* ---- reading ------------------------------------------------------------- */

static enum urgency read_urgency(const struct node *node) {
    static const char *const names[] = {"*", "normal", "urgent"};
    const char *text = json_string_value(node->json);
    for (int i = 0; text != NULL && i < 3; i++)
        if (strcmp(names[i], text) == 0)
            return (enum urgency)i;
    node_problem(node, "is none of \"normal\", \"urgent\" and \"*\"");
    return URGENCY_ANY;
}

static int64_t read_minutes(const struct node *rule, const char *name,
                            int64_t min, int64_t max_ms) {
    struct node node = node_member(rule, name);
    return node_int(&node, min, max_ms / MINUTE_MS) * MINUTE_MS;
}

static void read_line(const struct node *node, struct clock_line *line) {
    static const char *const known[] = {
        "category",    "urgency",  "acknowledge_min",
        "resolve_min", "warn_min", "around_the_clock",
        NULL};
    *line = (struct clock_line){.category = -1};
    if (!node_is_object(node, known))
        return;
    struct node category = node_member(node, "category");
    struct node urgency = node_member(node, "urgency");
    struct node always = node_member(node, "around_the_clock");
    line->category = node_category(&category);
    line->urgency = read_urgency(&urgency);
    struct clock_rule *rule = &line->rule;
    rule->resolve_ms =
        read_minutes(node, "resolve_min", 1, CLOCK_MIN_MAX * MINUTE_MS);
    rule->acknowledge_ms =
        read_minutes(node, "acknowledge_min", 1, rule->resolve_ms);
    rule->warn_ms = read_minutes(node, "warn_min", 0, rule->resolve_ms);
    rule->around_the_clock = node_is_there(&always) && node_bool(&always);
}

static const struct clock_rule *find(const struct policy *policy, int category,
                                     enum urgency urgency) {
    for (size_t i = 0; i < policy->n_clocks; i++)
        if (policy->clocks[i].category == category &&
            policy->clocks[i].urgency == urgency)
            return &policy->clocks[i].rule;
    return NULL;
}

static const struct clock_rule *
most_specific(const struct policy *policy, int category, enum urgency urgency) {
    const struct clock_rule *rule = NULL;
    if (category >= 0)
        rule = find(policy, category, urgency);
    if (rule == NULL && category >= 0)
        rule = find(policy, category, URGENCY_ANY);
    if (rule == NULL)
        rule = find(policy, -1, urgency);
    return rule == NULL ? find(policy, -1, URGENCY_ANY) : rule;
}

static void read_lines(const struct node *array) {
    struct policy *policy = array->reading->policy;
    size_t before = array->reading->problems->n;
    size_t n = node_array(array, CLOCKS_MAX);
    policy->clocks =
        arena_alloc(&policy->memory, (n + 1) * sizeof(*policy->clocks));
    for (size_t i = 0; i < n; i++) {
        struct node rule = node_element(array, i);
        struct clock_line *line = &policy->clocks[i];
        read_line(&rule, line);
        if (array->reading->problems->n == before &&
            find(policy, line->category, line->urgency) != NULL)
            node_problem(&rule, "is for the same as one before it");
        policy->n_clocks++;
    }
    if (array->reading->problems->n > before)
        return;
    if (most_specific(policy, -1, URGENCY_NORMAL) == NULL)
        node_problem(array, "has none for category * that is normal");
    if (most_specific(policy, -1, URGENCY_URGENT) == NULL)
        node_problem(array, "has none for category * that is urgent");
}

void policy_read_clocks(const struct node *root) {
    static const char *const known[] = {"rules", "rider_nudge_h",
                                        "rider_rest_h", NULL};
    struct policy_rules *rules = &root->reading->policy->rules;
    if (!node_is_object(root, known))
        return;
    struct node array = node_member(root, "rules");
    struct node nudge = node_member(root, "rider_nudge_h");
    struct node rest = node_member(root, "rider_rest_h");
    read_lines(&array);
    rules->nudge_ms = node_int(&nudge, 1, SILENCE_H_MAX) * HOUR_MS;
    rules->rest_ms = node_int(&rest, 1, SILENCE_H_MAX) * HOUR_MS;
    if (json_is_integer(rest.json) && rules->rest_ms <= rules->nudge_ms)
        node_problem(&rest, "is not later than rider_nudge_h");
}

/* ---- asking ---------------------------------------------------------------
 */

const struct clock_rule *policy_clock(const struct policy *policy,
                                      const char *category, bool urgent) {
    return most_specific(policy,
                         category == NULL ? -1 : policy_category(category),
                         urgent ? URGENCY_URGENT : URGENCY_NORMAL);
}

int64_t policy_due(const struct policy *policy, const struct clock_rule *rule,
                   int64_t from_ms, int64_t span_ms) {
    return rule->around_the_clock
               ? from_ms + span_ms
               : worktime_add(policy->worktime, from_ms, span_ms);
}

int64_t policy_left(const struct policy *policy, const struct clock_rule *rule,
                    int64_t now_ms, int64_t due_ms) {
    if (due_ms <= now_ms)
        return 0;
    return rule->around_the_clock
               ? due_ms - now_ms
               : worktime_between(policy->worktime, now_ms, due_ms);
}

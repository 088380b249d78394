#include "bot/policy_node.h"

#include "base/mem.h"

#include <string.h>

#define TITLE_CHARS 60
#define TEXT_CHARS 1000
#define DAYS_MAX 36500
#define AUDIT_DAYS_MIN 1095 /* looks at personal data: three years */
#define CATEGORIES_MAX 64

/* ---- templates ------------------------------------------------------------
 */

/* NULL, or what is wrong with its braces. */
static const char *placeholder_fault(const char *text) {
    static const char *const names[] = {"{id}", "{unit}", "{date}", "{name}"};
    for (const char *at = strchr(text, '{'); at != NULL;
         at = strchr(at + 1, '{')) {
        size_t i = 0;
        while (i < ARRAY_LEN(names) &&
               strncmp(at, names[i], strlen(names[i])) != 0)
            i++;
        if (i == ARRAY_LEN(names))
            return "has a { that is none of {id}, {unit}, {date} and {name}";
    }
    return NULL;
}

static void read_template(const struct node *node, struct template *out) {
    static const char *const known[] = {"id", "title", "text", NULL};
    *out = (struct template){.id = "", .title = "", .text = ""};
    if (!node_is_object(node, known))
        return;
    struct node id = node_member(node, "id");
    struct node title = node_member(node, "title");
    struct node text = node_member(node, "text");
    out->id = node_line(&id, UNIT_ID_MAX);
    out->title = node_line(&title, TITLE_CHARS);
    out->text = node_text(&text, TEXT_CHARS);
    const char *fault = placeholder_fault(out->text);
    if (fault != NULL)
        node_problem(&text, "%s", fault);
}

void policy_read_templates(const struct node *root) {
    static const char *const known[] = {"templates", NULL};
    struct policy *policy = root->reading->policy;
    if (!node_is_object(root, known))
        return;
    struct node array = node_member(root, "templates");
    size_t n = node_array(&array, TEMPLATES_MAX);
    policy->templates =
        arena_alloc(&policy->memory, (n + 1) * sizeof(*policy->templates));
    for (size_t i = 0; i < n; i++) {
        struct node element = node_element(&array, i);
        struct node id = node_member(&element, "id");
        read_template(&element, &policy->templates[i]);
        for (size_t j = 0; j < i; j++)
            if (policy->templates[i].id[0] != '\0' &&
                strcmp(policy->templates[j].id, policy->templates[i].id) == 0)
                node_problem(&id, "is that of templates[%zu], too", j);
    }
    policy->n_templates = n;
}

const struct template *policy_templates(const struct policy *policy,
                                        size_t *n) {
    *n = policy->n_templates;
    return policy->templates;
}

/* ---- rules ----------------------------------------------------------------
 */

/* A number of a group of them, where each may be left out. */
struct number {
    const char *name;
    int min, max, fallback;
    int *out;
};

static void read_numbers(const struct node *node, const struct number *numbers,
                         size_t n) {
    const char *known[8] = {NULL};
    for (size_t i = 0; i < n; i++) {
        known[i] = numbers[i].name;
        *numbers[i].out = numbers[i].fallback;
    }
    if (!node_is_there(node) || !node_is_object(node, known))
        return;
    for (size_t i = 0; i < n; i++) {
        struct node number = node_member(node, numbers[i].name);
        if (node_is_there(&number))
            *numbers[i].out =
                (int)node_int(&number, numbers[i].min, numbers[i].max);
    }
}

static void read_urgent(const struct node *node, bool *urgent) {
    size_t n = node_array(node, CATEGORIES_MAX);
    for (size_t i = 0; i < n; i++) {
        struct node element = node_element(node, i);
        size_t before = node->reading->problems->n;
        int category = node_category(&element);
        if (category >= 0)
            urgent[category] = true;
        else if (node->reading->problems->n == before)
            node_problem(&element, "is not one category"); /* "*" */
    }
}

void policy_read_rules(const struct node *root) {
    static const char *const known[] = {"points", "duplicates",
                                        "retention_days", "urgent", NULL};
    struct policy *policy = root->reading->policy;
    struct policy_rules *rules = &policy->rules;
    int metres, hours;
    const struct number points[] = {
        {"report", 0, 1000, 5, &rules->report_points},
        {"material", 0, 1000, 1, &rules->material_points},
        {"question", 0, 1000, 1, &rules->question_points},
    };
    const struct number duplicates[] = {{"metres", 1, 5000, 150, &metres},
                                        {"hours", 1, 168, 72, &hours}};
    const struct number days[] = {
        {"closed_ticket", 1, DAYS_MAX, 730, &rules->retention_ticket_days},
        {"audit", AUDIT_DAYS_MIN, DAYS_MAX, 1095, &rules->retention_audit_days},
        {"photo", 1, DAYS_MAX, 730, &rules->retention_photo_days},
        {"chat", 1, DAYS_MAX, 30, &rules->retention_chat_days},
    };
    policy->urgent =
        arena_alloc(&policy->memory, CATEGORIES_MAX * sizeof(bool));
    if (!node_is_object(root, known))
        return;
    struct node points_node = node_member(root, "points");
    struct node duplicates_node = node_member(root, "duplicates");
    struct node days_node = node_member(root, "retention_days");
    struct node urgent = node_member(root, "urgent");
    read_numbers(&points_node, points, ARRAY_LEN(points));
    read_numbers(&duplicates_node, duplicates, ARRAY_LEN(duplicates));
    read_numbers(&days_node, days, ARRAY_LEN(days));
    rules->duplicate_m = metres;
    rules->duplicate_ms = hours * 3600000LL;
    read_urgent(&urgent, policy->urgent);
}

const struct policy_rules *policy_rules(const struct policy *policy) {
    return &policy->rules;
}

bool policy_is_urgent(const struct policy *policy, const char *category) {
    int i = category == NULL ? -1 : policy_category(category);
    return i >= 0 && policy->urgent[i];
}

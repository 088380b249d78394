#include "bot/policy.h"

#include "base/mem.h"
#include "bot/policy_node.h"
#include "bot/policy_parts.h"
#include "bot/worktime.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *const policy_names[POLICY_DOCUMENTS] = {
    [POLICY_ORGANISATION] = "organisation",
    [POLICY_AREAS] = "areas",
    [POLICY_ROUTING] = "routing",
    [POLICY_CLOCKS] = "clocks",
    [POLICY_CALENDAR] = "calendar",
    [POLICY_TEMPLATES] = "templates",
    [POLICY_RULES] = "rules",
    [POLICY_BROADCASTS] = "broadcasts",
};

const char *const policy_categories[] = {
    "wage",       "injury", "contract", "platform", "charge",
    "parking",    "rest",   "family",   "fire",     "safety",
    "sanitation", "damage", "uncivil",  "other",    NULL};

/* Built in from bot/policy_defaults/. */
extern const unsigned char policy_default_organisation[],
    policy_default_areas[], policy_default_routing[], policy_default_clocks[],
    policy_default_calendar[], policy_default_templates[],
    policy_default_rules[], policy_default_broadcasts[];

static const struct {
    const unsigned char *builtin;
    void (*read)(const struct node *root);
    bool of_units; /* says nothing without a sound organisation */
} parts[POLICY_DOCUMENTS] = {
    [POLICY_ORGANISATION] = {policy_default_organisation,
                             policy_read_organisation, false},
    [POLICY_AREAS] = {policy_default_areas, policy_read_areas, true},
    [POLICY_ROUTING] = {policy_default_routing, policy_read_routing, true},
    [POLICY_CLOCKS] = {policy_default_clocks, policy_read_clocks, false},
    [POLICY_CALENDAR] = {policy_default_calendar, policy_read_calendar, false},
    [POLICY_TEMPLATES] = {policy_default_templates, policy_read_templates,
                          false},
    [POLICY_RULES] = {policy_default_rules, policy_read_rules, false},
    [POLICY_BROADCASTS] = {policy_default_broadcasts, policy_read_broadcasts,
                           false},
};

const char *policy_default(enum policy_document document) {
    return (const char *)parts[document].builtin;
}

int policy_category(const char *category) {
    for (int i = 0; policy_categories[i] != NULL; i++)
        if (strcmp(policy_categories[i], category) == 0)
            return i;
    return -1;
}

/* ---- reading ------------------------------------------------------------- */

static void read_document(struct reading *reading,
                          const struct document *document) {
    struct node root = {.reading = reading};
    json_error_t error;
    const char *json = document->json;
    size_t len = document->json_len;
    reading->builtin = len == 0;
    if (reading->builtin) {
        json = policy_default(reading->document);
        len = strlen(json);
    }
    if (len > DOCUMENT_BYTES_MAX) {
        node_problem(&root, "is larger than 2 MB");
        return;
    }
    json_t *value = json_loadb(json, len, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        node_problem(&root, "is not JSON: line %d, column %d: %s", error.line,
                     error.column, error.text);
        return;
    }
    root.json = value;
    parts[reading->document].read(&root);
    json_decref(value);
}

static void read_all(struct reading *reading,
                     const struct document documents[POLICY_DOCUMENTS]) {
    for (int i = 0; i < POLICY_DOCUMENTS; i++) {
        bool units_unsound =
            reading->problems->n > 0 &&
            reading->problems->items[0].document == POLICY_ORGANISATION;
        reading->document = (enum policy_document)i;
        if (!parts[i].of_units || !units_unsound)
            read_document(reading, &documents[i]);
        reading->policy->versions[i] = documents[i].version;
    }
}

enum err policy_parse(const struct document documents[POLICY_DOCUMENTS],
                      int utc_offset_minutes, struct arena *arena,
                      struct problems *problems, struct policy **out) {
    struct problems unheard = {.n = 0};
    struct policy *policy = xcalloc(1, sizeof(*policy));
    struct reading reading = {
        .policy = policy,
        .arena = arena,
        .problems = problems == NULL ? &unheard : problems,
    };
    reading.problems->n = 0;
    arena_init(&policy->memory);
    policy->worktime = worktime_new(utc_offset_minutes);
    policy->offset_ms = utc_offset_minutes * 60000LL;
    read_all(&reading, documents);
    if (reading.problems->n > 0) {
        policy_free(policy);
        *out = NULL;
        return ERR_INVALID;
    }
    policy_name_places(policy);
    *out = policy;
    return OK;
}

void policy_free(struct policy *policy) {
    if (policy == NULL)
        return;
    worktime_free(policy->worktime);
    arena_finish(&policy->memory);
    free(policy);
}

int64_t policy_offset_ms(const struct policy *policy) {
    return policy->offset_ms;
}

int64_t policy_version(const struct policy *policy,
                       enum policy_document document) {
    return policy->versions[document];
}

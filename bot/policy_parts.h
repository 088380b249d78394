#pragma once

#include "base/arena.h"
#include "base/geo.h"
#include "bot/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Private to policy*.c and its tests:
 *
 *   policy.c               the documents as a whole
 *   policy_node.c          values of a document, and what is wrong with them
 *   policy_organisation.c  units and their ancestors
 *   policy_areas.c         which community a position or a place is in
 *   policy_ring.c          whether a ring of a polygon can be one
 *   policy_routing.c       which unit gets what
 *   policy_clocks.c        by when
 *   policy_calendar.c      working hours and holidays
 *   policy_texts.c         templates, and the rules that are numbers
 *   policy_broadcasts.c    when broadcasts may be sent
 */
#define UNITS_MAX 5000
#define UNIT_ID_MAX 64
#define UNIT_NAME_CHARS 60
#define UNIT_CONTACT_CHARS 100
#define UNIT_DEPTH_MAX 16
#define POLYGONS_MAX 2000
#define RINGS_MAX 100 /* of a polygon */
#define POINTS_MAX 200000
#define ROUTES_MAX 10000
#define CLOCKS_MAX 200
#define TEMPLATES_MAX 200
#define YEAR_FIRST 2000
#define YEAR_LAST 2099
#define YEAR_DATES_MAX 120 /* holidays of a year, or days worked for them */

/* One polygon. */
struct area {
    const struct unit *unit;
    struct geo low, high; /* the box around it */
    struct geo_ring *rings;
    size_t n_rings;
};

/* What a community is called in a place that somebody typed. */
struct place_name {
    const char *folded;
    size_t len;
    const struct unit *unit; /* NULL: several are called so */
};

struct route {
    int key; /* of a community and a category: see policy_routing.c */
    const struct unit *unit;
};

enum urgency { URGENCY_ANY, URGENCY_NORMAL, URGENCY_URGENT };
struct clock_line {
    int category; /* -1: any */
    enum urgency urgency;
    struct clock_rule rule;
};

struct policy {
    struct arena memory; /* all but worktime lives here */
    struct unit *units;
    const struct unit **by_id; /* sorted */
    size_t n_units;
    struct area *areas;
    size_t n_areas;
    struct place_name *names; /* the longest first */
    size_t n_names;
    struct route *routes; /* sorted */
    size_t n_routes;
    const struct unit *default_unit;
    struct clock_line *clocks;
    size_t n_clocks;
    struct worktime *worktime;
    bool years[YEAR_LAST - YEAR_FIRST + 1];
    struct template *templates;
    size_t n_templates;
    struct policy_rules rules;
    bool *urgent; /* by place in policy_categories */
    struct policy_broadcasts broadcasts;
    int64_t offset_ms;
    int64_t versions[POLICY_DOCUMENTS];
};

/* Documents that are being read. */
struct reading {
    struct policy *policy;
    struct arena *arena; /* of the problems */
    struct problems *problems;
    enum policy_document document;
    bool builtin; /* this document is the default */
};

struct node;

/* The place in policy_categories, or -1. */
int policy_category(const char *category);

void policy_read_organisation(const struct node *root);
void policy_read_areas(const struct node *root);
void policy_read_routing(const struct node *root);
void policy_read_clocks(const struct node *root);
void policy_read_calendar(const struct node *root);
void policy_read_templates(const struct node *root);
void policy_read_rules(const struct node *root);
void policy_read_broadcasts(const struct node *root);
/* Fills in names; the organisation is there. */
void policy_name_places(struct policy *policy);

/* NULL, or what is wrong with a ring. *work is how many pairs of edges may
 * still be compared, and falls. */
#define RING_WORK 5000000
const char *policy_ring_fault(const struct geo_ring *ring, size_t *work);

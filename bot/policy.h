#pragma once

#include "base/err.h"
#include "base/geo.h"
#include "store/document.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct worktime;

/*
 * What the administrators of a district have laid down, read from its
 * documents: who there is, who gets what, and by when. Held in memory and
 * replaced as a whole when a document changes; pointers into it are good until
 * then, so nothing keeps one over a turn of the loop.
 */
enum policy_document {
    POLICY_ORGANISATION,
    POLICY_AREAS,
    POLICY_ROUTING,
    POLICY_CLOCKS,
    POLICY_CALENDAR,
    POLICY_TEMPLATES,
    POLICY_RULES,
    POLICY_BROADCASTS,
    POLICY_DOCUMENTS
};
extern const char *const policy_names[POLICY_DOCUMENTS]; /* "organisation", … */

/* The ladder (五级需求反馈机制): 1 is the rider, 5 the industry committee. */
#define LEVEL_RIDER 1
#define LEVEL_TOP 5

struct unit {
    const char *id;   /* "xinjiekou", 1 to 64 of [a-z0-9_-] */
    const char *name; /* "新街口社区" */
    const char *kind;
    int level; /* 2 .. 5 when it is a rung of the ladder, else 0 */
    const struct unit *parent; /* NULL: a root */
    const char *contact;       /* for staff, or "" */
};

struct clock_rule {
    int64_t acknowledge_ms, resolve_ms, warn_ms; /* of working time */
    bool around_the_clock;
};

struct template {
    const char *id, *title, *text;
};

struct problem {
    enum policy_document document;
    const char *path; /* "rules[3].unit" */
    const char *text; /* what is wrong, English; for people who write JSON */
};
#define POLICY_PROBLEMS_MAX 50

struct policy;

struct problems {
    struct problem items[POLICY_PROBLEMS_MAX]; /* the first of them */
    size_t n;
};
/*
 * Parses the documents (index by enum policy_document). One without any bytes
 * is the built-in default, whose units need not be there. ERR_INVALID with
 * problems, when problems is not NULL, in arena. *out is owned.
 */
enum err policy_parse(const struct document documents[POLICY_DOCUMENTS],
                      int utc_offset_minutes, struct arena *arena,
                      struct problems *problems,
                      struct policy **out) must_check;
void policy_free(struct policy *policy); /* takes NULL */
/* The built-in document, JSON. */
const char *policy_default(enum policy_document document);
/* "wage", "fire", …: the kinds of requests and categories of reports. Ends with
 * NULL. */
extern const char *const policy_categories[];

/* ---- the organisation ---- */
const struct unit *policy_unit(const struct policy *policy, const char *id);
size_t policy_units(const struct policy *policy, const struct unit **first);
/* Whether unit is ancestor or below it; "*" and "" are above all. */
bool policy_covers(const struct policy *policy, const char *ancestor,
                   const char *unit);
/* Where a ticket of unit and level goes when it climbs: the nearest ancestor on
 * a higher rung, or NULL at the top. */
const struct unit *policy_above(const struct policy *policy, const char *unit,
                                int level);

/* ---- routing ---- */
/* The community whose area holds the position, else the one whose name stands
 * in place; or NULL. */
const struct unit *policy_community(const struct policy *policy,
                                    const struct geo *at, const char *place);
/* Never NULL: the default catches all. community may be NULL. */
const struct unit *policy_route(const struct policy *policy,
                                const struct unit *community,
                                const char *category);

/* ---- clocks ---- */
const struct clock_rule *policy_clock(const struct policy *policy,
                                      const char *category, bool urgent);
const struct worktime *policy_worktime(const struct policy *policy);
/* Whether the calendar says anything of a year. Without, its holidays are taken
 * for working days. */
bool policy_has_year(const struct policy *policy, int year);
/* from_ms plus a span by a rule: working time, or all of it. */
int64_t policy_due(const struct policy *policy, const struct clock_rule *rule,
                   int64_t from_ms, int64_t span_ms);
/* What is left of the span until due_ms, for a clock that is stopped. */
int64_t policy_left(const struct policy *policy, const struct clock_rule *rule,
                    int64_t now_ms, int64_t due_ms);

/* ---- the rest ---- */
const struct template *policy_templates(const struct policy *policy, size_t *n);
struct policy_rules {
    int64_t nudge_ms, rest_ms; /* of a rider's silence after closing */
    int report_points;         /* for a report that was closed as valid */
    int material_points;       /* for opening a study material */
    int question_points;       /* for a right answer, once a question */
    double duplicate_m;        /* radius */
    int64_t duplicate_ms;      /* age */
    int retention_ticket_days, retention_audit_days, retention_photo_days,
        retention_chat_days;
};
const struct policy_rules *policy_rules(const struct policy *policy);
/* Whether a category rings at once (rules.urgent). */
bool policy_is_urgent(const struct policy *policy, const char *category);
#define POLICY_DAY_MINUTES 1440
struct policy_broadcasts {
    bool approval;                   /* a second person has to approve each */
    bool holds_holidays;             /* nothing is sent on public holidays */
    bool closed[POLICY_DAY_MINUTES]; /* minutes of a day without sending */
};
const struct policy_broadcasts *policy_broadcasts(const struct policy *policy);
/* What is added to UTC for the time of the district. */
int64_t policy_offset_ms(const struct policy *policy);
/* Of each document, so that a reader knows whether it is still as it was. */
int64_t policy_version(const struct policy *policy,
                       enum policy_document document);

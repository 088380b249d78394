#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bot;
struct policy;

/*
 * Whom a broadcast reaches. An organiser says it as an expression, JSON:
 *
 *   {"all": [x, …]}   every one of them is true; of none: everybody
 *   {"any": [x, …]}   at least one is
 *   {"not": x}
 *   {"unit": "xinjiekou"} or {"unit": ["xinjiekou", "meituan"]}
 *
 * A leaf, as the last, is true when any of its values is:
 *   group       a group's chat id; of groups only
 *   unit        a unit of the organisation: the target's, or one above it
 *   station     the id of a station
 *   role        "rider", "staff", "organiser", "admin"; of riders only
 *   tag         as it is written
 *   lang        "zh_CN"; who never chose one has the district's
 *   platform    "qq": the begin of an id
 *   consent     "yes", "no"; of riders only
 *   event       "E12" signed up, "E12:attended", "E12:waiting"; riders only
 *   read        "B12": was sent it and has read it
 *   unread      "B12": was sent it and has not
 */
enum audience_target { AUDIENCE_GROUPS, AUDIENCE_RIDERS, AUDIENCE_TARGETS };
extern const char *const audience_target_names[AUDIENCE_TARGETS];

#define AUDIENCE_DEPTH_MAX 8     /* of all, any and not */
#define AUDIENCE_LEAVES_MAX 64   /* of an expression */
#define AUDIENCE_VALUES_MAX 2000 /* of all its leaves together */
#define AUDIENCE_BYTES ((size_t)128 * 1024)

struct audience_problem {
    const char *code; /* "unknown_field", "too_deep", … */
    char field[128];  /* "audience.all[2].unit" */
};
/* ERR_INVALID with the first problem, which may be NULL. Units have to be in
 * the organisation; what else is named may have gone, and then is nobody. */
enum err audience_check(const struct policy *policy, const json_t *expression,
                        enum audience_target target,
                        struct audience_problem *problem) must_check;

/*
 * The attributes of every group and every rider of the district in memory.
 * Nothing is read until somebody asks; then they are loaded in the background
 * and kept up by following what the store says has changed.
 */
struct audiences;
struct audiences *audiences_new(struct bot *bot);
/* Whoever waits is told ERR_AWAY. Before the store. Takes NULL. */
void audiences_free(struct audiences *audiences);
/* Nobody waits for an answer. */
bool audiences_idle(const struct audiences *audiences);

/* Those who were found. Counts of whom the expression names and nothing can
 * reach: each is counted once. */
struct audience {
    size_t n;
    size_t muted;            /* groups that get no broadcasts */
    size_t no_account;       /* no account is in it, or it was dissolved */
    size_t no_consent;       /* riders who have not agreed to the notice */
    size_t nopush;           /* riders who unsubscribed */
    size_t n_parts;          /* 0 when only counted */
    const char *const *tags; /* when asked for: those that anybody has */
    size_t n_tags;
};
#define AUDIENCE_TAGS_MAX 500

struct audience_query {
    enum audience_target target;
    const char *expression; /* JSON; "": everybody */
    const char *units;      /* ids joined by ',': only below these; "*": all */
    bool count_only;        /* nothing to iterate over */
    bool everybody;         /* those whom nothing can reach, too */
    bool tags;              /* their tags are wanted */
};
/*
 * Everything that was committed before the call is taken into account. done is
 * called once, later in the loop, and owns the audience: audience_free().
 * NULL unless OK: ERR_INVALID the expression, ERR_LIMIT too many ask at a time,
 * ERR_AWAY the store is away. It does not block the loop, and may take some
 * seconds when it is the first.
 */
typedef void audience_done(void *data, enum err err, struct audience *audience);
void audience_resolve(struct bot *bot, const struct audience_query *query,
                      audience_done *done, void *data);
void audience_free(struct audience *audience); /* takes NULL */
/* The title of a group of an audience, from the index; "" when it is not there.
 * Good until the loop turns. */
const char *audience_title(struct bot *bot, const char *chat);

/*
 * Chats of one part: those that the same accounts can reach, in one language.
 * Each chat comes once; the chats of a part come in a row, in an order that
 * stays the same for this audience.
 */
struct audience_run {
    size_t part;          /* 0 .. n_parts - 1 */
    size_t part_n;        /* chats of the part, all together */
    const char *accounts; /* ids joined by ',', sorted */
    const char *lang;     /* tag */
    const char *const *chats;
    size_t n;
};
/* The next max chats or fewer, borrowed until the next call; false when there
 * are no more, and after that from the begin again. */
bool audience_next(struct audience *audience, size_t max,
                   struct audience_run *out);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct event;

/*
 * A contest: an event in stages, each judged in dimensions by some users of the
 * console. Its stages are kept as JSON in the event:
 *   [{"id":"s1","name":"初赛","advance":10,"judges":["wang"],
 *     "dimensions":[{"name":"速度","weight":60,"max":100}]}]
 */
#define CONTEST_STAGES_MAX 4
#define CONTEST_DIMENSIONS_MAX 8
#define CONTEST_JUDGES_MAX 20
#define CONTEST_NAME_CHARS 30

struct contest_stage {
    const char *id, *name;
    int advance; /* how many go on; 0: none, it is the last */
    const char *judges[CONTEST_JUDGES_MAX];
    size_t n_judges;
    struct contest_dimension {
        const char *name;
        double weight, max;
    } dimensions[CONTEST_DIMENSIONS_MAX];
    size_t n_dimensions;
};

/* Those of an event, in arena; returns how many. */
size_t contest_stages(struct arena *arena, const struct event *event,
                      struct contest_stage out[static CONTEST_STAGES_MAX]);
/* ERR_INVALID, and *field is the member that is wrong. */
enum err contest_check(const char *json, const char **field) must_check;

/* One who takes part, with what the judges gave. */
struct contestant {
    const char *rider, *who, *code;
    double sums[CONTEST_DIMENSIONS_MAX]; /* of all judges */
    int counts[CONTEST_DIMENSIONS_MAX];  /* judges that gave any */
    /* by contest_rank() */
    double means[CONTEST_DIMENSIONS_MAX];
    double total; /* of 100: means by their maximum, by weight */
    int rank;     /* from 1; 0: was not judged */
    bool advances;
};
/*
 * Ranks them, best first: by total, of two decimals; those who have the same by
 * the first dimension, then the second and so on; who are the same in all share
 * a rank. Who was not judged stands at the end. All of a rank go on, or none: a
 * rank that reaches beyond those who may goes on, too.
 */
void contest_rank(const struct contest_stage *stage, struct contestant *all,
                  size_t n);

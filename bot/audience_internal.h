#pragma once

#include "base/arena.h"
#include "bot/audience_match.h"
#include "store/group.h"
#include "store/people.h"

#include <uv.h>

/*
 * What the files of the index share: audience.c (loading and following) and
 * audience_ask.c (those who ask; one at a time is answered).
 */
struct audience_asking {
    struct audiences *audiences; /* NULL: it is gone */
    struct arena arena;
    struct audience_expression expression;
    struct audience_match match;
    enum audience_target target;
    const char *units;
    bool count_only, everybody, tags;
    struct audience_set tag_lists; /* numbers of lists of tags */
    enum err err;                  /* other than OK: it ends with it */
    bool reading; /* what is being read now is newer than the question */
    bool fresh;   /* the index is */
    uint64_t generation;
    size_t leaf; /* whose set is being fetched */
    size_t value;
    size_t offset;
    bool fetched;
    uint32_t slot; /* the next to look at */
    uint64_t spent_ns;
    uint32_t last_accounts;
    int last_lang;
    size_t last_part;
    struct audience *audience;
    audience_done *done;
    void *data;
    struct audience_asking *prev, *next;
};
#define ASKINGS_MAX 200

struct audiences {
    struct bot *bot;
    struct audience_tables tables;
    uint64_t generation; /* goes up when all is loaded anew */

    /* Loading and following: one step at a time is under way. */
    bool wanted, began, groups_loaded, loaded, ready;
    struct audience_step *step; /* NULL: none is */
    struct group_scan group_scan;
    struct people_scan people_scan;
    char after[PEOPLE_ID_SIZE]; /* the last change that was seen */
    bool poked;                 /* look again as soon as the step is over */
    uv_timer_t *timer;

    struct audience_asking *askings, *answered; /* one of them, or NULL */
    bool held; /* looked through: no step may begin */
    uv_timer_t *slice;
};

/* The first who asks: from now on it is loaded and kept up. */
void audiences_want(struct audiences *audiences);
/* Goes on with loading or following, unless it is held. */
void audiences_go_on(struct audiences *audiences);

/* For audience.c: a page is being read now; it was, and there was no more; the
 * store is away; the end. */
void askings_reading(struct audiences *audiences);
void askings_fresh(struct audiences *audiences);
void askings_away(struct audiences *audiences);
void askings_free(struct audiences *audiences);
/* Goes on with them when the loop turns. */
void askings_look(struct audiences *audiences);
/* The timer of the slices: goes on with whoever is answered. */
void askings_on_slice(uv_timer_t *timer);

/* audience_set.c: fills in the sets of an expression's leaves; then has
 * askings_fetched() called, later in the loop. */
void asking_fetch(struct audience_asking *asking);
void askings_fetched(struct audience_asking *asking, enum err err);
/* Gives up one whose index has gone while it was fetched. */
void asking_free(struct audience_asking *asking);

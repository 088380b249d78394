#pragma once

#include "bot/desk.h"

/*
 * What the files of the desk share: desk.c (an order's way), desk_step.c (what
 * each move does), desk_clock.c (when it must be done), desk_tell.c (who hears
 * of it).
 */
struct policy;

/* A move under way. */
struct moving {
    const struct desk *desk;
    const struct policy *policy;
    const struct ticket *before;
    const struct order *order;
    struct ticket *after;
    const char *detail; /* of the history */
    const char *noted;  /* of the audit log, where it is another; or NULL */
    int points;         /* the rider earns with it */
};

/* What each move does beyond its state and text. */
struct step {
    enum err (*apply)(struct moving *m); /* adds nothing unless OK */
    bool reckons;  /* which clock of an open ticket rings next is found anew */
    bool locked;   /* a claimed ticket is for who has claimed it */
    unsigned rung; /* by the clocks: when one of these has, 1 << ticket_due */
};
extern const struct step desk_steps[MOVES];

/* ---- clocks: each works on ticket as it becomes ---- */

/* Both clocks from now on: filed, on a new level, opened again. */
void desk_clock_start(const struct policy *policy, struct ticket *ticket,
                      int64_t now_ms);
/* Somebody must take it up, from now on: it came to a unit. */
void desk_clock_hand_over(const struct policy *policy, struct ticket *ticket,
                          int64_t now_ms);
/* The rider's turn: what is left of the time to solve it is kept. */
void desk_clock_stop(const struct policy *policy, struct ticket *ticket,
                     int64_t now_ms);
/* Goes on with what was left, when it was stopped. */
void desk_clock_resume(const struct policy *policy, struct ticket *ticket,
                       int64_t now_ms);
/* None any more. */
void desk_clock_end(struct ticket *ticket);
/* Works out which clock of an open ticket rings next. */
void desk_clock_next(const struct policy *policy, struct ticket *ticket,
                     int64_t now_ms);

/* ---- who hears of it ---- */

/* What a move tells the rider and those who follow, in words of its own. */
void desk_tell(const struct desk *desk, const struct ticket *before,
               const struct ticket *after, const struct order *order,
               int points);
/* Whoever works on it; false when they have no chat of their own. */
bool desk_ring_assignee(const struct desk *desk, const struct ticket *ticket,
                        const char *key);
/* Whether two actors are one person, in the console and in a chat. */
bool desk_same_person(const struct desk *desk, const char *a, const char *b);

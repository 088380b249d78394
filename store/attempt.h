#pragma once

#include "base/err.h"
#include "store/places.h"
#include "store/quiz.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * What a rider did in a run of a quiz (quiz_run()): a line of the run's hash,
 * written under what it was before, so that a question is answered once
 * whatever comes twice or at the same time.
 */
struct attempt {
    size_t n; /* answered; 0 of one that has not begun */
    int right;
    int64_t total_ms;    /* for the questions answered, as the clock counts */
    int64_t asked_ms;    /* when question n was asked first; 0: it was not */
    int64_t started_ms;  /* 0: has not begun */
    int64_t finished_ms; /* 0: not all of them are answered */
    const char *answers; /* digits of each, joined by ','; "-": too late */
    const char *packed;  /* as it was read, "" of none */
};

/*
 * A place in a run: who has more right is before, then who took less time, then
 * who was through first. Those not through are behind, their time that of what
 * is missing counted in full. full_ms: for one question, 0 when time does not
 * count. The place without who was first: attempt_put() adds it.
 */
#define ATTEMPT_RIGHT_MAX 63
int64_t attempt_score(const struct attempt *attempt, size_t n_questions,
                      int64_t full_ms);
int attempt_score_right(int64_t score);
int64_t attempt_score_ms(int64_t score);
bool attempt_score_finished(int64_t score);

/* after is what becomes of before; ERR_CONFLICT when that is not in the store.
 * answered: question before->n was, by after's last answer. */
struct attempt_change {
    const char *run, *rider;
    const struct attempt *before, *after;
    bool answered;
    int64_t score, now_ms;
};
void attempt_put(struct txn *txn, const struct attempt_change *change);

/* Keeps with a run of a day what it asks: the quiz goes on to others. */
void run_begin(struct txn *txn, const char *run, const char *asked);

/* What all riders of a run did. */
struct run_counts {
    int64_t started, finished;
    const char *asked; /* as run_begin() was given, or "" */
    /* of question i the riders who answered; rightly is by the caller */
    const struct run_answer {
        size_t question;
        unsigned mask; /* 0: too late */
        int64_t n;
    } *answers;
    size_t n_answers;
};
/* Both read together; begins with started_ms 0 when there is none. */
typedef void attempt_read(void *data, enum err err,
                          const struct attempt *attempt,
                          const struct run_counts *counts);
void attempt_get(struct store *store, struct arena *arena, const char *run,
                 const char *rider, attempt_read *done, void *data);

/* How many have a better place than score has, as total. */
void run_count_before(struct store *store, struct arena *arena, const char *run,
                      int64_t score, places_read *done, void *data);
/* The places from offset on. */
#define RUN_PLACES_MAX 10000 /* at once */
void run_list_places(struct store *store, struct arena *arena, const char *run,
                     size_t offset, size_t max, places_read *done, void *data);
/* That of a rider. */
void run_find_place(struct store *store, struct arena *arena, const char *run,
                    const char *rider, places_read *done, void *data);

/* The runs a rider took part in, and how to take the rider out of them: what
 * nobody can be recognised by stays. */
#define RUNS_MAX 2000
typedef void run_list(void *data, enum err err, const char *const *runs,
                      size_t n);
void run_list_of(struct store *store, struct arena *arena, const char *rider,
                 run_list *done, void *data);
void run_forget(struct txn *txn, const char *rider, const char *const *runs,
                size_t n);

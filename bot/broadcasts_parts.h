#pragma once

#include "bot/broadcasts.h"

#include <stdbool.h>

/*
 * What the files of broadcasts share: broadcasts.c (an order's way),
 * broadcasts_step.c (what each move does), broadcasts_freeze.c (whom it
 * reaches, and that list in the store), broadcasts_fault.c (drafts).
 */
struct audience;
struct policy;

/* A move under way; lives in the caller's arena. */
struct moving {
    struct bot *bot;
    struct arena *arena;
    struct txn *txn;
    struct broadcast_order order;
    struct broadcast before, after;
    struct broadcast child; /* FIRE of a series: what it becomes; id NULL: none
                             */
    int64_t now_ms;
    int64_t open_ms; /* when its hours begin; 0: they are now */
    struct broadcast_moved moved;
    broadcasts_done *done;
    void *data;

    /* Whom it reaches: of after, or of child. */
    struct audience *audience;
    const char *frozen; /* the id they are frozen for, or NULL: only counted */
    bool claimed;       /* they are in the store already */
};

/* ---- broadcasts_step.c ---- */

/* What has to be so before whom it reaches is asked for. */
enum err broadcast_step_check(struct moving *m);
enum broadcast_reach {
    REACH_NOTHING, /* nobody is asked for */
    REACH_COUNT,   /* there must be somebody */
    REACH_FREEZE
};
enum broadcast_reach broadcast_step_reach(struct moving *m);
/* The rest of it: after, child, and all of txn but the record. */
enum err broadcast_step_apply(struct moving *m);

/* ---- broadcasts_freeze.c ---- */

/* Finds whom m->frozen or, without it, m->after reaches. Many are put into the
 * store in advance, under a claim that makes m->after another version. Ends in
 * then(). */
void broadcast_freeze(struct moving *m,
                      void (*then)(struct moving *m, enum err err));
/* Adds those that are not in the store yet. */
void broadcast_add_frozen(struct moving *m);

/* A claim that is under way, by another process or by one that has gone. */
bool broadcast_is_claimed(const struct moving *m);
/* Forgets what was put into the store under a claim. */
void broadcast_drop_claim(struct moving *m);

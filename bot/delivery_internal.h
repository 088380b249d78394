#pragma once

#include "base/arena.h"
#include "store/delivery_send.h"
#include "store/notice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * Private to delivery*.c:
 *   delivery.c         what there is to send, as the store has it
 *   delivery_take.c    targets are taken, and handed to the queues
 *   delivery_report.c  their outcomes
 *   delivery_recall.c  what was sent is taken back
 */
struct account;
struct bot;
struct deliveries;
struct delivery;
struct delivery_text;
struct send_end;

/* Targets that the same accounts can reach, in one language. */
struct part {
    struct delivery *delivery;
    unsigned number;
    size_t from, n;
    const char *accounts; /* "qq.1,qq.2" */
    unsigned n_accounts;
    const char *lang;
    bool dry; /* nothing of it waits, as far as is known */
    /* Its text, around the token of a target; after is NULL without one. */
    const char *before, *after;
};

/* What one account took at a time: a lease. */
struct batch {
    struct delivery *delivery;
    struct part *part;
    struct account *account;
    struct arena arena;
    unsigned place; /* of the account in the part */
    char lease[48];
    struct delivery_outcome *items; /* letter 0: no outcome yet */
    unsigned char *told;            /* of each: TOLD_… */
    size_t n, open;                 /* open: without outcome */
    size_t untold;                  /* with one that the store has not */
    unsigned reports;
    bool taking, reporting;
    struct batch *prev, *next;
};

/* What one account takes back of one part. */
struct recall {
    struct delivery *delivery;
    struct part *part;
    struct account *account;
    struct arena arena;
    unsigned place;
    size_t at; /* index to go on from */
    struct delivery_outcome *items;
    size_t n, open;
    bool asking;
    struct recall *prev, *next;
};

/* A broadcast with something left to do. */
struct delivery {
    struct deliveries *owner;
    struct arena arena;
    const char *id;
    const char *report_account;
    enum lane lane;
    bool ignores_hours;
    const char *image;
    bool loading, loaded; /* its text */
    bool live;            /* not paused, or anything else */
    bool recalled;
    bool listed; /* by the last look */
    struct part *parts;
    struct part **order; /* those that the fewest accounts can reach first */
    size_t n_parts;
    struct batch *batches;
    struct recall *recalls;
    struct delivery *prev, *next;
};

struct deliveries {
    struct bot *bot;
    struct delivery *all; /* the oldest first */
    char process[16];     /* of our leases */
    uint64_t next_lease;
    bool looking, look_again;
    unsigned under_way; /* transactions and reads of ours */
    int64_t hours_ms;   /* when it was found out … */
    bool open;          /* … whether broadcasts may be sent */
    uv_timer_t report_timer;
};

/* delivery.c */
bool delivery_may(const struct delivery *delivery,
                  const struct account *account);
/* The place of an account among those of a part, or -1. */
int delivery_place(const struct part *part, const char *account);
/* Frees a delivery that is over, with nothing under way. */
void delivery_settle(struct delivery *delivery);

/* delivery_take.c: all accounts, or one, take what they can. */
void delivery_advance_all(struct deliveries *deliveries);
void delivery_advance(struct deliveries *deliveries, struct account *account);

/* delivery_report.c */
void batch_free(struct batch *batch);
/* How the target at a place of the batch ended. */
void batch_end(void *batch, size_t at, const struct send_end *end);
/* Tells the store what it does not know yet. */
void delivery_report(struct deliveries *deliveries);

/* delivery_recall.c */
void delivery_recall_begin(struct delivery *delivery, struct account *account);
void recall_free(struct recall *recall);

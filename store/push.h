#pragma once

#include "base/err.h"
#include "store/notice.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct group;
struct store;
struct txn;

/*
 * A broadcast: one text for many groups, shared among the accounts that are in
 * them. What each group got is a letter in the store: waiting, being sent,
 * sent, refused or unknown. See store/functions/delivery.lua.
 */
struct push {
    const char *id;  /* "B12" */
    enum lane lane;  /* LANE_NOTICE or LANE_STUDY */
    const char *key; /* the template; has one parameter, text */
    const char *text;
    const char *by; /* rider id of the organiser */
    int64_t created_ms;
};

/*
 * Freezes a broadcast and its audience. report is sent to the organiser when
 * the last group has its outcome; total, sent, refused and unknown are added
 * to its parameters.
 */
void push_create(struct txn *txn, const struct push *broadcast,
                 const struct group *groups, size_t n,
                 const struct notice *report);

/* Unfinished broadcasts of an account, oldest first. */
struct push_part {
    struct push broadcast;
    const char *report_account; /* whose outbox gets the report */
    const char *states;         /* a letter a chat */
};
typedef void push_parts(void *data, enum err err, const struct push_part *parts,
                        size_t n);
void push_list(struct store *store, struct arena *arena, const char *account,
               push_parts *done, void *data);

/* Takes the next how_many chats from index at on; they are the transaction's
 * values and are marked as being sent. ERR_CONFLICT: another process has. */
void push_take(struct txn *txn, const char *id, const char *account, size_t at,
               size_t how_many);

struct push_outcome {
    size_t index;
    char letter; /* 'o', 'r' or 'u' */
};
/* outcomes are in the order of their index: those of chats in a row travel as
 * one string. */
void push_outcomes(struct txn *txn, const char *id, const char *account,
                   const char *report_account,
                   const struct push_outcome *outcomes, size_t n);

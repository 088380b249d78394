#pragma once

#include "tests/kill/kill.h"

/* Every move of a ticket that there is, in this order. */
enum logged {
    LOGGED_FILE,
    LOGGED_ROUTE,
    LOGGED_CLAIM,
    LOGGED_RELEASE,
    LOGGED_ANSWER,
    LOGGED_HAND_BACK,
    LOGGED_ESCALATE,
    LOGGED_ASK,
    LOGGED_REPLY,
    LOGGED_CLOSE,
    LOGGED_CONFIRM,
    LOGGED_REOPEN,
    LOGGED_MERGE,
    LOGGED_JOIN,
    LOGGED_WITHDRAW,
    LOGGED_REJECT,
    LOGGED_NOTE,
    LOGGED_SORT,
    LOGGED_WARN,
    LOGGED_OVERDUE,
    LOGGED_NUDGE,
    LOGGED_REST,
    LOGGED_KINDS
};

/* A ticket as Redis has it. */
struct stored {
    char id[24];
    struct record *record;
    bool sorted;
    char state[16];
    long long version, points;
    unsigned open, ended, listed;
    unsigned in_log[LOGGED_KINDS], in_audit[LOGGED_KINDS];
    unsigned heard[LOGGED_KINDS]; /* events with an id of their own */
    unsigned postings;            /* of points, for it */
    uint64_t versions;            /* of its events, a bit each */
    UT_hash_handle hh;
};
extern struct stored *stored_all; /* by id */

/* By its id; a problem, and NULL, when there is none. */
struct stored *stored_find(const char *id);
/* Of HGETALL, or of an entry of a stream; "" when there is none. */
const char *reply_field(const redisReply *hash, const char *name);

/* verify_moves.c */
enum logged logged_parse(const char *name); /* "hand_back"; or LOGGED_KINDS */
void verify_moves(void);

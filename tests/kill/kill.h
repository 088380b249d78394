#pragma once

#include "base/mem.h"
#include "tests/integration/daemon.h"
#include "tests/integration/photo_server.h"
#include "tests/peer/onebot_peer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/*
 * The kill test. Hundreds of people write to the bot through two accounts while
 * the daemon and its Redis are killed under them, again and again; then what is
 * in Redis is held against what everybody was told.
 *   kill.c       the run: connections, kills, figures
 *   people.c     riders with requests and reports, and the organiser
 *   verify.c     the end
 */
#define N_ACCOUNTS 2
#define N_GROUPS 24
#define MAX_BROADCASTS 64

enum step {
    STEP_NONE,
    STEP_REQUEST,  /* 诉求 … */
    STEP_KIND,     /* its kind, by number or 跳过, in private */
    STEP_REPORT,   /* 随手拍 */
    STEP_PHOTO,    /* the photo, or 跳过 */
    STEP_PLACE,    /* where */
    STEP_CATEGORY, /* by number */
    STEP_NOTIFY,   /* 通知 … */
    STEP_GROUPS,   /* 全部 */
    STEP_SURE,     /* yes */
    STEP_BIND,     /* 绑定 CODE */
    STEP_PROGRESS  /* 进度 N, at the end */
};

struct person;

/* What must become one ticket. */
struct record {
    struct person *person;
    unsigned number; /* among all records */
    bool report, photo;
    bool asks_kind; /* the bot does not guess it */
    bool kind_asked, sorted;
    bool found;      /* by 进度 */
    unsigned stored; /* tickets in Redis with its words */
    char words[64];  /* unique: the text of a request, the place of a report */
    char told[24];   /* the ticket's number, "" not yet */
    struct record *next;
};

/* One message of a person; its id stays the same when it is delivered again. */
struct said {
    char id[16];
    struct person *person;
    struct record *record;
    enum step step;
    bool private, answered;
    char *text;
    char *image; /* path of its photo, or NULL */
    unsigned delivered;
    int64_t sent_ms;
    struct said *before; /* of the same person */
    UT_hash_handle hh;
};

struct person {
    char user[16];
    size_t account;
    char group[16]; /* "": writes in private */
    bool organiser, has_reported;
    enum step next_step;
    struct record *record;
    struct record *asked; /* 进度 of this one comes next, at the end */
    struct said *last;    /* newest first */
    struct said *waiting; /* the one without an answer, or NULL */
    char kind_of[24];     /* the number whose kind was asked last */
    int64_t think_until_ms;
    UT_hash_handle hh;
};

struct broadcast {
    char text[48];
    char id[24];       /* "B12" */
    char figures[128]; /* of the report, "" not yet */
    unsigned got[N_GROUPS];
};

struct world {
    uint64_t seed, random;
    struct test_daemon *daemon;
    struct photo_server *photos;
    struct peer *peers[N_ACCOUNTS]; /* NULL while not connected */
    struct person *people;          /* by user */
    struct said *said;              /* by id */
    struct record *records;         /* newest first */
    struct broadcast broadcasts[MAX_BROADCASTS];
    size_t n_broadcasts;
    bool broadcast_begun; /* a first group got the newest one just now */
    bool closing;         /* nothing new is begun */
    bool checking;        /* everybody asks for what they were told */
    int64_t disturbed_ms; /* when something was last killed */
    uint64_t next_id;
    unsigned problems;
    struct {
        unsigned records, messages, redelivered, answered_again, answers,
            repeated, away, uncertain, found, twice;
        unsigned kills, redis_kills, cuts, in_flight, most_in_flight;
    } n;
};

extern struct world world;

int64_t now_ms(void);
/* 0 … below n - 1 */
unsigned roll(unsigned n);
/* Something is wrong: said, counted, and the test fails in the end. */
void problem(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *account_id(size_t account); /* "10001000" */
const char *group_id(size_t group);     /* "20010001" */
size_t account_of_group(size_t group);

/* people.c */
void people_make(unsigned riders);
void people_free(void);
/* Everybody who has something to say and is connected says it. */
void people_act(void);
/* A call of the daemon: somebody reads it. */
void people_read(size_t account, const struct peer_call *call);
/* Many who would have waited a little say it now. */
void people_rush(void);
/* How many have no answer yet. */
unsigned people_waiting(void);
/* An account is connected again: what has no answer is delivered again, and
 * some of what has one. */
void people_redeliver(size_t account);
/* Nobody waits, and nobody has anything left to say. */
bool people_quiet(void);
/* Names those who wait. */
void people_complain(void);

/* verify.c */
void verify(void);

#pragma once

#include "base/mem.h"
#include "tests/integration/daemon.h"
#include "tests/integration/photo_server.h"
#include "tests/peer/onebot_peer.h"

#include <poll.h>
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
 *   kill.c          the run: connections, kills, figures
 *   people.c        riders with requests and reports, and the organiser
 *   moves.c         what is done with tickets, and what riders say to it
 *   staff.c         staff in their private chats
 *   callers.c       other systems that move tickets by the API
 *   hooks.c         a system that hears of all by a webhook
 *   verify.c        the end: tickets and broadcasts
 *   verify_moves.c  the end: histories, audit log, points, webhooks
 */
#define N_ACCOUNTS 2
#define N_GROUPS 24
#define N_STAFF 14
#define N_CALLERS 4
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
    STEP_MOVE,     /* 认领 N …: person->move */
    STEP_PROGRESS  /* 进度 N, at the end */
};

struct move;
struct person;

/* What must become one ticket. */
struct record {
    struct person *person;
    unsigned number; /* among all records */
    bool report, photo;
    bool asks_kind; /* the bot does not guess it */
    bool kind_asked, sorted;
    bool settled;     /* its rider has no more to say: staff may begin */
    bool opens_again; /* 没解决; nobody has taken it up since */
    bool was_opened;  /* 没解决 is said once */
    bool points_told;
    unsigned claims_told;
    unsigned workers; /* a bit for each who has had it */
    bool found;       /* by 进度 */
    unsigned stored;  /* tickets in Redis with its words */
    char words[64];   /* unique: the text of a request, the place of a report */
    char told[24];    /* the ticket's number, "" not yet */
    struct record *next;
};

/* One message of a person; its id stays the same when it is delivered again. */
struct said {
    char id[16];
    struct person *person;
    struct record *record;
    struct move *move; /* of STEP_MOVE */
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
    bool organiser, staff, has_reported;
    enum step next_step;
    struct record *record;
    struct move *move;    /* the last one they made */
    struct move *told_of; /* a rider, and has not said how it was: a close */
    struct record *asked; /* 进度 of this one comes next, at the end */
    struct said *last;    /* newest first */
    struct said *waiting; /* the one without an answer, or NULL */
    char kind_of[24];     /* the number whose kind was asked last */
    int64_t think_until_ms;
    int64_t redelivered_ms; /* something that had an answer */
    UT_hash_handle hh;
};

enum kind {
    KIND_CLAIM,
    KIND_NOTE,
    KIND_ANSWER,
    KIND_CLOSE,
    KIND_RATE,
    KIND_UNSOLVED,
    KINDS
};

/* What somebody wants done with a ticket, once. */
struct move {
    unsigned number;
    enum kind kind;
    struct record *record;
    char actor[40]; /* as the ticket's history has it */
    char words[32]; /* unique: its text; "" of a claim */
    enum { NOT_KNOWN, DONE, REFUSED } outcome; /* what they were told */
    char key[24];                              /* of a call of the API */
    bool heard;                                /* by the ticket's rider */
    unsigned stands;                           /* so often in the history */
};

/* What came by the webhook under one id. */
struct event {
    char id[32];
    char *body;
    unsigned requests, taken; /* of which answered with 200 */
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
    struct move **moves;            /* by number */
    size_t n_moves;
    struct event *events; /* by id */
    struct broadcast broadcasts[MAX_BROADCASTS];
    size_t n_broadcasts;
    bool broadcast_begun; /* a first group got the newest one just now */
    bool last_kill;
    bool closing;         /* nothing new is begun */
    bool checking;        /* everybody asks for what they were told */
    int64_t disturbed_ms; /* when something was last killed */
    uint64_t next_id;
    unsigned problems;
    struct {
        unsigned records, messages, redelivered, answered_again, answers,
            repeated, away, uncertain, found, twice;
        unsigned kills, redis_kills, cuts, in_flight, most_in_flight;
        unsigned calls, calls_again, calls_lost, calls_repeated, calls_anew,
            calls_open;
        unsigned hook_requests, hook_refused, hook_hung_up, hook_forged;
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
void people_add(struct person *person); /* takes it */
void people_free(void);
/* Everybody who has something to say and is connected says it. */
void people_act(void);
/* Says something new in private; takes text. */
void people_say(struct person *person, enum step step, char *text);
/* What they wait for has come. */
void people_answered(struct person *person);
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

/* moves.c */
struct move *move_new(enum kind kind, struct record *record, const char *actor);
void moves_free(void);
/* The one whose words are in text, and the last one of a kind that somebody
 * made with a ticket; NULL: none. */
struct move *move_named(const char *text);
struct move *move_find(const char *actor, const struct record *record,
                       enum kind kind);
/* Whoever made it was told what became of it. */
void move_told(struct move *move, bool done);
/* Says it in the person's private chat. */
void move_say(struct person *person, struct move *move);
/* What a call says of moves is read; false: it says nothing of them. */
bool moves_read(struct person *person, const struct peer_call *call);
/* A rider who was told of an end says how it was; false: they have nothing to
 * say. */
bool moves_react(struct person *person);
const char *actor_of(const struct person *person); /* "qq.70001"; or "rider" */

/* staff.c */
void staff_make(void);
void staff_act(struct person *person);
/* A ticket that the one with this bit has not had yet, which is had then;
 * NULL: there is none. */
struct record *staff_choose(unsigned bit);
/* What to do next with a ticket, after a move that is done or NULL; false:
 * nothing more. */
bool staff_next(const struct move *last, enum kind *next);

/* callers.c */
/* A token of an administrator, "xf_…"; free(). */
char *callers_token(const char *name);
/* One call, waited for; the status, and the body in *body (free()). */
int callers_ask(const char *method, const char *path, const char *token,
                const char *json, char **body);
void callers_make(void);
void callers_free(void);
size_t callers_fds(struct pollfd out[static N_CALLERS]);
void callers_act(void);
bool callers_quiet(void);
void callers_complain(void);
/* Asks once more for what had no answer in the end. */
void callers_settle(void);

/* hooks.c */
#define HOOK_FDS 65
void hooks_make(void);
void hooks_free(void);
size_t hooks_fds(struct pollfd out[static HOOK_FDS]);
void hooks_act(void);
/* Others may send the events of a process that is gone. */
void hooks_let_go(void);
/* How many events wait. */
long long hooks_waiting(void);
/* How many were given up. */
long long hooks_dead(void);

/* verify.c */
void verify(void);

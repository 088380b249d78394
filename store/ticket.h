#pragma once

#include "base/err.h"
#include "store/workflow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * A ticket: a request (诉求, number S…) or a report (随手拍, P…). Who sent an
 * anonymous one is kept, so that the answer finds its way back, and never
 * shown. What is personal (place, position, nick, text) is stored sealed.
 */
enum ticket_due {
    DUE_NOTHING,
    DUE_ACKNOWLEDGE, /* somebody must have taken it up by then */
    DUE_WARN,        /* its time to be solved is nearly over */
    DUE_RESOLVE,
    DUE_NUDGE, /* its rider has said nothing since it was closed */
    DUE_REST,
    DUE_KINDS
};

struct ticket {
    const char *id; /* "S123" */
    int64_t version;
    enum ticket_state state;
    const char *rider;   /* who sent it; of another system: "" */
    const char *account; /* by which account of the bot */
    const char *chat;    /* where the answer goes: the private chat */
    const char *group;   /* the group it was sent from, or "" */
    const char *nick;    /* shown name at that time; "" when anonymous */
    bool anonymous;
    bool urgent;
    const char *category; /* option id, or "" */
    const char *text;
    const char *photos;    /* ids joined by ',' */
    const char *after;     /* photos of how it was solved, likewise */
    const char *place;     /* words, or "" */
    const char *lat, *lon; /* decimal degrees, WGS-84, or "" */
    int64_t created_ms, updated_ms;

    const char *community; /* unit id of where it is, or "" */
    const char *unit;      /* who has it, "" while new */
    const char *back;      /* the unit it is handed back to, or "" */
    int level;             /* of the ladder, LEVEL_RIDER .. LEVEL_TOP */
    const char *assignee;  /* actor that claimed it: "user:wang"; or "" */
    const char *assignee_name;

    /* Clocks; 0 when there is none. While it waits for the rider they stand
     * still and left_ms of the time to solve it remains. */
    int64_t acknowledge_ms, resolve_ms, left_ms;
    bool warned;
    bool overdue;   /* on this level, or on an earlier one */
    int64_t due_ms; /* when its next clock rings */
    enum ticket_due due;
    int64_t answered_ms; /* first answer */
    int64_t closed_ms;   /* last close */

    int rating;       /* 1 .. 5, 0 none */
    int reopened;     /* times */
    int points;       /* its rider was given for it, 0 none yet */
    const char *into; /* the ticket it was merged into, or "" */
    /* Other riders who follow it, packed: see ticket_followers(). */
    const char *followers;
    const char *source; /* of another system: who filed it, "token:t7"; or "" */
};

bool ticket_is_report(const char *id);

/* Stores a new ticket with its first state and clocks; version ignored. A
 * ticket with a position is found by ticket_near(). */
void ticket_create(struct txn *txn, const struct ticket *ticket);

/* An entry of a ticket's history. */
struct ticket_entry {
    enum ticket_move move;
    int64_t at_ms;
    const char *who;    /* actor; AUDIT_RIDER for a rider */
    const char *name;   /* of staff, as others see it; or "" */
    const char *text;   /* "" when there is none */
    const char *photos; /* ids joined by ',', or "" */
    const char *detail; /* a unit, a rating, another ticket; or "" */
};
/*
 * Entries; more are ERR_LIMIT. Riders come to it first, so that staff can
 * always end what somebody fills up; the clocks never do, they ring a few times
 * only.
 */
#define TICKET_LOG_MAX 200
#define TICKET_LOG_MAX_WORDS 150 /* words of riders, others who follow */
#define TICKET_LOG_MAX_RIDER 175 /* what else riders do */

/*
 * Writes a ticket that was read as before (its version is checked) as it is
 * after: every field that differs. entry (or NULL) goes to its history; that of
 * MOVE_NOTE to its notes, which no chat ever reads.
 */
void ticket_change(struct txn *txn, const struct ticket *before,
                   const struct ticket *after,
                   const struct ticket_entry *entry);
/* Takes all that is personal out of it. */
void ticket_erase(struct txn *txn, const char *id, int64_t now_ms);
/* Writes its sealed fields, history and notes again, by the current key. Each
 * is what ticket_get(), ticket_log_get() and ticket_notes_get() gave, whole. */
void ticket_reseal(struct txn *txn, const struct ticket *ticket,
                   const struct ticket_entry *log, size_t n_log,
                   const struct ticket_entry *notes, size_t n_notes);

/* A rider who follows a ticket of somebody else. */
struct follower {
    const char *rider, *account, *chat, *group; /* group may be "" */
};
#define TICKET_FOLLOWERS_MAX 100
size_t ticket_followers(struct arena *arena, const struct ticket *ticket,
                        struct follower out[static TICKET_FOLLOWERS_MAX]);
/* The packed list with one more, or NULL when it is full or has them. */
char *ticket_follow(struct arena *arena, const struct ticket *ticket,
                    const struct follower *follower);
/* The packed list without a rider, or NULL when they are not in it. */
char *ticket_unfollow(struct arena *arena, const struct ticket *ticket,
                      const char *rider);
/* Puts a ticket among those of a rider who follows it. */
void ticket_followed(struct txn *txn, const char *rider, const char *id,
                     int64_t now_ms);

/* A ticket number as people write it, folded: "s 12", "12". Returns "S12" in
 * arena, or NULL. A bare number is taken as prefix + number. */
char *ticket_parse_id(struct arena *arena, const char *text, char prefix);

/* Reads; what comes is borrowed from arena. */
typedef void ticket_read(void *data, enum err err, const struct ticket *ticket);
void ticket_get(struct store *store, struct arena *arena, const char *id,
                ticket_read *done, void *data); /* or ERR_NOT_FOUND */

typedef void ticket_list(void *data, enum err err, const struct ticket *tickets,
                         size_t n, int64_t total);
/* The oldest max tickets that wait for staff; total is how many wait. */
void ticket_list_open(struct store *store, struct arena *arena, size_t max,
                      ticket_list *done, void *data);
/* A rider's latest max tickets; total is how many there are. */
void ticket_list_of(struct store *store, struct arena *arena, const char *rider,
                    size_t max, ticket_list *done, void *data);

typedef void ticket_log(void *data, enum err err,
                        const struct ticket_entry *entries, size_t n);
/* The last max entries of a ticket's log, oldest first. */
void ticket_log_get(struct store *store, struct arena *arena, const char *id,
                    size_t max, ticket_log *done, void *data);
/* The last max notes, oldest first. */
void ticket_notes_get(struct store *store, struct arena *arena, const char *id,
                      size_t max, ticket_log *done, void *data);

/*
 * Every ticket there is, some hundreds a call: open ones, ended ones, erased
 * ones. One that changes meanwhile may come twice. Begin with a zeroed scan;
 * scan->over when nothing more will come. After an error begin anew: a Redis
 * that was started again goes through them in another order.
 */
struct ticket_scan {
    int part;
    char cursor[24];
    bool over;
};
void ticket_scan(struct store *store, struct arena *arena,
                 struct ticket_scan *scan, ticket_list *done, void *data);
/* The first max tickets whose clock has rung. */
void ticket_list_due(struct store *store, struct arena *arena, int64_t now_ms,
                     size_t max, ticket_list *done, void *data);
/* The first max tickets, behind skip others, that ended before before_ms and
 * are not erased. */
void ticket_list_ended(struct store *store, struct arena *arena,
                       int64_t before_ms, size_t skip, size_t max,
                       ticket_list *done, void *data);
/* Open tickets of a category in the same cell of the map or one beside it
 * (TICKET_CELL_DEGREES), since since_ms; max at most. */
#define TICKET_CELL_DEGREES 0.01 /* about a kilometre */
void ticket_near(struct store *store, struct arena *arena, const char *category,
                 double lat, double lon, int64_t since_ms, size_t max,
                 ticket_list *done, void *data);

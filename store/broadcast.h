#pragma once

#include "base/err.h"
#include "store/notice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * A broadcast: what an organiser says to many chats at once, to whom and when.
 * How it gets there is its delivery (store/delivery.h), which has the same id.
 * One with a rule of repetition is a series: it stays scheduled, and each
 * firing is a broadcast of its own, whose parent it is.
 */
enum broadcast_state {
    BROADCAST_DRAFT,
    BROADCAST_SUBMITTED, /* waits for a second person */
    BROADCAST_SCHEDULED, /* waits for its time: next_ms */
    BROADCAST_SENDING,
    BROADCAST_PAUSED, /* a series, or fired_ms is 0: while it was scheduled */
    BROADCAST_DONE,
    BROADCAST_CANCELLED,
    BROADCAST_STATES
};

enum broadcast_move {
    BROADCAST_SUBMIT,
    BROADCAST_APPROVE,
    BROADCAST_RETURN, /* to its author, with a word why */
    BROADCAST_PAUSE,
    BROADCAST_RESUME,
    BROADCAST_CANCEL,
    BROADCAST_RECALL,        /* from the chats that have it, too */
    BROADCAST_RETRY,         /* those refused */
    BROADCAST_RETRY_UNKNOWN, /* those that may have it already */
    BROADCAST_FIRE,          /* its time has come; for the planner alone */
    BROADCAST_MOVES
};

/* "draft", "retry_unknown", …; from a word: BROADCAST_STATES or _MOVES when it
 * is none. */
const char *broadcast_state_name(enum broadcast_state state);
enum broadcast_state broadcast_state_of(const char *name);
const char *broadcast_move_name(enum broadcast_move move);
enum broadcast_move broadcast_move_of(const char *name);
/* The table: whether one in a state can be moved so. Who may, and what else a
 * move needs, is for bot/broadcasts.h. */
bool broadcast_can(enum broadcast_state state, enum broadcast_move move);

/* Strings are never NULL when read; NULL is "" when written. */
struct broadcast {
    const char *id;  /* "B12" */
    int64_t version; /* 0: is not stored */
    enum broadcast_state state;
    enum lane lane;           /* LANE_NOTICE or LANE_STUDY */
    const char *title;        /* for those who work on it */
    const char *text;         /* in the district's language */
    const char *translations; /* JSON, text by language: {"en":"…"} */
    const char *photo;        /* an id */
    const char *file;         /* an id */
    const char *link_url, *link_title;
    bool ask_read;        /* "reply 已读" below it */
    const char *target;   /* "groups" or "riders" */
    const char *audience; /* JSON, see bot/audience.h */
    const char *unit;     /* it reaches no further; "*": all */
    bool ignores_hours;   /* urgent: quiet hours are not for it */
    bool skips_missed;    /* what was missed is not sent late */
    int64_t at_ms;        /* when; of a series its beginning; 0: at once */
    const char *rrule;    /* RFC 5545, without "RRULE:"; or "" */
    int workday;          /* nth of each month, below 0 from its end; or 0 */
    int64_t next_ms;      /* when it fires next; 0: does not */
    const char *parent;   /* the series it is a firing of */
    const char *quiz, *material, *event; /* what it is about: "Z7" */
    const char *by;                      /* "user:wang", or a rider id */
    const char *by_name;                 /* as colleagues see it */
    const char *approved_by;
    /* Where its author hears what came of it; "" for users of the console. */
    const char *report_account, *report_chat;
    int64_t total; /* chats of its frozen audience */
    int64_t created_ms, updated_ms, fired_ms, ended_ms;
    const char *note; /* of whoever returned it, or why it did not go */
    /* Targets are being put into the store in advance, for bot/broadcasts.h:
     * "<whose> <ms since when>". */
    const char *freezing;
};

/* Whether it repeats. */
bool broadcast_is_series(const struct broadcast *broadcast);

/*
 * Writes it as a whole, and when it fires. ERR_CONFLICT unless the version in
 * the store is broadcast->version; the new one is by one higher.
 */
void broadcast_put(struct txn *txn, const struct broadcast *broadcast);
/* Both ERR_CONFLICT unless it has that version. */
void broadcast_remove(struct txn *txn, const char *id, int64_t version);
void broadcast_expect(struct txn *txn, const char *id, int64_t version);

/* Borrowed from arena, as all that is read here. ERR_NOT_FOUND, broadcast then
 * NULL. done is called later in the loop. */
typedef void broadcast_read(void *data, enum err err,
                            const struct broadcast *broadcast);
void broadcast_get(struct store *store, struct arena *arena, const char *id,
                   broadcast_read *done, void *data);

/* Newest first, from offset on, at most max; total is how many there are. */
typedef void broadcast_list(void *data, enum err err,
                            const struct broadcast *broadcasts, size_t n,
                            int64_t total);
void broadcast_list_all(struct store *store, struct arena *arena, size_t offset,
                        size_t max, broadcast_list *done, void *data);
/* Those that fire until now_ms, the first to fire first; total is n. */
void broadcast_list_due(struct store *store, struct arena *arena,
                        int64_t now_ms, size_t max, broadcast_list *done,
                        void *data);
/* Those with these ids, 1 .. RECORDS_MAX; those that are not there are left
 * out. */
void broadcast_get_many(struct store *store, struct arena *arena,
                        const char *const *ids, size_t n, broadcast_list *done,
                        void *data);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct event;
struct store;
struct txn;

/*
 * Who comes to an event: one sign-up a rider and event, of kind "signup:E12"
 * under the rider's id. What it says of children, and the answers to the
 * organiser's questions, is sealed, and goes 30 days after the event.
 */
enum signup_state {
    SIGNUP_SIGNED,
    SIGNUP_WAITING,   /* all places were taken */
    SIGNUP_OFFERED,   /* one came free and is kept until offer_ms */
    SIGNUP_CANCELLED, /* why says by whom */
    SIGNUP_ATTENDED,
    SIGNUP_STATES
};
extern const char *const signup_state_names[SIGNUP_STATES];

/* why of a cancelled one */
#define SIGNUP_BY_RIDER "rider"
#define SIGNUP_BY_ORGANISER "organiser"
#define SIGNUP_BY_EVENT "event" /* that was cancelled */
#define SIGNUP_BY_LAPSE "lapse" /* of an offer */
#define SIGNUP_BY_FULL "full"   /* until it began */

#define SIGNUPS_MAX 5000 /* of an event, those that were cancelled as well */
#define SIGNUP_RIDER_MAX 200 /* of a rider that are looked at */
#define SIGNUP_CODE_CHARS 6
#define SIGNUP_KEPT_MS (30LL * 24 * 3600 * 1000) /* what is private */

/* Inside children and answers: between items, and between the parts of one. */
#define SIGNUP_ITEM '\x1e'
#define SIGNUP_PART '\x1d'

struct signup {
    const char *event, *rider;
    int64_t version; /* 0: there is none */
    enum signup_state state;
    int64_t n;     /* people: the rider and those who come along */
    int64_t young; /* of them under 14 */
    const char *nick, *account, *chat; /* the rider, and how to reach them */
    const char *group;    /* a group to turn to when that fails, or "" */
    const char *code;     /* for check-in, of this rider alone */
    const char *guardian; /* consent for the children: "yes:1:<ms>", or "" */
    const char *children; /* name, age; … */
    const char *answers;  /* id of the question, answer; … */
    const char *why;
    int64_t created_ms, updated_ms;
    int64_t offer_ms; /* an offer ends then */
    int64_t due_ms;   /* its next clock; 0: none */
    int64_t reminded; /* hours before the start, of the last reminder; 0 */
    int64_t changed;  /* the event's time and place that they know */
    int64_t told;     /* of the end of the event */
    int64_t tries;    /* wrong codes */
};
bool signup_is_active(
    const struct signup *signup); /* signed, waiting, offered */
/* Whether it has a place: signed, offered, attended. */
bool signup_holds(enum signup_state state);

/*
 * Writes a sign-up: after instead of before, which is NULL when there is none.
 * ERR_CONFLICT when event or before is not as it was read; when after takes
 * people into the event, also unless they fit and, unless it is an offer,
 * nobody waits; when it begins to wait, also unless they do not. place: the
 * number of those that wait now, or -1 for any. ERR_LIMIT: there are
 * SIGNUPS_MAX. Counts, waiting list and clock follow; places that come free set
 * the event's.
 */
struct signup_change {
    const struct event *event;
    const struct signup *before, *after;
    int64_t place;
    int64_t now_ms;
    bool pushed; /* by an organiser: past those who wait, not past capacity */
};
void signup_put(struct txn *txn, const struct signup_change *change);
/* Forgets one. ERR_CONFLICT as above, but the event may have changed. */
void signup_erase(struct txn *txn, const struct signup *signup, int64_t now_ms);
/* Forgets what is private in it. */
void signup_strip(struct txn *txn, const struct signup *signup);
/* The clock of one that cannot ring. */
void signup_unring(struct txn *txn, const char *event, const char *rider);

typedef void signup_read(void *data, enum err err, const struct signup *signup);
/* ERR_NOT_FOUND: signup is NULL. */
void signup_get(struct store *store, struct arena *arena, const char *event,
                const char *rider, signup_read *done, void *data);
void signup_get_by_code(struct store *store, struct arena *arena,
                        const char *event, const char *code, signup_read *done,
                        void *data);
typedef void signup_listed(void *data, enum err err,
                           const struct signup *signups, size_t n,
                           int64_t total);
/* Of an event, the latest first. */
void signup_list(struct store *store, struct arena *arena, const char *event,
                 size_t offset, size_t max, signup_listed *done, void *data);
/* Of an event, those that wait, in their order. */
void signup_list_waiting(struct store *store, struct arena *arena,
                         const char *event, size_t max, signup_listed *done,
                         void *data);
/* Of a rider, that of the latest event first. */
void signup_list_rider(struct store *store, struct arena *arena,
                       const char *rider, size_t max, signup_listed *done,
                       void *data);
/* With private data, of events that ended before before_ms, also those that are
 * gone: with version 0. */
void signup_list_private(struct store *store, struct arena *arena,
                         int64_t before_ms, size_t offset, size_t max,
                         signup_listed *done, void *data);
/* Its place among those that wait, from 1; 0: does not wait. */
typedef void signup_place_read(void *data, enum err err, int64_t place);
void signup_place(struct store *store, struct arena *arena,
                  const struct signup *signup, signup_place_read *done,
                  void *data);

/* Clocks that have rung: of a sign-up, or, when rider is "", of its event. */
struct signup_due {
    const char *event, *rider;
};
typedef void signup_due_listed(void *data, enum err err,
                               const struct signup_due *due, size_t n);
void signup_list_due(struct store *store, struct arena *arena, int64_t now_ms,
                     size_t max, signup_due_listed *done, void *data);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * Events (活动): what riders are invited to. A contest is one with stages that
 * judges score; a live one is told of and has figures entered after it.
 */
enum event_state {
    EVENT_DRAFT,
    EVENT_OPEN,   /* riders see it and sign up */
    EVENT_CLOSED, /* no more sign-ups; it takes place */
    EVENT_CANCELLED,
    EVENT_FINISHED,
    EVENT_STATES
};
extern const char *const event_state_names[EVENT_STATES];

enum event_kind { EVENT_MEETING, EVENT_CONTEST, EVENT_LIVE, EVENT_KINDS };
extern const char *const event_kind_names[EVENT_KINDS]; /* "event", … */

#define EVENT_FAMILY_MAX 6 /* who come along with one rider */
#define EVENT_CAPACITY_MAX 5000
#define EVENT_REMINDERS_MAX 4
#define EVENT_TOKEN_SIZE 24

/* Strings that do not apply are ""; all in an arena. */
struct event {
    const char *id; /* "E12" */
    int64_t version;
    enum event_state state;
    enum event_kind kind;
    const char *unit; /* of the organisation whose organisers see it; "*" */
    const char *title, *text;
    const char *photo; /* id */
    const char *place;
    const char *lat, *lon; /* degrees, WGS-84, or "" */
    int64_t starts_ms, ends_ms;
    int64_t deadline_ms;   /* sign-ups end then */
    int64_t capacity;      /* people; 0: no limit but EVENT_CAPACITY_MAX */
    int64_t family_max;    /* 0 .. EVENT_FAMILY_MAX */
    int64_t accept_h;      /* hours to accept a place that came free */
    const char *questions; /* JSON, see bot/event_questions.h */
    const char *remind;    /* hours before the start, falling: "24,2" */
    const char *code;      /* check-in: digits, shown at the place */
    const char *token;     /* of its public addresses */
    const char *certificate;
    int64_t points;          /* for whoever was there */
    const char *stages;      /* JSON, see bot/contest.h */
    int64_t viewers, orders; /* of a live one, afterwards */
    const char *by, *by_name;
    const char *note; /* why it was cancelled */
    int64_t created_ms, updated_ms;
    int64_t changed; /* how often its time or place was: sign-ups compare it */
    /* What its sign-ups come to; written by them alone. */
    int64_t taken; /* people who have a place, or are offered one */
    int64_t n_signed, n_waiting, n_offered, n_attended, n_cancelled;
    int64_t freed; /* goes up when places may have come free */
};

/* ERR_CONFLICT unless the version in the store is event->version; the new one
 * is by one higher. Leaves what its sign-ups come to as it is. */
void event_put(struct txn *txn, const struct event *event);
/* One that nobody signed up for. */
void event_remove(struct txn *txn, const struct event *event);
/* All who signed up are looked at now (signup_list_due()). */
void event_stir(struct txn *txn, const struct event *event, int64_t now_ms);
/* Places may have come free: it is looked at now. */
void event_free_places(struct txn *txn, const struct event *event,
                       int64_t now_ms);
/* It was looked at; unless places came free meanwhile it is at rest. */
void event_rest(struct txn *txn, const struct event *event);

typedef void event_read(void *data, enum err err, const struct event *event);
/* ERR_NOT_FOUND: event is NULL. Borrowed from arena, as all that is read. */
void event_get(struct store *store, struct arena *arena, const char *id,
               event_read *done, void *data);
typedef void event_listed(void *data, enum err err, const struct event *events,
                          size_t n, int64_t total);
/* By their start, latest first. */
void event_list(struct store *store, struct arena *arena, size_t offset,
                size_t max, event_listed *done, void *data);
/* Those with these ids that there are, in their order; n > 0. */
void event_get_many(struct store *store, struct arena *arena,
                    const char *const *ids, size_t n, event_listed *done,
                    void *data);

/* "e12", "12" or "E12" as "E12" in arena, or NULL. */
char *event_parse_id(struct arena *arena, const char *text);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * A ticket: a request (诉求, number S…) or a report (随手拍, P…). Who sent an
 * anonymous one is kept, so that the answer finds its way back, and never
 * shown.
 */
enum ticket_state {
    TICKET_NEW,
    TICKET_ANSWERED,
    TICKET_CLOSED,
    TICKET_WITHDRAWN,
    TICKET_ERASED, /* its rider had it forgotten */
    TICKET_STATES
};

struct ticket {
    const char *id; /* "S123" */
    int64_t version;
    enum ticket_state state;
    const char *rider;   /* who sent it */
    const char *account; /* by which account of the bot */
    const char *chat;    /* where the answer goes: the private chat */
    const char *group;   /* the group it was sent from, or "" */
    const char *nick;    /* shown name at that time; "" when anonymous */
    bool anonymous;
    const char *category; /* option id, or "" */
    const char *text;
    const char *photos;    /* ids joined by ',' */
    const char *place;     /* words, or "" */
    const char *lat, *lon; /* decimal degrees, WGS-84, or "" */
    int64_t created_ms, updated_ms;
};

bool ticket_is_report(const char *id);
/* "ticket.state.new": the text key of a state. */
const char *ticket_state_key(enum ticket_state state);
/* Whether it waits for staff in this state. */
bool ticket_is_open(enum ticket_state state);

/* Stores a new ticket; id and all strings set, version ignored. */
void ticket_create(struct txn *txn, const struct ticket *ticket);

/* What somebody added to a ticket. */
enum ticket_entry_kind {
    ENTRY_SUPPLEMENT = 's', /* of the rider */
    ENTRY_ANSWER = 'a',     /* of staff, to the rider */
    ENTRY_CLOSE = 'c',      /* of staff, with a last word */
    ENTRY_WITHDRAW = 'w'
};
#define TICKET_LOG_MAX 200 /* entries; more are ERR_LIMIT */

struct ticket_entry {
    enum ticket_entry_kind kind;
    int64_t at_ms;
    const char *who;  /* rider id */
    const char *text; /* "" when there is none */
};

/*
 * Moves a ticket that was read (its version is checked) to another state, with
 * an entry in its log (or NULL) and changed fields: name, value, …
 */
void ticket_change(struct txn *txn, const struct ticket *ticket,
                   enum ticket_state state, int64_t now_ms,
                   const struct ticket_entry *entry, const char *const *fields,
                   size_t n_fields);
/* Takes all that is personal out of it. */
void ticket_erase(struct txn *txn, const char *id, int64_t now_ms);

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

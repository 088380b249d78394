#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * Hooks: other systems that want to hear of tickets, and for each the events
 * that wait for it and those that were given up.
 */
struct webhook {     /* stored sealed; all "" but the id when its key is gone */
    const char *id;  /* "h7f3…" */
    int64_t changed; /* goes up when somebody replays events */
    const char *url;
    const char *secret;
    const char *events; /* "ticket.filed ticket.closed"; or "*" */
    const char *unit;   /* whose tickets it hears of; "*": all */
    const char *by;
    int64_t created_ms;
    int64_t overflowed; /* events that were given up because too many waited */
};

/* ERR_LIMIT when there are max of them. */
void webhook_add(struct txn *txn, const struct webhook *hook, size_t max);
/* With all of its events; ERR_NOT_FOUND. */
void webhook_remove(struct txn *txn, const char *id);

typedef void webhook_list(void *data, enum err err, const struct webhook *hooks,
                          size_t n);
/* All of them, oldest first. It takes one round trip: whoever has the answer to
 * anything that was asked later can know them. */
void webhook_list_all(struct store *store, struct arena *arena,
                      webhook_list *done, void *data);

/* ---- events ---- */
struct webhook_event {
    const char *id;    /* what the receiver knows it by */
    const char *entry; /* its place among those that wait: "1700000000000-0" */
    const char *body;
    /* of one that was given up */
    const char *why;
    int64_t died_ms;
    int tries;
};
/* Events that wait; the oldest beyond that are given up. */
#define WEBHOOK_WAITING_MAX 100000
#define WEBHOOK_DEAD_MAX 10000 /* older ones are gone */

/* Of a hook that is gone by now nothing is written. */
void webhook_event_add(struct txn *txn, const char *hook, const char *event,
                       const char *body, int64_t now_ms);
/* It was heard. */
void webhook_event_done(struct txn *txn, const char *hook, const char *entry);
/* It was not, and will not be tried again. */
void webhook_event_dead(struct txn *txn, const char *hook,
                        const struct webhook_event *event);
/*
 * Those of ids that were given up wait again, each as the same event; n 0: the
 * oldest WEBHOOK_REPLAY_MAX. Gives back as a value how many it were.
 */
#define WEBHOOK_REPLAY_MAX 500
void webhook_replay(struct txn *txn, const char *hook, const char *const *ids,
                    size_t n);

typedef void webhook_events(void *data, enum err err,
                            const struct webhook_event *events, size_t n,
                            int64_t total);
/* Up to max events that wait, behind the entry after ("": from the oldest);
 * total is how many wait. */
void webhook_waiting(struct store *store, struct arena *arena, const char *hook,
                     const char *after, size_t max, webhook_events *done,
                     void *data);
/* Up to max (50 at most) that were given up, the latest first, without the
 * first skip. */
void webhook_dead(struct store *store, struct arena *arena, const char *hook,
                  size_t skip, size_t max, webhook_events *done, void *data);

/* ---- who sends ---- */

/*
 * One process sends the events of a hook. It holds the hook for ttl_ms and asks
 * again before that is over; a value "1" for each hook that owner has now, "0"
 * for the others. A process that is held up for longer than ttl_ms may send
 * what another one has sent: an event comes at least once, not only once.
 */
void webhook_hold(struct txn *txn, const char *hook, const char *owner,
                  int64_t ttl_ms);
void webhook_let_go(struct txn *txn, const char *hook, const char *owner);

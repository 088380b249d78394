#pragma once

#include "base/err.h"
#include "store/notice.h"
#include "store/ticket.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct bot;
struct turn;
struct txn;
struct work;

/*
 * The desk: the one place where tickets are filed and moved. Chat, console, API
 * and clocks give it an order; it holds the table of the workflow, works out
 * state, unit, level and clocks by the policy, and adds everything to one
 * transaction: the ticket, its history, the audit entry, notices to the rider
 * and whoever follows, points, events for webhooks.
 */
struct desk {
    struct bot *bot;
    struct arena *arena; /* what is added lives there until it is committed */
    struct txn *txn;
    int64_t now_ms;
    /* A notice that leaves with the transaction. */
    struct notice *(*notify)(void *data, enum lane lane, const char *account,
                             const char *chat, const char *rider,
                             const char *key);
    void *data;
};
struct desk desk_of_turn(struct turn *turn);
struct desk desk_of_work(struct work *work);

/*
 * Files a new ticket: finds its community, unit, urgency and clocks, creates it
 * and tells staff who are to be rung. ticket has its id and what the rider
 * gave; the rest is filled in.
 */
void desk_file(const struct desk *desk, struct ticket *ticket);

struct order {
    enum ticket_move move;
    enum mover by;
    const char *actor;         /* "user:wang", or a rider id of staff; of riders
                                  and clocks it is filled in */
    const char *name;          /* of staff, as colleagues see it; or NULL */
    const char *text;          /* or NULL */
    const char *photos;        /* ids joined by ','; or NULL */
    const char *unit;          /* ROUTE: where to */
    const char *category;      /* SORT; NULL: as it is */
    int urgent;                /* SORT: 0 or 1; -1: as it is */
    int anonymous;             /* SORT: 1 hides the rider; -1: as it is */
    int rating;                /* CONFIRM: 1 .. 5, 0: none */
    const struct ticket *into; /* MERGE: the ticket that stays */
    const struct follower *follower; /* JOIN */
};

/*
 * Adds the move of a ticket that was read to the desk's transaction; *after is
 * the ticket as it becomes. Nothing is added unless OK:
 *   ERR_STATE    its state or the mover does not allow it
 *   ERR_DENIED   somebody else has claimed it, and must release it first
 *   ERR_INVALID  a text, unit or other part is missing, or there is no such
 *   ERR_LIMIT    there is no higher level, or no more can follow
 *   ERR_DUPLICATE  they follow it already
 * The transaction gives ERR_CONFLICT when the ticket changed meanwhile.
 */
enum err desk_move(const struct desk *desk, const struct ticket *ticket,
                   const struct order *order, struct ticket *after) must_check;

/* Whether a person of staff may give such an order now: state, level, and whose
 * ticket it is. What else it needs is for desk_move() to see. */
bool desk_may(struct bot *bot, const struct ticket *ticket,
              enum ticket_move move, const char *actor);

/* The words that stand for an order that was refused, "move.not_allowed" …: the
 * key of a text, and the code of the API behind its "move.". */
const char *desk_refusal_key(enum err err, const struct order *order);

/* Who is to be rung for a ticket: "S12" of staff with a chat of their own whose
 * grants cover it. Used by desk_file() and the clocks. */
void desk_ring(const struct desk *desk, const struct ticket *ticket,
               const char *key);

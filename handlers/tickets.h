#pragma once

#include "store/ticket.h"

#include <stdbool.h>
#include <stddef.h>

struct order;
struct turn;

/*
 * What the commands about tickets share: finding one, moving it, and how one
 * reads.
 */

extern const char *const request_kinds[];     /* ends with NULL */
extern const char *const report_categories[]; /* ends with NULL */

/* ---- finding (tickets.c) ---- */

typedef void ticket_found(struct turn *turn, const struct ticket *ticket);
/*
 * Reads the ticket that a slot named. A bare number finds a request or a
 * report: they count together. An error has been answered already when done is
 * not called.
 */
void ticket_find(struct turn *turn, const char *id, ticket_found *done);
/* The same, but only a ticket of the rider who asks. */
void ticket_find_own(struct turn *turn, const char *id, ticket_found *done);
/* The same, or one that they follow. */
void ticket_find_mine(struct turn *turn, const char *id, ticket_found *done);
bool ticket_is_own(const struct turn *turn, const struct ticket *ticket);
bool ticket_is_followed(struct turn *turn, const struct ticket *ticket);

/* Reads the latest entries of a ticket's log, too. */
void ticket_with_log(struct turn *turn, const struct ticket *ticket,
                     void (*done)(struct turn *turn,
                                  const struct ticket *ticket,
                                  const struct ticket_entry *entries,
                                  size_t n));

/* Reads the rider's latest tickets; an error has been answered. */
void ticket_list_mine(struct turn *turn, size_t max,
                      void (*done)(struct turn *turn,
                                   const struct ticket *tickets, size_t n,
                                   int64_t total));
/* The one of these that was closed last and is the rider's own, rated or not;
 * NULL when there is none. */
const struct ticket *ticket_last_closed(const struct turn *turn,
                                        const struct ticket *tickets, size_t n,
                                        bool rated_too);
#define TICKETS_LOOKED_AT 20

/* A new number: "S12" or "P12"; NULL when none is at hand. */
char *ticket_new_id(struct turn *turn, char prefix);
/*
 * Adds a move of a rider to the turn, after what they are answered. False when
 * it is refused: they have been told why, and the turn has ended.
 */
bool ticket_move(struct turn *turn, const struct ticket *ticket,
                 const struct order *order);

/* ---- staff (staff.c) ---- */

/* A person at work: a rider whom a code made staff, or a user of the console in
 * their own chat. */
struct worker {
    const char *actor, *name;
};
struct worker worker_of(struct turn *turn);
/* All of the district, or what the grants of a user cover. */
bool worker_covers(struct turn *turn, const struct ticket *ticket);
/* Only a ticket that the worker covers. */
void ticket_find_covered(struct turn *turn, const char *id, ticket_found *done);

/* ---- reading (ticket_text.c) ---- */

/* The text key of its kind or category; "ticket.unsorted" when it has none. */
const char *ticket_category_key(struct turn *turn, const struct ticket *ticket);
/* "11-22 15:04" in the district's time zone. */
const char *ticket_time(struct turn *turn, int64_t ms);
/* "3 小时前": how long ago that was. */
const char *ticket_ago(struct turn *turn, int64_t ms);
/* A line a ticket for the rider's lists, with at most max_chars of its text;
 * of one that they only follow there is none of it. */
char *ticket_rows(struct turn *turn, const struct ticket *tickets, size_t n,
                  size_t max_chars);
/* Who reads a ticket's history: what riders say, and what staff say to each
 * other, is not for all. */
enum ticket_reader { READER_OWNER, READER_FOLLOWER, READER_STAFF };
/* Its history, a line an entry. */
char *ticket_log_rows(struct turn *turn, const struct ticket_entry *entries,
                      size_t n, enum ticket_reader reader);
/* Links to photos ("id,id"), a line each; "" when there are none. */
char *ticket_photo_links(struct turn *turn, const char *photos);
/* Where it is: words, and a link to a map. */
const char *ticket_place(struct turn *turn, const struct ticket *ticket);
/* Who works on it, else the unit that has it; "" when nobody does. */
const char *ticket_holder(struct turn *turn, const struct ticket *ticket);
const char *ticket_unit_name(struct turn *turn, const char *unit);
/* By when staff must have done something, 0: nothing is due. */
int64_t ticket_deadline(const struct ticket *ticket);

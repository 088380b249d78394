#pragma once

#include "store/ticket.h"

#include <stddef.h>

struct turn;

/*
 * What the commands about tickets share: finding one, and how one reads.
 */

extern const char *const request_kinds[];     /* ends with NULL */
extern const char *const report_categories[]; /* ends with NULL */

/*
 * Reads the ticket that a slot named. A bare number finds a request or a
 * report: they count together. An error has been answered already when done is
 * not called.
 */
void ticket_find(struct turn *turn, const char *id,
                 void (*done)(struct turn *turn, const struct ticket *ticket));
/* The same, but only a ticket of the rider who asks. */
void ticket_find_own(struct turn *turn, const char *id,
                     void (*done)(struct turn *turn,
                                  const struct ticket *ticket));

/* Reads the latest entries of a ticket's log, too. */
void ticket_with_log(struct turn *turn, const struct ticket *ticket,
                     void (*done)(struct turn *turn,
                                  const struct ticket *ticket,
                                  const struct ticket_entry *entries,
                                  size_t n));
/* Ends the turn with what a list was read for: list with its rows and how many
 * there are in all, or none. */
struct ticket_list_texts {
    const char *none, *list;
    size_t about_chars; /* of each ticket's text */
};
void ticket_say_list(struct turn *turn, enum err err,
                     const struct ticket *tickets, size_t n, int64_t total,
                     const struct ticket_list_texts *texts);

/* The text key of its kind or category; "ticket.unsorted" when it has none. */
const char *ticket_category_key(struct turn *turn, const struct ticket *ticket);
/* "11-22 15:04" in the district's time zone. */
const char *ticket_time(struct turn *turn, int64_t ms);
/* A line a ticket for lists, with at most max_chars of its text. */
char *ticket_rows(struct turn *turn, const struct ticket *tickets, size_t n,
                  size_t max_chars);
/* Its conversation, a line an entry. */
char *ticket_log_rows(struct turn *turn, const struct ticket_entry *entries,
                      size_t n);
/* Links to photos ("id,id"), a line each; "" when there are none. */
char *ticket_photo_links(struct turn *turn, const char *photos);
/* A new number: "S12" or "P12"; NULL when none is at hand. */
char *ticket_new_id(struct turn *turn, char prefix);

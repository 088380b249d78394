#pragma once

#include "store/ticket.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct api_call;
struct arena;
struct card;
struct policy;

/*
 * Tickets as the API shows them. Nothing here tells who sent an anonymous one;
 * phone numbers in texts are hidden from whoever may not learn who sent it.
 */

/* A row of a list. */
json_t *ticket_item(struct arena *arena, const struct card *card);

/* A ticket with its history, as staff have it before them. */
struct ticket_page {
    const struct ticket *ticket;
    const struct ticket_entry *log, *notes;
    size_t n_log, n_notes;
};
json_t *ticket_page_json(struct api_call *call, const struct ticket_page *page);

/* Ids joined by ',' as an array. */
json_t *ticket_photos(const char *ids);
/* NULL and "" become null. */
json_t *ticket_text(const char *text);
/* Whoever did something, as colleagues see them. */
const char *ticket_who(const struct ticket_entry *entry);

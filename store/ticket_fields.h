#pragma once

#include "store/ticket.h"

/*
 * How a ticket's fields are named in its hash: shared by the writing half
 * (ticket.c) and the reading half (ticket_read.c). Private to store/.
 */
enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_INT, FIELD_FLAG };

struct ticket_field {
    const char *name;
    enum field_type type;
    size_t offset; /* in struct ticket */
};

/* The plain ones; state, due and the private ones are apart. */
extern const struct ticket_field ticket_fields[];
extern const size_t n_ticket_fields;
/* The private ones, in the order in which they are packed. */
#define PRIVATE_FIELDS 5
extern const size_t ticket_private[PRIVATE_FIELDS];

extern const char *const ticket_due_names[DUE_KINDS];

/* The number of a row or column of the map's cells. */
int ticket_cell(double degrees);

static inline const char **field_text(struct ticket *ticket, size_t offset) {
    return (const char **)(void *)((char *)ticket + offset);
}

#pragma once

#include "bot/api/access.h"
#include "bot/api/api.h"
#include "store/ticket.h"

/*
 * Reading tickets for a call. What the caller's grants do not cover is not
 * there: 404, as for a number that was never given.
 */
bool ticket_id_valid(struct arena *arena, const char *id);
bool ticket_covered(const struct api_call *call, enum permission permission,
                    const struct ticket *ticket);

/* Goes on with then() when permission covers the ticket, else answers the
 * call. ticket lives as long as the call. */
typedef void ticket_then(struct api_call *call, const struct ticket *ticket);
void ticket_fetch(struct api_call *call, const char *id,
                  enum permission permission, ticket_then *then);

/* Answers with the ticket as it is now and its history. */
enum page_as {
    PAGE_SEEN,    /* 200, in scope only; the look is in the audit log */
    PAGE_CHANGED, /* 200, after a move of the caller's own */
    PAGE_CREATED, /* 201 */
    PAGE_STALE    /* 409 */
};
void ticket_page_answer(struct api_call *call, const char *id, enum page_as as);

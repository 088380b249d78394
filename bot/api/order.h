#pragma once

#include "bot/api/api.h"
#include "bot/desk.h"

/* The order for a move that a request's body holds, but for the ticket. */
struct order_read {
    struct order order;
    const char *into; /* id of a ticket, or NULL */
};

/* False: the call has been answered with 422. */
bool order_read(struct api_call *call, struct order_read *out);

/*
 * A text of the body, cleaned: no control characters, max_chars at most. The
 * call has been answered when false. *out is NULL when there is none and it is
 * not required.
 */
bool order_text(struct api_call *call, const char *name, size_t max_chars,
                bool required, const char **out);
/* A text of the body that is no member, cleaned. */
const char *order_clean(struct api_call *call, const char *text);
/* Whether a photo is stored here. */
bool order_photo_is_there(const struct api_call *call, const char *id);
/* Photos of the body, ids joined by ','; NULL when there are none. Each is one
 * that is stored here. */
bool order_photos(struct api_call *call, const char **out);
/* A category of the body that there is, or NULL. */
bool order_category(struct api_call *call, const char **out);

/* The code of a refusal, such as "not_allowed". */
const char *order_refusal(enum err err, const struct order *order);

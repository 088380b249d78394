#pragma once

#include "bot/api/api.h"
#include "bot/contest.h"
#include "store/event.h"
#include "store/signup.h"

/*
 * Private to bot/api/{events,signups,scores}*.c:
 *
 *   events.c        the list, one of them, its moves
 *   events_body.c   what a body says of one
 *   events_files.c  its QR code, calendar entry, table; the public addresses
 *   signups.c       who comes
 *   scores.c        what judges gave
 */

/* ---- events.c ---- */
typedef void event_then(struct api_call *call, const struct event *event);
/* Reads the event of the path, which the caller must cover; else 404. */
void event_with(struct api_call *call, event_then *then);
bool event_covered(const struct api_call *call, const struct event *event);
json_t *event_json(struct api_call *call, const struct event *event);
/* Reads it again and gives it as it is now: 200, 201, or 409. */
void event_show(struct api_call *call, const char *id, unsigned status);
/* "title" when it is set, else null. */
json_t *event_text(const char *text);

/* ---- events_body.c ---- */
/* Fills in what the body says; what it leaves out is as it was, texts are gone.
 * The call has been answered when false. */
bool event_read_body(struct api_call *call, struct event *event);

/* ---- events_files.c ---- */
void event_get_qr(struct api_call *call);
void event_get_calendar(struct api_call *call);
void event_get_csv(struct api_call *call);

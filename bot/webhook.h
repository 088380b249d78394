#pragma once

#include "store/workflow.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bot;
struct ticket;
struct txn;

/*
 * Webhooks: other systems that want to hear of tickets. An event is written
 * into the stream of each hook that wants it, in the transaction of its cause,
 * and POSTed at least once: JSON {id, type, at_ms, ticket, state, version,
 * unit, category}, headers X-Xiaofeng-Id, X-Xiaofeng-Timestamp (s) and
 * X-Xiaofeng-Signature: "v1=" hex of HMAC-SHA256(secret,
 * "<timestamp>.<id>.<body>"). What was not answered with 2xx is sent again with
 * a growing pause; after WEBHOOK_TRIES it is a dead letter, which a person can
 * replay.
 */
#define WEBHOOK_TRIES 12
#define WEBHOOKS_MAX 50
#define WEBHOOK_PARALLEL 4 /* requests under way to one hook */
#define WEBHOOK_TIMEOUT_MS 10000
#define WEBHOOK_URL_BYTES 1024
#define WEBHOOK_ID_SIZE 13
#define WEBHOOK_SECRET_SIZE 50 /* "whsec_" and 256 bits in base64url */

struct webhooks;
struct webhooks *webhooks_new(struct bot *bot);
/* Before the store and the loop end; what was under way is sent again by the
 * next process. Takes NULL. */
void webhooks_free(struct webhooks *webhooks);

/* "ticket.claimed"; NULL for a move that nobody outside hears of. */
const char *webhook_type(enum ticket_move move);
/* Adds the event of a move to txn for every hook that wants it. before is NULL
 * when the ticket is filed; after's version is not looked at. */
void webhooks_ticket(struct webhooks *webhooks, struct txn *txn,
                     const struct ticket *before, const struct ticket *after,
                     enum ticket_move move, int64_t now_ms);

/* The store is up: to be called before anybody uses it, so that no event is
 * written before the hooks are known. */
void webhooks_store_up(struct webhooks *webhooks);
/* Looks at the streams now. */
void webhooks_wake(struct webhooks *webhooks);
/* The hooks themselves were changed. */
void webhooks_reload(struct webhooks *webhooks);
/* Lets others send from now on; nothing new begins. */
void webhooks_stop(struct webhooks *webhooks);

/* Whether words name events, one blank between two: "ticket.filed
 * ticket.closed", or "*" alone. */
bool webhook_events_valid(const char *words);
/* "v1=…" of a body sent at timestamp_s. */
#define WEBHOOK_SIGNATURE_SIZE 68
void webhook_sign(const char *secret, const char *id, int64_t timestamp_s,
                  const char *body, char out[static WEBHOOK_SIGNATURE_SIZE]);

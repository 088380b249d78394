#pragma once

#include "base/err.h"

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

struct webhooks;
struct webhooks *webhooks_new(struct bot *bot);
void webhooks_free(struct webhooks *webhooks); /* takes NULL */

/* Adds the event of a move ("ticket.claimed") to txn for every hook that wants
 * it; ticket is as it was before, state, unit and version as they become. */
void webhooks_ticket(struct webhooks *webhooks, struct txn *txn,
                     const struct ticket *ticket, const char *type,
                     const char *state, const char *unit, int64_t now_ms);
/* Something was written: look at the streams now. */
void webhooks_wake(struct webhooks *webhooks);

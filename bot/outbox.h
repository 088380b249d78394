#pragma once

#include "bot/connector.h"
#include "store/notice.h"

#include <stdbool.h>
#include <stdint.h>

struct account;
struct bot;

/*
 * All that leaves. Notices come from a transaction (with the id the store gave
 * them), from the sweep of an account's stored outbox, or, for answers that
 * change nothing, from memory only. Each waits in its lane for the pacer and
 * leaves by its account's connector under one deadline; the outcome closes it
 * in the store, many at a time.
 */
struct outbox *outbox_new(struct bot *bot);
void outbox_free(struct outbox *outbox);

/*
 * Takes a notice to be sent. stored_id is its id in the store's outbox, or
 * NULL for one that lives in memory only. lang is the recipient's language
 * when known, else -1 (it is looked up). The notice is copied.
 */
void outbox_push(struct outbox *outbox, const struct notice *notice,
                 const char *stored_id, int lang);

/* The connector's word on a send or a recall. */
void outbox_outcome(struct account *account, uint64_t ticket,
                    const struct send_end *end);

/* True when nothing is under way or waiting to be closed in the store. */
bool outbox_idle(const struct outbox *outbox);

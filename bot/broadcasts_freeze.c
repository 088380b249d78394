/* Whom a broadcast reaches: found, counted, and put into the store. A few go
 * with the transaction of the move. Many are added before it, in pieces, under
 * a claim: a version of the record of its own, which every piece expects. So
 * nobody else adds to them, and what is left behind by a process that died is
 * dropped by whoever moves the broadcast next. */
#define LOG_MODULE "broadcasts"
#include "bot/broadcasts_parts.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/audience.h"
#include "bot/bot.h"
#include "store/delivery.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM_MS 60000 /* after that whoever had it is gone */

struct freeze {
    struct moving *m;
    void (*then)(struct moving *m, enum err err);
};

/* ---- claims -------------------------------------------------------------- */

bool broadcast_is_claimed(const struct moving *m) {
    const char *since = strchr(m->before.freezing, ' ');
    return since != NULL && m->now_ms - strtoll(since + 1, NULL, 10) < CLAIM_MS;
}

static void drop_claim(struct moving *m, struct txn *txn) {
    const char *claim = m->before.freezing;
    if (claim[0] != '\0')
        delivery_drop(txn, arena_strndup(m->arena, claim, strcspn(claim, " ")));
}

void broadcast_drop_claim(struct moving *m) {
    if (!m->claimed)
        drop_claim(m, m->txn);
    m->after.freezing = "";
}

/* ---- adding -------------------------------------------------------------- */

static void add(struct moving *m, struct txn *txn,
                const struct audience_run *run) {
    const struct delivery_part part = {.accounts = run->accounts,
                                       .lang = run->lang};
    delivery_add(txn, m->frozen, &part, run->chats, run->n);
}

void broadcast_add_frozen(struct moving *m) {
    struct audience_run run;
    if (m->frozen == NULL || m->claimed || m->audience->n == 0)
        return;
    if (m->frozen == m->after.id && m->before.version != 0)
        delivery_drop(m->txn, m->frozen); /* what an earlier try left */
    while (audience_next(m->audience, DELIVERY_ADD_MAX, &run))
        add(m, m->txn, &run);
}

static void end(struct freeze *freeze, enum err err) {
    freeze->then(freeze->m, err);
}

static void add_piece(struct freeze *freeze);

static void on_piece(void *data, const struct txn_result *result) {
    struct freeze *freeze = data;
    if (result->err == OK)
        add_piece(freeze);
    else
        end(freeze, result->err);
}

static void add_piece(struct freeze *freeze) {
    struct moving *m = freeze->m;
    struct audience_run run;
    if (!audience_next(m->audience, DELIVERY_ADD_MAX, &run)) {
        m->claimed = true;
        end(freeze, OK);
        return;
    }
    struct txn *txn = txn_new(m->bot->store);
    if (m->before.version != 0)
        broadcast_expect(txn, m->before.id, m->after.version);
    add(m, txn, &run);
    txn_commit(txn, on_piece, freeze);
}

static void on_claimed(void *data, const struct txn_result *result) {
    struct freeze *freeze = data;
    if (result->err != OK) {
        end(freeze, result->err);
        return;
    }
    freeze->m->after.version++;
    add_piece(freeze);
}

/* Of one that is not stored yet nobody else knows the number. */
static void claim(struct freeze *freeze) {
    struct moving *m = freeze->m;
    if (m->before.version == 0) {
        add_piece(freeze);
        return;
    }
    struct broadcast claimed = m->before;
    struct txn *txn = txn_new(m->bot->store);
    claimed.freezing =
        arena_printf(m->arena, "%s %" PRId64, m->frozen, m->now_ms);
    drop_claim(m, txn);
    if (m->frozen == m->after.id)
        delivery_drop(txn, m->frozen);
    broadcast_put(txn, &claimed);
    txn_commit(txn, on_claimed, freeze);
}

/* ---- finding ------------------------------------------------------------- */

static void on_audience(void *data, enum err err, struct audience *audience) {
    struct freeze *freeze = data;
    struct moving *m = freeze->m;
    if (err != OK) {
        m->moved.field = "audience";
        m->moved.code = err == ERR_INVALID ? "invalid" : NULL;
        end(freeze, err);
        return;
    }
    m->audience = audience;
    m->moved.muted = audience->muted;
    m->moved.no_account = audience->no_account;
    m->moved.no_consent = audience->no_consent;
    m->moved.nopush = audience->nopush;
    if (m->frozen != NULL && audience->n > DELIVERY_ADD_MAX)
        claim(freeze);
    else
        end(freeze, OK);
}

void broadcast_freeze(struct moving *m,
                      void (*then)(struct moving *m, enum err err)) {
    struct freeze *freeze = arena_alloc(m->arena, sizeof(*freeze));
    *freeze = (struct freeze){m, then};
    bool riders = strcmp(m->before.target, "riders") == 0;
    audience_resolve(m->bot,
                     &(struct audience_query){
                         .target = riders ? AUDIENCE_RIDERS : AUDIENCE_GROUPS,
                         .expression = m->before.audience,
                         .units = m->before.unit,
                         .count_only = m->frozen == NULL,
                     },
                     on_audience, freeze);
}

#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct notice;
struct store;

/*
 * A transaction in the making: a list of operations that one Redis function
 * ("commit", store/functions/commit.lua) checks all of before it applies the
 * first. Either all of them happen or none. Everything given is copied.
 *
 * Each typed module adds its operations (ticket_create(txn, …)); those common
 * to all are here.
 */
struct txn;

struct txn *txn_new(struct store *store);
void txn_free(struct txn *txn); /* of a transaction that is not committed */

/*
 * The idempotency key. A message that was committed before makes the whole
 * transaction ERR_DUPLICATE and gives back answer, the first one, packed.
 * answer goes to the outbox as by txn_notice(); it may be NULL.
 */
void txn_seen(struct txn *txn, const char *account, const char *chat,
              const char *message_id, const struct notice *answer);
/*
 * Changes fields of a rider: name, value, …; "" removes the field. n_fields
 * counts both. ERR_CONFLICT unless the rider's version in the store is version
 * (0: no such rider yet), which goes up by one if there are fields. At most
 * once a transaction.
 */
void txn_rider(struct txn *txn, const char *rider, int64_t version,
               const char *const *fields, size_t n_fields);
/* Writes a notice into the outbox of its account. */
void txn_notice(struct txn *txn, const struct notice *notice);
/*
 * What riders do with their own things is not written under their name: the log
 * is kept for years, and a rider may be forgotten, or ask not to be named,
 * today. Whose ticket it was stands in the ticket.
 */
#define AUDIT_RIDER "rider"
/* What nobody does: routing, clocks. */
#define AUDIT_SYSTEM "system"
/* An entry of the audit log. actor is the rider id of a person at work,
 * AUDIT_RIDER or AUDIT_SYSTEM; detail is for people and holds no text of a
 * rider. Any but action may be "". */
void txn_audit(struct txn *txn, const char *actor, const char *action,
               const char *subject, const char *detail);

/*
 * For the typed modules: begins operation op and gives it keys (without the
 * district's tag) and arguments. fmt has no conversions but %s and %d.
 */
void txn_op(struct txn *txn, const char *op);
void txn_key(struct txn *txn, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void txn_arg(struct txn *txn, const char *arg);
void txn_arg_bytes(struct txn *txn, const char *arg, size_t len);
void txn_arg_int(struct txn *txn, int64_t arg);

/* True when no operation but txn_seen was added: nothing would change. */
_Bool txn_empty(const struct txn *txn);

/*
 * err: OK; ERR_DUPLICATE with answer; ERR_CONFLICT, ERR_NOT_FOUND, ERR_STATE,
 * ERR_LIMIT, ERR_DENIED as an operation's check found; ERR_AWAY: not connected,
 * nothing was done; ERR_TIMEOUT: sent but not answered, unknown; ERR_IO: Redis
 * refused. values are what operations gave back, in their order: each
 * txn_notice() its id in the outbox. Borrowed.
 */
struct txn_result {
    enum err err;
    const char *answer;
    size_t answer_len;
    const char *const *values;
    size_t n_values;
};
typedef void txn_done(void *data, const struct txn_result *result);

/* Takes the transaction; done is called exactly once, later in the loop. */
void txn_commit(struct txn *txn, txn_done *done, void *data);

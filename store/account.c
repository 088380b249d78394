#include "store/account.h"

#include "base/arena.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>

#define KIND "account"

/* ---- writing ------------------------------------------------------------- */

static void begin(struct txn *txn, const char *op, const char *id) {
    txn_op(txn, op);
    txn_key(txn, KEY_RECORD, KIND, id);
    txn_key(txn, KEY_RECORDS, KIND);
    txn_arg(txn, id);
}

static void arg_field(struct txn *txn, const char *name, int64_t value) {
    txn_arg(txn, name);
    txn_arg_int(txn, value);
}

void account_sign(struct txn *txn, const char *id, bool online,
                  int64_t now_ms) {
    begin(txn, "account_sign", id);
    txn_arg(txn, online ? "1" : "0");
    txn_arg_int(txn, now_ms);
}

void account_slow(struct txn *txn, const char *id, double rate, int64_t rest_ms,
                  const char *reason, int64_t now_ms) {
    begin(txn, "account_set", id);
    arg_field(txn, "rate", (int64_t)(rate * 1000));
    arg_field(txn, "rest", rest_ms);
    arg_field(txn, "since", now_ms);
    txn_arg(txn, "reason");
    txn_arg(txn, reason);
}

void account_park(struct txn *txn, const char *id, const char *reason,
                  int64_t now_ms) {
    begin(txn, "account_set", id);
    arg_field(txn, "parked", 1);
    arg_field(txn, "since", now_ms);
    txn_arg(txn, "reason");
    txn_arg(txn, reason);
}

void account_unpark(struct txn *txn, const char *id, int64_t now_ms) {
    begin(txn, "account_unpark", id);
    txn_arg_int(txn, now_ms);
}

/* ---- reading ------------------------------------------------------------- */

struct list_call {
    struct arena *arena;
    int64_t now_ms;
    account_list *done;
    void *data;
};

static struct account_state unpack(const struct record *record,
                                   int64_t now_ms) {
    int64_t rate = record_int(record, "rate");
    return (struct account_state){
        .id = record->id,
        .version = record->version,
        .online = record_int(record, "online") != 0 &&
                  record_int(record, "sign") > now_ms - 3 * ACCOUNT_SIGN_MS,
        .parked = record_int(record, "parked") != 0,
        .reason = record_string(record, "reason"),
        .since_ms = record_int(record, "since"),
        .rest_ms = record_int(record, "rest"),
        .rate = rate > 0 && rate < 1000 ? (double)rate / 1000 : 1,
    };
}

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    struct list_call *call = data;
    struct account_state *accounts =
        arena_alloc(call->arena, (n + 1) * sizeof(*accounts));
    (void)total;
    for (size_t i = 0; i < n; i++)
        accounts[i] = unpack(&records[i], call->now_ms);
    call->done(call->data, err, accounts, n);
}

void account_list_all(struct store *store, struct arena *arena, int64_t now_ms,
                      account_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){arena, now_ms, done, data};
    record_list_kind(store, arena, KIND, 0, ACCOUNTS_MAX, on_records, call);
}

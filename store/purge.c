#include "store/purge.h"

#include "store/keys.h"
#include "store/txn.h"

void ticket_expect_ended(struct txn *txn, const char *id, int64_t before_ms) {
    txn_op(txn, "ticket_ended");
    txn_key(txn, KEY_ENDED);
    txn_arg(txn, id);
    txn_arg_int(txn, before_ms);
}

void ticket_unlist(struct txn *txn, const char *rider, const char *id) {
    txn_op(txn, "ticket_unlist");
    txn_key(txn, KEY_RIDER_TICKETS, rider);
    txn_arg(txn, id);
}

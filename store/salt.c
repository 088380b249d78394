#include "store/salt.h"

#include "store/keys.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>

void salt_take(struct txn *txn, int64_t day, const char *candidate,
               int64_t left_ms) {
    char number[24];
    snprintf(number, sizeof(number), "%" PRId64, day);
    txn_op(txn, "salt_take");
    txn_key(txn, KEY_SALT, number);
    txn_arg(txn, candidate);
    txn_arg_int(txn, left_ms > 0 ? left_ms : 1);
}

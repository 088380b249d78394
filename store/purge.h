#pragma once

#include <stdint.h>

struct txn;

/* ERR_CONFLICT unless a ticket ended before before_ms and is at its end still.
 */
void ticket_expect_ended(struct txn *txn, const char *id, int64_t before_ms);
/* Takes a ticket out of those that a rider sent or follows. */
void ticket_unlist(struct txn *txn, const char *rider, const char *id);

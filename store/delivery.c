#include "store/delivery.h"

#include "base/arena.h"
#include "base/buf.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/txn.h"

#include <stdlib.h>

#define HOUR_MS (3600LL * 1000)

void delivery_add(struct txn *txn, const char *id,
                  const struct delivery_part *part, const char *const *chats,
                  size_t n) {
    if (n > DELIVERY_ADD_MAX)
        abort();
    if (n == 0)
        return;
    txn_op(txn, "delivery_add");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERY_PARTS, id);
    txn_key(txn, KEY_DELIVERY_CHATS, id);
    txn_key(txn, KEY_DELIVERY_STATES, id);
    txn_key(txn, KEY_DELIVERY_SENDERS, id);
    txn_key(txn, KEY_DELIVERIES);
    txn_arg(txn, id);
    txn_arg(txn, part->accounts);
    txn_arg(txn, part->lang);
    for (size_t i = 0; i < n; i++)
        txn_arg(txn, chats[i]);
}

void delivery_drop(struct txn *txn, const char *id) {
    txn_op(txn, "delivery_drop");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERIES);
    txn_key(txn, KEY_DELIVERIES_LIVE);
    txn_key(txn, KEY_DELIVERY_PARTS, id);
    txn_key(txn, KEY_DELIVERY_CHATS, id);
    txn_key(txn, KEY_DELIVERY_STATES, id);
    txn_key(txn, KEY_DELIVERY_SENDERS, id);
    txn_key(txn, KEY_DELIVERY_LEASES, id);
    txn_key(txn, KEY_DELIVERY_SENT, id);
    txn_key(txn, KEY_DELIVERY_REASONS, id);
    txn_key(txn, KEY_DELIVERY_READERS, id);
    txn_key(txn, KEY_DELIVERY_VISITORS, id);
    txn_key(txn, KEY_DELIVERY_READS, id);
    txn_key(txn, KEY_DELIVERY_HOURS, id);
    txn_arg(txn, id);
}

void delivery_begin(struct txn *txn, const char *id,
                    const struct notice *report, int64_t now_ms) {
    txn_op(txn, "delivery_begin");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERIES_LIVE);
    txn_key(txn, KEY_DELIVERIES);
    txn_arg(txn, id);
    txn_arg_int(txn, now_ms);
    if (report == NULL)
        return;
    struct buf packed;
    buf_init(&packed);
    notice_pack(&packed, report);
    txn_arg_bytes(txn, packed.data, packed.len);
    txn_arg(txn, report->account);
    buf_finish(&packed);
}

/* ---- moves --------------------------------------------------------------- */

static void turn(struct txn *txn, const char *id, const char *after) {
    txn_op(txn, "delivery_turn");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERIES_LIVE);
    txn_arg(txn, id);
    txn_arg(txn, after);
}

void delivery_pause(struct txn *txn, const char *id) {
    turn(txn, id, "paused");
    txn_arg(txn, "live");
}

void delivery_resume(struct txn *txn, const char *id) {
    turn(txn, id, "live");
    txn_arg(txn, "paused");
}

void delivery_cancel(struct txn *txn, const char *id) {
    turn(txn, id, "cancelled");
    txn_arg(txn, "frozen");
    txn_arg(txn, "live");
    txn_arg(txn, "paused");
}

void delivery_retry(struct txn *txn, const char *id, char letter) {
    txn_op(txn, "delivery_retry");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERIES_LIVE);
    txn_key(txn, KEY_DELIVERY_PARTS, id);
    txn_key(txn, KEY_DELIVERY_STATES, id);
    txn_key(txn, KEY_DELIVERY_CHATS, id);
    txn_key(txn, KEY_DELIVERY_SENDERS, id);
    txn_key(txn, KEY_DELIVERY_REASONS, id);
    txn_arg(txn, id);
    txn_arg_bytes(txn, &letter, 1);
}

void delivery_recall(struct txn *txn, const char *id, int64_t now_ms) {
    txn_op(txn, "delivery_recall");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERIES_LIVE);
    txn_key(txn, KEY_DELIVERY_STATES, id);
    txn_arg(txn, id);
    txn_arg_int(txn, now_ms);
}

/* ---- readers ------------------------------------------------------------- */

void delivery_read(struct txn *txn, const char *id, size_t index,
                   const char *rider, const char *visitor, int64_t now_ms) {
    txn_op(txn, "delivery_read");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERY_CHATS, id);
    txn_key(txn, KEY_DELIVERY_READERS, id);
    txn_key(txn, KEY_DELIVERY_VISITORS, id);
    txn_key(txn, KEY_DELIVERY_READS, id);
    txn_key(txn, KEY_DELIVERY_HOURS, id);
    txn_arg_int(txn, (int64_t)index);
    txn_arg(txn, rider == NULL ? "" : rider);
    txn_arg(txn, visitor == NULL ? "" : visitor);
    txn_arg_int(txn, now_ms / HOUR_MS * HOUR_MS);
}

void delivery_forget(struct txn *txn, const char *rider, const char *chat,
                     const char *const *ids, size_t n) {
    txn_op(txn, "delivery_forget");
    for (size_t i = 0; i < n; i++) {
        txn_key(txn, KEY_DELIVERY_CHATS, ids[i]);
        txn_key(txn, KEY_DELIVERY_READERS, ids[i]);
    }
    txn_key(txn, KEY_PUSHED);
    txn_arg(txn, rider);
    txn_arg(txn, chat);
    txn_arg_int(txn, (int64_t)n);
}

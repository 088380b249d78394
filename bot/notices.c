#include "bot/notices.h"

#include "base/arena.h"
#include "bot/outbox.h"
#include "store/txn.h"

#include <stdbool.h>
#include <string.h>
#include <utlist.h>

struct notices_item {
    struct notice notice;
    struct notices_item *prev, *next;
};

struct notice *notices_add(struct notices *notices, struct arena *arena,
                           const struct notice *notice) {
    struct notices_item *item = arena_alloc(arena, sizeof(*item));
    item->notice = *notice;
    DL_APPEND(notices->items, item);
    notices->n++;
    return &item->notice;
}

void notices_write(const struct notices *notices, struct txn *txn) {
    const struct notices_item *item;
    DL_FOREACH(notices->items, item) {
        txn_notice(txn, &item->notice);
    }
}

void notices_send(const struct notices *notices, struct outbox *outbox,
                  const char *const *ids, const char *rider, int lang) {
    const struct notices_item *item;
    DL_FOREACH(notices->items, item) {
        bool known = rider != NULL && item->notice.rider != NULL &&
                     strcmp(item->notice.rider, rider) == 0;
        outbox_push(outbox, &item->notice, *ids++, known ? lang : -1);
    }
}

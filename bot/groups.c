#define LOG_MODULE "groups"
#include "bot/groups.h"

#include "base/log.h"
#include "bot/bot.h"
#include "store/group.h"
#include "store/txn.h"

static void on_stored(void *data, const struct txn_result *result) {
    (void)data;
    if (result->err != OK)
        LOG_WARN("groups not stored: %s", err_str(result->err));
}

void groups_found(struct bot *bot, const struct group *groups, size_t n) {
    if (n > GROUPS_FOUND_MAX) {
        LOG_WARN("%zu groups are left out", n - GROUPS_FOUND_MAX);
        n = GROUPS_FOUND_MAX;
    }
    if (n == 0)
        return;
    struct txn *txn = txn_new(bot->store);
    for (size_t i = 0; i < n; i++)
        group_set(txn, &groups[i]);
    txn_commit(txn, on_stored, NULL);
}

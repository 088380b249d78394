#define LOG_MODULE "account"
#include "bot/account.h"

#include "base/log.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/delivery.h"
#include "bot/queue.h"

#include <stdlib.h>
#include <string.h>

struct account *account_find(struct bot *bot, const char *id) {
    struct account *account;
    HASH_FIND_STR(bot->accounts, id, account);
    return account;
}

struct account *account_online(struct bot *bot, const char *id,
                               const struct connector *connector, void *data) {
    struct account *account = account_find(bot, id);
    if (account == NULL) {
        account = xcalloc(1, sizeof(*account));
        account->id = xstrdup(id);
        account->bot = bot;
        account->queue = queue_new(account);
        standing_init(&account->standing);
        HASH_ADD_KEYPTR(hh, bot->accounts, account->id, strlen(account->id),
                        account);
    } else if (account->online) {
        queue_offline(account->queue);
    }
    account->connector = connector;
    account->data = data;
    account->online = true;
    LOG_INFO("%s is online", id);
    standing_sign(account);
    queue_online(account->queue);
    deliveries_account(account);
    return account;
}

void account_offline(struct account *account, const void *data) {
    if (!account->online || account->data != data)
        return;
    account->online = false;
    account->data = NULL;
    LOG_INFO("%s is offline", account->id);
    queue_offline(account->queue);
    standing_sign(account);
    deliveries_account(account);
}

void accounts_free(struct bot *bot) {
    struct account *account, *next;
    deliveries_free(bot->deliveries);
    bot->deliveries = NULL;
    HASH_ITER(hh, bot->accounts, account, next) {
        HASH_DEL(bot->accounts, account);
        queue_free(account->queue);
        free(account->id);
        free(account);
    }
}

#define LOG_MODULE "web"
#include "base/buf.h"
#include "base/limits.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/connectors/web_internal.h"
#include "bot/outbox.h"
#include "store/store.h"
#include "store/txn.h"

#include <string.h>
#include <utlist.h>

/* Taking back what the bot said: out of the history, and out of the pages that
 * show it. */
struct web_recall {
    struct web_call call;
    uint64_t ticket;
    const char *chat, *id;
};

static void on_gone(void *data, const struct txn_result *result) {
    struct web_recall *recall = data;
    struct web *web = recall->call.web;

    if (web != NULL) {
        if (result->err == OK)
            web_tell_gone(web, recall->chat, recall->id);
        outbox_outcome(
            web->account, recall->ticket,
            &(struct send_end){
                .outcome = result->err == OK ? OUTCOME_SENT : OUTCOME_UNKNOWN,
                .reason = result->err == OK ? NULL : err_str(result->err),
            });
    }
    web_call_free(recall);
}

enum err web_recall(struct account *account, uint64_t ticket, const char *chat,
                    const char *message_id) {
    struct web *web = account->data;

    if (!store_is_up(web->bot->store))
        return ERR_AWAY;
    struct web_recall *recall = web_call_new(web, NULL, sizeof(*recall));
    struct arena *arena = &recall->call.arena;
    recall->ticket = ticket;
    recall->chat = arena_strdup(arena, chat);
    recall->id = arena_strdup(arena, message_id);
    struct txn *txn = txn_new(web->bot->store);
    chat_recall(txn, chat, message_id);
    txn_commit(txn, on_gone, recall);
    return OK;
}

#define LOG_MODULE "delivery"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/delivery_internal.h"
#include "bot/queue.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/*
 * Only the account that sent a message can take it back. Nothing is leased: to
 * take back what is taken back already does no harm.
 */
#define REASON_CHARS 120

static void ask(struct recall *recall);

void recall_free(struct recall *recall) {
    DL_DELETE(recall->delivery->recalls, recall); /* NOLINT: utlist */
    arena_finish(&recall->arena);
    free(recall);
}

static void end(struct recall *recall) {
    struct delivery *delivery = recall->delivery;
    recall_free(recall);
    delivery_settle(delivery);
}

/* ---- telling the store ------------------------------------------------------
 */

static void on_told(void *data, const struct txn_result *result) {
    struct recall *recall = data;
    struct deliveries *deliveries = recall->delivery->owner;
    deliveries->under_way--;
    recall->asking = false;
    if (result->err != OK) {
        LOG_WARN("%s: recalls are not kept: %s", recall->delivery->id,
                 err_str(result->err));
        end(recall); /* the next look begins anew */
    } else if (recall->at < recall->part->from + recall->part->n &&
               !deliveries->bot->stopping) {
        ask(recall);
    } else {
        end(recall);
    }
}

static void tell(struct recall *recall) {
    struct deliveries *deliveries = recall->delivery->owner;
    struct delivery_outcome *told =
        arena_alloc(&recall->arena, (recall->n + 1) * sizeof(*told));
    size_t n = 0;
    for (size_t i = 0; i < recall->n; i++)
        if (recall->items[i].letter != 'd') /* was not tried */
            told[n++] = recall->items[i];
    struct txn *txn = txn_new(deliveries->bot->store);
    delivery_recall_outcomes(txn, recall->delivery->id, told, n);
    deliveries->under_way++;
    recall->asking = true;
    txn_commit(txn, on_told, recall);
}

/* ---- taking back ------------------------------------------------------------
 */

static bool may(void *data) {
    const struct recall *recall = data;
    return recall->account->online && !recall->delivery->owner->bot->stopping;
}

static void set(struct recall *recall, size_t at, char letter,
                const char *reason) {
    struct delivery_outcome *item = &recall->items[at];
    item->letter = letter;
    if (reason != NULL) {
        const char *clean = utf8_clean(&recall->arena, reason, strlen(reason));
        item->reason = utf8_excerpt(&recall->arena, clean, REASON_CHARS);
    }
    if (--recall->open == 0)
        tell(recall);
}

static void on_end(void *data, size_t at, const struct send_end *ended) {
    struct recall *recall = data;
    if (ended == NULL)
        set(recall, at, 'd', NULL);
    else if (ended->outcome == OUTCOME_SENT)
        set(recall, at, 'c', NULL);
    else
        set(recall, at, 'l', ended->reason == NULL ? "refused" : ended->reason);
}

static void take_back(struct recall *recall, size_t at, const char *chat,
                      const char *message_id) {
    struct account *account = recall->account;
    if (account->connector->recall == NULL) {
        set(recall, at, 'l', "the platform cannot");
        return;
    }
    if (message_id[0] == '\0' || chat[0] == '\0') {
        set(recall, at, 'l', "too late");
        return;
    }
    if (queue_add(account->queue, &(struct queue_item){
                                      .lane = LANE_ANSWER,
                                      .chat = chat,
                                      .text = "",
                                      .recall = message_id,
                                      .may = may,
                                      .done = on_end,
                                      .data = recall,
                                      .index = at,
                                  }) != OK)
        set(recall, at, 'd', NULL);
}

/* Values are the index to go on from, then index, chat and message id. */
static void on_next(void *data, const struct txn_result *result) {
    struct recall *recall = data;
    struct deliveries *deliveries = recall->delivery->owner;
    deliveries->under_way--;
    recall->asking = false;
    if (result->err != OK || result->n_values == 0) {
        end(recall);
        return;
    }
    size_t n = (result->n_values - 1) / 3;
    recall->at = strtoul(result->values[0], NULL, 10);
    recall->items =
        arena_alloc(&recall->arena, (n + 1) * sizeof(*recall->items));
    recall->n = n;
    recall->open = n + 1; /* so that it is told when all were begun */
    for (size_t i = 0; i < n; i++)
        recall->items[i].index = strtoul(result->values[1 + 3 * i], NULL, 10);
    for (size_t i = 0; i < n; i++)
        take_back(recall, i, result->values[2 + 3 * i],
                  result->values[3 + 3 * i]);
    if (--recall->open == 0)
        tell(recall);
}

static void ask(struct recall *recall) {
    struct delivery *delivery = recall->delivery;
    struct deliveries *deliveries = delivery->owner;
    if (!store_is_up(deliveries->bot->store)) {
        end(recall);
        return;
    }
    struct txn *txn = txn_new(deliveries->bot->store);
    arena_finish(&recall->arena);
    delivery_recall_next(txn,
                         &(struct delivery_taker){
                             .id = delivery->id,
                             .account = recall->account->id,
                             .part = recall->part->number,
                             .place = recall->place,
                         },
                         recall->at, DELIVERY_RECALL_MAX);
    deliveries->under_way++;
    recall->asking = true;
    txn_commit(txn, on_next, recall);
}

static bool is_begun(const struct part *part, const struct account *account) {
    const struct recall *recall;
    DL_FOREACH(part->delivery->recalls, recall) {
        if (recall->part == part && recall->account == account)
            return true;
    }
    return false;
}

void delivery_recall_begin(struct delivery *delivery, struct account *account) {
    for (size_t p = 0; p < delivery->n_parts; p++) {
        struct part *part = &delivery->parts[p];
        int place = delivery_place(part, account->id);
        if (place < 0 || is_begun(part, account))
            continue;
        struct recall *recall = xcalloc(1, sizeof(*recall));
        arena_init(&recall->arena);
        recall->delivery = delivery;
        recall->part = part;
        recall->account = account;
        recall->place = (unsigned)place;
        recall->at = part->from;
        DL_APPEND(delivery->recalls, recall);
        ask(recall);
    }
}

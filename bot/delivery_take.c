#define LOG_MODULE "delivery"
#include "base/log.h"
#include "base/mem.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/connector.h"
#include "bot/delivery_internal.h"
#include "bot/queue.h"
#include "bot/track.h"
#include "store/delivery.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Targets taken at a time: as many as leave in a quarter of a second, so that a
 * crash leaves few as unknown. */
#define BATCH_MIN 4
#define BATCH_S 0.25

static size_t batch_size(const struct account *account) {
    double rate = account->bot->config->account_rate;
    if (rate <= 0 || account->connector->unpaced)
        return DELIVERY_TAKE_MAX;
    double batch = rate * account->standing.share * BATCH_S;
    return batch < BATCH_MIN           ? BATCH_MIN
           : batch > DELIVERY_TAKE_MAX ? DELIVERY_TAKE_MAX
                                       : (size_t)batch;
}

/* The next ones are taken when no more than these are under way. */
static size_t enough(const struct account *account, size_t batch) {
    bool paced =
        account->bot->config->account_rate > 0 && !account->connector->unpaced;
    return paced ? batch / 2 : batch;
}

/* So many that something is left for the other accounts of the part. */
static size_t fair(const struct part *part, size_t batch) {
    size_t share = (part->n + part->n_accounts - 1) / part->n_accounts;
    return batch < share ? batch : share;
}

/* ---- what was taken --------------------------------------------------------
 */

static bool may(void *data) {
    const struct batch *batch = data;
    return delivery_may(batch->delivery, batch->account);
}

static const char *text_of(struct batch *batch, size_t index) {
    const struct part *part = batch->part;
    char token[TRACK_TOKEN_SIZE];
    if (part->after == NULL)
        return part->before;
    track_token(batch->delivery->owner->bot->seal, batch->delivery->id, index,
                token);
    return arena_printf(&batch->arena, "%s%s%s", part->before, token,
                        part->after);
}

static void queue_up(struct batch *batch, size_t at, const char *chat) {
    const struct delivery *delivery = batch->delivery;
    struct outbox_queue *queue = batch->account->queue;
    enum err err = ERR_NOT_FOUND; /* a rider who was forgotten */
    if (chat[0] != '\0')
        err =
            queue_add(queue, &(struct queue_item){
                                 .lane = delivery->lane,
                                 .chat = chat,
                                 .text = text_of(batch, batch->items[at].index),
                                 .image = delivery->image,
                                 .may = may,
                                 .done = batch_end,
                                 .data = batch,
                                 .index = at,
                             });
    if (err == ERR_LIMIT)
        batch_end(batch, at, NULL);
    else if (err != OK)
        batch_end(batch, at,
                  &(struct send_end){.outcome = OUTCOME_REFUSED,
                                     .reason = "forgotten"});
}

/* Values are runs, "<first index> <how many>" and then their chats. */
static size_t read_values(struct batch *batch, const struct txn_result *result,
                          const char **chats) {
    size_t n = 0;
    for (size_t i = 0; i < result->n_values;) {
        char *end;
        size_t first = strtoul(result->values[i++], &end, 10);
        size_t run = strtoul(end, NULL, 10);
        for (size_t j = 0; j < run && i < result->n_values; j++) {
            batch->items[n].index = first + j;
            chats[n++] = arena_strdup(&batch->arena, result->values[i++]);
        }
    }
    return n;
}

static void begin(struct batch *batch, const struct txn_result *result) {
    struct arena *arena = &batch->arena;
    size_t room = result->n_values + 1;
    const char **chats = arena_alloc(arena, room * sizeof(*chats));
    batch->items = arena_alloc(arena, room * sizeof(*batch->items));
    batch->told = arena_alloc(arena, room);
    batch->n = batch->open = read_values(batch, result, chats);
    batch->account->delivering += batch->n;
    for (size_t i = 0; i < batch->n; i++)
        queue_up(batch, i, chats[i]);
}

static void on_taken(void *data, const struct txn_result *result) {
    struct batch *batch = data;
    struct account *account = batch->account;
    struct delivery *delivery = batch->delivery;
    struct deliveries *deliveries = delivery->owner;
    deliveries->under_way--;
    account->taking = batch->taking = false;
    if (result->err == OK && result->n_values > 0) {
        begin(batch, result);
    } else {
        /* If it was taken nevertheless, the next look puts it back. */
        if (result->err != OK && result->err != ERR_STATE)
            LOG_WARN("%s of %s: %s", delivery->id, account->id,
                     err_str(result->err));
        batch->part->dry = true;
        batch_free(batch);
    }
    delivery_advance(deliveries, account);
    delivery_settle(delivery);
}

/* ---- taking ----------------------------------------------------------------
 */

static void take(struct part *part, struct account *account, unsigned place,
                 size_t how_many) {
    struct delivery *delivery = part->delivery;
    struct deliveries *deliveries = delivery->owner;
    struct batch *batch = xcalloc(1, sizeof(*batch));
    arena_init(&batch->arena);
    batch->delivery = delivery;
    batch->part = part;
    batch->account = account;
    batch->place = place;
    batch->taking = account->taking = true;
    snprintf(batch->lease, sizeof(batch->lease), "%s.%" PRIu64,
             deliveries->process, deliveries->next_lease++);
    DL_APPEND(delivery->batches, batch);
    struct txn *txn = txn_new(deliveries->bot->store);
    delivery_alive(txn, deliveries->process);
    delivery_take(txn,
                  &(struct delivery_taker){
                      .id = delivery->id,
                      .lease = batch->lease,
                      .account = account->id,
                      .part = part->number,
                      .place = place,
                      .report_account = delivery->report_account,
                  },
                  how_many);
    deliveries->under_way++;
    txn_commit(txn, on_taken, batch);
}

/* True when something is being taken of it. */
static bool take_of(struct delivery *delivery, struct account *account,
                    size_t batch) {
    if (!delivery->loaded || !delivery_may(delivery, account))
        return false;
    for (size_t i = 0; i < delivery->n_parts; i++) {
        struct part *part = delivery->order[i];
        int place = part->dry ? -1 : delivery_place(part, account->id);
        if (place < 0)
            continue;
        take(part, account, (unsigned)place, fair(part, batch));
        return true;
    }
    return false;
}

void delivery_advance(struct deliveries *deliveries, struct account *account) {
    struct bot *bot = deliveries->bot;
    if (bot->stopping || account->taking || !account->online ||
        !store_is_up(bot->store))
        return;
    size_t batch = batch_size(account);
    if (account->delivering > enough(account, batch))
        return;
    /* Notices before study, and then the older first. */
    for (enum lane lane = LANE_NOTICE; lane <= LANE_STUDY; lane++) {
        struct delivery *delivery;
        DL_FOREACH(deliveries->all, delivery) {
            if (delivery->lane == lane && take_of(delivery, account, batch))
                return;
        }
    }
}

void delivery_advance_all(struct deliveries *deliveries) {
    struct account *account;
    for (account = deliveries->bot->accounts; account != NULL;
         account = account->hh.next)
        delivery_advance(deliveries, account);
}

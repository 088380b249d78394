#define LOG_MODULE "delivery"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/delivery_internal.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Outcomes wait for others, so that many travel together. */
#define REPORT_AFTER_MS 20
#define REPORT_MAX 4000 /* outcomes in one transaction, or few more */
#define REASON_CHARS 120

enum { TOLD_NOT, TOLD_NOW, TOLD_ALREADY };

static struct metric m_put_back =
    METRIC_COUNTER("xiaofeng_delivery_put_back_total",
                   "Targets of broadcasts that were taken and not tried.");

void batch_free(struct batch *batch) {
    batch->account->delivering -= batch->open;
    DL_DELETE(batch->delivery->batches, batch);
    arena_finish(&batch->arena);
    free(batch);
}

/* ---- how they end ----------------------------------------------------------
 */

/* What came too fast was not delivered, and neither was what a banned account
 * was refused: another one, or this one later, sends it. */
static char letter_of(const struct send_end *end) {
    if (end == NULL)
        return 'w';
    if (end->outcome == OUTCOME_SENT)
        return 'o';
    if (end->outcome == OUTCOME_UNKNOWN)
        return 'u';
    return end->refusal == REFUSAL_TOO_FAST || end->refusal == REFUSAL_BANNED
               ? 'w'
               : 'r';
}

static const char *reason_of(struct arena *arena, const struct send_end *end) {
    if (end->reason == NULL || end->outcome == OUTCOME_SENT)
        return NULL;
    const char *clean = utf8_clean(arena, end->reason, strlen(end->reason));
    return utf8_excerpt(arena, clean, REASON_CHARS);
}

static void on_report_timer(uv_timer_t *timer) {
    delivery_report(timer->data);
}

void batch_end(void *data, size_t at, const struct send_end *end) {
    struct batch *batch = data;
    struct deliveries *deliveries = batch->delivery->owner;
    struct delivery_outcome *item = &batch->items[at];
    item->letter = letter_of(end);
    if (end != NULL) {
        item->message_id = arena_strdup(&batch->arena, end->message_id);
        item->reason = reason_of(&batch->arena, end);
    }
    metric_add(&m_put_back, item->letter == 'w');
    batch->open--;
    batch->untold++;
    batch->account->delivering--;
    uv_timer_t *timer = &deliveries->report_timer;
    if (batch->open == 0)
        uv_timer_start(timer, on_report_timer, 0, 0);
    else if (!uv_is_active((uv_handle_t *)timer))
        uv_timer_start(timer, on_report_timer, REPORT_AFTER_MS, 0);
    delivery_advance(deliveries, batch->account);
}

/* ---- telling the store ------------------------------------------------------
 */

struct report {
    struct deliveries *deliveries;
    size_t n;
    struct batch *batches[];
};

static void on_told(struct batch *batch, enum err err) {
    struct delivery *delivery = batch->delivery;
    bool put_back = false;
    batch->reporting = false;
    if (err != OK)
        return; /* it is told again, in the same words */
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->told[i] != TOLD_NOW)
            continue;
        batch->told[i] = TOLD_ALREADY;
        batch->untold--;
        put_back |= batch->items[i].letter == 'w';
    }
    batch->reports++;
    if (put_back)
        batch->part->dry = false;
    if (batch->open == 0 && batch->untold == 0) {
        batch_free(batch);
        delivery_settle(delivery);
    }
}

static void on_reported(void *data, const struct txn_result *result) {
    struct report *report = data;
    struct deliveries *deliveries = report->deliveries;
    deliveries->under_way--;
    if (result->err != OK)
        LOG_WARN("outcomes are not kept yet: %s", err_str(result->err));
    for (size_t i = 0; i < report->n; i++)
        on_told(report->batches[i], result->err);
    free(report);
    if (result->err == OK) {
        delivery_report(deliveries);
        delivery_advance_all(deliveries);
    }
}

/* Chooses what is told, unless the last words still wait to be heard. */
static size_t choose(struct batch *batch) {
    size_t n = 0;
    for (size_t i = 0; i < batch->n; i++)
        n += batch->told[i] == TOLD_NOW;
    if (n > 0)
        return n;
    for (size_t i = 0; i < batch->n; i++)
        if (batch->items[i].letter != 0 && batch->told[i] == TOLD_NOT) {
            batch->told[i] = TOLD_NOW;
            n++;
        }
    return n;
}

static void add(struct batch *batch, struct txn *txn, size_t n,
                int64_t now_ms) {
    struct arena arena;
    arena_init(&arena);
    struct delivery_outcome *outcomes =
        arena_alloc(&arena, n * sizeof(*outcomes));
    size_t count = 0;
    for (size_t i = 0; i < batch->n; i++)
        if (batch->told[i] == TOLD_NOW)
            outcomes[count++] = batch->items[i];
    delivery_outcomes(txn,
                      &(struct delivery_taker){
                          .id = batch->delivery->id,
                          .lease = batch->lease,
                          .account = batch->account->id,
                          .part = batch->part->number,
                          .place = batch->place,
                          .report_account = batch->delivery->report_account,
                      },
                      &(struct delivery_report){
                          .number = batch->reports + 1,
                          .last = batch->open == 0 && n == batch->untold,
                          .now_ms = now_ms,
                      },
                      outcomes, count);
    arena_finish(&arena);
}

static size_t count_batches(const struct deliveries *deliveries) {
    const struct delivery *delivery;
    const struct batch *batch;
    size_t n = 0;
    DL_FOREACH(deliveries->all, delivery) {
        DL_FOREACH(delivery->batches, batch) {
            n += batch->untold > 0 && !batch->reporting;
        }
    }
    return n;
}

void delivery_report(struct deliveries *deliveries) {
    struct store *store = deliveries->bot->store;
    size_t most = count_batches(deliveries), told = 0;
    if (most == 0 || !store_is_up(store))
        return;
    int64_t now_ms = clock_wall_ms(deliveries->bot->clock);
    struct report *report =
        xcalloc(1, sizeof(*report) + most * sizeof(report->batches[0]));
    struct txn *txn = txn_new(store);
    struct delivery *delivery;
    struct batch *batch;
    report->deliveries = deliveries;
    DL_FOREACH(deliveries->all, delivery) {
        DL_FOREACH(delivery->batches, batch) {
            if (batch->untold == 0 || batch->reporting || told > REPORT_MAX)
                continue;
            size_t n = choose(batch);
            add(batch, txn, n, now_ms);
            told += n;
            batch->reporting = true;
            report->batches[report->n++] = batch;
        }
    }
    deliveries->under_way++;
    txn_commit(txn, on_reported, report);
}

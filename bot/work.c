#define LOG_MODULE "work"
#include "bot/work.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/outbox.h"

#include <stdlib.h>

static struct metric m_works = METRIC_COUNTER(
    "xiaofeng_works_total", "Changes that no message of a rider began.");
static struct metric m_dropped =
    METRIC_COUNTER("xiaofeng_work_notices_dropped_total",
                   "Notices beyond those that one change may have.");

struct work *work_new(struct bot *bot) {
    struct work *work = xcalloc(1, sizeof(*work));
    work->bot = bot;
    arena_init(&work->arena);
    work->txn = txn_new(bot->store);
    work->now_ms = clock_wall_ms(bot->clock);
    return work;
}

void work_free(struct work *work) {
    if (work == NULL)
        return;
    txn_free(work->txn);
    arena_finish(&work->arena);
    free(work);
}

struct notice *work_notify(struct work *work, enum lane lane,
                           const char *account, const char *chat,
                           const char *rider, const char *key) {
    const struct notice notice = {
        .lane = lane,
        .account = account,
        .chat = chat,
        .rider = rider,
        .key = key,
    };
    if (work->notices.n < WORK_NOTICES_MAX)
        return notices_add(&work->notices, &work->arena, &notice);
    /* The caller may go on with it; it goes nowhere. */
    metric_add(&m_dropped, 1);
    LOG_WARN("more than %d notices of one change", WORK_NOTICES_MAX);
    struct notice *dropped = arena_alloc(&work->arena, sizeof(*dropped));
    *dropped = notice;
    return dropped;
}

static void on_committed(void *data, const struct txn_result *result) {
    struct work *work = data;
    size_t n = work->notices.n;
    work->txn = NULL;
    /* They were written last: their ids are the last ones. */
    if (result->err == OK && result->n_values >= n)
        notices_send(&work->notices, work->bot->outbox,
                     result->values + result->n_values - n, NULL, -1);
    work->done(work, result->err);
}

void work_commit(struct work *work,
                 void (*done)(struct work *work, enum err err), void *data) {
    struct txn *txn = work->txn;
    metric_add(&m_works, 1);
    work->done = done;
    work->data = data;
    notices_write(&work->notices, txn);
    txn_commit(txn, on_committed, work);
}

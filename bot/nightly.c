#define LOG_MODULE "nightly"
#include "bot/nightly.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/loop.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/purge.h"
#include "store/people.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>

#define LOOK_MS 60000
#define HOUR_MS (3600LL * 1000)
#define DAY_MS (24 * HOUR_MS)

static struct metric m_runs =
    METRIC_COUNTER("xiaofeng_purges_total", "Purges that were done.");
static struct metric m_failures = METRIC_COUNTER(
    "xiaofeng_purge_failures_total", "Purges that came to no good end.");

struct nightly {
    struct bot *bot;
    uv_timer_t timer;
    struct purging *purging; /* under way, or NULL */
    int64_t day;             /* of the last run, counted from 1970 */
    bool freed, closed;
};

static void release(struct nightly *nightly) {
    if (nightly->freed && nightly->closed && nightly->purging == NULL)
        free(nightly);
}

static void on_purged(void *data, enum err err,
                      const struct purge_counts *counts) {
    struct nightly *nightly = data;
    nightly->purging = NULL;
    metric_add(err == OK ? &m_runs : &m_failures, 1);
    if (err != OK && !nightly->freed)
        LOG_ERR("the purge has not come to its end: %s", err_str(err));
    if (err == OK)
        LOG_INFO("purged %" PRId64 " tickets, %" PRId64 " photos, %" PRId64
                 " entries of the audit log",
                 counts->tickets, counts->photos + counts->strays,
                 counts->entries);
    release(nightly);
}

static void on_trimmed(void *data, const struct txn_result *result) {
    (void)data;
    if (result->err != OK)
        LOG_WARN("who has changed is not forgotten: %s", err_str(result->err));
}

/* Those who follow them look each second. */
static void forget_changes(struct bot *bot, int64_t now_ms) {
    struct txn *txn = txn_new(bot->store);
    people_trim(txn, now_ms - DAY_MS);
    txn_commit(txn, on_trimmed, NULL);
}

void nightly_look(struct nightly *nightly) {
    struct bot *bot = nightly->bot;
    int64_t now = clock_wall_ms(bot->clock);
    int64_t local = now + bot->config->utc_offset_minutes * 60000LL;
    int64_t day = local / DAY_MS;
    if (nightly->purging != NULL || day == nightly->day ||
        local % DAY_MS / HOUR_MS != NIGHTLY_HOUR || !store_is_up(bot->store))
        return;
    nightly->day = day;
    forget_changes(bot, now);
    nightly->purging = purge(&(struct purge_options){
        .loop = &bot->loop->uv,
        .store = bot->store,
        .seal = bot->seal,
        .config = bot->config,
        .rules = policy_rules(policies_get(bot->policies)),
        .now_ms = now,
        .done = on_purged,
        .data = nightly,
    });
}

static void on_timer(uv_timer_t *timer) {
    nightly_look(timer->data);
}

struct nightly *nightly_new(struct bot *bot) {
    struct nightly *nightly = xcalloc(1, sizeof(*nightly));
    nightly->bot = bot;
    nightly->timer.data = nightly;
    uv_timer_init(&bot->loop->uv, &nightly->timer);
    uv_timer_start(&nightly->timer, on_timer, LOOK_MS, LOOK_MS);
    return nightly;
}

static void on_closed(uv_handle_t *handle) {
    struct nightly *nightly = handle->data;
    nightly->closed = true;
    release(nightly);
}

void nightly_free(struct nightly *nightly) {
    if (nightly == NULL)
        return;
    nightly->freed = true;
    if (nightly->purging != NULL)
        purge_stop(nightly->purging);
    uv_close((uv_handle_t *)&nightly->timer, on_closed);
}

#define LOG_MODULE "webhook"
#include "bot/webhook.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/token.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/fetch.h"
#include "bot/loop.h"
#include "bot/webhook_parts.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define TICK_MS 1000
#define TICKS_TO_LIST 2 /* how soon a hook that others added is known */
/*
 * A process that ends without a word leaves its hooks to the others after so
 * long. One that hangs for longer finds out only when it goes on: what it had
 * under way then is sent twice.
 */
#define HOLD_MS 10000
#define ANSWER_BYTES (64 * 1024) /* of an answer that are read, and ignored */

static struct metric m_hooks =
    METRIC_GAUGE("xiaofeng_webhooks", "Webhooks of the district.");
static struct metric m_waiting = METRIC_GAUGE(
    "xiaofeng_webhook_events_waiting",
    "Events that wait for webhooks that this process serves, when last read.");
static struct metric m_overflowed =
    METRIC_COUNTER("xiaofeng_webhook_overflows_total",
                   "Events given up because too many waited.");

static void list(struct webhooks *webhooks);

/* ---- the hooks there are ---------------------------------------------------
 */

static struct hook *find(struct webhooks *webhooks, const char *id) {
    struct hook *hook;
    DL_FOREACH(webhooks->hooks, hook) {
        if (strcmp(hook->id, id) == 0)
            return hook;
    }
    return NULL;
}

static struct hook *add(struct webhooks *webhooks, const struct webhook *from) {
    struct hook *hook = xcalloc(1, sizeof(*hook));
    hook->webhooks = webhooks;
    hook->id = xstrdup(from->id);
    hook->url = xstrdup(from->url);
    hook->secret = xstrdup(from->secret);
    hook->events = xstrdup(from->events);
    hook->unit = xstrdup(from->unit);
    hook->changed = from->changed;
    hook->overflowed = from->overflowed;
    if (from->secret[0] == '\0')
        LOG_ERR("%s cannot be opened: its key is gone", hook->id);
    DL_APPEND(webhooks->hooks, hook);
    webhooks->n_hooks++;
    return hook;
}

static void update(struct webhooks *webhooks, const struct webhook *from) {
    struct hook *hook = find(webhooks, from->id);
    if (hook == NULL)
        hook = add(webhooks, from);
    hook->seen = true;
    if (from->overflowed > hook->overflowed) {
        LOG_WARN("%s: %lld events were given up, too many waited", hook->id,
                 (long long)(from->overflowed - hook->overflowed));
        metric_add(&m_overflowed, from->overflowed - hook->overflowed);
    }
    hook->overflowed = from->overflowed;
    if (from->changed != hook->changed)
        hook_refresh(hook); /* somebody replays: it may be well again */
    hook->changed = from->changed;
}

/* Takes out those that are gone; what is under way to them still ends. */
static void sweep(struct webhooks *webhooks) {
    struct hook *hook, *next;
    DL_FOREACH_SAFE(webhooks->hooks, hook, next) {
        if (hook->seen)
            continue;
        DL_DELETE(webhooks->hooks, hook);
        webhooks->n_hooks--;
        hook_forget(hook);
        hook->gone = true;
        DL_APPEND(webhooks->leaving, hook);
    }
    DL_FOREACH_SAFE(webhooks->leaving, hook, next) {
        if (hook_is_busy(hook))
            continue;
        DL_DELETE(webhooks->leaving, hook);
        hook_free(hook);
    }
}

static void start_fetcher(struct webhooks *webhooks) {
    const struct config *config = webhooks->bot->config;
    webhooks->fetcher =
        fetcher_new(webhooks->bot->loop,
                    &(struct fetch_options){
                        .allow_private = config->webhook_private_urls,
                        .max_bytes = ANSWER_BYTES,
                        .timeout_ms = WEBHOOK_TIMEOUT_MS,
                        /* No hook ever waits for another one. */
                        .max_parallel = WEBHOOKS_MAX * WEBHOOK_PARALLEL,
                    });
}

/* ---- which of them this process serves -------------------------------------
 */

struct holding {
    struct webhooks *webhooks;
    uint64_t until_ms;
    size_t n;
    char *ids[WEBHOOKS_MAX];
};

static void hold_result(struct hook *hook, bool mine, uint64_t until_ms) {
    if (mine && !hook->mine)
        LOG_INFO("%s is served here", hook->id);
    else if (!mine && hook->mine)
        LOG_INFO("%s is served elsewhere", hook->id);
    if (!mine)
        hook_forget(hook);
    hook->mine = mine;
    hook->until_ms = until_ms;
    hook_look(hook);
}

static void on_held(void *data, const struct txn_result *result) {
    struct holding *holding = data;
    struct webhooks *webhooks = holding->webhooks;
    for (size_t i = 0; i < holding->n; i++) {
        struct hook *hook =
            webhooks->closing ? NULL : find(webhooks, holding->ids[i]);
        if (hook != NULL && result->err == OK && i < result->n_values)
            hold_result(hook, strcmp(result->values[i], "1") == 0,
                        holding->until_ms);
        free(holding->ids[i]);
    }
    free(holding);
    webhooks_release(webhooks);
}

static void hold(struct webhooks *webhooks) {
    const struct hook *hook;
    struct holding *holding = xcalloc(1, sizeof(*holding));
    struct txn *txn = txn_new(webhooks->bot->store);
    holding->webhooks = webhooks;
    holding->until_ms = uv_now(&webhooks->bot->loop->uv) + HOLD_MS;
    DL_FOREACH(webhooks->hooks, hook) {
        if (hook->secret[0] == '\0' || holding->n == WEBHOOKS_MAX)
            continue;
        webhook_hold(txn, hook->id, webhooks->owner, HOLD_MS);
        holding->ids[holding->n++] = xstrdup(hook->id);
    }
    if (holding->n == 0) {
        txn_free(txn);
        free(holding);
        return;
    }
    webhooks->calls++;
    txn_commit(txn, on_held, holding);
}

static void on_let_go(void *data, const struct txn_result *result) {
    if (result->err != OK)
        LOG_DBG("hooks are let go by their time only");
    webhooks_release(data);
}

void webhooks_stop(struct webhooks *webhooks) {
    const struct hook *hook;
    if (webhooks == NULL || webhooks->stopped)
        return;
    webhooks->stopped = true;
    struct txn *txn = txn_new(webhooks->bot->store);
    DL_FOREACH(webhooks->hooks, hook) {
        if (hook->mine)
            webhook_let_go(txn, hook->id, webhooks->owner);
    }
    if (txn_empty(txn)) {
        txn_free(txn);
        return;
    }
    webhooks->calls++;
    txn_commit(txn, on_let_go, webhooks);
}

/* ---- looking ---------------------------------------------------------------
 */

struct listing {
    struct webhooks *webhooks;
    struct arena arena;
};

static void measure(const struct webhooks *webhooks) {
    const struct hook *hook;
    int64_t waiting = 0;
    DL_FOREACH(webhooks->hooks, hook) {
        waiting += hook->waiting;
    }
    metric_set(&m_hooks, (int64_t)webhooks->n_hooks);
    metric_set(&m_waiting, waiting);
}

static void take_list(struct webhooks *webhooks, const struct webhook *hooks,
                      size_t n) {
    struct hook *hook;
    DL_FOREACH(webhooks->hooks, hook) {
        hook->seen = false;
    }
    for (size_t i = 0; i < n; i++)
        update(webhooks, &hooks[i]);
    sweep(webhooks);
    measure(webhooks);
    if (webhooks->hooks == NULL || webhooks->stopped)
        return;
    if (webhooks->fetcher == NULL)
        start_fetcher(webhooks);
    hold(webhooks);
}

static void on_list(void *data, enum err err, const struct webhook *hooks,
                    size_t n) {
    struct listing *listing = data;
    struct webhooks *webhooks = listing->webhooks;
    webhooks->listing = false;
    if (!webhooks->closing && err == OK)
        take_list(webhooks, hooks, n);
    arena_finish(&listing->arena);
    free(listing);
    if (webhooks->list_again)
        list(webhooks);
    webhooks_release(webhooks);
}

static void list(struct webhooks *webhooks) {
    webhooks->list_again = webhooks->listing;
    if (webhooks->listing || webhooks->stopped)
        return;
    struct listing *listing = xcalloc(1, sizeof(*listing));
    listing->webhooks = webhooks;
    arena_init(&listing->arena);
    webhooks->listing = true;
    webhooks->calls++;
    webhook_list_all(webhooks->bot->store, &listing->arena, on_list, listing);
}

void webhooks_store_up(struct webhooks *webhooks) {
    if (webhooks != NULL)
        list(webhooks);
}

void webhooks_reload(struct webhooks *webhooks) {
    webhooks_store_up(webhooks);
}

static void on_tick(uv_timer_t *timer) {
    struct webhooks *webhooks = timer->data;
    struct hook *hook;
    if (!store_is_up(webhooks->bot->store) || webhooks->stopped)
        return;
    if (webhooks->ticks++ % TICKS_TO_LIST == 0) {
        list(webhooks);
        return;
    }
    DL_FOREACH(webhooks->hooks, hook) {
        hook_pump(hook);
    }
}

static void on_kick(uv_timer_t *timer) {
    struct webhooks *webhooks = timer->data;
    struct hook *hook;
    if (!store_is_up(webhooks->bot->store))
        return;
    DL_FOREACH(webhooks->hooks, hook) {
        hook_look(hook);
    }
}

void webhooks_wake_in(struct webhooks *webhooks, unsigned ms) {
    if (!webhooks->stopped && !uv_is_active((uv_handle_t *)&webhooks->kick))
        uv_timer_start(&webhooks->kick, on_kick, ms, 0);
}

void webhooks_wake(struct webhooks *webhooks) {
    if (webhooks != NULL)
        webhooks_wake_in(webhooks, 0);
}

/* ---- from start to end -----------------------------------------------------
 */

static void free_hooks(struct hook **hooks) {
    struct hook *hook, *next;
    DL_FOREACH_SAFE(*hooks, hook, next) {
        DL_DELETE(*hooks, hook);
        hook_free(hook);
    }
}

static void free_if_over(struct webhooks *webhooks) {
    if (!webhooks->closing || webhooks->calls > 0 || webhooks->handles > 0)
        return;
    free_hooks(&webhooks->hooks);
    free_hooks(&webhooks->leaving);
    free(webhooks);
}

void webhooks_release(struct webhooks *webhooks) {
    webhooks->calls--;
    free_if_over(webhooks);
}

static void on_closed(uv_handle_t *handle) {
    struct webhooks *webhooks = handle->data;
    webhooks->handles--;
    free_if_over(webhooks);
}

static void add_timer(struct webhooks *webhooks, uv_timer_t *timer) {
    uv_timer_init(&webhooks->bot->loop->uv, timer);
    timer->data = webhooks;
    webhooks->handles++;
}

struct webhooks *webhooks_new(struct bot *bot) {
    struct webhooks *webhooks = xcalloc(1, sizeof(*webhooks));
    webhooks->bot = bot;
    token_random(webhooks->owner, sizeof(webhooks->owner), 16);
    add_timer(webhooks, &webhooks->timer);
    add_timer(webhooks, &webhooks->kick);
    uv_timer_start(&webhooks->timer, on_tick, TICK_MS, TICK_MS);
    return webhooks;
}

void webhooks_free(struct webhooks *webhooks) {
    if (webhooks == NULL)
        return;
    webhooks->closing = webhooks->stopped = true;
    fetcher_free(webhooks->fetcher);
    uv_close((uv_handle_t *)&webhooks->timer, on_closed);
    uv_close((uv_handle_t *)&webhooks->kick, on_closed);
}

/* The events of one hook on their way: read from its stream some at a time,
 * POSTed in order, tried again, and taken out of the stream at their end. */
#define LOG_MODULE "webhook"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/fetch.h"
#include "bot/loop.h"
#include "bot/webhook_parts.h"
#include "store/txn.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define PAUSE_MS 1000LL
#define PAUSE_MAX_MS (3600 * 1000LL)

#define SENT(result)                                                           \
    METRIC_COUNTER_L("xiaofeng_webhook_requests_total",                        \
                     "Requests to webhooks, by result.",                       \
                     "result=\"" result "\"")
static struct metric m_ok = SENT("ok");
static struct metric m_status = SENT("status");
static struct metric m_timeout = SENT("timeout");
static struct metric m_denied = SENT("denied");
static struct metric m_io = SENT("io");
static struct metric m_dead =
    METRIC_COUNTER("xiaofeng_webhook_dead_letters_total",
                   "Events that were given up after their last try.");
static struct metric m_seconds = METRIC_HISTOGRAM(
    "xiaofeng_webhook_seconds", "From a request to a webhook to its answer.");

static const char user_agent[] = "User-Agent: xiaofeng/" XIAOFENG_VERSION;

static int64_t now_of(const struct hook *hook) {
    return clock_mono_ms(hook->webhooks->bot->clock);
}

/* 1 s · 2^(n-1), and up to a quarter more, so that hooks that failed together
 * are not tried together. */
static int64_t pause_of(unsigned n) {
    int64_t ms = n > 12 ? PAUSE_MAX_MS : PAUSE_MS << (n - 1);
    if (ms > PAUSE_MAX_MS)
        ms = PAUSE_MAX_MS;
    return ms - ms / 8 + randombytes_uniform((uint32_t)(ms / 4));
}

/* ---- the window ------------------------------------------------------------
 */

static void delivery_free(struct delivery *delivery) {
    struct hook *hook = delivery->hook;
    DL_DELETE(hook->window, delivery);
    hook->n_window--;
    free(delivery->entry);
    free(delivery->id);
    free(delivery->body);
    free(delivery);
}

bool hook_is_busy(const struct hook *hook) {
    return hook->reading || hook->n_running > 0 || hook->n_writing > 0;
}

void hook_forget(struct hook *hook) {
    struct delivery *delivery, *next;
    hook->mine = false;
    hook->last[0] = '\0';
    hook->more = false;
    hook->waiting = 0;
    DL_FOREACH_SAFE(hook->window, delivery, next) {
        if (delivery->state != DELIVERY_RUNNING && !delivery->writing)
            delivery_free(delivery);
    }
}

void hook_refresh(struct hook *hook) {
    struct delivery *delivery;
    hook->failures = 0;
    hook->pause_until_ms = 0;
    DL_FOREACH(hook->window, delivery) {
        delivery->due_ms = 0;
        delivery->tries = 0;
    }
}

void hook_free(struct hook *hook) {
    struct delivery *delivery, *next;
    DL_FOREACH_SAFE(hook->window, delivery, next) {
        delivery_free(delivery);
    }
    free(hook->id);
    free(hook->url);
    if (hook->secret != NULL)
        sodium_memzero(hook->secret, strlen(hook->secret));
    free(hook->secret);
    free(hook->events);
    free(hook->unit);
    free(hook);
}

/* ---- ends ------------------------------------------------------------------
 */

static void on_written(void *data, const struct txn_result *result) {
    struct delivery *delivery = data;
    struct hook *hook = delivery->hook;
    struct webhooks *webhooks = hook->webhooks;
    delivery->writing = false;
    hook->n_writing--;
    if (result->err == OK)
        delivery_free(delivery);
    /* Else it is written when the store is there again. */
    if (result->err == OK && !webhooks->closing &&
        hook->n_window < WEBHOOK_WINDOW / 2 && hook->more)
        hook_look(hook);
    webhooks_release(webhooks);
}

/* The stream keeps an event until its end stands in the store. */
static void write_end(struct delivery *delivery) {
    struct hook *hook = delivery->hook;
    struct webhooks *webhooks = hook->webhooks;
    struct txn *txn = txn_new(webhooks->bot->store);
    if (delivery->state == DELIVERY_HEARD)
        webhook_event_done(txn, hook->id, delivery->entry);
    else
        webhook_event_dead(txn, hook->id,
                           &(struct webhook_event){
                               .id = delivery->id,
                               .entry = delivery->entry,
                               .body = delivery->body,
                               .why = delivery->why,
                               .died_ms = clock_wall_ms(webhooks->bot->clock),
                               .tries = delivery->tries,
                           });
    delivery->writing = true;
    hook->n_writing++;
    webhooks->calls++;
    txn_commit(txn, on_written, delivery);
}

static void count(enum err err, double seconds) {
    struct metric *metric = err == OK              ? &m_ok
                            : err == ERR_NOT_FOUND ? &m_status
                            : err == ERR_TIMEOUT   ? &m_timeout
                            : err == ERR_DENIED    ? &m_denied
                                                   : &m_io;
    metric_add(metric, 1);
    metric_observe(&m_seconds, seconds);
}

static void heard(struct delivery *delivery) {
    struct hook *hook = delivery->hook;
    if (hook->failures > 0)
        LOG_INFO("%s answers again", hook->id);
    hook->failures = 0;
    hook->pause_until_ms = 0;
    delivery->state = DELIVERY_HEARD;
    write_end(delivery);
}

static void not_heard(struct delivery *delivery, enum err err, int status) {
    struct hook *hook = delivery->hook;
    if (status != 0)
        snprintf(delivery->why, sizeof(delivery->why), "status %d", status);
    else
        snprintf(delivery->why, sizeof(delivery->why), "%s",
                 err == ERR_DENIED ? "private address" : err_str(err));
    if (hook->failures++ == 0)
        LOG_WARN("%s does not take an event: %s", hook->id, delivery->why);
    hook->pause_until_ms = now_of(hook) + pause_of(hook->failures);
    delivery->tries++;
    delivery->due_ms = now_of(hook) + pause_of((unsigned)delivery->tries);
    delivery->state = DELIVERY_WAITING;
    if (delivery->tries < WEBHOOK_TRIES)
        return;
    LOG_WARN("%s: an event is given up after %d tries: %s", hook->id,
             delivery->tries, delivery->why);
    metric_add(&m_dead, 1);
    delivery->state = DELIVERY_DEAD;
    write_end(delivery);
}

static void on_posted(void *data, enum err err, int status) {
    struct delivery *delivery = data;
    struct hook *hook = delivery->hook;
    hook->n_running--;
    if (hook->webhooks->closing) {
        delivery->state = DELIVERY_WAITING; /* the next process sends it */
        return;
    }
    count(err, (double)(now_of(hook) - delivery->began_ms) / 1000);
    if (hook->gone)
        delivery_free(delivery);
    else if (err == OK)
        heard(delivery);
    else
        not_heard(delivery, err, status);
    hook_pump(hook);
}

/* ---- sending ---------------------------------------------------------------
 */

static void send_event(struct delivery *delivery) {
    struct hook *hook = delivery->hook;
    int64_t now_s = clock_wall_ms(hook->webhooks->bot->clock) / 1000;
    char id[128], timestamp[64], signature[128], mac[WEBHOOK_SIGNATURE_SIZE];
    webhook_sign(hook->secret, delivery->id, now_s, delivery->body, mac);
    snprintf(id, sizeof(id), "X-Xiaofeng-Id: %s", delivery->id);
    snprintf(timestamp, sizeof(timestamp), "X-Xiaofeng-Timestamp: %" PRId64,
             now_s);
    snprintf(signature, sizeof(signature), "X-Xiaofeng-Signature: %s", mac);
    const char *const headers[] = {
        "Content-Type: application/json",
        user_agent,
        id,
        timestamp,
        signature,
        NULL,
    };
    delivery->state = DELIVERY_RUNNING;
    delivery->began_ms = now_of(hook);
    hook->n_running++;
    fetch_post(hook->webhooks->fetcher,
               &(struct fetch_message){
                   .url = hook->url,
                   .headers = headers,
                   .body = delivery->body,
                   .body_len = strlen(delivery->body),
               },
               on_posted, delivery);
}

static bool is_ours(const struct hook *hook) {
    const struct webhooks *webhooks = hook->webhooks;
    return hook->mine && !hook->gone && !webhooks->stopped &&
           uv_now(&webhooks->bot->loop->uv) < hook->until_ms;
}

/* One that fails is tried with one event at a time. */
void hook_pump(struct hook *hook) {
    struct delivery *delivery;
    int64_t now = now_of(hook);
    size_t max = hook->failures > 0 ? 1 : WEBHOOK_PARALLEL;
    if (!is_ours(hook))
        return;
    DL_FOREACH(hook->window, delivery) {
        bool ended = delivery->state == DELIVERY_HEARD ||
                     delivery->state == DELIVERY_DEAD;
        if (ended && !delivery->writing)
            write_end(delivery);
        if (now >= hook->pause_until_ms && hook->n_running < max &&
            delivery->state == DELIVERY_WAITING && delivery->due_ms <= now)
            send_event(delivery);
    }
}

/* ---- reading ---------------------------------------------------------------
 */

struct reading {
    struct hook *hook;
    struct arena arena;
    size_t max;
};

static bool knows(const struct hook *hook, const char *entry) {
    const struct delivery *delivery;
    DL_FOREACH(hook->window, delivery) {
        if (strcmp(delivery->entry, entry) == 0)
            return true;
    }
    return false;
}

static void take(struct hook *hook, const struct webhook_event *event) {
    snprintf(hook->last, sizeof(hook->last), "%s", event->entry);
    if (knows(hook, event->entry))
        return;
    struct delivery *delivery = xcalloc(1, sizeof(*delivery));
    delivery->hook = hook;
    delivery->entry = xstrdup(event->entry);
    delivery->id = xstrdup(event->id);
    delivery->body = xstrdup(event->body);
    DL_APPEND(hook->window, delivery);
    hook->n_window++;
}

static void on_events(void *data, enum err err,
                      const struct webhook_event *events, size_t n,
                      int64_t total) {
    struct reading *reading = data;
    struct hook *hook = reading->hook;
    struct webhooks *webhooks = hook->webhooks;
    bool more = n == reading->max;
    hook->reading = false;
    if (err == OK && hook->mine && !hook->gone) {
        for (size_t i = 0; i < n; i++)
            take(hook, &events[i]);
        hook->more = more;
        hook->waiting = total;
    }
    arena_finish(&reading->arena);
    free(reading);
    if (!webhooks->closing && err == OK) {
        hook_pump(hook);
        if (hook->again)
            hook_look(hook);
    }
    webhooks_release(webhooks);
}

void hook_look(struct hook *hook) {
    struct webhooks *webhooks = hook->webhooks;
    if (!is_ours(hook))
        return;
    hook_pump(hook);
    hook->again = hook->reading;
    if (hook->reading || hook->n_window >= WEBHOOK_WINDOW)
        return;
    struct reading *reading = xcalloc(1, sizeof(*reading));
    arena_init(&reading->arena);
    reading->hook = hook;
    reading->max = WEBHOOK_WINDOW - hook->n_window;
    hook->reading = true;
    webhooks->calls++;
    webhook_waiting(webhooks->bot->store, &reading->arena, hook->id, hook->last,
                    reading->max, on_events, reading);
}

#define LOG_MODULE "outbox"
#include "bot/queue.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/link.h"
#include "bot/loop.h"
#include "bot/pacer.h"
#include "bot/standing.h"
#include "store/outbox.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

/* How many waiting notices of a lane are looked at for one whose group is
 * free, when the first one's is not. */
#define QUEUE_LOOK_AHEAD 64
#define TRIES_MAX 4 /* of a reply that the platform finds too fast */
#define CLOSE_BATCH 128
#define CLOSE_RETRY_MS 500

static struct metric m_sent = METRIC_COUNTER_L(
    "xiaofeng_sends_total", "Messages sent, by outcome.", "outcome=\"sent\"");
static struct metric m_refused =
    METRIC_COUNTER_L("xiaofeng_sends_total", "Messages sent, by outcome.",
                     "outcome=\"refused\"");
static struct metric m_unknown =
    METRIC_COUNTER_L("xiaofeng_sends_total", "Messages sent, by outcome.",
                     "outcome=\"unknown\"");
static struct metric m_again =
    METRIC_COUNTER("xiaofeng_sends_again_total",
                   "Replies sent again after a lost connection.");

struct entry {
    struct queue_item item;
    uint64_t ticket;
    bool again;
    unsigned tries;
    struct entry *prev, *next;
    UT_hash_handle hh;        /* under way, by ticket */
    UT_hash_handle hh_stored; /* by stored id, until it is closed */
    char bytes[];             /* the strings of item */
};

struct outbox_queue {
    struct account *account;
    struct pacer pacer;
    struct entry *lanes[LANE_COUNT];
    struct entry *under_way;
    struct entry *stored;
    struct entry *ended; /* stored ones that must be closed in the store */
    size_t n_waiting, n_ended, n_closing;
    uint64_t next_ticket;
    bool pumping;
    uv_timer_t pump_timer, close_timer;
    int open_handles;
};

static void pump(struct outbox_queue *queue);
static void close_ended(struct outbox_queue *queue);

static int64_t now_ms(const struct outbox_queue *queue) {
    return clock_mono_ms(queue->account->bot->clock);
}

static void on_pump_timer(uv_timer_t *timer) {
    pump(timer->data);
}

static void on_close_timer(uv_timer_t *timer) {
    close_ended(timer->data);
}

struct outbox_queue *queue_new(struct account *account) {
    struct outbox_queue *queue = xcalloc(1, sizeof(*queue));
    struct bot *bot = account->bot;
    queue->account = account;
    queue->next_ticket = 1;
    pacer_init(&queue->pacer, bot->config, clock_mono_ms(bot->clock));
    uv_timer_init(&bot->loop->uv, &queue->pump_timer);
    uv_timer_init(&bot->loop->uv, &queue->close_timer);
    queue->pump_timer.data = queue->close_timer.data = queue;
    queue->open_handles = 2;
    return queue;
}

/* ---- entries --------------------------------------------------------------
 */

static char *copy(char **at, const char *s) {
    if (s == NULL)
        return NULL;
    size_t size = strlen(s) + 1;
    char *to = memcpy(*at, s, size);
    *at += size;
    return to;
}

static size_t size_of(const char *s) {
    return s == NULL ? 0 : strlen(s) + 1;
}

static struct entry *entry_new(const struct queue_item *item) {
    size_t size = size_of(item->chat) + size_of(item->mention) +
                  size_of(item->reply_to) + size_of(item->fallback) +
                  size_of(item->rider) + size_of(item->stored_id) +
                  size_of(item->text) + size_of(item->image) +
                  size_of(item->recall);
    struct entry *entry = xmalloc(sizeof(*entry) + size);
    memset(entry, 0, sizeof(*entry));
    entry->item = *item;
    char *at = entry->bytes;
    entry->item.chat = copy(&at, item->chat);
    entry->item.mention = copy(&at, item->mention);
    entry->item.reply_to = copy(&at, item->reply_to);
    entry->item.fallback = copy(&at, item->fallback);
    entry->item.rider = copy(&at, item->rider);
    entry->item.stored_id = copy(&at, item->stored_id);
    entry->item.text = copy(&at, item->text);
    entry->item.image = copy(&at, item->image);
    entry->item.recall = copy(&at, item->recall);
    return entry;
}

bool queue_knows(const struct outbox_queue *queue, const char *stored_id) {
    struct entry *entry;
    HASH_FIND(hh_stored, queue->stored, stored_id, strlen(stored_id), entry);
    return entry != NULL;
}

enum err queue_add(struct outbox_queue *queue, const struct queue_item *item) {
    if (item->stored_id != NULL && queue_knows(queue, item->stored_id))
        return ERR_DUPLICATE;
    if (queue->n_waiting >= QUEUE_MAX)
        return ERR_LIMIT;
    struct entry *entry = entry_new(item);
    if (item->stored_id != NULL)
        HASH_ADD_KEYPTR(hh_stored, queue->stored, entry->item.stored_id,
                        strlen(entry->item.stored_id), entry);
    DL_APPEND(queue->lanes[item->lane], entry);
    queue->n_waiting++;
    pump(queue);
    return OK;
}

static void entry_free(struct outbox_queue *queue, struct entry *entry) {
    if (entry->item.stored_id != NULL)
        HASH_DELETE(hh_stored, queue->stored, entry); /* NOLINT: uthash */
    free(entry);
}

/* ---- sending --------------------------------------------------------------
 */

static bool is_broadcast(const struct entry *entry) {
    return entry->item.lane == LANE_NOTICE || entry->item.lane == LANE_STUDY;
}

static void end_untried(struct outbox_queue *queue, struct entry *entry) {
    DL_DELETE(queue->lanes[entry->item.lane], entry);
    queue->n_waiting--;
    entry->item.done(entry->item.data, entry->item.index, NULL);
    entry_free(queue, entry);
}

static bool may_leave(const struct entry *entry) {
    return entry->item.may == NULL || entry->item.may(entry->item.data);
}

void queue_review(struct outbox_queue *queue) {
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        struct entry *entry, *next;
        DL_FOREACH_SAFE(queue->lanes[lane], entry, next) {
            if (!may_leave(entry))
                end_untried(queue, entry);
        }
    }
}

/*
 * The next entry that may leave, lane by lane, or NULL with the wait until one
 * may (-1: nothing waits). A group that is full does not hold up the others.
 */
static struct entry *take_next(struct outbox_queue *queue, int64_t now,
                               int64_t *wait_ms) {
    *wait_ms = -1;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        int looked = 0;
        struct entry *entry, *next;
        DL_FOREACH_SAFE(queue->lanes[lane], entry, next) {
            bool account_full;
            if (!may_leave(entry)) {
                end_untried(queue, entry);
                continue;
            }
            if (looked++ == QUEUE_LOOK_AHEAD)
                break;
            if (queue->account->connector->unpaced)
                return entry;
            int64_t wait = pacer_take(&queue->pacer, entry->item.chat,
                                      is_broadcast(entry), now, &account_full);
            if (wait == 0)
                return entry;
            if (*wait_ms < 0 || wait < *wait_ms)
                *wait_ms = wait;
            if (account_full)
                return NULL;
        }
    }
    return NULL;
}

static enum err hand_over(struct account *account, const struct entry *entry) {
    const struct queue_item *item = &entry->item;
    if (item->recall != NULL)
        return account->connector->recall(account, entry->ticket, item->chat,
                                          item->recall);
    return account->connector->send(account, entry->ticket,
                                    &(struct outgoing){
                                        .chat = item->chat,
                                        .mention = item->mention,
                                        .reply_to = item->reply_to,
                                        .text = item->text,
                                        .image_path = item->image,
                                    });
}

static void send_entry(struct outbox_queue *queue, struct entry *entry) {
    DL_DELETE(queue->lanes[entry->item.lane], entry);
    queue->n_waiting--;
    entry->ticket = queue->next_ticket++;
    HASH_ADD(hh, queue->under_way, ticket, sizeof(entry->ticket), entry);
    enum err err = hand_over(queue->account, entry);
    /* On success the entry may be gone by now: its outcome has come. */
    if (err == OK)
        return;
    HASH_DEL(queue->under_way, entry);
    DL_PREPEND(queue->lanes[entry->item.lane], entry);
    queue->n_waiting++;
}

#define SEND_RETRY_MS 50

static void pump(struct outbox_queue *queue) {
    if (queue->pumping)
        return; /* an outcome that came while we send */
    queue->pumping = true;
    int64_t wait_ms = -1, now = now_ms(queue);
    while (queue->account->online) {
        struct entry *entry = take_next(queue, now, &wait_ms);
        if (entry == NULL)
            break;
        size_t before = queue->n_waiting;
        send_entry(queue, entry);
        if (queue->n_waiting == before) { /* the connection is full */
            wait_ms = SEND_RETRY_MS;
            break;
        }
    }
    queue->pumping = false;
    if (wait_ms >= 0)
        uv_timer_start(&queue->pump_timer, on_pump_timer, (uint64_t)wait_ms, 0);
}

/* ---- outcomes -------------------------------------------------------------
 */

static void count(const struct send_end *end) {
    metric_add(end->outcome == OUTCOME_SENT      ? &m_sent
               : end->outcome == OUTCOME_REFUSED ? &m_refused
                                                 : &m_unknown,
               1);
}

static void end_entry(struct outbox_queue *queue, struct entry *entry,
                      const struct send_end *end) {
    count(end);
    if (entry->item.done != NULL)
        entry->item.done(entry->item.data, entry->item.index, end);
    if (end->outcome == OUTCOME_REFUSED && entry->item.fallback != NULL)
        link_fall_back(queue->account, entry->item.lane, entry->item.fallback,
                       entry->item.rider);
    if (entry->item.stored_id == NULL) {
        entry_free(queue, entry);
        return;
    }
    DL_APPEND(queue->ended, entry);
    queue->n_ended++;
    if (queue->n_ended == CLOSE_BATCH)
        close_ended(queue);
    else if (!uv_is_active((uv_handle_t *)&queue->close_timer))
        uv_timer_start(&queue->close_timer, on_close_timer, 0, 0);
}

/* Nothing was delivered of what came too fast: it is sent once more, later. */
static bool send_later(struct outbox_queue *queue, struct entry *entry,
                       const struct send_end *end) {
    if (end->outcome != OUTCOME_REFUSED || end->refusal != REFUSAL_TOO_FAST ||
        entry->item.done != NULL || ++entry->tries == TRIES_MAX)
        return false;
    DL_PREPEND(queue->lanes[entry->item.lane], entry);
    queue->n_waiting++;
    return true;
}

static void log_end(const struct outbox_queue *queue, const struct entry *entry,
                    const struct send_end *end) {
    if (end->outcome == OUTCOME_SENT)
        return;
    LOG_WARN("%s: a %s to %s is %s: %s", queue->account->id,
             entry->item.recall != NULL ? "recall" : "send", entry->item.chat,
             end->outcome == OUTCOME_REFUSED ? "refused" : "unknown",
             end->reason == NULL ? "no reason given" : end->reason);
}

void queue_outcome(struct outbox_queue *queue, uint64_t ticket,
                   const struct send_end *end) {
    struct entry *entry;
    HASH_FIND(hh, queue->under_way, &ticket, sizeof(ticket), entry);
    if (entry == NULL)
        return; /* came after its deadline */
    HASH_DEL(queue->under_way, entry);
    log_end(queue, entry, end);
    if (entry->item.recall == NULL)
        standing_answer(queue->account, end);
    if (!send_later(queue, entry, end))
        end_entry(queue, entry, end);
    if (queue->n_waiting > 0)
        pump(queue);
}

void queue_slow(struct outbox_queue *queue, double share, int64_t quiet_ms) {
    pacer_slow(&queue->pacer, share, quiet_ms, now_ms(queue));
}

void queue_online(struct outbox_queue *queue) {
    pump(queue);
}

void queue_offline(struct outbox_queue *queue) {
    struct entry *entry, *next, *again[LANE_COUNT] = {NULL};
    HASH_ITER(hh, queue->under_way, entry, next) {
        HASH_DEL(queue->under_way, entry);
        if (is_broadcast(entry) || entry->again || entry->item.done != NULL) {
            end_entry(queue, entry,
                      &(struct send_end){.outcome = OUTCOME_UNKNOWN,
                                         .reason = "the connection was lost"});
            continue;
        }
        /* A second copy of a reply does no harm; a missing one does. */
        entry->again = true;
        metric_add(&m_again, 1);
        DL_APPEND(again[entry->item.lane], entry);
        queue->n_waiting++;
    }
    /* Before those that wait, in the order in which they were sent. */
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        DL_CONCAT(again[lane], queue->lanes[lane]);
        queue->lanes[lane] = again[lane];
    }
}

/* ---- closing in the store --------------------------------------------------
 */

struct closing {
    struct outbox_queue *queue;
    size_t n;
    struct entry *entries[];
};

static void on_closed(void *data, const struct txn_result *result) {
    struct closing *closing = data;
    struct outbox_queue *queue = closing->queue;
    queue->n_closing--;
    for (size_t i = 0; i < closing->n; i++) {
        if (result->err == OK) {
            entry_free(queue, closing->entries[i]);
        } else {
            DL_APPEND(queue->ended, closing->entries[i]);
            queue->n_ended++;
        }
    }
    if (result->err != OK)
        uv_timer_start(&queue->close_timer, on_close_timer, CLOSE_RETRY_MS, 0);
    free(closing);
}

static void close_ended(struct outbox_queue *queue) {
    const char *ids[CLOSE_BATCH];
    struct store *store = queue->account->bot->store;
    if (!store_is_up(store) && queue->n_ended > 0) {
        uv_timer_start(&queue->close_timer, on_close_timer, CLOSE_RETRY_MS, 0);
        return;
    }
    while (queue->n_ended > 0) {
        struct closing *closing =
            xcalloc(1, sizeof(*closing) + CLOSE_BATCH * sizeof(struct entry *));
        closing->queue = queue;
        while (queue->ended != NULL && closing->n < CLOSE_BATCH) {
            struct entry *entry = queue->ended;
            DL_DELETE(queue->ended, entry);
            ids[closing->n] = entry->item.stored_id;
            closing->entries[closing->n++] = entry;
            queue->n_ended--;
        }
        struct txn *txn = txn_new(store);
        stored_outbox_close(txn, queue->account->id, ids, closing->n);
        queue->n_closing++;
        txn_commit(txn, on_closed, closing);
    }
}

/* ---- the rest ---------------------------------------------------------------
 */

bool queue_idle(const struct outbox_queue *queue) {
    return queue->n_waiting == 0 && queue->under_way == NULL &&
           queue->n_ended == 0 && queue->n_closing == 0;
}

static void on_handle_closed(uv_handle_t *handle) {
    struct outbox_queue *queue = handle->data;
    if (--queue->open_handles == 0)
        free(queue);
}

/* Called after the store is gone: no callback is waiting any more. */
void queue_free(struct outbox_queue *queue) {
    struct entry *entry, *next;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        DL_FOREACH_SAFE(queue->lanes[lane], entry, next) {
            DL_DELETE(queue->lanes[lane], entry);
            entry_free(queue, entry);
        }
    }
    HASH_ITER(hh, queue->under_way, entry, next) {
        HASH_DEL(queue->under_way, entry);
        entry_free(queue, entry);
    }
    DL_FOREACH_SAFE(queue->ended, entry, next) {
        DL_DELETE(queue->ended, entry);
        entry_free(queue, entry);
    }
    pacer_finish(&queue->pacer);
    uv_close((uv_handle_t *)&queue->pump_timer, on_handle_closed);
    uv_close((uv_handle_t *)&queue->close_timer, on_handle_closed);
}

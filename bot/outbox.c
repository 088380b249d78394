#define LOG_MODULE "outbox"
#include "bot/outbox.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/delivery.h"
#include "bot/loop.h"
#include "bot/queue.h"
#include "bot/standing.h"
#include "store/outbox.h"
#include "store/rider.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

/* How often each account's stored outbox is looked through for notices that
 * nobody here is sending: left by a crash, or written by another process. */
#define SWEEP_MS 1000

static struct metric m_dropped =
    METRIC_COUNTER("xiaofeng_notices_dropped_total",
                   "Notices in memory only that had no account or no room.");
static struct metric m_repaired =
    METRIC_COUNTER("xiaofeng_notices_repaired_total",
                   "Stored notices picked up by the sweep.");

struct outbox {
    struct bot *bot;
    uv_timer_t sweep_timer;
    unsigned looking; /* notices whose recipient's language is looked up */
};

static void on_sweep_timer(uv_timer_t *timer);

struct outbox *outbox_new(struct bot *bot) {
    struct outbox *outbox = xcalloc(1, sizeof(*outbox));
    outbox->bot = bot;
    bot->deliveries = deliveries_new(bot);
    uv_timer_init(&bot->loop->uv, &outbox->sweep_timer);
    outbox->sweep_timer.data = outbox;
    uv_timer_start(&outbox->sweep_timer, on_sweep_timer, SWEEP_MS, SWEEP_MS);
    return outbox;
}

static void on_timer_closed(uv_handle_t *handle) {
    free(handle->data);
}

void outbox_free(struct outbox *outbox) {
    if (outbox != NULL)
        uv_close((uv_handle_t *)&outbox->sweep_timer, on_timer_closed);
}

/* ---- one notice ------------------------------------------------------------
 */

static void enqueue(struct account *account, const struct notice *notice,
                    const char *stored_id, enum lang lang) {
    struct arena arena;
    arena_init(&arena);
    bool to_group = chat_is_group(notice->chat);
    enum err err = queue_add(account->queue,
                             &(struct queue_item){
                                 .lane = notice->lane,
                                 .chat = notice->chat,
                                 .mention = to_group ? notice->rider : NULL,
                                 .reply_to = notice->reply_to,
                                 .fallback = notice->fallback,
                                 .rider = notice->rider,
                                 .stored_id = stored_id,
                                 .text = notice_render(&arena, lang, notice),
                             });
    arena_finish(&arena);
    if (err == ERR_LIMIT && stored_id == NULL)
        metric_add(&m_dropped, 1);
}

/* A notice whose recipient's language must be read first. */
struct look_up {
    struct outbox *outbox;
    struct arena arena;
    struct notice notice;
    const char *stored_id;
};

static void on_rider(void *data, enum err err, const struct rider *rider) {
    struct look_up *look_up = data;
    struct bot *bot = look_up->outbox->bot;
    enum lang lang = bot->config->lang;
    look_up->outbox->looking--;
    if (err == OK)
        lang_parse(rider->lang, &lang);
    struct account *account = account_find(bot, look_up->notice.account);
    if (account != NULL)
        enqueue(account, &look_up->notice, look_up->stored_id, lang);
    arena_finish(&look_up->arena);
    free(look_up);
}

static void look_up_lang(struct outbox *outbox, const struct notice *notice,
                         const char *stored_id) {
    struct look_up *look_up = xcalloc(1, sizeof(*look_up));
    struct arena *arena = &look_up->arena;
    struct notice *copy = &look_up->notice;
    arena_init(arena);
    look_up->outbox = outbox;
    look_up->stored_id = arena_strdup(arena, stored_id);
    *copy = *notice;
    copy->account = arena_strdup(arena, notice->account);
    copy->chat = arena_strdup(arena, notice->chat);
    copy->rider = arena_strdup(arena, notice->rider);
    copy->reply_to = arena_strdup(arena, notice->reply_to);
    copy->fallback = arena_strdup(arena, notice->fallback);
    copy->key = arena_strdup(arena, notice->key);
    for (size_t i = 0; i < notice->n_params; i++) {
        copy->params[i].name = arena_strdup(arena, notice->params[i].name);
        copy->params[i].value = arena_strdup(arena, notice->params[i].value);
    }
    outbox->looking++;
    rider_get(outbox->bot->store, arena, copy->rider, on_rider, look_up);
}

void outbox_push(struct outbox *outbox, const struct notice *notice,
                 const char *stored_id, int lang) {
    struct account *account = account_find(outbox->bot, notice->account);
    bool here = account != NULL && account->online;
    if (!here && stored_id != NULL)
        return; /* the sweep of whoever holds the account finds it */
    if (account == NULL) {
        metric_add(&m_dropped, 1);
        return;
    }
    if (lang < 0 && notice->rider != NULL)
        look_up_lang(outbox, notice, stored_id);
    else
        enqueue(account, notice, stored_id,
                lang < 0 ? outbox->bot->config->lang : (enum lang)lang);
}

void outbox_outcome(struct account *account, uint64_t ticket,
                    const struct send_end *end) {
    queue_outcome(account->queue, ticket, end);
}

/* ---- the sweep --------------------------------------------------------------
 */

struct sweep {
    struct outbox *outbox;
    struct arena arena;
    char *account;
};

static void read_page(struct sweep *sweep, const char *after);

static void on_dropped(void *data, const struct txn_result *result) {
    (void)data;
    if (result->err != OK)
        LOG_WARN("still in the outbox: %s", err_str(result->err));
}

/* Of a version that packed otherwise: nobody will ever read it. */
static void drop_unreadable(const struct account *account, const char *id) {
    LOG_ERR("notice %s of %s is not one, dropped", id, account->id);
    metric_add(&m_dropped, 1);
    struct txn *txn = txn_new(account->bot->store);
    stored_outbox_close(txn, account->id, &id, 1);
    txn_commit(txn, on_dropped, NULL);
}

static void on_page(void *data, enum err err,
                    const struct stored_notice *notices, size_t n) {
    struct sweep *sweep = data;
    struct bot *bot = sweep->outbox->bot;
    struct account *account = account_find(bot, sweep->account);
    for (size_t i = 0; i < n && account->online; i++) {
        struct notice notice;
        if (queue_knows(account->queue, notices[i].id))
            continue;
        if (!notice_unpack(&sweep->arena, notices[i].packed, notices[i].len,
                           &notice)) {
            drop_unreadable(account, notices[i].id);
            continue;
        }
        notice.account = sweep->account;
        metric_add(&m_repaired, 1);
        outbox_push(sweep->outbox, &notice, notices[i].id, -1);
    }
    if (err == OK && n == OUTBOX_PAGE && account->online) {
        read_page(sweep, notices[n - 1].id);
        return;
    }
    arena_finish(&sweep->arena);
    free(sweep->account);
    free(sweep);
}

static void read_page(struct sweep *sweep, const char *after) {
    stored_outbox_read(sweep->outbox->bot->store, &sweep->arena, sweep->account,
                       after, on_page, sweep);
}

static void on_sweep_timer(uv_timer_t *timer) {
    struct outbox *outbox = timer->data;
    struct bot *bot = outbox->bot;
    if (!store_is_up(bot->store) || bot->stopping)
        return;
    struct account *account;
    for (account = bot->accounts; account != NULL; account = account->hh.next) {
        if (!account->online)
            continue;
        struct sweep *sweep = xcalloc(1, sizeof(*sweep));
        sweep->outbox = outbox;
        sweep->account = xstrdup(account->id);
        arena_init(&sweep->arena);
        read_page(sweep, "");
    }
    standings_look(bot);
    deliveries_look(bot);
}

bool outbox_idle(const struct outbox *outbox) {
    const struct account *account;
    for (account = outbox->bot->accounts; account != NULL;
         account = account->hh.next)
        if (account->online && !queue_idle(account->queue))
            return false;
    return outbox->looking == 0 && deliveries_idle(outbox->bot);
}

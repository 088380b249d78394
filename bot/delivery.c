#define LOG_MODULE "delivery"
#include "bot/delivery.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/broadcast_text.h"
#include "bot/config.h"
#include "bot/connector.h"
#include "bot/delivery_internal.h"
#include "bot/loop.h"
#include "bot/photo.h"
#include "bot/policies.h"
#include "bot/queue.h"
#include "bot/windows.h"
#include "store/broadcast.h"
#include "store/delivery.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define PROCESS_BYTES 9
/* Stands for a target's token while the text of a part is written. */
#define TOKEN_MARK "\001"

static void on_timer_closed(uv_handle_t *handle) {
    free(handle->data);
}

struct deliveries *deliveries_new(struct bot *bot) {
    struct deliveries *deliveries = xcalloc(1, sizeof(*deliveries));
    deliveries->bot = bot;
    deliveries->hours_ms = -1;
    token_random(deliveries->process, sizeof(deliveries->process),
                 PROCESS_BYTES);
    uv_timer_init(&bot->loop->uv, &deliveries->report_timer);
    deliveries->report_timer.data = deliveries;
    return deliveries;
}

static void delivery_free(struct delivery *delivery) {
    while (delivery->batches != NULL)
        batch_free(delivery->batches);
    while (delivery->recalls != NULL)
        recall_free(delivery->recalls);
    DL_DELETE(delivery->owner->all, delivery);
    arena_finish(&delivery->arena);
    free(delivery);
}

void deliveries_free(struct deliveries *deliveries) {
    if (deliveries == NULL)
        return;
    while (deliveries->all != NULL)
        delivery_free(deliveries->all);
    uv_close((uv_handle_t *)&deliveries->report_timer, on_timer_closed);
}

void delivery_settle(struct delivery *delivery) {
    if (!delivery->listed && !delivery->loading && delivery->batches == NULL &&
        delivery->recalls == NULL)
        delivery_free(delivery);
}

/* ---- whether something may leave ------------------------------------------
 */

static bool is_open(struct deliveries *deliveries) {
    struct bot *bot = deliveries->bot;
    int64_t now = clock_wall_ms(bot->clock);
    if (now / 1000 != deliveries->hours_ms / 1000) {
        deliveries->hours_ms = now;
        deliveries->open =
            windows_open_ms(policies_get(bot->policies), now) == 0;
    }
    return deliveries->open;
}

bool delivery_may(const struct delivery *delivery,
                  const struct account *account) {
    return delivery->live && !delivery->owner->bot->stopping &&
           standing_good(account) &&
           (delivery->ignores_hours || is_open(delivery->owner));
}

int delivery_place(const struct part *part, const char *account) {
    size_t len = strlen(account);
    int place = 0;
    for (const char *at = part->accounts; *at != '\0'; place++) {
        size_t word = strcspn(at, ",");
        if (word == len && memcmp(at, account, len) == 0)
            return place < DELIVERY_ACCOUNTS_MAX ? place : -1;
        at += word + (at[word] == ',');
    }
    return -1;
}

/* What waits here and may not leave is put back. */
static void review(struct bot *bot) {
    struct account *account;
    for (account = bot->accounts; account != NULL; account = account->hh.next)
        queue_review(account->queue);
}

/* ---- the text -------------------------------------------------------------
 */

static void write_text(struct delivery *delivery, struct part *part,
                       const struct broadcast *broadcast) {
    struct bot *bot = delivery->owner->bot;
    struct arena *arena = &delivery->arena;
    enum lang lang = bot->config->lang;
    lang_parse(part->lang, &lang);
    bool linked = broadcast->link_url[0] != '\0' || broadcast->file[0] != '\0';
    char *text =
        broadcast_text(arena, bot, broadcast, lang, linked ? TOKEN_MARK : NULL);
    char *mark = strchr(text, TOKEN_MARK[0]);
    if (mark != NULL) {
        *mark = '\0';
        part->after = mark + 1;
    }
    part->before = text;
}

struct loading {
    struct delivery *delivery;
    struct arena arena;
};

static void on_broadcast(void *data, enum err err,
                         const struct broadcast *broadcast) {
    struct loading *loading = data;
    struct delivery *delivery = loading->delivery;
    struct deliveries *deliveries = delivery->owner;
    deliveries->under_way--;
    delivery->loading = false;
    if (err == OK) {
        delivery->lane = broadcast->lane;
        delivery->ignores_hours = broadcast->ignores_hours;
        if (broadcast->photo[0] != '\0') {
            char *path =
                photo_path(deliveries->bot->photos, broadcast->photo, false);
            delivery->image = arena_strdup(&delivery->arena, path);
            free(path);
        }
        for (size_t p = 0; p < delivery->n_parts; p++)
            write_text(delivery, &delivery->parts[p], broadcast);
        delivery->loaded = true;
    } else {
        LOG_WARN("%s is not read: %s", delivery->id, err_str(err));
    }
    arena_finish(&loading->arena);
    free(loading);
    delivery_advance_all(deliveries);
    delivery_settle(delivery);
}

static void load(struct delivery *delivery) {
    struct deliveries *deliveries = delivery->owner;
    if (delivery->loaded || delivery->loading || !delivery->live)
        return;
    struct loading *loading = xcalloc(1, sizeof(*loading));
    loading->delivery = delivery;
    arena_init(&loading->arena);
    delivery->loading = true;
    deliveries->under_way++;
    broadcast_get(deliveries->bot->store, &loading->arena, delivery->id,
                  on_broadcast, loading);
}

/* ---- what there is to do ---------------------------------------------------
 */

static int by_accounts(const void *a, const void *b) {
    const struct part *const *x = a, *const *y = b;
    if ((*x)->n_accounts != (*y)->n_accounts)
        return (*x)->n_accounts < (*y)->n_accounts ? -1 : 1;
    return (*x)->number<(*y)->number ? -1 : (*x)->number>(*y)->number;
}

static unsigned count_words(const char *words) {
    unsigned n = words[0] != '\0';
    for (const char *at = words; (at = strchr(at, ',')) != NULL; at++)
        n++;
    return n;
}

static struct delivery *delivery_new(struct deliveries *deliveries,
                                     const struct delivery_live *live) {
    struct delivery *delivery = xcalloc(1, sizeof(*delivery));
    struct arena *arena = &delivery->arena;
    arena_init(arena);
    delivery->owner = deliveries;
    delivery->id = arena_strdup(arena, live->id);
    delivery->report_account = arena_strdup(arena, live->report_account);
    delivery->n_parts = live->n_parts;
    delivery->parts =
        arena_alloc(arena, (live->n_parts + 1) * sizeof(*delivery->parts));
    delivery->order =
        arena_alloc(arena, (live->n_parts + 1) * sizeof(*delivery->order));
    for (unsigned p = 0; p < live->n_parts; p++) {
        const struct delivery_live_part *found = &live->parts[p];
        delivery->parts[p] = (struct part){
            .delivery = delivery,
            .number = p,
            .from = found->from,
            .n = found->n,
            .accounts = arena_strdup(arena, found->accounts),
            .n_accounts = count_words(found->accounts),
            .lang = arena_strdup(arena, found->lang),
        };
        delivery->order[p] = &delivery->parts[p];
    }
    qsort(delivery->order, delivery->n_parts, sizeof(*delivery->order),
          by_accounts);
    DL_APPEND(deliveries->all, delivery);
    return delivery;
}

static struct delivery *find(struct deliveries *deliveries, const char *id) {
    struct delivery *delivery;
    DL_FOREACH(deliveries->all, delivery) {
        if (strcmp(delivery->id, id) == 0)
            return delivery;
    }
    return NULL;
}

static void on_done(void *data, const struct txn_result *result) {
    struct deliveries *deliveries = data;
    deliveries->under_way--;
    if (result->err != OK)
        LOG_WARN("%s", err_str(result->err));
}

static void commit(struct deliveries *deliveries, struct txn *txn) {
    deliveries->under_way++;
    txn_commit(txn, on_done, deliveries);
}

static bool is_ours(const struct delivery *delivery, const char *lease) {
    const struct batch *batch;
    DL_FOREACH(delivery->batches, batch) {
        if (strcmp(batch->lease, lease) == 0)
            return true;
    }
    return false;
}

/*
 * Leases that nobody will end: of ours those whose taking we were not told of,
 * of which nothing was tried; of a process that is gone, or has lost the
 * account to us, what it had not told of is unknown.
 */
static void end_leases(struct delivery *delivery,
                       const struct delivery_live *live) {
    struct deliveries *deliveries = delivery->owner;
    int64_t now = clock_wall_ms(deliveries->bot->clock);
    for (size_t i = 0; i < live->n_leases; i++) {
        const struct delivery_lease *lease = &live->leases[i];
        bool mine = strcmp(lease->process, deliveries->process) == 0;
        struct account *account = account_find(deliveries->bot, lease->account);
        bool here =
            account != NULL && account->online && !account->connector->unpaced;
        if (mine ? is_ours(delivery, lease->lease) : lease->alive && !here)
            continue;
        if (!mine)
            LOG_WARN("%s: what %s had begun is unknown", delivery->id,
                     lease->account);
        struct txn *txn = txn_new(deliveries->bot->store);
        delivery_lease_end(txn, delivery->id, lease->lease, mine ? 'w' : 'u',
                           delivery->report_account, now);
        commit(deliveries, txn);
    }
}

static void end_recall(struct delivery *delivery,
                       const struct delivery_live *live) {
    struct deliveries *deliveries = delivery->owner;
    int64_t now = clock_wall_ms(deliveries->bot->clock);
    struct account *account;
    if (live->recalling > 0 && now > live->recall_ms + DELIVERY_RECALL_MS) {
        struct txn *txn = txn_new(deliveries->bot->store);
        delivery_recall_end(txn, delivery->id);
        commit(deliveries, txn);
        return;
    }
    for (account = deliveries->bot->accounts; account != NULL;
         account = account->hh.next)
        if (live->recalling > 0 && account->online)
            delivery_recall_begin(delivery, account);
}

static void take_note(struct deliveries *deliveries,
                      const struct delivery_live *live) {
    struct delivery *delivery = find(deliveries, live->id);
    if (delivery == NULL)
        delivery = delivery_new(deliveries, live);
    delivery->listed = true;
    delivery->live = strcmp(live->state, "live") == 0;
    delivery->recalled = strcmp(live->state, "recalled") == 0;
    for (size_t p = 0; p < delivery->n_parts && p < live->n_parts; p++)
        delivery->parts[p].dry = live->parts[p].waiting == 0;
    end_leases(delivery, live);
    load(delivery);
    if (delivery->recalled)
        end_recall(delivery, live);
    if (!delivery->live && live->n_leases == 0 && live->recalling == 0 &&
        delivery->batches == NULL) {
        struct txn *txn = txn_new(deliveries->bot->store);
        delivery_rest(txn, delivery->id);
        commit(deliveries, txn);
    }
}

struct looking {
    struct deliveries *deliveries;
    struct arena arena;
};

static void on_live(void *data, enum err err, const struct delivery_live *live,
                    size_t n) {
    struct looking *looking = data;
    struct deliveries *deliveries = looking->deliveries;
    struct delivery *delivery, *next;
    deliveries->under_way--;
    deliveries->looking = false;
    if (err == OK && !deliveries->bot->stopping) {
        DL_FOREACH(deliveries->all, delivery) {
            delivery->listed = delivery->live = false;
        }
        for (size_t i = 0; i < n; i++)
            take_note(deliveries, &live[i]);
        review(deliveries->bot);
        DL_FOREACH_SAFE(deliveries->all, delivery, next) {
            delivery_settle(delivery);
        }
        delivery_advance_all(deliveries);
    }
    arena_finish(&looking->arena);
    free(looking);
    if (deliveries->look_again)
        deliveries_look(deliveries->bot);
}

/* Whoever has leases shows that it lives. */
static void show_life(struct deliveries *deliveries) {
    const struct delivery *delivery;
    DL_FOREACH(deliveries->all, delivery) {
        if (delivery->batches == NULL)
            continue;
        struct txn *txn = txn_new(deliveries->bot->store);
        delivery_alive(txn, deliveries->process);
        commit(deliveries, txn);
        return;
    }
}

void deliveries_look(struct bot *bot) {
    struct deliveries *deliveries = bot->deliveries;
    if (deliveries == NULL || !store_is_up(bot->store) || bot->stopping)
        return;
    deliveries->look_again = deliveries->looking;
    if (deliveries->looking)
        return;
    show_life(deliveries);
    delivery_report(deliveries);
    struct looking *looking = xcalloc(1, sizeof(*looking));
    looking->deliveries = deliveries;
    arena_init(&looking->arena);
    deliveries->looking = true;
    deliveries->under_way++;
    delivery_live_list(bot->store, &looking->arena, on_live, looking);
}

void deliveries_account(struct account *account) {
    struct deliveries *deliveries = account->bot->deliveries;
    if (deliveries == NULL)
        return;
    queue_review(account->queue);
    if (account->online)
        deliveries_look(account->bot); /* what it began elsewhere, too */
}

bool deliveries_idle(const struct bot *bot) {
    struct deliveries *deliveries = bot->deliveries;
    const struct delivery *delivery;
    if (deliveries == NULL)
        return true;
    if (bot->stopping) {
        struct account *account;
        for (account = bot->accounts; account != NULL;
             account = account->hh.next)
            queue_review(account->queue);
        delivery_report(deliveries);
    }
    DL_FOREACH(deliveries->all, delivery) {
        if (delivery->batches != NULL || delivery->recalls != NULL)
            return false;
    }
    return deliveries->under_way == 0;
}

#define LOG_MODULE "standing"
#include "bot/standing.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/delivery.h"
#include "bot/queue.h"
#include "store/account.h"
#include "store/store.h"
#include "store/txn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHARE_MIN (1.0 / 16)

static struct metric m_slowed =
    METRIC_COUNTER("xiaofeng_accounts_slowed_total",
                   "Times that a platform found an account too fast.");
static struct metric m_parked =
    METRIC_COUNTER("xiaofeng_accounts_parked_total",
                   "Times that an account was parked because it was banned.");

static int64_t wall_ms(const struct account *account) {
    return clock_wall_ms(account->bot->clock);
}

void standing_init(struct standing *standing) {
    *standing = (struct standing){.share = 1};
}

bool standing_good(const struct account *account) {
    const struct standing *standing = &account->standing;
    return account->online && !standing->parked &&
           wall_ms(account) >= standing->rest_ms;
}

/* ---- writing ------------------------------------------------------------- */

struct write {
    struct bot *bot;
    char *account;
};

static void on_written(void *data, const struct txn_result *result) {
    struct write *write = data;
    struct account *account = account_find(write->bot, write->account);
    if (result->err != OK)
        LOG_WARN("%s: its state is not kept: %s", write->account,
                 err_str(result->err));
    if (account != NULL) {
        account->standing.writes++;
        if (result->err != OK)
            account->standing.sign_ms = 0;
    }
    free(write->account);
    free(write);
}

static void commit(struct account *account, struct txn *txn) {
    struct write *write = xcalloc(1, sizeof(*write));
    *write = (struct write){account->bot, xstrdup(account->id)};
    account->standing.writes++;
    txn_commit(txn, on_written, write);
}

void standing_sign(struct account *account) {
    struct store *store = account->bot->store;
    account->standing.sign_ms = 0;
    if (store == NULL || !store_is_up(store))
        return;
    account->standing.sign_ms = wall_ms(account);
    struct txn *txn = txn_new(store);
    account_sign(txn, account->id, account->online, wall_ms(account));
    commit(account, txn);
}

static void write_pace(struct account *account, const char *reason) {
    const struct standing *standing = &account->standing;
    struct txn *txn = txn_new(account->bot->store);
    account_slow(txn, account->id, standing->share, standing->rest_ms, reason,
                 wall_ms(account));
    commit(account, txn);
}

/* ---- answers --------------------------------------------------------------
 */

static void slow_down(struct account *account, const char *reason) {
    struct standing *standing = &account->standing;
    int64_t now = wall_ms(account);
    if (now < standing->rest_ms)
        return; /* what was under way when it began to rest */
    standing->share = fmax(standing->share / 2, SHARE_MIN);
    standing->rest_ms = now + STANDING_REST_MS;
    standing->step_ms = standing->rest_ms + STANDING_STEP_MS;
    metric_add(&m_slowed, 1);
    LOG_WARN("%s is too fast: it rests, and goes on at %.0f %% of its pace",
             account->id, standing->share * 100);
    queue_slow(account->queue, standing->share, STANDING_QUIET_MS);
    write_pace(account, reason);
    deliveries_account(account);
}

static void park(struct account *account, const char *reason) {
    if (account->standing.parked)
        return;
    account->standing.parked = true;
    metric_add(&m_parked, 1);
    LOG_ERR("%s is banned: it sends no broadcasts until somebody unparks it",
            account->id);
    struct txn *txn = txn_new(account->bot->store);
    account_park(txn, account->id, reason, wall_ms(account));
    commit(account, txn);
    deliveries_account(account);
}

void standing_answer(struct account *account, const struct send_end *end) {
    const char *reason = end->reason == NULL ? "" : end->reason;
    if (end->outcome == OUTCOME_SENT)
        return;
    if (end->refusal == REFUSAL_TOO_FAST)
        slow_down(account, reason);
    else if (end->refusal == REFUSAL_BANNED)
        park(account, reason);
}

/* ---- each second ----------------------------------------------------------
 */

static void step_up(struct account *account) {
    struct standing *standing = &account->standing;
    int64_t now = wall_ms(account);
    if (standing->share >= 1 || now < standing->step_ms)
        return;
    standing->share = fmin(standing->share * 2, 1);
    standing->step_ms = now + STANDING_STEP_MS;
    queue_slow(account->queue, standing->share, 0);
    write_pace(account, "");
}

/* What the store says of an account of ours. */
static void apply(struct account *account, const struct account_state *state) {
    struct standing *standing = &account->standing;
    bool freed = standing->parked && !state->parked;
    standing->parked = state->parked;
    if (state->rate != standing->share) {
        standing->share = state->rate;
        queue_slow(account->queue, standing->share, 0);
    }
    if (state->rest_ms < standing->rest_ms)
        freed = true;
    if (state->rest_ms != standing->rest_ms)
        standing->step_ms = state->rest_ms + STANDING_STEP_MS;
    standing->rest_ms = state->rest_ms;
    if (freed)
        LOG_INFO("%s is unparked", account->id);
    if (freed || standing->parked)
        deliveries_account(account);
}

struct look {
    struct bot *bot;
    struct arena arena;
    size_t n;
    struct {
        char *account;
        unsigned writes;
    } seen[];
};

static void on_accounts(void *data, enum err err,
                        const struct account_state *accounts, size_t n) {
    struct look *look = data;
    for (size_t i = 0; err == OK && i < look->n; i++) {
        struct account *account =
            account_find(look->bot, look->seen[i].account);
        if (account == NULL || account->standing.writes != look->seen[i].writes)
            continue; /* it was read before we wrote */
        for (size_t j = 0; j < n; j++)
            if (strcmp(accounts[j].id, account->id) == 0)
                apply(account, &accounts[j]);
    }
    arena_finish(&look->arena);
    free(look);
}

void standings_look(struct bot *bot) {
    struct account *account;
    size_t n = 0;
    struct look *look = xcalloc(1, sizeof(*look) + HASH_COUNT(bot->accounts) *
                                                       sizeof(look->seen[0]));
    look->bot = bot;
    arena_init(&look->arena);
    for (account = bot->accounts; account != NULL; account = account->hh.next) {
        int64_t due = account->standing.sign_ms + ACCOUNT_SIGN_MS;
        if (account->standing.sign_ms == 0 ||
            (account->online && wall_ms(account) >= due))
            standing_sign(account);
        if (!account->online)
            continue;
        step_up(account);
        look->seen[n].account = arena_strdup(&look->arena, account->id);
        look->seen[n++].writes = account->standing.writes;
    }
    look->n = n;
    if (n == 0) {
        arena_finish(&look->arena);
        free(look);
        return;
    }
    account_list_all(bot->store, &look->arena, clock_wall_ms(bot->clock),
                     on_accounts, look);
}

#include "bot/api/accounts.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "store/account.h"
#include "store/delivery.h"
#include "store/txn.h"

#include <string.h>

/* ---- the list ------------------------------------------------------------ */

struct listing {
    struct api_call *call;
    const struct account_state *accounts;
    size_t n;
};

static int64_t waiting_for(const char *id,
                           const struct delivery_account *backlog, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(backlog[i].account, id) == 0)
            return backlog[i].waiting;
    return 0;
}

/* Messages a minute; null: as fast as it goes. */
static json_t *rate_json(const struct bot *bot,
                         const struct account_state *state) {
    double rate = bot->config->account_rate * 60;
    return rate <= 0 ? json_null()
                     : json_integer((json_int_t)(rate * state->rate));
}

static json_t *account_json(const struct bot *bot,
                            const struct account_state *state,
                            int64_t waiting) {
    return json_pack(
        "{ss ss% sb sb so so so sI}", "id", state->id, "platform", state->id,
        strcspn(state->id, "."), "online", state->online, "parked",
        state->parked, "reason",
        state->reason[0] == '\0' ? json_null() : json_string(state->reason),
        "since_ms",
        state->since_ms == 0 ? json_null() : json_integer(state->since_ms),
        "rate", rate_json(bot, state), "waiting", (json_int_t)waiting);
}

static void on_backlog(void *data, enum err err,
                       const struct delivery_account *backlog, size_t n) {
    const struct listing *listing = data;
    if (err != OK) {
        api_fail(listing->call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < listing->n; i++)
        json_array_append_new(
            items,
            account_json(listing->call->bot, &listing->accounts[i],
                         waiting_for(listing->accounts[i].id, backlog, n)));
    api_answer(listing->call,
               json_pack("{so sn sI}", "items", items, "next", "total",
                         (json_int_t)listing->n),
               0);
}

static void on_list(void *data, enum err err,
                    const struct account_state *accounts, size_t n) {
    struct listing *listing = data;
    struct api_call *call = listing->call;
    listing->accounts = accounts;
    listing->n = n;
    if (err != OK)
        api_fail(call, err);
    else
        delivery_backlog(call->bot->store, &call->arena, on_backlog, listing);
}

static void get_list(struct api_call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    listing->call = call;
    account_list_all(call->bot->store, &call->arena, call->now_ms, on_list,
                     listing);
}

/* ---- unparking ----------------------------------------------------------- */

static void on_unparked(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    if (result->err != OK)
        api_fail(call, result->err);
    else
        api_empty(call);
}

/* An account sends for the whole district. */
static void post_unpark(struct api_call *call) {
    const struct policy *policy = policies_get(call->bot->policies);
    const char *id = call->args[0];
    if (strlen(id) > LIMIT_ID_BYTES) {
        api_fail(call, ERR_NOT_FOUND);
        return;
    }
    if (!access_covers_units(&call->caller, policy, PERM_BROADCASTS, "*")) {
        api_fail(call, ERR_DENIED);
        return;
    }
    struct txn *txn = txn_new(call->bot->store);
    account_unpark(txn, id, call->now_ms);
    txn_audit(txn, call->caller.actor, "account-unpark", id, "");
    api_happens(call, txn);
    txn_commit(txn, on_unparked, call);
}

static const struct api_route routes[] = {
    {"GET", "/accounts", PERM_BROADCASTS | PERM_APPROVE, get_list, 0, false},
    {"POST", "/accounts/{id}/unpark", PERM_BROADCASTS, post_unpark, 0, false},
};

void accounts_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

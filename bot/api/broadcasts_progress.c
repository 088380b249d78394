#include "base/arena.h"
#include "bot/account.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/connector.h"
#include "bot/policies.h"
#include "bot/windows.h"
#include "store/account.h"

#include <string.h>

#define UNPACED 1000.0 /* messages a second, of one account */

/* What is read, one after the other. */
struct progress {
    struct api_call *call;
    const struct broadcast *broadcast;
    struct delivery_counts counts;
    const struct delivery_account *shares;
    size_t n_shares;
    const struct delivery_hour *hours;
    size_t n_hours;
    const struct account_state *accounts;
    size_t n_accounts;
};

static const struct account_state *find(const struct progress *progress,
                                        const char *id) {
    for (size_t i = 0; i < progress->n_accounts; i++)
        if (strcmp(progress->accounts[i].id, id) == 0)
            return &progress->accounts[i];
    return NULL;
}

static json_t *share_json(const struct delivery_account *share,
                          const struct account_state *state) {
    bool known = state != NULL;
    return json_pack(
        "{ss sb sb so so sI sI sI}", "id", share->account, "online",
        known && state->online, "parked", known && state->parked, "reason",
        known && state->reason[0] != '\0' ? json_string(state->reason)
                                          : json_null(),
        "since_ms",
        known && state->since_ms != 0 ? json_integer(state->since_ms)
                                      : json_null(),
        "sent", (json_int_t)share->sent, "refused", (json_int_t)share->refused,
        "waiting", (json_int_t)share->waiting);
}

static json_t *shares_json(const struct progress *progress) {
    json_t *json = json_array();
    for (size_t i = 0; i < progress->n_shares; i++)
        json_array_append_new(
            json, share_json(&progress->shares[i],
                             find(progress, progress->shares[i].account)));
    return json;
}

static json_t *reads_json(const struct progress *progress) {
    json_t *json = json_array();
    for (size_t i = 0; i < progress->n_hours; i++)
        json_array_append_new(json,
                              json_pack("{sI sI}", "at_ms",
                                        (json_int_t)progress->hours[i].at_ms,
                                        "n", (json_int_t)progress->hours[i].n));
    return json;
}

/* Messages a second that an account sends now. */
static double rate_of(const struct progress *progress,
                      const struct delivery_account *share) {
    const struct bot *bot = progress->call->bot;
    const struct account_state *state = find(progress, share->account);
    const struct account *account =
        account_find(progress->call->bot, share->account);
    double usual = bot->config->account_rate;
    bool paced = account == NULL || account->connector == NULL ||
                 !account->connector->unpaced;
    if (share->waiting == 0 || state == NULL || !state->online || state->parked)
        return 0;
    if (usual <= 0 || !paced)
        return UNPACED;
    double share_of_usual = state->rate > 0 ? state->rate : 1;
    double gap_s = 1 / (usual * share_of_usual) +
                   (double)bot->config->broadcast_jitter_ms / 2000;
    return 1 / gap_s;
}

/* When the last one will have been tried; 0 while nobody sends. */
static int64_t reckon_eta(const struct progress *progress, int64_t open_ms) {
    int64_t waiting = progress->counts.waiting + progress->counts.sending;
    int64_t from_ms = open_ms != 0 ? open_ms : progress->call->now_ms;
    double rate = 0;
    if (progress->broadcast->state != BROADCAST_SENDING || waiting == 0)
        return 0;
    for (size_t i = 0; i < progress->n_shares; i++)
        rate += rate_of(progress, &progress->shares[i]);
    return rate == 0 ? 0 : from_ms + (int64_t)((double)waiting / rate * 1000);
}

static int64_t next_open(const struct progress *progress) {
    const struct broadcast *broadcast = progress->broadcast;
    if (broadcast->ignores_hours || broadcast->state != BROADCAST_SENDING)
        return 0;
    return windows_open_ms(policies_get(progress->call->bot->policies),
                           progress->call->now_ms);
}

static void answer(struct progress *progress) {
    const struct delivery_counts *counts = &progress->counts;
    int64_t open_ms = next_open(progress);
    int64_t eta_ms = reckon_eta(progress, open_ms);
    int64_t silent = counts->delivered - counts->read;
    api_answer(progress->call,
               json_pack("{ss sI sI so so so sI so so}", "state",
                         broadcast_state_name(progress->broadcast->state),
                         "version", (json_int_t)progress->broadcast->version,
                         "total", (json_int_t)progress->broadcast->total,
                         "counts", broadcast_counts_json(counts), "accounts",
                         shares_json(progress), "reads", reads_json(progress),
                         "silent", (json_int_t)(silent > 0 ? silent : 0),
                         "eta_ms",
                         eta_ms == 0 ? json_null() : json_integer(eta_ms),
                         "next_open_ms",
                         open_ms == 0 ? json_null() : json_integer(open_ms)),
               0);
}

static void on_accounts(void *data, enum err err,
                        const struct account_state *accounts, size_t n) {
    struct progress *progress = data;
    progress->accounts = accounts;
    progress->n_accounts = n;
    if (err != OK)
        api_fail(progress->call, err);
    else
        answer(progress);
}

static void on_hours(void *data, enum err err,
                     const struct delivery_hour *hours, size_t n) {
    struct progress *progress = data;
    struct api_call *call = progress->call;
    progress->hours = hours;
    progress->n_hours = err == OK ? n : 0;
    if (err != OK && err != ERR_NOT_FOUND)
        api_fail(call, err);
    else
        account_list_all(call->bot->store, &call->arena, call->now_ms,
                         on_accounts, progress);
}

static void on_shares(void *data, enum err err,
                      const struct delivery_account *shares, size_t n) {
    struct progress *progress = data;
    struct api_call *call = progress->call;
    progress->shares = shares;
    progress->n_shares = err == OK ? n : 0;
    if (err != OK && err != ERR_NOT_FOUND)
        api_fail(call, err);
    else
        delivery_reads(call->bot->store, &call->arena, progress->broadcast->id,
                       on_hours, progress);
}

static void on_counts(void *data, enum err err,
                      const struct delivery_counts *counts) {
    struct progress *progress = data;
    struct api_call *call = progress->call;
    if (err != OK && err != ERR_NOT_FOUND) {
        api_fail(call, err);
        return;
    }
    if (counts != NULL)
        progress->counts = *counts;
    delivery_accounts(call->bot->store, &call->arena, progress->broadcast->id,
                      on_shares, progress);
}

static void show_progress(struct api_call *call,
                          const struct broadcast *broadcast) {
    struct progress *progress = arena_alloc(&call->arena, sizeof(*progress));
    progress->call = call;
    progress->broadcast = broadcast;
    delivery_counts_get(call->bot->store, &call->arena, broadcast->id,
                        on_counts, progress);
}

void broadcasts_get_progress(struct api_call *call) {
    broadcast_with(call, show_progress);
}

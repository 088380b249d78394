#include "bot/api/sign_in.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/api/api_parts.h"
#include "bot/bot.h"
#include "bot/rates.h"
#include "bot/server.h"

#include <stdlib.h>

#define DOORS_MAX 20000

static struct metric m_guesses = METRIC_COUNTER(
    "xiaofeng_sign_ins_hurried_total",
    "Passwords that were not looked at because too many were tried.");

struct sign_in_rates {
    struct rates *doors, *names, *peers;
};

struct sign_in_rates *sign_in_rates_new(void) {
    struct sign_in_rates *rates = xcalloc(1, sizeof(*rates));
    rates->doors = rates_new(1.0 / 60, SIGN_IN_DOOR_BURST, DOORS_MAX);
    rates->names = rates_new(0.1, SIGN_IN_NAME_BURST, DOORS_MAX);
    rates->peers = rates_new(1, SIGN_IN_PEER_BURST, DOORS_MAX);
    return rates;
}

void sign_in_rates_free(struct sign_in_rates *rates) {
    if (rates == NULL)
        return;
    rates_free(rates->doors);
    rates_free(rates->names);
    rates_free(rates->peers);
    free(rates);
}

/* The keys of the three. */
static void keys_of(struct api_call *call, const char *name,
                    const char *keys[static 3]) {
    char peer[RATES_PEER_SIZE];
    rates_peer(peer, http_peer(call->request));
    keys[0] = arena_printf(&call->arena, "%s %s", peer, name);
    keys[1] = name;
    keys[2] = arena_strdup(&call->arena, peer);
}

bool sign_in_may_try(struct api_call *call, const char *name) {
    const struct sign_in_rates *rates = call->bot->api->sign_ins;
    struct rates *const all[] = {rates->doors, rates->names, rates->peers};
    const char *keys[3];
    int64_t wait_ms = 0, longest_ms = 0;
    keys_of(call, name, keys);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        rates_has(all[i], keys[i], call->begun_ms, &wait_ms);
        if (wait_ms > longest_ms)
            longest_ms = wait_ms;
    }
    if (longest_ms > 0) {
        metric_add(&m_guesses, 1);
        api_slow_down(call, longest_ms);
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        rates_take(all[i], keys[i], call->begun_ms, &wait_ms);
    return true;
}

void sign_in_was_right(struct api_call *call, const char *name) {
    const struct sign_in_rates *rates = call->bot->api->sign_ins;
    const char *keys[3];
    keys_of(call, name, keys);
    rates_give_back(rates->doors, keys[0]);
    rates_give_back(rates->names, keys[1]);
    rates_give_back(rates->peers, keys[2]);
}

#include "bot/rates.h"

#include "base/bucket.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define IPV6_NET_BYTES 8

struct rate {
    char *key;
    struct bucket bucket;
    UT_hash_handle hh;
};

/* In the order in which they were seen last, as uthash keeps its insertions. */
struct rates {
    double rate, burst;
    size_t max;
    struct rate *all;
};

struct rates *rates_new(double rate, double burst, size_t max) {
    struct rates *rates = xcalloc(1, sizeof(*rates));
    *rates = (struct rates){.rate = rate, .burst = burst, .max = max};
    return rates;
}

static void forget(struct rates *rates, struct rate *rate) {
    HASH_DEL(rates->all, rate);
    free(rate->key);
    free(rate);
}

void rates_free(struct rates *rates) {
    if (rates == NULL)
        return;
    while (rates->all != NULL)
        forget(rates, rates->all);
    free(rates);
}

static struct rate *find(struct rates *rates, const char *key) {
    struct rate *rate;
    HASH_FIND_STR(rates->all, key, rate);
    return rate;
}

/* The one of key, made when there is none, as the one seen last. */
static struct bucket *touch(struct rates *rates, const char *key,
                            int64_t now_ms) {
    struct rate *rate = find(rates, key);
    if (rate != NULL) {
        HASH_DEL(rates->all, rate);
    } else {
        if (HASH_COUNT(rates->all) >= rates->max)
            forget(rates, rates->all);
        rate = xcalloc(1, sizeof(*rate));
        rate->key = xstrdup(key);
        bucket_init(&rate->bucket, rates->rate, rates->burst, now_ms);
    }
    HASH_ADD_KEYPTR(hh, rates->all, rate->key, strlen(rate->key), rate);
    return &rate->bucket;
}

bool rates_has(struct rates *rates, const char *key, int64_t now_ms,
               int64_t *wait_ms) {
    *wait_ms = 0;
    if (!(rates->rate > 0))
        return true;
    *wait_ms = bucket_wait_ms(touch(rates, key, now_ms), now_ms);
    return *wait_ms == 0;
}

bool rates_take(struct rates *rates, const char *key, int64_t now_ms,
                int64_t *wait_ms) {
    if (!rates_has(rates, key, now_ms, wait_ms))
        return false;
    return !(rates->rate > 0) || bucket_take(touch(rates, key, now_ms), now_ms);
}

void rates_give_back(struct rates *rates, const char *key) {
    struct rate *rate = find(rates, key);
    if (rate != NULL)
        bucket_give_back(&rate->bucket);
}

void rates_peer(char out[static RATES_PEER_SIZE], const char *address) {
    struct in6_addr ip6;
    if (inet_pton(AF_INET6, address, &ip6) == 1) {
        memset(&ip6.s6_addr[IPV6_NET_BYTES], 0, 16 - IPV6_NET_BYTES);
        if (inet_ntop(AF_INET6, &ip6, out, RATES_PEER_SIZE) != NULL)
            return;
    }
    snprintf(out, RATES_PEER_SIZE, "%s", address);
}

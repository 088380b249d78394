#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A token bucket for each of many, such as callers or addresses. Of no more
 * than a number of them: who was seen longest ago is forgotten, which gives
 * them a full bucket again.
 */
struct rates;

/* rate tokens a second, burst at most; rate 0: no limit. */
struct rates *rates_new(double rate, double burst, size_t max);
void rates_free(struct rates *rates); /* takes NULL */
/* Takes a token of key; *wait_ms, when there is none, is how long until one
 * will be there. now_ms is monotonic. */
bool rates_take(struct rates *rates, const char *key, int64_t now_ms,
                int64_t *wait_ms);
/* Whether rates_take() would take one. */
bool rates_has(struct rates *rates, const char *key, int64_t now_ms,
               int64_t *wait_ms);
/* For something that did not count. */
void rates_give_back(struct rates *rates, const char *key);

/* What one stranger cannot choose freely of an address: of IPv6 the /64. */
#define RATES_PEER_SIZE 46
void rates_peer(char out[static RATES_PEER_SIZE], const char *address);

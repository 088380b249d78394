#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ws_request;

/*
 * The token that a peer of a chat protocol must show, and what happens to one
 * that shows wrong ones: after GATE_TRIES of them it is answered 429 for
 * GATE_PAUSE_MS. One that repeats the same wrong token is not guessing but
 * misconfigured: other peers of its address, which may be a container host's
 * or a proxy's, are let in all the same.
 */
#define GATE_TRIES 5
#define GATE_PAUSE_MS 60000
#define GATE_PEERS 256 /* remembered; the one seen longest ago is forgotten */

struct gate;

struct gate *gate_new(const char *token);
void gate_free(struct gate *gate);

/* An HTTP status: 101 the token is right, 401 there is none, 403 it is wrong,
 * 429 too many wrong ones came from there. */
unsigned gate_check(struct gate *gate, const struct ws_request *request,
                    int64_t now_ms);

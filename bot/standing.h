#pragma once

#include <stdbool.h>
#include <stdint.h>

struct account;
struct bot;
struct send_end;

/*
 * How an account stands with its platform. One that is too fast goes at half
 * its pace and sends no broadcasts for a minute, and comes back step by step;
 * one that is banned sends none until a person unparks it. It is kept in the
 * store (store/account.h), where every process and the console see it.
 */
#define STANDING_REST_MS 60000 /* no broadcasts after "too fast" */
#define STANDING_STEP_MS 60000 /* then twice as fast, each time */
#define STANDING_QUIET_MS 3000 /* nothing at all after "too fast" */

struct standing {
    bool parked;
    double share;    /* of its usual pace, above 0 and up to 1 */
    int64_t rest_ms; /* wall time; sends no broadcasts before */
    int64_t step_ms; /* wall time; it may be faster from then on */
    int64_t sign_ms; /* wall time of its last sign of life; 0: it owes one */
    unsigned writes; /* so many were begun or have ended */
};

void standing_init(struct standing *standing);
/* The platform's answer to a send. */
void standing_answer(struct account *account, const struct send_end *end);
/* It came or went: the store is told when it is there. */
void standing_sign(struct account *account);
/* Whether it may send broadcasts. */
bool standing_good(const struct account *account);
/* Signs of life, steps back, and what others have changed; each second. */
void standings_look(struct bot *bot);

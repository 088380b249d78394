#pragma once

#include "bot/turns.h"

#include <stdint.h>
#include <uv.h>

struct await;
struct bot;
struct flood;
struct turn;

/* What turn.c and turns.c share. Private to them. */
struct turns {
    struct bot *bot;
    struct flood *flood;
    struct turn *running; /* one a rider, by rider id */
    struct turn *parked;  /* wait for the store, oldest first */
    struct await *awaits;
    size_t n_turns;
    unsigned outage;       /* counts the times the store went away */
    int64_t cold_until_ms; /* see turns_awaits() */
    uv_timer_t park_timer;
};

/* Takes a turn in: refused when there are too many or the rider is too fast,
 * else opened at once or after the rider's earlier ones. */
void turns_enter(struct turn *turn);
/* The turn has ended: freed, and the rider's next one opens. */
void turns_done(struct turn *turn);
/* The store is away: the turn waits a little, then its rider is told. */
void turns_park(struct turn *turn);
/* turn.c: reads the rider and goes on. */
void turn_open(struct turn *turn);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/*
 * What sign-ups say of children, and answered their organisers, goes
 * SIGNUP_KEPT_MS after the end of the event; that somebody signed up, and for
 * how many, stays. Some at a time; it may be ended at any moment.
 */
struct purge_signups_options {
    struct store *store;
    int64_t now_ms;
    bool dry_run; /* only counts */
    void (*progress)(void *data);
    void (*done)(void *data, enum err err, int64_t n);
    void *data;
};

/* done is called exactly once, later in the loop. */
void purge_signups(const struct purge_signups_options *options);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/*
 * Goes through everything in the store that is sealed (base/seal.h), some at a
 * time, and seals what another key than the current one has sealed by that one.
 * Values are compared with what was read before they are replaced, so that it
 * may run while the daemon does.
 */
enum reseal_kind {
    RESEAL_TICKETS,
    RESEAL_WEBHOOKS,
    RESEAL_USERS,
    RESEAL_SIGNUPS,
    RESEAL_KINDS
};
extern const char *const reseal_names[RESEAL_KINDS]; /* "tickets", … */

struct reseal_count {
    int64_t values;  /* sealed ones that were looked at */
    int64_t old;     /* … by another key */
    int64_t renewed; /* of those; others changed meanwhile */
    int64_t lost;    /* cannot be opened: altered, or their key is gone */
};

struct reseal_options {
    struct store *store; /* with a seal */
    bool only_count;
    /* After each step; or NULL. */
    void (*progress)(void *data, const struct reseal_count *counts);
    void (*done)(void *data, enum err err, const struct reseal_count *counts);
    void *data;
};

/* done is called exactly once, later in the loop, with RESEAL_KINDS counts. */
void reseal_all(const struct reseal_options *options);

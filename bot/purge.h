#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct config;
struct policy_rules;
struct seal;
struct store;

/*
 * An end to what was kept long enough (rules.retention_days): tickets that
 * ended are erased with their photos, photos of tickets that ended go, photo
 * files and uploaded files of nothing go after two days, what sign-ups for
 * events say of children 30 days after them, the oldest entries of the audit
 * log are forgotten. In steps of some hundred things, so that the
 * loop goes on; each may be ended at any moment and the next run does the rest.
 */
#define PURGE_STRAY_MS (2LL * 24 * 3600 * 1000)

struct purge_counts {
    int64_t tickets; /* erased */
    int64_t photos;  /* … with them, or of tickets that stay */
    int64_t strays;  /* photo files that nothing names */
    int64_t files;   /* that were uploaded, and nothing names */
    int64_t signups; /* for events, of which what is private goes */
    int64_t entries; /* of the audit log */
};

struct purge_options {
    uv_loop_t *loop;
    struct store *store;
    const struct seal *seal;
    const struct config *config;
    const struct policy_rules *rules; /* copied */
    int64_t now_ms;
    bool dry_run; /* only counts */
    void (*progress)(void *data,
                     const struct purge_counts *counts); /* or NULL */
    void (*done)(void *data, enum err err, const struct purge_counts *counts);
    void *data;
};

/* done is called exactly once, later in the loop; then what was returned is
 * gone. */
struct purging;
struct purging *purge(const struct purge_options *options);
/* Before the store is freed; it ends with ERR_AWAY. */
void purge_stop(struct purging *purging);

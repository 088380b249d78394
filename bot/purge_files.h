#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/*
 * Files that organisers have uploaded (bot/files.h) and that nothing in the
 * store names any more: after PURGE_STRAY_MS they go, with what is known of
 * them.
 */
struct purge_files_options {
    struct store *store;
    const char *data_dir;
    int64_t now_ms;
    bool dry_run; /* only counts */
    void (*progress)(void *data);
    void (*done)(void *data, enum err err, int64_t n);
    void *data;
};
/* done is called exactly once, later in the loop. */
void purge_files(const struct purge_files_options *options);

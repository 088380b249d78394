#pragma once

#include "base/err.h"

struct store;

/*
 * A snapshot of the store at one moment, of all that had been answered before
 * it was asked for; writing goes on meanwhile.
 *
 * store_snapshot() has the private Redis write it to SNAPSHOT_FILE in its own
 * directory; progress, which may be NULL, is called now and then. done is
 * called exactly once, later in the loop; ERR_IO: Redis could not, its log says
 * why.
 */
#define SNAPSHOT_FILE "dump.rdb"

void store_snapshot(struct store *store, void (*progress)(void *data),
                    void (*done)(void *data, enum err err), void *data);

/*
 * Fetches one of any other Redis to a file, by the program redis-cli, which
 * speaks to it like a replica. Blocking. ERR_NOT_FOUND: there is no redis-cli;
 * ERR_IO: it said why on standard error.
 */
enum err snapshot_fetch(const char *url, const char *path) must_check;

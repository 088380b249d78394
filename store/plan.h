#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/* A reading plan: what the riders of the district read in a week. */
#define PLAN_MATERIALS_MAX 20
#define PLAN_WEEK_SIZE 9 /* "2026-W48" of ISO 8601, with the NUL */

struct plan {
    const char *week;
    int64_t version;       /* 0: is not stored */
    const char *materials; /* ids in their order, joined by ',' */
    const char *quiz;      /* "Z4", or "" */
    const char *by;
    int64_t updated_ms;
    const char *pushed; /* ids of its broadcasts joined by ',' */
};

/* The week of a moment, by the clock of the settings. */
void plan_week(int64_t ms, int utc_offset_minutes, char out[PLAN_WEEK_SIZE]);
/* When it begins; -1 when there is no such week: "2025-W53", "2026-W7". */
int64_t plan_week_ms(const char *week, int utc_offset_minutes);

/* ERR_CONFLICT unless the version in the store is plan->version. */
void plan_put(struct txn *txn, const struct plan *plan);

/* As those of store/material.h. */
typedef void plan_read(void *data, enum err err, const struct plan *plan);
void plan_get(struct store *store, struct arena *arena, const char *week,
              plan_read *done, void *data);
/* The latest week first. */
typedef void plan_list(void *data, enum err err, const struct plan *plans,
                       size_t n, int64_t total);
void plan_list_all(struct store *store, struct arena *arena, size_t offset,
                   size_t max, plan_list *done, void *data);

#pragma once

#include "base/err.h"
#include "store/places.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * Leaderboards: who learned most, by riders and by their firms and branches,
 * this week, this month and ever. They are written with the points that they
 * count, and hold ids only: names are looked up when they are shown.
 */
enum board_by { BOARD_RIDER, BOARD_FIRM, BOARD_BRANCH, BOARD_BYS };
enum board_period { BOARD_WEEK, BOARD_MONTH, BOARD_ALL, BOARD_PERIODS };

#define BOARD_MAX 100000 /* places kept on each; the lowest go */

const char *board_by_word(enum board_by by); /* "rider", "firm", "branch" */
bool board_by_parse(const char *word, enum board_by *out);
const char *board_period_word(enum board_period period); /* "week", … */
bool board_period_parse(const char *word, enum board_period *out);

struct board_gain {
    const char *rider;
    int64_t points;
    const char *why;           /* a question or material: once for each */
    const char *firm, *branch; /* ids of units, or "" */
    bool unlisted;             /* asked not to be on the riders' board */
    int64_t now_ms;
    int utc_offset_minutes; /* weeks begin on Monday by it */
};
/* As points_once(), and counted on the boards if it did happen. */
void leaderboard_once(struct txn *txn, const struct board_gain *gain);
/* Takes a rider from the riders' boards. */
void leaderboard_leave(struct txn *txn, const char *rider, int64_t now_ms,
                       int utc_offset_minutes);

struct board {
    enum board_by by;
    enum board_period period;
    int64_t now_ms;
    int utc_offset_minutes;
};
#define BOARD_SHOWN_MAX 200 /* read at once */
void leaderboard_list(struct store *store, struct arena *arena,
                      const struct board *board, size_t offset, size_t max,
                      places_read *done, void *data);
void leaderboard_find(struct store *store, struct arena *arena,
                      const struct board *board, const char *id,
                      places_read *done, void *data);

/* What riders are called, "" of one who never was in a private chat or asked
 * not to be listed; in the order of ids. */
typedef void board_nicks(void *data, enum err err, const char *const *nicks,
                         size_t n);
void leaderboard_nicks(struct store *store, struct arena *arena,
                       const char *const *ids, size_t n, board_nicks *done,
                       void *data);

#include "store/leaderboard.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/points.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PERIOD_BYTES 16 /* "2026-W48", "2026-11", "all" */
#define DAY_MS (24LL * 3600 * 1000)

static const char *const by_words[BOARD_BYS] = {
    [BOARD_RIDER] = "rider", [BOARD_FIRM] = "firm", [BOARD_BRANCH] = "branch"};
static const char *const period_words[BOARD_PERIODS] = {
    [BOARD_WEEK] = "week", [BOARD_MONTH] = "month", [BOARD_ALL] = "all"};
/* A board of a period is kept until some have passed; all of those a rider may
 * be on are known from the present moment. */
static const int kept[BOARD_PERIODS] = {
    [BOARD_WEEK] = 5, [BOARD_MONTH] = 3, [BOARD_ALL] = 1};
static const int64_t ttl_ms[BOARD_PERIODS] = {
    [BOARD_WEEK] = TTL_BOARD_WEEK_MS, [BOARD_MONTH] = TTL_BOARD_MONTH_MS};

static int find_word(const char *const *words, int n, const char *word) {
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

const char *board_by_word(enum board_by by) {
    return by_words[by];
}

bool board_by_parse(const char *word, enum board_by *out) {
    int i = find_word(by_words, BOARD_BYS, word);
    if (i >= 0)
        *out = (enum board_by)i;
    return i >= 0;
}

const char *board_period_word(enum board_period period) {
    return period_words[period];
}

bool board_period_parse(const char *word, enum board_period *out) {
    int i = find_word(period_words, BOARD_PERIODS, word);
    if (i >= 0)
        *out = (enum board_period)i;
    return i >= 0;
}

/* ---- names of boards ------------------------------------------------------
 */

/* The period that was back periods before the one of a moment. */
static void name_period(enum board_period period, int64_t now_ms,
                        int offset_minutes, int back,
                        char out[static PERIOD_BYTES]) {
    int64_t local_ms = now_ms + offset_minutes * 60000LL;
    struct tm tm;
    if (period == BOARD_WEEK)
        local_ms -= back * 7 * DAY_MS;
    time_t local = (time_t)(local_ms / 1000);
    gmtime_r(&local, &tm);
    if (period == BOARD_MONTH) {
        int months = (tm.tm_year + 1900) * 12 + tm.tm_mon - back;
        snprintf(out, PERIOD_BYTES, "%04d-%02d", months / 12 % 10000,
                 months % 12 + 1);
    } else if (period == BOARD_ALL ||
               strftime(out, PERIOD_BYTES, "%G-W%V", &tm) == 0) {
        snprintf(out, PERIOD_BYTES, "all");
    }
}

static void add_key(struct txn *txn, enum board_by by, const char *period) {
    txn_key(txn, KEY_BOARD, by_words[by], period);
}

/* ---- writing ------------------------------------------------------------- */

static void add_boards(struct txn *txn, const struct board_gain *gain) {
    const char *const ids[BOARD_BYS] = {
        [BOARD_RIDER] = gain->unlisted ? "" : gain->rider,
        [BOARD_FIRM] = gain->firm,
        [BOARD_BRANCH] = gain->branch,
    };
    for (int by = 0; by < BOARD_BYS; by++)
        for (int period = 0; ids[by][0] != '\0' && period < BOARD_PERIODS;
             period++) {
            char name[PERIOD_BYTES];
            name_period((enum board_period)period, gain->now_ms,
                        gain->utc_offset_minutes, 0, name);
            add_key(txn, (enum board_by)by, name);
            txn_arg(txn, ids[by]);
            txn_arg_int(txn, ttl_ms[period]);
        }
}

void leaderboard_once(struct txn *txn, const struct board_gain *gain) {
    txn_op(txn, "board_gain");
    txn_key(txn, KEY_POINTS);
    txn_key(txn, KEY_LEDGER);
    txn_key(txn, KEY_POSTINGS, POINTS_ISSUED);
    txn_key(txn, KEY_POSTINGS, gain->rider);
    txn_key(txn, KEY_EARNED, gain->rider);
    txn_arg(txn, POINTS_ISSUED);
    txn_arg(txn, gain->rider);
    txn_arg_int(txn, gain->points);
    txn_arg(txn, gain->why);
    txn_arg_int(txn, POINTS_KEPT);
    txn_arg_int(txn, BOARD_MAX);
    add_boards(txn, gain);
}

void leaderboard_leave(struct txn *txn, const char *rider, int64_t now_ms,
                       int utc_offset_minutes) {
    txn_op(txn, "board_leave");
    for (int period = 0; period < BOARD_PERIODS; period++)
        for (int back = 0; back < kept[period]; back++) {
            char name[PERIOD_BYTES];
            name_period((enum board_period)period, now_ms, utc_offset_minutes,
                        back, name);
            add_key(txn, BOARD_RIDER, name);
        }
    txn_arg(txn, rider);
    txn_arg_int(txn, kept[BOARD_WEEK] + kept[BOARD_MONTH] + kept[BOARD_ALL]);
}

/* ---- reading ------------------------------------------------------------- */

static const char *board_key(struct arena *arena, const struct board *board) {
    char name[PERIOD_BYTES];
    name_period(board->period, board->now_ms, board->utc_offset_minutes, 0,
                name);
    return arena_printf(arena, KEY_BOARD, by_words[board->by], name);
}

void leaderboard_list(struct store *store, struct arena *arena,
                      const struct board *board, size_t offset, size_t max,
                      places_read *done, void *data) {
    places_list(store, arena, board_key(arena, board), offset,
                max < BOARD_SHOWN_MAX ? max : BOARD_SHOWN_MAX, done, data);
}

void leaderboard_find(struct store *store, struct arena *arena,
                      const struct board *board, const char *id,
                      places_read *done, void *data) {
    places_find(store, arena, board_key(arena, board), id, done, data);
}

struct nicks_call {
    struct arena *arena;
    const char **nicks;
    size_t n, read;
    enum err err;
    board_nicks *done;
    void *data;
};

static void on_nick(void *data, enum err err, const struct redisReply *reply) {
    struct nicks_call *call = data;
    bool unlisted = reply_int(reply_at(reply, 1)) != 0;
    if (err != OK)
        call->err = err;
    call->nicks[call->read++] =
        unlisted ? "" : reply_string(call->arena, reply_at(reply, 0));
    if (call->read == call->n)
        call->done(call->data, call->err, call->nicks, call->n);
}

void leaderboard_nicks(struct store *store, struct arena *arena,
                       const char *const *ids, size_t n, board_nicks *done,
                       void *data) {
    struct nicks_call *call = arena_alloc(arena, sizeof(*call));
    if (n == 0)
        abort(); /* done must come later */
    *call =
        (struct nicks_call){.arena = arena, .n = n, .done = done, .data = data};
    call->nicks = arena_alloc(arena, n * sizeof(*call->nicks));
    for (size_t i = 0; i < n; i++) {
        const char *key = arena_printf(arena, "@" KEY_RIDER, ids[i]);
        store_read(store, on_nick, call, 4,
                   (const char *const[]){"HMGET", key, "nick", "unlisted"});
    }
}

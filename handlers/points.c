/* 我的积分: the balance, and what it is made of. */
#include "store/points.h"
#include "base/buf.h"
#include "bot/bot.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"

#include <inttypes.h>

#define POSTINGS_SHOWN 5

static void on_postings(void *data, enum err err,
                        const struct posting *postings, size_t n) {
    struct turn *turn = data;
    const int64_t *balance = turn->data;
    struct buf rows;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    buf_init(&rows);
    for (size_t i = 0; i < n; i++)
        buf_addf(&rows, "\n%s %s %+" PRId64,
                 ticket_time(turn, postings[i].at_ms), postings[i].why,
                 postings[i].points);
    struct notice *reply = turn_reply(
        turn, *balance == 0 && n == 0 ? "points.none" : "points.balance");
    notice_param(reply, "points",
                 arena_printf(&turn->arena, "%" PRId64, *balance));
    notice_param(reply, "rows",
                 arena_strndup(&turn->arena, rows.data == NULL ? "" : rows.data,
                               rows.len));
    buf_finish(&rows);
    turn_commit(turn);
}

static void on_balance(void *data, enum err err, int64_t balance) {
    struct turn *turn = data;
    int64_t *kept = arena_alloc(&turn->arena, sizeof(*kept));
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    *kept = balance;
    turn->data = kept;
    points_list_last(turn->bot->store, &turn->arena, turn->message.rider,
                     POSTINGS_SHOWN, on_postings, turn);
}

static void commit(struct turn *turn) {
    points_get(turn->bot->store, &turn->arena, turn->message.rider, on_balance,
               turn);
}

const struct command command_points = {
    .name = "points",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .quiet = true,
    .commit = commit,
};

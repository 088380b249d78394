/* 排行: who learned most, by riders, firms and branches. */
#include "base/buf.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/form.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/quiz_text.h"
#include "store/leaderboard.h"
#include "store/txn.h"

#include <string.h>

#define FIRST_SHOWN 10

static const char *const periods[] = {"week", "month", "all", NULL};
static const char *const bys[] = {"rider", "firm", "branch", NULL};
static const char *const listings[] = {"leave", "join", NULL};

static const struct slot slots[] = {
    {.name = "period",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = periods,
     .options_key = "ranking_period"},
    {.name = "by",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = bys,
     .options_key = "ranking_by"},
    {.name = "listed",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = listings,
     .options_key = "ranking_listed"},
};

/* ---- the board -------------------------------------------------------------
 */

struct showing {
    struct turn *turn;
    struct board board;
    struct place *places;
    size_t n;
    const char *const *names;
    const char *title; /* its key */
};

static const char *row(const struct showing *showing, size_t i) {
    struct turn *turn = showing->turn;
    const char *name = showing->names[i];
    const struct text_param params[] = {
        {"rank", quiz_number(turn, showing->places[i].rank)},
        {"name",
         name[0] != '\0' ? name : turn_text(turn, "quiz.unnamed", NULL, 0)},
        {"points", quiz_number(turn, showing->places[i].score)},
    };
    return turn_text(turn, "ranking.row", params, ARRAY_LEN(params));
}

/* The rider's own place, which may be far behind the first. */
static void on_own(void *data, enum err err, const struct place *places,
                   size_t n, int64_t total) {
    const struct showing *showing = data;
    struct turn *turn = showing->turn;
    struct buf rows;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    buf_init(&rows);
    for (size_t i = 0; i < showing->n; i++)
        buf_addf(&rows, "\n%s", row(showing, i));
    struct notice *reply = turn_reply(turn, "ranking.list");
    notice_param(reply, "*title", showing->title);
    notice_param(reply, "rows",
                 arena_strndup(&turn->arena, rows.data == NULL ? "" : rows.data,
                               rows.len));
    buf_finish(&rows);
    if (n > 0) {
        notice_param(reply, NOTICE_AFTER, "ranking.own");
        notice_param(reply, "rank", quiz_number(turn, places[0].rank));
        notice_param(reply, "points", quiz_number(turn, places[0].score));
    } else if (showing->board.by == BOARD_RIDER) {
        notice_param(reply, NOTICE_AFTER,
                     turn->rider.unlisted ? "ranking.unlisted"
                                          : "ranking.not_yet");
    }
    turn_commit(turn);
}

static void on_nicks(void *data, enum err err, const char *const *nicks,
                     size_t n) {
    struct showing *showing = data;
    struct turn *turn = showing->turn;
    (void)n;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    showing->names = nicks;
    leaderboard_find(turn->bot->store, &turn->arena, &showing->board,
                     turn->message.rider, on_own, showing);
}

static void name_units(struct showing *showing) {
    struct turn *turn = showing->turn;
    const struct policy *policy = policies_get(turn->bot->policies);
    const char **names =
        arena_alloc(&turn->arena, (showing->n + 1) * sizeof(*names));
    for (size_t i = 0; i < showing->n; i++) {
        const struct unit *unit = policy_unit(policy, showing->places[i].id);
        names[i] = unit == NULL ? "" : arena_strdup(&turn->arena, unit->name);
    }
    showing->names = names;
    on_own(showing, OK, NULL, 0, 0);
}

static void on_places(void *data, enum err err, const struct place *places,
                      size_t n, int64_t total) {
    struct showing *showing = data;
    struct turn *turn = showing->turn;
    const char *ids[FIRST_SHOWN];
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    if (n == 0) {
        notice_param(turn_reply(turn, "ranking.empty"), "*title",
                     showing->title);
        turn_commit(turn);
        return;
    }
    showing->n = n;
    showing->places = arena_alloc(&turn->arena, n * sizeof(*places));
    memcpy(showing->places, places, n * sizeof(*places));
    for (size_t i = 0; i < n; i++)
        ids[i] = places[i].id;
    if (showing->board.by == BOARD_RIDER)
        leaderboard_nicks(turn->bot->store, &turn->arena, ids, n, on_nicks,
                          showing);
    else
        name_units(showing);
}

static void show(struct turn *turn) {
    struct showing *showing = arena_alloc(&turn->arena, sizeof(*showing));
    *showing = (struct showing){
        .turn = turn,
        .board = {.now_ms = turn->now_ms,
                  .utc_offset_minutes = turn->bot->config->utc_offset_minutes},
    };
    (void)board_period_parse(form_value(turn, "period"),
                             &showing->board.period);
    (void)board_by_parse(form_value(turn, "by"), &showing->board.by);
    showing->title = arena_printf(&turn->arena, "ranking.title.%s_%s",
                                  board_by_word(showing->board.by),
                                  board_period_word(showing->board.period));
    leaderboard_list(turn->bot->store, &turn->arena, &showing->board, 0,
                     FIRST_SHOWN, on_places, showing);
}

/* ---- on it or not ----------------------------------------------------------
 */

static void leave(struct turn *turn) {
    leaderboard_leave(turn->txn, turn->message.rider, turn->now_ms,
                      turn->bot->config->utc_offset_minutes);
    turn_set(turn, "unlisted", "1");
    turn_say(turn, "ranking.left");
}

static void join(struct turn *turn) {
    turn_set(turn, "unlisted", "");
    turn_say(turn, "ranking.joined");
}

static void commit(struct turn *turn) {
    const char *listed = form_value(turn, "listed");
    if (strcmp(listed, "leave") == 0)
        leave(turn);
    else if (strcmp(listed, "join") == 0)
        join(turn);
    else
        show(turn);
}

const struct command command_ranking = {
    .name = "ranking",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .hidden = true,
    .quiet = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

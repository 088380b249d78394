/* What is kept of a rider's answers in quizzes. */
#include "base/arena.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/turn.h"
#include "handlers/mydata.h"
#include "store/attempt.h"
#include "store/leaderboard.h"

static void on_listed(void *data, enum err err, const char *const *runs,
                      size_t n) {
    struct turn *turn = data;
    const struct text_param params[] = {
        {"n", arena_printf(&turn->arena, "%zu", n)}};
    (void)runs;
    if (err == OK && n > 0)
        mydata_tell(turn,
                    turn_text(turn,
                              turn->rider.unlisted ? "mydata.quizzes_unlisted"
                                                   : "mydata.quizzes",
                              params, ARRAY_LEN(params)));
    mydata_next(turn, err);
}

static void list(struct turn *turn) {
    run_list_of(turn->bot->store, &turn->arena, turn->message.rider, on_listed,
                turn);
}

static void on_forget(void *data, enum err err, const char *const *runs,
                      size_t n) {
    struct turn *turn = data;
    const char *rider = turn->message.rider;
    if (err == OK) {
        run_forget(turn->txn, rider, runs, n);
        leaderboard_leave(turn->txn, rider, turn->now_ms,
                          turn->bot->config->utc_offset_minutes);
    }
    mydata_next(turn, err);
}

static void forget(struct turn *turn) {
    run_list_of(turn->bot->store, &turn->arena, turn->message.rider, on_forget,
                turn);
}

const struct kept kept_quizzes = {list, forget};

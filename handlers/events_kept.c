/* What sign-ups keep of a rider, and an end to it. */
#include "bot/bot.h"
#include "bot/turn.h"
#include "handlers/events.h"
#include "handlers/mydata.h"

#define SHOWN 30

/* Names of children are sent, and kept nowhere. */
static void on_mine(struct turn *turn, const struct my_event *mine, size_t n) {
    for (size_t i = 0; i < n; i++)
        turn->fleeting |= mine[i].signup->children[0] != '\0';
    if (n > 0) {
        const struct text_param rows = {
            "signups", my_event_data(turn, mine, n < SHOWN ? n : SHOWN)};
        mydata_tell(turn, turn_text(turn, "mydata.signups", &rows, 1));
    }
    mydata_next(turn, OK);
}

static void list(struct turn *turn) {
    event_list_mine(turn, on_mine);
}

static void on_signups(void *data, enum err err, const struct signup *signups,
                       size_t n, int64_t total) {
    struct turn *turn = data;
    (void)total;
    for (size_t i = 0; err == OK && i < n; i++)
        signup_erase(turn->txn, &signups[i], turn->now_ms);
    mydata_next(turn, err);
}

static void forget(struct turn *turn) {
    signup_list_rider(turn->bot->store, &turn->arena, turn->message.rider,
                      SIGNUP_RIDER_MAX, on_signups, turn);
}

const struct kept kept_signups = {list, forget};

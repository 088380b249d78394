#include "bot/broadcasts.h"

#include "base/arena.h"
#include "base/clock.h"
#include "bot/bot.h"
#include "bot/roster.h"
#include "store/txn.h"

#include <string.h>

bool broadcasts_may(const struct broadcast *broadcast,
                    enum broadcast_move move) {
    return move != BROADCAST_FIRE && broadcast_can(broadcast->state, move);
}

bool broadcasts_same_person(struct bot *bot, const char *a, const char *b) {
    static const char prefix[] = "user:";
    size_t len = strlen(prefix);
    const struct user *user =
        strncmp(a, prefix, len) == 0 ? roster_find(bot->roster, a + len) : NULL;
    const struct user *other =
        strncmp(b, prefix, len) == 0 ? roster_find(bot->roster, b + len) : NULL;
    return strcmp(a, b) == 0 || (user != NULL && strcmp(user->rider, b) == 0) ||
           (other != NULL && strcmp(other->rider, a) == 0);
}

const char *broadcasts_fault(struct bot *bot, const struct broadcast *broadcast,
                             const char **field) {
    (void)bot;
    *field = "text";
    return broadcast->text[0] == '\0' ? "required" : NULL;
}

void broadcasts_happened(struct bot *bot, const struct broadcast *after) {
    (void)bot;
    (void)after;
}

static enum broadcast_state state_after(const struct broadcast *broadcast,
                                        enum broadcast_move move) {
    static const enum broadcast_state after[BROADCAST_MOVES] = {
        [BROADCAST_SUBMIT] = BROADCAST_SCHEDULED,
        [BROADCAST_APPROVE] = BROADCAST_SCHEDULED,
        [BROADCAST_RETURN] = BROADCAST_DRAFT,
        [BROADCAST_PAUSE] = BROADCAST_PAUSED,
        [BROADCAST_RESUME] = BROADCAST_SCHEDULED,
        [BROADCAST_CANCEL] = BROADCAST_CANCELLED,
        [BROADCAST_RECALL] = BROADCAST_CANCELLED,
        [BROADCAST_RETRY] = BROADCAST_SENDING,
        [BROADCAST_RETRY_UNKNOWN] = BROADCAST_SENDING,
        [BROADCAST_FIRE] = BROADCAST_SENDING,
    };
    if (move == BROADCAST_RESUME && broadcast->fired_ms != 0)
        return BROADCAST_SENDING;
    return after[move];
}

void broadcasts_move(struct bot *bot, struct arena *arena, struct txn *txn,
                     const struct broadcast *broadcast,
                     const struct broadcast_order *order, broadcasts_done *done,
                     void *data) {
    struct broadcast *after = arena_alloc(arena, sizeof(*after));
    struct broadcast_moved moved = {.after = after};
    *after = *broadcast;
    if (!broadcast_can(broadcast->state, order->move)) {
        moved.code = "state";
        done(data, ERR_STATE, &moved);
        return;
    }
    after->state = state_after(broadcast, order->move);
    after->updated_ms = clock_wall_ms(bot->clock);
    broadcast_put(txn, after);
    txn_audit(
        txn, order->actor,
        arena_printf(arena, "broadcast-%s", broadcast_move_name(order->move)),
        broadcast->id, "");
    done(data, OK, &moved);
}

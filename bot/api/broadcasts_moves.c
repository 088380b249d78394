#include "base/arena.h"
#include "bot/api/api_parts.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/api/order.h"
#include "bot/bot.h"
#include "bot/broadcasts.h"
#include "store/txn.h"

#include <string.h>

#define WORD_BYTES 32
#define NOTE_CHARS 200

struct moving {
    struct api_call *call;
    const char *id;
    struct txn *txn;
    struct broadcast after;
};

static void on_committed(void *data, const struct txn_result *result) {
    struct moving *moving = data;
    struct api_call *call = moving->call;
    if (result->err == ERR_CONFLICT || result->err == ERR_STATE) {
        broadcast_show_current(call, moving->id, 409, "stale");
    } else if (result->err == ERR_NOT_FOUND) {
        api_invalid(call, "nothing", "move");
    } else if (result->err != OK) {
        api_fail(call, result->err);
    } else {
        broadcasts_happened(call->bot, &moving->after);
        moving->after.version++;
        broadcast_show(call, &moving->after, 200);
    }
}

static void refuse(struct moving *moving, enum err err,
                   const struct broadcast_moved *moved) {
    struct api_call *call = moving->call;
    const char *code = moved == NULL ? NULL : moved->code;
    switch (err) {
    case ERR_STATE:
        broadcast_show_current(call, moving->id, 409, "state");
        break;
    case ERR_CONFLICT:
        broadcast_show_current(call, moving->id, 409, "stale");
        break;
    case ERR_DENIED:
        api_problem(call, 403, code == NULL ? "denied" : code, NULL, NULL);
        break;
    case ERR_INVALID:
    case ERR_NOT_FOUND:
        api_invalid(call, code == NULL ? "invalid" : code,
                    moved == NULL ? NULL : moved->field);
        break;
    default:
        api_fail(call, err);
    }
}

static void on_moved(void *data, enum err err,
                     const struct broadcast_moved *moved) {
    struct moving *moving = data;
    if (err != OK) {
        txn_free(moving->txn);
        refuse(moving, err, moved);
        return;
    }
    moving->after = *moved->after;
    api_happens(moving->call, moving->txn);
    txn_commit(moving->txn, on_committed, moving);
}

static bool read_order(struct api_call *call, struct broadcast_order *order,
                       int64_t *version) {
    const char *word;
    if (!api_string(call, "move", WORD_BYTES, true, &word) ||
        !order_text(call, "note", NOTE_CHARS, false, &order->note) ||
        !api_integer(call, "version", 1, INT64_MAX, 0, version))
        return false;
    order->move = broadcast_move_of(word);
    order->actor = call->caller.actor;
    if (order->move == BROADCAST_MOVES || order->move == BROADCAST_FIRE)
        api_invalid(call, "no_such_move", "move");
    else if (*version == 0)
        api_invalid(call, "required", "version");
    else
        return true;
    return false;
}

static bool may_move(const struct api_call *call,
                     const struct broadcast *broadcast,
                     enum broadcast_move move) {
    bool judges = move == BROADCAST_APPROVE || move == BROADCAST_RETURN;
    return broadcast_covered(call, broadcast,
                             judges ? PERM_APPROVE : PERM_BROADCASTS);
}

static void move_found(struct api_call *call,
                       const struct broadcast *broadcast) {
    struct moving *moving = arena_alloc(&call->arena, sizeof(*moving));
    struct broadcast_order *order = arena_alloc(&call->arena, sizeof(*order));
    int64_t version;
    if (!read_order(call, order, &version))
        return;
    if (!may_move(call, broadcast, order->move)) {
        api_problem(call, 403, "permission", NULL, NULL);
        return;
    }
    if (version != broadcast->version) {
        broadcast_show_current(call, broadcast->id, 409, "stale");
        return;
    }
    *moving = (struct moving){
        .call = call, .id = broadcast->id, .txn = txn_new(call->bot->store)};
    broadcasts_move(call->bot, &call->arena, moving->txn, broadcast, order,
                    on_moved, moving);
}

void broadcasts_post_move(struct api_call *call) {
    broadcast_with(call, move_found);
}

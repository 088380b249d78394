#include "bot/api/moves.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/order.h"
#include "bot/api/ticket_read.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/work.h"

#include <string.h>

/* ---- one move ------------------------------------------------------------
 */

struct moving {
    struct api_call *call;
    struct order_read read;
    int64_t version;
    const struct ticket *ticket;
};

static void on_moved(struct work *work, enum err err) {
    struct moving *moving = work->data;
    struct api_call *call = moving->call;

    work_free(work);
    if (err == OK)
        board_poke(call->bot->board);
    if (err == OK)
        ticket_page_answer(call, moving->ticket->id, PAGE_CHANGED);
    else if (err == ERR_CONFLICT)
        ticket_page_answer(call, moving->ticket->id, PAGE_STALE);
    else if (err == ERR_LIMIT)
        api_invalid(call, order_refusal(err, &moving->read.order), NULL);
    else
        api_fail(call, err);
}

static void move(struct moving *moving) {
    struct api_call *call = moving->call;
    struct order *order = &moving->read.order;

    if (moving->ticket->version != moving->version) {
        ticket_page_answer(call, moving->ticket->id, PAGE_STALE);
        return;
    }
    struct work *work = work_new(call->bot);
    struct desk desk = desk_of_work(work);
    struct ticket *after = arena_alloc(&work->arena, sizeof(*after));
    enum err err = desk_move(&desk, moving->ticket, order, after);
    if (err == OK) {
        api_happens(call, work->txn);
        work_commit(work, on_moved, moving);
        return;
    }
    work_free(work);
    api_invalid(call, order_refusal(err, order), NULL);
}

static void on_into(void *data, enum err err, const struct ticket *ticket) {
    struct moving *moving = data;
    struct api_call *call = moving->call;

    if (err == OK && !ticket_covered(call, PERM_TICKETS_MOVE, ticket))
        err = ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        api_invalid(call, "no_such_ticket", "into");
    } else if (err != OK) {
        api_fail(call, err);
    } else {
        struct ticket *into = arena_alloc(&call->arena, sizeof(*into));
        *into = *ticket;
        moving->read.order.into = into;
        move(moving);
    }
}

static void on_ticket(struct api_call *call, const struct ticket *ticket) {
    struct moving *moving = call->data;

    moving->ticket = ticket;
    if (moving->read.into == NULL)
        move(moving);
    else
        ticket_get(call->bot->store, &call->arena, moving->read.into, on_into,
                   moving);
}

static void post_move(struct api_call *call) {
    struct moving *moving = arena_alloc(&call->arena, sizeof(*moving));

    moving->call = call;
    call->data = moving;
    if (!api_integer(call, "version", 1, INT64_MAX, 0, &moving->version))
        return;
    if (moving->version == 0) {
        api_invalid(call, "required", "version");
        return;
    }
    if (!order_read(call, &moving->read))
        return;
    ticket_fetch(call, call->args[0], PERM_TICKETS_MOVE, on_ticket);
}

/* ---- the routes ----------------------------------------------------------
 */

static const struct api_route routes[] = {
    {"POST", "/tickets/{id}/moves", PERM_TICKETS_MOVE, post_move, 0, false},
    {"POST", "/tickets/{id}/notes", PERM_TICKETS_MOVE, notes_post, 0, false},
    {"POST", "/tickets/{id}/unmask", PERM_UNMASK, unmask_post, 0, false},
    {"POST", "/moves", PERM_TICKETS_BULK, bulk_post, 0, false},
};

void moves_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

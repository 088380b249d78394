/* One move with many tickets: each is a transaction of its own, one after the
 * other. */
#include "base/arena.h"
#include "bot/api/moves.h"
#include "bot/api/order.h"
#include "bot/api/ticket_read.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/work.h"

#include <string.h>

struct one {
    const char *id;
    int64_t version;
};

struct bulk {
    struct api_call *call;
    struct order_read read;
    struct one *tickets;
    size_t n, at;
    const struct ticket *into; /* of the ticket at work, or NULL */
    struct ticket ticket;
    int64_t after; /* its version then */
    json_t *results;
};

static void next(struct bulk *bulk);

/* The result of the ticket at work. */
static void add_result(struct bulk *bulk, const char *code) {
    json_t *json = json_object();
    const struct one *one = &bulk->tickets[bulk->at++];

    json_object_set_new(json, "id", json_string(one->id));
    json_object_set_new(json, "ok", json_boolean(code == NULL));
    if (code == NULL)
        json_object_set_new(json, "version", json_integer(bulk->after));
    else
        json_object_set_new(json, "code", json_string(code));
    json_array_append_new(bulk->results, json);
}

static const char *code_of(const struct bulk *bulk, enum err err) {
    switch (err) {
    case OK:
        return NULL;
    case ERR_CONFLICT:
        return "stale";
    case ERR_NOT_FOUND:
        return "not_found";
    case ERR_AWAY:
    case ERR_TIMEOUT:
    case ERR_IO:
        return "unavailable";
    default:
        return order_refusal(err, &bulk->read.order);
    }
}

static void on_moved(struct work *work, enum err err) {
    struct bulk *bulk = work->data;

    work_free(work);
    add_result(bulk, code_of(bulk, err));
    next(bulk);
}

static void move(struct bulk *bulk) {
    struct work *work = work_new(bulk->call->bot);
    struct desk desk = desk_of_work(work);
    struct ticket *after = arena_alloc(&work->arena, sizeof(*after));
    enum err err = desk_move(&desk, &bulk->ticket, &bulk->read.order, after);

    if (err == OK) {
        bulk->after = after->version;
        work_commit(work, on_moved, bulk);
        return;
    }
    work_free(work);
    add_result(bulk, code_of(bulk, err));
    next(bulk);
}

static void on_into(void *data, enum err err, const struct ticket *ticket) {
    struct bulk *bulk = data;

    if (err == OK && !ticket_covered(bulk->call, PERM_TICKETS_BULK, ticket))
        err = ERR_NOT_FOUND;
    if (err != OK) {
        add_result(bulk, err == ERR_NOT_FOUND ? "no_such_ticket"
                                              : code_of(bulk, err));
        next(bulk);
        return;
    }
    bulk->read.order.into = ticket;
    move(bulk);
}

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct bulk *bulk = data;
    struct api_call *call = bulk->call;
    const struct one *one = &bulk->tickets[bulk->at];

    if (err == OK && !ticket_covered(call, PERM_TICKETS_BULK, ticket))
        err = ERR_NOT_FOUND;
    if (err == OK && ticket->version != one->version)
        err = ERR_CONFLICT;
    if (err != OK) {
        add_result(bulk, code_of(bulk, err));
        next(bulk);
        return;
    }
    bulk->ticket = *ticket;
    /* The ticket that stays changes with each that joins it. */
    if (bulk->read.into != NULL)
        ticket_get(call->bot->store, &call->arena, bulk->read.into, on_into,
                   bulk);
    else
        move(bulk);
}

static void next(struct bulk *bulk) {
    struct api_call *call = bulk->call;

    while (bulk->at < bulk->n &&
           !ticket_id_valid(&call->arena, bulk->tickets[bulk->at].id))
        add_result(bulk, "not_found");
    if (bulk->at < bulk->n) {
        ticket_get(call->bot->store, &call->arena, bulk->tickets[bulk->at].id,
                   on_ticket, bulk);
        return;
    }
    board_poke(call->bot->board);
    api_answer(call, json_pack("{so}", "results", bulk->results), 0);
}

static bool read_tickets(struct api_call *call, struct bulk *bulk) {
    const json_t *tickets = json_object_get(call->json, "tickets");

    bulk->n = json_array_size(tickets);
    if (bulk->n == 0 || bulk->n > BULK_MAX) {
        api_invalid(call, bulk->n == 0 ? "required" : "too_many", "tickets");
        return false;
    }
    bulk->tickets = arena_alloc(&call->arena, bulk->n * sizeof(struct one));
    for (size_t i = 0; i < bulk->n; i++) {
        const json_t *json = json_array_get(tickets, i);
        const json_t *version = json_object_get(json, "version");
        bulk->tickets[i].id = json_string_value(json_object_get(json, "id"));
        bulk->tickets[i].version = json_integer_value(version);
        if (bulk->tickets[i].id == NULL || !json_is_integer(version)) {
            api_invalid(call, "invalid", "tickets");
            return false;
        }
    }
    return true;
}

void bulk_post(struct api_call *call) {
    struct bulk *bulk = arena_alloc(&call->arena, sizeof(*bulk));

    bulk->call = call;
    if (!order_read(call, &bulk->read) || !read_tickets(call, bulk))
        return;
    bulk->results = json_array();
    next(bulk);
}

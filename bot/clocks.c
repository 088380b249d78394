#define LOG_MODULE "clocks"
#include "bot/clocks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/loop.h"
#include "bot/work.h"
#include "store/store.h"
#include "store/ticket.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 1000
#define BATCH 100 /* tickets moved at a time; none twice, none is forgotten */

static struct metric m_rung = METRIC_COUNTER("xiaofeng_clocks_rung_total",
                                             "Clocks of tickets that rang.");
static struct metric m_again = METRIC_COUNTER(
    "xiaofeng_clocks_again_total",
    "Clocks to be looked at again: the ticket changed or the store was away.");

/* One look: the tickets that are due, each moved by a transaction of its own.
 * The next begins when all of them are answered. */
struct look {
    struct clocks *clocks; /* NULL: they were freed meanwhile */
    struct arena arena;
    size_t left;  /* transactions under way */
    size_t moved; /* that happened */
    bool full;    /* there may be more */
};

struct clocks {
    struct bot *bot;
    uv_timer_t timer;
    struct look *look; /* under way, or NULL */
};

static void look_end(struct look *look) {
    struct clocks *clocks = look->clocks;
    bool more = look->full && look->moved > 0;
    arena_finish(&look->arena);
    free(look);
    if (clocks == NULL)
        return;
    clocks->look = NULL;
    if (more)
        clocks_look(clocks);
}

static void on_moved(struct work *work, enum err err) {
    struct look *look = work->data;
    if (err == OK) {
        look->moved++;
        metric_add(&m_rung, 1);
    } else {
        metric_add(&m_again, 1);
        if (err != ERR_CONFLICT && err != ERR_AWAY && err != ERR_TIMEOUT)
            LOG_WARN("a clock has rung in vain: %s", err_str(err));
    }
    work_free(work);
    if (--look->left == 0)
        look_end(look);
}

/* The move that a ring stands for. */
static enum ticket_move move_of(enum ticket_due due) {
    static const enum ticket_move moves[DUE_KINDS] = {
        [DUE_NOTHING] = MOVES,    [DUE_ACKNOWLEDGE] = MOVE_WARN,
        [DUE_WARN] = MOVE_WARN,   [DUE_RESOLVE] = MOVE_ESCALATE,
        [DUE_NUDGE] = MOVE_NUDGE, [DUE_REST] = MOVE_REST,
    };
    return moves[due];
}

/* Adds what a ticket's ring means; a ticket at the top stays and is overdue. */
static enum err order(const struct desk *desk, const struct ticket *ticket) {
    struct ticket after;
    struct order order = {.move = move_of(ticket->due), .by = MOVER_SYSTEM};
    if (order.move == MOVES)
        return ERR_STATE;
    enum err err = desk_move(desk, ticket, &order, &after);
    if (err != ERR_LIMIT || order.move != MOVE_ESCALATE)
        return err;
    order.move = MOVE_OVERDUE;
    return desk_move(desk, ticket, &order, &after);
}

/* One that is in the list of clocks and cannot ring: it would be found again
 * for ever. */
static void forget(const struct desk *desk, const struct ticket *ticket) {
    struct ticket before = *ticket, after = *ticket;
    LOG_ERR("%s: a clock that means nothing in its state", ticket->id);
    before.due_ms = desk->now_ms; /* whatever it was: it is taken out */
    after.due = DUE_NOTHING;
    after.due_ms = 0;
    ticket_change(desk->txn, &before, &after, NULL);
}

static void ring(struct look *look, const struct ticket *ticket) {
    struct work *work = work_new(look->clocks->bot);
    struct desk desk = desk_of_work(work);
    if (ticket->due_ms > desk.now_ms) {
        work_free(work); /* changed between the list and its reading */
        return;
    }
    if (order(&desk, ticket) != OK)
        forget(&desk, ticket);
    look->left++;
    work_commit(work, on_moved, look);
}

static void on_due(void *data, enum err err, const struct ticket *tickets,
                   size_t n, int64_t total) {
    struct look *look = data;
    (void)total;
    look->full = n == BATCH;
    look->left = 1; /* ours, until all are on their way */
    for (size_t i = 0; err == OK && look->clocks != NULL && i < n; i++)
        ring(look, &tickets[i]);
    if (--look->left == 0)
        look_end(look);
}

void clocks_look(struct clocks *clocks) {
    struct bot *bot = clocks->bot;
    if (clocks->look != NULL || bot->stopping || !store_is_up(bot->store))
        return;
    struct look *look = xcalloc(1, sizeof(*look));
    look->clocks = clocks;
    arena_init(&look->arena);
    clocks->look = look;
    ticket_list_due(bot->store, &look->arena, clock_wall_ms(bot->clock), BATCH,
                    on_due, look);
}

static void on_timer(uv_timer_t *timer) {
    clocks_look(timer->data);
}

struct clocks *clocks_new(struct bot *bot) {
    struct clocks *clocks = xcalloc(1, sizeof(*clocks));
    clocks->bot = bot;
    uv_timer_init(&bot->loop->uv, &clocks->timer);
    clocks->timer.data = clocks;
    uv_timer_start(&clocks->timer, on_timer, LOOK_MS, LOOK_MS);
    return clocks;
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void clocks_free(struct clocks *clocks) {
    if (clocks == NULL)
        return;
    if (clocks->look != NULL)
        clocks->look->clocks = NULL;
    uv_close((uv_handle_t *)&clocks->timer, on_closed);
}

#define LOG_MODULE "board"
#include "bot/board.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/board_internal.h"
#include "bot/bot.h"
#include "bot/loop.h"
#include "store/audit.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define LOOK_MS 100
#define FOLLOW_MAX 500 /* audit entries a step */

static struct metric cards_held =
    METRIC_GAUGE("xiaofeng_board_tickets", "Tickets of the board in memory.");
static struct metric cards_read =
    METRIC_COUNTER("xiaofeng_board_reads_total", "Tickets read for the board.");

/* A bounded piece of loading or following; it outlives a board that goes. */
struct board_step {
    struct board *board; /* NULL: it is gone */
    struct arena arena;
    struct ticket_scan scan;
    size_t waiting; /* tickets that are being read */
    bool more;      /* the next step is due at once */
    bool failed;
};

static void go_on(struct board *board);

/* ---- a ticket ------------------------------------------------------------
 */

static void tell(struct board *board, const struct card *card,
                 const struct board_scope *before) {
    struct board_listener *listener, *next;

    DL_FOREACH_SAFE(board->listeners, listener, next) {
        listener->changed(listener->data, card, before);
    }
}

void board_take(struct board *board, const struct ticket *ticket) {
    struct card card;

    if (!board_id_valid(ticket->id))
        return;
    board_card(&card, ticket);
    struct card *old = board_card_find(&board->cards, ticket->id);
    if (old != NULL && old->version == card.version)
        return;
    struct board_scope before;
    if (old != NULL)
        before = (struct board_scope){old->unit, old->community, old->category};
    struct card *kept = old != NULL ? old : board_card_add(&board->cards);
    if (board_card_set(&board->cards, kept, &card))
        board_text_set(board, kept);
    metric_set(&cards_held, board->cards.n);
    /* Until it is whole there is nothing that could have changed. */
    if (board->ready)
        tell(board, kept, old != NULL ? &before : NULL);
}

/* ---- steps ---------------------------------------------------------------
 */

static struct board_step *step_new(struct board *board) {
    struct board_step *step = xcalloc(1, sizeof(*step));

    step->board = board;
    arena_init(&step->arena);
    board->step = step;
    return step;
}

static void make_ready(struct board *board) {
    struct board_waiter *waiter;

    if (!board->ready)
        LOG_INFO("%u tickets are on the board", board->cards.n);
    board->ready = true;
    while ((waiter = board->waiters) != NULL) {
        LL_DELETE(board->waiters, waiter);
        board->n_waiters--;
        waiter->ready(waiter->data);
        free(waiter);
    }
}

/* One that failed is tried again by the timer. */
static void step_end(struct board_step *step) {
    struct board *board = step->board;
    bool more = step->more && !step->failed;

    arena_finish(&step->arena);
    free(step);
    if (board == NULL)
        return;
    board->step = NULL;
    more |= board->poked;
    board->poked = false;
    if (more)
        go_on(board);
}

/* ---- loading: every ticket there is --------------------------------------
 */

static void on_scanned(void *data, enum err err, const struct ticket *tickets,
                       size_t n, int64_t total) {
    struct board_step *step = data;
    struct board *board = step->board;

    (void)total;
    step->failed = err != OK;
    step->more = true;
    if (board != NULL && err == OK) {
        for (size_t i = 0; i < n; i++)
            board_take(board, &tickets[i]);
        metric_add(&cards_read, (int64_t)n);
        board->scan = step->scan;
        board->loaded = step->scan.over;
    } else if (board != NULL) {
        /* A Redis that was started again goes through them in another order. */
        board->scan = (struct ticket_scan){0};
    }
    step_end(step);
}

static void scan(struct board *board) {
    struct board_step *step = step_new(board);

    step->scan = board->scan;
    ticket_scan(board->bot->store, &step->arena, &step->scan, on_scanned, step);
}

/* ---- following: what the audit log names ---------------------------------
 */

/* Where the log ended before the first ticket was read: nothing is missed. */
static void on_last(void *data, enum err err, const char *id) {
    struct board_step *step = data;
    struct board *board = step->board;

    step->failed = err != OK;
    step->more = true;
    if (board != NULL && err == OK) {
        snprintf(board->after, sizeof(board->after), "%s", id);
        board->began = true;
    }
    step_end(step);
}

/* Once all tickets that a page names are read; it is read again if not. */
static void page_end(struct board_step *step, const char *last) {
    struct board *board = step->board;

    if (board != NULL && !step->failed) {
        if (last != NULL)
            snprintf(board->after, sizeof(board->after), "%s", last);
        if (!step->more)
            make_ready(board);
    }
    step_end(step);
}

struct page_read {
    struct board_step *step;
    const char *last; /* entry of the page */
};

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct page_read *page = data;
    struct board_step *step = page->step;

    if (err == OK && step->board != NULL)
        board_take(step->board, ticket);
    else if (err != ERR_NOT_FOUND)
        step->failed |= err != OK;
    metric_add(&cards_read, 1);
    if (--step->waiting == 0)
        page_end(step, page->last);
}

static bool changes_ticket(const struct audit_entry *entry) {
    return board_id_valid(entry->subject) &&
           strcmp(entry->action, "ticket-view") != 0 &&
           strcmp(entry->action, "ticket-unmask") != 0;
}

/* A later entry of the page names it again: it is read once, then. */
static bool named_later(const struct audit_entry *entries, size_t n, size_t i) {
    size_t end = n - i < 50 ? n : i + 50;

    for (size_t later = i + 1; later < end; later++)
        if (strcmp(entries[later].subject, entries[i].subject) == 0 &&
            changes_ticket(&entries[later]))
            return true;
    return false;
}

static void on_page(void *data, enum err err, const struct audit_entry *entries,
                    size_t n) {
    struct board_step *step = data;
    struct board *board = step->board;

    step->failed = err != OK;
    step->more = n == FOLLOW_MAX;
    if (board == NULL || err != OK || n == 0) {
        page_end(step, NULL);
        return;
    }
    struct page_read *page = arena_alloc(&step->arena, sizeof(*page));
    *page = (struct page_read){step, entries[n - 1].id};
    step->waiting = 1;
    for (size_t i = 0; i < n; i++) {
        if (!changes_ticket(&entries[i]) || named_later(entries, n, i))
            continue;
        step->waiting++;
        ticket_get(board->bot->store, &step->arena,
                   arena_strdup(&step->arena, entries[i].subject), on_ticket,
                   page);
    }
    if (--step->waiting == 0)
        page_end(step, page->last);
}

/* ---- what comes next -----------------------------------------------------
 */

static void go_on(struct board *board) {
    if (!board->wanted)
        return;
    if (!store_is_up(board->bot->store)) {
        board->scan = (struct ticket_scan){0};
        return;
    }
    if (board->step != NULL) {
        board->poked = true;
        return;
    }
    if (!board->began) {
        audit_last(board->bot->store, on_last, step_new(board));
    } else if (!board->loaded) {
        scan(board);
    } else {
        struct board_step *step = step_new(board);
        audit_follow(board->bot->store, &step->arena, board->after, FOLLOW_MAX,
                     on_page, step);
    }
}

static void on_look(uv_timer_t *timer) {
    struct board *board = timer->data;

    if (board->step == NULL)
        go_on(board);
}

/* ---- the public side -----------------------------------------------------
 */

struct board *board_new(struct bot *bot) {
    struct board *board = xcalloc(1, sizeof(*board));

    board->bot = bot;
    return board;
}

static void on_timer_closed(uv_handle_t *handle) {
    free(handle);
}

void board_free(struct board *board) {
    struct board_waiter *waiter, *next;

    if (board == NULL)
        return;
    if (board->step != NULL)
        board->step->board = NULL;
    if (board->timer != NULL)
        uv_close((uv_handle_t *)board->timer, on_timer_closed);
    LL_FOREACH_SAFE(board->waiters, waiter, next) {
        free(waiter);
    }
    metric_set(&cards_held, 0);
    board_texts_finish(&board->texts);
    board_cards_finish(&board->cards);
    free(board);
}

static void begin(struct board *board) {
    board->wanted = true;
    board->timer = xcalloc(1, sizeof(*board->timer));
    board->timer->data = board;
    uv_timer_init(&board->bot->loop->uv, board->timer);
    uv_timer_start(board->timer, on_look, 0, LOOK_MS);
    uv_unref((uv_handle_t *)board->timer);
}

enum err board_want(struct board *board, void (*ready)(void *data),
                    void *data) {
    if (!board->wanted)
        begin(board);
    if (ready == NULL)
        return OK;
    if (board->ready) {
        ready(data);
        return OK;
    }
    if (board->n_waiters == BOARD_WAITERS_MAX)
        return ERR_LIMIT;
    struct board_waiter *waiter = xcalloc(1, sizeof(*waiter));
    *waiter = (struct board_waiter){.ready = ready, .data = data};
    LL_APPEND(board->waiters, waiter);
    board->n_waiters++;
    return OK;
}

bool board_ready(const struct board *board) {
    return board->ready;
}

double board_progress(const struct board *board) {
    /* Open ones, ended ones and erased ones are the parts of a scan. */
    return board->ready ? 1 : board->loaded ? 0.99 : board->scan.part / 3.0;
}

void board_poke(struct board *board) {
    go_on(board);
}

const struct card *board_find(const struct board *board, const char *id) {
    return board_card_find(&board->cards, id);
}

const struct card *board_at(const struct board *board, uint32_t slot) {
    return board_slot(&board->cards, slot);
}

void board_listen(struct board *board, struct board_listener *listener) {
    DL_APPEND(board->listeners, listener);
}

void board_unlisten(struct board *board, struct board_listener *listener) {
    DL_DELETE(board->listeners, listener);
}

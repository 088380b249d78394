/* Tells consoles of tickets that changed. */
#include "base/arena.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/api/live_internal.h"
#include "bot/api/ticket_json.h"
#include "bot/bot.h"
#include "bot/ws.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define TELL_MS 10 /* what changes together is told together */
#define ROOM_BYTES (LIVE_QUEUE_BYTES / 4) /* a slow console has caught up */
#define CATCH_UP_MAX 100                  /* cards at once */

static struct metric told =
    METRIC_COUNTER("xiaofeng_live_told_total", "Changes told to consoles.");
static struct metric put_off =
    METRIC_COUNTER("xiaofeng_live_put_off_total",
                   "Changes that waited for a console that reads slowly.");

/* ---- what there is to tell -----------------------------------------------
 */

static void on_tell(uv_timer_t *timer) {
    live_tell(timer->data);
}

void live_changed(void *data, const struct card *card,
                  const struct board_scope *before) {
    struct live *live = data;
    struct live_change *change;

    if (live->consoles == NULL)
        return;
    HASH_FIND_PTR(live->changes, &card, change);
    if (change != NULL)
        return; /* what it was before stays as it was first */
    change = xcalloc(1, sizeof(*change));
    change->card = card;
    change->is_new = before == NULL;
    if (before != NULL)
        change->before = *before;
    HASH_ADD_PTR(live->changes, card, change);
    if (!uv_is_active((uv_handle_t *)live->tell))
        uv_timer_start(live->tell, on_tell, TELL_MS, 0);
}

void live_forget_changes(struct live *live) {
    struct live_change *change, *next;

    HASH_ITER(hh, live->changes, change, next) {
        HASH_DEL(live->changes, change);
        free(change);
    }
}

/* ---- in which words ------------------------------------------------------
 */

/* A message, made when the first console needs it. */
struct message {
    char *text;
    size_t len;
};

static void make(struct message *message, json_t *json) {
    message->text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));
    message->len = message->text != NULL ? strlen(message->text) : 0;
    json_decref(json);
}

static void make_ticket(struct message *message, const struct card *card) {
    struct arena arena;

    arena_init(&arena);
    make(message, json_pack("{ss so}", "type", "ticket", "ticket",
                            ticket_item(&arena, card)));
    arena_finish(&arena);
}

static void make_gone(struct message *message, const struct card *card) {
    make(message, json_pack("{ss ss}", "type", "gone", "id", card->id));
}

static struct board_scope scope_of_card(const struct card *card) {
    return (struct board_scope){card->unit, card->community, card->category};
}

static bool sees(const struct console *console, const struct card *card) {
    struct board_scope now = scope_of_card(card);

    return card->state != TICKET_ERASED && live_covers(console, &now);
}

/* ---- to whom -------------------------------------------------------------
 */

/* Remembers that a card is to be sent, for a console that reads slowly. */
static void put_by(struct console *console, const struct card *card) {
    if (console->pending == NULL || card->slot >= console->n_pending) {
        uint32_t n = (card->slot / 4096 + 1) * 4096;
        console->pending = xrealloc(console->pending, n / 8);
        memset((char *)console->pending + console->n_pending / 8, 0,
               (n - console->n_pending) / 8);
        console->n_pending = n;
    }
    console->pending[card->slot / 64] |= 1ull << card->slot % 64;
    metric_add(&put_off, 1);
}

static void send_to(struct console *console, const struct card *card,
                    const struct message *message) {
    if (console->pending != NULL || ws_queued(console->ws) > LIVE_QUEUE_BYTES ||
        ws_send(console->ws, message->text, message->len) != OK)
        put_by(console, card);
    else
        metric_add(&told, 1);
}

static void tell_change(struct live *live, const struct live_change *change) {
    struct message ticket = {0}, gone = {0};
    struct console *console;

    DL_FOREACH(live->consoles, console) {
        if (!console->known)
            continue;
        if (sees(console, change->card)) {
            if (ticket.text == NULL)
                make_ticket(&ticket, change->card);
            send_to(console, change->card, &ticket);
        } else if (!change->is_new && live_covers(console, &change->before)) {
            if (gone.text == NULL)
                make_gone(&gone, change->card);
            send_to(console, change->card, &gone);
        }
    }
    free(ticket.text);
    free(gone.text);
}

void live_tell(struct live *live) {
    struct live_change *change, *next;

    HASH_ITER(hh, live->changes, change, next) {
        HASH_DEL(live->changes, change);
        tell_change(live, change);
        free(change);
    }
}

/* ---- those that were slow ------------------------------------------------
 */

static void send_pending(struct console *console, uint32_t slot) {
    const struct card *card = board_at(console->live->bot->board, slot);
    struct message message = {0};

    if (sees(console, card))
        make_ticket(&message, card);
    else
        make_gone(&message, card);
    if (ws_send(console->ws, message.text, message.len) == OK)
        console->pending[slot / 64] &= ~(1ull << slot % 64);
    free(message.text);
}

static void catch_up(struct console *console) {
    size_t n = 0;

    for (uint32_t i = 0; i < console->n_pending / 64; i++)
        while (console->pending[i] != 0) {
            if (n++ == CATCH_UP_MAX || ws_queued(console->ws) > ROOM_BYTES)
                return;
            uint32_t bit = (uint32_t)__builtin_ctzll(console->pending[i]);
            send_pending(console, i * 64 + bit);
        }
    free(console->pending);
    console->pending = NULL;
    console->n_pending = 0;
}

void live_catch_up(struct live *live) {
    struct console *console;

    DL_FOREACH(live->consoles, console) {
        if (console->pending != NULL)
            catch_up(console);
    }
}

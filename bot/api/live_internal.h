#pragma once

#include "base/arena.h"
#include "base/bucket.h"
#include "bot/api/access.h"
#include "bot/api/live.h"
#include "bot/board.h"

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>
#include <uv.h>

/*
 * What the files of live share: live.c (connections and sessions), live_tell.c
 * (tickets that changed) and live_look.c (who looks at what).
 */
#define LIVE_ID_SIZE 20 /* of a ticket */

struct live_check;

struct console {
    struct live *live; /* NULL: the daemon stops */
    struct ws *ws;
    char *secret; /* of the session */
    struct arena arena;
    struct caller caller; /* in arena; permissions 0 until it is known */
    bool known;
    int64_t check_ms;         /* when the session is looked at again */
    struct live_check *check; /* under way, or NULL */
    struct bucket looks;
    char at[LIVE_ID_SIZE]; /* the ticket it shows, or "" */
    uint64_t *pending;     /* a bit for each card to be sent; NULL: none is */
    uint32_t n_pending;    /* bits there is room for */
    struct console *prev, *next;
};

/* A card that changed since the last time consoles were told. */
struct live_change {
    const struct card *card;
    struct board_scope before; /* who might see it then */
    bool is_new;
    UT_hash_handle hh;
};

struct live {
    struct bot *bot;
    struct console *consoles;
    size_t n_consoles;
    bool waits; /* for the board */
    struct board_listener listener;
    struct live_change *changes; /* a uthash table, by card */
    uv_timer_t *tell;            /* soon after a change */
    uv_timer_t *tick;            /* sessions, slow consoles */
};

void live_send(struct console *console, json_t *json);
bool live_covers(const struct console *console,
                 const struct board_scope *scope);

/* ---- live_tell.c ---- */
void live_changed(void *data, const struct card *card,
                  const struct board_scope *before);
void live_tell(struct live *live);
/* Goes on with those that were slow. */
void live_catch_up(struct live *live);
void live_forget_changes(struct live *live);

/* ---- live_look.c ---- */
/* What a console says. */
void live_hear(struct console *console, const char *bytes, size_t len);
void live_leave(struct console *console);
/* It is known now whose console it is: others are told what it shows. */
void live_shown(struct console *console);

#pragma once

#include "base/err.h"
#include "store/ticket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;
struct bot;

/*
 * The board: every ticket of the district in memory, for lists, filters, search
 * and statistics. Nothing is read until board_want() is first called; then the
 * tickets are loaded in the background and kept up by following the audit log,
 * where every change of a ticket has an entry. It holds no rider, nick, account
 * or chat of anybody.
 */
struct card {
    const char *id;
    int64_t version;
    enum ticket_state state : 8;
    enum ticket_due due : 8; /* DUE_NOTHING, DUE_ACKNOWLEDGE or DUE_RESOLVE */
    bool report : 1, urgent : 1, overdue : 1, anonymous : 1, has_position : 1;
    uint8_t level, rating;
    uint16_t reopened, photos, followers;
    int64_t created_ms, updated_ms;
    int64_t due_ms;                /* when due is to be done; 0: nothing is */
    const char *assignee;          /* actor, or "" */
    uint32_t slot;                 /* its number on the board */
    uint32_t scope, chunk, record; /* private to the board */
    const char *category, *unit, *community; /* shared strings */
    const char *assignee_name;
    const char *text;  /* the rider's */
    const char *place; /* words, or "" */
    double lat, lon;   /* WGS-84 */
    int64_t answered_ms, closed_ms;
};

/* A card of a ticket that was read; it borrows the ticket's strings. */
void board_card(struct card *out, const struct ticket *ticket);

struct board *board_new(struct bot *bot);
void board_free(struct board *board); /* takes NULL */
/*
 * Begins to load; ready (or NULL) is called once it is whole, at once if it is.
 * Until then lists answer ERR_AWAY and progress is below 1. ERR_LIMIT, and
 * ready is not called, when too many wait. Nobody is called by board_free().
 */
enum err board_want(struct board *board, void (*ready)(void *data),
                    void *data) must_check;
bool board_ready(const struct board *board);
double board_progress(const struct board *board);
/* Looks for changes now; they are looked for every 100 ms anyway. */
void board_poke(struct board *board);

const struct card *board_find(const struct board *board, const char *id);
/* By card->slot, which stays the same. */
const struct card *board_at(const struct board *board, uint32_t slot);

/* Tells of every card that changed, after it has, once the board is whole.
 * before is who might see it until then, NULL for a new one; its strings live
 * as long as the board. */
struct board_scope {
    const char *unit, *community, *category;
};
struct board_listener {
    void (*changed)(void *data, const struct card *card,
                    const struct board_scope *before);
    void *data;
    struct board_listener *prev, *next;
};
void board_listen(struct board *board, struct board_listener *listener);
void board_unlisten(struct board *board, struct board_listener *listener);

/* What a list is made of; zero means any. */
struct board_filter {
    unsigned states; /* 1 << enum ticket_state; 0: all but erased ones */
#define BOARD_NO_STATE (1u << 31) /* nothing fits */
    char kind;                    /* 'S', 'P' or 0 */
    const char *unit;             /* it, or one below it */
    const char *community, *category;
    const char *assignee; /* actor, name of a user or as shown; "none" */
    int level;
    int urgent;                 /* 1: only those, -1: only others */
    int overdue;                /* 1: only those */
    const char *search;         /* words, folded by the board; or a number */
    int64_t since_ms, until_ms; /* created */
    /* Whether the caller may see a card. Asked once for all cards of the same
     * unit, community and category. */
    bool (*covers)(void *data, const struct card *card);
    void *data;
};
enum board_sort { SORT_DUE, SORT_CREATED, SORT_UPDATED };

struct board_page {
    const struct card **cards; /* in the caller's arena */
    size_t n, total;
    bool more;
};
/*
 * One page of a list: at most limit cards behind after (the id of the last card
 * of the page before, with its sort value; NULL: the first).
 */
struct board_after {
    int64_t value;
    const char *id;
};
/* The value a card is sorted by; those that are not due come last. */
int64_t board_value(const struct card *card, enum board_sort sort,
                    bool descending);
enum err board_list(struct board *board, struct arena *arena,
                    const struct board_filter *filter, enum board_sort sort,
                    bool descending, const struct board_after *after,
                    size_t limit, struct board_page *out) must_check;
/* Calls each for every card that fits, in no order; for counts, exports and
 * statistics. */
enum err board_each(struct board *board, const struct board_filter *filter,
                    void (*each)(void *data, const struct card *card),
                    void *data) must_check;

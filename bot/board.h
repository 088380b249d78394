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
    enum ticket_state state;
    bool report, urgent, overdue, anonymous;
    int level, rating, reopened;
    const char *category, *unit, *community; /* shared strings */
    const char *assignee;                    /* actor, or "" */
    const char *assignee_name;
    const char *text;  /* the rider's */
    const char *place; /* words, or "" */
    bool has_position;
    double lat, lon; /* WGS-84 */
    unsigned photos, followers;
    int64_t created_ms, updated_ms, due_ms, answered_ms, closed_ms;
    enum ticket_due due;
    /* private to board.c */
    char *folded; /* text and place as they are searched */
    struct card *next_changed;
};

struct board *board_new(struct bot *bot);
void board_free(struct board *board); /* takes NULL */
/* Begins to load; ready is called once it is whole, at once if it is. Until
 * then lists answer ERR_AWAY and progress is below 1. */
void board_want(struct board *board, void (*ready)(void *data), void *data);
bool board_ready(const struct board *board);
double board_progress(const struct board *board);
/* Looks for changes now; they are looked for every 100 ms anyway. */
void board_poke(struct board *board);

const struct card *board_find(const struct board *board, const char *id);

/* Tells of every card that changed, after it has. */
struct board_listener {
    void (*changed)(void *data, const struct card *card);
    void *data;
    struct board_listener *prev, *next;
};
void board_listen(struct board *board, struct board_listener *listener);
void board_unlisten(struct board *board, struct board_listener *listener);

/* What a list is made of; zero means any. */
struct board_filter {
    unsigned states;  /* 1 << enum ticket_state */
    char kind;        /* 'S', 'P' or 0 */
    const char *unit; /* it, or one below it */
    const char *community, *category;
    const char *assignee; /* actor; "none": nobody */
    int level;
    int urgent, overdue;        /* 1: only those */
    const char *search;         /* words, folded by the board; or a number */
    int64_t since_ms, until_ms; /* created */
    /* Whether the caller may see a card. */
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
enum err board_list(struct board *board, struct arena *arena,
                    const struct board_filter *filter, enum board_sort sort,
                    bool descending, const struct board_after *after,
                    size_t limit, struct board_page *out) must_check;
/* Calls each for every card that fits; for counts, exports and statistics. */
enum err board_each(struct board *board, const struct board_filter *filter,
                    void (*each)(void *data, const struct card *card),
                    void *data) must_check;

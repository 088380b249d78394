#pragma once

#include "base/arena.h"
#include "bot/board.h"

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * What the files of the board share: board.c (loading and following),
 * board_cards.c (the cards and the strings they share), board_text.c (folded
 * texts and search) and board_list.c (filters and lists).
 */

/* ---- cards ---- */

#define BOARD_BLOCK 1024 /* cards; a block never moves */
#define BOARD_NO_SLOT UINT32_MAX

struct board_word; /* a string that many cards share */

/* Who may see a card depends on these three; there are few of them, and a list
 * asks for each of them once. */
struct board_scopes {
    struct board_scope_node *by_words; /* a uthash table */
    struct board_scope_node **by_number;
    uint32_t n;
};

struct board_cards {
    struct card **blocks;
    uint32_t n;
    uint32_t *table; /* slot + 1 by hash of the id; 0: free */
    uint32_t table_size;
    struct board_word *words;
    struct board_scopes scopes;
};

void board_cards_finish(struct board_cards *cards);
struct card *board_slot(const struct board_cards *cards, uint32_t slot);
/* NULL for what is no id of a ticket, too. */
struct card *board_card_find(const struct board_cards *cards, const char *id);
bool board_id_valid(const char *id);
/* A card for an id that is not there yet. */
struct card *board_card_add(struct board_cards *cards);
/* What a card has becomes what is in from; its strings are copied or shared.
 * Whether its texts are others than before. */
bool board_card_set(struct board_cards *cards, struct card *card,
                    const struct card *from);

/* ---- folded texts, kept together ---- */

struct board_texts {
    struct board_chunk *chunks;
    uint32_t n, tail; /* tail is being filled */
};

void board_texts_finish(struct board_texts *texts);
/* Replaces what is kept for a card by its text and place. */
void board_text_set(struct board *board, struct card *card);
/* Sets the bit of every slot whose text has all words of needle, folded. */
void board_text_search(const struct board *board, const char *needle,
                       uint64_t *bits);

/* ---- the board ---- */

struct board_waiter {
    void (*ready)(void *data);
    void *data;
    struct board_waiter *next;
};
#define BOARD_WAITERS_MAX 1000

struct board {
    struct bot *bot;
    struct board_cards cards;
    struct board_texts texts;
    struct board_listener *listeners;
    struct board_waiter *waiters;
    size_t n_waiters;

    /* Loading and following: one step at a time is under way. */
    bool wanted, loaded, ready;
    struct board_step *step; /* NULL: none is */
    uv_timer_t *timer;
    struct ticket_scan scan;
    char after[64]; /* the last audit entry that was seen */
    bool began;     /* after is known */
    bool poked;     /* look again as soon as the step is over */
};

/* A ticket as it is now: its card is made or changed. */
void board_take(struct board *board, const struct ticket *ticket);

/* Filters and lists: every card is looked at, in the order of memory, and only
 * as many are kept as a page has. */
#include "base/arena.h"
#include "base/fold.h"
#include "bot/board_internal.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "bot/policy.h"

#include <stdlib.h>
#include <string.h>

/* ---- which cards ---------------------------------------------------------
 */

#define USER "user:"

enum verdict { VERDICT_UNKNOWN, VERDICT_NO, VERDICT_YES };

struct sieve {
    const struct board *board;
    const struct board_filter *filter;
    unsigned states;
    uint8_t *verdicts; /* by scope */
    uint64_t *found;   /* by slot, of a search; or NULL */
};

static bool equals(const char *wanted, const char *value) {
    return wanted == NULL || wanted[0] == '\0' || strcmp(wanted, value) == 0;
}

/* What depends on unit, community and category only. */
static bool fits_scope(const struct sieve *sieve, const struct card *card) {
    const struct board_filter *filter = sieve->filter;

    if (!equals(filter->community, card->community) ||
        !equals(filter->category, card->category))
        return false;
    if (filter->unit != NULL && filter->unit[0] != '\0' &&
        !policy_covers(policies_get(sieve->board->bot->policies), filter->unit,
                       card->unit))
        return false;
    return filter->covers == NULL || filter->covers(filter->data, card);
}

static bool fits_person(const char *wanted, const struct card *card) {
    if (wanted == NULL || wanted[0] == '\0')
        return true;
    if (strcmp(wanted, "none") == 0)
        return card->assignee[0] == '\0';
    return strcmp(card->assignee, wanted) == 0 ||
           (strncmp(card->assignee, USER, strlen(USER)) == 0 &&
            strcmp(card->assignee + strlen(USER), wanted) == 0) ||
           (card->assignee_name[0] != '\0' &&
            strcmp(card->assignee_name, wanted) == 0);
}

static bool fits(struct sieve *sieve, const struct card *card) {
    const struct board_filter *filter = sieve->filter;

    if ((sieve->states & 1u << card->state) == 0 ||
        (filter->kind != 0 && (filter->kind == 'P') != card->report) ||
        (filter->level != 0 && filter->level != card->level) ||
        (filter->urgent != 0 && (filter->urgent > 0) != card->urgent) ||
        (filter->overdue == 1 && !card->overdue) ||
        card->created_ms < filter->since_ms ||
        (filter->until_ms > 0 && card->created_ms >= filter->until_ms))
        return false;
    if (sieve->found != NULL &&
        (sieve->found[card->slot / 64] >> card->slot % 64 & 1) == 0)
        return false;
    uint8_t *verdict = &sieve->verdicts[card->scope];
    if (*verdict == VERDICT_UNKNOWN)
        *verdict = fits_scope(sieve, card) ? VERDICT_YES : VERDICT_NO;
    return *verdict == VERDICT_YES && fits_person(filter->assignee, card);
}

static void find_id(const struct sieve *sieve, const char *id) {
    const struct card *card = id == NULL ? NULL : board_find(sieve->board, id);

    if (card != NULL)
        sieve->found[card->slot / 64] |= 1ull << card->slot % 64;
}

/* Texts with the words, and the ticket of that number. */
static void search(struct sieve *sieve, struct arena *arena) {
    const char *needle = sieve->filter->search;

    if (needle == NULL)
        return;
    needle = fold_string(arena, needle);
    if (needle[0] == '\0')
        return;
    size_t words = sieve->board->cards.n / 64 + 1;
    sieve->found = arena_alloc(arena, words * sizeof(*sieve->found));
    board_text_search(sieve->board, needle, sieve->found);
    find_id(sieve, ticket_parse_id(arena, needle, 'S'));
    find_id(sieve, ticket_parse_id(arena, needle, 'P'));
}

static void sieve_init(struct sieve *sieve, const struct board *board,
                       struct arena *arena, const struct board_filter *filter) {
    unsigned all = (1u << TICKET_STATES) - 1;

    *sieve = (struct sieve){
        .board = board,
        .filter = filter,
        .states =
            filter->states != 0 ? filter->states : all & ~(1u << TICKET_ERASED),
        .verdicts = arena_alloc(arena, board->cards.scopes.n + 1),
    };
    search(sieve, arena);
}

enum err board_each(struct board *board, const struct board_filter *filter,
                    void (*each)(void *data, const struct card *card),
                    void *data) {
    struct arena arena;
    struct sieve sieve;

    if (!board->ready)
        return ERR_AWAY;
    arena_init(&arena);
    sieve_init(&sieve, board, &arena, filter);
    for (uint32_t i = 0; i < board->cards.n; i++) {
        const struct card *card = board_slot(&board->cards, i);
        if (fits(&sieve, card))
            each(data, card);
    }
    arena_finish(&arena);
    return OK;
}

/* ---- in which order ------------------------------------------------------
 */

int64_t board_value(const struct card *card, enum board_sort sort,
                    bool descending) {
    if (sort == SORT_CREATED)
        return card->created_ms;
    if (sort == SORT_UPDATED)
        return card->updated_ms;
    if (card->due_ms > 0)
        return card->due_ms;
    if (card->overdue && ticket_is_open(card->state))
        return card->created_ms; /* its clocks have all rung */
    return descending ? INT64_MIN : INT64_MAX;
}

/* Cards of one moment are in the order of their numbers. */
static int compare_ids(const char *a, const char *b) {
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    int order = strcmp(a + 1, b + 1);
    return order != 0 ? order : a[0] - b[0];
}

struct ranked {
    int64_t value;
    const struct card *card;
};

/* The first of a list so far: a heap with the last of them on top. */
struct page {
    struct ranked *heap;
    size_t n, limit;
    bool descending;
};

static bool before(const struct page *page, int64_t a, const char *a_id,
                   int64_t b, const char *b_id) {
    if (a != b)
        return page->descending ? a > b : a < b;
    int order = compare_ids(a_id, b_id);
    return page->descending ? order > 0 : order < 0;
}

static bool heap_before(const struct page *page, size_t a, size_t b) {
    return before(page, page->heap[a].value, page->heap[a].card->id,
                  page->heap[b].value, page->heap[b].card->id);
}

static void swap(struct page *page, size_t a, size_t b) {
    struct ranked was = page->heap[a];
    page->heap[a] = page->heap[b];
    page->heap[b] = was;
}

static void sink(struct page *page, size_t at, size_t n) {
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && heap_before(page, child, child + 1))
            child++;
        if (!heap_before(page, at, child))
            return;
        swap(page, at, child);
    }
}

static void rise(struct page *page, size_t at) {
    for (; at > 0 && heap_before(page, (at - 1) / 2, at); at = (at - 1) / 2)
        swap(page, at, (at - 1) / 2);
}

static void offer(struct page *page, struct ranked card) {
    if (page->n < page->limit) {
        page->heap[page->n] = card;
        rise(page, page->n++);
    } else if (before(page, card.value, card.card->id, page->heap[0].value,
                      page->heap[0].card->id)) {
        page->heap[0] = card;
        sink(page, 0, page->n);
    }
}

/* The heap, its first first. */
static void sort_page(struct page *page) {
    for (size_t n = page->n; n > 1; n--) {
        swap(page, 0, n - 1);
        sink(page, 0, n - 1);
    }
}

enum err board_list(struct board *board, struct arena *arena,
                    const struct board_filter *filter, enum board_sort sort,
                    bool descending, const struct board_after *after,
                    size_t limit, struct board_page *out) {
    struct sieve sieve;

    if (!board->ready)
        return ERR_AWAY;
    sieve_init(&sieve, board, arena, filter);
    struct page page = {
        .heap = arena_alloc(arena, (limit + 1) * sizeof(*page.heap)),
        .limit = limit + 1, /* one more tells whether there are more */
        .descending = descending,
    };
    *out = (struct board_page){0};
    for (uint32_t i = 0; i < board->cards.n; i++) {
        const struct card *card = board_slot(&board->cards, i);
        if (!fits(&sieve, card))
            continue;
        out->total++;
        int64_t value = board_value(card, sort, descending);
        if (after == NULL ||
            before(&page, after->value, after->id, value, card->id))
            offer(&page, (struct ranked){value, card});
    }
    sort_page(&page);
    out->more = page.n > limit;
    out->n = out->more ? limit : page.n;
    out->cards = arena_alloc(arena, (out->n + 1) * sizeof(*out->cards));
    for (size_t i = 0; i < out->n; i++)
        out->cards[i] = page.heap[i].card;
    return OK;
}

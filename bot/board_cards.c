#include "base/mem.h"
#include "bot/board_internal.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define ID_DIGITS_MAX 15
#define TABLE_FIRST 4096

/* ---- strings that many cards share ---------------------------------------
 */

struct board_word {
    UT_hash_handle hh;
    char text[];
};

/* Categories, units and people of the district: they are few and stay. */
static const char *share(struct board_cards *cards, const char *text) {
    struct board_word *word;
    size_t len = strlen(text);

    HASH_FIND(hh, cards->words, text, len, word);
    if (word == NULL) {
        word = xcalloc(1, sizeof(*word) + len + 1);
        memcpy(word->text, text, len);
        HASH_ADD_KEYPTR(hh, cards->words, word->text, len, word);
    }
    return word->text;
}

struct board_scope_node {
    struct board_scope scope; /* the key: shared strings, so equal pointers */
    uint32_t number;
    UT_hash_handle hh;
};

static uint32_t scope_of(struct board_cards *cards,
                         const struct board_scope *scope) {
    struct board_scopes *scopes = &cards->scopes;
    struct board_scope_node *node;

    HASH_FIND(hh, scopes->by_words, scope, sizeof(*scope), node);
    if (node == NULL) {
        node = xcalloc(1, sizeof(*node));
        node->scope = *scope;
        node->number = scopes->n++;
        HASH_ADD(hh, scopes->by_words, scope, sizeof(*scope), node);
        scopes->by_number =
            xrealloc(scopes->by_number, scopes->n * sizeof(*scopes->by_number));
        scopes->by_number[node->number] = node;
    }
    return node->number;
}

/* ---- finding by id -------------------------------------------------------
 */

bool board_id_valid(const char *id) {
    if (id[0] != 'S' && id[0] != 'P')
        return false;
    size_t len = strspn(id + 1, "0123456789");
    return len > 0 && len <= ID_DIGITS_MAX && id[1 + len] == '\0';
}

static uint32_t hash_of(const char *id) {
    uint64_t number = strtoull(id + 1, NULL, 10) * 2 + (id[0] == 'P');
    return (uint32_t)(number * 0x9e3779b97f4a7c15ull >> 32);
}

/* Where id is in the table, or would be. */
static uint32_t place_of(const struct board_cards *cards, const char *id) {
    uint32_t mask = cards->table_size - 1;
    uint32_t at = hash_of(id) & mask;

    while (cards->table[at] != 0 &&
           strcmp(board_slot(cards, cards->table[at] - 1)->id, id) != 0)
        at = (at + 1) & mask;
    return at;
}

static void table_grow(struct board_cards *cards) {
    free(cards->table);
    cards->table_size =
        cards->table_size == 0 ? TABLE_FIRST : cards->table_size * 2;
    cards->table = xcalloc(cards->table_size, sizeof(*cards->table));
    for (uint32_t i = 0; i < cards->n; i++)
        cards->table[place_of(cards, board_slot(cards, i)->id)] = i + 1;
}

struct card *board_slot(const struct board_cards *cards, uint32_t slot) {
    return &cards->blocks[slot / BOARD_BLOCK][slot % BOARD_BLOCK];
}

struct card *board_card_find(const struct board_cards *cards, const char *id) {
    if (cards->n == 0 || !board_id_valid(id))
        return NULL;
    uint32_t found = cards->table[place_of(cards, id)];
    return found == 0 ? NULL : board_slot(cards, found - 1);
}

/* ---- cards ---------------------------------------------------------------
 */

struct card *board_card_add(struct board_cards *cards) {
    uint32_t slot = cards->n;

    if (slot % BOARD_BLOCK == 0) {
        size_t n_blocks = slot / BOARD_BLOCK + 1;
        cards->blocks =
            xrealloc(cards->blocks, n_blocks * sizeof(*cards->blocks));
        cards->blocks[n_blocks - 1] = xcalloc(BOARD_BLOCK, sizeof(struct card));
    }
    struct card *card = board_slot(cards, slot);
    card->slot = slot;
    card->chunk = BOARD_NO_SLOT;
    return card;
}

static char *put(char *at, const char *text, const char **out) {
    size_t size = strlen(text) + 1;

    memcpy(at, text, size);
    *out = at;
    return at + size;
}

/* One allocation has id, text and place. */
static void set_texts(struct card *card, const struct card *from) {
    const char *old = card->id;
    char *texts = xmalloc(strlen(from->id) + strlen(from->text) +
                          strlen(from->place) + 3);

    put(put(put(texts, from->id, &card->id), from->text, &card->text),
        from->place, &card->place);
    free((void *)(uintptr_t)old);
}

static void count_in(struct board_cards *cards, const struct card *card) {
    cards->n++;
    if (cards->n * 2 > cards->table_size)
        table_grow(cards);
    else
        cards->table[place_of(cards, card->id)] = card->slot + 1;
}

bool board_card_set(struct board_cards *cards, struct card *card,
                    const struct card *from) {
    struct card was = *card;
    bool same = was.id != NULL && strcmp(was.text, from->text) == 0 &&
                strcmp(was.place, from->place) == 0;

    *card = *from;
    card->slot = was.slot;
    card->chunk = was.chunk;
    card->record = was.record;
    card->id = was.id;
    card->text = was.text;
    card->place = was.place;
    if (!same)
        set_texts(card, from);
    card->category = share(cards, from->category);
    card->unit = share(cards, from->unit);
    card->community = share(cards, from->community);
    card->assignee = share(cards, from->assignee);
    card->assignee_name = share(cards, from->assignee_name);
    card->scope =
        scope_of(cards, &(struct board_scope){card->unit, card->community,
                                              card->category});
    if (was.id == NULL)
        count_in(cards, card);
    return !same;
}

void board_cards_finish(struct board_cards *cards) {
    struct board_scope_node *node, *next_node;
    struct board_word *word, *next_word;

    for (uint32_t i = 0; i < cards->n; i++)
        free((void *)(uintptr_t)board_slot(cards, i)->id);
    for (uint32_t i = 0; i * BOARD_BLOCK < cards->n; i++)
        free(cards->blocks[i]);
    free(cards->blocks);
    free(cards->table);
    HASH_ITER(hh, cards->scopes.by_words, node, next_node) {
        HASH_DEL(cards->scopes.by_words, node);
        free(node);
    }
    free(cards->scopes.by_number);
    HASH_ITER(hh, cards->words, word, next_word) {
        HASH_DEL(cards->words, word);
        free(word);
    }
}

/* ---- from a ticket -------------------------------------------------------
 */

/* Ids joined by ','. */
static uint16_t count_ids(const char *ids) {
    uint16_t n = ids[0] != '\0';

    for (; *ids != '\0'; ids++)
        n = (uint16_t)(n + (*ids == ','));
    return n;
}

static uint16_t count_followers(const char *packed) {
    uint16_t n = 0;

    for (; *packed != '\0'; packed++)
        n = (uint16_t)(n + (*packed == '\x1e'));
    return n;
}

static void set_due(struct card *card, const struct ticket *ticket) {
    if (!ticket_is_open(ticket->state) || ticket->state == TICKET_WAITING)
        return;
    if (ticket->due == DUE_ACKNOWLEDGE && ticket->acknowledge_ms > 0) {
        card->due = DUE_ACKNOWLEDGE;
        card->due_ms = ticket->acknowledge_ms;
    } else if (ticket->resolve_ms > 0) {
        card->due = DUE_RESOLVE;
        card->due_ms = ticket->resolve_ms;
    }
}

static const char *or_empty(const char *text) {
    return text == NULL ? "" : text;
}

void board_card(struct card *out, const struct ticket *ticket) {
    char *end;

    *out = (struct card){
        .id = ticket->id,
        .version = ticket->version,
        .state = ticket->state,
        .report = ticket_is_report(ticket->id),
        .urgent = ticket->urgent,
        .overdue = ticket->overdue,
        .anonymous = ticket->anonymous,
        .level = (uint8_t)ticket->level,
        .rating = (uint8_t)ticket->rating,
        .reopened = (uint16_t)ticket->reopened,
        .photos = count_ids(or_empty(ticket->photos)),
        .followers = count_followers(or_empty(ticket->followers)),
        .created_ms = ticket->created_ms,
        .updated_ms =
            ticket->updated_ms > 0 ? ticket->updated_ms : ticket->created_ms,
        .assignee = or_empty(ticket->assignee),
        .assignee_name = or_empty(ticket->assignee_name),
        .category = or_empty(ticket->category),
        .unit = or_empty(ticket->unit),
        .community = or_empty(ticket->community),
        .text = or_empty(ticket->text),
        .place = or_empty(ticket->place),
        .answered_ms = ticket->answered_ms,
        .closed_ms = ticket->closed_ms,
    };
    set_due(out, ticket);
    const char *lat = or_empty(ticket->lat), *lon = or_empty(ticket->lon);
    out->lat = strtod(lat, &end);
    out->has_position = lat[0] != '\0' && *end == '\0';
    out->lon = strtod(lon, &end);
    out->has_position = out->has_position && lon[0] != '\0' && *end == '\0';
}

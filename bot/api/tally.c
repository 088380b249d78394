#include "bot/api/tally.h"

#include "base/mem.h"
#include "bot/board.h"
#include "bot/policy.h"

#include <stdlib.h>
#include <string.h>

/* Strings of the board are shared: equal ones have one address. There are some
 * dozens of rows. */
static struct tally_row *row_of(struct tally_rows *rows, const char *name) {
    for (size_t i = 0; i < rows->n; i++)
        if (rows->rows[i].name == name)
            return &rows->rows[i];
    if (rows->n == rows->room) {
        rows->room = rows->room == 0 ? 32 : rows->room * 2;
        rows->rows = xrealloc(rows->rows, rows->room * sizeof(*rows->rows));
    }
    rows->rows[rows->n] = (struct tally_row){.name = name};
    return &rows->rows[rows->n++];
}

static void add_to(struct tally_row *row, const struct card *card) {
    bool open = ticket_is_open(card->state);

    row->n++;
    row->open += open;
    row->overdue += open && card->overdue;
}

bool tally_has(const struct tally *tally, int64_t ms) {
    return ms >= tally->from_ms && ms < tally->to_ms;
}

static void add_created(struct tally *tally, const struct card *card) {
    tally->created++;
    tally->ended += !ticket_is_open(card->state);
    tally->by_state[card->state]++;
    add_to(row_of(&tally->categories, card->category), card);
    add_to(row_of(&tally->communities, card->community), card);
    if (card->level >= LEVEL_RIDER && card->level <= LEVEL_TOP)
        add_to(&tally->levels[card->level], card);
}

void tally_add(struct tally *tally, const struct card *card) {
    bool open = ticket_is_open(card->state);
    bool created = tally_has(tally, card->created_ms);
    bool closed = card->closed_ms > 0 && tally_has(tally, card->closed_ms);

    tally->open += open;
    tally->overdue += open && card->overdue;
    tally->reopened += (created || closed) && card->reopened > 0;
    if (created)
        add_created(tally, card);
    if (!closed)
        return;
    tally->closed++;
    if (card->rating >= 1 && card->rating <= 5)
        tally->ratings[card->rating - 1]++;
}

void tally_finish(struct tally *tally) {
    free(tally->categories.rows);
    free(tally->communities.rows);
}

/* ---- as JSON -------------------------------------------------------------
 */

static int by_number(const void *a, const void *b) {
    const struct tally_row *x = a, *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return strcmp(x->name, y->name);
}

static json_t *row_json(const struct tally_row *row) {
    return json_pack("{sI sI sI}", "n", (json_int_t)row->n, "open",
                     (json_int_t)row->open, "overdue",
                     (json_int_t)row->overdue);
}

json_t *tally_rows_json(struct tally_rows *rows, const char *name) {
    json_t *out = json_array();

    if (rows->n > 0)
        qsort(rows->rows, rows->n, sizeof(*rows->rows), by_number);
    for (size_t i = 0; i < rows->n; i++) {
        json_t *json = row_json(&rows->rows[i]);
        json_object_set_new(json, name, json_string(rows->rows[i].name));
        json_array_append_new(out, json);
    }
    return out;
}

json_t *tally_levels_json(const struct tally *tally) {
    json_t *out = json_array();

    for (int level = LEVEL_RIDER; level <= LEVEL_TOP; level++) {
        json_t *json = row_json(&tally->levels[level]);
        json_object_set_new(json, "level", json_integer(level));
        json_array_append_new(out, json);
    }
    return out;
}

json_t *tally_states_json(const struct tally *tally) {
    json_t *out = json_object();

    for (int i = 0; i < TICKET_STATES; i++)
        if (tally->by_state[i] > 0)
            json_object_set_new(out, ticket_state_name((enum ticket_state)i),
                                json_integer(tally->by_state[i]));
    return out;
}

json_t *tally_rating_json(const struct tally *tally) {
    json_t *counts = json_array();
    int64_t n = 0, sum = 0;

    for (int i = 0; i < 5; i++) {
        n += tally->ratings[i];
        sum += tally->ratings[i] * (i + 1);
        json_array_append_new(counts, json_integer(tally->ratings[i]));
    }
    return json_pack("{sI so so}", "n", (json_int_t)n, "mean",
                     n == 0 ? json_null() : json_real((double)sum / (double)n),
                     "counts", counts);
}

#pragma once

#include "bot/policy.h"
#include "store/workflow.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct card;

/*
 * Sums over cards of the board, for statistics and the round table: of what
 * came within a period, by category, community, level and state; and how what
 * ended within it was rated.
 */
struct tally_row {
    const char *name; /* shared string of the board */
    int64_t n, open, overdue;
};

struct tally_rows {
    struct tally_row *rows;
    size_t n, room;
};

struct tally {
    int64_t from_ms, to_ms;
    struct tally_rows categories, communities;
    struct tally_row levels[LEVEL_TOP + 1];
    int64_t by_state[TICKET_STATES];
    int64_t created, closed; /* within the period */
    int64_t ended;           /* of those created within it */
    int64_t open, overdue;   /* now, whenever they came */
    int64_t reopened;        /* of those created or closed within it */
    int64_t ratings[5];      /* of those closed within it */
};

void tally_add(struct tally *tally, const struct card *card);
void tally_finish(struct tally *tally);
/* Whether ms is within the period. */
bool tally_has(const struct tally *tally, int64_t ms);

/* [{name: …, n, open, overdue}], the most first. */
json_t *tally_rows_json(struct tally_rows *rows, const char *name);
json_t *tally_levels_json(const struct tally *tally);
json_t *tally_states_json(const struct tally *tally);
json_t *tally_rating_json(const struct tally *tally);

#pragma once

#include "bot/audience_expression.h"
#include "bot/audience_table.h"

struct arena;
struct policy;

/*
 * Whether members are named by an expression. What a list of words means to a
 * leaf is worked out once, whoever has it. The tables must not change from
 * match_begin() on. Private to bot/audience*.c.
 */
enum memo { MEMO_UNKNOWN, MEMO_NO, MEMO_YES };

/* Members by slot: of a leaf that names them one by one. */
struct audience_set {
    uint64_t *bits;
    uint32_t n; /* slots it has room for */
};
void set_put(struct audience_set *set, uint32_t slot);
bool set_has(const struct audience_set *set, uint32_t slot);

#define WORD_BYTES 160 /* of an id or a tag in a list; longer ones are none */
/* The next word of a list, without its end; false when there is none. */
bool next_word(const char **at, char out[static WORD_BYTES]);

struct audience_match {
    const struct audience_tables *tables;
    const struct audience_table *table;
    const struct audience_expression *expression;
    const char *units;           /* the limit: ids joined by ',', or "*" */
    const struct policy *policy; /* given anew in each turn of the loop */
    uint8_t *limit;              /* memo by list of units; NULL: no limit */
    struct {
        uint8_t *memo; /* by list of words */
        unsigned mask; /* of langs, roles or answers */
        bool platforms[PLATFORMS_MAX + 1];
        struct audience_set
            set; /* filled by audience_ask.c, or match_begin() */
    } leaves[AUDIENCE_LEAVES_MAX];
};

void match_begin(struct audience_match *match);
bool match_is(struct audience_match *match, uint32_t slot);
void match_finish(struct audience_match *match);

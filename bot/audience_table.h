#pragma once

#include "bot/audience.h"
#include "bot/audience_names.h"
#include "i18n/catalog.h"

struct group;
struct person;

/*
 * Every group and every rider, each in some bytes: what they have in common is
 * kept once and known by its number. Private to bot/audience*.c.
 */
enum audience_word { WORD_UNITS, WORD_STATIONS, WORD_TAGS, WORD_LISTS };
enum {
    MEMBER_LIVE = 1, /* else nobody: the slot of one who has gone */
    MEMBER_MUTED = 2,
    MEMBER_NOPUSH = 4,
    MEMBER_CONSENT = 8
};

struct audience_member {
    uint32_t lists[WORD_LISTS]; /* numbers in words */
    uint32_t accounts;          /* number in accounts */
    uint32_t title;             /* number in titles; of a group */
    uint8_t flags, lang, roles, platform;
};

#define MEMBER_BLOCK 4096 /* members; a block never moves */
#define MEMBERS_MAX 20000000u
#define PLATFORMS_MAX 255

/* Those of one target; a member's slot is the number of its id. */
struct audience_table {
    struct audience_names ids;
    struct audience_member **blocks;
    size_t n_blocks, n_live;
};

struct audience_tables {
    struct audience_table of[AUDIENCE_TARGETS];
    /* Lists joined by ','. */
    struct audience_names words[WORD_LISTS];
    struct audience_names accounts, titles, platforms;
    enum lang lang; /* of who never chose one */
};

void tables_init(struct audience_tables *tables, enum lang lang);
void tables_finish(struct audience_tables *tables);
/* As they are now; one that is stored no more goes. */
void tables_take_group(struct audience_tables *tables,
                       const struct group *group);
void tables_take_person(struct audience_tables *tables,
                        const struct person *person);
/* NULL when it is nobody. */
const struct audience_member *table_find(const struct audience_table *table,
                                         const char *id);
static inline const struct audience_member *
table_at(const struct audience_table *table, uint32_t slot) {
    return &table->blocks[slot / MEMBER_BLOCK][slot % MEMBER_BLOCK];
}
size_t tables_bytes(const struct audience_tables *tables);

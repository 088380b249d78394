#define LOG_MODULE "audience"
#include "bot/audience_table.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/group.h"
#include "store/people.h"

#include <stdlib.h>
#include <string.h>

void tables_init(struct audience_tables *tables, enum lang lang) {
    *tables = (struct audience_tables){.lang = lang};
}

static void table_finish(struct audience_table *table) {
    names_finish(&table->ids);
    for (size_t i = 0; i < table->n_blocks; i++)
        free(table->blocks[i]);
    free(table->blocks);
}

void tables_finish(struct audience_tables *tables) {
    for (int i = 0; i < AUDIENCE_TARGETS; i++)
        table_finish(&tables->of[i]);
    for (int i = 0; i < WORD_LISTS; i++)
        names_finish(&tables->words[i]);
    names_finish(&tables->accounts);
    names_finish(&tables->titles);
    names_finish(&tables->platforms);
    *tables = (struct audience_tables){.lang = tables->lang};
}

/* ---- members -------------------------------------------------------------
 */

static struct audience_member *slot(struct audience_table *table,
                                    uint32_t number) {
    return &table->blocks[number / MEMBER_BLOCK][number % MEMBER_BLOCK];
}

const struct audience_member *table_find(const struct audience_table *table,
                                         const char *id) {
    uint32_t number = names_find(&table->ids, id);
    return number == NAMES_NONE ? NULL : table_at(table, number);
}

static void forget(struct audience_table *table, const char *id) {
    uint32_t number = names_find(&table->ids, id);
    if (number == NAMES_NONE)
        return;
    *slot(table, number) = (struct audience_member){0};
    names_forget(&table->ids, number);
    table->n_live--;
}

/* The member of an id, a new one if need be; NULL when there are too many. */
static struct audience_member *member_of(struct audience_table *table,
                                         const char *id) {
    uint32_t before = table->ids.n;
    if (before >= MEMBERS_MAX && names_find(&table->ids, id) == NAMES_NONE) {
        LOG_WARN("there are more than %u members", MEMBERS_MAX);
        return NULL;
    }
    uint32_t number = names_add(&table->ids, id);
    if (number == before) {
        table->n_live++;
        if (number / MEMBER_BLOCK == table->n_blocks) {
            size_t size = (table->n_blocks + 1) * sizeof(*table->blocks);
            table->blocks = xrealloc(table->blocks, size);
            table->blocks[table->n_blocks++] =
                xcalloc(MEMBER_BLOCK, sizeof(struct audience_member));
        }
    }
    return slot(table, number);
}

/* Of more platforms than there will ever be the last are one. */
static uint8_t platform_of(struct audience_tables *tables, const char *id) {
    char platform[16];
    size_t len = strcspn(id, ".");
    if (len >= sizeof(platform))
        len = sizeof(platform) - 1;
    memcpy(platform, id, len);
    platform[len] = '\0';
    uint32_t number = names_find(&tables->platforms, platform);
    if (number == NAMES_NONE && tables->platforms.n < PLATFORMS_MAX)
        number = names_add(&tables->platforms, platform);
    return (uint8_t)(number < PLATFORMS_MAX ? number : PLATFORMS_MAX);
}

static uint8_t lang_of(const struct audience_tables *tables, const char *tag) {
    enum lang lang = tables->lang;
    if (!lang_parse(tag, &lang))
        lang = tables->lang;
    return (uint8_t)lang;
}

static void set_lists(struct audience_tables *tables,
                      struct audience_member *member, const char *units,
                      const char *stations, const char *tags) {
    member->lists[WORD_UNITS] = names_add(&tables->words[WORD_UNITS], units);
    member->lists[WORD_STATIONS] =
        names_add(&tables->words[WORD_STATIONS], stations);
    member->lists[WORD_TAGS] = names_add(&tables->words[WORD_TAGS], tags);
}

void tables_take_group(struct audience_tables *tables,
                       const struct group *group) {
    struct audience_table *table = &tables->of[AUDIENCE_GROUPS];
    if (group->title[0] == '\0') {
        forget(table, group->chat);
        return;
    }
    struct audience_member *member = member_of(table, group->chat);
    if (member == NULL)
        return;
    set_lists(tables, member, group->units, group->stations, group->tags);
    member->accounts = names_add(&tables->accounts, group->accounts);
    member->title = names_add(&tables->titles, group->title);
    member->flags = (uint8_t)(MEMBER_LIVE | (group->muted ? MEMBER_MUTED : 0));
    member->lang = lang_of(tables, group->lang);
    member->platform = platform_of(tables, group->chat);
}

void tables_take_person(struct audience_tables *tables,
                        const struct person *person) {
    struct audience_table *table = &tables->of[AUDIENCE_RIDERS];
    if (person->version == 0) {
        forget(table, person->id);
        return;
    }
    struct audience_member *member = member_of(table, person->id);
    if (member == NULL)
        return;
    bool agreed = strncmp(person->consent, "yes:", 4) == 0;
    set_lists(tables, member, person->units, person->stations, person->tags);
    member->accounts = names_add(&tables->accounts, person->account);
    member->flags = (uint8_t)(MEMBER_LIVE | (agreed ? MEMBER_CONSENT : 0) |
                              (person->nopush ? MEMBER_NOPUSH : 0));
    member->lang = lang_of(tables, person->lang);
    member->roles = (uint8_t)person->roles;
    member->platform = platform_of(tables, person->id);
}

/* ---- how large it is -----------------------------------------------------
 */

size_t tables_bytes(const struct audience_tables *tables) {
    size_t bytes = names_bytes(&tables->accounts) +
                   names_bytes(&tables->titles) +
                   names_bytes(&tables->platforms);
    for (int i = 0; i < WORD_LISTS; i++)
        bytes += names_bytes(&tables->words[i]);
    for (int i = 0; i < AUDIENCE_TARGETS; i++)
        bytes += names_bytes(&tables->of[i].ids) +
                 tables->of[i].n_blocks *
                     (MEMBER_BLOCK * sizeof(struct audience_member) +
                      sizeof(void *));
    return bytes;
}

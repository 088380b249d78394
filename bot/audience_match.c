#include "bot/audience_match.h"

#include "base/mem.h"
#include "bot/policy.h"
#include "store/rider.h"

#include <stdlib.h>
#include <string.h>

/* ---- members one by one --------------------------------------------------
 */

void set_put(struct audience_set *set, uint32_t slot) {
    if (slot >= set->n) {
        uint32_t n = slot + slot / 2 + 4096;
        size_t had = (set->n + 63) / 64, words = (n + 63) / 64;
        set->bits = xrealloc(set->bits, words * sizeof(*set->bits));
        memset(set->bits + had, 0, (words - had) * sizeof(*set->bits));
        set->n = n;
    }
    set->bits[slot / 64] |= 1ull << (slot % 64);
}

bool set_has(const struct audience_set *set, uint32_t slot) {
    return slot < set->n && (set->bits[slot / 64] >> (slot % 64) & 1) != 0;
}

/* ---- lists of words ------------------------------------------------------
 */

bool next_word(const char **at, char out[static WORD_BYTES]) {
    while (**at != '\0') {
        size_t len = strcspn(*at, ",");
        const char *word = *at;
        *at += len + ((*at)[len] == ',');
        if (len == 0 || len >= WORD_BYTES)
            continue;
        memcpy(out, word, len);
        out[len] = '\0';
        return true;
    }
    return false;
}

static bool any_equals(const struct audience_node *leaf, const char *list) {
    char word[WORD_BYTES];
    while (next_word(&list, word))
        for (size_t i = 0; i < leaf->n_values; i++)
            if (strcmp(leaf->values[i], word) == 0)
                return true;
    return false;
}

static bool any_below(const struct policy *policy,
                      const struct audience_node *leaf, const char *list) {
    char word[WORD_BYTES];
    while (next_word(&list, word))
        for (size_t i = 0; i < leaf->n_values; i++)
            if (policy_covers(policy, leaf->values[i], word))
                return true;
    return false;
}

/* One of the units of a list is below one of the limit. */
static bool is_within(const struct policy *policy, const char *limit,
                      const char *list) {
    char word[WORD_BYTES], unit[WORD_BYTES];
    while (next_word(&list, word))
        for (const char *at = limit; next_word(&at, unit);)
            if (policy_covers(policy, unit, word))
                return true;
    return false;
}

static enum audience_word word_of(enum audience_field field) {
    return field == FIELD_UNIT      ? WORD_UNITS
           : field == FIELD_STATION ? WORD_STATIONS
                                    : WORD_TAGS;
}

static bool list_is(struct audience_match *match,
                    const struct audience_node *leaf, uint32_t number) {
    uint8_t *memo = &match->leaves[leaf->leaf].memo[number];
    if (*memo == MEMO_UNKNOWN) {
        const char *list =
            names_text(&match->tables->words[word_of(leaf->field)], number);
        bool is = leaf->field == FIELD_UNIT
                      ? any_below(match->policy, leaf, list)
                      : any_equals(leaf, list);
        *memo = is ? MEMO_YES : MEMO_NO;
    }
    return *memo == MEMO_YES;
}

/* ---- before the first ----------------------------------------------------
 */

/* "rider": one who is nothing else. */
static unsigned role_bit(unsigned roles) {
    return roles == 0 ? 8 : roles & (ROLE_STAFF | ROLE_ORGANISER | ROLE_ADMIN);
}

static unsigned mask_of(enum audience_field field, const char *value) {
    static const struct {
        const char *name;
        unsigned role;
    } roles[] = {{"rider", ROLE_RIDER},
                 {"staff", ROLE_STAFF},
                 {"organiser", ROLE_ORGANISER},
                 {"admin", ROLE_ADMIN}};
    enum lang lang;
    if (field == FIELD_CONSENT)
        return strcmp(value, "yes") == 0 ? 1 : 2;
    if (field == FIELD_LANG)
        return lang_parse(value, &lang) ? 1u << lang : 0;
    for (size_t i = 0; i < ARRAY_LEN(roles); i++)
        if (strcmp(roles[i].name, value) == 0)
            return role_bit(roles[i].role);
    return 0;
}

static void begin_leaf(struct audience_match *match,
                       const struct audience_node *leaf) {
    const struct audience_tables *tables = match->tables;
    switch (leaf->field) {
    case FIELD_UNIT:
    case FIELD_STATION:
    case FIELD_TAG:
        match->leaves[leaf->leaf].memo =
            xcalloc(tables->words[word_of(leaf->field)].n + 1, 1);
        return;
    case FIELD_GROUP:
        for (size_t i = 0; i < leaf->n_values; i++) {
            uint32_t slot = names_find(&match->table->ids, leaf->values[i]);
            if (slot != NAMES_NONE)
                set_put(&match->leaves[leaf->leaf].set, slot);
        }
        return;
    case FIELD_PLATFORM:
        for (size_t i = 0; i < leaf->n_values; i++) {
            uint32_t number = names_find(&tables->platforms, leaf->values[i]);
            if (number < PLATFORMS_MAX)
                match->leaves[leaf->leaf].platforms[number] = true;
        }
        return;
    case FIELD_LANG:
    case FIELD_ROLE:
    case FIELD_CONSENT:
        for (size_t i = 0; i < leaf->n_values; i++)
            match->leaves[leaf->leaf].mask |=
                mask_of(leaf->field, leaf->values[i]);
        return;
    default:
        return; /* its set was fetched */
    }
}

void match_begin(struct audience_match *match) {
    if (strcmp(match->units, "*") != 0)
        match->limit = xcalloc(match->tables->words[WORD_UNITS].n + 1, 1);
    for (size_t i = 0; i < match->expression->n_leaves; i++)
        begin_leaf(match, match->expression->leaves[i]);
}

void match_finish(struct audience_match *match) {
    free(match->limit);
    for (size_t i = 0; i < match->expression->n_leaves; i++) {
        free(match->leaves[i].memo);
        free(match->leaves[i].set.bits);
    }
    memset(match->leaves, 0, sizeof(match->leaves));
    match->limit = NULL;
}

/* ---- one member ----------------------------------------------------------
 */

static bool leaf_is(struct audience_match *match,
                    const struct audience_node *leaf, uint32_t slot,
                    const struct audience_member *member) {
    unsigned mask = match->leaves[leaf->leaf].mask;
    switch (leaf->field) {
    case FIELD_UNIT:
        return list_is(match, leaf, member->lists[WORD_UNITS]);
    case FIELD_STATION:
        return list_is(match, leaf, member->lists[WORD_STATIONS]);
    case FIELD_TAG:
        return list_is(match, leaf, member->lists[WORD_TAGS]);
    case FIELD_LANG:
        return (mask & 1u << member->lang) != 0;
    case FIELD_ROLE:
        return (mask & role_bit(member->roles)) != 0;
    case FIELD_CONSENT:
        return (mask & (member->flags & MEMBER_CONSENT ? 1 : 2)) != 0;
    case FIELD_PLATFORM:
        return match->leaves[leaf->leaf].platforms[member->platform];
    default:
        return set_has(&match->leaves[leaf->leaf].set, slot);
    }
}

/* As deep as AUDIENCE_DEPTH_MAX. */
static bool node_is(struct audience_match *match,
                    const struct audience_node *node, uint32_t slot,
                    const struct audience_member *member) {
    if (node->op == AUDIENCE_LEAF)
        return leaf_is(match, node, slot, member);
    if (node->op == AUDIENCE_NOT)
        return !node_is(match, node->first, slot, member);
    bool all = node->op == AUDIENCE_ALL;
    for (node = node->first; node != NULL; node = node->next)
        if (node_is(match, node, slot, member) != all)
            return !all;
    return all;
}

static bool is_in_limit(struct audience_match *match, uint32_t units) {
    if (match->limit == NULL)
        return true;
    uint8_t *memo = &match->limit[units];
    if (*memo == MEMO_UNKNOWN) {
        const char *list = names_text(&match->tables->words[WORD_UNITS], units);
        *memo =
            is_within(match->policy, match->units, list) ? MEMO_YES : MEMO_NO;
    }
    return *memo == MEMO_YES;
}

bool match_is(struct audience_match *match, uint32_t slot) {
    const struct audience_member *member = table_at(match->table, slot);
    return (member->flags & MEMBER_LIVE) != 0 &&
           is_in_limit(match, member->lists[WORD_UNITS]) &&
           node_is(match, match->expression->root, slot, member);
}

#include "bot/attributes.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/policy.h"
#include "store/station.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *const attribute_names[ATTRIBUTES] = {
    [ATTRIBUTE_UNITS] = "units",
    [ATTRIBUTE_STATIONS] = "stations",
    [ATTRIBUTE_TAGS] = "tags",
};

/* ---- what there is -------------------------------------------------------
 */

static int by_name(const void *a, const void *b) {
    return strcmp((*(const struct unit *const *)a)->name,
                  (*(const struct unit *const *)b)->name);
}

static int by_id(const void *a, const void *b) {
    return strcmp((*(const struct station *const *)a)->id,
                  (*(const struct station *const *)b)->id);
}

void attributes_init(struct attributes *attributes, struct arena *arena,
                     const struct policy *policy,
                     const struct station *stations, size_t n_stations) {
    const struct unit *units;
    size_t n = policy_units(policy, &units);
    *attributes = (struct attributes){
        .arena = arena,
        .policy = policy,
        .by_name = arena_alloc(arena, (n + 1) * sizeof(struct unit *)),
        .by_id =
            arena_alloc(arena, (n_stations + 1) * sizeof(struct station *)),
        .n_units = n,
        .n_stations = n_stations,
    };
    for (size_t i = 0; i < n; i++)
        attributes->by_name[i] = &units[i];
    for (size_t i = 0; i < n_stations; i++)
        attributes->by_id[i] = &stations[i];
    qsort(attributes->by_name, n, sizeof(struct unit *), by_name);
    qsort(attributes->by_id, n_stations, sizeof(struct station *), by_id);
}

static int compare_name(const void *name, const void *unit) {
    return strcmp(name, (*(const struct unit *const *)unit)->name);
}

static int compare_id(const void *id, const void *station) {
    return strcmp(id, (*(const struct station *const *)station)->id);
}

/* A name that several have is none. */
static const char *find_unit(const struct attributes *attributes,
                             const char *word) {
    const struct unit *unit = policy_unit(attributes->policy, word);
    if (unit != NULL)
        return unit->id;
    const struct unit **first = attributes->by_name;
    const struct unit **found =
        bsearch(word, first, attributes->n_units, sizeof(*first), compare_name);
    if (found == NULL ||
        (found > first && strcmp(found[-1]->name, word) == 0) ||
        (found + 1 < first + attributes->n_units &&
         strcmp(found[1]->name, word) == 0))
        return NULL;
    return (*found)->id;
}

static const char *find_station(const struct attributes *attributes,
                                const char *word) {
    char id[STATION_ID_SIZE];
    const struct station **found =
        bsearch(word, attributes->by_id, attributes->n_stations,
                sizeof(*attributes->by_id), compare_id);
    if (found == NULL) {
        station_id(id, word);
        found = bsearch(id, attributes->by_id, attributes->n_stations,
                        sizeof(*attributes->by_id), compare_id);
    }
    return found == NULL ? NULL : (*found)->id;
}

static const char *check_tag(const char *word) {
    for (const char *at = word; *at != '\0'; at++)
        if (iscntrl((unsigned char)*at) || *at == ',')
            return NULL;
    return utf8_length(word) <= ATTRIBUTE_TAG_CHARS ? word : NULL;
}

/* ---- lists ---------------------------------------------------------------
 */

static const char *find(const struct attributes *attributes,
                        enum attribute attribute, const char *word) {
    switch (attribute) {
    case ATTRIBUTE_UNITS:
        return find_unit(attributes, word);
    case ATTRIBUTE_STATIONS:
        return find_station(attributes, word);
    default:
        return check_tag(word);
    }
}

static const char *fault_of(const struct attributes *attributes,
                            enum attribute attribute, const char *word) {
    static const char *const whats[ATTRIBUTES] = {
        [ATTRIBUTE_UNITS] = "no unit, or several, of this name",
        [ATTRIBUTE_STATIONS] = "no such station",
        [ATTRIBUTE_TAGS] = "not a tag",
    };
    return arena_printf(
        attributes->arena, "%s: %s", whats[attribute],
        utf8_excerpt(attributes->arena, word, ATTRIBUTE_TAG_CHARS));
}

const char *attributes_join(const struct attributes *attributes,
                            enum attribute attribute, const char *const *words,
                            size_t n, const char **fault) {
    const char *kept[ATTRIBUTE_WORDS_MAX];
    const char *list = "";
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++) {
        const char *word =
            utf8_clean(attributes->arena, words[i], strlen(words[i]));
        const char *found = find(attributes, attribute, word);
        size_t at = 0;
        if (word[0] == '\0')
            continue;
        if (found == NULL) {
            *fault = fault_of(attributes, attribute, word);
            return NULL;
        }
        while (at < n_kept && strcmp(kept[at], found) != 0)
            at++;
        if (at < n_kept)
            continue;
        if (n_kept == ATTRIBUTE_WORDS_MAX) {
            *fault = "too many in one list";
            return NULL;
        }
        kept[n_kept++] = found;
        list = arena_printf(attributes->arena, "%s%s%s", list,
                            list[0] == '\0' ? "" : ",", found);
    }
    return list;
}

const char *attributes_read(const struct attributes *attributes,
                            enum attribute attribute, const char *cell,
                            const char **fault) {
    static const char *const marks[] = {",",  ";",  "|",  "、", "，",
                                        "；", "　", "\t", "\n", " "};
    const char *words[ATTRIBUTE_WORDS_MAX * 4];
    size_t n = 0;
    char *copy = arena_strdup(attributes->arena, cell), *begin = copy;
    for (char *at = copy; n < ARRAY_LEN(words);) {
        size_t skip = 0;
        for (size_t i = 0; skip == 0 && i < ARRAY_LEN(marks); i++)
            if (strncmp(at, marks[i], strlen(marks[i])) == 0)
                skip = strlen(marks[i]);
        if (skip == 0 && *at != '\0') {
            at++;
            continue;
        }
        bool over = *at == '\0';
        *at = '\0';
        if (begin[0] != '\0')
            words[n++] = begin;
        at += skip;
        begin = at;
        if (over)
            return attributes_join(attributes, attribute, words, n, fault);
    }
    *fault = "too many in one list";
    return NULL;
}

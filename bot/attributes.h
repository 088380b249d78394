#pragma once

#include <stddef.h>

struct arena;
struct policy;
struct station;
struct unit;

/*
 * What says where a group or a rider belongs, as people give it: units,
 * stations and tags, by id or by name. Kept is a list joined by ','.
 */
enum attribute {
    ATTRIBUTE_UNITS,
    ATTRIBUTE_STATIONS,
    ATTRIBUTE_TAGS,
    ATTRIBUTES
};
extern const char *const attribute_names[ATTRIBUTES]; /* "units", … */
#define ATTRIBUTE_WORDS_MAX 20                        /* of one list */
#define ATTRIBUTE_TAG_CHARS 32

/* What there is; borrows all, and holds it no longer than the loop turns. */
struct attributes {
    struct arena *arena;
    const struct policy *policy;
    const struct unit **by_name; /* sorted */
    const struct station **by_id;
    size_t n_units, n_stations;
};
void attributes_init(struct attributes *attributes, struct arena *arena,
                     const struct policy *policy,
                     const struct station *stations, size_t n_stations);

/* The list of n words, each once, in arena. NULL when one of them is none, or
 * there are too many: fault says what is wrong, for people. */
const char *attributes_join(const struct attributes *attributes,
                            enum attribute attribute, const char *const *words,
                            size_t n, const char **fault);
/* The same of a cell: words with blanks, commas or the like between. */
const char *attributes_read(const struct attributes *attributes,
                            enum attribute attribute, const char *cell,
                            const char **fault);

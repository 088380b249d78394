#pragma once

#include "i18n/catalog.h"

#include <stddef.h>

struct arena;
struct bot;
struct options;
struct slot;

/* One thing to choose from in a CHOICE(S) slot. */
struct option {
    const char *id;
    const char *title; /* in the turn's language */
    /* Further words it is known by, folded, and NULL at the end; or NULL. */
    const char *const *words;
};

/*
 * The options of the slots that name theirs in the commands' tables, in every
 * language. They are made once, at start: a message that begins a form would
 * else look each of them up, and fold their words to compare them.
 */
struct options *options_new(const struct bot *bot);
/* The words of a text of the catalogues ("a|b|c"), as an option has them. */
const char *const *options_words(struct arena *arena, const char *text);
void options_free(struct options *options); /* takes NULL */
/* Those of a slot of the commands' tables. */
const struct option *options_find(const struct options *options,
                                  const struct slot *slot, enum lang lang,
                                  size_t *n);

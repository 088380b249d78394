#pragma once

#include "base/err.h"
#include "bot/form.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct turn;

/*
 * What a slot takes: how each type is read from text, how its options are
 * shown. Private to the form engine.
 */

/* "1 工资报酬\n2 …", or "" when the slot has none. */
const char *form_options_text(struct turn *turn, const struct form *form,
                              size_t slot);

/* A slot's value as a person reads it: the titles of options, the words of a
 * place. */
const char *form_value_text(struct turn *turn, const struct form *form,
                            size_t slot);

/*
 * Reads text as the value of a slot. ERR_INVALID, or ERR_TOO_LARGE, and *out is
 * not changed.
 */
enum err form_parse(struct turn *turn, const struct form *form, size_t slot,
                    const char *text, const char **out) must_check;
/* "form.invalid.choice" and so on: what to say about it. */
const char *form_invalid_key(struct turn *turn, const struct form *form,
                             size_t slot, enum err err);
/* Takes the first token of text for a slot if it is a value of it. Returns what
 * is left. */
const char *form_take_token(struct turn *turn, struct form *form, size_t slot,
                            const char *text);
/* The option that one of text's words names, or NULL. */
const char *form_guess(struct turn *turn, const struct form *form, size_t slot,
                       const char *text);

/* Adds to ids joined by ','; false when LIMIT_PHOTOS are there. */
bool form_add_photo(struct arena *arena, const char **value, const char *id);
/* "lat,lon,words"; words may be NULL. */
const char *form_place_value(struct arena *arena, double lat, double lon,
                             const char *words);

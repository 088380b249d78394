#pragma once

#include "bot/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct turn;

/*
 * The form engine: fills a command's slots from whatever arrives, in any
 * order, asks for the first that is missing, and hands a full form to the
 * command's commit. Values are strings in the turn's arena:
 *   TEXT the text · PHOTOS ids joined by ',' · PLACE "lat,lon,words" (lat and
 *   lon may be empty) · CHOICE an option's id · CHOICES ids joined by ',' ·
 *   NUMBER decimal · DATE yyyy-mm-dd · TICKET "S12"
 */
#define FORM_SLOTS_MAX 8
#define FORM_OPTIONS_MAX 99

struct option {
    const char *id;
    const char *title; /* in the turn's language */
    const char *words; /* further words it is known by, '|' between; or NULL */
};

struct form {
    const struct command *command;
    const char *chat;                   /* where its questions are asked */
    const char *values[FORM_SLOTS_MAX]; /* NULL: not filled; "": skipped */
    int asked;          /* index of the slot last asked, -1: none */
    int64_t expires_ms; /* after that it is a draft */
    /* Options of a CHOICE(S) slot that prepare() found, by slot. */
    struct option *options[FORM_SLOTS_MAX];
    size_t n_options[FORM_SLOTS_MAX];
};

/* The value of a slot by name; "" when skipped or not filled. */
const char *form_value(const struct turn *turn, const char *slot);
/* Presets a value before the form runs (a redirect, a follow-up question). */
void form_set(struct turn *turn, const char *slot, const char *value);
/* Gives a CHOICE slot its options; from prepare(). */
void form_set_options(struct turn *turn, const char *slot,
                      struct option *options, size_t n);
/* prepare() is done: the form goes on. */
void form_ready(struct turn *turn);

/* For turn.c: begins command with the text after its word, or goes on with the
 * form in progress with the whole message. */
void form_begin(struct turn *turn, const struct command *command,
                const char *rest);
void form_continue(struct turn *turn, const char *text);
/* From commit(): the turn ends by asking the first open question of another
 * command (with what form_set gave), added to the answer of this one. */
void form_follow(struct turn *turn, const struct command *command,
                 const char *const *presets, size_t n_presets);

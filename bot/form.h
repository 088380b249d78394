#pragma once

#include "bot/command.h"
#include "bot/dispatch.h"
#include "bot/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct notice;
struct turn;

/*
 * The form engine: fills a command's slots from whatever arrives, in any
 * order, asks for the first that is missing, and hands a full form to the
 * command's commit. Values are strings in the turn's arena:
 *   TEXT the text · PHOTOS ids joined by ',' · PLACE "lat,lon,words" (lat and
 *   lon may be empty) · CHOICE an option's id · CHOICES ids joined by ',' ·
 *   NUMBER decimal · DATE yyyy-mm-dd · TICKET "S12"
 */
#define FORM_SLOTS_MAX 16
#define FORM_OPTIONS_MAX 500  /* that can be chosen, by number or all */
#define FORM_OPTIONS_SHOWN 50 /* of them, in a question */

struct form {
    const struct command *command;
    const char *chat;                   /* where its questions are asked */
    const char *values[FORM_SLOTS_MAX]; /* NULL: not filled; "": skipped */
    int asked;          /* index of the slot last asked, -1: none */
    int64_t expires_ms; /* after that it is a draft */
    const char *note;   /* key of what was wrong with the last answer, or NULL;
                           put before the next question */
    /* Options of a CHOICE(S) slot, of its table or found by prepare(). */
    const struct option *options[FORM_SLOTS_MAX];
    size_t n_options[FORM_SLOTS_MAX];
};

/* The value of a slot by name; "" when skipped or not filled. */
const char *form_value(const struct turn *turn, const char *slot);
/* Whether it was asked and the rider would rather not say. */
bool form_skipped(const struct turn *turn, const char *slot);
/* Gives a CHOICE slot its options; from prepare(), or before form_ask(). */
void form_set_options(struct turn *turn, const char *slot,
                      const struct option *options, size_t n);
/* Fills a slot that is not filled, from prepare(); value is borrowed and must
 * live in the turn's arena. False when the slot was filled: by a message before
 * this one. */
bool form_preset(struct turn *turn, const char *slot, const char *value);
/*
 * From commit(): one more question before anything happens, of an OPTIONAL slot
 * or of one whose value will not do. The form stays open and comes back to
 * commit(). Ends with turn_commit(), after parameters were added.
 */
struct notice *form_ask(struct turn *turn, const char *slot);
/* When the menu that is open was shown, 0: none is. */
int64_t form_menu_ms(const struct turn *turn);
/* Fills a slot of the form, whatever it had. */
void form_put(struct turn *turn, const char *slot, const char *value);
/* prepare() is done: the form goes on. */
void form_ready(struct turn *turn);

/* For route.c: turn->command begins with turn->text, or turn->open goes on. */
void form_begin(struct turn *turn);
void form_continue(struct turn *turn);
/* Whether turn->text is, as a whole, an option of the question that turn->open
 * asked last; it is then no command, even if it is also a command's word. */
bool form_is_option(struct turn *turn);
/* 取消, 返回, 跳过, 继续. */
void form_control(struct turn *turn, enum control control);

/*
 * From commit(), after turn_reply(): asks the first open question of another
 * command as part of the answer, in private. presets: slot, value, …
 */
void form_follow(struct turn *turn, const struct command *command,
                 const char *const *presets, size_t n_presets);

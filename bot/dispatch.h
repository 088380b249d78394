#pragma once

#include "i18n/catalog.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct bot;
struct command;
struct lexicon;
struct option;
struct slot;

/*
 * What a text asks for. The words come from the catalogues of every language
 * at once ("command.<name>.words", "control.<name>.words"), so that a rider is
 * understood whatever language the answers are in.
 */
enum control {
    CONTROL_NONE,
    CONTROL_CANCEL, /* 取消 */
    CONTROL_BACK,   /* 返回 */
    CONTROL_SKIP,   /* 跳过 */
    CONTROL_RESUME, /* 继续 */
    CONTROL_COUNT
};

struct match {
    const struct command *command;  /* NULL: none */
    const struct command *numbered; /* whose word it is as well, for whoever
                                       may: a ticket number follows; or NULL */
    enum control control;
    bool prefixed;    /* "/诉求": addressed to the bot by a prefix */
    bool with_number; /* a ticket number follows */
    const char *rest; /* of the text, after the word; in the arena or text */
};

struct lexicon *lexicon_new(struct bot *bot);
void lexicon_free(struct lexicon *lexicon);
/* The options that a slot of the commands' tables names (bot/options.h). */
const struct option *lexicon_options(const struct lexicon *lexicon,
                                     const struct slot *slot, enum lang lang,
                                     size_t *n);

/*
 * Finds the word that text begins with. The word ends at white space or
 * punctuation; glued says whether text may follow it at once
 * ("随手拍消防通道"). A control word must be the whole text.
 */
struct match dispatch_match(const struct bot *bot, struct arena *arena,
                            const char *text, bool glued);

/* Whether it is for us in a group that does not address the bot. */
bool dispatch_is_asked(const struct match *match);
/* Whether a text in a group asks for something of ours by its first word. */
bool dispatch_asks(const struct bot *bot, const char *text);

/* The command most like what was typed (one letter off, or one that contains
 * it), or NULL. */
const struct command *dispatch_suggest(const struct bot *bot,
                                       struct arena *arena, const char *text);

#pragma once

#include "i18n/catalog.h"

#include <stdbool.h>

struct arena;
struct broadcast;
struct bot;

/*
 * What a target reads of a broadcast: the head of its lane, the text in the
 * target's language, the title and the address of its link, where its file is,
 * and that 已读 is asked for. Its photo is sent along by itself.
 *
 * token is the target's own ("B12-…", see bot/track.h): the link, or without
 * one the file, is then found by way of <public_url>/r/<token>. NULL, or no
 * public_url: the link as it is.
 */
char *broadcast_text(struct arena *arena, const struct bot *bot,
                     const struct broadcast *broadcast, enum lang lang,
                     const char *token);

/* Where <public_url>/r/<token> leads to: the link, else the file; or NULL. */
char *broadcast_goal(struct arena *arena, const struct bot *bot,
                     const struct broadcast *broadcast);

/* Its words in a language: a translation, or the district's. In arena. */
char *broadcast_words(struct arena *arena, const struct broadcast *broadcast,
                      enum lang lang);

#pragma once

#include "bot/api/access.h"

#include <stdbool.h>

struct api_call;
struct bot;
struct card;

/* What a caller may see of the board: made for one call, given as a filter's
 * covers() and data. */
struct scope {
    const struct bot *bot;
    const struct caller *caller;
    enum permission permission;
};

struct scope scope_of(const struct api_call *call, enum permission permission);
bool scope_covers(void *data, const struct card *card);

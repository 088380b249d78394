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

/*
 * Of lists of units joined by ',': whether the caller has permission for one
 * of them; and whether for each that is in one of two lists and not in both, so
 * that they may make the one of the other.
 */
bool scope_has_any(const struct api_call *call, enum permission permission,
                   const char *units);
bool scope_may_change(const struct api_call *call, enum permission permission,
                      const char *before, const char *after);

#include "bot/api/scope.h"

#include "bot/api/api.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/policies.h"

#include <stdio.h>
#include <string.h>

struct scope scope_of(const struct api_call *call, enum permission permission) {
    return (struct scope){call->bot, &call->caller, permission};
}

bool scope_covers(void *data, const struct card *card) {
    const struct scope *scope = data;

    return access_covers(scope->caller, policies_get(scope->bot->policies),
                         scope->permission, card->unit, card->community,
                         card->category);
}

/* ---- lists of units ------------------------------------------------------
 */

#define UNIT_BYTES 160 /* of one in a list; longer ones are nobody's */

static bool next_unit(const char **at, char out[static UNIT_BYTES]) {
    size_t len = strcspn(*at, ",");
    if (**at == '\0')
        return false;
    snprintf(out, UNIT_BYTES, "%.*s", len < UNIT_BYTES ? (int)len : 0, *at);
    *at += len + ((*at)[len] == ',');
    return true;
}

static bool covers_unit(const struct api_call *call, enum permission permission,
                        const char *unit) {
    return access_covers(&call->caller, policies_get(call->bot->policies),
                         permission, unit, unit, "*");
}

bool scope_has_any(const struct api_call *call, enum permission permission,
                   const char *units) {
    char unit[UNIT_BYTES];
    if (covers_unit(call, permission, "*"))
        return true;
    while (next_unit(&units, unit))
        if (covers_unit(call, permission, unit))
            return true;
    return false;
}

static bool is_in(const char *list, const char *wanted) {
    char unit[UNIT_BYTES];
    while (next_unit(&list, unit))
        if (strcmp(unit, wanted) == 0)
            return true;
    return false;
}

/* Each of list that is not in other is the caller's. */
static bool may_drop(const struct api_call *call, enum permission permission,
                     const char *list, const char *other) {
    char unit[UNIT_BYTES];
    while (next_unit(&list, unit))
        if (!is_in(other, unit) && !covers_unit(call, permission, unit))
            return false;
    return true;
}

bool scope_may_change(const struct api_call *call, enum permission permission,
                      const char *before, const char *after) {
    return covers_unit(call, permission, "*") ||
           (may_drop(call, permission, before, after) &&
            may_drop(call, permission, after, before) &&
            scope_has_any(call, permission, after));
}

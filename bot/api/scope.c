#include "bot/api/scope.h"

#include "bot/api/api.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/policies.h"

struct scope scope_of(const struct api_call *call, enum permission permission) {
    return (struct scope){call->bot, &call->caller, permission};
}

bool scope_covers(void *data, const struct card *card) {
    const struct scope *scope = data;

    return access_covers(scope->caller, policies_get(scope->bot->policies),
                         scope->permission, card->unit, card->community,
                         card->category);
}

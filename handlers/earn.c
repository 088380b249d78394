#include "handlers/earn.h"

#include "base/arena.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "store/leaderboard.h"

#include <string.h>

/* The unit of that kind that a unit of the rider is or belongs to, or "". */
static const char *unit_of(struct turn *turn, const char *kind) {
    const struct policy *policy = policies_get(turn->bot->policies);
    const char *ids = turn->rider.units == NULL ? "" : turn->rider.units;
    while (ids[0] != '\0') {
        size_t len = strcspn(ids, ",");
        const char *id = arena_strndup(&turn->arena, ids, len);
        const struct unit *unit = policy_unit(policy, id);
        for (; unit != NULL; unit = unit->parent)
            if (strcmp(unit->kind, kind) == 0)
                return arena_strdup(&turn->arena, unit->id);
        ids += len + (ids[len] == ',');
    }
    return "";
}

void earn_name(struct turn *turn) {
    const char *nick = turn->message.nick;
    if (!turn->message.in_group && nick != NULL && nick[0] != '\0' &&
        strcmp(nick, turn->rider.nick) != 0)
        turn_set(turn, "nick", nick);
}

void earn_points(struct turn *turn, int64_t points, const char *why) {
    leaderboard_once(turn->txn, &(struct board_gain){
                                    .rider = turn->message.rider,
                                    .points = points,
                                    .why = why,
                                    .firm = unit_of(turn, "firm"),
                                    .branch = unit_of(turn, "branch"),
                                    .unlisted = turn->rider.unlisted,
                                    .now_ms = turn->now_ms,
                                    .utc_offset_minutes =
                                        turn->bot->config->utc_offset_minutes,
                                });
}

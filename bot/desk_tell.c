/* Who hears of a move: the rider, those who follow, staff. */
#include "base/arena.h"
#include "base/buf.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/desk_parts.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/roster.h"
#include "store/user.h"

#include <string.h>

#define RING_MAX 20 /* people rung for one ticket */
#define USER_PREFIX "user:"

/* ---- the rider and those who follow ----------------------------------------
 */

/* Staff's moves that are told; to the rider, to those who follow, or both. What
 * a rider does they are answered by the command itself. */
static const struct told {
    const char *key;
    bool rider, followers;
    bool of_riders; /* those who follow hear of it also from a rider's move */
} told[MOVES] = {
    [MOVE_ROUTE] = {"told.route", true, true, false},
    [MOVE_CLAIM] = {"told.claim", true, true, false},
    [MOVE_ANSWER] = {"told.answer", true, true, false},
    [MOVE_ESCALATE] = {"told.escalate", true, true, false},
    [MOVE_ASK] = {"told.ask", true, false, false},
    [MOVE_CLOSE] = {"told.close", true, true, false},
    [MOVE_REOPEN] = {"told.reopen", true, true, true},
    [MOVE_MERGE] = {"told.merge", true, true, false},
    [MOVE_WITHDRAW] = {"told.withdraw", false, true, true},
    [MOVE_REJECT] = {"told.reject", true, true, false},
    [MOVE_NUDGE] = {"told.nudge", true, false, false},
};

/* What is said: the words and links to photos, a line each. */
static const char *words(const struct desk *desk, const struct order *order) {
    const char *url = desk->bot->config->public_url;
    const char *text = order->text == NULL ? "" : order->text;
    const char *photos = order->photos == NULL ? "" : order->photos;
    struct buf all;
    buf_init(&all);
    buf_adds(&all, text);
    while (url != NULL && photos[0] != '\0') {
        size_t len = strcspn(photos, ",");
        buf_addf(&all, "%s%s/photos/%.*s", all.len == 0 ? "" : "\n", url,
                 (int)len, photos);
        photos += len + (photos[len] == ',');
    }
    char *copy =
        arena_strndup(desk->arena, all.data == NULL ? "" : all.data, all.len);
    buf_finish(&all);
    return copy;
}

static const char *unit_name(const struct desk *desk, const char *id) {
    const struct unit *unit =
        policy_unit(policies_get(desk->bot->policies), id);
    return arena_strdup(desk->arena, unit == NULL ? id : unit->name);
}

struct telling {
    const struct desk *desk;
    const struct ticket *ticket; /* as it becomes */
    const char *key, *text, *unit;
};

/* A person's private chat; their group at most says that something waits, and
 * not for who is not to be known. */
static struct notice *tell(const struct telling *telling,
                           const struct follower *to) {
    const struct desk *desk = telling->desk;
    const struct ticket *ticket = telling->ticket;
    struct notice *notice = desk->notify(desk->data, LANE_ANSWER, to->account,
                                         to->chat, to->rider, telling->key);
    notice->fallback = to->group[0] == '\0' ? NULL : to->group;
    notice_param(notice, "id", ticket->id);
    if (telling->text[0] != '\0')
        notice_param(notice, "text", telling->text);
    if (telling->unit[0] != '\0')
        notice_param(notice, "unit", telling->unit);
    if (ticket->into[0] != '\0')
        notice_param(notice, "into", ticket->into);
    return notice;
}

static void tell_rider(const struct telling *telling, enum ticket_move move,
                       int points) {
    const struct ticket *ticket = telling->ticket;
    if (ticket->rider[0] == '\0' || ticket->chat[0] == '\0')
        return; /* had it forgotten, or it is of another system */
    struct notice *notice =
        tell(telling, &(struct follower){
                          .rider = ticket->rider,
                          .account = ticket->account,
                          .chat = ticket->chat,
                          .group = ticket->anonymous ? "" : ticket->group,
                      });
    if (points > 0) {
        notice_param(notice, "points",
                     arena_printf(telling->desk->arena, "%d", points));
        notice_param(notice, NOTICE_AFTER, "told.points");
    }
    if (move == MOVE_CLOSE)
        notice_param(notice, NOTICE_AFTER, "told.rate");
}

void desk_tell(const struct desk *desk, const struct ticket *before,
               const struct ticket *after, const struct order *order,
               int points) {
    const struct told *what = &told[order->move];
    struct follower all[TICKET_FOLLOWERS_MAX];
    bool by_rider = order->by == MOVER_RIDER;
    if (what->key == NULL)
        return;
    struct telling telling = {
        .desk = desk,
        .ticket = after,
        .key = what->key,
        .text = order->move == MOVE_ESCALATE ? "" : words(desk, order),
        .unit = unit_name(desk, after->unit),
    };
    if (order->move == MOVE_CLOSE && telling.text[0] != '\0')
        telling.key = "told.close_text";
    if (what->rider && !by_rider)
        tell_rider(&telling, order->move, points);
    if (!what->followers || (by_rider && !what->of_riders))
        return;
    size_t n = ticket_followers(desk->arena, before, all);
    for (size_t i = 0; i < n; i++)
        tell(&telling, &all[i]);
}

/* ---- staff ----------------------------------------------------------------
 */

static bool has_chat(const struct user *user) {
    return !user->disabled && user->rider[0] != '\0' && user->chat[0] != '\0' &&
           user->account[0] != '\0';
}

static const char *category_key(const struct desk *desk,
                                const struct ticket *ticket) {
    if (ticket->category[0] == '\0')
        return "ticket.unsorted";
    return arena_printf(desk->arena, "%s.%s",
                        ticket_is_report(ticket->id) ? "category" : "kind",
                        ticket->category);
}

/* The roster may be read anew before the transaction is committed. */
static void ring(const struct desk *desk, const struct user *user,
                 const struct ticket *ticket, const char *key) {
    struct notice *notice = desk->notify(
        desk->data, LANE_ANSWER, arena_strdup(desk->arena, user->account),
        arena_strdup(desk->arena, user->chat),
        arena_strdup(desk->arena, user->rider), key);
    notice_param(notice, "id", ticket->id);
    notice_param(notice, "*category", category_key(desk, ticket));
    notice_param(notice, "unit", unit_name(desk, ticket->unit));
}

static const struct user *user_of(const struct desk *desk, const char *actor) {
    size_t prefix = strlen(USER_PREFIX);
    if (strncmp(actor, USER_PREFIX, prefix) != 0)
        return NULL;
    return roster_find(desk->bot->roster, actor + prefix);
}

bool desk_ring_assignee(const struct desk *desk, const struct ticket *ticket,
                        const char *key) {
    const struct user *user = user_of(desk, ticket->assignee);
    if (user == NULL || !has_chat(user))
        return false;
    ring(desk, user, ticket, key);
    return true;
}

void desk_ring(const struct desk *desk, const struct ticket *ticket,
               const char *key) {
    const struct policy *policy = policies_get(desk->bot->policies);
    const struct user *assignee = user_of(desk, ticket->assignee);
    const struct user *user = NULL;
    size_t n = desk_ring_assignee(desk, ticket, key);
    while (n < RING_MAX &&
           (user = roster_next(desk->bot->roster, user)) != NULL) {
        if (user == assignee || !has_chat(user) ||
            !roster_covers(user, policy, ticket->unit, ticket->community,
                           ticket->category))
            continue;
        ring(desk, user, ticket, key);
        n++;
    }
}

bool desk_same_person(const struct desk *desk, const char *a, const char *b) {
    const struct user *user = user_of(desk, a), *other = user_of(desk, b);
    return strcmp(a, b) == 0 || (user != NULL && strcmp(user->rider, b) == 0) ||
           (other != NULL && strcmp(other->rider, a) == 0);
}

/* 随手拍: a photo report; photos, place and category in any order. What others
 * have reported there already is offered to be followed instead. */
#include "base/geo.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/form.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"

#include <stdlib.h>
#include <string.h>

#define NEAR_READ 100 /* reports around, of which the nearest is offered */

static const char *const similar[] = {"join", "new", NULL};

static const struct slot slots[] = {
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_SKIPPABLE},
    {.name = "place", .type = SLOT_PLACE, .need = SLOT_REQUIRED},
    {.name = "category",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = report_categories,
     .options_key = "category",
     .guessed = true},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
    /* Asked only when there is a report like it: the one that was offered, and
     * what is to become of this one. */
    {.name = "like", .type = SLOT_TICKET, .need = SLOT_OPTIONAL},
    {.name = "similar",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = similar,
     .options_key = "similar"},
};

/* "lat,lon,words" in its three parts. */
static void split_place(struct turn *turn, const char *value,
                        struct ticket *ticket) {
    char *lat = arena_strdup(&turn->arena, value);
    char *lon = strchr(lat, ',');
    char *words = lon == NULL ? NULL : strchr(lon + 1, ',');
    if (words == NULL)
        return;
    *lon++ = '\0';
    *words++ = '\0';
    ticket->lat = lat;
    ticket->lon = lon;
    ticket->place = words;
}

static struct ticket what_was_given(struct turn *turn) {
    struct ticket ticket = {
        .rider = turn->message.rider,
        .account = turn->message.account,
        .chat = turn->answer_chat,
        .group = turn->message.in_group ? turn->message.chat : "",
        .nick = turn->message.nick,
        .category = form_value(turn, "category"),
        .text = form_value(turn, "text"),
        .photos = form_value(turn, "photos"),
        .place = "",
        .lat = "",
        .lon = "",
    };
    split_place(turn, form_value(turn, "place"), &ticket);
    return ticket;
}

static void file(struct turn *turn) {
    struct desk desk = desk_of_turn(turn);
    struct ticket ticket = what_was_given(turn);
    ticket.id = ticket_new_id(turn, 'P');
    if (ticket.id == NULL) {
        turn_fail(turn, ERR_AWAY);
        return;
    }
    notice_param(turn_reply(turn, "report.created"), "id", ticket.id);
    desk_file(&desk, &ticket);
    turn_commit(turn);
}

/* ---- one like it ------------------------------------------------------------
 */

static struct geo position(const struct ticket *ticket) {
    return (struct geo){strtod(ticket->lat, NULL), strtod(ticket->lon, NULL)};
}

static const struct policy_rules *rules_of(const struct turn *turn) {
    return policy_rules(policies_get(turn->bot->policies));
}

/* No more can follow it, or it is over. */
static bool is_closed(struct turn *turn, const struct ticket *ticket) {
    struct follower all[TICKET_FOLLOWERS_MAX];
    return !ticket_is_open(ticket->state) ||
           (ticket_followers(&turn->arena, ticket, all) ==
                TICKET_FOLLOWERS_MAX &&
            !ticket_is_own(turn, ticket) && !ticket_is_followed(turn, ticket));
}

/* The nearest open one of that category, or NULL. */
static const struct ticket *nearest(struct turn *turn,
                                    const struct ticket *given,
                                    const struct ticket *tickets, size_t n,
                                    double *metres) {
    const struct ticket *found = NULL;
    *metres = rules_of(turn)->duplicate_m;
    for (size_t i = 0; i < n; i++) {
        const struct ticket *ticket = &tickets[i];
        if (!ticket_is_report(ticket->id) || is_closed(turn, ticket) ||
            ticket->lat[0] == '\0' ||
            strcmp(ticket->category, given->category) != 0)
            continue;
        double away = geo_distance_m(position(given), position(ticket));
        if (away > *metres)
            continue;
        *metres = away;
        found = ticket;
    }
    return found;
}

/* Whose it is stays untold; where it is, but for how far. */
static void offer(struct turn *turn, const struct ticket *ticket,
                  double metres) {
    struct follower all[TICKET_FOLLOWERS_MAX];
    size_t n = ticket_followers(&turn->arena, ticket, all) + 1;
    long tens = (long)(metres / 10 + 0.5);
    form_put(turn, "like", arena_strdup(&turn->arena, ticket->id));
    struct notice *question = form_ask(turn, "similar");
    notice_param(question, "n", arena_printf(&turn->arena, "%zu", n));
    notice_param(
        question, "m",
        arena_printf(&turn->arena, "%ld", (tens == 0 ? 1 : tens) * 10));
    notice_param(question, "ago", ticket_ago(turn, ticket->created_ms));
    turn_commit(turn);
}

static void on_near(void *data, enum err err, const struct ticket *tickets,
                    size_t n, int64_t total) {
    struct turn *turn = data;
    struct ticket given = what_was_given(turn);
    double metres;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    const struct ticket *like = nearest(turn, &given, tickets, n, &metres);
    if (like == NULL)
        file(turn);
    else
        offer(turn, like, metres);
}

/* What was offered is closed meanwhile: this one stands alone. */
static void join(struct turn *turn, const struct ticket *like) {
    struct ticket given = what_was_given(turn);
    bool own = ticket_is_own(turn, like);
    bool known = own || ticket_is_followed(turn, like);
    bool more = given.text[0] != '\0' || given.photos[0] != '\0';
    if (is_closed(turn, like)) {
        file(turn);
        return;
    }
    notice_param(turn_reply(turn, own     ? "supplement.done"
                                  : known ? "report.joined_already"
                                          : "report.joined"),
                 "id", like->id);
    const struct follower follower = {given.rider, given.account, given.chat,
                                      given.group};
    const struct order order = {
        .move = known ? MOVE_REPLY : MOVE_JOIN,
        .text = given.text,
        .photos = given.photos,
        .follower = &follower,
    };
    if ((known && !more) || ticket_move(turn, like, &order))
        turn_commit(turn);
}

static void commit(struct turn *turn) {
    const char *answer = form_value(turn, "similar");
    struct ticket given = what_was_given(turn);
    if (strcmp(answer, "join") == 0)
        ticket_find(turn, form_value(turn, "like"), join);
    else if (answer[0] != '\0' || form_skipped(turn, "similar") ||
             given.lat[0] == '\0')
        file(turn);
    else
        ticket_near(turn->bot->store, &turn->arena, given.category,
                    position(&given).lat, position(&given).lon,
                    turn->now_ms - rules_of(turn)->duplicate_ms, NEAR_READ,
                    on_near, turn);
}

const struct command command_report = {
    .name = "report",
    .where = COMMAND_ANYWHERE,
    .opens = OPENS_BY_PHOTO,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

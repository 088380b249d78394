/* 评分, 没解决: the rider's word on how a ticket ended; and a 1 to 5 alone. */
#include "bot/desk.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"

#include <stdlib.h>
#include <string.h>

/* After that a number alone is no rating any more. */
#define BARE_RATING_MS (14LL * 24 * 3600 * 1000)
#define RATING_POOR 2
#define RATING_GOOD 4

/* ---- 评分 -------------------------------------------------------------------
 */

static const char *const stars[] = {"1", "2", "3", "4", "5", NULL};

static const struct slot rate_slots[] = {
    {.name = "stars",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = stars,
     .options_key = "stars",
     .scale = true},
    {.name = "ticket",
     .type = SLOT_TICKET,
     .need = SLOT_OPTIONAL,
     .lettered = true},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
};

static void rate(struct turn *turn, const struct ticket *ticket,
                 const char *rating, const char *text) {
    int n = atoi(rating);
    /* The number itself is nobody's business in a group. */
    const char *key = n >= RATING_GOOD   ? "rate.good"
                      : n <= RATING_POOR ? "rate.poor"
                                         : "rate.fair";
    struct notice *reply =
        turn_reply(turn, turn->message.in_group ? "rate.in_group" : key);
    notice_param(reply, "id", ticket->id);
    notice_param(reply, "rating", rating);
    if (ticket_move(
            turn, ticket,
            &(struct order){.move = MOVE_CONFIRM, .text = text, .rating = n}))
        turn_commit(turn);
}

static void rate_one(struct turn *turn, const struct ticket *ticket) {
    const char *refused =
        !ticket_is_own(turn, ticket)    ? "rate.not_yours"
        : ticket_is_open(ticket->state) ? "rate.not_ended"
        : ticket->state != TICKET_CLOSED && ticket->state != TICKET_CONFIRMED
            ? "rate.not_this"
            : NULL;
    if (refused == NULL) {
        rate(turn, ticket, form_value(turn, "stars"), form_value(turn, "text"));
        return;
    }
    turn->refused = true;
    struct notice *reply = turn_reply(turn, refused);
    notice_param(reply, "id", ticket->id);
    notice_param(reply, "*state", ticket_state_key(ticket->state));
    turn_commit(turn);
}

/* The one that waits for it; else the last one, whose rating is changed. */
static void rate_last(struct turn *turn, const struct ticket *tickets, size_t n,
                      int64_t total) {
    const struct ticket *ticket = ticket_last_closed(turn, tickets, n, false);
    (void)total;
    if (ticket == NULL)
        ticket = ticket_last_closed(turn, tickets, n, true);
    if (ticket == NULL)
        turn_say(turn, "rate.none");
    else
        rate_one(turn, ticket);
}

static void rate_commit(struct turn *turn) {
    const char *id = form_value(turn, "ticket");
    if (id[0] == '\0')
        ticket_list_mine(turn, TICKETS_LOOKED_AT, rate_last);
    else
        ticket_find_mine(turn, id, rate_one);
}

const struct command command_rate = {
    .name = "rate",
    .where = COMMAND_ASKS_PRIVATE,
    .keeps_form = true,
    .quiet = true,
    .slots = rate_slots,
    .n_slots = ARRAY_LEN(rate_slots),
    .commit = rate_commit,
};

/* ---- a number alone ---- */

/* A rating when a ticket was closed and waits for one, and no menu was shown
 * since; else what the menu has at that number. */
static void rate_bare_last(struct turn *turn, const struct ticket *tickets,
                           size_t n, int64_t total) {
    const struct ticket *ticket = ticket_last_closed(turn, tickets, n, false);
    int64_t menu_ms = form_menu_ms(turn);
    (void)total;
    if (ticket == NULL || turn->now_ms - ticket->closed_ms > BARE_RATING_MS ||
        ticket->closed_ms < menu_ms)
        turn_redirect(turn, &command_help, menu_ms != 0 ? turn->text : "");
    else
        rate(turn, ticket, form_value(turn, "stars"), "");
}

static void rate_bare_commit(struct turn *turn) {
    ticket_list_mine(turn, TICKETS_LOOKED_AT, rate_bare_last);
}

static const struct slot bare_slots[] = {
    {.name = "stars",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = stars,
     .options_key = "stars",
     .scale = true},
};

const struct command command_rate_bare = {
    .name = "rate_bare",
    .where = COMMAND_PRIVATE,
    .opens = OPENS_BY_RATING,
    .keeps_form = true,
    .hidden = true,
    .slots = bare_slots,
    .n_slots = ARRAY_LEN(bare_slots),
    .commit = rate_bare_commit,
};

/* ---- 没解决 ---- */

static const struct slot unsolved_slots[] = {
    {.name = "ticket",
     .type = SLOT_TICKET,
     .need = SLOT_OPTIONAL,
     .lettered = true},
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_OPTIONAL},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
};

static void reopen(struct turn *turn, const struct ticket *ticket) {
    notice_param(turn_reply(turn, "unsolved.reopened"), "id", ticket->id);
    if (ticket_move(turn, ticket,
                    &(struct order){.move = MOVE_REOPEN,
                                    .text = form_value(turn, "text"),
                                    .photos = form_value(turn, "photos")}))
        turn_commit(turn);
}

/* It is still being worked on: what they say goes to whoever does, and of an
 * answer, that it did not help. */
static void insist(struct turn *turn, const struct ticket *ticket) {
    const char *text = form_value(turn, "text");
    const char *photos = form_value(turn, "photos");
    bool answered = ticket->state == TICKET_ANSWERED;
    bool says = answered || text[0] != '\0' || photos[0] != '\0';
    struct notice *reply =
        turn_reply(turn, says ? "unsolved.passed_on" : "unsolved.open");
    notice_param(reply, "id", ticket->id);
    notice_param(reply, "*state", ticket_state_key(ticket->state));
    turn->refused = !says;
    if (text[0] == '\0' && photos[0] == '\0')
        text = message_text(&turn->message, &turn->arena);
    if (!says ||
        ticket_move(turn, ticket,
                    &(struct order){
                        .move = MOVE_REPLY, .text = text, .photos = photos}))
        turn_commit(turn);
}

static void unsolved_one(struct turn *turn, const struct ticket *ticket) {
    if (!ticket_is_own(turn, ticket)) {
        notice_param(turn_reply(turn, "unsolved.not_yours"), "id", ticket->id);
        turn_commit(turn);
    } else if (ticket_is_open(ticket->state)) {
        insist(turn, ticket);
    } else {
        reopen(turn, ticket);
    }
}

/* Whether staff had a last word on it, which may be no solution. */
static bool is_said_solved(const struct ticket *ticket) {
    return ticket->state == TICKET_ANSWERED || ticket->state == TICKET_CLOSED ||
           ticket->state == TICKET_CONFIRMED ||
           ticket->state == TICKET_REJECTED;
}

/* Of those with such a word the one that changed last, else the latest that is
 * open. */
static void unsolved_last(struct turn *turn, const struct ticket *tickets,
                          size_t n, int64_t total) {
    const struct ticket *ticket = NULL;
    (void)total;
    for (size_t i = 0; i < n; i++)
        if (ticket_is_own(turn, &tickets[i]) && is_said_solved(&tickets[i]) &&
            (ticket == NULL || tickets[i].updated_ms > ticket->updated_ms))
            ticket = &tickets[i];
    for (size_t i = 0; ticket == NULL && i < n; i++)
        if (ticket_is_own(turn, &tickets[i]) &&
            ticket_is_open(tickets[i].state))
            ticket = &tickets[i];
    if (ticket == NULL)
        turn_say(turn, "unsolved.none");
    else
        unsolved_one(turn, ticket);
}

static void unsolved_commit(struct turn *turn) {
    const char *id = form_value(turn, "ticket");
    if (id[0] == '\0')
        ticket_list_mine(turn, TICKETS_LOOKED_AT, unsolved_last);
    else
        ticket_find_mine(turn, id, unsolved_one);
}

const struct command command_unsolved = {
    .name = "unsolved",
    .where = COMMAND_ASKS_PRIVATE,
    .keeps_form = true,
    .quiet = true,
    .slots = unsolved_slots,
    .n_slots = ARRAY_LEN(unsolved_slots),
    .commit = unsolved_commit,
};

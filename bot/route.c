#define LOG_MODULE "route"
#include "bot/route.h"

#include "base/fold.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/command.h"
#include "bot/dispatch.h"
#include "bot/form.h"
#include "bot/intake.h"
#include "bot/permission.h"
#include "bot/session.h"
#include "bot/turn.h"
#include "store/ticket.h"

#include <string.h>

/* A text shorter than this, with no word we know, is answered by the menu, not
 * by the offer to take it as a request. */
#define OFFER_MIN_CHARS 6

static const struct command *opened_by(const struct turn *turn,
                                       enum command_opens what) {
    for (size_t i = 0; i < turn->bot->n_commands; i++) {
        const struct command *command = turn->bot->commands[i];
        if ((command->opens & what) && permission_allows(&turn->rider, command))
            return command;
    }
    return NULL;
}

static bool takes_photos(const struct command *command) {
    for (size_t i = 0; i < command->n_slots; i++)
        if (command->slots[i].type == SLOT_PHOTOS)
            return true;
    return false;
}

static void proceed(struct turn *turn) {
    if (turn->continuing)
        form_continue(turn);
    else
        form_begin(turn);
}

static void go(struct turn *turn) {
    if (takes_photos(turn->command))
        intake_photos(turn, proceed);
    else
        proceed(turn);
}

void route_to(struct turn *turn, const struct command *command) {
    turn->command = command;
    turn->continuing = false;
    go(turn);
}

static void continue_form(struct turn *turn) {
    turn->command = turn->open->command;
    turn->continuing = true;
    go(turn);
}

/* The rider's form in progress, when this message may go on with it: in the
 * chat where it asked, or in private whatever it began in. */
static bool form_is_here(const struct turn *turn) {
    const struct form *open = turn->open;
    if (open == NULL || turn->now_ms >= open->expires_ms)
        return false;
    return !turn->message.in_group ||
           strcmp(open->chat, turn->message.chat) == 0;
}

/* A 1 to 5 alone, from somebody who may rate. */
static bool is_rating(const struct turn *turn, const char *folded) {
    return folded[0] >= '1' && folded[0] <= '5' && folded[1] == '\0' &&
           opened_by(turn, OPENS_BY_RATING) != NULL;
}

/* A menu is answered by a number; anything else in private is not said to it,
 * but to us. So may a number be, after a ticket was closed. */
static bool passes_menu(struct turn *turn, bool media) {
    if (turn->message.in_group ||
        !(turn->open->command->opens & OPENS_BY_NOTHING))
        return false;
    const char *folded = fold_string(&turn->arena, turn->text);
    return media || folded[0] < '0' || folded[0] > '9' ||
           is_rating(turn, folded);
}

static void suggest(struct turn *turn, const struct command *like) {
    notice_param(turn_reply(turn, "error.did_you_mean"), "*title",
                 arena_printf(&turn->arena, "command.%s.title", like->name));
    turn_commit(turn);
}

/* A private message that begins with no word we know. */
static void route_unknown(struct turn *turn) {
    bool media = message_count(&turn->message, SEGMENT_IMAGE) > 0 ||
                 message_count(&turn->message, SEGMENT_LOCATION) > 0;
    char *folded = fold_string(&turn->arena, turn->text);
    enum command_opens what = OPENS_BY_NOTHING;
    if (media)
        what = OPENS_BY_PHOTO;
    else if (ticket_parse_id(&turn->arena, folded, '\0') != NULL &&
             strchr("sp", folded[0]) != NULL && folded[0] != '\0')
        what = OPENS_BY_TICKET;
    else if (is_rating(turn, folded))
        what = OPENS_BY_RATING;
    else if (utf8_length(turn->text) >= OFFER_MIN_CHARS)
        what = OPENS_BY_TEXT;
    const struct command *command = opened_by(turn, what);
    const struct command *like =
        what == OPENS_BY_NOTHING
            ? dispatch_suggest(turn->bot, &turn->arena, turn->text)
            : NULL;
    if (like != NULL && permission_allows(&turn->rider, like))
        suggest(turn, like);
    else if (command == NULL)
        turn_say(turn, "error.not_understood");
    else
        route_to(turn, command);
}

static void route_command(struct turn *turn, const struct match *match) {
    turn->text = match->rest;
    if (match->numbered != NULL &&
        permission_allows(&turn->rider, match->numbered))
        route_to(turn, match->numbered);
    else if (permission_allows(&turn->rider, match->command))
        route_to(turn, match->command);
    else if (turn->message.in_group)
        turn_end(turn);
    else
        turn_fail(turn, ERR_DENIED);
}

/* Came by a one-time link: the open question, and nothing else. */
static void route_limited(struct turn *turn, const struct match *match) {
    if (!form_is_here(turn))
        turn_say(turn, "link.ended");
    else if (match->control != CONTROL_NONE)
        form_control(turn, match->control);
    else
        continue_form(turn);
}

/* Our texts put what to send in 「」 or “”; some riders send those along. */
static const char *unquote(struct turn *turn, const char *text) {
    static const char *const marks[][2] = {{"「", "」"}, {"“", "”"}};
    size_t len = strlen(text);
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        size_t open = strlen(marks[i][0]), close = strlen(marks[i][1]);
        if (len >= open + close && strncmp(text, marks[i][0], open) == 0 &&
            strcmp(text + len - close, marks[i][1]) == 0)
            return arena_strndup(&turn->arena, text + open, len - open - close);
    }
    return text;
}

void route(struct turn *turn) {
    const struct message *message = &turn->message;
    struct form *open = arena_alloc(&turn->arena, sizeof(*open));
    bool media = message_count(message, SEGMENT_IMAGE) > 0;
    bool addressed = !message->in_group || message->mentioned;
    turn->text = unquote(turn, message_text(message, &turn->arena));
    if (session_unpack(turn->bot, &turn->arena, turn->rider.form, open))
        turn->open = open;
    bool here = form_is_here(turn);
    struct match match =
        dispatch_match(turn->bot, &turn->arena, turn->text, addressed || media);
    if (match.command != NULL && !addressed && !dispatch_is_asked(&match))
        match.command = NULL; /* words of ordinary talk */
    if (here && match.command != NULL && form_is_option(turn))
        match.command = NULL;
    if (turn->limited)
        route_limited(turn, &match);
    else if (match.control != CONTROL_NONE && (here || addressed))
        form_control(turn, match.control);
    else if (match.command != NULL)
        route_command(turn, &match);
    else if (here && !passes_menu(turn, media))
        continue_form(turn);
    else if (!message->in_group)
        route_unknown(turn);
    else if (message->mentioned)
        turn_say(turn, "group.hint");
    else
        turn_end(turn);
}

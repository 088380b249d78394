/* The question after a request: its kind, by number, or that it be anonymous.
 * Whoever has more to say instead says it: it is added to the request. */
#include "bot/desk.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"

#include <string.h>

/* What is shorter is a slip, not a sentence. */
#define MORE_MIN_CHARS 4

static const char *const choices[] = {
    "wage", "injury", "contract", "platform",  "charge", "parking",
    "rest", "family", "other",    "anonymous", NULL};

static const struct slot slots[] = {
    /* Given by the request, never asked for. */
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_OPTIONAL},
    /* The one question. Optional, so that the rest is done without it. */
    {.name = "kind",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = choices,
     .options_key = "kind"},
    {.name = "more",
     .type = SLOT_TEXT,
     .need = SLOT_OPTIONAL,
     .min = MORE_MIN_CHARS},
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_OPTIONAL},
};

static void change(struct turn *turn, const struct ticket *ticket) {
    const char *kind = form_value(turn, "kind");
    bool hide = strcmp(kind, "anonymous") == 0;
    const struct order order = {
        .move = MOVE_SORT,
        .category = hide ? NULL : kind,
        .urgent = -1,
        .anonymous = hide ? 1 : -1,
    };
    struct notice *reply = turn_reply(turn, hide ? "request_kind.anonymous"
                                                 : "request_kind.sorted");
    notice_param(reply, "id", ticket->id);
    if (!hide)
        notice_param(reply, "*kind",
                     arena_printf(&turn->arena, "kind.%s", kind));
    /* What it is already needs no move. */
    bool same = hide ? ticket->anonymous : strcmp(kind, ticket->category) == 0;
    if (same || ticket_move(turn, ticket, &order))
        turn_commit(turn);
}

static void add(struct turn *turn, const struct ticket *ticket) {
    const struct order order = {
        .move = MOVE_REPLY,
        .text = form_value(turn, "more"),
        .photos = form_value(turn, "photos"),
    };
    notice_param(turn_reply(turn, "supplement.done"), "id", ticket->id);
    if (!ticket_move(turn, ticket, &order))
        return;
    form_follow(turn, &command_request_kind,
                (const char *const[]){"ticket", ticket->id}, 2);
    turn_commit(turn);
}

static void commit(struct turn *turn) {
    const char *id = form_value(turn, "ticket");
    bool more = form_value(turn, "more")[0] != '\0' ||
                form_value(turn, "photos")[0] != '\0';
    if (form_value(turn, "kind")[0] != '\0') {
        ticket_find_own(turn, id, change);
    } else if (form_skipped(turn, "kind")) {
        turn_say(turn, "request_kind.skipped");
    } else if (more && !turn->limited) {
        ticket_find_own(turn, id, add);
    } else {
        form_ask(turn, "kind");
        if (more)
            turn_note(turn, "form.invalid.choice");
        turn_commit(turn);
    }
}

const struct command command_request_kind = {
    .name = "request_kind",
    .where = COMMAND_PRIVATE,
    .hidden = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

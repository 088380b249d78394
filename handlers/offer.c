/* A private text that begins with no word we know: what shall become of it? */
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"

#include <string.h>

static const char *const choices[] = {"request", "report", "nothing", NULL};

static const struct slot slots[] = {
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_REQUIRED},
    {.name = "what",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = choices,
     .options_key = "offer"},
};

static void commit(struct turn *turn) {
    const char *what = form_value(turn, "what");
    if (strcmp(what, "request") == 0)
        turn_redirect(turn, &command_request, form_value(turn, "text"));
    else if (strcmp(what, "report") == 0)
        turn_redirect(turn, &command_report, form_value(turn, "text"));
    else
        turn_say(turn, "form.cancelled");
}

const struct command command_offer = {
    .name = "offer",
    .where = COMMAND_PRIVATE,
    .opens = OPENS_BY_TEXT,
    .hidden = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};

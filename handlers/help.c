/* 帮助: the menu, by numbers. */
#include "bot/bot.h"
#include "bot/form.h"
#include "bot/permission.h"
#include "bot/turn.h"
#include "handlers/handlers.h"

#include <string.h>

static const struct slot slots[] = {
    {.name = "command", .type = SLOT_CHOICE, .need = SLOT_REQUIRED},
};

static void prepare(struct turn *turn) {
    const struct bot *bot = turn->bot;
    struct option *options =
        arena_alloc(&turn->arena, bot->n_commands * sizeof(*options));
    size_t n = 0;
    for (size_t i = 0; i < bot->n_commands; i++) {
        const struct command *command = bot->commands[i];
        if (command->hidden || command == &command_help ||
            !permission_allows(&turn->rider, command))
            continue;
        options[n++] = (struct option){
            .id = command->name,
            .title = catalog_text(
                turn->lang,
                arena_printf(&turn->arena, "command.%s.title", command->name)),
        };
    }
    form_set_options(turn, "command", options, n);
    form_ready(turn);
}

static void commit(struct turn *turn) {
    const char *name = form_value(turn, "command");
    for (size_t i = 0; i < turn->bot->n_commands; i++) {
        const struct command *command = turn->bot->commands[i];
        if (strcmp(command->name, name) != 0 ||
            !permission_allows(&turn->rider, command))
            continue;
        turn_redirect(turn, command, "");
        return;
    }
    turn_fail(turn, ERR_NOT_FOUND);
}

const struct command command_help = {
    .name = "help",
    .where = COMMAND_ANYWHERE,
    .opens = OPENS_BY_NOTHING,
    .keeps_form = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = commit,
};

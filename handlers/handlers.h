#pragma once

#include "bot/command.h"

/* Every command there is, by its line in commands.def. */
#define COMMAND(name) extern const struct command command_##name;
#include "handlers/commands.def"
#undef COMMAND

extern const struct command *const handlers[];
extern const size_t n_handlers;

#include "handlers/handlers.h"

const struct command *const handlers[] = {
#define COMMAND(name) &command_##name,
#include "handlers/commands.def"
#undef COMMAND
};

const size_t n_handlers = sizeof(handlers) / sizeof(handlers[0]);

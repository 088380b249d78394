#pragma once

#include "bot/config.h"

#include <stddef.h>

struct command;

/*
 * The daemon: builds every part on the loop, runs it until SIGTERM or SIGINT,
 * lets what is under way end, and takes it all down again without leaks.
 * Returns the exit status of the process.
 */
int daemon_run(const struct config *config,
               const struct command *const *commands, size_t n_commands);

/* `xiaofeng code`: stores and prints a one-time code for a role (enum role), by
 * the daemon's Redis, or its files when it is not running. */
int daemon_make_code(const struct config *config, unsigned role,
                     const char *name);

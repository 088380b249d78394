#pragma once

#include <stdbool.h>

struct command;
struct rider;

/* Whether this rider may use this command. Administrators may use every one. */
bool permission_allows(const struct rider *rider,
                       const struct command *command);

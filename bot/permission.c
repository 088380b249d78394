#include "bot/permission.h"

#include "bot/command.h"

bool permission_allows(const struct rider *rider,
                       const struct command *command) {
    return command->roles == 0 || (rider->roles & command->roles) != 0 ||
           (rider->roles & ROLE_ADMIN) != 0;
}

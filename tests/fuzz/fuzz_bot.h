#pragma once

#include "base/clock.h"
#include "bot/bot.h"
#include "bot/loop.h"

/*
 * A bot for fuzz targets: all commands, a store that nobody can reach, no
 * account. A transaction ends as "away", so nothing needs a Redis.
 */
struct fuzz_bot {
    struct bot bot;
    struct loop loop;
    struct clock_manual clock;
    struct config *config;
};

void fuzz_bot_start(struct fuzz_bot *fuzz,
                    const struct command *const *commands, size_t n_commands);

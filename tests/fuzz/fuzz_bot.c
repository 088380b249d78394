#include "tests/fuzz/fuzz_bot.h"

#include "base/log.h"
#include "base/token.h"
#include "bot/config.h"
#include "bot/dispatch.h"
#include "bot/outbox.h"
#include "bot/policies.h"
#include "bot/quizzes.h"
#include "bot/turns.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

static void on_change(void *data) {
    (void)data;
}

static void start_store(struct fuzz_bot *fuzz) {
    fuzz->bot.store =
        store_new(&fuzz->loop.uv, &(struct store_options){
                                      .url = "unix:///nonexistent/redis.sock",
                                      .district = "test",
                                      .seen_ttl_ms = 60000,
                                      .on_up = on_change,
                                      .on_down = on_change,
                                  });
}

void fuzz_bot_start(struct fuzz_bot *fuzz,
                    const struct command *const *commands, size_t n_commands) {
    static const char settings[] =
        "[xiaofeng]\npublic_url=https://bee.example\n"
        "[pace]\naccount_rate=0\ngroup_rate=0\n[rider]\nrate=0\n";
    static char *const no_env[] = {NULL};
    struct bot *bot = &fuzz->bot;
    *fuzz = (struct fuzz_bot){0};
    log_init(LOG_ERROR, false);
    clock_manual_init(&fuzz->clock, 1700000000000);
    if (!token_init() || !catalog_init() || loop_init(&fuzz->loop) != OK ||
        config_parse("fuzz", settings, strlen(settings), no_env,
                     &fuzz->config) != OK)
        abort();
    *bot = (struct bot){
        .config = fuzz->config,
        .clock = &fuzz->clock.clock,
        .loop = &fuzz->loop,
        .commands = commands,
        .n_commands = n_commands,
    };
    start_store(fuzz);
    if (bot->store == NULL)
        abort();
    bot->lexicon = lexicon_new(bot);
    bot->policies = policies_new(bot);
    bot->quizzes = quizzes_new(bot);
    bot->outbox = outbox_new(bot);
    bot->turns = turns_new(bot);
}

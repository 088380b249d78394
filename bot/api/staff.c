#include "bot/api/staff.h"

#include "base/mem.h"
#include "bot/api/accounts.h"
#include "bot/api/broadcasts.h"
#include "bot/api/calendar.h"
#include "bot/api/export.h"
#include "bot/api/files.h"
#include "bot/api/live.h"
#include "bot/api/moves.h"
#include "bot/api/photos.h"
#include "bot/api/roundtable.h"
#include "bot/api/statistics.h"
#include "bot/api/tickets.h"
#include "bot/api/views.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/files.h"

#include <stddef.h>
#include <stdlib.h>

static void start_files(struct bot *bot) {
    char *dir = xasprintf("%s/files", bot->config->data_dir);
    bot->files = files_new(bot->loop, dir);
    free(dir);
}

void staff_start(struct bot *bot) {
    bot->board = board_new(bot);
    bot->views = views_new(bot);
    bot->live = live_new(bot);
    bot->exports = exports_new(bot);
    start_files(bot);
    tickets_add_routes(bot);
    moves_add_routes(bot);
    photos_add_routes(bot);
    files_add_routes(bot);
    broadcasts_add_routes(bot);
    accounts_add_routes(bot);
    calendar_add_routes(bot);
    statistics_add_routes(bot);
    roundtable_add_routes(bot);
    export_add_routes(bot);
}

void staff_stop(struct bot *bot) {
    files_free(bot->files);
    exports_free(bot->exports);
    live_free(bot->live);
    views_free(bot->views);
    board_free(bot->board);
    bot->exports = NULL;
    bot->files = NULL;
    bot->live = NULL;
    bot->views = NULL;
    bot->board = NULL;
}

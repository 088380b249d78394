#pragma once

struct bot;

/* /leaderboard */
void leaderboard_add_routes(struct bot *bot);

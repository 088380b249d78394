#pragma once

struct bot;

/* The bot's own chat accounts, as organisers see them. */
void accounts_add_routes(struct bot *bot);

#pragma once

struct bot;

/* What staff work with: the board of tickets, its part of the API, live views
 * and exports. After api_new(), before the loop listens. */
void staff_start(struct bot *bot);
/* After store_free(), which ends what is under way. */
void staff_stop(struct bot *bot);

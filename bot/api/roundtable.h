#pragma once

struct bot;

/* GET /roundtable: the numbers of a quarter, for 圆桌会议. */
void roundtable_add_routes(struct bot *bot);

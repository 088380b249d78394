#pragma once

struct bot;

/* GET /statistics */
void statistics_add_routes(struct bot *bot);

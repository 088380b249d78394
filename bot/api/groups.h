#pragma once

struct bot;

/* What is known of groups and riders, for those who say who belongs where. */
void groups_add_routes(struct bot *bot);

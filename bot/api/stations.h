#pragma once

struct bot;

/* Rest stations, for the map. */
void stations_add_routes(struct bot *bot);

#pragma once

struct bot;

/* Events, who signed up for them, and what judges gave: the routes below
 * /events; and the public addresses /events/E12/<token>.ics and
 * /events/E12/<token>/<code>.svg. */
void events_add_routes(struct bot *bot);
void signups_add_routes(struct bot *bot);
void scores_add_routes(struct bot *bot);
void event_files_add_routes(struct bot *bot);

#pragma once

struct bot;

/* What is planned, of all kinds, for a calendar. */
void calendar_add_routes(struct bot *bot);

#pragma once

struct bot;

/* GET and POST /tickets, one ticket, and those like it. */
void tickets_add_routes(struct bot *bot);

#pragma once

struct bot;

/* GET and POST /webhooks, DELETE of one, its deliveries and their replay. */
void webhooks_add_routes(struct bot *bot);

#pragma once

struct bot;

/* What administrators lay down: bot/policy.h. */
void documents_add_routes(struct bot *bot);

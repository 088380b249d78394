#pragma once

struct bot;

/* Tokens of other systems. */
void tokens_add_routes(struct bot *bot);

#pragma once

struct bot;

/* /questions */
void questions_add_routes(struct bot *bot);

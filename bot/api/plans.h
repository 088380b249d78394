#pragma once

struct bot;

void plans_add_routes(struct bot *bot);

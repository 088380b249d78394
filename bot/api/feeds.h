#pragma once

struct bot;

void feeds_add_routes(struct bot *bot);

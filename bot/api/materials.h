#pragma once

struct bot;

void materials_add_routes(struct bot *bot);

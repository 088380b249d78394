#pragma once

struct bot;

/* POST /photos; they are served by bot/api/photo.h. */
void photos_add_routes(struct bot *bot);

#pragma once

struct bot;

/*
 * /photos/ID and /photos/ID/thumb: a stored photo and its thumbnail, as JPEG.
 * An id is 128 random bits that only those are told who may see the photo, so
 * whoever knows it is given it. Needs bot->photos when asked.
 */
void photo_add_routes(struct bot *bot);

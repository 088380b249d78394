#pragma once

struct bot;

/* POST /files of the API, and GET /files/<id>/<name> for everybody. */
void files_add_routes(struct bot *bot);

#include "bot/api/photo.h"

#include "bot/bot.h"
#include "bot/photo.h"
#include "bot/server.h"

#include <stdlib.h>
#include <string.h>

static void answer_not_found(struct http_request *request) {
    static const char body[] = "not found\n";
    const struct http_answer answer = {
        .status = 404,
        .type = "text/plain; charset=utf-8",
        .body = body,
        .body_len = sizeof(body) - 1,
    };

    http_answer(request, &answer);
}

/* The file that "ID" or "ID/thumb" means; NULL when it means none. */
static char *find_path(const struct photos *photos, const char *rest) {
    char id[PHOTO_ID_SIZE];
    size_t len = strcspn(rest, "/");
    bool thumb = strcmp(rest + len, "/thumb") == 0;

    if (len >= sizeof(id) || (rest[len] != '\0' && !thumb))
        return NULL;
    memcpy(id, rest, len);
    id[len] = '\0';
    return photo_path(photos, id, thumb);
}

static void on_photo(struct http_request *request, const char *rest,
                     void *data) {
    const struct bot *bot = data;
    char *path = bot->photos != NULL ? find_path(bot->photos, rest) : NULL;

    if (path != NULL)
        http_answer_file(request, path, "image/jpeg", true);
    else
        answer_not_found(request);
    free(path);
}

void photo_add_routes(struct bot *bot) {
    http_route_add(bot->loop, "/photos/", on_photo, bot);
}

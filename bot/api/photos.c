#include "bot/api/photos.h"

#include "base/limits.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/bot.h"
#include "bot/photo.h"

/* Where a photo was taken is nobody's business here. */
static void on_stored(void *data, enum err err, const struct photo *photo) {
    struct api_call *call = data;

    if (err == OK)
        api_created(call, json_pack("{ss}", "id", photo->id));
    else if (err == ERR_INVALID)
        api_invalid(call, "not_a_photo", NULL);
    else
        api_fail(call, err);
}

static void post_photo(struct api_call *call) {
    if (call->body_len == 0)
        api_invalid(call, "required", NULL);
    else
        photo_store(call->bot->photos, call->body, call->body_len, on_stored,
                    call);
}

static const struct api_route routes[] = {
    {"POST", "/photos",
     PERM_TICKETS_MOVE | PERM_TICKETS_FILE | PERM_BROADCASTS | PERM_STUDY |
         PERM_EVENTS,
     post_photo, LIMIT_UPLOAD_BYTES, true},
};

void photos_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

#include "bot/api/order.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "bot/api/ticket_read.h"
#include "bot/bot.h"
#include "bot/photo.h"
#include "bot/policy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHAR_BYTES 4 /* at most */
#define WORD_BYTES 64

const char *order_clean(struct api_call *call, const char *text) {
    return utf8_clean(&call->arena, text, strlen(text));
}

bool order_text(struct api_call *call, const char *name, size_t max_chars,
                bool required, const char **out) {
    const char *text;

    if (!api_string(call, name, max_chars * CHAR_BYTES, required, &text))
        return false;
    *out = NULL;
    if (text == NULL)
        return true;
    const char *clean = order_clean(call, text);
    if (utf8_length(clean) > max_chars) {
        api_invalid(call, "too_long", name);
        return false;
    }
    if (clean[0] != '\0')
        *out = clean;
    else if (required)
        api_invalid(call, "text_needed", name);
    return clean[0] != '\0' || !required;
}

bool order_photo_is_there(const struct api_call *call, const char *id) {
    char *path = photo_path(call->bot->photos, id, false);
    bool there = path != NULL && access(path, F_OK) == 0;

    free(path);
    return there;
}

bool order_photos(struct api_call *call, const char **out) {
    const json_t *photos = json_object_get(call->json, "photos");
    const char *joined = NULL;
    size_t n = json_array_size(photos);

    *out = NULL;
    if (photos == NULL || json_is_null(photos))
        return true;
    if (!json_is_array(photos) || n > LIMIT_PHOTOS) {
        api_invalid(call, "invalid", "photos");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const char *id = json_string_value(json_array_get(photos, i));
        if (id == NULL || !order_photo_is_there(call, id)) {
            api_invalid(call, "no_such_photo", "photos");
            return false;
        }
        joined = joined == NULL
                     ? arena_strdup(&call->arena, id)
                     : arena_printf(&call->arena, "%s,%s", joined, id);
    }
    *out = joined;
    return true;
}

bool order_category(struct api_call *call, const char **out) {
    const char *category;

    if (!api_string(call, "category", WORD_BYTES, false, &category))
        return false;
    *out = category;
    if (category == NULL)
        return true;
    for (const char *const *known = policy_categories; *known != NULL; known++)
        if (strcmp(*known, category) == 0)
            return true;
    api_invalid(call, "no_such_category", "category");
    return false;
}

static bool read_urgency(struct api_call *call, int *out) {
    const char *urgency;

    if (!api_string(call, "urgency", WORD_BYTES, false, &urgency))
        return false;
    *out = -1;
    if (urgency == NULL)
        return true;
    if (strcmp(urgency, "urgent") == 0 || strcmp(urgency, "normal") == 0) {
        *out = urgency[0] == 'u';
        return true;
    }
    api_invalid(call, "invalid", "urgency");
    return false;
}

static bool read_move(struct api_call *call, enum ticket_move *out) {
    const char *name;

    if (!api_string(call, "move", WORD_BYTES, true, &name))
        return false;
    *out = workflow_parse(name);
    if (*out != MOVES && *out != MOVE_FILE &&
        (workflow_move(*out)->by & MOVER_STAFF) != 0)
        return true;
    api_invalid(call, "no_such_move", "move");
    return false;
}

static bool read_into(struct api_call *call, enum ticket_move move,
                      const char **out) {
    if (!api_string(call, "into", WORD_BYTES, move == MOVE_MERGE, out))
        return false;
    if (*out == NULL || ticket_id_valid(&call->arena, *out))
        return true;
    api_invalid(call, "no_such_ticket", "into");
    return false;
}

bool order_read(struct api_call *call, struct order_read *out) {
    struct order *order = &out->order;

    *out = (struct order_read){.order = {.by = MOVER_STAFF,
                                         .actor = call->caller.actor,
                                         .name = call->caller.display,
                                         .urgent = -1,
                                         .anonymous = -1}};
    if (!read_move(call, &order->move))
        return false;
    bool needed = workflow_move(order->move)->text == TEXT_MUST;
    bool told = workflow_move(order->move)->text != TEXT_NONE;
    if (!order_text(call, "text", LIMIT_TEXT_CHARS, needed, &order->text) ||
        !api_string(call, "unit", WORD_BYTES, order->move == MOVE_ROUTE,
                    &order->unit) ||
        !order_category(call, &order->category) ||
        !read_urgency(call, &order->urgent) ||
        !order_photos(call, &order->photos) ||
        !read_into(call, order->move, &out->into))
        return false;
    if (!told)
        order->text = NULL;
    return true;
}

const char *order_refusal(enum err err, const struct order *order) {
    return desk_refusal_key(err, order) + strlen("move.");
}

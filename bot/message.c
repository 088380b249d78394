#include "bot/message.h"

#include "base/arena.h"
#include "base/buf.h"
#include "bot/connector.h"

#include <string.h>

const char *message_text(const struct message *message, struct arena *arena) {
    struct buf joined;
    buf_init(&joined);
    for (size_t i = 0; i < message->n_segments; i++) {
        const struct segment *segment = &message->segments[i];
        if (segment->type == SEGMENT_TEXT && segment->text != NULL)
            buf_adds(&joined, segment->text);
    }
    const char *at = joined.len > 0 ? joined.data : "";
    size_t len = joined.len;
    while (len > 0 && strchr(" \n\t", at[0]) != NULL) {
        at++;
        len--;
    }
    while (len > 0 && strchr(" \n\t", at[len - 1]) != NULL)
        len--;
    char *text = arena_strndup(arena, at, len);
    buf_finish(&joined);
    return text;
}

size_t message_count(const struct message *message, enum segment_type type) {
    size_t n = 0;
    for (size_t i = 0; i < message->n_segments; i++)
        n += message->segments[i].type == type;
    return n;
}

const struct segment *message_segment(const struct message *message,
                                      enum segment_type type, size_t i) {
    for (size_t at = 0; at < message->n_segments; at++)
        if (message->segments[at].type == type && i-- == 0)
            return &message->segments[at];
    return NULL;
}

bool chat_is_group(const char *chat) {
    const char *dot = strchr(chat, '.');
    return dot != NULL && dot[1] == 'g';
}

const char *chat_native_id(const char *chat) {
    const char *dot = strchr(chat, '.');
    return dot != NULL && dot[1] != '\0' ? dot + 2 : chat;
}

const char *chat_of_rider(struct arena *arena, const char *rider) {
    const char *dot = strchr(rider, '.');
    if (dot == NULL)
        return rider;
    return arena_printf(arena, "%.*s.u%s", (int)(dot - rider), rider, dot + 1);
}

const char *rider_of_chat(struct arena *arena, const char *chat) {
    const char *dot = strchr(chat, '.');
    if (dot == NULL || dot[1] != 'u')
        return NULL;
    return arena_printf(arena, "%.*s.%s", (int)(dot - chat), chat, dot + 2);
}

#include "bot/connectors/cq.h"
#include "bot/connectors/onebot11_codec.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The pieces are the whole string, in order; nothing is looked at beyond. */
static void check_pieces(const char *text, size_t len) {
    static const char *const names[] = {"qq", "url", "file", "data", ""};
    struct cq_piece piece;
    const char *value;
    const char *at = text;
    struct cq cq;
    size_t value_len;

    cq_init(&cq, text, len);
    while (cq_next(&cq, &piece)) {
        if (cq.at <= at || cq.at > text + len || piece.at < at ||
            piece.at + piece.len > cq.at)
            abort();
        at = cq.at;
        if (!piece.type)
            continue;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (cq_param(&piece, names[i], &value, &value_len) &&
                (value < piece.at || value + value_len > piece.at + piece.len))
                abort();
    }
    if (at != text + len)
        abort();
}

/* The same text as a message of a group. */
static void check_message(const char *text, size_t len, struct arena *arena) {
    struct onebot11_oddities odd;
    struct onebot11_glance seen;
    struct onebot11_frame frame;
    struct message message;
    struct buf buf;

    buf_init(&buf);
    buf_adds(&buf,
             "{\"post_type\":\"message\",\"message_type\":\"group\","
             "\"self_id\":1,\"user_id\":2,\"group_id\":3,"
             "\"message_id\":4,\"message\":");
    buf_add_json_string(&buf, text, len);
    buf_adds(&buf, "}");
    onebot11_scan(&frame, buf.data, buf.len);
    if (frame.kind != ONEBOT11_MESSAGE ||
        onebot11_decode(&frame, "777", arena, &message, &odd) ||
        !onebot11_glance(&frame, "777", arena, &seen) ||
        seen.glance.mentioned != message.mentioned ||
        message.n_segments > LIMIT_SEGMENTS)
        abort();
    for (size_t i = 0; i < message.n_segments; i++)
        if (message.segments[i].text &&
            !utf8_valid(message.segments[i].text,
                        strlen(message.segments[i].text)))
            abort();
    buf_finish(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    char *text;
    size_t len;

    arena_init(&arena);
    check_pieces((const char *)data, size);
    text = cq_unescape(&arena, (const char *)data, size, &len);
    if (len > size)
        abort();
    /* A frame is valid UTF-8 before it comes here. */
    text = utf8_repair(&arena, (const char *)data, size);
    check_message(text, strlen(text), &arena);
    arena_finish(&arena);
    return 0;
}

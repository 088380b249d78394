#include "bot/connectors/onebot11_codec.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What every message above the connector relies on. */
static void check_message(const struct message *message) {
    if (!message->account || !message->chat || !message->rider ||
        !message->id || !*message->id || !message->nick ||
        message->n_segments > LIMIT_SEGMENTS)
        abort();
    for (size_t i = 0; i < message->n_segments; i++) {
        const struct segment *segment = &message->segments[i];

        if (segment->text && !utf8_valid(segment->text, strlen(segment->text)))
            abort();
        if (segment->type == SEGMENT_TEXT &&
            (!segment->text || !*segment->text ||
             utf8_length(segment->text) > LIMIT_TEXT_CHARS))
            abort();
        if (segment->type == SEGMENT_LOCATION &&
            !(segment->lat >= -90 && segment->lat <= 90 &&
              segment->lon >= -180 && segment->lon <= 180))
            abort();
    }
}

/* A glance says what the whole message says. */
static void check_glance(const struct onebot11_frame *frame,
                         const struct message *message, struct arena *arena) {
    struct onebot11_glance seen;

    if (!onebot11_glance(frame, "777", arena, &seen))
        return;
    if (strcmp(seen.glance.chat, message->chat) != 0 ||
        strcmp(seen.glance.rider, message->rider) != 0 ||
        seen.glance.in_group != message->in_group ||
        seen.glance.text_len > sizeof(seen.text))
        abort();
}

/* A frame of any kind, as it comes from a socket. */
static void take_frame(const char *text, size_t len) {
    struct onebot11_oddities odd;
    struct onebot11_answer answer;
    struct onebot11_frame frame;
    struct onebot11_glance seen;
    struct message message;
    struct arena arena;
    uint64_t number;

    arena_init(&arena);
    onebot11_scan(&frame, text, len);
    if (frame.kind == ONEBOT11_MESSAGE) {
        if (onebot11_decode(&frame, "777", &arena, &message, &odd)) {
            (void)onebot11_glance(&frame, "777", &arena, &seen);
        } else {
            check_message(&message);
            check_glance(&frame, &message, &arena);
        }
    } else if (frame.kind == ONEBOT11_ANSWER) {
        onebot11_decode_answer(&frame, &arena, &answer);
        (void)onebot11_decode_echo(frame.echo, "x", &number);
    }
    arena_finish(&arena);
}

/* The first byte says whether the rest is a whole frame or only the segments
 * of a message, which the fuzzer would seldom get to otherwise. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data + 1;
    struct buf buf;

    if (size == 0)
        return 0;
    if (*data & 1) {
        take_frame(text, size - 1);
        return 0;
    }
    buf_init(&buf);
    buf_adds(&buf,
             "{\"post_type\":\"message\",\"message_type\":\"group\","
             "\"self_id\":1,\"user_id\":2,\"group_id\":3,"
             "\"message_id\":4,\"message\":[{\"type\":\"");
    buf_add(&buf, text, size - 1);
    buf_adds(&buf, "\"}}]}");
    take_frame(buf.data, buf.len);
    buf_finish(&buf);
    return 0;
}

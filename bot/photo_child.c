/*
 * The program xiaofeng-photo: decodes one photo of a stranger. The libraries
 * that decode pictures are where a hostile file would strike, so the sandbox
 * closes before the first byte is read.
 */
#include "bot/photo_child.h"

#include "base/limits.h"
#include "bot/photo_convert.h"
#include "bot/photo_sandbox.h"

#include <stdlib.h>
#include <unistd.h>

static bool read_all(void *into, size_t len) {
    unsigned char *at = into;
    while (len > 0) {
        ssize_t n = read(STDIN_FILENO, at, len);
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

/* A parent that does not listen any more has ended, or will end us. */
static void write_all(const void *from, size_t len) {
    const unsigned char *at = from;
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, at, len);
        if (n <= 0)
            return;
        at += n;
        len -= (size_t)n;
    }
}

static void reply(enum err err, const struct photo_converted *converted) {
    const struct photo_reply head = {
        .magic = PHOTO_REPLY_MAGIC,
        .err = (uint32_t)err,
        .jpeg_len = (uint32_t)converted->jpeg_len,
        .thumb_len = (uint32_t)converted->thumb_len,
        .has_position = converted->has_position,
        .lat = converted->lat,
        .lon = converted->lon,
    };
    write_all(&head, sizeof(head));
    write_all(converted->jpeg, converted->jpeg_len);
    write_all(converted->thumb, converted->thumb_len);
}

int main(void) {
    struct photo_ask ask;
    struct photo_converted converted;

    if (!photo_sandbox_enter())
        _exit(PHOTO_EXIT_UNCONFINED);
    if (!read_all(&ask, sizeof(ask)) || ask.magic != PHOTO_ASK_MAGIC ||
        ask.len > LIMIT_UPLOAD_BYTES)
        _exit(PHOTO_EXIT_NO_INPUT);
    unsigned char *bytes = malloc(ask.len + 1u);
    if (!bytes || !read_all(bytes, ask.len))
        _exit(PHOTO_EXIT_NO_INPUT);
    reply(photo_convert(bytes, ask.len, &converted), &converted);
    /* Not exit(): nothing is worth being tidied, and tidying makes calls. */
    _exit(PHOTO_EXIT_OK);
}

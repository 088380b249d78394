#pragma once

#include <stdint.h>

/*
 * What the daemon and its confined child, the program xiaofeng-photo, say to
 * each other: one struct photo_ask with the bytes after it on the child's
 * standard input, one struct photo_reply with both pictures after it on its
 * standard output. Same machine, same build: no byte order to settle. One child
 * handles one photo, so that a picture that takes its decoder over reaches
 * nobody else's; starting one costs about a millisecond.
 */
#define PHOTO_ASK_MAGIC 0x58664131u
#define PHOTO_REPLY_MAGIC 0x58665231u

struct photo_ask {
    uint32_t magic;
    uint32_t len;
};

struct photo_reply {
    uint32_t magic;
    uint32_t err; /* enum err: OK, ERR_INVALID or ERR_TOO_LARGE */
    uint32_t jpeg_len;
    uint32_t thumb_len;
    uint32_t has_position;
    uint32_t unused;
    double lat, lon;
};

/* How the child ends. */
enum photo_exit {
    PHOTO_EXIT_OK = 0,
    PHOTO_EXIT_NO_INPUT = 2,  /* the parent did not send what it said */
    PHOTO_EXIT_UNCONFINED = 3 /* the kernel refused the sandbox */
};

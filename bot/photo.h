#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct photos;

/*
 * Photos: bytes of a stranger go through a confined child process (rlimits,
 * seccomp, no network, no files), which recognises JPEG, PNG and WebP by
 * content, refuses anything else and anything over LIMIT_PHOTO_PIXELS, turns it
 * upright, scales it down to PHOTO_MAX_EDGE, and encodes it again as a JPEG
 * without metadata, with a thumbnail. Only the child's output is ever stored:
 * <dir>/ab/<id>.jpg and <dir>/ab/<id>_t.jpg, written and fsynced under a
 * temporary name, then renamed.
 */
#define PHOTO_MAX_EDGE 2048 /* pixels, the longer side */
#define PHOTO_THUMB_EDGE 320
#define PHOTO_ID_SIZE 23 /* 128 random bits in base64url, with the NUL */

/* Photos that wait for a child; more of either are ERR_LIMIT. */
#define PHOTO_WAITING_MAX 256
#define PHOTO_WAITING_BYTES ((size_t)64 * 1024 * 1024)

struct photo {
    char id[PHOTO_ID_SIZE];
    bool has_position; /* EXIF GPS, WGS-84; ask for consent before using it */
    double lat, lon;
};

struct photo_options {
    const char *dir;        /* made with mode 700 when missing */
    const char *child_path; /* the program xiaofeng-photo; NULL: find it */
    unsigned max_children;  /* at once; each may take some 400 MB for a while */
    int64_t timeout_ms;     /* of one photo in its child */
};

struct photos *photos_new(struct loop *loop,
                          const struct photo_options *options);
/*
 * Cancels what is under way (each callback is called with ERR_AWAY). Takes
 * NULL; safe in a callback. Children end, handles close, and the memory goes,
 * as the loop runs on.
 */
void photos_free(struct photos *photos);

/*
 * err: OK; ERR_INVALID (not an image we know, or broken), ERR_TOO_LARGE,
 * ERR_TIMEOUT (the child took too long), ERR_LIMIT (too many wait),
 * ERR_IO (could not store), ERR_AWAY (shutting down). photo is borrowed for the
 * call, and NULL unless OK.
 */
typedef void photo_done(void *data, enum err err, const struct photo *photo);
/* Copies bytes; calls done exactly once, later in the loop. */
void photo_store(struct photos *photos, const char *bytes, size_t len,
                 photo_done *done, void *data);
/* The path of a stored photo or its thumbnail; free(). NULL for a string that
 * is not a photo id. */
char *photo_path(const struct photos *photos, const char *id, bool thumb);
/* Removes a photo and its thumbnail, soon. */
void photo_remove(struct photos *photos, const char *id);

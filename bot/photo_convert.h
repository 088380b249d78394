#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* What becomes of a stranger's bytes. */
struct photo_converted {
    unsigned char *jpeg; /* upright, PHOTO_MAX_EDGE at most, no metadata */
    size_t jpeg_len;
    unsigned char *thumb; /* the same at PHOTO_THUMB_EDGE */
    size_t thumb_len;
    bool has_position;
    double lat, lon;
};

/*
 * Decodes, turns upright, shrinks and encodes again. Meant for the confined
 * child: the parent calls photo_store(). Errors as of photo_decode(). When OK
 * the caller finishes *out.
 */
enum err photo_convert(const unsigned char *bytes, size_t len,
                       struct photo_converted *out) must_check;
void photo_converted_finish(struct photo_converted *converted);

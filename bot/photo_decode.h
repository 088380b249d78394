#pragma once

#include "base/err.h"
#include "bot/photo_exif.h"
#include "bot/photo_picture.h"

#include <stddef.h>

/*
 * Recognises JPEG, PNG and WebP by their first bytes and decodes them, shrunk
 * to PHOTO_MAX_EDGE while decoding, on white where they are transparent, not
 * yet turned upright. ERR_INVALID: something else, or broken or cut off;
 * ERR_TOO_LARGE: over LIMIT_PHOTO_PIXELS, or more than memory allows.
 * The picture is the caller's when OK and has no memory otherwise.
 */
enum err photo_decode(const unsigned char *bytes, size_t len,
                      struct picture *picture,
                      struct photo_exif *exif) must_check;

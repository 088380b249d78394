#pragma once

#include <stddef.h>

/*
 * A QR code (ISO 18004, level M) as an SVG picture with its quiet zone, black
 * on white, of any size. NULL when text is longer than QR_BYTES_MAX. Owned.
 */
#define QR_BYTES_MAX 1000
char *qr_svg(const char *text);

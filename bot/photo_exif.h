#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The two things we want to know from a photo's EXIF. */
struct photo_exif {
    int orientation; /* 1 to 8; 0 when it says nothing */
    bool has_position;
    double lat, lon; /* WGS-84 degrees */
};

/*
 * Reads a block of EXIF, with or without its "Exif\0\0". What it does not say,
 * or says in an impossible way, stays unset in out.
 */
void photo_exif_read(struct photo_exif *out, const unsigned char *bytes,
                     size_t len);

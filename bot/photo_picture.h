#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A picture in memory: rows of red, green, blue, without padding. */
struct picture {
    unsigned width;
    unsigned height;
    unsigned char *rgb; /* free() */
};

/* The longest side a picture may come in with; sums in 32 bits rely on it. */
#define PICTURE_SIDE_MAX 65535

/*
 * Shrinks a picture as its rows come in, from top to bottom: each pixel of the
 * result is the exact average of the area it covers, so that memory is needed
 * for the result only. A picture that is small enough already stays as it is.
 */
struct scaler {
    unsigned in_width, in_height;
    unsigned left;        /* of the height one output row still takes */
    uint32_t *line;       /* one input row, summed along the width */
    uint64_t *sum;        /* such rows, summed along the height */
    unsigned char *to;    /* next row of the result */
    struct picture *into; /* borrowed */
};

/*
 * Makes *into as large as a picture of the given size may be with no side above
 * max_edge. Sides must be 1 to PICTURE_SIDE_MAX. Returns false when memory is
 * short.
 */
bool scaler_init(struct scaler *scaler, unsigned in_width, unsigned in_height,
                 unsigned max_edge, struct picture *into);
void scaler_finish(struct scaler *scaler); /* also of a zeroed one */
void scaler_add_row(struct scaler *scaler, const unsigned char *rgb);

/* The size that scaler_init() gives. */
void picture_fit(unsigned width, unsigned height, unsigned max_edge,
                 unsigned *out_width, unsigned *out_height);

/* Puts red, green, blue and alpha on white. */
void picture_flatten_row(unsigned char *rgb, const unsigned char *rgba,
                         unsigned width);

/*
 * Turns a picture as its EXIF orientation (1 to 8) asks for. Returns false when
 * memory is short; the picture is unchanged then.
 */
bool picture_turn(struct picture *picture, int orientation);

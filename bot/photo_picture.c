#include "bot/photo_picture.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static unsigned scaled(unsigned side, unsigned longest, unsigned max_edge) {
    uint64_t out = ((uint64_t)side * max_edge + longest / 2) / longest;
    return out > 0 ? (unsigned)out : 1;
}

void picture_fit(unsigned width, unsigned height, unsigned max_edge,
                 unsigned *out_width, unsigned *out_height) {
    unsigned longest = width > height ? width : height;
    if (longest <= max_edge)
        longest = max_edge;
    *out_width = scaled(width, longest, max_edge);
    *out_height = scaled(height, longest, max_edge);
}

bool scaler_init(struct scaler *scaler, unsigned in_width, unsigned in_height,
                 unsigned max_edge, struct picture *into) {
    picture_fit(in_width, in_height, max_edge, &into->width, &into->height);
    size_t row = (size_t)into->width * 3;
    *scaler = (struct scaler){
        .in_width = in_width,
        .in_height = in_height,
        .left = in_height,
        .line = calloc(row, sizeof(*scaler->line)),
        .sum = calloc(row, sizeof(*scaler->sum)),
        .to = malloc(row * into->height),
        .into = into,
    };
    into->rgb = scaler->to;
    if (scaler->line && scaler->sum && scaler->to)
        return true;
    free(into->rgb);
    into->rgb = NULL;
    return false;
}

void scaler_finish(struct scaler *scaler) {
    free(scaler->line);
    free(scaler->sum);
    *scaler = (struct scaler){0};
}

/*
 * Along each axis an input pixel is as long as the output has pixels, and an
 * output pixel as long as the input has: so all shares are whole numbers.
 */
static void sum_line(struct scaler *scaler, const unsigned char *rgb) {
    const unsigned each = scaler->into->width;
    unsigned left = scaler->in_width;
    uint32_t *to = scaler->line;

    memset(to, 0, (size_t)each * 3 * sizeof(*to));
    for (unsigned x = 0; x < scaler->in_width; x++, rgb += 3) {
        for (unsigned rest = each; rest > 0;) {
            unsigned part = rest < left ? rest : left;
            for (int c = 0; c < 3; c++)
                to[c] += part * rgb[c];
            rest -= part;
            left -= part;
            if (left == 0) {
                left = scaler->in_width;
                to += 3;
            }
        }
    }
}

static void put_row(struct scaler *scaler) {
    size_t n = (size_t)scaler->into->width * 3;
    double share = 1.0 / ((double)scaler->in_width * scaler->in_height);

    for (size_t i = 0; i < n; i++) {
        double mean = (double)scaler->sum[i] * share + 0.5;
        scaler->to[i] = mean < 255 ? (unsigned char)mean : 255;
    }
    memset(scaler->sum, 0, n * sizeof(*scaler->sum));
    scaler->to += n;
    scaler->left = scaler->in_height;
}

void scaler_add_row(struct scaler *scaler, const unsigned char *rgb) {
    size_t n = (size_t)scaler->into->width * 3;

    if (scaler->in_width == scaler->into->width &&
        scaler->in_height == scaler->into->height) {
        memcpy(scaler->to, rgb, n);
        scaler->to += n;
        return;
    }
    sum_line(scaler, rgb);
    for (unsigned rest = scaler->into->height; rest > 0;) {
        unsigned part = rest < scaler->left ? rest : scaler->left;
        for (size_t i = 0; i < n; i++)
            scaler->sum[i] += (uint64_t)part * scaler->line[i];
        rest -= part;
        scaler->left -= part;
        if (scaler->left == 0)
            put_row(scaler);
    }
}

void picture_flatten_row(unsigned char *rgb, const unsigned char *rgba,
                         unsigned width) {
    for (unsigned x = 0; x < width; x++, rgb += 3, rgba += 4) {
        unsigned alpha = rgba[3];
        for (int c = 0; c < 3; c++)
            rgb[c] =
                (unsigned char)((rgba[c] * alpha + 255 * (255 - alpha) + 127) /
                                255);
    }
}

bool picture_turn(struct picture *picture, int orientation) {
    if (orientation <= 1 || orientation > 8)
        return true;
    const ptrdiff_t width = picture->width, height = picture->height;
    const bool swapped = orientation >= 5;
    const bool from_right = orientation == 2 || orientation == 3 ||
                            orientation == 7 || orientation == 8;
    const bool from_bottom = orientation == 3 || orientation == 4 ||
                             orientation == 6 || orientation == 7;
    const ptrdiff_t along = from_right ? -1 : 1;
    const ptrdiff_t down = from_bottom ? -width : width;
    const ptrdiff_t start =
        (from_right ? width - 1 : 0) + (from_bottom ? (height - 1) * width : 0);

    unsigned char *turned = malloc((size_t)(width * height) * 3);
    if (!turned)
        return false;
    picture->width = (unsigned)(swapped ? height : width);
    picture->height = (unsigned)(swapped ? width : height);

    unsigned char *to = turned;
    for (ptrdiff_t y = 0; y < (ptrdiff_t)picture->height; y++) {
        ptrdiff_t from = start + y * (swapped ? along : down);
        for (unsigned x = 0; x < picture->width; x++, to += 3) {
            memcpy(to, picture->rgb + from * 3, 3);
            from += swapped ? down : along;
        }
    }
    free(picture->rgb);
    picture->rgb = turned;
    return true;
}

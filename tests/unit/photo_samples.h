#pragma once

#include "base/buf.h"
#include "base/mem.h"

#include <limits.h>
#include <spng.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>

#include <jpeglib.h>

/*
 * Pictures for the tests of photos, made by the encoders of the libraries.
 * Each is of four quarters: red, green above blue, white.
 */
static const unsigned char quarter_colours[4][3] = {
    {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}};

static inline unsigned char *sample_rgb(unsigned width, unsigned height) {
    unsigned char *rgb = xmalloc((size_t)width * height * 3);
    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++)
            memcpy(rgb + ((size_t)y * width + x) * 3,
                   quarter_colours[(y >= height / 2) * 2 + (x >= width / 2)],
                   3);
    return rgb;
}

static inline void add_be16(struct buf *out, unsigned value) {
    buf_addc(out, (char)(value >> 8));
    buf_addc(out, (char)value);
}

static inline void add_le16(struct buf *out, unsigned value) {
    buf_addc(out, (char)value);
    buf_addc(out, (char)(value >> 8));
}

static inline void add_le32(struct buf *out, uint32_t value) {
    add_le16(out, value & 0xffff);
    add_le16(out, value >> 16);
}

/* ---- EXIF ---- */

struct sample_exif {
    unsigned orientation;
    const char *lat_ref, *lon_ref; /* NULL: no position at all */
    uint32_t lat[6], lon[6];       /* three fractions each */
};

static inline void add_entry(struct buf *out, unsigned tag, unsigned type,
                             uint32_t count, uint32_t value) {
    add_le16(out, tag);
    add_le16(out, type);
    add_le32(out, count);
    add_le32(out, value);
}

static inline uint32_t ascii_value(const char *text) {
    return (unsigned char)text[0];
}

/* A TIFF block, to be put behind "Exif\0\0" or into a chunk. */
static inline void sample_tiff(struct buf *out,
                               const struct sample_exif *exif) {
    enum { IFD0 = 8, GPS = IFD0 + 2 + 2 * 12 + 4, DATA = GPS + 2 + 4 * 12 + 4 };
    buf_add(out, "II*\0", 4);
    add_le32(out, IFD0);
    add_le16(out, exif->lat_ref ? 2 : 1);
    add_entry(out, 0x0112, 3, 1, exif->orientation);
    if (!exif->lat_ref) {
        add_le32(out, 0);
        return;
    }
    add_entry(out, 0x8825, 4, 1, GPS);
    add_le32(out, 0);
    add_le16(out, 4);
    add_entry(out, 1, 2, 2, ascii_value(exif->lat_ref));
    add_entry(out, 2, 5, 3, DATA);
    add_entry(out, 3, 2, 2, ascii_value(exif->lon_ref));
    add_entry(out, 4, 5, 3, DATA + 24);
    add_le32(out, 0);
    for (int i = 0; i < 6; i++)
        add_le32(out, exif->lat[i]);
    for (int i = 0; i < 6; i++)
        add_le32(out, exif->lon[i]);
}

/* Xinjiekou, the middle of Nanjing: 32.041544 N, 118.79136 E. */
static const struct sample_exif nanjing = {
    .orientation = 1,
    .lat_ref = "N",
    .lon_ref = "E",
    .lat = {32, 1, 2, 1, 295584, 10000},
    .lon = {118, 1, 47, 1, 28896, 1000},
};
#define NANJING_LAT 32.041544
#define NANJING_LON 118.79136

/* ---- JPEG ---- */

struct sample_jpeg {
    unsigned width, height;
    bool progressive;
    bool grey;
    bool cmyk; /* as Adobe writes it: inverted */
    const struct sample_exif *exif;
    const char *comment;
};

static inline void write_markers(struct jpeg_compress_struct *jpeg,
                                 const struct sample_jpeg *sample) {
    if (sample->exif) {
        struct buf block;
        buf_init(&block);
        buf_add(&block, "Exif\0\0", 6);
        sample_tiff(&block, sample->exif);
        jpeg_write_marker(jpeg, JPEG_APP0 + 1, (const JOCTET *)block.data,
                          (unsigned)block.len);
        buf_finish(&block);
    }
    if (sample->comment) {
        unsigned len = (unsigned)strlen(sample->comment);
        const JOCTET *text = (const JOCTET *)sample->comment;
        jpeg_write_marker(jpeg, JPEG_COM, text, len);
        jpeg_write_marker(jpeg, JPEG_APP0 + 13, text, len);
    }
}

static inline void write_rows(struct jpeg_compress_struct *jpeg,
                              const struct sample_jpeg *sample) {
    unsigned char *rgb = sample_rgb(sample->width, sample->height);
    unsigned char *row = xmalloc((size_t)sample->width * 4);
    for (unsigned y = 0; y < sample->height; y++) {
        for (unsigned x = 0; x < sample->width; x++) {
            const unsigned char *c = rgb + ((size_t)y * sample->width + x) * 3;
            if (sample->cmyk)
                memcpy(row + (size_t)x * 4,
                       (unsigned char[]){c[0], c[1], c[2], 255}, 4);
            else if (sample->grey)
                row[x] = c[1];
            else
                memcpy(row + (size_t)x * 3, c, 3);
        }
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    free(row);
    free(rgb);
}

static inline struct buf sample_jpeg(struct sample_jpeg sample) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long len = 0;
    struct buf out;

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &len);
    jpeg.image_width = sample.width;
    jpeg.image_height = sample.height;
    jpeg.input_components = sample.cmyk ? 4 : sample.grey ? 1 : 3;
    jpeg.in_color_space = sample.cmyk   ? JCS_CMYK
                          : sample.grey ? JCS_GRAYSCALE
                                        : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    if (sample.progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    write_markers(&jpeg, &sample);
    write_rows(&jpeg, &sample);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    buf_init(&out);
    buf_add(&out, bytes, len);
    free(bytes);
    return out;
}

static inline struct buf plain_jpeg(unsigned width, unsigned height) {
    return sample_jpeg((struct sample_jpeg){.width = width, .height = height});
}

/* ---- PNG and WebP: the third quarter, blue, has this alpha ---- */

static inline unsigned char *sample_rgba(unsigned width, unsigned height,
                                         unsigned char alpha) {
    unsigned char *rgb = sample_rgb(width, height);
    unsigned char *rgba = xmalloc((size_t)width * height * 4);
    for (size_t i = 0; i < (size_t)width * height; i++) {
        memcpy(rgba + i * 4, rgb + i * 3, 3);
        bool blue = rgb[i * 3] == 0 && rgb[i * 3 + 2] == 255;
        rgba[i * 4 + 3] = blue ? alpha : 255;
    }
    free(rgb);
    return rgba;
}

static inline struct buf sample_png(unsigned width, unsigned height,
                                    unsigned char alpha, bool interlaced,
                                    const struct sample_exif *exif) {
    struct spng_ihdr head = {
        .width = width,
        .height = height,
        .bit_depth = 8,
        .color_type = SPNG_COLOR_TYPE_TRUECOLOR_ALPHA,
        .interlace_method = interlaced,
    };
    unsigned char *rgba = sample_rgba(width, height, alpha);
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    struct buf tiff, out;
    buf_init(&tiff);
    buf_init(&out);
    spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1);
    spng_set_ihdr(png, &head);
    if (exif) {
        sample_tiff(&tiff, exif);
        struct spng_exif block = {.length = tiff.len, .data = tiff.data};
        spng_set_exif(png, &block);
    }
    int result = spng_encode_image(png, rgba, (size_t)width * height * 4,
                                   SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    if (result != 0) {
        fprintf(stderr, "spng: %s\n", spng_strerror(result));
        abort();
    }
    size_t len;
    void *bytes = spng_get_png_buffer(png, &len, &result);
    buf_add(&out, bytes, len);
    free(bytes);
    spng_ctx_free(png);
    buf_finish(&tiff);
    free(rgba);
    return out;
}

static inline struct buf sample_webp(unsigned width, unsigned height,
                                     unsigned char alpha, bool lossless) {
    unsigned char *rgba = sample_rgba(width, height, alpha);
    uint8_t *bytes = NULL;
    int stride = (int)width * 4;
    size_t len = lossless ? WebPEncodeLosslessRGBA(rgba, (int)width,
                                                   (int)height, stride, &bytes)
                          : WebPEncodeRGBA(rgba, (int)width, (int)height,
                                           stride, 90, &bytes);
    struct buf out;
    buf_init(&out);
    buf_add(&out, bytes, len);
    WebPFree(bytes);
    free(rgba);
    return out;
}

/* The same with a VP8X chunk before the picture and an EXIF chunk behind. */
static inline struct buf sample_webp_exif(unsigned width, unsigned height,
                                          const struct sample_exif *exif) {
    struct buf plain = sample_webp(width, height, 255, true);
    struct buf tiff, out;
    buf_init(&tiff);
    buf_init(&out);
    sample_tiff(&tiff, exif);
    size_t padded = tiff.len + (tiff.len & 1);
    buf_add(&out, "RIFF", 4);
    add_le32(&out, (uint32_t)(4 + 18 + plain.len - 12 + 8 + padded));
    buf_add(&out, "WEBPVP8X", 8);
    add_le32(&out, 10);
    add_le32(&out, 0x08); /* has EXIF */
    add_le16(&out, (width - 1) & 0xffff);
    buf_addc(&out, 0);
    add_le16(&out, (height - 1) & 0xffff);
    buf_addc(&out, 0);
    buf_add(&out, plain.data + 12, plain.len - 12);
    buf_add(&out, "EXIF", 4);
    add_le32(&out, (uint32_t)tiff.len);
    buf_add(&out, tiff.data, tiff.len);
    if (tiff.len & 1)
        buf_addc(&out, 0);
    buf_finish(&tiff);
    buf_finish(&plain);
    return out;
}

/* ---- looking at what came out ---- */

struct looked {
    unsigned width, height;
    unsigned char *rgb;
};

/* Decodes a JPEG; aborts when it is broken. */
static inline struct looked look_at(const void *bytes, size_t len) {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct looked out;

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, (unsigned long)len);
    jpeg_read_header(&jpeg, TRUE);
    jpeg_start_decompress(&jpeg);
    out.width = jpeg.output_width;
    out.height = jpeg.output_height;
    out.rgb = xmalloc((size_t)out.width * out.height * 3);
    while (jpeg.output_scanline < out.height) {
        JSAMPROW row = out.rgb + (size_t)jpeg.output_scanline * out.width * 3;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    if (errors.num_warnings > 0)
        abort();
    return out;
}

/* The colour in the middle of a quarter, as a letter: R G B W or other. */
static inline char colour_at(const struct looked *looked, unsigned quarter) {
    unsigned x = looked->width / 4 + (quarter % 2) * looked->width / 2;
    unsigned y = looked->height / 4 + (quarter / 2) * looked->height / 2;
    const unsigned char *c = looked->rgb + ((size_t)y * looked->width + x) * 3;
    for (int i = 0; i < 4; i++) {
        int off = 0;
        for (int k = 0; k < 3; k++)
            off += abs(c[k] - quarter_colours[i][k]);
        if (off < 60)
            return "RGBW"[i];
    }
    return '?';
}

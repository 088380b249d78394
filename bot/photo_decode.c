#include "bot/photo_decode.h"

#include "base/limits.h"
#include "bot/photo.h"

#include <setjmp.h>
#include <spng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>

#include <jerror.h>
#include <jpeglib.h>

#define JPEG_SCANS_MAX 100 /* real ones have about ten; each costs a pass */
#define PNG_CACHE_BYTES ((size_t)16 * 1024 * 1024)

static enum err check_size(unsigned width, unsigned height) {
    if (width == 0 || height == 0)
        return ERR_INVALID;
    if (width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX ||
        (uint64_t)width * height > LIMIT_PHOTO_PIXELS)
        return ERR_TOO_LARGE;
    return OK;
}

/* ---- JPEG ---- */

struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    bool ended_early; /* there is no end marker */
    bool lost_data;   /* pixels are missing */
    unsigned char *row;
    unsigned char *rgb;
    struct scaler scaler;
};

static void on_jpeg_error(j_common_ptr jpeg) {
    struct jpeg_reader *reader = jpeg->client_data;
    longjmp(reader->failed, 1);
}

static void on_jpeg_message(j_common_ptr jpeg, int level) {
    struct jpeg_reader *reader = jpeg->client_data;
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF)
        reader->ended_early = true;
    if (level < 0 && jpeg->err->msg_code == JWRN_HIT_MARKER)
        reader->lost_data = true;
}

static void on_jpeg_progress(j_common_ptr jpeg) {
    struct jpeg_reader *reader = jpeg->client_data;
    if (reader->jpeg.input_scan_number > JPEG_SCANS_MAX)
        longjmp(reader->failed, 1);
}

static void read_jpeg_exif(const struct jpeg_reader *reader,
                           struct photo_exif *exif) {
    for (jpeg_saved_marker_ptr marker = reader->jpeg.marker_list; marker;
         marker = marker->next) {
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 &&
            memcmp(marker->data, "Exif\0", 6) == 0) {
            photo_exif_read(exif, marker->data, marker->data_length);
            return;
        }
    }
}

/* The decoder itself can halve, for next to nothing, what is far too large. */
static void choose_jpeg_output(struct jpeg_decompress_struct *jpeg) {
    unsigned longest = jpeg->image_width > jpeg->image_height
                           ? jpeg->image_width
                           : jpeg->image_height;
    jpeg->scale_num = 1;
    jpeg->scale_denom = 1;
    while (jpeg->scale_denom < 8 &&
           longest / (jpeg->scale_denom * 2) >= PHOTO_MAX_EDGE)
        jpeg->scale_denom *= 2;
    jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
}

/* The ink of printers; Adobe's programs write it inverted. */
static void cmyk_to_rgb(unsigned char *rgb, const unsigned char *cmyk,
                        unsigned width, bool inverted) {
    const unsigned flip = inverted ? 0 : 255;
    for (unsigned x = 0; x < width; x++, rgb += 3, cmyk += 4)
        for (int c = 0; c < 3; c++)
            rgb[c] = (unsigned char)((cmyk[c] ^ flip) * (cmyk[3] ^ flip) / 255);
}

static enum err read_jpeg_rows(struct jpeg_reader *reader,
                               struct picture *picture) {
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    const unsigned width = jpeg->output_width;
    const bool cmyk = jpeg->out_color_space == JCS_CMYK;

    reader->row = malloc((size_t)width * 4);
    reader->rgb = malloc((size_t)width * 3);
    if (!reader->row || !reader->rgb ||
        !scaler_init(&reader->scaler, width, jpeg->output_height,
                     PHOTO_MAX_EDGE, picture))
        return ERR_TOO_LARGE;
    while (jpeg->output_scanline < jpeg->output_height) {
        jpeg_read_scanlines(jpeg, &reader->row, 1);
        if (cmyk)
            cmyk_to_rgb(reader->rgb, reader->row, width,
                        jpeg->saw_Adobe_marker);
        scaler_add_row(&reader->scaler, cmyk ? reader->rgb : reader->row);
    }
    /* Only the end marker may be missing. Of a progressive file that ends early
     * nobody can say how much more was to come. */
    if (reader->ended_early && (reader->lost_data || jpeg->progressive_mode))
        return ERR_INVALID;
    return OK;
}

static enum err read_jpeg(struct jpeg_reader *reader,
                          const unsigned char *bytes, size_t len,
                          struct picture *picture, struct photo_exif *exif) {
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;

    jpeg_mem_src(jpeg, bytes, (unsigned long)len);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    enum err err = check_size(jpeg->image_width, jpeg->image_height);
    if (err != OK)
        return err;
    read_jpeg_exif(reader, exif);
    choose_jpeg_output(jpeg);
    jpeg->progress = &reader->progress;
    reader->progress.progress_monitor = on_jpeg_progress;
    jpeg_start_decompress(jpeg);
    return read_jpeg_rows(reader, picture);
}

static enum err decode_jpeg(const unsigned char *bytes, size_t len,
                            struct picture *picture, struct photo_exif *exif) {
    struct jpeg_reader *reader = calloc(1, sizeof(*reader));
    enum err err;
    if (!reader)
        return ERR_TOO_LARGE;
    reader->jpeg.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = on_jpeg_error;
    reader->errors.emit_message = on_jpeg_message;
    reader->jpeg.client_data = reader;
    if (setjmp(reader->failed) == 0) {
        jpeg_create_decompress(&reader->jpeg);
        err = read_jpeg(reader, bytes, len, picture, exif);
    } else {
        err = reader->errors.msg_code == JERR_OUT_OF_MEMORY ? ERR_TOO_LARGE
                                                            : ERR_INVALID;
    }
    jpeg_destroy_decompress(&reader->jpeg);
    scaler_finish(&reader->scaler);
    free(reader->row);
    free(reader->rgb);
    free(reader);
    return err;
}

/* ---- PNG ---- */

struct png_reader {
    spng_ctx *png;
    size_t row_bytes;
    unsigned char *rgba; /* one row, or all of an interlaced picture */
    unsigned char *rgb;  /* one row */
    struct scaler scaler;
    struct spng_ihdr head;
};

static void add_png_row(struct png_reader *reader, const unsigned char *rgba) {
    picture_flatten_row(reader->rgb, rgba, reader->head.width);
    scaler_add_row(&reader->scaler, reader->rgb);
}

static int read_png_rows(struct png_reader *reader) {
    int result = spng_decode_image(reader->png, NULL, 0, SPNG_FMT_RGBA8,
                                   SPNG_DECODE_TRNS | SPNG_DECODE_PROGRESSIVE);
    while (result == 0) {
        result = spng_decode_row(reader->png, reader->rgba, reader->row_bytes);
        if (result == 0 || result == SPNG_EOI)
            add_png_row(reader, reader->rgba);
    }
    return result == SPNG_EOI ? 0 : result;
}

static int read_interlaced_png(struct png_reader *reader) {
    int result = spng_decode_image(reader->png, reader->rgba,
                                   reader->row_bytes * reader->head.height,
                                   SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
    for (unsigned y = 0; result == 0 && y < reader->head.height; y++)
        add_png_row(reader, reader->rgba + y * reader->row_bytes);
    return result;
}

static enum err png_err(int result) {
    if (result == 0)
        return OK;
    return result == SPNG_EMEM ? ERR_TOO_LARGE : ERR_INVALID;
}

static enum err read_png(struct png_reader *reader, struct picture *picture,
                         struct photo_exif *exif) {
    struct spng_ihdr *head = &reader->head;
    enum err err = png_err(spng_get_ihdr(reader->png, head));
    if (err == OK)
        err = check_size(head->width, head->height);
    if (err != OK)
        return err;

    struct spng_exif block;
    if (spng_get_exif(reader->png, &block) == 0)
        photo_exif_read(exif, (unsigned char *)block.data, block.length);

    const bool interlaced = head->interlace_method != 0;
    reader->row_bytes = (size_t)head->width * 4;
    reader->rgb = malloc((size_t)head->width * 3);
    reader->rgba = malloc(reader->row_bytes * (interlaced ? head->height : 1));
    if (!reader->rgb || !reader->rgba ||
        !scaler_init(&reader->scaler, head->width, head->height, PHOTO_MAX_EDGE,
                     picture))
        return ERR_TOO_LARGE;
    return png_err(interlaced ? read_interlaced_png(reader)
                              : read_png_rows(reader));
}

static enum err decode_png(const unsigned char *bytes, size_t len,
                           struct picture *picture, struct photo_exif *exif) {
    struct png_reader reader = {.png = spng_ctx_new(0)};
    enum err err = ERR_TOO_LARGE;

    if (reader.png &&
        spng_set_image_limits(reader.png, INT32_MAX, INT32_MAX) == 0 &&
        spng_set_chunk_limits(reader.png, LIMIT_UPLOAD_BYTES,
                              PNG_CACHE_BYTES) == 0 &&
        spng_set_png_buffer(reader.png, bytes, len) == 0)
        err = read_png(&reader, picture, exif);
    spng_ctx_free(reader.png);
    scaler_finish(&reader.scaler);
    free(reader.rgba);
    free(reader.rgb);
    return err;
}

/* ---- WebP ---- */

static uint32_t load_le32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
           (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* https://developers.google.com/speed/webp/docs/riff_container */
static void read_webp_exif(const unsigned char *bytes, size_t len,
                           struct photo_exif *exif) {
    size_t at = 12;
    while (at < len && len - at >= 8) {
        size_t size = load_le32(bytes + at + 4);
        if (size > len - at - 8)
            return;
        if (memcmp(bytes + at, "EXIF", 4) == 0) {
            photo_exif_read(exif, bytes + at + 8, size);
            return;
        }
        at += 8 + size + (size & 1);
    }
}

static enum err flatten(struct picture *picture, const WebPRGBABuffer *rgba) {
    size_t row = (size_t)picture->width * 3;
    picture->rgb = malloc(row * picture->height);
    if (!picture->rgb)
        return ERR_TOO_LARGE;
    for (unsigned y = 0; y < picture->height; y++)
        picture_flatten_row(picture->rgb + y * row,
                            rgba->rgba + (size_t)y * (size_t)rgba->stride,
                            picture->width);
    return OK;
}

static enum err decode_webp(const unsigned char *bytes, size_t len,
                            struct picture *picture, struct photo_exif *exif) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config) ||
        WebPGetFeatures(bytes, len, &config.input) != VP8_STATUS_OK ||
        config.input.width <= 0 || config.input.height <= 0 ||
        config.input.has_animation)
        return ERR_INVALID;
    const unsigned width = (unsigned)config.input.width;
    const unsigned height = (unsigned)config.input.height;
    enum err err = check_size(width, height);
    if (err != OK)
        return err;

    picture_fit(width, height, PHOTO_MAX_EDGE, &picture->width,
                &picture->height);
    config.options.use_scaling = 1;
    config.options.scaled_width = (int)picture->width;
    config.options.scaled_height = (int)picture->height;
    config.output.colorspace = MODE_RGBA;
    VP8StatusCode status = WebPDecode(bytes, len, &config);
    if (status == VP8_STATUS_OK)
        err = flatten(picture, &config.output.u.RGBA);
    else
        err = status == VP8_STATUS_OUT_OF_MEMORY ? ERR_TOO_LARGE : ERR_INVALID;
    WebPFreeDecBuffer(&config.output);
    read_webp_exif(bytes, len, exif);
    return err;
}

enum err photo_decode(const unsigned char *bytes, size_t len,
                      struct picture *picture, struct photo_exif *exif) {
    enum err err = ERR_INVALID;
    *picture = (struct picture){0};
    *exif = (struct photo_exif){0};
    if (len >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        err = decode_jpeg(bytes, len, picture, exif);
    else if (len >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        err = decode_png(bytes, len, picture, exif);
    else if (len >= 12 && memcmp(bytes, "RIFF", 4) == 0 &&
             memcmp(bytes + 8, "WEBP", 4) == 0)
        err = decode_webp(bytes, len, picture, exif);
    if (err != OK) {
        free(picture->rgb);
        *picture = (struct picture){0};
    }
    return err;
}

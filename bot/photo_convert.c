#include "bot/photo_convert.h"

#include "bot/photo.h"
#include "bot/photo_decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#define JPEG_QUALITY 82
/* Below this a progressive file is not smaller than a plain one. */
#define PROGRESSIVE_PIXELS (320u * 320)

struct jpeg_writer {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jmp_buf failed;
    unsigned char *out;
    unsigned long out_len;
};

static void on_jpeg_error(j_common_ptr jpeg) {
    struct jpeg_writer *writer = jpeg->client_data;
    longjmp(writer->failed, 1);
}

static void write_jpeg(struct jpeg_writer *writer,
                       const struct picture *picture) {
    struct jpeg_compress_struct *jpeg = &writer->jpeg;

    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, &writer->out, &writer->out_len);
    jpeg->image_width = picture->width;
    jpeg->image_height = picture->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, JPEG_QUALITY, TRUE);
    jpeg->optimize_coding = TRUE;
    if (picture->width * picture->height > PROGRESSIVE_PIXELS)
        jpeg_simple_progression(jpeg);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row =
            picture->rgb + (size_t)jpeg->next_scanline * 3 * picture->width;
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

/* Only memory can be short here. */
static enum err encode(const struct picture *picture, unsigned char **out,
                       size_t *out_len) {
    struct jpeg_writer *writer = calloc(1, sizeof(*writer));
    enum err err;
    if (!writer)
        return ERR_TOO_LARGE;
    writer->jpeg.err = jpeg_std_error(&writer->errors);
    writer->errors.error_exit = on_jpeg_error;
    writer->jpeg.client_data = writer;
    if (setjmp(writer->failed) == 0) {
        write_jpeg(writer, picture);
        *out = writer->out;
        *out_len = writer->out_len;
        err = OK;
    } else {
        /* writer->out may be stale by now: libjpeg moves it as it grows. The
         * child is about to end, so what is there goes with it. */
        err = ERR_TOO_LARGE;
    }
    jpeg_destroy_compress(&writer->jpeg);
    free(writer);
    return err;
}

static enum err encode_thumb(const struct picture *picture,
                             struct photo_converted *out) {
    struct picture thumb = {0};
    struct scaler scaler;
    enum err err = ERR_TOO_LARGE;

    if (scaler_init(&scaler, picture->width, picture->height, PHOTO_THUMB_EDGE,
                    &thumb)) {
        for (unsigned y = 0; y < picture->height; y++)
            scaler_add_row(&scaler,
                           picture->rgb + (size_t)y * 3 * picture->width);
        err = encode(&thumb, &out->thumb, &out->thumb_len);
    }
    scaler_finish(&scaler);
    free(thumb.rgb);
    return err;
}

enum err photo_convert(const unsigned char *bytes, size_t len,
                       struct photo_converted *out) {
    struct picture picture;
    struct photo_exif exif;

    *out = (struct photo_converted){0};
    enum err err = photo_decode(bytes, len, &picture, &exif);
    if (err != OK)
        return err;
    if (!picture_turn(&picture, exif.orientation))
        err = ERR_TOO_LARGE;
    if (err == OK)
        err = encode(&picture, &out->jpeg, &out->jpeg_len);
    if (err == OK)
        err = encode_thumb(&picture, out);
    free(picture.rgb);
    if (err != OK) {
        photo_converted_finish(out);
        return err;
    }
    out->has_position = exif.has_position;
    out->lat = exif.lat;
    out->lon = exif.lon;
    return OK;
}

void photo_converted_finish(struct photo_converted *converted) {
    free(converted->jpeg);
    free(converted->thumb);
    *converted = (struct photo_converted){0};
}

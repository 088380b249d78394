/*
 * What the confined child does to pictures, without the child: so that the
 * sanitizers see all of it, and at a speed that allows thousands of broken
 * files.
 */
#include "bot/photo_convert.h"

#include "base/limits.h"
#include "bot/photo.h"
#include "tests/unit/photo_samples.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static enum err convert(const struct buf *sample, struct photo_converted *out) {
    return photo_convert((const unsigned char *)sample->data, sample->len, out);
}

/* Converts, finishes the sample, and fails unless that went as expected. */
static struct photo_converted converted(struct buf sample) {
    struct photo_converted out;
    assert_int_equal(convert(&sample, &out), OK);
    buf_finish(&sample);
    return out;
}

static void expect_err(struct buf sample, enum err expected) {
    struct photo_converted out;
    enum err err = convert(&sample, &out);
    if (err != expected)
        fail_msg("%s, expected %s", err_str(err), err_str(expected));
    assert_null(out.jpeg);
    assert_null(out.thumb);
    buf_finish(&sample);
}

static void expect_quarters(const struct photo_converted *out,
                            const char *expected) {
    struct looked both[] = {look_at(out->jpeg, out->jpeg_len),
                            look_at(out->thumb, out->thumb_len)};
    for (int i = 0; i < 2; i++) {
        char got[5] = {0};
        for (unsigned quarter = 0; quarter < 4; quarter++)
            got[quarter] = colour_at(&both[i], quarter);
        assert_string_equal(got, expected);
        free(both[i].rgb);
    }
}

static void expect_sizes(const struct photo_converted *out, unsigned width,
                         unsigned height, unsigned thumb_width,
                         unsigned thumb_height) {
    struct looked full = look_at(out->jpeg, out->jpeg_len);
    struct looked thumb = look_at(out->thumb, out->thumb_len);
    assert_int_equal(full.width, width);
    assert_int_equal(full.height, height);
    assert_int_equal(thumb.width, thumb_width);
    assert_int_equal(thumb.height, thumb_height);
    free(full.rgb);
    free(thumb.rgb);
}

/* Only what makes the picture: no APP1 to APP15, no comment. */
static void expect_bare_jpeg(const unsigned char *bytes, size_t len) {
    size_t at = 2;
    while (at + 4 <= len && bytes[at] == 0xff && bytes[at + 1] != 0xda) {
        assert_false(bytes[at + 1] > 0xe0 && bytes[at + 1] <= 0xef);
        assert_int_not_equal(bytes[at + 1], 0xfe);
        at += 2u + ((size_t)bytes[at + 2] << 8 | bytes[at + 3]);
    }
    assert_int_equal(bytes[at + 1], 0xda);
}

/* ---- what is right ---- */

/* The standard's table: which quarter of the stored picture is seen where. */
static void test_every_orientation(void **state) {
    (void)state;
    static const char *const seen[] = {
        "RGBW", /* 0 is none */
        "RGBW", "GRWB", "WBGR", "BWRG", "RBGW",
        "BRWG", "WGBR", "GWRB", "RGBW", /* 9 is none either */
    };
    for (unsigned i = 0; i < ARRAY_LEN(seen); i++) {
        struct sample_exif exif = {.orientation = i};
        struct photo_converted out = converted(sample_jpeg(
            (struct sample_jpeg){.width = 96, .height = 48, .exif = &exif}));
        expect_quarters(&out, seen[i]);
        if (i >= 5 && i <= 8)
            expect_sizes(&out, 48, 96, 48, 96);
        else
            expect_sizes(&out, 96, 48, 96, 48);
        photo_converted_finish(&out);
    }
}

static void test_other_formats_have_orientations_too(void **state) {
    (void)state;
    struct sample_exif exif = nanjing;
    exif.orientation = 6;
    struct buf samples[] = {
        sample_png(64, 32, 255, false, &exif),
        sample_webp_exif(64, 32, &exif),
    };
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        struct photo_converted out = converted(samples[i]);
        expect_quarters(&out, "BRWG");
        assert_true(out.has_position);
        assert_true(fabs(out.lat - NANJING_LAT) < 1e-6);
        photo_converted_finish(&out);
    }
}

static struct photo_converted with_exif(const struct sample_exif *exif) {
    return converted(sample_jpeg(
        (struct sample_jpeg){.width = 16, .height = 16, .exif = exif}));
}

static void expect_position(const struct sample_exif *exif, double lat,
                            double lon) {
    struct photo_converted out = with_exif(exif);
    assert_true(out.has_position);
    assert_true(fabs(out.lat - lat) < 1e-6);
    assert_true(fabs(out.lon - lon) < 1e-6);
    photo_converted_finish(&out);
}

static void test_positions(void **state) {
    (void)state;
    struct sample_exif exif = nanjing;
    expect_position(&exif, NANJING_LAT, NANJING_LON);
    exif.lat_ref = "S";
    exif.lon_ref = "W";
    expect_position(&exif, -NANJING_LAT, -NANJING_LON);
    exif = nanjing;
    exif.lat[4] = exif.lat[5] = 0; /* some cameras: no seconds */
    expect_position(&exif, 32 + 2 / 60.0, NANJING_LON);
}

static void expect_no_position(const struct sample_exif *exif) {
    struct photo_converted out = with_exif(exif);
    assert_false(out.has_position);
    photo_converted_finish(&out);
}

static void test_impossible_positions(void **state) {
    (void)state;
    struct sample_exif exif = {.orientation = 1};
    expect_no_position(&exif);
    expect_no_position(NULL);
    exif = nanjing;
    exif.lat_ref = "E";
    expect_no_position(&exif);
    exif = nanjing;
    exif.lon_ref = "";
    expect_no_position(&exif);
    exif = nanjing;
    exif.lat[0] = 91;
    expect_no_position(&exif);
    exif = nanjing;
    exif.lon[0] = 4000000000u;
    expect_no_position(&exif);
    exif = nanjing;
    exif.lat[1] = 0;
    expect_no_position(&exif);
    exif = (struct sample_exif){.lat_ref = "N",
                                .lon_ref = "E",
                                .lat = {0, 1, 0, 1, 0, 1},
                                .lon = {0, 1, 0, 1, 0, 1}};
    expect_no_position(&exif);
}

static void test_metadata_is_gone(void **state) {
    (void)state;
    static const char secret[] = "Taken by somebody at home";
    struct buf sample = sample_jpeg((struct sample_jpeg){
        .width = 400, .height = 300, .exif = &nanjing, .comment = secret});
    assert_non_null(memmem(sample.data, sample.len, secret, strlen(secret)));
    struct photo_converted out = converted(sample);
    expect_bare_jpeg(out.jpeg, out.jpeg_len);
    expect_bare_jpeg(out.thumb, out.thumb_len);
    assert_null(memmem(out.jpeg, out.jpeg_len, secret, strlen(secret)));
    assert_null(memmem(out.jpeg, out.jpeg_len, "Exif", 4));
    photo_converted_finish(&out);
}

static void test_transparency_goes_on_white(void **state) {
    (void)state;
    struct buf samples[] = {
        sample_png(40, 40, 0, false, NULL),
        sample_webp(40, 40, 0, true),
        sample_webp(40, 40, 0, false),
    };
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        struct photo_converted out = converted(samples[i]);
        expect_quarters(&out, "RGWW");
        photo_converted_finish(&out);
    }
    struct photo_converted half =
        converted(sample_png(40, 40, 128, false, NULL));
    struct looked looked = look_at(half.jpeg, half.jpeg_len);
    const unsigned char *blue = looked.rgb + (30 * 40 + 10) * 3;
    assert_in_range(blue[0], 120, 135);
    assert_in_range(blue[2], 245, 255);
    free(looked.rgb);
    photo_converted_finish(&half);
}

static void test_kinds_of_files(void **state) {
    (void)state;
    struct sample_jpeg progressive = {
        .width = 64, .height = 64, .progressive = true};
    struct sample_jpeg cmyk = {.width = 64, .height = 64, .cmyk = true};
    struct buf samples[] = {
        plain_jpeg(64, 64),
        sample_jpeg(progressive),
        sample_jpeg(cmyk),
        sample_png(64, 64, 255, false, NULL),
        sample_png(64, 64, 255, true, NULL),
        sample_webp(64, 64, 255, true),
        sample_webp(64, 64, 255, false),
    };
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        struct photo_converted out = converted(samples[i]);
        expect_quarters(&out, "RGBW");
        photo_converted_finish(&out);
    }
    struct photo_converted grey = converted(sample_jpeg(
        (struct sample_jpeg){.width = 64, .height = 64, .grey = true}));
    expect_sizes(&grey, 64, 64, 64, 64);
    photo_converted_finish(&grey);
}

static void test_sizes(void **state) {
    (void)state;
    static const struct {
        unsigned width, height, to_width, to_height, thumb_width, thumb_height;
    } cases[] = {
        {1, 1, 1, 1, 1, 1},
        {2048, 1000, 2048, 1000, 320, 156},
        {2049, 20, 2048, 20, 320, 3},
        {3000, 1500, 2048, 1024, 320, 160},
        {1500, 4500, 683, 2048, 107, 320},
        {9000, 2, 2048, 1, 320, 1},
        {1, 9000, 1, 2048, 1, 320},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned width = cases[i].width, height = cases[i].height;
        struct buf samples[] = {
            plain_jpeg(width, height),
            sample_png(width, height, 255, false, NULL),
            sample_webp(width, height, 255, false),
        };
        for (size_t k = 0; k < ARRAY_LEN(samples); k++) {
            struct photo_converted out = converted(samples[k]);
            expect_sizes(&out, cases[i].to_width, cases[i].to_height,
                         cases[i].thumb_width, cases[i].thumb_height);
            if (width >= 1000 && height >= 1000)
                expect_quarters(&out, "RGBW");
            photo_converted_finish(&out);
        }
    }
}

static void test_a_missing_end_marker_is_forgiven(void **state) {
    (void)state;
    struct buf sample = plain_jpeg(64, 64);
    sample.len -= 2;
    struct photo_converted out = converted(sample);
    expect_quarters(&out, "RGBW");
    photo_converted_finish(&out);
}

/* ---- what is not ---- */

static struct buf bytes_of(const void *bytes, size_t len) {
    struct buf out;
    buf_init(&out);
    buf_add(&out, bytes, len);
    return out;
}

static void test_other_things_are_refused(void **state) {
    (void)state;
    static const char gif[] =
        "GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,"
        "\0\0\0\0\x01\0\x01\0\0\x02\x02"
        "D\x01\0;";
    static const char *const texts[] = {
        "<!DOCTYPE html><html><body>404</body></html>",
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "%PDF-1.7",
        "BM",
        "\xff\xd8\xff",
        "\xff\xd8\xff\xe0",
        "\xff\xd8\xff\xd9",
        "\x89PNG\r\n\x1a\n",
        "RIFF\x10\x20\x30\x40WEBP",
        "RIFF\x04",
        "x",
    };
    expect_err(bytes_of(gif, sizeof(gif) - 1), ERR_INVALID);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        expect_err(bytes_of(texts[i], strlen(texts[i])), ERR_INVALID);
    expect_err(bytes_of("\0\0\0\x18"
                        "ftypheic\0\0\0\0",
                        16),
               ERR_INVALID);
    expect_err(bytes_of("", 0), ERR_INVALID);
}

static void test_cut_files_are_refused(void **state) {
    (void)state;
    struct sample_jpeg jpeg = {.width = 200, .height = 200, .exif = &nanjing};
    struct sample_jpeg progressive = jpeg;
    progressive.progressive = true;
    struct buf samples[] = {
        sample_jpeg(jpeg),
        sample_jpeg(progressive),
        sample_png(200, 200, 100, false, &nanjing),
        sample_webp(200, 200, 100, true),
        sample_webp(200, 200, 255, false),
    };
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        size_t whole = samples[i].len;
        for (size_t len = 0; len < whole * 3 / 4; len += 1 + len / 8) {
            /* A copy of its own, so that reading past its end is seen. */
            struct photo_converted out;
            unsigned char *cut = xmalloc(len);
            memcpy(cut, samples[i].data, len);
            if (photo_convert(cut, len, &out) != ERR_INVALID)
                fail_msg("sample %zu cut to %zu of %zu", i, len, whole);
            free(cut);
        }
        buf_finish(&samples[i]);
    }
}

/* Dimensions that a file claims, without the data to match. */
static void test_bombs_are_refused(void **state) {
    (void)state;
    struct buf jpeg = plain_jpeg(16, 16);
    char *frame = memmem(jpeg.data, jpeg.len, "\xff\xc0", 2);
    assert_non_null(frame);
    memcpy(frame + 5, "\xff\xdc\xff\xdc", 4);
    expect_err(jpeg, ERR_TOO_LARGE);

    /* IHDR with its checksum: 50000 by 50000 */
    static const char png[] =
        "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xc3\x50\0\0\xc3\x50"
        "\x08\x02\0\0\0\xc4\xcd\xaa\x9d\0\0\0\x01IDATx";
    expect_err(bytes_of(png, sizeof(png) - 1), ERR_TOO_LARGE);

    struct buf webp = sample_webp(16, 16, 255, true);
    char *head = memmem(webp.data, webp.len, "VP8L", 4);
    memset(head + 9, 0xff, 3);
    head[12] = (char)(head[12] | 0x0f); /* 16384 by 16384 */
    expect_err(webp, ERR_TOO_LARGE);

    struct buf just = plain_jpeg(16, 16); /* 5001 by 10000 */
    frame = memmem(just.data, just.len, "\xff\xc0", 2);
    memcpy(frame + 5, "\x13\x89\x27\x10", 4);
    expect_err(just, ERR_TOO_LARGE);
}

/* Each scan of a progressive file is one more pass over the picture. */
static void test_a_jpeg_of_many_scans_is_refused(void **state) {
    (void)state;
    struct buf sample = sample_jpeg(
        (struct sample_jpeg){.width = 64, .height = 64, .progressive = true});
    char *last = NULL;
    for (size_t i = 0; i + 1 < sample.len; i++)
        if (memcmp(sample.data + i, "\xff\xda", 2) == 0)
            last = sample.data + i;
    assert_non_null(last);
    size_t scan = (size_t)(sample.data + sample.len - 2 - last);
    for (int times = 0; times < 2; times++) {
        struct buf many = bytes_of(sample.data, sample.len - 2);
        for (int i = 0; i < (times == 0 ? 20 : 200); i++)
            buf_add(&many, last, scan);
        buf_add(&many, "\xff\xd9", 2);
        struct photo_converted out;
        assert_int_equal(convert(&many, &out), times == 0 ? OK : ERR_INVALID);
        photo_converted_finish(&out);
        buf_finish(&many);
    }
    buf_finish(&sample);
}

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Whatever comes of them, the sanitizers must have nothing to say. */
static void test_broken_files_do_no_harm(void **state) {
    (void)state;
    struct sample_jpeg jpeg = {.width = 24, .height = 24, .exif = &nanjing};
    struct sample_jpeg progressive = jpeg;
    progressive.progressive = true;
    struct buf samples[] = {
        sample_jpeg(jpeg),
        sample_jpeg(progressive),
        sample_png(24, 24, 100, false, &nanjing),
        sample_webp_exif(24, 24, &nanjing),
        sample_webp(24, 24, 100, false),
    };
    uint32_t seed = 20240229;
    unsigned done = 0;
    for (int round = 0; round < 400; round++) {
        for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
            struct buf broken = bytes_of(samples[i].data, samples[i].len);
            for (uint32_t k = 1 + next_random(&seed) % 8; k > 0; k--)
                broken.data[next_random(&seed) % broken.len] =
                    (char)next_random(&seed);
            struct photo_converted out;
            if (convert(&broken, &out) == OK) {
                free(look_at(out.jpeg, out.jpeg_len).rgb);
                photo_converted_finish(&out);
                done++;
            }
            buf_finish(&broken);
        }
    }
    assert_int_not_equal(done, 0);
    for (size_t i = 0; i < ARRAY_LEN(samples); i++)
        buf_finish(&samples[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_orientation),
        cmocka_unit_test(test_other_formats_have_orientations_too),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_impossible_positions),
        cmocka_unit_test(test_metadata_is_gone),
        cmocka_unit_test(test_transparency_goes_on_white),
        cmocka_unit_test(test_kinds_of_files),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_a_missing_end_marker_is_forgiven),
        cmocka_unit_test(test_other_things_are_refused),
        cmocka_unit_test(test_cut_files_are_refused),
        cmocka_unit_test(test_bombs_are_refused),
        cmocka_unit_test(test_a_jpeg_of_many_scans_is_refused),
        cmocka_unit_test(test_broken_files_do_no_harm),
    };
    return cmocka_run_group_tests_name("photo_convert", tests, NULL, NULL);
}

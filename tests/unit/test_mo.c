#include "i18n/mo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

/* A catalogue of three keys, made by hand: header, two tables, strings. */
enum { COUNT = 3, IDS = 28, TEXTS = IDS + 8 * COUNT, BYTES = 128 };

struct image {
    unsigned char data[BYTES];
    size_t size;
    bool swapped;
};

static void put_word(struct image *image, size_t at, uint32_t word) {
    if (image->swapped)
        word = __builtin_bswap32(word);
    memcpy(image->data + at, &word, sizeof(word));
}

static void put_string(struct image *image, size_t entry, const char *s,
                       size_t len) {
    put_word(image, entry, (uint32_t)len);
    put_word(image, entry + 4, (uint32_t)image->size);
    memcpy(image->data + image->size, s, len + 1);
    image->size += len + 1;
}

static struct image make_image(bool swapped) {
    struct image image = {.swapped = swapped};

    put_word(&image, 0, 0x950412de);
    put_word(&image, 8, COUNT);
    put_word(&image, 12, IDS);
    put_word(&image, 16, TEXTS);
    image.size = TEXTS + 8 * COUNT;
    put_string(&image, IDS, "a.one", 5);
    put_string(&image, IDS + 8, "b.two\0b.two", 11);
    put_string(&image, IDS + 16, "c", 1);
    put_string(&image, TEXTS, "一", 3);
    put_string(&image, TEXTS + 8, "x\0yy", 4);
    put_string(&image, TEXTS + 16, "", 0);
    return image;
}

/* Opens an exact copy, so that a look behind the end is seen. */
static bool opens(const struct image *image, size_t size) {
    unsigned char *copy = xmalloc(size);
    struct mo mo;
    bool ok;

    memcpy(copy, image->data, size);
    ok = mo_open(&mo, copy, size);
    for (uint32_t i = 0; i < mo.count; i++)
        assert_non_null(mo_find(&mo, mo_key(&mo, i), NULL));
    assert_null(mo_find(&mo, "nothing of that name", NULL));
    if (!ok)
        assert_int_equal(mo.count, 0);
    free(copy);
    return ok;
}

static void test_finding(void **state) {
    (void)state;
    for (int swapped = 0; swapped < 2; swapped++) {
        struct image image = make_image(swapped);
        struct mo mo;
        size_t len = 99;

        assert_true(mo_open(&mo, image.data, image.size));
        assert_string_equal(mo_find(&mo, "a.one", &len), "一");
        assert_int_equal(len, 3);
        assert_memory_equal(mo_find(&mo, "b.two", &len), "x\0yy", 5);
        assert_int_equal(len, 4);
        assert_string_equal(mo_find(&mo, "c", NULL), "");
        assert_null(mo_find(&mo, "", NULL));
        assert_null(mo_find(&mo, "a.on", NULL));
        assert_null(mo_find(&mo, "bb", NULL));
        assert_null(mo_find(&mo, "zz", NULL));
    }
}

static void test_every_cut_is_refused(void **state) {
    struct image image = make_image(false);

    (void)state;
    assert_true(opens(&image, image.size));
    for (size_t size = 0; size < image.size; size++)
        assert_false(opens(&image, size));
}

static void test_wild_words_are_refused_or_harmless(void **state) {
    static const uint32_t words[] = {
        0,        1,          3,        4,          127,       128,
        1u << 29, 0x7fffffff, 1u << 31, 0xfffffff0, 0xffffffff};
    int refused = 0;

    (void)state;
    for (size_t at = 0; at < TEXTS + 8 * COUNT; at += 4) {
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            struct image image = make_image(false);

            put_word(&image, at, words[i]);
            refused += !opens(&image, image.size);
        }
    }
    assert_true(refused > 100);
}

static void test_disorder_is_refused(void **state) {
    struct image image = make_image(false);

    (void)state;
    memcpy(image.data + TEXTS + 8 * COUNT, "z.one", 5);
    assert_false(opens(&image, image.size));
    image = make_image(false);
    memcpy(image.data + TEXTS + 8 * COUNT, "b.two", 5);
    assert_false(opens(&image, image.size));
}

static void test_texts_must_be_utf8(void **state) {
    struct image image = make_image(false);
    unsigned char *at = memmem(image.data, image.size, "一", 3);

    (void)state;
    assert_non_null(at);
    *at = 0xff;
    assert_false(opens(&image, image.size));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_wild_words_are_refused_or_harmless),
        cmocka_unit_test(test_disorder_is_refused),
        cmocka_unit_test(test_texts_must_be_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "base/arena.h"
#include "base/mem.h"

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    return 0;
}

static bool valid(const char *s) {
    return utf8_valid(s, strlen(s));
}

static const char *const broken[] = {
    "\x80",
    "\xbf",
    "\xc0\x80",
    "\xc0\xaf",
    "\xc1\xbf",
    "\xc2",
    "\xc2 ",
    "\xe0\x80\x80",
    "\xe0\x9f\xbf",
    "\xe1\x80",
    "\xe9\x9a",
    "\xe9\x9a ",
    "\xed\xa0\x80",
    "\xed\xbf\xbf",
    "\xf0\x80\x80\x80",
    "\xf0\x8f\xbf\xbf",
    "\xf0\x9f\x98",
    "\xf0\x9f",
    "\xf0",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xf8\x88\x80\x80\x80",
    "\xfe",
    "\xff",
};

static void test_validity(void **state) {
    (void)state;
    assert_true(utf8_valid(NULL, 0));
    assert_true(valid("plain ASCII, longer than eight bytes"));
    assert_true(valid("随手拍 é 😀 mixed 隨手拍 абв"));
    assert_true(
        valid("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
              "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
    assert_true(utf8_valid("a\0b", 3));
    assert_false(utf8_valid("随", 2));
    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        if (valid(broken[i]))
            fail_msg("broken %zu is taken", i);
}

/* In front of, behind and between good text of every alignment. */
static void test_broken_bytes_are_found_anywhere(void **state) {
    char text[128];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        for (size_t pad = 0; pad < 20; pad++) {
            size_t len = strlen(broken[i]);

            memset(text, 'a', sizeof(text));
            memcpy(text + pad, broken[i], len);
            memcpy(text + pad + len, "手拍", 6);
            assert_false(utf8_valid(text, pad + len + 6));
            assert_false(utf8_valid(text, pad + len));
        }
    }
}

static void test_it_agrees_with_utf8proc(void **state) {
    (void)state;
    for (uint32_t n = 0; n < 0x1000000; n += 251) {
        const unsigned char s[4] = {(unsigned char)(n >> 16 | 0xc0),
                                    (unsigned char)(n >> 8), (unsigned char)n,
                                    'a'};
        utf8proc_ssize_t at = 0;
        utf8proc_ssize_t used = 0;
        utf8proc_int32_t c;

        for (; at < 4; at += used) {
            used = utf8proc_iterate(s + at, 4 - at, &c);
            if (used <= 0)
                break;
        }
        assert_int_equal(utf8_valid((const char *)s, 4), used > 0);
    }
}

static const char *repair(const char *s) {
    return utf8_repair(&arena, s, strlen(s));
}

static void test_repair(void **state) {
    (void)state;
    assert_string_equal(repair(""), "");
    assert_string_equal(repair("fine 随手拍\r\n"), "fine 随手拍\r\n");
    assert_string_equal(repair("a\xff z"), "a� z");
    assert_string_equal(repair("\xf0\x9f\x98"), "�");
    assert_string_equal(repair("\xf0\x9f\x98x"), "�x");
    assert_string_equal(utf8_repair(&arena, "a\0b", 3), "a�b");
    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        assert_true(valid(repair(broken[i])));
}

static const char *clean(const char *s) {
    return utf8_clean(&arena, s, strlen(s));
}

static void test_clean(void **state) {
    (void)state;
    assert_string_equal(clean(""), "");
    assert_string_equal(clean("随手拍"), "随手拍");
    assert_string_equal(clean("  \t\r\n随手 拍\n\n\xe3\x80\x80\xc2\xa0"),
                        "随手 拍");
    assert_string_equal(clean(" \n\t "), "");
    assert_string_equal(clean("a\r\nb\rc\nd\te"), "a\nb\nc\nd\te");
    assert_string_equal(clean("a\r\r\nb"), "a\n\nb");
    assert_string_equal(clean("a\xe2\x80\xa8z"), "a\nz");
    assert_string_equal(clean("a\x01\x02\x1b[31mz\x7f"), "a[31mz");
    assert_string_equal(clean("a\xc2\x85\xc2\x9bz"), "az");
    assert_string_equal(clean("\xef\xbb\xbfhi"), "hi");
    assert_string_equal(utf8_clean(&arena, "a\0\0b", 4), "ab");
}

static void test_clean_drops_what_turns_text_around(void **state) {
    (void)state;
    assert_string_equal(clean("a\xe2\x80\xae"
                              "gpj.exe"),
                        "agpj.exe");
    assert_string_equal(clean("\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad"
                              "x\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8"
                              "\xe2\x81\xa9"),
                        "x");
    /* A family of emoji is held together by joiners, which stay. */
    assert_string_equal(clean("👨‍👩‍👧"), "👨‍👩‍👧");
}

static void test_clean_replaces_broken_bytes(void **state) {
    (void)state;
    assert_string_equal(clean("a\xc0\xaf\xff"
                              "z"),
                        "a���z");
    assert_string_equal(clean("\xed\xa0\xbd\xed\xb8\x80"), "������");
    assert_string_equal(clean("随\xe6\x89"), "随�");
    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        assert_true(valid(clean(broken[i])));
}

static void test_clean_of_every_byte_pair(void **state) {
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            const char s[2] = {(char)a, (char)b};
            const char *out = utf8_clean(&arena, s, 2);

            assert_true(valid(out));
            assert_true(strlen(out) <= 6);
        }
        arena_finish(&arena);
    }
}

static void test_length(void **state) {
    (void)state;
    assert_int_equal(utf8_length(""), 0);
    assert_int_equal(utf8_length("abc"), 3);
    assert_int_equal(utf8_length("随手拍😀é"), 5);
}

static void test_prefix_counts_what_people_see(void **state) {
    (void)state;
    assert_int_equal(utf8_prefix("", 5), 0);
    assert_int_equal(utf8_prefix("abc", 0), 0);
    assert_int_equal(utf8_prefix("abc", 2), 2);
    assert_int_equal(utf8_prefix("abc", 3), 3);
    assert_int_equal(utf8_prefix("abc", 100), 3);
    assert_int_equal(utf8_prefix("随手拍", 2), 6);
    /* An e with an accent of its own, a family, a flag, a skin tone. */
    assert_int_equal(utf8_prefix("e\xcc\x81z", 1), 3);
    assert_int_equal(utf8_prefix("👨‍👩‍👧z", 1),
                     strlen("👨‍👩‍👧"));
    assert_int_equal(utf8_prefix("🇨🇳🇨🇳", 1), strlen("🇨🇳"));
    assert_int_equal(utf8_prefix("👍🏽!", 1), strlen("👍🏽"));
}

static void test_excerpt(void **state) {
    (void)state;
    assert_string_equal(utf8_excerpt(&arena, "", 3), "");
    assert_string_equal(utf8_excerpt(&arena, "随手拍", 3), "随手拍");
    assert_string_equal(utf8_excerpt(&arena, "随手拍了", 3), "随手拍…");
    assert_string_equal(utf8_excerpt(&arena, "a\nb\tc\rd", 10), "a b c d");
    assert_string_equal(utf8_excerpt(&arena, "abc", 0), "…");
    assert_string_equal(
        utf8_excerpt(&arena, "👨‍👩‍👧👨‍👩‍👧", 1),
        "👨‍👩‍👧…");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_broken_bytes_are_found_anywhere),
        cmocka_unit_test(test_it_agrees_with_utf8proc),
        cmocka_unit_test(test_repair),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_clean_drops_what_turns_text_around),
        cmocka_unit_test(test_clean_replaces_broken_bytes),
        cmocka_unit_test(test_clean_of_every_byte_pair),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_prefix_counts_what_people_see),
        cmocka_unit_test(test_excerpt),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

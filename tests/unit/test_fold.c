#include "base/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"

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

static const char *folded(const char *s) {
    return fold_text(&arena, s, strlen(s));
}

static void check_all(const char *const pairs[][2], size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char *got = folded(pairs[i][0]);

        if (strcmp(got, pairs[i][1]) != 0)
            fail_msg("\"%s\" gives \"%s\", not \"%s\"", pairs[i][0], got,
                     pairs[i][1]);
    }
}

static void test_ways_to_write_the_same(void **state) {
    static const char *const pairs[][2] = {
        {"", ""},
        {"help", "help"},
        {"HELP Me", "help me"},
        {"Ｓ12", "s12"},
        {"ｓ１２", "s12"},
        {"随手拍", "随手拍"},
        {"隨手拍", "随手拍"},
        {"訴求 電池壞了", "诉求 电池坏了"},
        {"①", "1"},
        {"ﾊﾞｲｸ", "バイク"},
        {"ﬁne", "fine"},
        {"STRASSE", "strasse"},
        {"Straße", "strasse"},
        {"e\xcc\x81", "é"},
        {"随手拍😀", "随手拍😀"},
        {"２０２６年", "2026年"},
    };

    (void)state;
    check_all(pairs, ARRAY_LEN(pairs));
}

static void test_punctuation(void **state) {
    static const char *const pairs[][2] = {
        {"好，坏。是！否？", "好,坏.是!否?"},
        {"一、二；三：四", "一,二;三:四"},
        {"（小）【中】《大》", "(小)[中]<大>"},
        {"「甲」『乙』“丙”‘丁’", "\"甲\"\"乙\"\"丙\"'丁'"},
        {"a—b–c〜d～e", "a-b-c~d~e"},
        {"等等……", "等等......"},
        {"〔甲〕〖乙〗", "[甲][乙]"},
    };

    (void)state;
    check_all(pairs, ARRAY_LEN(pairs));
}

static void test_white_space(void **state) {
    static const char *const pairs[][2] = {
        {"  a \t\r\n b  ", "a b"},
        {"\xe3\x80\x80随手拍\xe3\x80\x80\xe3\x80\x80路灯\xe3\x80\x80",
         "随手拍 路灯"},
        {"a\xc2\xa0z", "a z"},
        {"a\xe2\x80\xa8z", "a z"},
        {"a\xe2\x80\x8bz", "az"}, /* a space of no width is none */
        {" \n ", ""},
        {"a\x01\x7fz", "az"},
        {"é\xc2\x9bz", "éz"},
    };

    (void)state;
    check_all(pairs, ARRAY_LEN(pairs));
}

/* Fast and slow ways meet: the same text with something only NFKC can do. */
static void test_both_ways_agree(void **state) {
    static const char *const texts[] = {
        "Hello World",    "随手拍 中山东路，路灯坏了。",
        "隨手拍「測試」", "Ａ１！ｚ～",
        "  多  空 格　",  "《通知》—— 明天",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *fast = folded(texts[i]);
        const char *slow = folded(arena_printf(&arena, "%s é", texts[i]));

        assert_string_equal(slow, arena_printf(&arena, "%s é", fast));
    }
}

static void test_phrases(void **state) {
    static const char *const pairs[][2] = {
        {"瞭解", "了解"}, {"乾隆", "干隆"},         {"乾淨", "干净"},
        {"答覆", "答复"}, {"頭髮", "头发"},         {"發現", "发现"},
        {"沈船", "沉船"}, {"藉口", "借口"},         {"牴牾", "抵牾"},
        {"衹得", "只得"}, {"盼既示覆", "盼既示复"},
    };

    (void)state;
    check_all(pairs, ARRAY_LEN(pairs));
}

static void test_folding_twice_changes_nothing(void **state) {
    static const char *const texts[] = {
        "随手拍 隨手拍 Ｓ12 「x」",
        "ÀÉÎ ß ﬃ ①②",
        "a\t\tb\n",
        "…… —— ～",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *once = folded(texts[i]);

        assert_string_equal(folded(once), once);
    }
}

static void test_every_character_folds(void **state) {
    char text[5];

    (void)state;
    for (unsigned c = 0x80; c < 0x30000; c += 7) {
        size_t len = 0;
        const char *out;

        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        if (c < 0x800) {
            text[len++] = (char)(0xc0 | c >> 6);
        } else if (c < 0x10000) {
            text[len++] = (char)(0xe0 | c >> 12);
            text[len++] = (char)(0x80 | (c >> 6 & 0x3f));
        } else {
            text[len++] = (char)(0xf0 | c >> 18);
            text[len++] = (char)(0x80 | (c >> 12 & 0x3f));
            text[len++] = (char)(0x80 | (c >> 6 & 0x3f));
        }
        text[len++] = (char)(0x80 | (c & 0x3f));
        out = fold_text(&arena, text, len);
        assert_true(utf8_valid(out, strlen(out)));
    }
}

static void test_what_is_no_text(void **state) {
    (void)state;
    assert_string_equal(folded("\xff\xfe"), "");
    assert_string_equal(folded("a\xe9\x9a"), "");
    assert_string_equal(fold_text(&arena, "a\0B", 3), "ab");
    assert_string_equal(fold_text(&arena, "é\0B", 4), "éb");
    assert_string_equal(fold_text(&arena, "随手拍", 6), "随手");
}

static void test_a_long_text(void **state) {
    enum { CHARS = 30000 };
    char *text = arena_alloc(&arena, CHARS * 3 + 1);
    const char *out;

    (void)state;
    for (size_t i = 0; i < CHARS; i++)
        memcpy(text + i * 3, i % 2 ? "燈" : "路", 3);
    out = folded(text);
    assert_int_equal(strlen(out), CHARS * 3);
    assert_memory_equal(out + (CHARS - 2) * 3, "路灯", 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways_to_write_the_same),
        cmocka_unit_test(test_punctuation),
        cmocka_unit_test(test_white_space),
        cmocka_unit_test(test_both_ways_agree),
        cmocka_unit_test(test_phrases),
        cmocka_unit_test(test_folding_twice_changes_nothing),
        cmocka_unit_test(test_every_character_folds),
        cmocka_unit_test(test_what_is_no_text),
        cmocka_unit_test(test_a_long_text),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

#include "i18n/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_init(&arena);
    return catalog_init() ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    return 0;
}

static void test_plain_texts(void **state) {
    (void)state;
    assert_string_equal(catalog_text(LANG_ZH_CN, "lang.name"), "简体中文");
    assert_string_equal(catalog_text(LANG_ZH_TW, "lang.name"), "繁體中文");
    assert_string_equal(catalog_text(LANG_EN, "lang.name"), "English");
    assert_string_equal(catalog_text(LANG_EN, "test.plain"), "Hello");
}

static void test_missing_keys(void **state) {
    (void)state;
    assert_true(catalog_has(LANG_EN, "test.plain"));
    assert_false(catalog_has(LANG_EN, "test.absent"));
    assert_false(catalog_has(LANG_EN, "test.plai"));
    assert_false(catalog_has(LANG_EN, "test.plainx"));
    assert_string_equal(catalog_text(LANG_EN, "test.absent"), "test.absent");
    assert_string_equal(catalog_format(&arena, LANG_EN, "test.absent", NULL, 0),
                        "test.absent");
}

static void test_placeholders(void **state) {
    static const struct text_param params[] = {
        {"id", "{name}"}, {"name", "小王"}, {"unused", "x"}};

    (void)state;
    /* A value is never looked into for placeholders. */
    assert_string_equal(
        catalog_format(&arena, LANG_EN, "test.param", params, 3),
        "小王, number {name}");
    assert_string_equal(
        catalog_format(&arena, LANG_ZH_CN, "test.param", params, 3),
        "小王，编号 {name}");
}

static void test_placeholders_without_a_value(void **state) {
    static const struct text_param id[] = {{"id", "7"}};
    static const struct text_param null[] = {{"id", "7"}, {"name", NULL}};
    static const struct text_param similar[] = {
        {"nam", "x"}, {"names", "x"}, {"id", ""}};

    (void)state;
    assert_string_equal(catalog_format(&arena, LANG_EN, "test.param", NULL, 0),
                        "{name}, number {id}");
    assert_string_equal(catalog_format(&arena, LANG_EN, "test.param", id, 1),
                        "{name}, number 7");
    assert_string_equal(catalog_format(&arena, LANG_EN, "test.param", null, 2),
                        ", number 7");
    assert_string_equal(
        catalog_format(&arena, LANG_EN, "test.param", similar, 3),
        "{name}, number ");
}

/* A key that is missing is its own text: a way to any template. */
static void test_braces_that_are_no_placeholder(void **state) {
    static const struct text_param params[] = {{"a", "1"}, {"", "bad"}};
    static const char *const same[] = {"{",   "}",  "{}x",   "{a",   "{a b}",
                                       "{A}", "a}", "{a.b}", "{ a }"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        assert_string_equal(catalog_format(&arena, LANG_EN, same[i], params, 1),
                            same[i]);
    assert_string_equal(
        catalog_format(&arena, LANG_EN, "{{a}}{a}{a{a}", params, 1), "{1}1{a1");
}

static const char *plural(enum lang lang, const char *n) {
    const struct text_param params[] = {{"n", n}};

    return catalog_format(&arena, lang, "test.plural", params, 1);
}

static void test_plural_forms(void **state) {
    (void)state;
    assert_string_equal(plural(LANG_EN, "1"), "1 item");
    assert_string_equal(plural(LANG_EN, "0"), "0 items");
    assert_string_equal(plural(LANG_EN, "2"), "2 items");
    assert_string_equal(plural(LANG_EN, "11"), "11 items");
    assert_string_equal(plural(LANG_ZH_CN, "1"), "1 件");
    assert_string_equal(plural(LANG_ZH_CN, "2"), "2 件");
    assert_string_equal(plural(LANG_ZH_TW, "2"), "2 件");
    assert_string_equal(catalog_text(LANG_EN, "test.plural"), "{n} item");
}

static void test_n_where_there_is_no_plural(void **state) {
    static const struct text_param params[] = {{"n", "5"}};

    (void)state;
    assert_string_equal(
        catalog_format(&arena, LANG_EN, "test.plain", params, 1), "Hello");
    assert_string_equal(catalog_format(&arena, LANG_EN, "no {n}", params, 1),
                        "no 5");
}

static void test_tags(void **state) {
    static const struct {
        const char *tag;
        enum lang lang;
    } known[] = {
        {"zh-CN", LANG_ZH_CN},
        {"zh_CN", LANG_ZH_CN},
        {"zh", LANG_ZH_CN},
        {"ZH-cn", LANG_ZH_CN},
        {"zh-Hans", LANG_ZH_CN},
        {"zh-Hans-HK", LANG_ZH_CN},
        {"zh_CN.UTF-8", LANG_ZH_CN},
        {"zh-SG", LANG_ZH_CN},
        {"zh-TW", LANG_ZH_TW},
        {"zh_TW", LANG_ZH_TW},
        {"zh-Hant", LANG_ZH_TW},
        {"zh-HK", LANG_ZH_TW},
        {"zh_TW.UTF-8", LANG_ZH_TW},
        {"zh-Hant-CN", LANG_ZH_TW},
        {"en", LANG_EN},
        {"en-US", LANG_EN},
        {"EN_gb", LANG_EN},
    };
    static const char *const unknown[] = {"",   "z", "zhx",   "english",
                                          "fr", "-", "de-zh", "中文"};
    enum lang lang = LANG_EN;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (!lang_parse(known[i].tag, &lang) || lang != known[i].lang)
            fail_msg("%s", known[i].tag);
    }
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        if (lang_parse(unknown[i], &lang))
            fail_msg("taken: %s", unknown[i]);
    for (int i = 0; i < LANG_COUNT; i++) {
        assert_true(lang_parse(lang_tag((enum lang)i), &lang));
        assert_int_equal(lang, i);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_texts),
        cmocka_unit_test(test_missing_keys),
        cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_placeholders_without_a_value),
        cmocka_unit_test(test_braces_that_are_no_placeholder),
        cmocka_unit_test(test_plural_forms),
        cmocka_unit_test(test_n_where_there_is_no_plural),
        cmocka_unit_test(test_tags),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

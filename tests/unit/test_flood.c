#include "bot/flood.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int setup(void **state) {
    *state = flood_new(0.5, 4);
    return 0;
}

static int teardown(void **state) {
    flood_free(*state);
    return 0;
}

static void test_told_once(void **state) {
    struct flood *flood = *state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(flood_message(flood, "qq.1", 1000), FLOOD_OK);
    assert_int_equal(flood_message(flood, "qq.1", 1000), FLOOD_TELL);
    assert_int_equal(flood_message(flood, "qq.1", 1000), FLOOD_SILENT);
    assert_int_equal(flood_message(flood, "qq.1", 2999), FLOOD_SILENT);
    assert_int_equal(flood_message(flood, "qq.2", 2999), FLOOD_OK);
    /* A token came: one message passes, which is no reason to tell again. */
    assert_int_equal(flood_message(flood, "qq.1", 3000), FLOOD_OK);
    assert_int_equal(flood_message(flood, "qq.1", 3000), FLOOD_SILENT);
    /* After a pause it is. */
    for (int i = 0; i < 4; i++)
        assert_int_equal(flood_message(flood, "qq.1", 60000), FLOOD_OK);
    assert_int_equal(flood_message(flood, "qq.1", 60000), FLOOD_TELL);
}

static void test_without_limit(void **state) {
    struct flood *flood = flood_new(0, 1);
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(flood_message(flood, "qq.1", 0), FLOOD_OK);
    flood_free(flood);
}

static void test_outages(void **state) {
    struct flood *flood = *state;
    assert_true(flood_tell_outage(flood, "qq.1", 1));
    assert_false(flood_tell_outage(flood, "qq.1", 1));
    assert_true(flood_tell_outage(flood, "qq.2", 1));
    assert_true(flood_tell_outage(flood, "qq.1", 2));
    assert_false(flood_tell_outage(flood, "qq.1", 2));
}

static void test_languages(void **state) {
    struct flood *flood = *state;
    assert_int_equal(flood_lang(flood, "qq.1", LANG_EN), LANG_EN);
    flood_set_lang(flood, "qq.1", LANG_ZH_TW);
    assert_int_equal(flood_lang(flood, "qq.1", LANG_EN), LANG_ZH_TW);
    assert_int_equal(flood_lang(flood, "qq.2", LANG_EN), LANG_EN);
    /* What else is known of the rider stays. */
    for (int i = 0; i < 5; i++)
        flood_message(flood, "qq.1", 0);
    flood_set_lang(flood, "qq.1", LANG_ZH_CN);
    assert_int_equal(flood_message(flood, "qq.1", 0), FLOOD_SILENT);
}

/* However many riders there are, the table does not grow; the newest are
 * known. */
static void test_many(void **state) {
    struct flood *flood = *state;
    char rider[16];
    for (int i = 0; i < 100000; i++) {
        snprintf(rider, sizeof(rider), "qq.%d", i);
        assert_int_equal(flood_message(flood, rider, 0), FLOOD_OK);
        flood_set_lang(flood, rider, LANG_EN);
        assert_int_equal(flood_lang(flood, rider, LANG_ZH_CN), LANG_EN);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_told_once), cmocka_unit_test(test_without_limit),
        TEST(test_outages),   TEST(test_languages),
        TEST(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

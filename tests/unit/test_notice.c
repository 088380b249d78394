#include "store/notice.h"

#include "base/arena.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state) {
    struct arena *arena = test_calloc(1, sizeof(*arena));
    assert_true(catalog_init());
    arena_init(arena);
    *state = arena;
    return 0;
}

static int teardown(void **state) {
    arena_finish(*state);
    test_free(*state);
    return 0;
}

static bool pass(struct arena *arena, const struct notice *notice,
                 struct notice *out) {
    struct buf packed;
    buf_init(&packed);
    notice_pack(&packed, notice);
    bool ok = notice_unpack(arena, packed.data, packed.len, out);
    buf_finish(&packed);
    return ok;
}

static void test_there_and_back(void **state) {
    struct notice notice = {.lane = LANE_STUDY,
                            .account = "qq.1",
                            .chat = "qq.u2",
                            .rider = "qq.2",
                            .reply_to = "m1",
                            .fallback = "qq.g3",
                            .key = "test.param"};
    struct notice back;
    notice_param(&notice, "name", "小王\n{id}");
    notice_param(&notice, "*id", "lang.name");
    assert_true(pass(*state, &notice, &back));
    assert_int_equal(back.lane, LANE_STUDY);
    assert_null(back.account); /* the outbox is the account's own */
    assert_string_equal(back.chat, "qq.u2");
    assert_string_equal(back.rider, "qq.2");
    assert_string_equal(back.reply_to, "m1");
    assert_string_equal(back.fallback, "qq.g3");
    assert_string_equal(back.key, "test.param");
    assert_int_equal(back.n_params, 2);
    assert_string_equal(back.params[0].value, "小王\n{id}");
    notice = (struct notice){.chat = "qq.g3", .key = "test.plain"};
    assert_true(pass(*state, &notice, &back));
    assert_int_equal(back.lane, LANE_REPLY);
    assert_null(back.rider);
    assert_null(back.reply_to);
    assert_null(back.fallback);
    assert_int_equal(back.n_params, 0);
}

static void test_full(void **state) {
    struct notice notice = {.chat = "qq.g3", .key = "test.plain"}, back;
    for (int i = 0; i < NOTICE_PARAMS_MAX; i++)
        notice_param(&notice, "name", "");
    assert_true(pass(*state, &notice, &back));
    assert_int_equal(back.n_params, NOTICE_PARAMS_MAX);
}

static void test_not_a_notice(void **state) {
    static const char *const broken[] = {"",
                                         "0",
                                         "0\x1f\x1f\x1f\x1f",
                                         "4\x1f\x1f\x1f\x1f\x1fkey",
                                         "x\x1f\x1f\x1f\x1f\x1fkey",
                                         "0\x1f\x1f\x1f\x1f\x1fkey\x1fname"};
    struct notice notice;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        assert_false(
            notice_unpack(*state, broken[i], strlen(broken[i]), &notice));
    char many[1024] = "0\x1f\x1f\x1f\x1f\x1fkey";
    for (int i = 0; i < NOTICE_PARAMS_MAX + 1; i++)
        strcat(many, "\x1fn\x1fv");
    assert_false(notice_unpack(*state, many, strlen(many), &notice));
}

static void test_render(void **state) {
    struct notice notice = {.key = "test.param"};
    notice_param(&notice, "name", "小王");
    notice_param(&notice, "*id", "lang.name");
    assert_string_equal(notice_render(*state, LANG_ZH_CN, &notice),
                        "小王，编号 简体中文");
    /* Texts before and after share the parameters, in their order. */
    notice_param(&notice, NOTICE_AFTER, "test.plain");
    notice_param(&notice, NOTICE_BEFORE, "test.plain");
    notice_param(&notice, NOTICE_AFTER, "test.param");
    assert_string_equal(notice_render(*state, LANG_ZH_CN, &notice),
                        "你好\n小王，编号 简体中文\n\n你好\n\n"
                        "小王，编号 简体中文");
    /* What a rider wrote is no template. */
    notice = (struct notice){.key = "test.param"};
    notice_param(&notice, "name", "{id}");
    notice_param(&notice, "id", "*lang.name");
    assert_string_equal(notice_render(*state, LANG_ZH_CN, &notice),
                        "{id}，编号 *lang.name");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_there_and_back),
        TEST(test_full),
        TEST(test_not_a_notice),
        TEST(test_render),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

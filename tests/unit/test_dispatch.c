#include "bot/dispatch.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/command.h"
#include "handlers/handlers.h"
#include "i18n/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct bot bot;
    struct arena arena;
};

static int setup(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));
    assert_true(catalog_init());
    f->bot.commands = handlers;
    f->bot.n_commands = n_handlers;
    f->bot.lexicon = lexicon_new(&f->bot);
    arena_init(&f->arena);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    lexicon_free(f->bot.lexicon);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

static struct match match(struct fixture *f, const char *text, bool glued) {
    return dispatch_match(&f->bot, &f->arena, text, glued);
}

static void test_words(void **state) {
    static const struct {
        const char *text, *rest;
        const struct command *command;
    } cases[] = {
        {"诉求 充电柜坏了", "充电柜坏了", &command_request},
        {"訴求：充電櫃壞了", "充電櫃壞了", &command_request},
        {"  诉求\n充电柜", "充电柜", &command_request},
        {"诉求，充电。柜", "充电。柜", &command_request},
        {"诉求", "", &command_request},
        {"Request it is", "it is", &command_request},
        {"ＲＥＰＯＲＴ　x", "x", &command_report},
        {"进度 S12", "S12", &command_progress},
        {"my data", "", &command_mydata},
        {"My   Data please", "please", &command_mydata},
        {"delete my data", "", &command_forget},
        {"my tickets", "", &command_mine},
        {"?", "", &command_help},
        {"？", "", &command_help},
        {"删除我的数据", "", &command_forget},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct match found = match(f, cases[i].text, false);
        if (found.command != cases[i].command)
            fail_msg("\"%s\" is %s", cases[i].text,
                     found.command == NULL ? "nothing" : found.command->name);
        assert_string_equal(found.rest, cases[i].rest);
        assert_false(found.prefixed);
    }
}

static void test_no_words(void **state) {
    static const char *const texts[] = {
        "",           " ",        "今天好热", "诉求一下",
        "我诉求",     "my",       "my dat",   "helpful",
        "取消订单",   "///",      "。。",     "S12",
        "requests x", "不诉求",   "诉",       "随手拍得好呀",
        "delete my",  "补充一句", "继续 吧",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct match found = match(f, texts[i], false);
        if (found.command != NULL || found.control != CONTROL_NONE)
            fail_msg("\"%s\" is something", texts[i]);
        assert_string_equal(found.rest, texts[i]);
    }
}

static void test_glued(void **state) {
    struct fixture *f = *state;
    struct match found = match(f, "随手拍消防通道", true);
    assert_ptr_equal(found.command, &command_report);
    assert_string_equal(found.rest, "消防通道");
    found = match(f, "我的数据呢", true); /* the longest word */
    assert_ptr_equal(found.command, &command_mydata);
    assert_null(match(f, "helpful", true).command);
    assert_null(match(f, "看看", true).command); /* one character is none */
    assert_int_equal(match(f, "取消订单", true).control, CONTROL_NONE);
}

static void test_prefixes(void **state) {
    static const char *const texts[] = {"/我的", "#我的", "！我的", "／ 我的",
                                        ".我的"};
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct match found = match(f, texts[i], false);
        assert_ptr_equal(found.command, &command_mine);
        assert_true(found.prefixed);
    }
    assert_false(match(f, " 我的", false).prefixed);
}

static void test_controls(void **state) {
    static const struct {
        const char *text;
        enum control control;
    } cases[] = {
        {"取消", CONTROL_CANCEL},   {" 算了 ", CONTROL_CANCEL},
        {"cancel", CONTROL_CANCEL}, {"返回", CONTROL_BACK},
        {"跳過", CONTROL_SKIP},     {"沒有", CONTROL_SKIP},
        {"继续", CONTROL_RESUME},   {"繼續。", CONTROL_RESUME},
        {"Skip!", CONTROL_SKIP},    {"/back", CONTROL_BACK},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct match found = match(f, cases[i].text, false);
        assert_int_equal(found.control, cases[i].control);
        assert_null(found.command);
        assert_string_equal(found.rest, "");
    }
}

static void test_suggestions(void **state) {
    static const struct {
        const char *text;
        const struct command *command;
    } cases[] = {
        {"随手怕", &command_report},
        {"随拍", &command_report},
        {"我想要提诉求", &command_request},
        {"删除我的數据", &command_forget},
        {"progres", &command_progress},
        {"progrss", &command_progress},
        {"xyz", NULL},
        {"", NULL},
        {"喵", NULL},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct command *like =
            dispatch_suggest(&f->bot, &f->arena, cases[i].text);
        if (like != cases[i].command)
            fail_msg("\"%s\" is like %s", cases[i].text,
                     like == NULL ? "nothing" : like->name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_no_words),
        cmocka_unit_test(test_glued),    cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_controls), cmocka_unit_test(test_suggestions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

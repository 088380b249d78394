#include "bot/session.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define US "\x1f"

static const struct slot slots[] = {
    {.name = "text"}, {.name = "place"}, {.name = "photos"}};
static const struct command other = {.name = "other"};
static const struct command report = {
    .name = "report", .slots = slots, .n_slots = ARRAY_LEN(slots)};
static const struct command *const table[] = {&other, &report};
static const struct bot bot = {.commands = table,
                               .n_commands = ARRAY_LEN(table)};

static void test_there_and_back(void **state) {
    struct arena arena;
    struct form form = {.command = &report,
                        .chat = "qq.g77",
                        .values = {"路灯坏了\n两盏", NULL, ""},
                        .asked = 1,
                        .expires_ms = 1700000000000};
    struct form back;
    (void)state;
    arena_init(&arena);
    const char *packed = session_pack(&arena, &form);
    assert_string_equal(packed,
                        "report" US "qq.g77" US "1700000000000" US "place" US
                        "text" US "路灯坏了\n两盏" US "photos" US);
    assert_true(session_unpack(&bot, &arena, packed, &back));
    assert_ptr_equal(back.command, &report);
    assert_string_equal(back.chat, "qq.g77");
    assert_int_equal(back.asked, 1);
    assert_int_equal(back.expires_ms, 1700000000000);
    assert_string_equal(back.values[0], "路灯坏了\n两盏");
    assert_null(back.values[1]); /* not filled is not skipped */
    assert_string_equal(back.values[2], "");
    form = (struct form){.command = &other, .chat = "qq.u1", .asked = -1};
    assert_true(
        session_unpack(&bot, &arena, session_pack(&arena, &form), &back));
    assert_ptr_equal(back.command, &other);
    assert_int_equal(back.asked, -1);
    arena_finish(&arena);
}

/* What an older or a newer program wrote, or nobody. */
static void test_not_a_session(void **state) {
    static const char *const broken[] = {
        "",
        "report",
        "report" US "qq.u1" US "1",
        "gone" US "qq.u1" US "1" US "text",
        "report" US "qq.u1" US "1" US "text" US "gone" US "x",
        "report" US "qq.u1" US "1" US "text" US "place",
        US US US,
    };
    struct arena arena;
    struct form form;
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        assert_false(session_unpack(&bot, &arena, broken[i], &form));
    /* A question that is no more: the form is, without a question. */
    assert_true(session_unpack(&bot, &arena,
                               "report" US "qq.u1" US "1" US "gone", &form));
    assert_int_equal(form.asked, -1);
    char many[4096] = "report" US "qq.u1" US "1" US "text";
    for (int i = 0; i < 100; i++)
        strcat(many, US "text" US "x");
    assert_false(session_unpack(&bot, &arena, many, &form));
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_not_a_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

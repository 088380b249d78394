#include "bot/message.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/connector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct segment parts[] = {
    {.type = SEGMENT_MENTION},
    {.type = SEGMENT_TEXT, .text = " \n诉求 "},
    {.type = SEGMENT_IMAGE, .url = "http://a/1"},
    {.type = SEGMENT_TEXT, .text = NULL},
    {.type = SEGMENT_TEXT, .text = "充电\t"},
    {.type = SEGMENT_IMAGE, .url = "http://a/2"},
};
static const struct message message = {.segments = parts,
                                       .n_segments = ARRAY_LEN(parts)};

static void test_text(void **state) {
    struct arena arena;
    (void)state;
    arena_init(&arena);
    assert_string_equal(message_text(&message, &arena), "诉求 充电");
    assert_string_equal(message_text(&(struct message){0}, &arena), "");
    struct segment blank = {.type = SEGMENT_TEXT, .text = " \n\t "};
    assert_string_equal(
        message_text(&(struct message){.segments = &blank, .n_segments = 1},
                     &arena),
        "");
    arena_finish(&arena);
}

static void test_segments(void **state) {
    (void)state;
    assert_int_equal(message_count(&message, SEGMENT_TEXT), 3);
    assert_int_equal(message_count(&message, SEGMENT_IMAGE), 2);
    assert_int_equal(message_count(&message, SEGMENT_LOCATION), 0);
    assert_ptr_equal(message_segment(&message, SEGMENT_IMAGE, 0), &parts[2]);
    assert_ptr_equal(message_segment(&message, SEGMENT_IMAGE, 1), &parts[5]);
    assert_null(message_segment(&message, SEGMENT_IMAGE, 2));
    assert_null(message_segment(&message, SEGMENT_VOICE, 0));
}

static void test_chats(void **state) {
    struct arena arena;
    (void)state;
    arena_init(&arena);
    assert_true(chat_is_group("qq.g20010001"));
    assert_false(chat_is_group("qq.u20010001"));
    assert_false(chat_is_group("g20010001"));
    assert_false(chat_is_group("qq."));
    assert_string_equal(chat_native_id("qq.g20010001"), "20010001");
    assert_string_equal(chat_native_id("web.gqinhuai"), "qinhuai");
    assert_string_equal(chat_native_id("qq."), "qq.");
    assert_string_equal(chat_native_id("odd"), "odd");
    assert_string_equal(chat_of_rider(&arena, "qq.90001"), "qq.u90001");
    assert_string_equal(chat_of_rider(&arena, "web.0a.b"), "web.u0a.b");
    assert_string_equal(chat_of_rider(&arena, "odd"), "odd");
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_chats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

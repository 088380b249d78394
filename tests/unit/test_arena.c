#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_pieces_are_zeroed_aligned_and_apart(void **state) {
    enum { PIECES = 2000 };
    struct arena arena;
    unsigned char *pieces[PIECES];

    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(&arena, i % 97);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t j = 0; j < i % 97; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)(i % 256), i % 97);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t j = 0; j < i % 97; j++)
            assert_int_equal(pieces[i][j], i % 256);
    arena_finish(&arena);
}

static void test_large_pieces_leave_the_rest_alone(void **state) {
    struct arena arena;
    char *small;
    char *large;
    char *next;

    (void)state;
    arena_init(&arena);
    large = arena_alloc(&arena, 1000000);
    memset(large, 'x', 1000000);
    small = arena_strdup(&arena, "small");
    large = arena_alloc(&arena, 300000);
    memset(large, 'y', 300000);
    next = arena_strdup(&arena, "next");
    assert_string_equal(small, "small");
    assert_string_equal(next, "next");
    /* Both share a block although a large piece came between. */
    assert_true(labs((long)(next - small)) < 4096);
    arena_finish(&arena);
}

static void test_strings(void **state) {
    struct arena arena;

    (void)state;
    arena_init(&arena);
    assert_null(arena_strdup(&arena, NULL));
    assert_string_equal(arena_strdup(&arena, ""), "");
    assert_string_equal(arena_strndup(&arena, "station", 4), "stat");
    assert_string_equal(arena_strndup(&arena, "ab", 100), "ab");
    assert_string_equal(arena_strndup(&arena, NULL, 0), "");
    arena_finish(&arena);
}

static void test_printf_of_any_length(void **state) {
    struct arena arena;
    char *out;

    (void)state;
    arena_init(&arena);
    assert_string_equal(arena_printf(&arena, "%s/%d", "a", 7), "a/7");
    for (int width = 250; width < 260; width++) {
        out = arena_printf(&arena, "%*d", width, 5);
        assert_int_equal(strlen(out), width);
        assert_int_equal(out[width - 1], '5');
    }
    out = arena_printf(&arena, "%020000d", 1);
    assert_int_equal(strlen(out), 20000);
    arena_finish(&arena);
}

static void test_it_can_be_used_again(void **state) {
    struct arena arena;

    (void)state;
    arena_init(&arena);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(arena_strdup(&arena, "again"), "again");
        arena_finish(&arena);
        assert_null(arena.blocks);
    }
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(test_large_pieces_leave_the_rest_alone),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_printf_of_any_length),
        cmocka_unit_test(test_it_can_be_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "bot/connectors/cq.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Writes the pieces as "text|<type:params>|…", to compare at once. */
static char *pieces_of(struct arena *arena, const char *text, size_t len) {
    char *all = arena_strdup(arena, "");
    struct cq_piece piece;
    struct cq cq;

    cq_init(&cq, text, len);
    while (cq_next(&cq, &piece)) {
        if (piece.type)
            all =
                arena_printf(arena, "%s<%.*s:%.*s>|", all, (int)piece.type_len,
                             piece.type, (int)piece.len, piece.at);
        else
            all = arena_printf(arena, "%s%.*s|", all, (int)piece.len, piece.at);
    }
    return all;
}

static void expect_pieces(const char *text, const char *expected) {
    struct arena arena;

    arena_init(&arena);
    assert_string_equal(pieces_of(&arena, text, strlen(text)), expected);
    arena_finish(&arena);
}

static void test_pieces(void **state) {
    (void)state;
    expect_pieces("", "");
    expect_pieces("诉求 电池", "诉求 电池|");
    expect_pieces("[CQ:at,qq=10001000] 电池坏了 &#91;3号柜&#93;",
                  "<at:qq=10001000>| 电池坏了 &#91;3号柜&#93;|");
    expect_pieces("[CQ:shake]", "<shake:>|");
    expect_pieces("a[CQ:face,id=1][CQ:face,id=2]b",
                  "a|<face:id=1>|<face:id=2>|b|");
    expect_pieces("[CQ:image,file=a.jpg,url=https://a/b?c=1&amp;d=2]",
                  "<image:file=a.jpg,url=https://a/b?c=1&amp;d=2>|");
}

static void test_what_only_looks_like_a_code_is_text(void **state) {
    (void)state;
    expect_pieces("[CQ:", "[CQ:|");
    expect_pieces("[CQ:]", "[CQ:]|");
    expect_pieces("[CQ:at", "[CQ:at|");
    expect_pieces("[CQ:at,qq=1", "[CQ:at,qq=1|");
    expect_pieces("[CQ: at,qq=1]", "[CQ: at,qq=1]|");
    expect_pieces("[cq:at,qq=1]", "[cq:at,qq=1]|");
    expect_pieces("[位置] 3号[柜]", "[位置] 3号[柜]|");
    expect_pieces("[CQ:a[CQ:face,id=1]", "[CQ:a|<face:id=1>|");
}

static void test_many_beginnings_cost_no_more_than_their_length(void **state) {
    (void)state;
    enum { COUNT = 250000 };
    size_t len = (size_t)COUNT * 4;
    char *text = malloc(len);
    struct cq_piece piece;
    struct cq cq;
    clock_t began = clock();

    for (size_t i = 0; i < len; i += 4)
        memcpy(text + i, "[CQ:", 4);
    cq_init(&cq, text, len);
    assert_true(cq_next(&cq, &piece));
    assert_int_equal(piece.len, len);
    assert_false(cq_next(&cq, &piece));
    /* Searching the rest for each beginning would take minutes. */
    assert_true(clock() - began < 5 * CLOCKS_PER_SEC);
    free(text);
}

static void expect_param(const char *text, const char *name,
                         const char *expected) {
    struct cq_piece piece;
    const char *value;
    struct cq cq;
    size_t len;

    cq_init(&cq, text, strlen(text));
    assert_true(cq_next(&cq, &piece));
    if (!expected) {
        assert_false(cq_param(&piece, name, &value, &len));
        return;
    }
    assert_true(cq_param(&piece, name, &value, &len));
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(value, expected, len);
}

static void test_params(void **state) {
    (void)state;
    expect_param("[CQ:at,qq=1]", "qq", "1");
    expect_param("[CQ:at,qq=1]", "q", NULL);
    expect_param("[CQ:at,qq]", "qq", NULL);
    expect_param("[CQ:at,qq=]", "qq", "");
    expect_param("[CQ:at]", "qq", NULL);
    expect_param("[CQ:image,file=a=b,url=c]", "file", "a=b");
    expect_param("[CQ:image,file=a,url=c]", "url", "c");
    expect_param("[CQ:image,myurl=a,url=c]", "url", "c");
    expect_param("[CQ:image,,url=c,]", "url", "c");
}

static void expect_plain(const char *escaped, const char *expected) {
    struct arena arena;
    size_t len;
    char *plain;

    arena_init(&arena);
    plain = cq_unescape(&arena, escaped, strlen(escaped), &len);
    assert_string_equal(plain, expected);
    assert_int_equal(len, strlen(expected));
    arena_finish(&arena);
}

static void test_unescape(void **state) {
    (void)state;
    expect_plain("", "");
    expect_plain("&#91;3号柜&#93; &amp; 急&#44;急", "[3号柜] & 急,急");
    expect_plain("&amp;#91;", "&#91;");
    expect_plain("&amp;amp;", "&amp;");
    expect_plain("&", "&");
    expect_plain("&am", "&am");
    expect_plain("&lt;&#910;", "&lt;&#910;");
    expect_plain("a&&amp;b", "a&&b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_what_only_looks_like_a_code_is_text),
        cmocka_unit_test(test_many_beginnings_cost_no_more_than_their_length),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_unescape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

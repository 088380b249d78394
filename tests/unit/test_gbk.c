#include "base/gbk.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_texts(void **state) {
    static const struct {
        const char *gbk, *utf8;
    } texts[] = {
        {"", ""},
        {"name,1\r\n", "name,1\r\n"},
        {"\xb7\xf2\xd7\xd3\xc3\xed", "夫子庙"},
        {"a\xbf\xc6\xcf\xef b", "a科巷 b"},
        {"\xa1\xa3\xa3\xac", "。，"},
        {"\x81\x40", "丂"}, /* the first */
        {"\xe9\x46", "镕"}, /* not in GB 2312 */
    };
    struct arena arena;
    size_t len;
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *text =
            gbk_to_utf8(&arena, texts[i].gbk, strlen(texts[i].gbk), &len);
        assert_non_null(text);
        assert_string_equal(text, texts[i].utf8);
        assert_int_equal(len, strlen(texts[i].utf8));
    }
    arena_finish(&arena);
}

static void test_refused(void **state) {
    static const char *const texts[] = {"\xb7",     "a\x80",    "\xff\xff",
                                        "\xb7\x20", "\xb7\x7f", "\x81\xff"};
    struct arena arena;
    size_t len;
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_null(gbk_to_utf8(&arena, texts[i], strlen(texts[i]), &len));
    arena_finish(&arena);
}

/* Whatever the bytes are, what comes out is UTF-8. */
static void test_all_pairs(void **state) {
    struct arena arena;
    size_t known = 0, len;
    (void)state;
    for (unsigned pair = 0; pair < 65536; pair++) {
        char *bytes = malloc(2);
        assert_non_null(bytes);
        bytes[0] = (char)(pair >> 8);
        bytes[1] = (char)(pair & 255);
        arena_init(&arena);
        const char *text = gbk_to_utf8(&arena, bytes, 2, &len);
        if (text != NULL && (bytes[0] & 0x80) != 0) {
            assert_true(utf8_valid(text, len));
            assert_int_equal(utf8_length(text), 1);
            known++;
        }
        arena_finish(&arena);
        free(bytes);
    }
    assert_true(known > 21000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_all_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

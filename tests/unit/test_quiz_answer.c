/* What riders type as answers. */
#include "bot/quiz_answer.h"

#include "base/arena.h"
#include "base/mem.h"
#include "i18n/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct question single = {
    .kind = QUESTION_SINGLE,
    .options = {"甲", "乙", "丙", "丁"},
    .n_options = 4,
    .correct = 2,
};
static const struct question multiple = {
    .kind = QUESTION_MULTIPLE,
    .options = {"甲", "乙", "丙", "丁"},
    .n_options = 4,
    .correct = 5,
};
static const struct question truth = {.kind = QUESTION_TRUTH, .correct = 2};

/* The mask of an answer; 0: it is none. */
static unsigned read_answer(const struct question *question, const char *text) {
    struct arena arena;
    unsigned mask = 0;
    arena_init(&arena);
    bool good = quiz_answer_read(&arena, question, text, &mask);
    assert_int_equal(good, mask != 0);
    arena_finish(&arena);
    return mask;
}

static void one_option(void **state) {
    (void)state;
    static const char *const twos[] = {"2", " 2 ", "２", "②",   "b",
                                       "B", "Ｂ",  "2.", "2、", "B。"};
    static const char *const none[] = {"",   "0",   "5",  "E",    "12", "1 3",
                                       "22", "二b", "乙", "B 吧", "-1", "2x"};
    for (size_t i = 0; i < ARRAY_LEN(twos); i++)
        assert_int_equal(read_answer(&single, twos[i]), 2);
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_int_equal(read_answer(&single, none[i]), 0);
}

static void several_options(void **state) {
    (void)state;
    static const char *const both[] = {"13",   "1 3",   "3 1",  "1,3", "1，3",
                                       "1、3", "AC",    "a、c", "A C", "Ａ，Ｃ",
                                       "1.3",  "1 / 3", "A3"};
    static const char *const none[] = {
        "11",   "1 5", "1和3",
        "全部", "135", "1 3 1 3 1 3 1 3 1 3 1 3 1 3 1 3 1"};
    for (size_t i = 0; i < ARRAY_LEN(both); i++)
        assert_int_equal(read_answer(&multiple, both[i]), 5);
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_int_equal(read_answer(&multiple, none[i]), 0);
    assert_int_equal(read_answer(&multiple, "4"), 8);
}

static void true_or_false(void **state) {
    (void)state;
    static const char *const yes[] = {"1", "对",   "對", "正确", "√",
                                      "T", "true", "A",  "是"};
    static const char *const no[] = {"2", "错",    "錯",   "不对",
                                     "×", "False", "错误", "B"};
    static const char *const none[] = {"3", "12", "对错", "也许", "C"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        assert_int_equal(read_answer(&truth, yes[i]), 1);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        assert_int_equal(read_answer(&truth, no[i]), 2);
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_int_equal(read_answer(&truth, none[i]), 0);
}

static void how_they_are_told(void **state) {
    (void)state;
    static const char *const words[] = {"对", "错"};
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(quiz_answer_text(&arena, &single, 2, words), "2 乙");
    assert_string_equal(quiz_answer_text(&arena, &multiple, 5, words),
                        "1 甲；3 丙");
    assert_string_equal(quiz_answer_text(&arena, &truth, 2, words), "错");
    arena_finish(&arena);
}

static void digits_and_masks(void **state) {
    (void)state;
    for (unsigned mask = 0; mask < 1u << QUESTION_OPTIONS_MAX; mask++) {
        char digits[QUESTION_DIGITS];
        question_digits(mask, digits);
        assert_int_equal(question_mask(digits), mask);
    }
    assert_int_equal(question_mask("1,3-9x"), 5);
}

static int setup(void **state) {
    (void)state;
    return catalog_init() ? 0 : -1;
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_option),       cmocka_unit_test(several_options),
        cmocka_unit_test(true_or_false),    cmocka_unit_test(how_they_are_told),
        cmocka_unit_test(digits_and_masks),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}

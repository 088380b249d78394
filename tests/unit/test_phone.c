/* Mobile numbers in texts: which are hidden, and what is left alone. */
#include "base/arena.h"
#include "base/phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void masks(const char *text, const char *masked) {
    struct arena arena;

    arena_init(&arena);
    assert_string_equal(phone_mask(&arena, text), masked);
    arena_finish(&arena);
}

static void test_numbers(void **state) {
    (void)state;
    masks("13812345678", "138****5678");
    masks("打13812345678找王师傅", "打138****5678找王师傅");
    masks("138 1234 5678", "138 **** 5678");
    masks("138-1234-5678。", "138-****-5678。");
    masks("13812345678 50块", "138****5678 50块");
    masks("+8613812345678", "+86138****5678");
    masks("+86 138 12345678", "+86 138 ****5678");
    masks("008613812345678", "0086138****5678");
    masks("013812345678", "0138****5678");
    masks("１３８１２３４５６７８", "１３８****５６７８");
    masks("13812345678,19900001111", "138****5678,199****1111");
    masks("微信wx13812345678", "微信wx138****5678");
    masks("1381234 5678", "138**** 5678");
}

static void test_others(void **state) {
    (void)state;
    masks("", "");
    masks("没有号码", "没有号码");
    masks("12345678901", "12345678901");
    masks("订单 213812345678", "订单 213812345678");
    masks("138123456789", "138123456789");
    masks("1381234567", "1381234567");
    masks("320102199001011234", "320102199001011234");
    masks("15 20 30 40 50 60", "15 20 30 40 50 60");
    masks("\xef\xbc", "\xef\xbc");
    masks("1", "1");
    masks("138", "138");
    masks("138-", "138-");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

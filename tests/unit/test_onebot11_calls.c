#include "bot/connectors/onebot11_calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct onebot11_calls calls;

static int setup(void **state) {
    (void)state;
    onebot11_calls_init(&calls);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    onebot11_calls_finish(&calls);
    return 0;
}

static uint64_t add(uint64_t ticket, int64_t deadline_ms) {
    uint64_t number;

    assert_true(onebot11_calls_add(
        &calls,
        &(struct onebot11_call){.ticket = ticket, .deadline_ms = deadline_ms},
        &number));
    return number;
}

static void expect_take(uint64_t number, uint64_t ticket) {
    struct onebot11_call call;

    assert_true(onebot11_calls_take(&calls, number, &call));
    assert_int_equal(call.ticket, ticket);
}

static void test_answers_in_any_order(void **state) {
    (void)state;
    uint64_t a = add(1, 10);
    uint64_t b = add(2, 20);
    uint64_t c = add(3, 30);

    expect_take(b, 2);
    expect_take(c, 3);
    expect_take(a, 1);
    assert_int_equal(calls.count, 0);
}

static void test_a_number_is_good_once(void **state) {
    (void)state;
    uint64_t a = add(1, 10);
    struct onebot11_call call;

    expect_take(a, 1);
    assert_false(onebot11_calls_take(&calls, a, &call));
    uint64_t b = add(2, 10); /* in the same slot */
    assert_int_not_equal(a, b);
    assert_false(onebot11_calls_take(&calls, a, &call));
    onebot11_calls_drop(&calls);
    assert_false(onebot11_calls_take(&calls, b, &call));
    assert_int_not_equal(add(3, 10), b);
    assert_false(onebot11_calls_take(&calls, b, &call));
    assert_false(onebot11_calls_take(&calls, UINT64_MAX, &call));
    assert_false(onebot11_calls_take(&calls, 4000, &call));
}

static void test_deadlines_pass_in_order(void **state) {
    (void)state;
    struct onebot11_call call;
    int64_t at_ms;

    assert_false(onebot11_calls_due(&calls, &at_ms));
    add(1, 10);
    uint64_t b = add(2, 20);
    add(3, 30);
    assert_true(onebot11_calls_due(&calls, &at_ms));
    assert_int_equal(at_ms, 10);
    assert_false(onebot11_calls_expire(&calls, 9, &call));
    assert_true(onebot11_calls_expire(&calls, 10, &call));
    assert_int_equal(call.ticket, 1);
    expect_take(b, 2);
    assert_true(onebot11_calls_due(&calls, &at_ms));
    assert_int_equal(at_ms, 30);
    assert_true(onebot11_calls_expire(&calls, 100, &call));
    assert_int_equal(call.ticket, 3);
    assert_false(onebot11_calls_expire(&calls, 100, &call));
}

static void test_no_more_than_the_maximum(void **state) {
    (void)state;
    uint64_t first = 0;
    uint64_t number;
    struct onebot11_call call = {0};

    for (uint64_t i = 0; i < ONEBOT11_CALLS_MAX; i++) {
        number = add(i, 0);
        first = i ? first : number;
    }
    assert_false(onebot11_calls_add(&calls, &call, &number));
    expect_take(first, 0);
    expect_take(add(7, 0), 7);
    assert_int_equal(calls.count, ONEBOT11_CALLS_MAX - 1);
}

/* Against a plain list of what should be under way. */
static void test_random_use(void **state) {
    (void)state;
    enum { KEPT = 64 };
    uint64_t numbers[KEPT] = {0};
    uint64_t tickets[KEPT] = {0};
    unsigned random = 1;
    struct onebot11_call call;

    for (uint64_t ticket = 1; ticket < 20000; ticket++) {
        random = random * 1103515245 + 12345;
        size_t at = random >> 16 & (KEPT - 1);

        if (tickets[at])
            expect_take(numbers[at], tickets[at]);
        tickets[at] = ticket;
        numbers[at] = add(ticket, (int64_t)ticket);
    }
    uint64_t last = 0;
    size_t count = 0;
    while (onebot11_calls_expire(&calls, INT64_MAX, &call)) {
        assert_true(call.ticket > last);
        last = call.ticket;
        count++;
    }
    assert_int_equal(count, KEPT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers_in_any_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_number_is_good_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_deadlines_pass_in_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_no_more_than_the_maximum, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_random_use, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "bot/rates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void each_has_a_bucket(void **state) {
    struct rates *rates = rates_new(1, 2, 10);
    int64_t wait;
    (void)state;
    assert_true(rates_take(rates, "a", 1000, &wait));
    assert_true(rates_take(rates, "a", 1000, &wait));
    assert_false(rates_take(rates, "a", 1000, &wait));
    assert_int_equal(wait, 1000);
    assert_false(rates_has(rates, "a", 1500, &wait));
    assert_int_equal(wait, 500);
    assert_true(rates_take(rates, "b", 1000, &wait));
    assert_true(rates_has(rates, "a", 2000, &wait));
    assert_true(rates_take(rates, "a", 2000, &wait));
    assert_false(rates_take(rates, "a", 2000, &wait));
    rates_give_back(rates, "a");
    rates_give_back(rates, "nobody");
    assert_true(rates_take(rates, "a", 2000, &wait));
    rates_free(rates);
    rates_free(NULL);
}

static void who_was_seen_longest_ago_is_forgotten(void **state) {
    struct rates *rates = rates_new(1, 1, 3);
    int64_t wait;
    (void)state;
    assert_true(rates_take(rates, "a", 0, &wait));
    assert_true(rates_take(rates, "b", 0, &wait));
    assert_true(rates_take(rates, "c", 0, &wait));
    assert_false(rates_take(rates, "a", 0, &wait)); /* seen again */
    assert_true(rates_take(rates, "d", 0, &wait));  /* b goes */
    assert_false(rates_take(rates, "a", 0, &wait));
    assert_false(rates_take(rates, "c", 0, &wait));
    assert_true(rates_take(rates, "b", 0, &wait));
    rates_free(rates);
}

static void no_rate_is_no_limit(void **state) {
    struct rates *rates = rates_new(0, 1, 1);
    int64_t wait;
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(rates_take(rates, "a", 0, &wait));
    rates_free(rates);
}

static void a_household_is_one_peer(void **state) {
    char key[RATES_PEER_SIZE];
    (void)state;
    rates_peer(key, "192.0.2.7");
    assert_string_equal(key, "192.0.2.7");
    rates_peer(key, "2001:db8:1:2:3:4:5:6");
    assert_string_equal(key, "2001:db8:1:2::");
    rates_peer(key, "nonsense");
    assert_string_equal(key, "nonsense");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_a_bucket),
        cmocka_unit_test(who_was_seen_longest_ago_is_forgotten),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(a_household_is_one_peer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

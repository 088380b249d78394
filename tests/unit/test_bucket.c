#include "base/bucket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int take_all(struct bucket *bucket, int64_t now_ms) {
    int taken = 0;

    while (taken < 1000 && bucket_take(bucket, now_ms))
        taken++;
    return taken;
}

static void test_a_burst_then_the_rate(void **state) {
    struct bucket bucket;

    (void)state;
    bucket_init(&bucket, 2, 5, 1000);
    assert_int_equal(take_all(&bucket, 1000), 5);
    assert_int_equal(take_all(&bucket, 1499), 0);
    assert_int_equal(take_all(&bucket, 1500), 1);
    assert_int_equal(take_all(&bucket, 3000), 3);
    assert_int_equal(take_all(&bucket, 1000000), 5);
}

static void test_waiting_is_just_long_enough(void **state) {
    static const double rates[] = {0.1, 0.3, 1, 3, 7, 1000, 1 / 3.0};

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct bucket bucket;
        int64_t now = 123456789;

        bucket_init(&bucket, rates[i], 1, now);
        assert_int_equal(bucket_wait_ms(&bucket, now), 0);
        assert_true(bucket_take(&bucket, now));
        for (int n = 0; n < 100; n++) {
            int64_t wait = bucket_wait_ms(&bucket, now);

            assert_true(wait > 0);
            now += wait;
            assert_int_equal(bucket_wait_ms(&bucket, now), 0);
            assert_true(bucket_take(&bucket, now));
        }
        /* 100 tokens cost 100 / rate seconds and a little rounding. */
        assert_true((double)(now - 123456789) >= 99900 / rates[i]);
        assert_true((double)(now - 123456789) <= 100000 / rates[i] + 101);
    }
}

static void test_no_rate_means_unlimited(void **state) {
    struct bucket bucket;

    (void)state;
    bucket_init(&bucket, 0, 1, 0);
    assert_int_equal(take_all(&bucket, 0), 1000);
    assert_int_equal(bucket_wait_ms(&bucket, 0), 0);
    bucket_give_back(&bucket);
    assert_true(bucket_take(&bucket, 0));
}

static void test_giving_back(void **state) {
    struct bucket bucket;

    (void)state;
    bucket_init(&bucket, 1, 2, 0);
    assert_int_equal(take_all(&bucket, 0), 2);
    bucket_give_back(&bucket);
    assert_int_equal(take_all(&bucket, 0), 1);
    for (int i = 0; i < 10; i++)
        bucket_give_back(&bucket);
    assert_int_equal(take_all(&bucket, 0), 2);
}

static void test_a_clock_that_goes_back(void **state) {
    struct bucket bucket;

    (void)state;
    bucket_init(&bucket, 1, 1, 100000);
    assert_true(bucket_take(&bucket, 100000));
    assert_false(bucket_take(&bucket, 50000));
    assert_int_equal(bucket_wait_ms(&bucket, 50000), 1000);
    assert_true(bucket_take(&bucket, 51000));
}

static void test_odd_settings(void **state) {
    struct bucket bucket;

    (void)state;
    bucket_init(&bucket, 1, 0, 0);
    assert_true(bucket_take(&bucket, 0));
    assert_false(bucket_take(&bucket, 0));
    bucket_init(&bucket, 1e-300, 1, 0);
    assert_true(bucket_take(&bucket, 0));
    assert_int_equal(bucket_wait_ms(&bucket, 0), 24 * 60 * 60 * 1000);
    bucket_init(&bucket, -1, 1, 0);
    assert_int_equal(take_all(&bucket, 0), 1000);
    bucket_init(&bucket, 1, 3, INT64_MIN / 2);
    assert_int_equal(take_all(&bucket, INT64_MAX / 2), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst_then_the_rate),
        cmocka_unit_test(test_waiting_is_just_long_enough),
        cmocka_unit_test(test_no_rate_means_unlimited),
        cmocka_unit_test(test_giving_back),
        cmocka_unit_test(test_a_clock_that_goes_back),
        cmocka_unit_test(test_odd_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "bot/pacer.h"

#include "base/token.h"
#include "bot/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <uthash.h>

#include <cmocka.h>

static bool full; /* of the last take() */

static int64_t take(struct pacer *pacer, const char *chat, bool broadcast,
                    int64_t now_ms) {
    return pacer_take(pacer, chat, broadcast, now_ms, &full);
}

static void test_group(void **state) {
    const struct config config = {.group_rate = 0.5, .group_burst = 2};
    struct pacer pacer;
    (void)state;
    pacer_init(&pacer, &config, 0);
    assert_int_equal(take(&pacer, "qq.g1", false, 0), 0);
    assert_int_equal(take(&pacer, "qq.g1", false, 0), 0);
    assert_int_equal(take(&pacer, "qq.g1", false, 0), 2000);
    assert_false(full); /* others may go */
    assert_int_equal(take(&pacer, "qq.g2", false, 0), 0);
    assert_int_equal(take(&pacer, "qq.g1", false, 1500), 500);
    assert_int_equal(take(&pacer, "qq.g1", false, 2000), 0);
    assert_int_equal(take(&pacer, "qq.g1", false, 2000), 2000);
    pacer_finish(&pacer);
}

static void test_account(void **state) {
    const struct config config = {.account_rate = 2,
                                  .account_burst = 3,
                                  .group_rate = 1,
                                  .group_burst = 1};
    struct pacer pacer;
    (void)state;
    pacer_init(&pacer, &config, 0);
    assert_int_equal(take(&pacer, "qq.g1", false, 0), 0);
    /* A group that waits costs the account nothing. */
    assert_int_equal(take(&pacer, "qq.g1", false, 0), 1000);
    assert_int_equal(take(&pacer, "qq.g2", false, 0), 0);
    assert_int_equal(take(&pacer, "qq.g3", false, 0), 0);
    assert_int_equal(take(&pacer, "qq.g4", false, 0), 500);
    assert_true(full);
    /* And an account that waits costs the group nothing. */
    assert_int_equal(take(&pacer, "qq.g4", false, 500), 0);
    assert_false(full);
    pacer_finish(&pacer);
}

static void test_jitter(void **state) {
    const struct config config = {.broadcast_jitter_ms = 800};
    struct pacer pacer;
    int64_t now_ms = 0, most_ms = 0;
    (void)state;
    assert_true(token_init());
    pacer_init(&pacer, &config, 0);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(take(&pacer, "qq.g1", true, now_ms), 0);
        int64_t wait_ms = pacer.broadcast_after_ms - now_ms;
        assert_in_range(wait_ms, 0, 800);
        if (wait_ms > most_ms)
            most_ms = wait_ms;
        if (wait_ms > 0) {
            assert_int_equal(take(&pacer, "qq.g2", true, now_ms), wait_ms);
            assert_false(full);
        }
        assert_int_equal(take(&pacer, "qq.u1", false, now_ms), 0); /* a reply */
        now_ms += wait_ms;
    }
    assert_true(most_ms > 400); /* it is a jitter */
    pacer_finish(&pacer);
}

/* At half its pace, after a while of silence; and back again. */
static void test_slow(void **state) {
    const struct config config = {.account_rate = 2, .account_burst = 4};
    struct pacer pacer;
    (void)state;
    pacer_init(&pacer, &config, 0);
    pacer_slow(&pacer, 0.5, 3000, 0);
    assert_int_equal(take(&pacer, "qq.g1", false, 0), 3000);
    assert_true(full);
    assert_int_equal(take(&pacer, "qq.g1", false, 2999), 1);
    for (int i = 0; i < 2; i++) /* the burst is half, too */
        assert_int_equal(take(&pacer, "qq.g1", false, 3000), 0);
    assert_int_equal(take(&pacer, "qq.g1", false, 3000), 1000);
    pacer_slow(&pacer, 1, 0, 3000);
    assert_int_equal(take(&pacer, "qq.g1", false, 3000), 500);
    assert_int_equal(take(&pacer, "qq.g1", false, 3500), 0);
    /* What was never limited is not by this. */
    const struct config off = {.account_rate = 0};
    struct pacer free_one;
    pacer_init(&free_one, &off, 0);
    pacer_slow(&free_one, 0.5, 0, 0);
    assert_int_equal(take(&free_one, "qq.g1", false, 0), 0);
    pacer_finish(&free_one);
    pacer_finish(&pacer);
}

static void test_off(void **state) {
    const struct config config = {0};
    struct pacer pacer;
    (void)state;
    pacer_init(&pacer, &config, 0);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(take(&pacer, "qq.g1", true, 0), 0);
    assert_null(pacer.groups);
    pacer_finish(&pacer);
}

/* Of more chats than are kept, those that wait are among the kept. */
static void test_forgets(void **state) {
    const struct config config = {.group_rate = 1, .group_burst = 1};
    struct pacer pacer;
    char chat[24];
    (void)state;
    pacer_init(&pacer, &config, 0);
    for (int i = 0; i < 20000; i++) {
        snprintf(chat, sizeof(chat), "qq.u%d", i);
        assert_int_equal(take(&pacer, chat, false, i), 0);
        assert_int_equal(take(&pacer, chat, false, i), 1000);
    }
    assert_int_equal(take(&pacer, "qq.u19500", false, 20000), 500);
    assert_int_equal(take(&pacer, "qq.u0", false, 20000), 0);
    pacer_finish(&pacer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group),  cmocka_unit_test(test_account),
        cmocka_unit_test(test_jitter), cmocka_unit_test(test_slow),
        cmocka_unit_test(test_off),    cmocka_unit_test(test_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

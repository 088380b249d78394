#include "bot/connectors/gate.h"

#include "bot/ws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct gate *gate;

static int setup(void **state) {
    (void)state;
    gate = gate_new("s3cret");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    gate_free(gate);
    return 0;
}

static unsigned ask(const char *peer, const char *header, const char *query,
                    int64_t now_ms) {
    const struct ws_request request = {
        .path = "/",
        .authorization = header,
        .access_token = query,
        .self_id = "",
        .client_role = "",
        .origin = "",
        .host = "",
        .peer = peer,
    };
    return gate_check(gate, &request, now_ms);
}

static void test_where_a_token_may_stand(void **state) {
    (void)state;
    assert_int_equal(ask("a", "Bearer s3cret", "", 0), 101);
    assert_int_equal(ask("a", "bearer s3cret", "", 0), 101);
    assert_int_equal(ask("a", "Token s3cret", "", 0), 101);
    assert_int_equal(ask("a", "s3cret", "", 0), 101);
    assert_int_equal(ask("a", "", "s3cret", 0), 101);
    assert_int_equal(ask("a", "Bearer x", "s3cret", 0), 101);
    assert_int_equal(ask("a", "", "", 0), 401);
    assert_int_equal(ask("a", "Bearer ", "", 0), 401);
    assert_int_equal(ask("a", "Basic s3cret", "", 0), 401);
    assert_int_equal(ask("a", "Bearer s3cre", "", 0), 403);
    assert_int_equal(ask("a", "Bearer s3cret2", "", 0), 403);
    assert_int_equal(ask("a", "", "S3cret", 0), 403);
}

static void test_guessing_is_slowed_down(void **state) {
    (void)state;
    char token[32];

    for (int i = 0; i < GATE_TRIES; i++) {
        snprintf(token, sizeof(token), "guess%d", i);
        assert_int_equal(ask("a", "", token, 1000), 403);
    }
    assert_int_equal(ask("a", "", "guess", 1000), 429);
    assert_int_equal(ask("a", "", "s3cret", 1000), 429);
    assert_int_equal(ask("b", "", "s3cret", 1000), 101);
    assert_int_equal(ask("a", "", "s3cret", 999 + GATE_PAUSE_MS), 429);
    assert_int_equal(ask("a", "", "s3cret", 1000 + GATE_PAUSE_MS), 101);
}

static void test_one_wrong_setting_does_not_shut_out_others(void **state) {
    (void)state;

    for (int i = 0; i < GATE_TRIES; i++)
        assert_int_equal(ask("a", "", "old", 0), 403);
    assert_int_equal(ask("a", "", "old", 0), 429);
    assert_int_equal(ask("a", "", "s3cret", 0), 101);
    assert_int_equal(ask("a", "", "old", 0), 429);
    assert_int_equal(ask("a", "", "old", GATE_PAUSE_MS), 403);
}

static void test_asking_without_a_token_is_no_guess(void **state) {
    (void)state;

    for (int i = 0; i < 3 * GATE_TRIES; i++)
        assert_int_equal(ask("a", "", "", 0), 401);
    assert_int_equal(ask("a", "", "s3cret", 0), 101);
}

static void test_ipv6_addresses_of_one_network_are_one_peer(void **state) {
    (void)state;
    char address[48];
    char token[32];

    for (int i = 0; i < GATE_TRIES; i++) {
        snprintf(address, sizeof(address), "2a01:db9:0:1::%x", i + 1);
        snprintf(token, sizeof(token), "guess%d", i);
        assert_int_equal(ask(address, "", token, 0), 403);
    }
    assert_int_equal(ask("2a01:db9:0:1:ffff::1", "", "s3cret", 0), 429);
    assert_int_equal(ask("2a01:db9:0:2::1", "", "s3cret", 0), 101);
}

static void test_peers_are_forgotten_from_the_oldest(void **state) {
    (void)state;
    char address[32];
    char token[32];

    for (int i = 0; i < GATE_TRIES; i++) {
        snprintf(token, sizeof(token), "guess%d", i);
        ask("10.0.0.1", "", token, 0);
    }
    assert_int_equal(ask("10.0.0.1", "", "s3cret", 0), 429);
    for (int i = 0; i < GATE_PEERS - 1; i++) {
        snprintf(address, sizeof(address), "10.1.%d.%d", i / 200, i % 200);
        assert_int_equal(ask(address, "", "x", 0), 403);
    }
    assert_int_equal(ask("10.0.0.1", "", "s3cret", 0), 429);
    ask("10.2.0.1", "", "x", 0);
    assert_int_equal(ask("10.0.0.1", "", "s3cret", 0), 101);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_where_a_token_may_stand, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_guessing_is_slowed_down, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_one_wrong_setting_does_not_shut_out_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_asking_without_a_token_is_no_guess,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_ipv6_addresses_of_one_network_are_one_peer, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_peers_are_forgotten_from_the_oldest, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/integration/daemon.h"
#include "tests/peer/onebot_peer.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * OneBot 11 from end to end: the real program with its Redis on one side, the
 * simulated implementation on the other. What the connector does by itself is
 * in tests/unit/test_onebot11_conn.c.
 */
#define GROUP "20010001"
#define WAIT_MS 20000

static struct test_daemon *reverse;

static int start_reverse(void **state) {
    (void)state;
    /* What one rider may send is tested with the engine. */
    reverse = test_daemon_new("[rider]\nrate = 0\n");
    return 0;
}

static int stop_reverse(void **state) {
    (void)state;
    test_daemon_free(reverse);
    return 0;
}

static struct peer *connect_with(struct peer_options options) {
    struct peer *peer;

    options.port = test_daemon_port(reverse);
    if (!options.token)
        options.token = TEST_DAEMON_TOKEN;
    peer = peer_connect(&options, NULL);
    assert_non_null(peer);
    return peer;
}

/* The number of the ticket ("S12") that the next answer tells; free(). */
static char *wait_number(struct peer *peer, const char *group) {
    struct peer_call *call = peer_wait_call(peer, WAIT_MS);
    const char *at;
    char *number;

    assert_non_null(call);
    assert_true(call->group);
    assert_string_equal(call->to, group);
    at = strstr(call->text, "编号 S");
    if (!at)
        fail_msg("no number in: %s", call->text);
    at += strlen("编号 ");
    number = xstrndup(at, 1 + strspn(at + 1, "0123456789"));
    peer_call_free(call);
    return number;
}

/* One request and its answer; the number, free(). */
static char *request(struct peer *peer, const char *user, const char *id) {
    peer_send_group_text(peer, GROUP, user, id, "诉求 三号柜的电池坏了");
    return wait_number(peer, GROUP);
}

static void expect_request(struct peer *peer, const char *user) {
    char *number = request(peer, user, NULL);

    assert_int_equal(number[0], 'S');
    free(number);
}

static void test_a_redelivered_message_has_the_same_number(void **state) {
    (void)state;
    struct peer *peer = connect_with((struct peer_options){0});
    char *first = request(peer, "91001", "700001");
    char *again = request(peer, "91001", "700001");
    char *other = request(peer, "91001", "700002");
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    peer_close(peer);
    /* On another connection it is still the same message. */
    peer = connect_with((struct peer_options){.cq = true});
    free(again);
    again = request(peer, "91001", "700001");
    assert_string_equal(first, again);
    free(first);
    free(again);
    free(other);
    peer_close(peer);
}

static void test_an_answer_names_message_and_rider(void **state) {
    (void)state;
    struct peer *peer = connect_with((struct peer_options){.cq = true});
    peer_send(peer,
              &(struct peer_message){.group = GROUP,
                                     .user = "91002",
                                     .id = "700003",
                                     .text = " 诉求 电池坏了 [3号柜] & 急,急",
                                     .mention = true});
    struct peer_call *call = peer_wait_call(peer, WAIT_MS);
    assert_non_null(call);
    assert_string_equal(call->mention, "91002");
    assert_string_equal(call->reply_to, "700003");
    char id[24];
    assert_int_equal(sscanf(strstr(call->text, "编号 "), "编号 %23[SP0-9]", id),
                     1);
    peer_call_free(call);
    char *text = test_daemon_ticket(reverse, id, "text");
    assert_string_equal(text, "电池坏了 [3号柜] & 急,急");
    free(text);
    peer_close(peer);
}

static void test_a_half_open_connection_is_replaced(void **state) {
    (void)state;
    struct peer *old = connect_with((struct peer_options){0});
    expect_request(old, "91003");
    struct peer *new = connect_with((struct peer_options){0});
    expect_request(new, "91003");
    /* The old one hears of it late, and goes late. */
    assert_int_equal(peer_wait_close(old, WAIT_MS), 1000);
    peer_cut(old);
    expect_request(new, "91003");
    peer_close(new);
}

static void test_an_answer_lost_with_its_connection_comes_again(void **state) {
    (void)state;
    struct peer *peer = connect_with((struct peer_options){0});
    peer_set_policy(peer, PEER_GROUP_SENDS, PEER_NEVER);
    char *first = request(peer, "91004", "700004");
    peer_cut(peer);
    peer = connect_with((struct peer_options){0});
    char *again = wait_number(peer, GROUP);
    assert_string_equal(first, again);
    free(first);
    free(again);
    peer_close(peer);
}

static void test_split_roles(void **state) {
    (void)state;
    struct peer *api = connect_with(
        (struct peer_options){.path = "/onebot/v11/api", .role = "API"});
    struct peer *events = connect_with(
        (struct peer_options){.path = "/onebot/v11/event", .role = "Event"});
    peer_send_group_text(events, GROUP, "91005", NULL, "诉求 路灯不亮");
    assert_true(peer_flush(events, WAIT_MS));
    free(wait_number(api, GROUP));
    assert_int_equal(peer_stats(events)->calls, 0);
    peer_close(events);
    peer_close(api);
}

static void test_accounts_answer_for_themselves(void **state) {
    (void)state;
    struct peer *a = connect_with((struct peer_options){.self_id = "10001001"});
    /* Its header knows another id than its events. */
    struct peer *b = connect_with((struct peer_options){
        .self_id = "9007199254740993", .header_id = "10001002"});
    peer_send_group_text(a, "20010002", "91006", NULL, "诉求 路灯不亮");
    peer_send_group_text(b, "20010003", "91006", NULL, "诉求 路灯不亮");
    assert_true(peer_flush(b, WAIT_MS));
    free(wait_number(a, "20010002"));
    free(wait_number(b, "20010003"));
    peer_close(a);
    peer_close(b);
}

static void test_chatter_and_bad_frames_do_no_harm(void **state) {
    (void)state;
    static const char wrong_types[] =
        "{\"post_type\":\"message\",\"message_type\":\"group\",\"self_id\":{},"
        "\"user_id\":-1,\"group_id\":1e9,\"message_id\":[],\"message\":true}";
    const char *const bad[] = {
        "not json{", "[]",
        "{}",        "{\"post_type\":\"message\"}",
        wrong_types, "{\"status\":\"failed\",\"retcode\":1400,\"echo\":null}",
    };
    struct peer *peer = connect_with((struct peer_options){0});
    for (int i = 0; i < 1000; i++)
        peer_send_group_text(peer, GROUP, "91007", NULL, "吃饭了吗");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        peer_send_frame(peer, bad[i], strlen(bad[i]));
    peer_send_group_text(peer, GROUP, "10001000", NULL, "诉求 我自己");
    expect_request(peer, "91007");
    assert_int_equal(peer_stats(peer)->sends[PEER_GROUP_SENDS], 1);
    assert_true(
        test_daemon_metric(
            reverse, "xiaofeng_onebot11_odd_total{what=\"not_json\"}") >= 1);
    peer_close(peer);
}

static void test_wrong_tokens_are_refused(void **state) {
    (void)state;
    int status;
    assert_null(peer_connect(
        &(struct peer_options){.port = test_daemon_port(reverse)}, &status));
    assert_int_equal(status, 401);
    assert_null(
        peer_connect(&(struct peer_options){.port = test_daemon_port(reverse),
                                            .token = "wrong"},
                     &status));
    assert_int_equal(status, 403);
    struct peer *peer =
        connect_with((struct peer_options){.token_in_query = true});
    expect_request(peer, "91008");
    peer_close(peer);
}

/* ---- forward ----------------------------------------------------------------
 */

static struct peer *accept_one(struct peer_server *server) {
    struct peer *peer =
        peer_accept(server, &(struct peer_options){.token = "their-token"},
                    PEER_SAYS_1403, WAIT_MS);

    assert_non_null(peer);
    return peer;
}

static void test_forward(void **state) {
    (void)state;
    int port = 0;
    struct peer_server *server = peer_listen(&port);
    char *settings = xasprintf(
        "[onebot11.forward napcat]\n"
        "url = ws://127.0.0.1:%d/\n"
        "token = their-token\n",
        port);
    struct test_daemon *daemon = test_daemon_new(settings);
    struct peer *peer = accept_one(server);
    char *first = request(peer, "92001", "800001");
    /* An answer whose end nobody knows, then a reconnection. */
    peer_set_policy(peer, PEER_GROUP_SENDS, PEER_NEVER);
    char *second = request(peer, "92001", "800002");
    peer_cut(peer);
    peer = accept_one(server);
    char *again = wait_number(peer, GROUP);
    assert_string_equal(second, again);
    free(again);
    again = request(peer, "92001", "800001");
    assert_string_equal(first, again);
    free(first);
    free(second);
    free(again);
    /* A new life of the daemon connects by itself. */
    test_daemon_kill(daemon);
    peer_cut(peer);
    test_daemon_start(daemon);
    peer = accept_one(server);
    expect_request(peer, "92001");
    peer_close(peer);
    peer_server_free(server);
    test_daemon_free(daemon);
    free(settings);
}

int main(void) {
    const struct CMUnitTest reverse_tests[] = {
        cmocka_unit_test(test_a_redelivered_message_has_the_same_number),
        cmocka_unit_test(test_an_answer_names_message_and_rider),
        cmocka_unit_test(test_a_half_open_connection_is_replaced),
        cmocka_unit_test(test_an_answer_lost_with_its_connection_comes_again),
        cmocka_unit_test(test_split_roles),
        cmocka_unit_test(test_accounts_answer_for_themselves),
        cmocka_unit_test(test_chatter_and_bad_frames_do_no_harm),
        cmocka_unit_test(test_wrong_tokens_are_refused),
    };
    const struct CMUnitTest forward_tests[] = {
        cmocka_unit_test(test_forward),
    };
    return cmocka_run_group_tests(reverse_tests, start_reverse, stop_reverse) |
           cmocka_run_group_tests(forward_tests, NULL, NULL);
}

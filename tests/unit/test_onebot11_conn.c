#include "bot/connectors/onebot11.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/token.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/connectors/gate.h"
#include "bot/connectors/onebot11_calls.h"
#include "bot/glance.h"
#include "bot/loop.h"
#include "bot/outbox.h"
#include "bot/turn.h"
#include "tests/peer/onebot_peer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * The connector on real sockets, between the simulated implementation and a
 * stand-in for the engine, which is defined here and notes what it is told.
 */
#define TOKEN "s3cret"
#define WAIT_MS 5000
#define NOTES 8192

static struct loop loop;
static struct bot bot;
static struct onebot11 *onebot11;
static struct buf turns; /* "account chat rider id text|…" */
static bool all_wanted;
static unsigned glances;

static struct note {
    uint64_t ticket;
    enum outcome outcome;
    char reason[64];
    enum refusal refusal;
    char message_id[24];
} outcomes[NOTES];
static size_t n_outcomes;
static unsigned offlines;

struct turn *turn_new(struct bot *of) {
    struct turn *turn = xcalloc(1, sizeof(*turn));

    turn->bot = of;
    arena_init(&turn->arena);
    return turn;
}

void turn_free(struct turn *turn) {
    arena_finish(&turn->arena);
    free(turn);
}

void turn_start(struct turn *turn) {
    const struct message *message = &turn->message;

    buf_addf(&turns, "%s %s %s %s%s ", message->account, message->chat,
             message->rider, message->id, message->mentioned ? " @" : "");
    for (size_t i = 0; i < message->n_segments; i++) {
        const struct segment *segment = &message->segments[i];

        if (segment->type == SEGMENT_TEXT)
            buf_adds(&turns, segment->text);
        else if (segment->type == SEGMENT_IMAGE)
            buf_addf(&turns, "<%s>", segment->url);
    }
    buf_adds(&turns, "|");
    turn_free(turn);
}

bool glance(const struct bot *of, const struct glance *seen) {
    (void)of;
    glances++;
    return all_wanted || !seen->in_group || seen->mentioned ||
           (seen->text_len > 0 && seen->text[0] == '/');
}

struct account *account_find(struct bot *of, const char *id) {
    struct account *account;

    HASH_FIND_STR(of->accounts, id, account);
    return account;
}

struct account *account_online(struct bot *of, const char *id,
                               const struct connector *connector, void *data) {
    struct account *account = account_find(of, id);

    if (!account) {
        account = xcalloc(1, sizeof(*account));
        account->id = xstrdup(id);
        account->bot = of;
        HASH_ADD_KEYPTR(hh, of->accounts, account->id, strlen(account->id),
                        account);
    }
    account->connector = connector;
    account->data = data;
    account->online = true;
    return account;
}

void account_offline(struct account *account, const void *data) {
    if (!account->online || account->data != data)
        return;
    account->online = false;
    account->data = NULL;
    offlines++;
}

void outbox_outcome(struct account *account, uint64_t ticket,
                    const struct send_end *end) {
    struct note *note = &outcomes[n_outcomes++ % NOTES];

    assert_non_null(account);
    note->ticket = ticket;
    note->outcome = end->outcome;
    note->refusal = end->refusal;
    snprintf(note->reason, sizeof(note->reason), "%s",
             end->reason ? end->reason : "");
    snprintf(note->message_id, sizeof(note->message_id), "%s",
             end->message_id ? end->message_id : "");
}

/* ---- around each test ------------------------------------------------------
 */

static void run_loop(void *data) {
    (void)data;
    uv_run(&loop.uv, UV_RUN_NOWAIT);
}

static void start_with(const struct onebot11_options *options) {
    onebot11 = onebot11_new(&bot, options);
    assert_int_equal(loop_listen(&loop, "127.0.0.1", 0, NULL, NULL), OK);
}

static void start(int64_t deadline_ms) {
    start_with(&(struct onebot11_options){
        .token = TOKEN,
        .deadline_ms = deadline_ms,
    });
}

static int setup(void **state) {
    (void)state;
    buf_init(&turns);
    all_wanted = false;
    glances = offlines = 0;
    n_outcomes = 0;
    bot = (struct bot){.loop = &loop, .clock = &clock_system};
    peer_set_idle(run_loop, NULL);
    return loop_init(&loop) == OK && token_init() ? 0 : -1;
}

static int teardown(void **state) {
    struct account *account;
    struct account *next;

    (void)state;
    onebot11_stop(onebot11);
    HASH_ITER(hh, bot.accounts, account, next) {
        assert_false(account->online);
        HASH_DEL(bot.accounts, account);
        free(account->id);
        free(account);
    }
    loop_finish(&loop);
    onebot11_free(onebot11);
    onebot11 = NULL;
    buf_finish(&turns);
    return 0;
}

#define WAIT_FOR(condition)                                                    \
    do {                                                                       \
        int64_t until_ms = clock_mono_ms(&clock_system) + WAIT_MS;             \
        while (!(condition)) {                                                 \
            if (clock_mono_ms(&clock_system) > until_ms)                       \
                fail_msg("never came: %s", #condition);                        \
            uv_run(&loop.uv, UV_RUN_NOWAIT);                                   \
        }                                                                      \
    } while (0)

static struct account *online(const char *id) {
    struct account *account = account_find(&bot, id);

    return account && account->online ? account : NULL;
}

static struct peer *connect_as(const char *self_id, const char *role) {
    struct peer *peer = peer_connect(
        &(struct peer_options){
            .port = loop_port(&loop),
            .token = TOKEN,
            .self_id = self_id,
            .role = role,
        },
        NULL);

    assert_non_null(peer);
    return peer;
}

static enum err send_to(const char *account_id, uint64_t ticket,
                        const char *chat, const char *text) {
    struct account *account = online(account_id);

    assert_non_null(account);
    return account->connector->send(
        account, ticket, &(struct outgoing){.chat = chat, .text = text});
}

static void expect_outcome(size_t at, uint64_t ticket, enum outcome outcome,
                           const char *reason) {
    WAIT_FOR(n_outcomes > at);
    assert_int_equal(outcomes[at].ticket, ticket);
    assert_int_equal(outcomes[at].outcome, outcome);
    if (reason)
        assert_string_equal(outcomes[at].reason, reason);
}

static struct peer_call *expect_call(struct peer *peer, const char *text) {
    struct peer_call *call = peer_wait_call(peer, WAIT_MS);

    assert_non_null(call);
    assert_string_equal(call->text, text);
    return call;
}

static void expect_turns(const char *expected) {
    WAIT_FOR(turns.len >= strlen(expected));
    assert_string_equal(turns.data ? turns.data : "", expected);
    buf_clear(&turns);
}

/* The value of a metric by its name and labels; 0 when it is not there yet. */
static long counter(const char *name) {
    char *line = xasprintf("\n%s ", name);
    struct buf all;
    const char *at;
    long value;

    buf_init(&all);
    metrics_print(&all);
    at = strstr(all.data, line);
    value = at ? strtol(at + strlen(line), NULL, 10) : 0;
    buf_finish(&all);
    free(line);
    return value;
}

static long odd(const char *what) {
    char *name = xasprintf("xiaofeng_onebot11_odd_total{what=\"%s\"}", what);
    long value = counter(name);

    free(name);
    return value;
}

/* ---- reverse ----------------------------------------------------------------
 */

static void test_a_message_and_its_answer(void **state) {
    (void)state;
    start(0);
    struct peer *peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    const char *id =
        peer_send_group_text(peer, "20010001", "90001", NULL, "/诉求 电池");
    char *expected =
        xasprintf("qq.10001000 qq.g20010001 qq.90001 %s /诉求 电池|", id);
    peer_flush(peer, WAIT_MS);
    expect_turns(expected);
    free(expected);
    struct account *account = online("qq.10001000");
    assert_string_equal(account->connector->platform, "qq");
    assert_int_equal(account->connector->send(account, 7,
                                              &(struct outgoing){
                                                  .chat = "qq.g20010001",
                                                  .mention = "qq.90001",
                                                  .reply_to = "5",
                                                  .text = "已登记",
                                              }),
                     OK);
    struct peer_call *call = expect_call(peer, " 已登记");
    assert_true(call->group);
    assert_string_equal(call->to, "20010001");
    assert_string_equal(call->mention, "90001");
    assert_string_equal(call->reply_to, "5");
    expect_outcome(0, 7, OUTCOME_SENT, "");
    assert_string_equal(outcomes[0].message_id, call->message_id);
    peer_call_free(call);
    assert_int_equal(send_to("qq.10001000", 8, "qq.u90001", "私"), OK);
    call = expect_call(peer, "私");
    assert_false(call->group);
    assert_string_equal(call->to, "90001");
    peer_call_free(call);
    expect_outcome(1, 8, OUTCOME_SENT, "");
    assert_int_equal(peer_stats(peer)->sends[PEER_LOGINS], 1);
    peer_close(peer);
    WAIT_FOR(!online("qq.10001000"));
}

static void test_cq_strings(void **state) {
    (void)state;
    start(0);
    struct peer *peer = peer_connect(
        &(struct peer_options){
            .port = loop_port(&loop), .token = TOKEN, .cq = true},
        NULL);
    assert_non_null(peer);
    static const char *const images[] = {"https://a.cn/d?x=1&y=2,3", NULL};
    peer_send(peer, &(struct peer_message){.group = "1",
                                           .user = "2",
                                           .id = "3",
                                           .text = " 坏了 [3] & 急,急",
                                           .images = images,
                                           .mention = true});
    peer_flush(peer, WAIT_MS);
    expect_turns(
        "qq.10001000 qq.g1 qq.2 3 @  坏了 [3] & 急,急"
        "<https://a.cn/d?x=1&y=2,3>|");
    peer_close(peer);
}

static void test_chatter_is_left_alone(void **state) {
    (void)state;
    start(0);
    struct peer *peer = connect_as("10001000", NULL);
    for (int i = 0; i < 100; i++)
        peer_send_group_text(peer, "1", "2", NULL, "吃饭了吗");
    peer_send_group_text(peer, "1", "2", "3", "/a");
    peer_flush(peer, WAIT_MS);
    expect_turns("qq.10001000 qq.g1 qq.2 3 /a|");
    assert_int_equal(glances, 101);
    peer_close(peer);
}

static void test_own_messages_and_meta_events_are_no_turns(void **state) {
    (void)state;
    start(0);
    all_wanted = true;
    struct peer *peer = connect_as("10001000", NULL);
    static const char sent[] =
        "{\"self_id\":10001000,\"user_id\":10001000,\"message_id\":6,"
        "\"message_type\":\"group\",\"message\":\"/a\",\"post_type\":"
        "\"message_sent\",\"group_id\":1}";
    peer_send_frame(peer, sent, strlen(sent));
    peer_send_group_text(peer, "1", "10001000", NULL, "/a");
    peer_send_heartbeat(peer);
    peer_send_group_text(peer, "1", "2", "3", "/b");
    peer_flush(peer, WAIT_MS);
    expect_turns("qq.10001000 qq.g1 qq.2 3 /b|");
    peer_close(peer);
}

static int try_token(const char *token, bool in_query) {
    int status;
    struct peer *peer =
        peer_connect(&(struct peer_options){.port = loop_port(&loop),
                                            .token = token,
                                            .token_in_query = in_query},
                     &status);

    if (peer)
        peer_close(peer);
    return status;
}

static void test_tokens(void **state) {
    (void)state;
    char guess[32];
    start(0);
    assert_int_equal(try_token(TOKEN, false), 101);
    assert_int_equal(try_token(TOKEN, true), 101);
    assert_int_equal(try_token(NULL, false), 401);
    for (int i = 0; i < GATE_TRIES; i++) {
        snprintf(guess, sizeof(guess), "guess%d", i);
        assert_int_equal(try_token(guess, i & 1), 403);
    }
    assert_int_equal(try_token("guess", false), 429);
    assert_int_equal(try_token(TOKEN, false), 429);
}

static void test_without_a_token_there_are_no_routes(void **state) {
    (void)state;
    start_with(&(struct onebot11_options){.token = ""});
    assert_int_equal(try_token("", false), 404);
    assert_int_equal(try_token(NULL, false), 404);
}

static void test_the_new_connection_replaces_the_old_one(void **state) {
    (void)state;
    start(0);
    struct peer *old = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    peer_set_policy(old, PEER_GROUP_SENDS, PEER_HOLD);
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", "a"), OK);
    struct peer_call *held = expect_call(old, "a");
    struct peer *new = connect_as("10001000", NULL);
    assert_int_equal(peer_wait_close(old, WAIT_MS), 1000);
    assert_int_equal(send_to("qq.10001000", 2, "qq.g1", "b"), OK);
    peer_call_free(expect_call(new, "b"));
    /* The engine knows that the first one's answer will not come. */
    expect_outcome(0, 2, OUTCOME_SENT, NULL);
    peer_call_free(held);
    peer_cut(old);
    peer_send_group_text(new, "1", "2", "3", "/a");
    peer_flush(new, WAIT_MS);
    expect_turns("qq.10001000 qq.g1 qq.2 3 /a|");
    assert_int_equal(offlines, 0);
    assert_non_null(online("qq.10001000"));
    peer_close(new);
    WAIT_FOR(offlines == 1);
    assert_int_equal(n_outcomes, 1);
}

static void test_a_cut_connection_takes_its_account_offline(void **state) {
    (void)state;
    start(0);
    struct peer *peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    peer_set_policy(peer, PEER_GROUP_SENDS, PEER_NEVER);
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", "a"), OK);
    peer_call_free(expect_call(peer, "a"));
    peer_cut(peer);
    WAIT_FOR(offlines == 1);
    peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    peer_close(peer);
}

static void test_split_roles(void **state) {
    (void)state;
    start(0);
    struct peer *api = connect_as("10001000", "API");
    struct peer *events =
        peer_connect(&(struct peer_options){.port = loop_port(&loop),
                                            .token = TOKEN,
                                            .path = "/onebot/v11/event",
                                            .role = ""},
                     NULL);
    assert_non_null(events);
    peer_send_group_text(events, "1", "2", "3", "/a");
    peer_flush(events, WAIT_MS);
    expect_turns("qq.10001000 qq.g1 qq.2 3 /a|");
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", "b"), OK);
    peer_call_free(expect_call(api, "b"));
    expect_outcome(0, 1, OUTCOME_SENT, NULL);
    assert_int_equal(peer_stats(events)->calls, 0);
    /* New events do not end the calls, nor the other way round. */
    struct peer *again = connect_as("10001000", "Event");
    peer_send_heartbeat(again);
    peer_flush(again, WAIT_MS);
    assert_int_equal(peer_wait_close(events, WAIT_MS), 1000);
    assert_int_equal(send_to("qq.10001000", 2, "qq.g1", "c"), OK);
    peer_call_free(expect_call(api, "c"));
    peer_close(again);
    peer_close(events);
    assert_non_null(online("qq.10001000"));
    peer_close(api);
    WAIT_FOR(offlines == 1);
}

static void test_the_body_knows_the_account_better(void **state) {
    (void)state;
    start(0);
    struct peer *peer =
        peer_connect(&(struct peer_options){.port = loop_port(&loop),
                                            .token = TOKEN,
                                            .self_id = "45120633617",
                                            .header_id = "10001000",
                                            .quiet = true},
                     NULL);
    assert_non_null(peer);
    WAIT_FOR(online("qq.10001000"));
    peer_send_heartbeat(peer);
    peer_flush(peer, WAIT_MS);
    WAIT_FOR(online("qq.45120633617"));
    assert_null(online("qq.10001000"));
    static const char mention[] =
        "{\"self_id\":45120633617,\"user_id\":2,\"message_id\":3,"
        "\"message_type\":\"group\",\"message\":\"[CQ:at,qq=10001000] a\","
        "\"post_type\":\"message\",\"group_id\":1}";
    peer_send_frame(peer, mention, strlen(mention));
    peer_flush(peer, WAIT_MS);
    expect_turns("qq.45120633617 qq.g1 qq.2 3 @  a|");
    assert_int_equal(send_to("qq.45120633617", 1, "qq.g1", "b"), OK);
    peer_call_free(expect_call(peer, "b"));
    expect_outcome(0, 1, OUTCOME_SENT, NULL);
    peer_close(peer);
}

static void test_an_account_without_a_header(void **state) {
    (void)state;
    start(0);
    const struct peer_options options = {
        .port = loop_port(&loop),
        .token = TOKEN,
        .header_id = "",
        .quiet = true,
    };
    struct peer *peer = peer_connect(&options, NULL);
    assert_non_null(peer);
    peer_run(peer, WAIT_MS, true); /* get_login_info */
    peer_flush(peer, WAIT_MS);
    WAIT_FOR(online("qq.10001000"));
    peer_close(peer);
    WAIT_FOR(!online("qq.10001000"));
    peer = peer_connect(&options, NULL);
    assert_non_null(peer);
    peer_set_policy(peer, PEER_LOGINS, PEER_NEVER);
    peer_send_group_text(peer, "1", "2", "3", "吃饭了吗");
    peer_flush(peer, WAIT_MS);
    WAIT_FOR(online("qq.10001000"));
    peer_close(peer);
}

static void test_a_nameless_peer_is_asked_again(void **state) {
    (void)state;
    start(20);
    struct peer *peer =
        peer_connect(&(struct peer_options){.port = loop_port(&loop),
                                            .token = TOKEN,
                                            .header_id = "",
                                            .quiet = true},
                     NULL);
    assert_non_null(peer);
    peer_set_policy(peer, PEER_LOGINS, PEER_NEVER);
    while (peer_stats(peer)->sends[PEER_LOGINS] < 2)
        assert_int_equal(peer_run(peer, WAIT_MS, true), 1);
    peer_set_policy(peer, PEER_LOGINS, PEER_OK);
    assert_int_equal(peer_run(peer, WAIT_MS, true), 1);
    peer_flush(peer, WAIT_MS);
    WAIT_FOR(online("qq.10001000"));
    peer_close(peer);
}

static void test_several_accounts(void **state) {
    (void)state;
    start(0);
    struct peer *a = connect_as("10001000", NULL);
    struct peer *b = connect_as("9007199254740993", NULL);
    WAIT_FOR(online("qq.10001000") && online("qq.9007199254740993"));
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", "a"), OK);
    assert_int_equal(send_to("qq.9007199254740993", 1, "qq.g1", "b"), OK);
    peer_call_free(expect_call(a, "a"));
    peer_call_free(expect_call(b, "b"));
    peer_send_group_text(b, "1", "2", "3", "/a");
    peer_flush(b, WAIT_MS);
    expect_turns("qq.9007199254740993 qq.g1 qq.2 3 /a|");
    peer_close(a);
    WAIT_FOR(!online("qq.10001000"));
    assert_non_null(online("qq.9007199254740993"));
    peer_close(b);
}

/* ---- calls ------------------------------------------------------------------
 */

static void test_answers_out_of_order(void **state) {
    (void)state;
    struct peer_call *calls[3];
    start(0);
    struct peer *peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    peer_set_policy(peer, PEER_GROUP_SENDS, PEER_HOLD);
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", "a"), OK);
    assert_int_equal(send_to("qq.10001000", 2, "qq.g1", "b"), OK);
    assert_int_equal(send_to("qq.10001000", 3, "qq.g1", "c"), OK);
    calls[0] = expect_call(peer, "a");
    calls[1] = expect_call(peer, "b");
    calls[2] = expect_call(peer, "c");
    peer_answer_ok(peer, calls[2]);
    peer_answer_failed(peer, calls[0], 1200, "no");
    peer_answer_ok(peer, calls[1]);
    expect_outcome(0, 3, OUTCOME_SENT, "");
    expect_outcome(1, 1, OUTCOME_REFUSED, "no");
    expect_outcome(2, 2, OUTCOME_SENT, "");
    assert_string_equal(outcomes[0].message_id, calls[2]->message_id);
    assert_string_equal(outcomes[2].message_id, calls[1]->message_id);
    long stray = odd("stray_answer");
    peer_answer_ok(peer, calls[0]);
    WAIT_FOR(odd("stray_answer") == stray + 1);
    assert_int_equal(n_outcomes, 3);
    for (int i = 0; i < 3; i++)
        peer_call_free(calls[i]);
    peer_close(peer);
}

static void test_what_the_platform_says_no_to(void **state) {
    (void)state;
    start(0);
    struct peer *peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    peer_set_policy(peer, PEER_GROUP_SENDS, PEER_TIMEOUT);
    peer_set_policy(peer, PEER_PRIVATE_SENDS, PEER_REFUSE);
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", "a"), OK);
    peer_call_free(expect_call(peer, "a"));
    expect_outcome(0, 1, OUTCOME_UNKNOWN, NULL);
    assert_int_equal(send_to("qq.10001000", 2, "qq.u1", "b"), OK);
    peer_call_free(expect_call(peer, "b"));
    expect_outcome(1, 2, OUTCOME_REFUSED, "请指定正确的 user_id");
    peer_close(peer);
}

static void test_each_call_has_its_deadline(void **state) {
    (void)state;
    start(100);
    struct peer *peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    peer_run(peer, 0, true);
    peer_flush(peer, WAIT_MS);
    peer_set_policy(peer, PEER_GROUP_SENDS, PEER_HOLD);
    int64_t began_ms = clock_mono_ms(&clock_system);
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", "a"), OK);
    struct peer_call *call = expect_call(peer, "a");
    assert_int_equal(send_to("qq.10001000", 2, "qq.g1", "b"), OK);
    expect_outcome(0, 1, OUTCOME_UNKNOWN, "no answer in time");
    assert_true(clock_mono_ms(&clock_system) >= began_ms + 100);
    expect_outcome(1, 2, OUTCOME_UNKNOWN, "no answer in time");
    long stray = odd("stray_answer");
    peer_answer_ok(peer, call);
    WAIT_FOR(odd("stray_answer") == stray + 1);
    assert_int_equal(n_outcomes, 2);
    peer_call_free(call);
    peer_close(peer);
}

static void test_calls_under_way_are_limited(void **state) {
    (void)state;
    uint64_t ticket = 0;
    start(0);
    struct peer *peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    while (peer_stats(peer)->sends[PEER_LOGINS] < 1)
        peer_run(peer, WAIT_MS, true);
    peer_flush(peer, WAIT_MS);
    peer_set_policy(peer, PEER_GROUP_SENDS, PEER_HOLD);
    enum err err = OK;
    while (ticket <= ONEBOT11_CALLS_MAX) {
        err = send_to("qq.10001000", ticket, "qq.g1", "a");
        if (err)
            break;
        ticket++;
    }
    assert_int_equal(err, ERR_LIMIT);
    /* Its own questions (login, groups) may still be under way. */
    assert_in_range(ticket, ONEBOT11_CALLS_MAX - 2, ONEBOT11_CALLS_MAX);
    struct peer_call *call = expect_call(peer, "a");
    peer_answer_ok(peer, call);
    expect_outcome(0, 0, OUTCOME_SENT, NULL);
    assert_int_equal(send_to("qq.10001000", ticket, "qq.g1", "a"), OK);
    peer_call_free(call);
    peer_cut(peer);
}

static void test_what_cannot_be_sent_is_refused_at_once(void **state) {
    (void)state;
    start(0);
    struct peer *peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", ""), OK);
    assert_int_equal(n_outcomes, 1);
    expect_outcome(0, 1, OUTCOME_REFUSED, NULL);
    peer_close(peer);
}

static void test_pictures(void **state) {
    (void)state;
    char path[] = "/tmp/xiaofeng-picture-XXXXXX";
    int fd = mkstemp(path);
    start(0);
    assert_int_equal(write(fd, "\xff\xd8\xff", 3), 3);
    close(fd);
    struct peer *peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    struct account *account = online("qq.10001000");
    const struct outgoing out = {
        .chat = "qq.g1", .text = "看", .image_path = path};
    assert_int_equal(account->connector->send(account, 1, &out), OK);
    struct peer_call *call = expect_call(peer, "看");
    assert_int_equal(call->n_images, 1);
    assert_string_equal(call->image, "base64:///9j/");
    peer_call_free(call);
    expect_outcome(0, 1, OUTCOME_SENT, NULL);
    unlink(path);
    assert_int_equal(account->connector->send(account, 2, &out), OK);
    expect_outcome(1, 2, OUTCOME_REFUSED, "the picture is unreadable");
    /* One that is still being read when the connection ends: of a pipe that
     * nobody writes to. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(account->connector->send(account, 3, &out), OK);
    peer_cut(peer);
    WAIT_FOR(offlines == 1);
    WAIT_FOR((fd = open(path, O_WRONLY | O_NONBLOCK)) >= 0);
    close(fd);
    unlink(path);
    assert_int_equal(n_outcomes, 2);
}

/* ---- bad input --------------------------------------------------------------
 */

static void test_bad_frames_are_counted_and_survived(void **state) {
    (void)state;
    static const struct {
        const char *frame;
        const char *what;
    } bad[] = {
        {"not json{", "not_json"},
        {"", "not_json"},
        {"[1,2]", "not_object"},
        {"\"text\"", "not_object"},
        {"{}", "strange"},
        {"{\"post_type\":\"message\",\"message_type\":\"private\"}",
         "invalid_message"},
        {"{\"post_type\":\"message\",\"message_type\":\"private\","
         "\"self_id\":10001000,\"user_id\":[2],\"message_id\":3,"
         "\"message\":\"a\"}",
         "invalid_message"},
        {"{\"post_type\":\"message\",\"message_type\":\"private\","
         "\"self_id\":10001000,\"user_id\":2,\"message_id\":3,"
         "\"message\":{\"type\":\"text\"}}",
         "invalid_message"},
        {"{\"status\":\"ok\",\"retcode\":0,\"echo\":null}", "stray_answer"},
        {"{\"status\":\"ok\",\"retcode\":0,\"echo\":{\"seq\":2}}",
         "stray_answer"},
        {"{\"status\":\"failed\",\"retcode\":1400}", "stray_answer"},
    };
    char deep[300];
    start(0);
    struct peer *peer = connect_as("10001000", NULL);
    WAIT_FOR(online("qq.10001000"));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        long before = odd(bad[i].what);
        peer_send_frame(peer, bad[i].frame, strlen(bad[i].frame));
        peer_flush(peer, WAIT_MS);
        WAIT_FOR(odd(bad[i].what) == before + 1);
    }
    memset(deep, '[', sizeof(deep));
    memcpy(deep, "{\"a\":", 5);
    peer_send_frame(peer, deep, sizeof(deep));
    peer_flush(peer, WAIT_MS);
    WAIT_FOR(odd("too_deep") == 1);
    /* A NUL, as it stands and escaped. */
    static const char nul[] =
        "{\"post_type\":\"message\",\"message_type\":\"private\","
        "\"self_id\":10001000,\"user_id\":2,\"message_id\":3,"
        "\"message\":\"a\0b\\u0000c\"}";
    peer_send_frame(peer, nul, sizeof(nul) - 1);
    peer_flush(peer, WAIT_MS);
    expect_turns(
        "qq.10001000 qq.u2 qq.2 3 a\xef\xbf\xbd"
        "b\xef\xbf\xbd"
        "c|");
    peer_close(peer);
}

static void test_frames_that_end_the_connection(void **state) {
    (void)state;
    size_t size = LIMIT_FRAME_BYTES + 1;
    char *large = xcalloc(1, size);
    start(0);
    memset(large, ' ', size);
    struct peer *peer = connect_as("10001000", NULL);
    peer_send_frame(peer, large, size);
    assert_int_equal(peer_wait_close(peer, WAIT_MS), 1009);
    peer_cut(peer);
    peer = connect_as("10001000", NULL);
    peer_send_frame(peer, "{\"a\":\"\xff\"}", 9);
    assert_int_equal(peer_wait_close(peer, WAIT_MS), 1007);
    peer_cut(peer);
    free(large);
}

/* ---- forward ----------------------------------------------------------------
 */

static struct onebot11_forward_options forwards[2];
static char urls[2][64];

static void start_forward(const int *ports, const char *const *paths,
                          size_t n) {
    for (size_t i = 0; i < n; i++) {
        snprintf(urls[i], sizeof(urls[i]), "ws://127.0.0.1:%d%s", ports[i],
                 paths[i]);
        forwards[i] = (struct onebot11_forward_options){
            .url = urls[i],
            .token = TOKEN,
            .retry_ms = 10,
            .retry_max_ms = 20,
        };
    }
    start_with(&(struct onebot11_options){
        .forwards = forwards,
        .n_forwards = n,
    });
}

static void start_forward_one(int port, const char *path) {
    start_forward((int[]){port}, (const char *[]){path}, 1);
}

static struct peer *accept_one(struct peer_server *server) {
    struct peer *peer =
        peer_accept(server, &(struct peer_options){.token = TOKEN},
                    PEER_SAYS_1403, WAIT_MS);

    assert_non_null(peer);
    return peer;
}

static void test_forward_and_again(void **state) {
    (void)state;
    int port = 0;
    struct peer_server *server = peer_listen(&port);
    start_forward_one(port, "/onebot");
    for (int i = 0; i < 3; i++) {
        struct peer *peer = accept_one(server);
        assert_string_equal(peer_path(peer), "/onebot");
        WAIT_FOR(online("qq.10001000"));
        peer_send_private_text(peer, "2", "3", "hi");
        peer_flush(peer, WAIT_MS);
        expect_turns("qq.10001000 qq.u2 qq.2 3 hi|");
        assert_int_equal(send_to("qq.10001000", 1, "qq.u2", "b"), OK);
        peer_call_free(expect_call(peer, "b"));
        WAIT_FOR(n_outcomes == (size_t)i + 1);
        if (i & 1)
            peer_close(peer);
        else
            peer_cut(peer);
        WAIT_FOR(!online("qq.10001000"));
    }
    peer_server_free(server);
}

static void refuse_once(enum peer_refusal refusal, long refused) {
    int port = 0;
    struct peer_server *server = peer_listen(&port);
    static const char name[] = "xiaofeng_onebot11_token_refused_total";
    long before = counter(name);
    start_forward_one(port, "/");
    assert_null(peer_accept(server, &(struct peer_options){.token = "other"},
                            refusal, WAIT_MS));
    WAIT_FOR(counter(name) == before + refused);
    assert_null(bot.accounts);
    /* It comes back, and with the right token all is well. */
    struct peer *peer = accept_one(server);
    WAIT_FOR(online("qq.10001000"));
    peer_close(peer);
    peer_server_free(server);
}

static void test_a_token_refused_with_1403(void **state) {
    (void)state;
    refuse_once(PEER_SAYS_1403, 1);
}

static void test_a_token_refused_with_1008(void **state) {
    (void)state;
    refuse_once(PEER_CLOSES_1008, 1);
}

static void test_a_token_refused_with_401(void **state) {
    (void)state;
    refuse_once(PEER_ANSWERS_401, 0);
}

static void test_forward_split(void **state) {
    (void)state;
    int ports[2] = {0, 0};
    struct peer_server *servers[2];
    for (int i = 0; i < 2; i++)
        servers[i] = peer_listen(&ports[i]);
    start_forward(ports, (const char *[]){"/api?x=1", "/event"}, 2);
    struct peer *api = peer_accept(
        servers[0], &(struct peer_options){.token = TOKEN, .quiet = true},
        PEER_SAYS_1403, WAIT_MS);
    assert_non_null(api);
    struct peer *events = accept_one(servers[1]);
    while (!online("qq.10001000"))
        assert_true(peer_run(api, 10, true) >= 0 && peer_flush(api, WAIT_MS));
    peer_send_group_text(events, "1", "2", "3", "/a");
    peer_flush(events, WAIT_MS);
    expect_turns("qq.10001000 qq.g1 qq.2 3 /a|");
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", "b"), OK);
    peer_call_free(expect_call(api, "b"));
    assert_int_equal(peer_stats(events)->calls, 0);
    peer_close(events);
    assert_non_null(online("qq.10001000"));
    peer_close(api);
    WAIT_FOR(offlines == 1);
    for (int i = 0; i < 2; i++)
        peer_server_free(servers[i]);
}

/* Two ways to one account: neither is closed for the other. */
static void test_another_way_takes_over(void **state) {
    (void)state;
    int ports[2] = {0, 0};
    struct peer_server *servers[2];
    struct peer *peers[2];
    for (int i = 0; i < 2; i++)
        servers[i] = peer_listen(&ports[i]);
    start_forward(ports, (const char *[]){"/", "/"}, 2);
    for (int i = 0; i < 2; i++) {
        peers[i] = accept_one(servers[i]);
        peer_server_free(servers[i]);
    }
    for (int i = 0; i < 2; i++) {
        while (peer_stats(peers[i])->sends[PEER_LOGINS] < 1)
            peer_run(peers[i], WAIT_MS, true);
        peer_flush(peers[i], WAIT_MS);
    }
    WAIT_FOR(online("qq.10001000"));
    for (int i = 0; i < 2; i++)
        peer_run(peers[i], 100, false); /* the question for its groups */
    /* Whichever has it: that one goes, and the other one has it. */
    assert_int_equal(send_to("qq.10001000", 1, "qq.g1", "a"), OK);
    int one = 0;
    while (peer_stats(peers[one])->sends[PEER_GROUP_SENDS] < 1) {
        one = 1 - one;
        assert_true(peer_run(peers[one], 1, true) >= 0);
    }
    peer_call_free(expect_call(peers[one], "a"));
    peer_cut(peers[one]);
    WAIT_FOR(counter("xiaofeng_ws_connections") == 1);
    assert_int_equal(send_to("qq.10001000", 2, "qq.g1", "b"), OK);
    peer_call_free(expect_call(peers[1 - one], "b"));
    assert_int_equal(offlines, 0);
    peer_close(peers[1 - one]);
    WAIT_FOR(offlines == 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_message_and_its_answer),
        TEST(test_cq_strings),
        TEST(test_chatter_is_left_alone),
        TEST(test_own_messages_and_meta_events_are_no_turns),
        TEST(test_tokens),
        TEST(test_without_a_token_there_are_no_routes),
        TEST(test_the_new_connection_replaces_the_old_one),
        TEST(test_a_cut_connection_takes_its_account_offline),
        TEST(test_split_roles),
        TEST(test_the_body_knows_the_account_better),
        TEST(test_an_account_without_a_header),
        TEST(test_a_nameless_peer_is_asked_again),
        TEST(test_several_accounts),
        TEST(test_answers_out_of_order),
        TEST(test_what_the_platform_says_no_to),
        TEST(test_each_call_has_its_deadline),
        TEST(test_calls_under_way_are_limited),
        TEST(test_what_cannot_be_sent_is_refused_at_once),
        TEST(test_pictures),
        TEST(test_bad_frames_are_counted_and_survived),
        TEST(test_frames_that_end_the_connection),
        TEST(test_forward_and_again),
        TEST(test_a_token_refused_with_1403),
        TEST(test_a_token_refused_with_1008),
        TEST(test_a_token_refused_with_401),
        TEST(test_forward_split),
        TEST(test_another_way_takes_over),
    };
    log_init(getenv("XIAOFENG_TEST_LOG") ? LOG_DEBUG : LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Broadcasts on their way: each target once, whatever happens meanwhile. */
#include "base/arena.h"
#include "tests/integration/delivery_fixture.h"

#include "bot/standing.h"
#include "store/account.h"
#include "store/delivery_send.h"

static void test_reaches_all(void **state) {
    struct engine *e = *state;
    engine_online(e, SECOND);
    begin_sending(e, &(struct sending){.accounts = FIRST,
                                       .n = 3,
                                       .accounts2 = SECOND,
                                       .n2 = 1,
                                       .lang2 = "en",
                                       .translations = "{\"en\":\"Rain\"}"});
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, "qq.u1"),
               "共 4 个群，送达 4，被拒 0，结果不明 0");
    assert_int_equal(said_by(e, FIRST), 3);
    engine_has(engine_last(e, "qq.g4"), "Rain");
    engine_has(engine_last(e, "qq.g1"), "【通知】");
    letters_are(e, "oooo");
    assert_true(state_is(e, "done"));
    char *record =
        engine_redis_text(e, "HGET {test}:record:broadcast:B1 state");
    assert_string_equal(record, "done");
    free(record);
    struct delivery_counts counts = counts_of(e, "B1");
    assert_int_equal(counts.total, 4);
    assert_int_equal(counts.sent, 4);
    assert_int_equal(counts.waiting, 0);
    assert_int_equal(counts.sending, 0);
    ENGINE_UNTIL(e, deliveries_idle(&e->bot));
    assert_int_equal(engine_redis(e, "ZCARD {test}:deliveries:live"), 0);
    assert_int_equal(engine_redis(e, "EXISTS {test}:delivery:B1:leases"), 0);
}

/* Accounts that are in the same groups share the work; each group once. */
static void test_shares(void **state) {
    struct engine *e = *state;
    engine_online(e, SECOND);
    begin_sending(
        e, &(struct sending){
               .accounts = BOTH, .n = 100, .accounts2 = FIRST, .n2 = 100});
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    assert_int_equal(said_by(e, FIRST) + said_by(e, SECOND), 200);
    assert_true(said_by(e, FIRST) >= 100);
    assert_true(said_by(e, SECOND) >= 50);
    never_twice(e);
}

static int setup_public(void **state) {
    *state = engine_new(&(struct engine_options){
        .config = "[xiaofeng]\npublic_url=https://bee.example\n",
    });
    return 0;
}

static void test_link_and_photo(void **state) {
    struct engine *e = *state;
    begin_sending(e, &(struct sending){.accounts = FIRST,
                                       .n = 2,
                                       .photo = "abcdefghijklmnopqrstuv",
                                       .link_url = "https://x.example/"});
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    for (size_t i = 0; i < 2; i++)
        engine_has(e->sent[i].image, "abcdefghijklmnopqrstuv");
    engine_has(engine_last(e, "qq.g1"), "https://bee.example/r/B1-0-");
    engine_has(engine_last(e, "qq.g2"), "https://bee.example/r/B1-1-");
}

/* ---- what platforms say ----------------------------------------------------
 */

static void third_is_gone(struct engine *e, const struct engine_sent *sent,
                          struct send_end *end) {
    (void)e;
    if (strcmp(sent->chat, "qq.g3") == 0)
        *end = (struct send_end){.outcome = OUTCOME_REFUSED,
                                 .refusal = REFUSAL_GONE,
                                 .reason = "群已解散"};
}

struct listed {
    struct delivery_target targets[16];
    char reason[64], account[32];
    size_t n;
    bool done;
};

static void on_targets(void *data, enum err err,
                       const struct delivery_target *targets, size_t n,
                       int64_t next) {
    struct listed *listed = data;
    assert_int_equal(err, OK);
    assert_int_equal(next, -1);
    assert_true(n <= 16);
    for (size_t i = 0; i < n; i++)
        listed->targets[i] = targets[i];
    if (n > 0) {
        snprintf(listed->reason, sizeof(listed->reason), "%s",
                 targets[0].reason);
        snprintf(listed->account, sizeof(listed->account), "%s",
                 targets[0].account);
    }
    listed->n = n;
    listed->done = true;
}

static struct listed list(struct engine *e, char letter) {
    struct listed listed = {.done = false};
    struct arena arena;
    arena_init(&arena);
    delivery_targets(e->bot.store, &arena, "B1", letter, 0, 16, on_targets,
                     &listed);
    ENGINE_UNTIL(e, listed.done);
    arena_finish(&arena);
    return listed;
}

/* A group that was dissolved is refused with the reason, the rest goes on;
 * only what failed is tried again. */
static void test_retry_failed_only(void **state) {
    struct engine *e = *state;
    e->platform = third_is_gone;
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 5});
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, "qq.u1"), "送达 4，被拒 1，结果不明 0");
    letters_are(e, "ooroo");
    struct listed refused = list(e, 'r');
    assert_int_equal(refused.n, 1);
    assert_int_equal(refused.targets[0].index, 2);
    assert_string_equal(refused.reason, "群已解散");
    assert_string_equal(refused.account, FIRST);
    assert_int_equal(list(e, DELIVERY_UNREAD).n, 4);

    engine_clear(e);
    e->platform = NULL;
    MOVE(e, delivery_retry(txn, "B1", 'r'));
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, "qq.u1"), "送达 5，被拒 0，结果不明 0");
    assert_int_equal(engine_said(e, TEXT), 1);
    assert_int_equal(engine_count(e, "qq.g3"), 1);
    struct txn *txn = txn_new(e->bot.store);
    delivery_retry(txn, "B1", 'r');
    assert_int_equal(engine_commit(e, txn), ERR_NOT_FOUND);
}

static void first_is_banned(struct engine *e, const struct engine_sent *sent,
                            struct send_end *end) {
    (void)e;
    if (strcmp(sent->account->id, FIRST) == 0 &&
        strstr(sent->text, TEXT) != NULL)
        *end = (struct send_end){.outcome = OUTCOME_REFUSED,
                                 .refusal = REFUSAL_BANNED,
                                 .reason = "账号被冻结"};
}

static struct account_state seen_state;
static bool seen_done;

static void on_accounts(void *data, enum err err,
                        const struct account_state *accounts, size_t n) {
    const char *id = data;
    assert_int_equal(err, OK);
    seen_state = (struct account_state){.rate = 0};
    for (size_t i = 0; i < n; i++)
        if (strcmp(accounts[i].id, id) == 0)
            seen_state = accounts[i];
    seen_done = true;
}

static struct account_state account_state(struct engine *e, char *id) {
    struct arena arena;
    arena_init(&arena);
    seen_done = false;
    account_list_all(e->bot.store, &arena, clock_wall_ms(e->bot.clock),
                     on_accounts, id);
    ENGINE_UNTIL(e, seen_done);
    arena_finish(&arena);
    return seen_state;
}

/* A banned account is parked and the others go on; its own targets wait until
 * a person unparks it. */
static void test_banned(void **state) {
    struct engine *e = *state;
    char first[] = FIRST;
    engine_online(e, SECOND);
    e->platform = first_is_banned;
    begin_sending(e,
                  &(struct sending){
                      .accounts = BOTH, .n = 20, .accounts2 = FIRST, .n2 = 3});
    ENGINE_UNTIL(e, count_letters(e, 'o') == 20);
    sweeps(e);
    assert_int_equal(count_letters(e, 'w'), 3);
    assert_int_equal(said_by(e, SECOND), 20);
    assert_true(account_state(e, first).parked);
    ENGINE_UNTIL(e, account_state(e, first).online);
    assert_int_equal(engine_said(e, "发完了"), 0);

    e->platform = NULL;
    engine_clear(e);
    struct txn *txn = txn_new(e->bot.store);
    account_unpark(txn, FIRST, clock_wall_ms(e->bot.clock));
    assert_int_equal(engine_commit(e, txn), OK);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    assert_int_equal(said_by(e, FIRST), 3);
    assert_false(account_state(e, first).parked);
    txn = txn_new(e->bot.store);
    account_unpark(txn, FIRST, clock_wall_ms(e->bot.clock));
    assert_int_equal(engine_commit(e, txn), ERR_STATE);
    txn = txn_new(e->bot.store);
    account_unpark(txn, "qq.4711", clock_wall_ms(e->bot.clock));
    assert_int_equal(engine_commit(e, txn), ERR_NOT_FOUND);
}

static void once_too_fast(struct engine *e, const struct engine_sent *sent,
                          struct send_end *end) {
    if (strcmp(sent->chat, "qq.g2") != 0)
        return;
    e->platform = NULL;
    *end = (struct send_end){.outcome = OUTCOME_REFUSED,
                             .refusal = REFUSAL_TOO_FAST,
                             .reason = "发送过快"};
}

/* Too fast: that one waits again, the account rests a minute, goes on at half
 * its pace and comes back step by step. */
static void test_too_fast(void **state) {
    struct engine *e = *state;
    char first[] = FIRST;
    e->platform = once_too_fast;
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 8});
    ENGINE_UNTIL(e, !standing_good(account_find(&e->bot, FIRST)));
    sweeps(e);
    letters_are(e, "owwwwwww");
    assert_true(account_state(e, first).rate == 0.5);
    clock_manual_advance(&e->clock, STANDING_REST_MS - 1000);
    sweeps(e);
    letters_are(e, "owwwwwww");
    clock_manual_advance(&e->clock, 1000);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    letters_are(e, "oooooooo");
    clock_manual_advance(&e->clock, STANDING_STEP_MS);
    ENGINE_UNTIL(e, account_state(e, first).rate == 1);
}

/* ---- moves in the midst of it ----------------------------------------------
 */

static void test_pause_and_cancel(void **state) {
    struct engine *e = *state;
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 60});
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 20); /* the burst */
    MOVE(e, delivery_pause(txn, "B1"));
    ENGINE_UNTIL(e, count_letters(e, 's') == 0);
    clock_manual_advance(&e->clock, 60000);
    sweeps(e);
    assert_int_equal(engine_said(e, TEXT), 20);
    assert_int_equal(count_letters(e, 'w'), 40);
    ENGINE_UNTIL(e, engine_redis(e, "ZCARD {test}:deliveries:live") == 0);

    MOVE(e, delivery_resume(txn, "B1"));
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 40);
    MOVE(e, delivery_cancel(txn, "B1"));
    ENGINE_UNTIL(e, count_letters(e, 's') == 0);
    clock_manual_advance(&e->clock, 60000);
    sweeps(e);
    assert_int_equal(engine_said(e, TEXT), 40);
    assert_int_equal(count_letters(e, 'w'), 20);
    assert_int_equal(counts_of(e, "B1").waiting, 20);
    never_twice(e);
    struct txn *txn = txn_new(e->bot.store);
    delivery_resume(txn, "B1");
    assert_int_equal(engine_commit(e, txn), ERR_STATE);
}

/* The hours end while it is being sent: the rest waits for the next ones. */
static void test_hours(void **state) {
    struct engine *e = *state;
    /* 06:13 in the district; it is open from 07:30 to 11:00. */
    begin_sending(
        e, &(struct sending){.accounts = FIRST, .n = 60, .ordinary = true});
    sweeps(e);
    assert_int_equal(engine_said(e, TEXT), 0);
    clock_manual_advance(&e->clock, 286LL * 60000); /* 10:59:20 */
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 20);
    clock_manual_advance(&e->clock, 30000); /* 10:59:50 */
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 40);
    clock_manual_advance(&e->clock, 20000); /* 11:00:10 */
    deliveries_look(&e->bot);
    ENGINE_UNTIL(e, count_letters(e, 's') == 0);
    sweeps(e);
    assert_int_equal(engine_said(e, TEXT), 40);
    clock_manual_advance(&e->clock, 150LL * 60000); /* 13:30:10 */
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 60);
    clock_manual_advance(&e->clock, 60000); /* for the report */
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    never_twice(e);
}

/* ---- crashes and lost connections ------------------------------------------
 */

/* Killed while four were being sent: nobody knows of those, and only a person's
 * word sends them again; the rest is sent. */
static void test_crash(void **state) {
    struct engine *e = *state;
    e->mode = ENGINE_HOLDS;
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 6});
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 4);
    engine_settle(e);
    letters_are(e, "ssssww");
    engine_clear(e);
    e->mode = ENGINE_SENDS;
    engine_restart(e);
    clock_manual_advance(&e->clock, 60000);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, "qq.u1"), "送达 2，被拒 0，结果不明 4");
    letters_are(e, "uuuuoo");
    assert_int_equal(engine_said(e, TEXT), 2);
    MOVE(e, delivery_retry(txn, "B1", 'u'));
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 6);
    never_twice(e);
    ENGINE_UNTIL(e, state_is(e, "done"));
    letters_are(e, "oooooo");
}

/* The connection goes: what was under way is unknown, what waits waits. */
static void test_connection_lost(void **state) {
    struct engine *e = *state;
    e->mode = ENGINE_HOLDS;
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 6});
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 4);
    engine_settle(e);
    account_offline(account_find(&e->bot, FIRST), e);
    ENGINE_UNTIL(e, count_letters(e, 'u') == 4);
    e->mode = ENGINE_SENDS;
    clock_manual_advance(&e->clock, 60000);
    engine_online(e, FIRST);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, "qq.u1"), "送达 2，被拒 0，结果不明 4");
    never_twice(e);
}

/* Targets of an account that is not there wait for it, or for another one that
 * can reach them. */
static void test_offline(void **state) {
    struct engine *e = *state;
    char second[] = SECOND;
    begin_sending(e,
                  &(struct sending){
                      .accounts = BOTH, .n = 4, .accounts2 = SECOND, .n2 = 2});
    ENGINE_UNTIL(e, count_letters(e, 'o') == 4);
    sweeps(e);
    letters_are(e, "ooooww");
    assert_false(account_state(e, second).online);
    engine_online(e, SECOND);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    assert_int_equal(said_by(e, SECOND), 2);
    ENGINE_UNTIL(e, account_state(e, second).online);
}

/* Another process has taken some. As long as it lives and has the account, it
 * keeps them; then what it had not told of is unknown, and what it tells
 * afterwards comes too late. */
static void test_other_process(void **state) {
    struct engine *e = *state;
    const struct delivery_taker other = {
        .id = "B1",
        .lease = "other.1",
        .account = "qq.5",
        .report_account = FIRST,
    };
    begin_sending(e, &(struct sending){.accounts = "qq.5," SECOND, .n = 6});
    struct txn *txn = txn_new(e->bot.store);
    delivery_alive(txn, "other");
    delivery_take(txn, &other, 4);
    assert_int_equal(engine_commit(e, txn), OK);
    sweeps(e);
    letters_are(e, "ssssww");
    txn = txn_new(e->bot.store);
    delivery_outcomes(txn, &other, &(struct delivery_report){.number = 1},
                      &(struct delivery_outcome){.index = 0, .letter = 'o'}, 1);
    assert_int_equal(engine_commit(e, txn), OK);
    /* The same report again, and one that contradicts it. */
    txn = txn_new(e->bot.store);
    delivery_outcomes(txn, &other, &(struct delivery_report){.number = 1},
                      &(struct delivery_outcome){.index = 1, .letter = 'w'}, 1);
    assert_int_equal(engine_commit(e, txn), OK);
    sweeps(e);
    letters_are(e, "osssww");
    engine_redis(e, "DEL {test}:deliverer:other");
    ENGINE_UNTIL(e, count_letters(e, 'u') == 3);
    txn = txn_new(e->bot.store);
    delivery_outcomes(txn, &other, &(struct delivery_report){.number = 2},
                      &(struct delivery_outcome){.index = 1, .letter = 'w'}, 1);
    assert_int_equal(engine_commit(e, txn), OK);
    letters_are(e, "ouuuww");
    engine_online(e, SECOND);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    letters_are(e, "ouuuoo");
    assert_int_equal(said_by(e, SECOND), 2);
}

/* Redis goes and comes back while it is being sent. */
static void test_outage(void **state) {
    struct engine *e = *state;
    e->mode = ENGINE_HOLDS;
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 6});
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 4);
    engine_settle(e);
    redis_server_kill(e->redis);
    ENGINE_UNTIL(e, e->downs > 0);
    for (size_t i = 0, n = e->n_sent; i < n; i++)
        engine_outcome(e, i, OUTCOME_SENT);
    e->mode = ENGINE_SENDS;
    clock_manual_advance(&e->clock, 60000);
    redis_server_start(e->redis);
    redis_server_wait(e->redis);
    ENGINE_UNTIL(e, engine_said(e, "发完了") == 1);
    engine_has(engine_last(e, "qq.u1"), "送达 6，被拒 0，结果不明 0");
    never_twice(e);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define PACED(name) cmocka_unit_test_setup_teardown(name, setup_paced, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_reaches_all),
        TEST(test_shares),
        cmocka_unit_test_setup_teardown(test_link_and_photo, setup_public,
                                        teardown),
        TEST(test_retry_failed_only),
        TEST(test_banned),
        PACED(test_too_fast),
        PACED(test_pause_and_cancel),
        PACED(test_hours),
        PACED(test_crash),
        PACED(test_connection_lost),
        TEST(test_offline),
        TEST(test_other_process),
        PACED(test_outage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

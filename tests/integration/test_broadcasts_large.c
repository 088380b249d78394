/* Broadcasts to more than one transaction takes: they are added in pieces, and
 * whatever happens meanwhile, nobody is there twice and nothing is half done.
 */
#include "tests/integration/broadcast_fixture.h"

#include "base/mem.h"
#include "bot/planner.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "store/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY 20500 /* three pieces */
#define AT_A_TIME 250

static void add_many(struct engine *e) {
    char chat[16];
    for (int i = 0; i < MANY;) {
        struct txn *txn = txn_new(e->bot.store);
        for (int n = 0; n < AT_A_TIME && i < MANY; n++) {
            snprintf(chat, sizeof(chat), "qq.g%d", ++i);
            group_set(txn, &(struct group){.chat = chat,
                                           .title = chat,
                                           .account = ENGINE_ACCOUNT});
        }
        assert_int_equal(engine_commit(e, txn), OK);
    }
}

static int setup(void **state) {
    struct engine *e = *state =
        engine_new(&(struct engine_options){.without_online = true});
    arena_init(&push_memory);
    freeReplyObject(redis_server_command(e->redis, "CONFIG SET appendonly no"));
    e->clock.now_ms = TUESDAY_MS;
    add_many(e);
    return 0;
}

static int teardown(void **state) {
    arena_finish(&push_memory);
    engine_free(*state);
    return 0;
}

/* Each of the frozen chats is another one. */
static void is_frozen_once(struct engine *e, const char *id) {
    static const char script[] =
        "local seen, n = {}, 0 "
        "for _, c in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do "
        "if not seen[c] then n = n + 1 end seen[c] = true end return n";
    redisReply *reply = redis_server_command(
        e->redis, "EVAL %s 1 {test}:delivery:%s:chats", script, id);
    assert_int_equal(reply->integer, MANY);
    freeReplyObject(reply);
    assert_int_equal(push_frozen(e, id), MANY);
}

static bool is_claimed(struct engine *e, const char *id) {
    return engine_redis(e, "HEXISTS {test}:record:broadcast:%s freezing", id) ==
           1;
}

static void test_in_pieces(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B90001");
    push_submitted(e, &draft);
    assert_int_equal(push_state(e, "B90001"), BROADCAST_SENDING);
    assert_int_equal(push_get(e, "B90001").version, 3);
    assert_int_equal(push_get(e, "B90001").total, MANY);
    assert_false(is_claimed(e, "B90001"));
    is_frozen_once(e, "B90001");
    /* One that is new, from a chat. */
    draft = push_draft("B90002");
    assert_int_equal(push_move_it(e, &draft, BROADCAST_SUBMIT, "qq.1"), OK);
    is_frozen_once(e, "B90002");
}

static void test_both_at_a_time(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B90001");
    push_document(e, "{\"approval\":true}");
    push_submitted(e, &draft);
    struct broadcast seen = push_get(e, "B90001");
    struct push_call one = {.engine = e}, two = {.engine = e};
    push_begin_move(&one, &seen, BROADCAST_APPROVE, LI);
    push_begin_move(&two, &seen, BROADCAST_APPROVE, "user:zhao");
    ENGINE_UNTIL(e, one.done && two.done);
    assert_true(one.err == OK || two.err == OK);
    assert_true(one.err == ERR_CONFLICT || two.err == ERR_CONFLICT);
    is_frozen_once(e, "B90001");
}

/* Killed between two pieces. */
static void die_in_the_middle(struct engine *e, const struct broadcast *seen,
                              enum broadcast_move move) {
    struct push_call call = {.engine = e};
    push_begin_move(&call, seen, move, LI);
    ENGINE_UNTIL(e, call.done || is_claimed(e, seen->id));
    assert_false(call.done);
    engine_restart(e);
    assert_true(call.done); /* it was told that it is not known */
    assert_int_not_equal(call.err, OK);
}

static void test_killed(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B90001");
    push_document(e, "{\"approval\":true}");
    push_submitted(e, &draft);
    struct broadcast seen = push_get(e, "B90001");
    die_in_the_middle(e, &seen, BROADCAST_APPROVE);
    assert_int_equal(push_state(e, "B90001"), BROADCAST_SUBMITTED);
    assert_int_equal(push_move(e, "B90001", BROADCAST_APPROVE, LI),
                     ERR_CONFLICT);
    assert_string_equal(push_code, "busy");
    e->clock.now_ms += MINUTE_MS;
    ENGINE_UNTIL(e, policy_version(policies_get(e->bot.policies),
                                   POLICY_BROADCASTS) == 1);
    assert_int_equal(push_move(e, "B90001", BROADCAST_APPROVE, LI), OK);
    is_frozen_once(e, "B90001");
    assert_int_equal(push_state(e, "B90001"), BROADCAST_SENDING);
}

/* A firing that died is begun again, and what it left is dropped. */
static void test_firing_killed(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B90001"), child;
    draft.rrule = "FREQ=DAILY";
    draft.at_ms = TUESDAY_MS + 4 * HOUR_MS;
    push_submitted(e, &draft);
    e->clock.now_ms = draft.at_ms;
    planner_look(e->bot.planner);
    ENGINE_UNTIL(e, is_claimed(e, "B90001"));
    char *claim =
        engine_redis_text(e, "HGET {test}:record:broadcast:B90001 freezing");
    claim[strcspn(claim, " ")] = '\0';
    engine_restart(e);
    push_look(e, draft.at_ms + 1000);
    assert_int_equal(push_children(e, NULL), 0);
    e->clock.now_ms = draft.at_ms + MINUTE_MS;
    planner_look(e->bot.planner);
    ENGINE_UNTIL(e, push_children(e, &child) == 1);
    assert_string_not_equal(child.id, claim);
    is_frozen_once(e, child.id);
    assert_int_equal(push_frozen(e, claim), 0);
    assert_int_equal(engine_redis(e, "EXISTS {test}:delivery:%s:chats", claim),
                     0);
    assert_false(is_claimed(e, "B90001"));
    free(claim);
}

/* Whoever cancels does not wait for it. */
static void test_cancelled_meanwhile(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B90001");
    struct push_call call = {.engine = e};
    push_document(e, "{\"approval\":true}");
    push_submitted(e, &draft);
    struct broadcast seen = push_get(e, "B90001");
    push_begin_move(&call, &seen, BROADCAST_APPROVE, LI);
    ENGINE_UNTIL(e, is_claimed(e, "B90001"));
    enum err err = push_move(e, "B90001", BROADCAST_CANCEL, WANG);
    ENGINE_UNTIL(e, call.done);
    /* One of them was first. */
    assert_true((err == OK) != (call.err == OK));
    if (err == OK) {
        assert_int_equal(push_state(e, "B90001"), BROADCAST_CANCELLED);
        assert_int_equal(push_frozen(e, "B90001"), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_in_pieces),
        TEST(test_both_at_a_time),
        TEST(test_killed),
        TEST(test_firing_killed),
        TEST(test_cancelled_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The policy of a district, as it changes in the store. */
#include "bot/policies.h"

#include "base/mem.h"
#include "bot/policy.h"
#include "store/document.h"
#include "store/store.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ORGANISATION                                                           \
    "{\"units\":[{\"id\":\"qinhuai\",\"name\":\"秦淮区\",\"kind\":"            \
    "\"district\"},{\"id\":\"a\",\"name\":\"甲社区\",\"kind\":\"community\","  \
    "\"parent\":\"qinhuai\"}]}"
#define ROUTING "{\"default\":\"a\",\"rules\":[]}"

static int setup(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void put(struct engine *e, enum policy_document which, int64_t version,
                const char *json) {
    struct txn *txn = txn_new(e->bot.store);
    document_put(txn, &(struct document){.name = policy_names[which],
                                         .version = version,
                                         .json = json,
                                         .json_len = strlen(json),
                                         .by = "user:wang",
                                         .at_ms = ENGINE_START_MS});
    assert_int_equal(engine_commit(e, txn), OK);
}

static void on_done(void *data) {
    ++*(int *)data;
}

static void refresh(struct engine *e) {
    int done = 0;
    policies_refresh(e->bot.policies, on_done, &done);
    assert_int_equal(done, 0);
    ENGINE_UNTIL(e, done > 0);
    assert_int_equal(done, 1);
}

static const struct policy *policy(struct engine *e) {
    return policies_get(e->bot.policies);
}

static const char *fallback(struct engine *e) {
    return policy_route(policy(e), NULL, "wage")->id;
}

static void test_empty_store(void **state) {
    struct engine *e = *state;
    assert_string_equal(fallback(e), "district");
    for (int i = 0; i < POLICY_DOCUMENTS; i++)
        assert_int_equal(policy_version(policy(e), (enum policy_document)i), 0);
    refresh(e);
    assert_string_equal(fallback(e), "district");
}

static void test_refreshed_when_told(void **state) {
    struct engine *e = *state;
    put(e, POLICY_ORGANISATION, 0, ORGANISATION);
    assert_string_equal(fallback(e), "district");
    refresh(e);
    /* The built-in routing has no such unit: the district it is. */
    assert_string_equal(fallback(e), "qinhuai");
    assert_int_equal(policy_version(policy(e), POLICY_ORGANISATION), 1);
    put(e, POLICY_ROUTING, 0, ROUTING);
    refresh(e);
    assert_string_equal(fallback(e), "a");
}

/* Somebody else has written it: another process, or the command line. */
static void test_found_by_itself(void **state) {
    struct engine *e = *state;
    put(e, POLICY_ORGANISATION, 0, ORGANISATION);
    ENGINE_UNTIL(e, policy_version(policy(e), POLICY_ORGANISATION) == 1);
    put(e, POLICY_ORGANISATION, 1, ORGANISATION);
    ENGINE_UNTIL(e, policy_version(policy(e), POLICY_ORGANISATION) == 2);
}

static void test_nothing_changed_nothing_loaded(void **state) {
    struct engine *e = *state;
    const struct policy *before = policy(e);
    double loads = engine_metric("xiaofeng_policy_loads_total");
    refresh(e);
    assert_ptr_equal(policy(e), before);
    assert_true(engine_metric("xiaofeng_policy_loads_total") < loads + 0.5);
}

static void test_last_good_one_stays(void **state) {
    struct engine *e = *state;
    put(e, POLICY_ORGANISATION, 0, ORGANISATION);
    put(e, POLICY_ROUTING, 0, ROUTING);
    refresh(e);
    double refusals = engine_metric("xiaofeng_policy_refusals_total");
    put(e, POLICY_ROUTING, 1, "{\"default\":\"nobody\",\"rules\":[]}");
    refresh(e);
    assert_string_equal(fallback(e), "a");
    assert_int_equal(policy_version(policy(e), POLICY_ROUTING), 1);
    assert_true(engine_metric("xiaofeng_policy_refusals_total") >
                refusals + 0.5);
    /* It is not read again and again. */
    refusals = engine_metric("xiaofeng_policy_refusals_total");
    refresh(e);
    assert_true(engine_metric("xiaofeng_policy_refusals_total") <
                refusals + 0.5);
    put(e, POLICY_ROUTING, 2, "{\"default\":\"qinhuai\",\"rules\":[]}");
    refresh(e);
    assert_string_equal(fallback(e), "qinhuai");
}

/* At the start there is no last one: the good documents are used. */
static void test_bad_one_at_the_start(void **state) {
    struct engine *e = *state;
    put(e, POLICY_ORGANISATION, 0, ORGANISATION);
    put(e, POLICY_ROUTING, 0, "not JSON");
    put(e, POLICY_CLOCKS, 0, "{}");
    engine_restart(e);
    assert_int_equal(policy_version(policy(e), POLICY_ORGANISATION), 1);
    assert_int_equal(policy_version(policy(e), POLICY_ROUTING), 0);
    assert_string_equal(fallback(e), "qinhuai");
    assert_true(policy_clock(policy(e), "fire", true)->around_the_clock);
}

/* With a bad organisation nothing that speaks of its units can be used. */
static void test_bad_organisation_at_the_start(void **state) {
    struct engine *e = *state;
    put(e, POLICY_ORGANISATION, 0, "{\"units\":[]}");
    put(e, POLICY_ROUTING, 0, ROUTING);
    put(e, POLICY_RULES, 0, "{\"points\":{\"report\":9},\"urgent\":[]}");
    engine_restart(e);
    assert_string_equal(fallback(e), "district");
    assert_int_equal(policy_rules(policy(e))->report_points, 9);
}

/* Riders are served when the policy is there, and it stays while the store is
 * away. */
static void test_store_away(void **state) {
    struct engine *e = *state;
    put(e, POLICY_ORGANISATION, 0, ORGANISATION);
    put(e, POLICY_ROUTING, 0, ROUTING);
    engine_restart(e);
    assert_string_equal(fallback(e), "a");
    redis_server_kill(e->redis);
    ENGINE_UNTIL(e, e->downs > 0);
    int done = 0;
    policies_refresh(e->bot.policies, on_done, &done);
    ENGINE_UNTIL(e, done == 1);
    assert_string_equal(fallback(e), "a");
    redis_server_start(e->redis);
    ENGINE_UNTIL(e, store_is_up(e->bot.store));
    put(e, POLICY_ROUTING, 1, "{\"default\":\"qinhuai\",\"rules\":[]}");
    ENGINE_UNTIL(e, policy_version(policy(e), POLICY_ROUTING) == 2);
    /* One who waits when it all ends is told. */
    done = 0;
    policies_refresh(e->bot.policies, on_done, &done);
    policies_refresh(e->bot.policies, on_done, &done);
    engine_restart(e);
    assert_int_equal(done, 2);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_empty_store),
        TEST(test_refreshed_when_told),
        TEST(test_found_by_itself),
        TEST(test_nothing_changed_nothing_loaded),
        TEST(test_last_good_one_stays),
        TEST(test_bad_one_at_the_start),
        TEST(test_bad_organisation_at_the_start),
        TEST(test_store_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Changes that no message began: bot/work.h. */
#include "bot/work.h"

#include "bot/config.h"
#include "store/group.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct seen {
    unsigned done;
    enum err err;
};

static int setup(void **state) {
    *state = engine_new(&(struct engine_options){0});
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void on_done(struct work *work, enum err err) {
    struct seen *seen = work->data;

    seen->done++;
    seen->err = err;
    work_free(work);
}

static enum err commit(struct engine *e, struct work *work) {
    struct seen seen = {0};

    work_commit(work, on_done, &seen);
    assert_int_equal(seen.done, 0); /* later in the loop */
    ENGINE_UNTIL(e, seen.done);
    engine_settle(e);
    assert_int_equal(seen.done, 1);
    return seen.err;
}

static void notify(struct work *work, const char *chat) {
    work_notify(work, LANE_NOTICE, ENGINE_ACCOUNT, chat, NULL, "error.io");
}

static void notices_leave_when_it_has_happened(void **state) {
    struct engine *e = *state;
    struct work *work = work_new(&e->bot);

    assert_int_equal(work->now_ms, ENGINE_START_MS);
    notify(work, "qq.u1");
    /* One that gives back a value stands before the notices. */
    txn_op(work->txn, "number_reserve");
    txn_key(work->txn, "test");
    txn_arg_int(work->txn, 5);
    txn_audit(work->txn, "system", "did", "it", "");
    notify(work, "qq.u2");
    assert_int_equal(commit(e, work), OK);
    assert_int_equal(engine_count(e, "qq.u1"), 1);
    assert_int_equal(engine_count(e, "qq.u2"), 1);
    /* They have left, so the stored outbox is empty: the ids were theirs. */
    ENGINE_UNTIL(e, engine_redis(e, "XLEN {%s}:outbox:%s", e->config->district,
                                 ENGINE_ACCOUNT) == 0);
    assert_int_equal(engine_redis(e, "GET {%s}:test", e->config->district), 1);
}

static void nothing_leaves_when_it_has_not(void **state) {
    struct engine *e = *state;
    struct work *work = work_new(&e->bot);

    notify(work, "qq.u1");
    txn_op(work->txn, "code_take");
    txn_key(work->txn, "code:none");
    assert_int_equal(commit(e, work), ERR_NOT_FOUND);
    assert_int_equal(engine_count(e, NULL), 0);
    assert_int_equal(engine_redis(e, "EXISTS {%s}:outbox:%s",
                                  e->config->district, ENGINE_ACCOUNT),
                     0);
}

static void there_are_not_more_than_many(void **state) {
    struct engine *e = *state;
    struct work *work = work_new(&e->bot);

    for (int i = 0; i < WORK_NOTICES_MAX + 5; i++)
        notify(work, "qq.u1");
    assert_int_equal(commit(e, work), OK);
    ENGINE_UNTIL(e, engine_count(e, "qq.u1") == WORK_NOTICES_MAX);
    assert_true(engine_metric("xiaofeng_work_notices_dropped_total") == 5);
}

static void it_may_be_given_up(void **state) {
    struct engine *e = *state;
    struct work *work = work_new(&e->bot);

    notify(work, "qq.u1");
    work_free(work);
    work_free(NULL);
    engine_settle(e);
    assert_int_equal(engine_count(e, NULL), 0);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(notices_leave_when_it_has_happened),
        TEST(nothing_leaves_when_it_has_not),
        TEST(there_are_not_more_than_many),
        TEST(it_may_be_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

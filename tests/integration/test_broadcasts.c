/* The life of a broadcast: every move, by whom, and what is refused. */
#include "tests/integration/broadcast_fixture.h"

#include "base/mem.h"
#include "store/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state) {
    /* Nothing is sent: the account is not online. */
    struct engine *e = *state =
        engine_new(&(struct engine_options){.without_online = true});
    arena_init(&push_memory);
    e->clock.now_ms = TUESDAY_MS;
    push_add_groups(e, 1, 3);
    return 0;
}

static int teardown(void **state) {
    arena_finish(&push_memory);
    engine_free(*state);
    return 0;
}

/* ---- once ---------------------------------------------------------------- */

static void test_at_once(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B901");
    push_submitted(e, &draft);
    struct broadcast b = push_get(e, "B901");
    assert_int_equal(b.state, BROADCAST_SENDING);
    assert_int_equal(b.total, 3);
    assert_int_equal(b.fired_ms, TUESDAY_MS);
    assert_int_equal(b.next_ms, 0);
    assert_int_equal(b.version, 2);
    assert_string_equal(b.text, "明天有雨");
    assert_int_equal(push_frozen(e, "B901"), 3);
    /* Who writes in a chat has no draft. */
    draft = push_draft("B902");
    assert_int_equal(push_move_it(e, &draft, BROADCAST_SUBMIT, "qq.1"), OK);
    assert_int_equal(push_state(e, "B902"), BROADCAST_SENDING);
    assert_int_equal(push_get(e, "B902").version, 1);
}

static void test_at_its_time(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B901");
    draft.at_ms = TUESDAY_MS + 4 * HOUR_MS;
    push_submitted(e, &draft);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SCHEDULED);
    assert_int_equal(push_get(e, "B901").next_ms, draft.at_ms);
    assert_int_equal(push_frozen(e, "B901"), 3);
    push_add_groups(e, 4, 4); /* after it was frozen */
    push_look(e, draft.at_ms - 1);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SCHEDULED);
    push_look(e, draft.at_ms);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SENDING);
    assert_int_equal(push_frozen(e, "B901"), 3);
    assert_int_equal(engine_redis(e, "EXISTS {test}:planned"), 0);
    push_look(e, draft.at_ms + DAY_MS);
    assert_int_equal(push_get(e, "B901").version, 3);
}

/* 12:00 is a meal: it fires when that is over. */
static void test_waits_for_its_hours(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B901");
    draft.at_ms = TUESDAY_MS + 2 * HOUR_MS;
    push_submitted(e, &draft);
    assert_int_equal(push_get(e, "B901").next_ms,
                     TUESDAY_MS + 3 * HOUR_MS + HOUR_MS / 2);
    draft.id = "B902";
    draft.ignores_hours = true;
    push_submitted(e, &draft);
    assert_int_equal(push_get(e, "B902").next_ms, draft.at_ms);
    /* The hours are others when its time comes. */
    push_document(e, "{\"quiet\":[\"13:00-15:00\"]}");
    push_look(e, TUESDAY_MS + 3 * HOUR_MS + HOUR_MS / 2);
    assert_int_equal(push_state(e, "B902"), BROADCAST_SENDING);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SCHEDULED);
    assert_int_equal(push_get(e, "B901").next_ms, TUESDAY_MS + 5 * HOUR_MS);
    push_look(e, TUESDAY_MS + 5 * HOUR_MS);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SENDING);
}

/* ---- a second person ----------------------------------------------------- */

static void test_approval(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B901");
    push_document(e, "{\"approval\":true}");
    push_submitted(e, &draft);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SUBMITTED);
    assert_int_equal(push_frozen(e, "B901"), 0);
    assert_int_equal(push_move(e, "B901", BROADCAST_APPROVE, WANG), ERR_DENIED);
    assert_string_equal(push_code, "own");
    assert_int_equal(push_move(e, "B901", BROADCAST_RETURN, LI), OK);
    assert_int_equal(push_state(e, "B901"), BROADCAST_DRAFT);
    assert_int_equal(push_move(e, "B901", BROADCAST_SUBMIT, WANG), OK);
    push_add_groups(e, 4, 4); /* it is frozen when it is approved */
    struct broadcast seen = push_get(e, "B901");
    assert_int_equal(push_move_it(e, &seen, BROADCAST_APPROVE, LI), OK);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SENDING);
    assert_string_equal(push_get(e, "B901").approved_by, LI);
    assert_int_equal(push_frozen(e, "B901"), 4);
    /* A colleague had it open, too. */
    assert_int_equal(push_move_it(e, &seen, BROADCAST_APPROVE, "user:zhao"),
                     ERR_CONFLICT);
    assert_int_equal(push_move(e, "B901", BROADCAST_APPROVE, "user:zhao"),
                     ERR_STATE);
    assert_int_equal(push_frozen(e, "B901"), 4);
}

static void test_both_approve_at_a_time(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B901");
    push_document(e, "{\"approval\":true}");
    push_submitted(e, &draft);
    struct broadcast seen = push_get(e, "B901");
    struct push_call one = {.engine = e}, two = {.engine = e};
    push_begin_move(&one, &seen, BROADCAST_APPROVE, LI);
    push_begin_move(&two, &seen, BROADCAST_APPROVE, "user:zhao");
    ENGINE_UNTIL(e, one.done && two.done);
    assert_int_equal(one.err, OK);
    assert_int_equal(two.err, ERR_CONFLICT);
    assert_int_equal(push_frozen(e, "B901"), 3);
}

static void test_two_edit(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B901");
    push_put(e, &draft);
    struct broadcast mine = push_get(e, "B901"), yours = mine;
    mine.text = "明天晴";
    push_put(e, &mine);
    struct txn *txn = txn_new(e->bot.store);
    broadcast_put(txn, &yours);
    assert_int_equal(engine_commit(e, txn), ERR_CONFLICT);
    assert_int_equal(push_move_it(e, &yours, BROADCAST_SUBMIT, WANG),
                     ERR_CONFLICT);
    assert_int_equal(push_frozen(e, "B901"), 0);
    assert_string_equal(push_get(e, "B901").text, "明天晴");
}

/* ---- what is refused ----------------------------------------------------- */

static void test_refused(void **state) {
    static const struct {
        const char *text, *audience, *rrule;
        int64_t at_ms;
        enum err err;
        const char *code;
    } bad[] = {
        {"", "", "", 0, ERR_INVALID, "required"},
        {"x", "{\"group\":[\"qq.g99\"]}", "", 0, ERR_NOT_FOUND, "no_one"},
        {"x", "{", "", 0, ERR_INVALID, "invalid"},
        {"x", "", "", TUESDAY_MS - DAY_MS, ERR_INVALID, "past"},
        {"x", "", "FREQ=MINUTELY", 0, ERR_INVALID, "too_often"},
        {"x", "", "FREQ=DAILY;UNTIL=20200101", 0, ERR_INVALID, "never"},
        {"x", "{\"group\":\"qq.g99\"}", "FREQ=DAILY", 0, ERR_NOT_FOUND,
         "no_one"},
    };
    struct engine *e = *state;
    char id[16];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        snprintf(id, sizeof(id), "B90%zu", i + 1);
        struct broadcast draft = push_draft(id);
        draft.text = bad[i].text;
        draft.audience = bad[i].audience;
        draft.rrule = bad[i].rrule;
        draft.at_ms = bad[i].at_ms;
        push_put(e, &draft);
        assert_int_equal(push_move(e, id, BROADCAST_SUBMIT, WANG), bad[i].err);
        assert_string_equal(push_code, bad[i].code);
        assert_int_equal(push_state(e, id), BROADCAST_DRAFT);
        assert_int_equal(push_get(e, id).version, 1);
        assert_int_equal(push_frozen(e, id), 0);
    }
}

static void test_not_in_this_state(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B901");
    push_put(e, &draft);
    for (int i = 0; i < BROADCAST_MOVES; i++) {
        enum broadcast_move m = (enum broadcast_move)i;
        if (m == BROADCAST_SUBMIT)
            continue;
        assert_int_equal(push_move(e, "B901", m, LI), ERR_STATE);
        assert_string_equal(push_code, "state");
    }
    assert_int_equal(push_move(e, "B901", BROADCAST_SUBMIT, WANG), OK);
    assert_int_equal(push_move(e, "B901", BROADCAST_SUBMIT, WANG), ERR_STATE);
    assert_int_equal(push_move(e, "B901", BROADCAST_FIRE, "system"), ERR_STATE);
    /* Nobody has refused yet. */
    assert_int_equal(push_move(e, "B901", BROADCAST_RETRY, WANG),
                     ERR_NOT_FOUND);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SENDING);
}

/* ---- pause, cancel, recall ----------------------------------------------- */

static void test_cancel(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B901");
    draft.at_ms = TUESDAY_MS + 4 * HOUR_MS;
    push_submitted(e, &draft);
    assert_int_equal(push_move(e, "B901", BROADCAST_CANCEL, WANG), OK);
    assert_int_equal(push_state(e, "B901"), BROADCAST_CANCELLED);
    assert_int_equal(push_frozen(e, "B901"), 0);
    push_look(e, draft.at_ms);
    assert_int_equal(push_state(e, "B901"), BROADCAST_CANCELLED);
    assert_int_equal(push_move(e, "B901", BROADCAST_RECALL, WANG), ERR_STATE);
    draft = push_draft("B902");
    push_submitted(e, &draft);
    assert_int_equal(push_move(e, "B902", BROADCAST_PAUSE, WANG), OK);
    assert_int_equal(push_state(e, "B902"), BROADCAST_PAUSED);
    assert_int_equal(push_move(e, "B902", BROADCAST_RESUME, WANG), OK);
    assert_int_equal(push_state(e, "B902"), BROADCAST_SENDING);
    assert_int_equal(push_move(e, "B902", BROADCAST_CANCEL, WANG), OK);
    assert_int_equal(push_state(e, "B902"), BROADCAST_CANCELLED);
    assert_int_equal(push_get(e, "B902").ended_ms, e->clock.now_ms);
    assert_int_equal(push_move(e, "B902", BROADCAST_RECALL, WANG), OK);
}

static void test_pause_before_it_fires(void **state) {
    struct engine *e = *state;
    struct broadcast draft = push_draft("B901");
    draft.at_ms = TUESDAY_MS + 4 * HOUR_MS;
    push_submitted(e, &draft);
    assert_int_equal(push_move(e, "B901", BROADCAST_PAUSE, WANG), OK);
    push_look(e, draft.at_ms + MINUTE_MS);
    assert_int_equal(push_state(e, "B901"), BROADCAST_PAUSED);
    assert_int_equal(push_move(e, "B901", BROADCAST_RESUME, WANG), OK);
    push_look(e, draft.at_ms + MINUTE_MS);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SENDING);
}

/* ---- series -------------------------------------------------------------- */

static struct broadcast daily(const char *id, const char *rrule) {
    struct broadcast draft = push_draft(id);
    draft.rrule = rrule;
    draft.at_ms = TUESDAY_MS + 4 * HOUR_MS;
    return draft;
}

static void test_series(void **state) {
    struct engine *e = *state;
    struct broadcast draft = daily("B901", "FREQ=DAILY;COUNT=2"), child;
    push_submitted(e, &draft);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SCHEDULED);
    assert_int_equal(push_frozen(e, "B901"), 0);
    push_look(e, draft.at_ms + 1000);
    assert_int_equal(push_children(e, &child), 1);
    assert_int_equal(child.state, BROADCAST_SENDING);
    assert_int_equal(child.total, 3);
    assert_int_equal(child.at_ms, draft.at_ms);
    assert_int_equal(child.fired_ms, draft.at_ms + 1000);
    assert_int_equal(child.version, 1);
    assert_string_equal(child.parent, "B901");
    assert_string_equal(child.rrule, "");
    assert_int_equal(push_frozen(e, child.id), 3);
    assert_int_equal(push_get(e, "B901").next_ms, draft.at_ms + DAY_MS);
    push_look(e, draft.at_ms + 2000);
    assert_int_equal(push_children(e, NULL), 1);
    push_add_groups(e, 4, 4); /* of the next */
    push_look(e, draft.at_ms + DAY_MS);
    assert_int_equal(push_children(e, NULL), 2);
    assert_int_equal(push_state(e, "B901"), BROADCAST_DONE);
    push_look(e, draft.at_ms + 3 * DAY_MS);
    assert_int_equal(push_children(e, NULL), 2);
}

static void test_firing_for_nobody(void **state) {
    struct engine *e = *state;
    struct broadcast draft = daily("B901", "FREQ=DAILY"), child;
    push_submitted(e, &draft);
    for (int i = 1; i <= 3; i++) {
        char chat[16];
        snprintf(chat, sizeof(chat), "qq.g%d", i);
        struct txn *txn = txn_new(e->bot.store);
        group_set(txn, &(struct group){.chat = chat,
                                       .title = chat,
                                       .account = ENGINE_ACCOUNT,
                                       .muted = true});
        assert_int_equal(engine_commit(e, txn), OK);
    }
    push_look(e, draft.at_ms);
    assert_int_equal(push_children(e, &child), 1);
    assert_int_equal(child.state, BROADCAST_DONE);
    assert_int_equal(child.total, 0);
    assert_string_equal(child.note, "no_one");
    assert_int_equal(push_get(e, "B901").next_ms, draft.at_ms + DAY_MS);
}

/* Four days without a daemon. */
static void test_missed(void **state) {
    struct engine *e = *state;
    struct broadcast late = daily("B901", "FREQ=DAILY"), child;
    struct broadcast skips = daily("B902", "FREQ=DAILY");
    struct broadcast once = push_draft("B903");
    skips.skips_missed = once.skips_missed = true;
    once.at_ms = late.at_ms;
    push_submitted(e, &late);
    push_submitted(e, &skips);
    push_submitted(e, &once);
    push_look(e, late.at_ms + 4 * DAY_MS + HOUR_MS);
    /* Once, not five times. */
    assert_int_equal(push_children(e, &child), 1);
    assert_string_equal(child.parent, "B901");
    assert_int_equal(push_get(e, "B901").next_ms, late.at_ms + 5 * DAY_MS);
    assert_int_equal(push_get(e, "B902").next_ms, late.at_ms + 5 * DAY_MS);
    assert_string_equal(push_get(e, "B902").note, "missed");
    assert_int_equal(push_state(e, "B903"), BROADCAST_CANCELLED);
    assert_string_equal(push_get(e, "B903").note, "missed");
    assert_int_equal(push_frozen(e, "B903"), 0);
    /* A little late is not missed. */
    push_look(e, late.at_ms + 5 * DAY_MS + 10 * MINUTE_MS);
    assert_int_equal(push_children(e, NULL), 3);
}

static void test_series_paused(void **state) {
    struct engine *e = *state;
    struct broadcast draft = daily("B901", "FREQ=DAILY");
    push_submitted(e, &draft);
    push_look(e, draft.at_ms);
    assert_int_equal(push_move(e, "B901", BROADCAST_PAUSE, WANG), OK);
    push_look(e, draft.at_ms + 2 * DAY_MS + HOUR_MS);
    assert_int_equal(push_children(e, NULL), 1);
    assert_int_equal(push_move(e, "B901", BROADCAST_RESUME, WANG), OK);
    assert_int_equal(push_state(e, "B901"), BROADCAST_SCHEDULED);
    assert_int_equal(push_get(e, "B901").next_ms, draft.at_ms + 3 * DAY_MS);
    assert_int_equal(push_move(e, "B901", BROADCAST_CANCEL, WANG), OK);
    push_look(e, draft.at_ms + 4 * DAY_MS);
    assert_int_equal(push_children(e, NULL), 1);
}

static void test_audit(void **state) {
    struct engine *e = *state;
    struct broadcast draft = daily("B901", "FREQ=DAILY");
    push_submitted(e, &draft);
    push_look(e, draft.at_ms);
    char *log = engine_redis_text(e,
                                  "EVAL "
                                  "return(cjson.encode(redis.call('XRANGE',"
                                  "KEYS[1],'-','+'))) 1 {test}:audit");
    engine_has(log,
               "\"user:wang\",\"did\",\"broadcast-submit\",\"what\","
               "\"B901\",\"how\",\"3\"");
    engine_has(log, "\"system\",\"did\",\"broadcast-fire\",\"what\",\"B901\"");
    free(log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_at_once),
        TEST(test_at_its_time),
        TEST(test_waits_for_its_hours),
        TEST(test_approval),
        TEST(test_both_approve_at_a_time),
        TEST(test_two_edit),
        TEST(test_refused),
        TEST(test_not_in_this_state),
        TEST(test_cancel),
        TEST(test_pause_before_it_fires),
        TEST(test_series),
        TEST(test_firing_for_nobody),
        TEST(test_missed),
        TEST(test_series_paused),
        TEST(test_audit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The life of a broadcast: every move, by whom, and what is refused. */
#include "bot/broadcasts.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/planner.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/work.h"
#include "store/delivery.h"
#include "store/document.h"
#include "store/group.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WANG "user:wang"
#define LI "user:li"
#define MINUTE_MS 60000LL
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
/* Tuesday, 2026-11-03 10:00 in Beijing. */
#define TUESDAY_MS 1793671200000LL

static struct arena memory; /* of a test */

/* ---- helpers ------------------------------------------------------------- */

static void put_document(struct engine *e, const char *json) {
    struct txn *txn = txn_new(e->bot.store);
    enum policy_document document = POLICY_BROADCASTS;
    int64_t version = policy_version(policies_get(e->bot.policies), document);
    document_put(txn, &(struct document){
                          .name = policy_names[document],
                          .version = version,
                          .json = json,
                          .json_len = strlen(json),
                          .by = "system",
                          .at_ms = 1,
                      });
    assert_int_equal(engine_commit(e, txn), OK);
    policies_refresh(e->bot.policies, NULL, NULL);
    ENGINE_UNTIL(e, policy_version(policies_get(e->bot.policies), document) ==
                        version + 1);
}

struct call {
    struct engine *engine;
    struct work *work;
    bool done;
    enum err err;
    struct broadcast broadcast;
    size_t n;
    const char *code, *field;
    struct delivery_counts counts;
};

static void on_broadcast(void *data, enum err err,
                         const struct broadcast *broadcast) {
    struct call *call = data;
    call->err = err;
    if (err == OK)
        call->broadcast = *broadcast;
    call->done = true;
}

static struct broadcast get(struct engine *e, const char *id) {
    struct call call = {.engine = e};
    broadcast_get(e->bot.store, &memory, id, on_broadcast, &call);
    ENGINE_UNTIL(e, call.done);
    assert_int_equal(call.err, OK);
    return call.broadcast;
}

static enum broadcast_state state_of(struct engine *e, const char *id) {
    return get(e, id).state;
}

static void on_counts(void *data, enum err err,
                      const struct delivery_counts *counts) {
    struct call *call = data;
    call->err = err;
    if (err == OK)
        call->counts = *counts;
    call->done = true;
}

/* How many targets are frozen, or were. */
static long long frozen(struct engine *e, const char *id) {
    struct call call = {.engine = e};
    delivery_counts_get(e->bot.store, &memory, id, on_counts, &call);
    ENGINE_UNTIL(e, call.done);
    return call.err == OK ? (long long)call.counts.total : 0;
}

static void on_list(void *data, enum err err,
                    const struct broadcast *broadcasts, size_t n,
                    int64_t total) {
    struct call *call = data;
    (void)total;
    assert_int_equal(err, OK);
    call->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (broadcasts[i].parent[0] == '\0')
            continue;
        call->broadcast = broadcasts[i]; /* the first of them is the last */
        call->n++;
    }
    call->done = true;
}

/* Firings of series; the earliest of those read is in *out. */
static size_t children(struct engine *e, struct broadcast *out) {
    struct call call = {.engine = e};
    broadcast_list_all(e->bot.store, &memory, 0, 100, on_list, &call);
    ENGINE_UNTIL(e, call.done);
    if (out != NULL)
        *out = call.broadcast;
    return call.n;
}

static void on_committed(struct work *work, enum err err) {
    struct call *call = work->data;
    call->err = err;
    call->done = true;
    work_free(work);
}

static void on_moved(void *data, enum err err,
                     const struct broadcast_moved *moved) {
    struct call *call = data;
    call->code = moved->code;
    call->field = moved->field;
    if (err == OK) {
        work_commit(call->work, on_committed, call);
        return;
    }
    call->err = err;
    call->done = true;
    work_free(call->work);
}

static void begin_move(struct call *call, const struct broadcast *broadcast,
                       enum broadcast_move move, const char *actor) {
    struct work *work = work_new(&call->engine->bot);
    call->work = work;
    call->done = false;
    broadcasts_move(call->work->bot, &work->arena, work->txn, broadcast,
                    &(struct broadcast_order){.move = move, .actor = actor},
                    on_moved, call);
}

static const char *last_code; /* of the last move, or "" */

static enum err move_it(struct engine *e, const struct broadcast *broadcast,
                        enum broadcast_move move, const char *actor) {
    struct call call = {.engine = e};
    begin_move(&call, broadcast, move, actor);
    ENGINE_UNTIL(e, call.done);
    last_code = call.code == NULL ? "" : call.code;
    return call.err;
}

static enum err move(struct engine *e, const char *id, enum broadcast_move move,
                     const char *actor) {
    struct broadcast broadcast = get(e, id);
    return move_it(e, &broadcast, move, actor);
}

static struct broadcast draft_of(const char *id) {
    return (struct broadcast){
        .id = id,
        .lane = LANE_NOTICE,
        .title = "下雨",
        .text = "明天有雨",
        .target = "groups",
        .audience = "",
        .unit = "*",
        .by = WANG,
        .created_ms = TUESDAY_MS,
    };
}

static void put(struct engine *e, const struct broadcast *draft) {
    struct txn *txn = txn_new(e->bot.store);
    broadcast_put(txn, draft);
    assert_int_equal(engine_commit(e, txn), OK);
}

static void submitted(struct engine *e, const struct broadcast *draft) {
    put(e, draft);
    assert_int_equal(move(e, draft->id, BROADCAST_SUBMIT, WANG), OK);
}

static void look(struct engine *e, int64_t at_ms) {
    e->clock.now_ms = at_ms;
    planner_look(e->bot.planner);
    engine_settle(e);
}

static void add_groups(struct engine *e, int from, int to) {
    char chat[16];
    for (int i = from; i <= to; i++) {
        snprintf(chat, sizeof(chat), "qq.g%d", i);
        engine_add_group(e, chat, chat, ENGINE_ACCOUNT);
    }
}

static int setup(void **state) {
    /* Nothing is sent: the account is not online. */
    struct engine *e = *state =
        engine_new(&(struct engine_options){.without_online = true});
    arena_init(&memory);
    e->clock.now_ms = TUESDAY_MS;
    add_groups(e, 1, 3);
    return 0;
}

static int teardown(void **state) {
    arena_finish(&memory);
    engine_free(*state);
    return 0;
}

/* ---- once ---------------------------------------------------------------- */

static void test_at_once(void **state) {
    struct engine *e = *state;
    struct broadcast draft = draft_of("B901");
    submitted(e, &draft);
    struct broadcast b = get(e, "B901");
    assert_int_equal(b.state, BROADCAST_SENDING);
    assert_int_equal(b.total, 3);
    assert_int_equal(b.fired_ms, TUESDAY_MS);
    assert_int_equal(b.next_ms, 0);
    assert_int_equal(b.version, 2);
    assert_string_equal(b.text, "明天有雨");
    assert_int_equal(frozen(e, "B901"), 3);
    /* Who writes in a chat has no draft. */
    draft = draft_of("B902");
    assert_int_equal(move_it(e, &draft, BROADCAST_SUBMIT, "qq.1"), OK);
    assert_int_equal(state_of(e, "B902"), BROADCAST_SENDING);
    assert_int_equal(get(e, "B902").version, 1);
}

static void test_at_its_time(void **state) {
    struct engine *e = *state;
    struct broadcast draft = draft_of("B901");
    draft.at_ms = TUESDAY_MS + 4 * HOUR_MS;
    submitted(e, &draft);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SCHEDULED);
    assert_int_equal(get(e, "B901").next_ms, draft.at_ms);
    assert_int_equal(frozen(e, "B901"), 3);
    add_groups(e, 4, 4); /* after it was frozen */
    look(e, draft.at_ms - 1);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SCHEDULED);
    look(e, draft.at_ms);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SENDING);
    assert_int_equal(frozen(e, "B901"), 3);
    assert_int_equal(engine_redis(e, "EXISTS {test}:planned"), 0);
    look(e, draft.at_ms + DAY_MS);
    assert_int_equal(get(e, "B901").version, 3);
}

/* 12:00 is a meal: it fires when that is over. */
static void test_waits_for_its_hours(void **state) {
    struct engine *e = *state;
    struct broadcast draft = draft_of("B901");
    draft.at_ms = TUESDAY_MS + 2 * HOUR_MS;
    submitted(e, &draft);
    assert_int_equal(get(e, "B901").next_ms,
                     TUESDAY_MS + 3 * HOUR_MS + HOUR_MS / 2);
    draft.id = "B902";
    draft.ignores_hours = true;
    submitted(e, &draft);
    assert_int_equal(get(e, "B902").next_ms, draft.at_ms);
    /* The hours are others when its time comes. */
    put_document(e, "{\"quiet\":[\"13:00-15:00\"]}");
    look(e, TUESDAY_MS + 3 * HOUR_MS + HOUR_MS / 2);
    assert_int_equal(state_of(e, "B902"), BROADCAST_SENDING);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SCHEDULED);
    assert_int_equal(get(e, "B901").next_ms, TUESDAY_MS + 5 * HOUR_MS);
    look(e, TUESDAY_MS + 5 * HOUR_MS);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SENDING);
}

/* ---- a second person ----------------------------------------------------- */

static void test_approval(void **state) {
    struct engine *e = *state;
    struct broadcast draft = draft_of("B901");
    put_document(e, "{\"approval\":true}");
    submitted(e, &draft);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SUBMITTED);
    assert_int_equal(frozen(e, "B901"), 0);
    assert_int_equal(move(e, "B901", BROADCAST_APPROVE, WANG), ERR_DENIED);
    assert_string_equal(last_code, "own");
    assert_int_equal(move(e, "B901", BROADCAST_RETURN, LI), OK);
    assert_int_equal(state_of(e, "B901"), BROADCAST_DRAFT);
    assert_int_equal(move(e, "B901", BROADCAST_SUBMIT, WANG), OK);
    add_groups(e, 4, 4); /* it is frozen when it is approved */
    struct broadcast seen = get(e, "B901");
    assert_int_equal(move_it(e, &seen, BROADCAST_APPROVE, LI), OK);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SENDING);
    assert_string_equal(get(e, "B901").approved_by, LI);
    assert_int_equal(frozen(e, "B901"), 4);
    /* A colleague had it open, too. */
    assert_int_equal(move_it(e, &seen, BROADCAST_APPROVE, "user:zhao"),
                     ERR_CONFLICT);
    assert_int_equal(move(e, "B901", BROADCAST_APPROVE, "user:zhao"), ERR_STATE);
    assert_int_equal(frozen(e, "B901"), 4);
}

static void test_both_approve_at_a_time(void **state) {
    struct engine *e = *state;
    struct broadcast draft = draft_of("B901");
    put_document(e, "{\"approval\":true}");
    submitted(e, &draft);
    struct broadcast seen = get(e, "B901");
    struct call one = {.engine = e}, two = {.engine = e};
    begin_move(&one, &seen, BROADCAST_APPROVE, LI);
    begin_move(&two, &seen, BROADCAST_APPROVE, "user:zhao");
    ENGINE_UNTIL(e, one.done && two.done);
    assert_int_equal(one.err, OK);
    assert_int_equal(two.err, ERR_CONFLICT);
    assert_int_equal(frozen(e, "B901"), 3);
}

static void test_two_edit(void **state) {
    struct engine *e = *state;
    struct broadcast draft = draft_of("B901");
    put(e, &draft);
    struct broadcast mine = get(e, "B901"), yours = mine;
    mine.text = "明天晴";
    put(e, &mine);
    struct txn *txn = txn_new(e->bot.store);
    broadcast_put(txn, &yours);
    assert_int_equal(engine_commit(e, txn), ERR_CONFLICT);
    assert_int_equal(move_it(e, &yours, BROADCAST_SUBMIT, WANG), ERR_CONFLICT);
    assert_int_equal(frozen(e, "B901"), 0);
    assert_string_equal(get(e, "B901").text, "明天晴");
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
        struct broadcast draft = draft_of(id);
        draft.text = bad[i].text;
        draft.audience = bad[i].audience;
        draft.rrule = bad[i].rrule;
        draft.at_ms = bad[i].at_ms;
        put(e, &draft);
        assert_int_equal(move(e, id, BROADCAST_SUBMIT, WANG), bad[i].err);
        assert_string_equal(last_code, bad[i].code);
        assert_int_equal(state_of(e, id), BROADCAST_DRAFT);
        assert_int_equal(get(e, id).version, 1);
        assert_int_equal(frozen(e, id), 0);
    }
}

static void test_not_in_this_state(void **state) {
    struct engine *e = *state;
    struct broadcast draft = draft_of("B901");
    put(e, &draft);
    for (int i = 0; i < BROADCAST_MOVES; i++) {
        enum broadcast_move m = (enum broadcast_move)i;
        if (m == BROADCAST_SUBMIT)
            continue;
        assert_int_equal(move(e, "B901", m, LI), ERR_STATE);
        assert_string_equal(last_code, "state");
    }
    assert_int_equal(move(e, "B901", BROADCAST_SUBMIT, WANG), OK);
    assert_int_equal(move(e, "B901", BROADCAST_SUBMIT, WANG), ERR_STATE);
    assert_int_equal(move(e, "B901", BROADCAST_FIRE, "system"), ERR_STATE);
    /* Nobody has refused yet. */
    assert_int_equal(move(e, "B901", BROADCAST_RETRY, WANG), ERR_NOT_FOUND);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SENDING);
}

/* ---- pause, cancel, recall ----------------------------------------------- */

static void test_cancel(void **state) {
    struct engine *e = *state;
    struct broadcast draft = draft_of("B901");
    draft.at_ms = TUESDAY_MS + 4 * HOUR_MS;
    submitted(e, &draft);
    assert_int_equal(move(e, "B901", BROADCAST_CANCEL, WANG), OK);
    assert_int_equal(state_of(e, "B901"), BROADCAST_CANCELLED);
    assert_int_equal(frozen(e, "B901"), 0);
    look(e, draft.at_ms);
    assert_int_equal(state_of(e, "B901"), BROADCAST_CANCELLED);
    assert_int_equal(move(e, "B901", BROADCAST_RECALL, WANG), ERR_STATE);
    draft = draft_of("B902");
    submitted(e, &draft);
    assert_int_equal(move(e, "B902", BROADCAST_PAUSE, WANG), OK);
    assert_int_equal(state_of(e, "B902"), BROADCAST_PAUSED);
    assert_int_equal(move(e, "B902", BROADCAST_RESUME, WANG), OK);
    assert_int_equal(state_of(e, "B902"), BROADCAST_SENDING);
    assert_int_equal(move(e, "B902", BROADCAST_CANCEL, WANG), OK);
    assert_int_equal(state_of(e, "B902"), BROADCAST_CANCELLED);
    assert_int_equal(get(e, "B902").ended_ms, e->clock.now_ms);
    assert_int_equal(move(e, "B902", BROADCAST_RECALL, WANG), OK);
}

static void test_pause_before_it_fires(void **state) {
    struct engine *e = *state;
    struct broadcast draft = draft_of("B901");
    draft.at_ms = TUESDAY_MS + 4 * HOUR_MS;
    submitted(e, &draft);
    assert_int_equal(move(e, "B901", BROADCAST_PAUSE, WANG), OK);
    look(e, draft.at_ms + MINUTE_MS);
    assert_int_equal(state_of(e, "B901"), BROADCAST_PAUSED);
    assert_int_equal(move(e, "B901", BROADCAST_RESUME, WANG), OK);
    look(e, draft.at_ms + MINUTE_MS);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SENDING);
}

/* ---- series -------------------------------------------------------------- */

static struct broadcast daily(const char *id, const char *rrule) {
    struct broadcast draft = draft_of(id);
    draft.rrule = rrule;
    draft.at_ms = TUESDAY_MS + 4 * HOUR_MS;
    return draft;
}

static void test_series(void **state) {
    struct engine *e = *state;
    struct broadcast draft = daily("B901", "FREQ=DAILY;COUNT=2"), child;
    submitted(e, &draft);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SCHEDULED);
    assert_int_equal(frozen(e, "B901"), 0);
    look(e, draft.at_ms + 1000);
    assert_int_equal(children(e, &child), 1);
    assert_int_equal(child.state, BROADCAST_SENDING);
    assert_int_equal(child.total, 3);
    assert_int_equal(child.at_ms, draft.at_ms);
    assert_int_equal(child.fired_ms, draft.at_ms + 1000);
    assert_int_equal(child.version, 1);
    assert_string_equal(child.parent, "B901");
    assert_string_equal(child.rrule, "");
    assert_int_equal(frozen(e, child.id), 3);
    assert_int_equal(get(e, "B901").next_ms, draft.at_ms + DAY_MS);
    look(e, draft.at_ms + 2000);
    assert_int_equal(children(e, NULL), 1);
    add_groups(e, 4, 4); /* of the next */
    look(e, draft.at_ms + DAY_MS);
    assert_int_equal(children(e, NULL), 2);
    assert_int_equal(state_of(e, "B901"), BROADCAST_DONE);
    look(e, draft.at_ms + 3 * DAY_MS);
    assert_int_equal(children(e, NULL), 2);
}

static void test_firing_for_nobody(void **state) {
    struct engine *e = *state;
    struct broadcast draft = daily("B901", "FREQ=DAILY"), child;
    submitted(e, &draft);
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
    look(e, draft.at_ms);
    assert_int_equal(children(e, &child), 1);
    assert_int_equal(child.state, BROADCAST_DONE);
    assert_int_equal(child.total, 0);
    assert_string_equal(child.note, "no_one");
    assert_int_equal(get(e, "B901").next_ms, draft.at_ms + DAY_MS);
}

/* Four days without a daemon. */
static void test_missed(void **state) {
    struct engine *e = *state;
    struct broadcast late = daily("B901", "FREQ=DAILY"), child;
    struct broadcast skips = daily("B902", "FREQ=DAILY");
    struct broadcast once = draft_of("B903");
    skips.skips_missed = once.skips_missed = true;
    once.at_ms = late.at_ms;
    submitted(e, &late);
    submitted(e, &skips);
    submitted(e, &once);
    look(e, late.at_ms + 4 * DAY_MS + HOUR_MS);
    /* Once, not five times. */
    assert_int_equal(children(e, &child), 1);
    assert_string_equal(child.parent, "B901");
    assert_int_equal(get(e, "B901").next_ms, late.at_ms + 5 * DAY_MS);
    assert_int_equal(get(e, "B902").next_ms, late.at_ms + 5 * DAY_MS);
    assert_string_equal(get(e, "B902").note, "missed");
    assert_int_equal(state_of(e, "B903"), BROADCAST_CANCELLED);
    assert_string_equal(get(e, "B903").note, "missed");
    assert_int_equal(frozen(e, "B903"), 0);
    /* A little late is not missed. */
    look(e, late.at_ms + 5 * DAY_MS + 10 * MINUTE_MS);
    assert_int_equal(children(e, NULL), 3);
}

static void test_series_paused(void **state) {
    struct engine *e = *state;
    struct broadcast draft = daily("B901", "FREQ=DAILY");
    submitted(e, &draft);
    look(e, draft.at_ms);
    assert_int_equal(move(e, "B901", BROADCAST_PAUSE, WANG), OK);
    look(e, draft.at_ms + 2 * DAY_MS + HOUR_MS);
    assert_int_equal(children(e, NULL), 1);
    assert_int_equal(move(e, "B901", BROADCAST_RESUME, WANG), OK);
    assert_int_equal(state_of(e, "B901"), BROADCAST_SCHEDULED);
    assert_int_equal(get(e, "B901").next_ms, draft.at_ms + 3 * DAY_MS);
    assert_int_equal(move(e, "B901", BROADCAST_CANCEL, WANG), OK);
    look(e, draft.at_ms + 4 * DAY_MS);
    assert_int_equal(children(e, NULL), 1);
}

static void test_audit(void **state) {
    struct engine *e = *state;
    struct broadcast draft = daily("B901", "FREQ=DAILY");
    submitted(e, &draft);
    look(e, draft.at_ms);
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

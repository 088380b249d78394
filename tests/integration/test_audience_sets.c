/* Audiences of those who signed up for an event, and of those who have read a
 * broadcast or have not. */
#include "base/arena.h"
#include "base/mem.h"
#include "bot/audience.h"
#include "bot/bot.h"
#include "store/delivery.h"
#include "store/delivery_send.h"
#include "store/group.h"
#include "store/record.h"
#include "store/signup.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct engine *engine;
    struct arena arena;
    struct audience *audience;
    bool answered;
};

static struct txn *begin(struct fixture *f) {
    return txn_new(f->engine->bot.store);
}

static void commit(struct fixture *f, struct txn *txn) {
    assert_int_equal(engine_commit(f->engine, txn), OK);
}

/* Riders qq.1 to qq.6 and groups qq.g1 to qq.g4. */
static int setup(void **state) {
    struct fixture *f = *state = xcalloc(1, sizeof(*f));
    const char *const fields[] = {"consent", "yes:1:5", "account",
                                  ENGINE_ACCOUNT};
    char id[16];
    f->engine = engine_new(NULL);
    arena_init(&f->arena);
    for (int i = 1; i <= 6; i++) {
        struct txn *txn = begin(f);
        snprintf(id, sizeof(id), "qq.%d", i);
        txn_rider(txn, id, 0, fields, 4);
        commit(f, txn);
    }
    for (int i = 1; i <= 4; i++) {
        snprintf(id, sizeof(id), "qq.g%d", i);
        engine_add_group(f->engine, id, id, ENGINE_ACCOUNT);
    }
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    audience_free(f->audience);
    engine_free(f->engine);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

static void on_audience(void *data, enum err err, struct audience *audience) {
    struct fixture *f = data;
    assert_int_equal(err, OK);
    f->audience = audience;
    f->answered = true;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Who is found, sorted: "qq.u1 qq.u2". */
static const char *ask(struct fixture *f, enum audience_target target,
                       const char *expression) {
    struct audience_run run;
    const char *all[64], *out = "";
    size_t n = 0;
    audience_free(f->audience);
    f->answered = false;
    audience_resolve(&f->engine->bot,
                     &(struct audience_query){.target = target,
                                              .expression = expression,
                                              .units = "*"},
                     on_audience, f);
    ENGINE_UNTIL(f->engine, f->answered);
    while (audience_next(f->audience, 64, &run))
        for (size_t i = 0; i < run.n && n < 64; i++)
            all[n++] = run.chats[i];
    qsort(all, n, sizeof(all[0]), compare);
    for (size_t i = 0; i < n; i++)
        out = arena_printf(&f->arena, "%s%s%s", out, i == 0 ? "" : " ", all[i]);
    return out;
}

static const char *riders(struct fixture *f, const char *expression) {
    return ask(f, AUDIENCE_RIDERS, expression);
}

/* ---- events --------------------------------------------------------------
 */

static void sign_up(struct fixture *f, const char *event, const char *rider,
                    const char *state) {
    const char *const fields[] = {"state", state, "n", "1"};
    struct txn *txn = begin(f);
    record_put(txn, &(struct record){
                        .kind = arena_printf(&f->arena, "signup:%s", event),
                        .id = rider,
                        .order = 1,
                        .fields = fields,
                        .n_fields = 4});
    commit(f, txn);
}

static void test_events(void **state) {
    struct fixture *f = *state;
    sign_up(f, "E1", "qq.1", "signed");
    sign_up(f, "E1", "qq.2", "attended");
    sign_up(f, "E1", "qq.3", "waiting");
    sign_up(f, "E1", "qq.4", "cancelled");
    sign_up(f, "E1", "qq.5", "offered");
    sign_up(f, "E1", "qq.99", "signed"); /* nobody is known by that id */
    sign_up(f, "E2", "qq.6", "signed");
    assert_string_equal(riders(f, "{\"event\":\"E1\"}"), "qq.u1 qq.u2 qq.u5");
    assert_string_equal(riders(f, "{\"event\":\"E1:signed\"}"), "qq.u1");
    assert_string_equal(riders(f, "{\"event\":\"E1:attended\"}"), "qq.u2");
    assert_string_equal(riders(f, "{\"event\":\"E1:waiting\"}"), "qq.u3 qq.u5");
    assert_string_equal(riders(f, "{\"event\":[\"E1:signed\",\"E2\"]}"),
                        "qq.u1 qq.u6");
    assert_string_equal(riders(f, "{\"event\":\"E9\"}"), "");
    assert_string_equal(riders(f,
                               "{\"all\":[{\"event\":\"E1\"},{\"not\":"
                               "{\"event\":\"E1:attended\"}}]}"),
                        "qq.u1 qq.u5");
    /* More than are read at a time. */
    for (int i = 0; i < 1200; i += 100) {
        struct txn *txn = begin(f);
        for (int j = i; j < i + 100; j++)
            record_put(txn,
                       &(struct record){
                           .kind = "signup:E3",
                           .id = arena_printf(&f->arena, "qq.x%d", j),
                           .order = j,
                           .fields = (const char *const[]){"state", "signed"},
                           .n_fields = 2});
        commit(f, txn);
    }
    sign_up(f, "E3", "qq.6", "signed");
    assert_string_equal(riders(f, "{\"event\":\"E3\"}"), "qq.u6");
}

/* ---- broadcasts ----------------------------------------------------------
 */

/* Sent to n chats, of which the last is refused. */
static void deliver(struct fixture *f, const char *id, const char *const *chats,
                    size_t n) {
    const struct delivery_part part = {.accounts = ENGINE_ACCOUNT, .lang = ""};
    const struct delivery_taker taker = {
        .id = id,
        .lease = arena_printf(&f->arena, "p.%s", id + 1),
        .account = ENGINE_ACCOUNT,
        .report_account = ""};
    struct delivery_outcome outcomes[8];
    struct txn *txn = begin(f);
    delivery_add(txn, id, &part, chats, n);
    commit(f, txn);
    txn = begin(f);
    delivery_begin(txn, id, NULL, ENGINE_START_MS);
    commit(f, txn);
    txn = begin(f);
    delivery_take(txn, &taker, n);
    commit(f, txn);
    for (size_t i = 0; i < n; i++)
        outcomes[i] = (struct delivery_outcome){
            .index = i, .letter = i + 1 < n ? 'o' : 'r'};
    txn = begin(f);
    delivery_outcomes(txn, &taker,
                      &(struct delivery_report){
                          .number = 1, .last = true, .now_ms = ENGINE_START_MS},
                      outcomes, n);
    commit(f, txn);
}

static void reads(struct fixture *f, const char *id, size_t index,
                  const char *rider, const char *visitor) {
    struct txn *txn = begin(f);
    delivery_read(txn, id, index, rider, visitor, ENGINE_START_MS);
    commit(f, txn);
}

static void test_reads(void **state) {
    struct fixture *f = *state;
    const char *const chats[] = {"qq.u1", "qq.u2", "qq.u3", "qq.u4"};
    const char *const groups[] = {"qq.g1", "qq.g2", "qq.g3"};
    deliver(f, "B1", chats, 4);
    deliver(f, "B2", groups, 3);
    assert_string_equal(riders(f, "{\"read\":\"B1\"}"), "");
    assert_string_equal(riders(f, "{\"unread\":\"B1\"}"),
                        "qq.u1 qq.u2 qq.u3"); /* it did not reach the fourth */
    reads(f, "B1", 1, "qq.2", NULL);
    assert_string_equal(riders(f, "{\"read\":\"B1\"}"), "qq.u2");
    assert_string_equal(riders(f, "{\"unread\":\"B1\"}"), "qq.u1 qq.u3");
    reads(f, "B2", 0, "qq.5", NULL);
    reads(f, "B2", 1, NULL, "somebody");
    assert_string_equal(ask(f, AUDIENCE_GROUPS, "{\"read\":\"B2\"}"),
                        "qq.g1 qq.g2");
    assert_string_equal(ask(f, AUDIENCE_GROUPS, "{\"unread\":\"B2\"}"),
                        ""); /* it did not reach the third */
    assert_string_equal(ask(f, AUDIENCE_GROUPS, "{\"not\":{\"read\":\"B2\"}}"),
                        "qq.g3 qq.g4");
    /* Who read it in a group is known by name. */
    assert_string_equal(riders(f, "{\"read\":[\"B1\",\"B2\"]}"), "qq.u2 qq.u5");
    assert_string_equal(riders(f, "{\"unread\":\"B9\"}"), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reads, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

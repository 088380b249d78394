/* Who is reached: the index loads, follows what others change, keeps to the
 * limit of the caller, and leaves out whom nothing may be sent. */
#include "base/arena.h"
#include "base/mem.h"
#include "bot/audience.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "store/document.h"
#include "store/group.h"
#include "store/people.h"
#include "store/rider.h"
#include "store/store.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ORGANISATION                                                           \
    "{\"units\":[{\"id\":\"top\",\"name\":\"区\",\"kind\":\"district\"},"      \
    "{\"id\":\"north\",\"name\":\"北\",\"kind\":\"community\",\"parent\":"     \
    "\"top\"},{\"id\":\"south\",\"name\":\"南\",\"kind\":\"community\","       \
    "\"parent\":\"top\"},{\"id\":\"firm\",\"name\":\"甲站\",\"kind\":"         \
    "\"firm\",\"parent\":\"north\"}]}"

struct fixture {
    struct engine *engine;
    struct store *other; /* another process */
    struct arena arena;
    struct audience *audience;
    enum err err;
    unsigned answers;
};

static void nothing(void *data) {
    (void)data;
}

static void on_policies(void *data) {
    *(bool *)data = true;
}

static int setup(void **state) {
    struct fixture *f = *state = xcalloc(1, sizeof(*f));
    bool done = false;
    f->engine = engine_new(NULL);
    arena_init(&f->arena);
    struct engine *e = f->engine;
    struct txn *txn = txn_new(e->bot.store);
    document_put(txn, &(struct document){.name = "organisation",
                                         .json = ORGANISATION,
                                         .json_len = strlen(ORGANISATION),
                                         .by = "user:wang"});
    assert_int_equal(engine_commit(e, txn), OK);
    policies_refresh(e->bot.policies, on_policies, &done);
    ENGINE_UNTIL(e, done);
    f->other = store_new(&e->loop.uv, &(struct store_options){
                                          .url = redis_server_url(e->redis),
                                          .district = e->config->district,
                                          .seen_ttl_ms = 1000,
                                          .seal = f->engine->bot.seal,
                                          .on_up = nothing,
                                          .on_down = nothing,
                                      });
    ENGINE_UNTIL(e, store_is_up(f->other));
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    audience_free(f->audience);
    store_free(f->other);
    engine_free(f->engine);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

/* ---- what others write ---------------------------------------------------
 */

static void on_committed(void *data, const struct txn_result *result) {
    struct fixture *f = data;
    assert_int_equal(result->err, OK);
    f->answers++;
}

static void commit(struct fixture *f, struct txn *txn) {
    unsigned before = f->answers;
    txn_commit(txn, on_committed, f);
    ENGINE_UNTIL(f->engine, f->answers > before);
}

static void group(struct fixture *f, const char *chat, const char *account,
                  const char *units, const char *tags) {
    const char *const fields[] = {"units", units, "tags", tags};
    struct txn *txn = txn_new(f->other);
    group_set(txn,
              &(struct group){.chat = chat, .title = chat, .account = account});
    commit(f, txn);
    txn = txn_new(f->other);
    group_change(txn, chat, 0, fields, 4);
    commit(f, txn);
}

/* fields: name, value, … */
static void rider(struct fixture *f, const char *id, int64_t version,
                  const char *const *fields, size_t n) {
    struct txn *txn = txn_new(f->other);
    txn_rider(txn, id, version, fields, n);
    commit(f, txn);
}

static void willing(struct fixture *f, const char *id, const char *units,
                    const char *account) {
    const char *const fields[] = {"consent", "yes:1:5", "units",
                                  units,     "account", account};
    rider(f, id, 0, fields, 6);
}

/* ---- asking --------------------------------------------------------------
 */

static void on_audience(void *data, enum err err, struct audience *audience) {
    struct fixture *f = data;
    f->err = err;
    f->audience = audience;
    f->answers++;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Who is found, "qq.g1 qq.g2", sorted; or the error. */
static const char *ask(struct fixture *f, enum audience_target target,
                       const char *expression, const char *units) {
    unsigned before = f->answers;
    struct audience_run run;
    const char *all[64];
    size_t n = 0;
    audience_free(f->audience);
    f->audience = NULL;
    audience_resolve(&f->engine->bot,
                     &(struct audience_query){.target = target,
                                              .expression = expression,
                                              .units = units},
                     on_audience, f);
    assert_int_equal(f->answers, before);
    ENGINE_UNTIL(f->engine, f->answers > before);
    if (f->err != OK)
        return err_str(f->err);
    while (audience_next(f->audience, 3, &run))
        for (size_t i = 0; i < run.n && n < 64; i++)
            all[n++] = run.chats[i];
    assert_int_equal(n, f->audience->n);
    qsort(all, n, sizeof(all[0]), compare);
    const char *out = "";
    for (size_t i = 0; i < n; i++)
        out = arena_printf(&f->arena, "%s%s%s", out, i == 0 ? "" : " ", all[i]);
    return out;
}

static const char *groups(struct fixture *f, const char *expression) {
    return ask(f, AUDIENCE_GROUPS, expression, "*");
}

static const char *riders(struct fixture *f, const char *expression) {
    return ask(f, AUDIENCE_RIDERS, expression, "*");
}

static void add_all(struct fixture *f) {
    group(f, "qq.g1", "qq.1", "north", "夜班");
    group(f, "qq.g2", "qq.1", "firm", "");
    group(f, "qq.g3", "qq.2", "south,firm", "夜班,新手");
    group(f, "web.g4", "web", "", "");
}

static void test_groups(void **state) {
    struct fixture *f = *state;
    assert_string_equal(groups(f, ""), "");
    add_all(f);
    assert_string_equal(groups(f, ""), "qq.g1 qq.g2 qq.g3 web.g4");
    assert_string_equal(groups(f, "{\"all\":[]}"), "qq.g1 qq.g2 qq.g3 web.g4");
    assert_string_equal(groups(f, "{\"not\":{}}"), "");
    assert_string_equal(groups(f, "{\"unit\":\"top\"}"), "qq.g1 qq.g2 qq.g3");
    assert_string_equal(groups(f, "{\"unit\":\"north\"}"), "qq.g1 qq.g2 qq.g3");
    assert_string_equal(groups(f, "{\"unit\":\"south\"}"), "qq.g3");
    assert_string_equal(groups(f, "{\"unit\":[\"south\",\"firm\"]}"),
                        "qq.g2 qq.g3");
    assert_string_equal(groups(f, "{\"tag\":\"夜班\"}"), "qq.g1 qq.g3");
    assert_string_equal(groups(f, "{\"tag\":\"夜\"}"), "");
    assert_string_equal(groups(f, "{\"platform\":\"web\"}"), "web.g4");
    assert_string_equal(
        groups(f, "{\"group\":[\"qq.g1\",\"web.g4\",\"qq.g99\"]}"),
        "qq.g1 web.g4");
    assert_string_equal(groups(f,
                               "{\"all\":[{\"tag\":\"夜班\"},{\"not\":"
                               "{\"unit\":\"south\"}}]}"),
                        "qq.g1");
    assert_string_equal(groups(f,
                               "{\"any\":[{\"tag\":\"新手\"},{\"platform\":"
                               "\"web\"}]}"),
                        "qq.g3 web.g4");
    assert_string_equal(groups(f, "{\"lang\":\"zh_CN\"}"),
                        "qq.g1 qq.g2 qq.g3 web.g4");
    assert_string_equal(groups(f, "{\"unit\":\"gone\"}"), "");
    assert_string_equal(groups(f, "{\"units\":\"x\"}"), "invalid");
    assert_string_equal(riders(f, ""), "");
}

/* Only what is below the caller's units, whatever the expression says. */
static void test_limit(void **state) {
    struct fixture *f = *state;
    add_all(f);
    assert_string_equal(ask(f, AUDIENCE_GROUPS, "", "south"), "qq.g3");
    assert_string_equal(ask(f, AUDIENCE_GROUPS, "", "north"),
                        "qq.g1 qq.g2 qq.g3");
    assert_string_equal(ask(f, AUDIENCE_GROUPS, "", "south,firm"),
                        "qq.g2 qq.g3");
    assert_string_equal(
        ask(f, AUDIENCE_GROUPS, "{\"group\":\"qq.g1\"}", "south"), "");
    assert_string_equal(
        ask(f, AUDIENCE_GROUPS, "{\"not\":{\"unit\":\"south\"}}", "firm"),
        "qq.g2");
    assert_string_equal(ask(f, AUDIENCE_GROUPS, "", ""), "");
    assert_string_equal(ask(f, AUDIENCE_GROUPS, "", "elsewhere"), "");
}

static void test_exclusions(void **state) {
    struct fixture *f = *state;
    const char *const muted[] = {"muted", "1"};
    add_all(f);
    struct txn *txn = txn_new(f->other);
    group_change(txn, "qq.g1", 1, muted, 2);
    group_leave(txn, "qq.g3", "qq.2");
    commit(f, txn);
    assert_string_equal(groups(f, ""), "qq.g2 web.g4");
    assert_int_equal(f->audience->muted, 1);
    assert_int_equal(f->audience->no_account, 1);
    assert_string_equal(groups(f, "{\"tag\":\"夜班\"}"), "");
    assert_int_equal(f->audience->muted, 1);
    assert_int_equal(f->audience->n_parts, 0);

    willing(f, "qq.1", "north", "qq.1000");
    willing(f, "qq.2", "north", "");
    willing(f, "qq.3", "south", "qq.1000");
    rider(f, "qq.3", 1, (const char *const[]){"nopush", "1"}, 2);
    rider(f, "qq.4", 0, (const char *const[]){"consent", "no:1:5"}, 2);
    rider(f, "qq.5", 0, (const char *const[]){"consent", "asked:1:5"}, 2);
    rider(f, "qq.6", 0, (const char *const[]){"nick", "小王"}, 2);
    assert_string_equal(riders(f, ""), "qq.u1");
    assert_int_equal(f->audience->no_account, 1);
    assert_int_equal(f->audience->nopush, 1);
    assert_int_equal(f->audience->no_consent, 3);
    assert_string_equal(riders(f, "{\"consent\":\"no\"}"), "");
    assert_int_equal(f->audience->no_consent, 3);
    assert_string_equal(riders(f, "{\"unit\":\"south\"}"), "");
    assert_int_equal(f->audience->nopush, 1);
    assert_int_equal(f->audience->no_consent, 0);
}

/* Whatever another process has committed before is seen at once. */
static void test_follow(void **state) {
    struct fixture *f = *state;
    char id[16];
    for (int i = 1; i <= 30; i++) {
        snprintf(id, sizeof(id), "qq.%d", i);
        willing(f, id, i % 2 == 0 ? "north" : "south", "qq.1000");
    }
    riders(f, "{\"unit\":\"south\"}");
    assert_int_equal(f->audience->n, 15);
    rider(f, "qq.2", 1, (const char *const[]){"units", "south", "tags", "队长"},
          4);
    riders(f, "{\"unit\":\"south\"}");
    assert_int_equal(f->audience->n, 16);
    assert_string_equal(riders(f, "{\"tag\":\"队长\"}"), "qq.u2");
    willing(f, "web.00ff", "south", "web");
    assert_string_equal(riders(f, "{\"platform\":\"web\"}"), "web.u00ff");
    rider(f, "qq.4", 1, (const char *const[]){"lang", "en", "roles", "4"}, 4);
    assert_string_equal(riders(f, "{\"lang\":\"en\"}"), "qq.u4");
    assert_string_equal(riders(f, "{\"role\":[\"admin\",\"staff\"]}"), "qq.u4");
    riders(f, "{\"role\":\"rider\"}");
    assert_int_equal(f->audience->n, 30);
    /* One who had all their data removed is nobody; and may come back. */
    struct txn *txn = txn_new(f->other);
    rider_erase(txn, &(struct rider){.id = "qq.2", .version = 2});
    commit(f, txn);
    assert_string_equal(riders(f, "{\"tag\":\"队长\"}"), "");
    riders(f, "");
    assert_int_equal(f->audience->n, 30);
    assert_int_equal(f->audience->no_consent, 0);
    willing(f, "qq.2", "north", "qq.1000");
    riders(f, "");
    assert_int_equal(f->audience->n, 31);
    /* The stream is gone: all is loaded anew. */
    double reloads = engine_metric("xiaofeng_audience_reloads_total");
    engine_redis(f->engine, "DEL {%s}:people", f->engine->config->district);
    riders(f, "");
    assert_int_equal(f->audience->n, 31);
    assert_true(engine_metric("xiaofeng_audience_reloads_total") > reloads);
    willing(f, "qq.99", "firm", "qq.1000");
    assert_string_equal(riders(f, "{\"unit\":\"firm\"}"), "qq.u99");
}

/* Chats that the same accounts reach in one language are one part. */
static void test_parts(void **state) {
    struct fixture *f = *state;
    struct audience_run run;
    add_all(f);
    struct txn *txn = txn_new(f->other);
    group_set(txn, &(struct group){
                       .chat = "qq.g2", .title = "乙", .account = "qq.0"});
    group_set(txn, &(struct group){
                       .chat = "qq.g1", .title = "甲", .account = "qq.0"});
    group_change(txn, "qq.g3", 1, (const char *const[]){"lang", "en"}, 2);
    commit(f, txn);
    groups(f, "");
    assert_int_equal(f->audience->n_parts, 3);
    size_t n = 0;
    while (audience_next(f->audience, 100, &run)) {
        n++;
        bool both = strcmp(run.accounts, "qq.0,qq.1") == 0;
        assert_int_equal(run.n, both ? 2 : 1);
        assert_string_equal(run.lang,
                            strcmp(run.accounts, "qq.2") == 0 ? "en" : "zh-CN");
    }
    assert_int_equal(n, 3);
    audience_free(f->audience);
    unsigned before = f->answers;
    audience_resolve(&f->engine->bot,
                     &(struct audience_query){.target = AUDIENCE_GROUPS,
                                              .expression = "",
                                              .units = "*",
                                              .count_only = true},
                     on_audience, f);
    ENGINE_UNTIL(f->engine, f->answers > before);
    assert_int_equal(f->audience->n, 4);
    assert_false(audience_next(f->audience, 100, &run));
}

/* ---- several who ask, and those who get nothing --------------------------
 */

struct count {
    unsigned n, errors[16];
};

static void on_count(void *data, enum err err, struct audience *audience) {
    struct count *count = data;
    count->n++;
    count->errors[err]++;
    assert_int_equal(audience != NULL, err == OK);
    audience_free(audience);
}

static void ask_many(struct fixture *f, struct count *count, unsigned n) {
    for (unsigned i = 0; i < n; i++)
        audience_resolve(&f->engine->bot,
                         &(struct audience_query){.target = AUDIENCE_GROUPS,
                                                  .expression = "",
                                                  .units = "*"},
                         on_count, count);
}

static void test_many(void **state) {
    struct fixture *f = *state;
    struct count count = {0};
    add_all(f);
    ask_many(f, &count, 250);
    assert_int_equal(count.n, 0);
    ENGINE_UNTIL(f->engine, count.n == 250);
    assert_int_equal(count.errors[OK], 200);
    assert_int_equal(count.errors[ERR_LIMIT], 50);
}

static void test_without_store(void **state) {
    struct fixture *f = *state;
    struct count count = {0};
    add_all(f);
    redis_server_stop(f->engine->redis);
    ENGINE_UNTIL(f->engine, !store_is_up(f->engine->bot.store));
    ask_many(f, &count, 2);
    ENGINE_UNTIL(f->engine, count.n == 2);
    assert_int_equal(count.errors[ERR_AWAY], 2);
    redis_server_start(f->engine->redis);
    ENGINE_UNTIL(f->engine, store_is_up(f->engine->bot.store));
    assert_string_equal(groups(f, ""), "qq.g1 qq.g2 qq.g3 web.g4");
    /* Whoever waits when the index goes is told so. */
    ask_many(f, &count, 3);
    audiences_free(f->engine->bot.audiences);
    f->engine->bot.audiences = audiences_new(&f->engine->bot);
    assert_int_equal(count.n, 5);
    assert_int_equal(count.errors[ERR_AWAY], 5);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_groups),        TEST(test_limit), TEST(test_exclusions),
        TEST(test_follow),        TEST(test_parts), TEST(test_many),
        TEST(test_without_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

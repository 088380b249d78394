/* `xiaofeng organisation` and `xiaofeng document`. */
#include "bot/policies.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/policy_write.h"
#include "store/document.h"
#include "store/store.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static char said[65536]; /* by the last command */

static int setup(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static void write_bytes(const struct engine *e, const char *name,
                        const char *bytes, size_t len) {
    char *path = xasprintf("%s/%s", e->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    free(path);
}

static void write_file(const struct engine *e, const char *name,
                       const char *text) {
    write_bytes(e, name, text, strlen(text));
}

/* Runs `xiaofeng -c … ARGS`; its status, and what it wrote is in said. */
__attribute__((format(printf, 2, 3))) static int run(const struct engine *e,
                                                     const char *fmt, ...) {
    va_list list;
    va_start(list, fmt);
    char *args = xvasprintf(fmt, list);
    va_end(list);
    /* Without lines of the log among what it says. */
    char *text = xasprintf(
        "[xiaofeng]\ndistrict=test\ndata_dir=%s\n"
        "log_level=error\n[redis]\nurl=%s\n",
        e->dir, redis_server_url(e->redis));
    write_file(e, "xiaofeng.conf", text);
    char *line = xasprintf(
        "cd %s && chmod 600 xiaofeng.conf && "
        "env -u XIAOFENG_BUILD -u XIAOFENG_SOURCE "
        "%s/xiaofeng -c xiaofeng.conf %s 2>&1",
        e->dir, getenv("XIAOFENG_BUILD"), args);
    FILE *output = popen(line, "r");
    assert_non_null(output);
    said[fread(said, 1, sizeof(said) - 1, output)] = '\0';
    int status = pclose(output);
    assert_true(WIFEXITED(status));
    free(line);
    free(text);
    free(args);
    return WEXITSTATUS(status);
}

static void on_done(void *data) {
    *(bool *)data = true;
}

static const struct policy *policy(struct engine *e) {
    bool done = false;
    policies_refresh(e->bot.policies, on_done, &done);
    ENGINE_UNTIL(e, done);
    return policies_get(e->bot.policies);
}

static long long version(struct engine *e, const char *name) {
    char *text = engine_redis_text(e, "HGET {test}:documents %s", name);
    long long number = strtoll(text, NULL, 10);
    free(text);
    return number;
}

#define TABLE                                                                  \
    "id,name,kind,level,parent,contact\n"                                      \
    "qh,秦淮区,district,,,\n"                                                  \
    "a,甲社区,社区,,town,王 1\n"                                               \
    "town,街道党工委,township,4,qh,\n"

/* ---- the organisation ------------------------------------------------------
 */

static void test_import(void **state) {
    struct engine *e = *state;
    write_file(e, "o.csv", TABLE);
    assert_int_equal(run(e, "organisation import --dry-run o.csv"), 0);
    assert_string_equal(said,
                        "o.csv:2: added qh\n"
                        "o.csv:3: added a\n"
                        "o.csv:4: added town\n"
                        "3 added, 0 changed, 0 unchanged; nothing was "
                        "imported\n");
    assert_int_equal(version(e, "organisation"), 0);
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 0);
    assert_int_equal(run(e, "organisation import o.csv"), 0);
    engine_has(said, "3 added, 0 changed, 0 unchanged\n");
    assert_int_equal(version(e, "organisation"), 1);
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 1);
    /* What was built in makes way for it. */
    const struct unit *units, *a = policy_unit(policy(e), "a");
    assert_int_equal(policy_units(policy(e), &units), 3);
    assert_string_equal(a->name, "甲社区");
    assert_string_equal(a->kind, "community");
    assert_string_equal(a->contact, "王 1");
    assert_string_equal(a->parent->id, "town");
    assert_int_equal(policy_unit(policy(e), "town")->level, 4);
}

static void test_import_again(void **state) {
    struct engine *e = *state;
    write_file(e, "o.csv", TABLE);
    assert_int_equal(run(e, "organisation import o.csv"), 0);
    assert_int_equal(run(e, "organisation import o.csv"), 0);
    engine_has(said, "o.csv:2: unchanged qh\n");
    engine_has(said, "0 added, 0 changed, 3 unchanged\n");
    assert_int_equal(version(e, "organisation"), 1);
    /* As a spreadsheet in China saves it: with a mark, and other columns. */
    write_file(e, "o.csv",
               "\xef\xbb\xbf名称,编号,类别,联系人\r\n"
               "甲社区居委会,a,社区,\r\n"
               "消防大队,fire,部门,\r\n"
               "秦淮区,qh,区,\r\n");
    assert_int_equal(run(e, "organisation import o.csv"), 0);
    assert_string_equal(said,
                        "o.csv:2: changed a\n"
                        "o.csv:3: added fire\n"
                        "o.csv:4: unchanged qh\n"
                        "1 added, 1 changed, 1 unchanged\n");
    const struct unit *a = policy_unit(policy(e), "a");
    assert_string_equal(a->name, "甲社区居委会");
    assert_string_equal(a->contact, "");        /* the cell is empty */
    assert_string_equal(a->parent->id, "town"); /* there is no such column */
    assert_non_null(policy_unit(policy(e), "town"));
    assert_int_equal(version(e, "organisation"), 2);
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 2);
}

static void test_gbk(void **state) {
    struct engine *e = *state;
    static const char bytes[] = /* 编号,名称,类别 q,夫子庙,社区 */
        "\xb1\xe0\xba\xc5,\xc3\xfb\xb3\xc6,\xc0\xe0\xb1\xf0\r\n"
        "q,\xb7\xf2\xd7\xd3\xc3\xed,\xc9\xe7\xc7\xf8\r\n";
    write_bytes(e, "o.csv", bytes, sizeof(bytes) - 1);
    assert_int_equal(run(e, "organisation import o.csv"), 0);
    assert_string_equal(policy_unit(policy(e), "q")->name, "夫子庙");
}

static void test_faulty_rows(void **state) {
    struct engine *e = *state;
    write_file(e, "o.csv",
               "id,name,kind,level,parent\n"
               "Qh,秦淮区,district,,\n"
               "a,甲,king,9,nobody\n"
               "b,乙,firm,,c\n"
               "c,丙,firm,,b\n"
               "d,,firm,,\n");
    assert_int_equal(run(e, "organisation import o.csv"), 1);
    engine_has(said, "o.csv:2: error: Qh: id is not of a-z, 0-9, _ and -\n");
    engine_has(said, "o.csv:3: error: a: kind is none of district");
    engine_has(said, "o.csv:3: error: a: level is not from 0 to 5\n");
    engine_has(said,
               "o.csv:3: error: a: parent is no unit of the "
               "organisation: nobody\n");
    engine_has(said, "o.csv:4: error: b: parent leads in a circle\n");
    engine_has(said, "o.csv:6: error: d: name is missing\n");
    engine_has(said, "nothing was imported\n");
    assert_int_equal(version(e, "organisation"), 0);
    write_file(e, "o.csv",
               "id,name,kind,level\n"
               ",x,firm,\n"
               "a,x,firm,four\n"
               "b,x,firm,\n"
               "b,y,firm,\n"
               "c,\"x\n");
    assert_int_equal(run(e, "organisation import o.csv"), 1);
    engine_has(said,
               "o.csv:2: error: it has no id\n"
               "o.csv:3: error: its level is not a number from 2 to 5\n"
               "o.csv:5: error: the id is that of line 4\n"
               "o.csv:6: error: a quotation mark is not closed\n");
    assert_int_equal(run(e, "organisation import none.csv"), 1);
    assert_int_equal(run(e, "organisation import"), 2);
    assert_int_equal(run(e, "organisation import o.csv x.csv"), 2);
    assert_int_equal(run(e, "organisation"), 2);
    assert_int_equal(engine_redis(e, "EXISTS {test}:documents"), 0);
}

/* ---- documents --------------------------------------------------------------
 */

static void test_get(void **state) {
    struct engine *e = *state;
    assert_int_equal(run(e, "document get rules"), 0);
    assert_string_equal(said, policy_default(POLICY_RULES));
    assert_int_equal(run(e, "document get nothing"), 1);
    engine_has(said,
               "there is no such document; there are: organisation "
               "areas routing clocks calendar templates rules broadcasts\n");
    assert_int_equal(run(e, "document get"), 2);
    assert_int_equal(run(e, "document"), 2);
    assert_int_equal(run(e, "document put rules"), 2);
}

static void test_put(void **state) {
    struct engine *e = *state;
    const char *json = "{\"points\":{\"report\":9},\"urgent\":[]}";
    write_file(e, "r.json", json);
    assert_int_equal(run(e, "document put rules r.json --check"), 0);
    engine_has(said, "in order; it was not written");
    assert_int_equal(version(e, "rules"), 0);
    assert_int_equal(run(e, "document put rules r.json"), 0);
    assert_string_equal(said, "rules, version 1\n");
    assert_int_equal(policy_rules(policy(e))->report_points, 9);
    assert_int_equal(run(e, "document put rules r.json"), 0);
    assert_string_equal(said, "rules, version 2\n");
    assert_int_equal(run(e, "document get rules"), 0);
    assert_true(strncmp(said, json, strlen(json)) == 0);
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 2);
}

static void test_put_refused(void **state) {
    struct engine *e = *state;
    write_file(e, "o.csv", TABLE);
    assert_int_equal(run(e, "organisation import o.csv"), 0);
    write_file(e, "r.json",
               "{\"default\":\"nobody\",\"rules\":[{\"community\":\"a\","
               "\"category\":\"fire\",\"unit\":\"x\"}]}");
    assert_int_equal(run(e, "document put routing r.json"), 1);
    assert_string_equal(
        said,
        "r.json: default is no unit of the organisation: nobody\n"
        "r.json: rules[0].unit is no unit of the organisation: x\n"
        "nothing was written\n");
    write_file(e, "empty.json", "");
    assert_int_equal(run(e, "document put routing empty.json"), 1);
    engine_has(said, "empty.json: it is empty\n");
    assert_int_equal(version(e, "routing"), 0);
    /* A unit that another document needs stays. */
    write_file(e, "r.json", "{\"default\":\"a\",\"rules\":[]}");
    assert_int_equal(run(e, "document put routing r.json"), 0);
    write_file(e, "o.json",
               "{\"units\":[{\"id\":\"qh\",\"name\":\"x\","
               "\"kind\":\"district\"}]}");
    assert_int_equal(run(e, "document put organisation o.json"), 1);
    engine_has(said,
               "o.json: then in the document routing: default is no "
               "unit of the organisation: a\n");
    assert_int_equal(version(e, "organisation"), 1);
}

/* Documents that are bad already don't keep others from being mended. */
static void test_mended_one_by_one(void **state) {
    struct engine *e = *state;
    for (int i = 0; i < 2; i++) {
        struct txn *txn = txn_new(e->bot.store);
        document_put(txn, &(struct document){
                              .name = i == 0 ? "rules" : "clocks",
                              .json = "broken",
                              .json_len = 6,
                              .by = "system",
                          });
        assert_int_equal(engine_commit(e, txn), OK);
    }
    write_file(e, "r.json", "{\"urgent\":[\"wage\"]}");
    assert_int_equal(run(e, "document put rules r.json"), 0);
    write_file(e, "r.json", "{\"urgent\":[\"gold\"]}");
    assert_int_equal(run(e, "document put rules r.json"), 1);
    write_file(e, "c.json", policy_default(POLICY_CLOCKS));
    assert_int_equal(run(e, "document put clocks c.json"), 0);
    assert_true(policy_is_urgent(policy(e), "wage"));
}

struct writing {
    bool done;
    enum err err;
    int64_t version;
};

static void on_written(void *data, enum err err, int64_t version,
                       const struct problems *problems) {
    (void)problems;
    *(struct writing *)data = (struct writing){true, err, version};
}

/* Of two who write what fits only apart, one is told to look again. */
static void test_two_at_once(void **state) {
    struct engine *e = *state;
    struct writing writings[2] = {{0}};
    struct arena arena;
    static const struct {
        enum policy_document which;
        const char *json;
    } texts[] = {
        {POLICY_ROUTING, "{\"default\":\"district\",\"rules\":[]}"},
        {POLICY_ORGANISATION,
         "{\"units\":[{\"id\":\"other\",\"name\":\"x\","
         "\"kind\":\"district\"}]}"},
    };
    arena_init(&arena);
    for (int i = 0; i < 2; i++)
        policy_write(e->bot.store, &arena,
                     &(struct policy_write){
                         .document = texts[i].which,
                         .json = texts[i].json,
                         .json_len = strlen(texts[i].json),
                         .by = "user:wang",
                         .detail = "",
                         .now_ms = ENGINE_START_MS,
                     },
                     on_written, &writings[i]);
    ENGINE_UNTIL(e, writings[0].done && writings[1].done);
    assert_int_equal(writings[0].err, OK);
    assert_int_equal(writings[0].version, 1);
    assert_int_equal(writings[1].err, ERR_CONFLICT);
    assert_int_equal(version(e, "organisation"), 0);
    /* A stale version is refused before anything is read of it. */
    writings[0].done = false;
    policy_write(e->bot.store, &arena,
                 &(struct policy_write){.document = POLICY_ROUTING,
                                        .json = "{",
                                        .json_len = 1,
                                        .by = "user:wang",
                                        .detail = ""},
                 on_written, &writings[0]);
    ENGINE_UNTIL(e, writings[0].done);
    assert_int_equal(writings[0].err, ERR_CONFLICT);
    assert_int_equal(writings[0].version, 1);
    arena_finish(&arena);
}

/* ---- the samples of the demo
 * ------------------------------------------------- */

static void test_samples(void **state) {
    struct engine *e = *state;
    const char *root = getenv("XIAOFENG_SOURCE");
    assert_non_null(root);
    assert_int_equal(
        run(e, "organisation import %s/demo/organisation.csv", root), 0);
    assert_int_equal(run(e, "document put areas %s/demo/areas.geojson", root),
                     0);
    assert_int_equal(run(e, "document put routing %s/demo/routing.json", root),
                     0);
    const struct policy *now = policy(e);
    const struct unit *here =
        policy_community(now, &(struct geo){.lat = 32.02, .lon = 118.79}, NULL);
    assert_string_equal(here->id, "fuzimiao");
    assert_string_equal(policy_route(now, here, "fire")->id, "fire");
    assert_string_equal(policy_route(now, here, "rest")->id, "fuzimiao");
    /* Each rung of the ladder, up to the top. */
    for (int level = LEVEL_RIDER; level < LEVEL_TOP; level++)
        assert_int_equal(policy_above(now, "fuzimiao", level)->level,
                         level + 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_import),      TEST(test_import_again),
        TEST(test_gbk),         TEST(test_faulty_rows),
        TEST(test_get),         TEST(test_put),
        TEST(test_put_refused), TEST(test_mended_one_by_one),
        TEST(test_two_at_once), TEST(test_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Who is reached, as the store has it: groups, riders, the stream of changes.
 */
#include "store/group.h"
#include "store/people.h"
#include "store/rider.h"
#include "tests/integration/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct seen_groups {
    struct store_fixture *f;
    struct group groups[4];
    size_t n;
};

static void on_groups(void *data, enum err err, const struct group *groups,
                      size_t n) {
    struct seen_groups *seen = data;
    assert_int_equal(err, OK);
    seen->n = n;
    for (size_t i = 0; i < n && i < 4; i++)
        seen->groups[i] = groups[i];
    seen->f->done = true;
}

/* What people set is under a version; what accounts see is not. */
static void test_group_changes(void **state) {
    struct store_fixture *f = *state;
    struct seen_groups seen = {.f = f};
    struct group_scan scan = {0};
    const char *const fields[] = {"units", "a,b", "muted", "1", "tags", ""};
    struct txn *txn = txn_new(f->store);
    group_change(txn, "qq.g1", 0, fields, 6);
    assert_int_equal(store_fixture_commit(f, txn), ERR_NOT_FOUND);
    txn = txn_new(f->store);
    group_set(txn, &(struct group){
                       .chat = "qq.g1", .title = "甲", .account = "qq.1"});
    group_change(txn, "qq.g1", 1, fields, 6);
    assert_int_equal(store_fixture_commit(f, txn),
                     ERR_NOT_FOUND); /* checked before */
    txn = txn_new(f->store);
    group_set(txn, &(struct group){
                       .chat = "qq.g1", .title = "甲", .account = "qq.1"});
    assert_int_equal(store_fixture_commit(f, txn), OK);
    txn = txn_new(f->store);
    group_change(txn, "qq.g1", 1, fields, 6);
    assert_int_equal(store_fixture_commit(f, txn), ERR_CONFLICT);
    txn = txn_new(f->store);
    group_change(txn, "qq.g1", 0, fields, 6);
    assert_int_equal(store_fixture_commit(f, txn), OK);
    txn = txn_new(f->store);
    group_set(txn, &(struct group){
                       .chat = "qq.g1", .title = "乙", .account = "qq.1"});
    assert_int_equal(store_fixture_commit(f, txn), OK);
    group_scan(f->store, &f->arena, &scan, on_groups, &seen);
    store_fixture_wait(f);
    assert_true(scan.over);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.groups[0].version, 1);
    assert_string_equal(seen.groups[0].units, "a,b");
    assert_string_equal(seen.groups[0].title, "乙");
    assert_true(seen.groups[0].muted);
}

struct seen_people {
    struct store_fixture *f;
    char text[256], last[PEOPLE_ID_SIZE];
    bool lost;
};

static void on_changes(void *data, enum err err,
                       const struct people_change *changes, size_t n,
                       const char *last, bool lost) {
    struct seen_people *seen = data;
    assert_int_equal(err, OK);
    seen->text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        strcat(seen->text, changes[i].group ? " g:" : " ");
        strcat(seen->text, changes[i].id);
    }
    snprintf(seen->last, sizeof(seen->last), "%s", last);
    seen->lost = lost;
    seen->f->done = true;
}

static void on_end(void *data, enum err err, const char *id) {
    struct seen_people *seen = data;
    assert_int_equal(err, OK);
    snprintf(seen->last, sizeof(seen->last), "%s", id);
    seen->f->done = true;
}

static const char *follow(struct seen_people *seen, size_t max) {
    struct store_fixture *f = seen->f;
    people_follow(f->store, &f->arena, seen->last, max, on_changes, seen);
    store_fixture_wait(f);
    return seen->text;
}

static enum err put(struct store_fixture *f, int64_t version, const char *name,
                    const char *value) {
    struct txn *txn = txn_new(f->store);
    txn_rider(txn, "qq.9", version, (const char *const[]){name, value}, 2);
    return store_fixture_commit(f, txn);
}

static void on_people(void *data, enum err err, const struct person *people,
                      size_t n) {
    struct store_fixture *f = data;
    f->err = err;
    f->n_values = n;
    if (n > 0)
        snprintf(f->answer, sizeof(f->answer), "%s %d %u %s %s %s %d",
                 people[0].id, (int)people[0].version, people[0].roles,
                 people[0].account, people[0].units, people[0].tags,
                 people[0].nopush);
    f->done = true;
}

/* Only what says who is reached is followed. */
static void test_people(void **state) {
    struct store_fixture *f = *state;
    struct seen_people seen = {.f = f};
    struct people_scan scan = {0};
    people_last(f->store, on_end, &seen);
    store_fixture_wait(f);
    assert_string_equal(seen.last, "");
    assert_int_equal(put(f, 0, "nick", "小王"), OK); /* they are new */
    assert_int_equal(put(f, 1, "form", "x"), OK);
    assert_int_equal(put(f, 2, "units", "a"), OK);
    struct txn *txn = txn_new(f->store);
    group_set(txn, &(struct group){
                       .chat = "qq.g1", .title = "甲", .account = "qq.1"});
    assert_int_equal(store_fixture_commit(f, txn), OK);
    txn = txn_new(f->store);
    group_set(txn, &(struct group){
                       .chat = "qq.g1", .title = "甲", .account = "qq.1"});
    assert_int_equal(store_fixture_commit(f, txn), OK);
    assert_string_equal(follow(&seen, 10), " qq.9 qq.9 g:qq.g1");
    assert_false(seen.lost);
    assert_string_equal(follow(&seen, 10), "");
    assert_int_equal(put(f, 3, "nopush", "1"), OK);
    assert_int_equal(put(f, 4, "tags", "夜班,新手"), OK);
    assert_string_equal(follow(&seen, 1), " qq.9");
    assert_string_equal(follow(&seen, 1), " qq.9");
    people_scan(f->store, &f->arena, &scan, on_people, f);
    store_fixture_wait(f);
    assert_true(scan.over);
    assert_int_equal(f->n_values, 1);
    assert_string_equal(f->answer, "qq.9 5 0  a 夜班,新手 1");
    txn = txn_new(f->store);
    rider_erase(txn, &(struct rider){.id = "qq.9", .version = 5});
    assert_int_equal(store_fixture_commit(f, txn), OK);
    assert_string_equal(follow(&seen, 10), " qq.9");
    people_get(f->store, &f->arena, (const char *const[]){"qq.9"}, 1, on_people,
               f);
    store_fixture_wait(f);
    assert_string_equal(f->answer, "qq.9 0 0    0");
    /* The last one stays, however old it is. */
    txn = txn_new(f->store);
    people_trim(txn, 4000000000000);
    assert_int_equal(store_fixture_commit(f, txn), OK);
    assert_int_equal(store_fixture_redis(f, "XLEN {test}:people"), 1);
    assert_string_equal(follow(&seen, 10), "");
    assert_false(seen.lost);
    /* A reader that fell behind is told. */
    store_fixture_redis(f, "XTRIM {test}:people MAXLEN 0");
    follow(&seen, 10);
    assert_true(seen.lost);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_group_changes, store_fixture_setup,
                                        store_fixture_teardown),
        cmocka_unit_test_setup_teardown(test_people, store_fixture_setup,
                                        store_fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

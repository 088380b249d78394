/* Records in a real Redis, and points that come once. */
#include "store/record.h"

#include "base/mem.h"
#include "store/points.h"
#include "tests/integration/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KIND "material"

static enum err put(struct store_fixture *f, const char *id, int64_t version,
                    int64_t order, const char *title, const char *note) {
    struct txn *txn = txn_new(f->store);
    record_put(
        txn, &(struct record){
                 .kind = KIND,
                 .id = id,
                 .version = version,
                 .order = order,
                 .fields = (const char *const[]){"title", title, "note", note},
                 .n_fields = 4,
             });
    return store_fixture_commit(f, txn);
}

static struct record one;

static void on_record(void *data, enum err err, const struct record *record) {
    struct store_fixture *f = data;
    assert_true((err == OK) == (record != NULL));
    if (record != NULL)
        one = *record;
    f->err = err;
    f->done = true;
}

static enum err get(struct store_fixture *f, const char *id) {
    record_get(f->store, &f->arena, KIND, id, on_record, f);
    store_fixture_wait(f);
    return f->err;
}

static char listed[256];
static int64_t listed_of;

static void on_list(void *data, enum err err, const struct record *records,
                    size_t n, int64_t total) {
    struct store_fixture *f = data;
    listed[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        strcat(listed, records[i].id);
        strcat(listed, record_string(&records[i], "title"));
        strcat(listed, " ");
    }
    listed_of = total;
    f->err = err;
    f->done = true;
}

static const char *list(struct store_fixture *f, size_t offset, size_t max) {
    record_list_kind(f->store, &f->arena, KIND, offset, max, on_list, f);
    store_fixture_wait(f);
    assert_int_equal(f->err, OK);
    return listed;
}

static void a_version_is_written_once(void **state) {
    struct store_fixture *f = *state;
    assert_int_equal(get(f, "M1"), ERR_NOT_FOUND);
    assert_int_equal(put(f, "M1", 1, 10, "一", "x"), ERR_CONFLICT);
    assert_int_equal(put(f, "M1", 0, 10, "一", "x"), OK);
    assert_int_equal(put(f, "M1", 0, 10, "二", "x"), ERR_CONFLICT);
    assert_int_equal(get(f, "M1"), OK);
    assert_int_equal(one.version, 1);
    assert_int_equal(one.order, 10);
    assert_string_equal(record_string(&one, "title"), "一");
    assert_int_equal(put(f, "M1", 1, 20, "二", ""), OK);
    assert_int_equal(get(f, "M1"), OK);
    assert_int_equal(one.version, 2);
    assert_string_equal(record_string(&one, "title"), "二");
    assert_string_equal(record_string(&one, "note"), "");
}

static void lists_are_by_order(void **state) {
    struct store_fixture *f = *state;
    assert_string_equal(list(f, 0, 10), "");
    assert_int_equal(put(f, "M1", 0, 10, "a", ""), OK);
    assert_int_equal(put(f, "M2", 0, 30, "b", ""), OK);
    assert_int_equal(put(f, "M3", 0, 20, "c", ""), OK);
    assert_string_equal(list(f, 0, 10), "M2b M3c M1a ");
    assert_string_equal(list(f, 1, 1), "M3c ");
    assert_int_equal(listed_of, 3);
    record_get_many(f->store, &f->arena, KIND,
                    (const char *const[]){"M1", "M9", "M2"}, 3, on_list, f);
    store_fixture_wait(f);
    assert_string_equal(listed, "M1a M2b ");
}

static enum err drop(struct store_fixture *f, const char *id, int64_t version,
                     bool really) {
    struct txn *txn = txn_new(f->store);
    if (really)
        record_remove(txn, KIND, id, version);
    else
        record_expect(txn, KIND, id, version);
    return store_fixture_commit(f, txn);
}

static void one_goes_under_its_version(void **state) {
    struct store_fixture *f = *state;
    assert_int_equal(put(f, "M1", 0, 10, "a", ""), OK);
    assert_int_equal(drop(f, "M1", 2, false), ERR_CONFLICT);
    assert_int_equal(drop(f, "M1", 1, false), OK);
    assert_int_equal(drop(f, "M1", 2, true), ERR_CONFLICT);
    assert_int_equal(drop(f, "M1", 1, true), OK);
    assert_string_equal(list(f, 0, 10), "");
    assert_int_equal(get(f, "M1"), ERR_NOT_FOUND);
}

static void points_come_once(void **state) {
    struct store_fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        struct txn *txn = txn_new(f->store);
        points_once(txn, "qq.1", 2, "M1");
        assert_int_equal(store_fixture_commit(f, txn), OK);
        assert_string_equal(f->values[0], i == 0 ? "1" : "0");
    }
    assert_string_equal(store_fixture_text(f, "HGET {test}:points qq.1"), "2");
    struct txn *txn = txn_new(f->store);
    points_forget(txn, "qq.1");
    assert_int_equal(store_fixture_commit(f, txn), OK);
    assert_int_equal(store_fixture_redis(f, "EXISTS {test}:earned:qq.1"), 0);
}

#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, store_fixture_setup,                    \
                                    store_fixture_teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(a_version_is_written_once),
        TEST(lists_are_by_order),
        TEST(one_goes_under_its_version),
        TEST(points_come_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Documents of the district in a real Redis. */
#include "store/document.h"

#include "base/mem.h"
#include "tests/integration/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"organisation", "areas", "rules"};
#define N ARRAY_LEN(names)

static struct document seen[N];

static void on_documents(void *data, enum err err,
                         const struct document *documents, size_t n) {
    struct store_fixture *f = data;
    assert_int_equal(n, N);
    memcpy(seen, documents, sizeof(seen));
    f->err = err;
    f->done = true;
}

static void get(struct store_fixture *f) {
    document_get(f->store, &f->arena, names, N, on_documents, f);
    store_fixture_wait(f);
    assert_int_equal(f->err, OK);
}

static int64_t versions[N];

static void on_versions(void *data, enum err err, const int64_t *found,
                        size_t n) {
    struct store_fixture *f = data;
    assert_int_equal(n, N);
    memcpy(versions, found, sizeof(versions));
    f->err = err;
    f->done = true;
}

static void get_versions(struct store_fixture *f) {
    document_get_versions(f->store, names, N, on_versions, f);
    store_fixture_wait(f);
    assert_int_equal(f->err, OK);
}

static enum err put(struct store_fixture *f, const char *name, int64_t version,
                    const char *json, size_t len) {
    struct txn *txn = txn_new(f->store);
    document_put(txn, &(struct document){.name = name,
                                         .version = version,
                                         .json = json,
                                         .json_len = len,
                                         .by = "user:wang",
                                         .at_ms = 1700000000123});
    txn_audit(txn, "user:wang", "document-put", name, "");
    return store_fixture_commit(f, txn);
}

static void test_never_written(void **state) {
    struct store_fixture *f = *state;
    get(f);
    for (size_t i = 0; i < N; i++) {
        assert_string_equal(seen[i].name, names[i]);
        assert_int_equal(seen[i].version, 0);
        assert_int_equal(seen[i].json_len, 0);
        assert_string_equal(seen[i].by, "");
    }
    get_versions(f);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(versions[i], 0);
}

static void test_versions(void **state) {
    struct store_fixture *f = *state;
    assert_int_equal(put(f, "areas", 0, "{\"a\":\"区\"}", 11), OK);
    assert_string_equal(f->values[0], "1");
    /* Stale, and from the future. */
    assert_int_equal(put(f, "areas", 0, "{}", 2), ERR_CONFLICT);
    assert_int_equal(put(f, "areas", 2, "{}", 2), ERR_CONFLICT);
    get(f);
    assert_int_equal(seen[1].version, 1);
    assert_string_equal(seen[1].json, "{\"a\":\"区\"}");
    assert_int_equal(seen[1].json_len, 11);
    assert_string_equal(seen[1].by, "user:wang");
    assert_int_equal(seen[1].at_ms, 1700000000123);
    assert_int_equal(seen[0].version, 0);
    assert_int_equal(put(f, "areas", 1, "{}", 2), OK);
    assert_int_equal(put(f, "rules", 0, "{}", 2), OK);
    get_versions(f);
    assert_int_equal(versions[0], 0);
    assert_int_equal(versions[1], 2);
    assert_int_equal(versions[2], 1);
    /* What was refused left no entry in the log. */
    assert_int_equal(store_fixture_redis(f, "XLEN {test}:audit"), 3);
}

/* What one document says of another holds when it is written. */
static void test_expected(void **state) {
    struct store_fixture *f = *state;
    struct document other = {.name = "organisation", .version = 0};
    struct document mine = {.name = "areas",
                            .json = "{}",
                            .json_len = 2,
                            .by = "system",
                            .at_ms = 1};
    for (int round = 0; round < 2; round++) {
        struct txn *txn = txn_new(f->store);
        mine.version = round;
        document_expect(txn, &other);
        document_put(txn, &mine);
        assert_int_equal(store_fixture_commit(f, txn),
                         round == 0 ? OK : ERR_CONFLICT);
        if (round == 0)
            assert_int_equal(put(f, "organisation", 0, "{}", 2), OK);
    }
    get_versions(f);
    assert_int_equal(versions[0], 1);
    assert_int_equal(versions[1], 1);
}

static void test_large(void **state) {
    struct store_fixture *f = *state;
    char *json = xmalloc(DOCUMENT_BYTES_MAX);
    memset(json, ' ', DOCUMENT_BYTES_MAX);
    json[0] = '{';
    json[DOCUMENT_BYTES_MAX - 1] = '}';
    assert_int_equal(put(f, "areas", 0, json, DOCUMENT_BYTES_MAX), OK);
    get(f);
    assert_int_equal(seen[1].json_len, DOCUMENT_BYTES_MAX);
    assert_memory_equal(seen[1].json, json, DOCUMENT_BYTES_MAX);
    free(json);
}

int main(void) {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup,                 \
                                    store_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_never_written),
        TEST(test_versions),
        TEST(test_expected),
        TEST(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

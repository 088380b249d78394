/* Materials, plans, feeds and what riders read, in a real Redis. */
#include "store/material.h"

#include "base/mem.h"
#include "store/feed.h"
#include "store/learning.h"
#include "store/plan.h"
#include "tests/integration/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct material some(const char *id, int64_t version, const char *title,
                            int64_t at_ms) {
    return (struct material){.id = id,
                             .version = version,
                             .state = MATERIAL_NEW,
                             .title = title,
                             .body = "正文",
                             .minutes = 1,
                             .published_ms = at_ms};
}

static enum err put(struct store_fixture *f, const struct material *material) {
    struct txn *txn = txn_new(f->store);
    material_put(txn, material);
    return store_fixture_commit(f, txn);
}

static struct material one;

static void on_one(void *data, enum err err, const struct material *material) {
    struct store_fixture *f = data;
    assert_true((err == OK) == (material != NULL));
    if (material != NULL)
        one = *material;
    f->err = err;
    f->done = true;
}

static enum err get(struct store_fixture *f, const char *id) {
    material_get(f->store, &f->arena, id, on_one, f);
    store_fixture_wait(f);
    return f->err;
}

static char listed[256];
static int64_t listed_of;

static void on_list(void *data, enum err err, const struct material *materials,
                    size_t n, int64_t total) {
    struct store_fixture *f = data;
    assert_int_equal(err, OK);
    listed[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        strcat(listed, materials[i].id);
        strcat(listed, " ");
    }
    listed_of = total;
    f->done = true;
}

static const char *list(struct store_fixture *f, enum material_state state) {
    material_list_state(f->store, &f->arena, state, 0, 10, on_list, f);
    store_fixture_wait(f);
    return listed;
}

static void each_is_in_the_list_of_its_state(void **state) {
    struct store_fixture *f = *state;
    assert_string_equal(list(f, MATERIAL_NEW), "");
    struct material first = some("M1", 0, "一", 10);
    struct material second = some("M2", 0, "二", 20);
    assert_int_equal(put(f, &first), OK);
    assert_int_equal(put(f, &second), OK);
    assert_int_equal(put(f, &second), ERR_CONFLICT);
    assert_string_equal(list(f, MATERIAL_NEW), "M2 M1 ");
    first.version = 1;
    first.state = MATERIAL_APPROVED;
    first.published_ms = 30;
    assert_int_equal(put(f, &first), OK);
    assert_string_equal(list(f, MATERIAL_NEW), "M2 ");
    assert_string_equal(list(f, MATERIAL_APPROVED), "M1 ");
    assert_string_equal(list(f, MATERIAL_REJECTED), "");
    assert_string_equal(list(f, MATERIAL_STATES), "M1 M2 ");
    assert_int_equal(listed_of, 2);
    assert_int_equal(get(f, "M1"), OK);
    assert_string_equal(one.title, "一");
    assert_int_equal(one.state, MATERIAL_APPROVED);
    material_get_many(f->store, &f->arena, "M2,M9,M1", on_list, f);
    store_fixture_wait(f);
    assert_string_equal(listed, "M2 M1 ");
    material_get_many(f->store, &f->arena, "", on_list, f);
    store_fixture_wait(f);
    assert_string_equal(listed, "");
    struct txn *txn = txn_new(f->store);
    material_remove(txn, "M1", 1);
    assert_int_equal(store_fixture_commit(f, txn), ERR_CONFLICT);
    txn = txn_new(f->store);
    material_remove(txn, "M1", 2);
    assert_int_equal(store_fixture_commit(f, txn), OK);
    assert_string_equal(list(f, MATERIAL_APPROVED), "");
    assert_string_equal(list(f, MATERIAL_STATES), "M2 ");
    assert_int_equal(get(f, "M1"), ERR_NOT_FOUND);
}

static char known[8];

static void on_known(void *data, enum err err, const char *each) {
    struct store_fixture *f = data;
    assert_int_equal(err, OK);
    snprintf(known, sizeof(known), "%s", each);
    f->done = true;
}

static void an_entry_is_imported_once(void **state) {
    struct store_fixture *f = *state;
    const struct material_keys keys[] = {
        {"guid1", "link1"}, {"guid2", ""}, {"guid3", "link1"}, {"", "link4"}};
    material_get_known(f->store, &f->arena, keys, 4, on_known, f);
    store_fixture_wait(f);
    assert_string_equal(known, "0000");
    struct txn *txn = txn_new(f->store);
    static const char *const ids[] = {"M1", "M2", "M3", "M4"};
    for (size_t i = 0; i < 4; i++) {
        struct material material = some(ids[i], 0, "t", (int64_t)i + 1);
        material_import(txn, &material, &keys[i], 100);
    }
    assert_int_equal(store_fixture_commit(f, txn), OK);
    assert_int_equal(f->n_values, 4);
    /* The third has the link of the first. */
    assert_string_equal(f->values[0], "1");
    assert_string_equal(f->values[1], "1");
    assert_string_equal(f->values[2], "0");
    assert_string_equal(f->values[3], "1");
    assert_string_equal(list(f, MATERIAL_NEW), "M4 M2 M1 ");
    material_get_known(f->store, &f->arena, keys, 4, on_known, f);
    store_fixture_wait(f);
    assert_string_equal(known, "1111");
    assert_int_equal(get(f, "M1"), OK);
    assert_int_equal(one.version, 1);
    assert_string_equal(one.body, "正文");
    /* One that was thrown away does not come back. */
    txn = txn_new(f->store);
    material_remove(txn, "M1", 1);
    assert_int_equal(store_fixture_commit(f, txn), OK);
    txn = txn_new(f->store);
    struct material again = some("M5", 0, "t", 1);
    material_import(txn, &again, &keys[0], 200);
    assert_int_equal(store_fixture_commit(f, txn), OK);
    assert_string_equal(f->values[0], "0");
    assert_int_equal(get(f, "M5"), ERR_NOT_FOUND);
    txn = txn_new(f->store);
    struct material twin = some("M2", 0, "t", 1);
    material_import(txn, &twin, &(struct material_keys){"new", "new"}, 200);
    assert_int_equal(store_fixture_commit(f, txn), ERR_CONFLICT);
}

static struct learned learned[4];
static int64_t learned_of;

static void on_learned(void *data, enum err err, const struct learned *all,
                       size_t n, int64_t total) {
    struct store_fixture *f = data;
    assert_int_equal(err, OK);
    for (size_t i = 0; i < n && i < 4; i++)
        learned[i] = all[i];
    learned_of = total;
    f->done = true;
}

static void reads(struct store_fixture *f) {
    learning_get(f->store, &f->arena, "qq.1", 4, on_learned, f);
    store_fixture_wait(f);
}

static void what_was_read_is_kept_once_and_forgotten(void **state) {
    struct store_fixture *f = *state;
    struct material material = some("M1", 0, "一", 10);
    assert_int_equal(put(f, &material), OK);
    for (int i = 0; i < 3; i++) {
        struct txn *txn = txn_new(f->store);
        learning_add(txn, "qq.1", i == 2 ? "M9" : "M1", 100 + i);
        assert_int_equal(store_fixture_commit(f, txn), OK);
        assert_string_equal(f->values[0], i == 1 ? "0" : "1");
    }
    reads(f);
    assert_int_equal(learned_of, 2);
    assert_string_equal(learned[0].material, "M9");
    assert_string_equal(learned[1].material, "M1");
    assert_int_equal(learned[1].at_ms, 100);
    assert_int_equal(get(f, "M1"), OK);
    assert_int_equal(one.reads, 1);
    assert_int_equal(one.version, 1);
    struct txn *txn = txn_new(f->store);
    for (int i = 0; i < LEARNING_KEPT + 5; i++) {
        char id[16];
        snprintf(id, sizeof(id), "M%d", 1000 + i);
        learning_add(txn, "qq.1", id, 1000 + i);
    }
    assert_int_equal(store_fixture_commit(f, txn), OK);
    reads(f);
    assert_int_equal(learned_of, LEARNING_KEPT);
    txn = txn_new(f->store);
    learning_forget(txn, "qq.1");
    assert_int_equal(store_fixture_commit(f, txn), OK);
    reads(f);
    assert_int_equal(learned_of, 0);
}

static struct feed feed;

static void on_feed(void *data, enum err err, const struct feed *found) {
    struct store_fixture *f = data;
    if (found != NULL)
        feed = *found;
    f->err = err;
    f->done = true;
}

static void on_feeds(void *data, enum err err, const struct feed *feeds,
                     size_t n) {
    struct store_fixture *f = data;
    assert_int_equal(n, 1);
    feed = feeds[0];
    f->err = err;
    f->done = true;
}

static void a_feed_keeps_what_came_of_it(void **state) {
    struct store_fixture *f = *state;
    const struct feed written = {
        .id = "F1",
        .url = "https://example.org/feed",
        .name = "例",
        .every_h = 6,
        .enabled = true,
        .etag = "\"a\"",
        .last_status = 304,
        .last_error = "timeout",
        .last_found = 7,
        .last_new = 3,
        .fails = 2,
        .next_ms = 99,
    };
    struct txn *txn = txn_new(f->store);
    feed_put(txn, &written);
    assert_int_equal(store_fixture_commit(f, txn), OK);
    feed_get(f->store, &f->arena, "F1", on_feed, f);
    store_fixture_wait(f);
    assert_int_equal(f->err, OK);
    assert_int_equal(feed.version, 1);
    assert_true(feed.enabled);
    assert_string_equal(feed.etag, "\"a\"");
    assert_string_equal(feed.modified, "");
    assert_int_equal(feed.last_found, 7);
    assert_int_equal(feed.last_new, 3);
    assert_int_equal(feed.next_ms, 99);
    feed_list_all(f->store, &f->arena, on_feeds, f);
    store_fixture_wait(f);
    assert_string_equal(feed.name, "例");
    txn = txn_new(f->store);
    feed_remove(txn, "F1", 1);
    assert_int_equal(store_fixture_commit(f, txn), OK);
    feed_get(f->store, &f->arena, "F1", on_feed, f);
    store_fixture_wait(f);
    assert_int_equal(f->err, ERR_NOT_FOUND);
}

static struct plan plan;

static void on_plan(void *data, enum err err, const struct plan *found) {
    struct store_fixture *f = data;
    if (found != NULL)
        plan = *found;
    f->err = err;
    f->done = true;
}

static void a_week_has_its_plan(void **state) {
    struct store_fixture *f = *state;
    char week[PLAN_WEEK_SIZE];
    /* 2026-11-22 20:00 UTC is Monday in Nanjing. */
    plan_week(1795377600000, 0, week);
    assert_string_equal(week, "2026-W47");
    plan_week(1795377600000, 480, week);
    assert_string_equal(week, "2026-W48");
    assert_int_equal(plan_week_ms("2026-W48", 480), 1795363200000);
    assert_int_equal(plan_week_ms("2025-W53", 0), -1);
    assert_int_not_equal(plan_week_ms("2026-W53", 0), -1);
    assert_int_equal(plan_week_ms("2026-W00", 0), -1);
    assert_int_equal(plan_week_ms("2026-W7", 0), -1);
    assert_int_equal(plan_week_ms("2026-W-7", 0), -1);
    assert_int_equal(plan_week_ms("", 0), -1);
    struct txn *txn = txn_new(f->store);
    plan_put(txn, &(struct plan){.week = week, .materials = "M1,M2"});
    assert_int_equal(store_fixture_commit(f, txn), OK);
    plan_get(f->store, &f->arena, week, on_plan, f);
    store_fixture_wait(f);
    assert_int_equal(plan.version, 1);
    assert_string_equal(plan.materials, "M1,M2");
    assert_string_equal(plan.quiz, "");
}

#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, store_fixture_setup,                    \
                                    store_fixture_teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(each_is_in_the_list_of_its_state),
        TEST(an_entry_is_imported_once),
        TEST(what_was_read_is_kept_once_and_forgotten),
        TEST(a_feed_keeps_what_came_of_it),
        TEST(a_week_has_its_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

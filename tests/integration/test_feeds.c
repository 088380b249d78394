/* Feeds fetched from a real server, by two processes on one store. */
#include "bot/feeds.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/feed.h"
#include "store/material.h"
#include "tests/integration/engine.h"
#include "tests/integration/feed_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS 3600000LL
/* The samples are of November 2026. */
#define NOW_MS 1795363200000LL

struct fixture {
    struct engine *engine;
    struct feed_server *server;
    struct feeds *one, *other;
    struct arena arena;
    bool done;
    enum err err;
    struct feed feed;
    struct feeds_outcome outcome;
    int64_t total;
    char titles[2048], covers[256];
};

static int setup(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));
    f->engine = engine_new(&(struct engine_options){
        .config = "[study]\nprivate_urls = yes\ntimeout = 2s\n"});
    f->engine->clock.now_ms = NOW_MS;
    f->server = feed_server_new();
    f->one = feeds_new(&f->engine->bot);
    f->other = feeds_new(&f->engine->bot);
    arena_init(&f->arena);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    feeds_free(f->one);
    feeds_free(f->other);
    engine_free(f->engine);
    feed_server_free(f->server);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

static void wait_done(struct fixture *f) {
    ENGINE_UNTIL(f->engine, f->done);
    f->done = false;
}

/* ---- what is there ------------------------------------------------------- */

static void add_feed(struct fixture *f, const char *id, const char *path) {
    struct txn *txn = txn_new(f->engine->bot.store);
    feed_put(txn, &(struct feed){.id = id,
                                 .url = feed_server_url(f->server, path),
                                 .name = "园地",
                                 .category = "权益",
                                 .every_h = 6,
                                 .enabled = true,
                                 .created_ms = 1,
                                 .next_ms = 0});
    assert_int_equal(engine_commit(f->engine, txn), OK);
}

static void on_feed(void *data, enum err err, const struct feed *feed) {
    struct fixture *f = data;
    assert_int_equal(err, OK);
    f->feed = *feed;
    f->done = true;
}

static const struct feed *get_feed(struct fixture *f, const char *id) {
    feed_get(f->engine->bot.store, &f->arena, id, on_feed, f);
    wait_done(f);
    return &f->feed;
}

static void on_materials(void *data, enum err err,
                         const struct material *materials, size_t n,
                         int64_t total) {
    struct fixture *f = data;
    assert_int_equal(err, OK);
    f->total = total;
    f->titles[0] = f->covers[0] = '\0';
    for (size_t i = 0; i < n && i < 10; i++) {
        assert_int_equal(materials[i].state, MATERIAL_NEW);
        assert_string_equal(materials[i].category, "权益");
        strcat(f->titles, materials[i].title);
        strcat(f->titles, "|");
        strcat(f->covers, materials[i].cover[0] == '\0' ? "-" : "c");
    }
    f->done = true;
}

static int64_t materials(struct fixture *f) {
    material_list_state(f->engine->bot.store, &f->arena, MATERIAL_NEW, 0, 200,
                        on_materials, f);
    wait_done(f);
    return f->total;
}

/* Both look; runs until nothing is under way. */
static void look(struct fixture *f) {
    feeds_look(f->one);
    feeds_look(f->other);
    ENGINE_UNTIL(f->engine, feeds_idle(f->one) && feeds_idle(f->other));
}

static void pass(struct fixture *f, int64_t ms) {
    clock_manual_advance(&f->engine->clock, ms);
}

static void on_fetched(void *data, enum err err,
                       const struct feeds_outcome *outcome) {
    struct fixture *f = data;
    f->err = err;
    f->outcome = *outcome;
    f->done = true;
}

static enum err fetch(struct fixture *f, const char *id) {
    feeds_fetch(f->one, id, on_fetched, f);
    wait_done(f);
    ENGINE_UNTIL(f->engine, feeds_idle(f->one));
    return f->err;
}

/* ---- the tests ----------------------------------------------------------- */

static void nothing_comes_twice(void **state) {
    struct fixture *f = *state;
    feed_server_put_sample(f->server, "/rss", "application/rss+xml", "\"v1\"",
                           NULL, "wordpress.rss");
    add_feed(f, "F1", "/rss");
    look(f);
    assert_int_equal(feed_server_asked(f->server, "/rss"), 1);
    assert_int_equal(materials(f), 2);
    assert_non_null(strstr(f->titles, "雨天骑行安全须知|"));
    const struct feed *feed = get_feed(f, "F1");
    assert_string_equal(feed->last_error, "");
    assert_int_equal(feed->last_status, 200);
    assert_int_equal(feed->last_found, 2);
    assert_int_equal(feed->last_new, 2);
    assert_string_equal(feed->etag, "\"v1\"");
    assert_int_equal(feed->next_ms, NOW_MS + 6 * HOUR_MS);
    /* Not due. */
    look(f);
    assert_int_equal(feed_server_asked(f->server, "/rss"), 1);
    /* Due, and as it was. */
    pass(f, 6 * HOUR_MS);
    look(f);
    assert_int_equal(feed_server_asked(f->server, "/rss"), 2);
    assert_int_equal(feed_server_unchanged(f->server, "/rss"), 1);
    assert_int_equal(get_feed(f, "F1")->last_status, 304);
    assert_int_equal(materials(f), 2);
    /* Another ETag with the same entries. */
    feed_server_put_sample(f->server, "/rss", "application/rss+xml", "\"v2\"",
                           NULL, "wordpress.rss");
    pass(f, 6 * HOUR_MS);
    look(f);
    assert_int_equal(feed_server_asked(f->server, "/rss"), 3);
    assert_int_equal(feed_server_unchanged(f->server, "/rss"), 1);
    assert_int_equal(get_feed(f, "F1")->last_new, 0);
    assert_int_equal(materials(f), 2);
    /* The same site by another feed. */
    feed_server_put_sample(f->server, "/again", "text/xml", NULL, NULL,
                           "wordpress.rss");
    add_feed(f, "F2", "/again");
    assert_int_equal(fetch(f, "F2"), OK);
    assert_int_equal(f->outcome.found, 2);
    assert_int_equal(f->outcome.added, 0);
    assert_int_equal(materials(f), 2);
}

static void three_formats(void **state) {
    struct fixture *f = *state;
    const char *since = "Sat, 21 Nov 2026 02:00:00 GMT";
    feed_server_put_sample(f->server, "/rss", "application/rss+xml", "\"r\"",
                           NULL, "wordpress.rss");
    feed_server_put_sample(f->server, "/atom", "application/atom+xml", NULL,
                           since, "jekyll.atom");
    feed_server_put_sample(f->server, "/json", "application/feed+json", "\"j\"",
                           since, "microblog.json");
    feed_server_put_sample(f->server, "/gbk", "text/xml", NULL, NULL,
                           "gbk.rss");
    add_feed(f, "F1", "/rss");
    add_feed(f, "F2", "/atom");
    add_feed(f, "F3", "/json");
    add_feed(f, "F4", "/gbk");
    look(f);
    assert_int_equal(materials(f), 7);
    assert_non_null(strstr(f->titles, "学习小组怎么开会|"));
    assert_non_null(strstr(f->titles, "工伤保险怎么办理 & 要带什么|"));
    assert_non_null(strstr(f->titles, "电动车充电安全|"));
    assert_string_equal(get_feed(f, "F2")->modified, since);
    pass(f, 6 * HOUR_MS);
    look(f);
    assert_int_equal(feed_server_unchanged(f->server, "/rss"), 1);
    assert_int_equal(feed_server_unchanged(f->server, "/atom"), 1);
    assert_int_equal(feed_server_unchanged(f->server, "/json"), 1);
    assert_int_equal(feed_server_asked(f->server, "/gbk"), 2);
    assert_int_equal(materials(f), 7);
}

static void expect_fault(struct fixture *f, const char *id, const char *path,
                         const char *error, int status) {
    double before =
        engine_metric("xiaofeng_feed_fetches_total{result=\"failed\"}");
    add_feed(f, id, path);
    assert_int_equal(fetch(f, id), OK);
    assert_string_equal(f->outcome.error, error);
    const struct feed *feed = get_feed(f, id);
    assert_string_equal(feed->last_error, error);
    assert_int_equal(feed->last_status, status);
    assert_int_equal(feed->fails, 1);
    assert_int_equal(feed->next_ms, NOW_MS + FEEDS_RETRY_MS);
    assert_true(
        engine_metric("xiaofeng_feed_fetches_total{result=\"failed\"}") ==
        before + 1);
}

static void what_is_no_feed_is_told(void **state) {
    struct fixture *f = *state;
    const char *page = "<!DOCTYPE html><html><body>hi</body></html>";
    const char *cut = "<rss><channel><item><title>a</title></item>";
    const char *wrong = "<?xml version='1.0' encoding='utf-8'?><rss>\xd6\xd0";
    feed_server_put(f->server, "/html", "text/html", NULL, NULL, page,
                    strlen(page));
    feed_server_put(f->server, "/cut", "text/xml", NULL, NULL, cut,
                    strlen(cut));
    feed_server_put(f->server, "/wrong", "text/xml", NULL, NULL, wrong,
                    strlen(wrong));
    feed_server_put(f->server, "/empty", "text/xml", NULL, NULL, "", 0);
    feed_server_put_sample(f->server, "/bomb", "text/xml", NULL, NULL,
                           "bomb.rss");
    expect_fault(f, "F1", "/html", "html", 200);
    expect_fault(f, "F2", "/cut", "truncated", 200);
    expect_fault(f, "F3", "/wrong", "encoding", 200);
    expect_fault(f, "F4", "/empty", "empty", 200);
    expect_fault(f, "F5", "/bomb", "entities", 200);
    expect_fault(f, "F6", "/large", "too_large", 200);
    expect_fault(f, "F7", "/drip", "timeout", 200);
    expect_fault(f, "F8", "/nowhere", "not_found", 404);
    assert_int_equal(materials(f), 0);
    assert_int_equal(fetch(f, "F99"), ERR_NOT_FOUND);
}

static void failures_are_spaced_and_forgiven(void **state) {
    struct fixture *f = *state;
    add_feed(f, "F1", "/later");
    int64_t wait = FEEDS_RETRY_MS;
    for (int i = 1; i <= 12; i++) {
        look(f);
        const struct feed *feed = get_feed(f, "F1");
        assert_int_equal(feed->fails, i);
        assert_string_equal(feed->last_error, "not_found");
        assert_int_equal(feed->next_ms, f->engine->clock.now_ms + wait);
        pass(f, wait);
        wait = 2 * wait < FEEDS_RETRY_MAX_MS ? 2 * wait : FEEDS_RETRY_MAX_MS;
    }
    feed_server_put_sample(f->server, "/later", "text/xml", NULL, NULL,
                           "gbk.rss");
    look(f);
    const struct feed *feed = get_feed(f, "F1");
    assert_int_equal(feed->fails, 0);
    assert_string_equal(feed->last_error, "");
    assert_int_equal(feed->next_ms, f->engine->clock.now_ms + 6 * HOUR_MS);
    assert_int_equal(materials(f), 1);
}

static void a_fetch_that_died_is_done_again(void **state) {
    struct fixture *f = *state;
    feed_server_put_sample(f->server, "/rss", "text/xml", NULL, NULL,
                           "wordpress.rss");
    add_feed(f, "F1", "/drip");
    feeds_look(f->one);
    /* It is announced: nobody else begins. */
    ENGINE_UNTIL(f->engine,
                 get_feed(f, "F1")->next_ms == NOW_MS + FEEDS_CLAIM_MS);
    feeds_free(f->one);
    f->one = feeds_new(&f->engine->bot);
    look(f);
    assert_int_equal(get_feed(f, "F1")->last_ms, 0);
    /* Its url is changed meanwhile: the version is another one. */
    struct feed feed = *get_feed(f, "F1");
    feed.url = feed_server_url(f->server, "/rss");
    struct txn *txn = txn_new(f->engine->bot.store);
    feed_put(txn, &feed);
    assert_int_equal(engine_commit(f->engine, txn), OK);
    look(f);
    assert_int_equal(feed_server_asked(f->server, "/rss"), 0);
    pass(f, FEEDS_CLAIM_MS);
    look(f);
    assert_int_equal(feed_server_asked(f->server, "/rss"), 1);
    assert_int_equal(materials(f), 2);
}

static void a_feed_that_is_off_is_left(void **state) {
    struct fixture *f = *state;
    feed_server_put_sample(f->server, "/rss", "text/xml", NULL, NULL,
                           "wordpress.rss");
    add_feed(f, "F1", "/rss");
    struct feed feed = *get_feed(f, "F1");
    feed.enabled = false;
    struct txn *txn = txn_new(f->engine->bot.store);
    feed_put(txn, &feed);
    assert_int_equal(engine_commit(f->engine, txn), OK);
    look(f);
    assert_int_equal(feed_server_asked(f->server, "/rss"), 0);
    assert_int_equal(fetch(f, "F1"), OK); /* when somebody says so */
    assert_int_equal(feed_server_asked(f->server, "/rss"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(nothing_comes_twice),
        TEST(three_formats),
        TEST(what_is_no_feed_is_told),
        TEST(failures_are_spaced_and_forgiven),
        TEST(a_fetch_that_died_is_done_again),
        TEST(a_feed_that_is_off_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

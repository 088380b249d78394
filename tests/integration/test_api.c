#include "base/mem.h"
#include "bot/account.h"
#include "bot/api/health.h"
#include "bot/api/metrics.h"
#include "bot/api/photo.h"
#include "bot/bot.h"
#include "bot/loop.h"
#include "bot/photo.h"
#include "store/store.h"
#include "tests/integration/net_peer.h"
#include "tests/integration/redis_server.h"

#include "base/clock.h"
#include "base/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct metric asked =
    METRIC_COUNTER("xiaofeng_test_asked_total", "Of the test.");

struct fixture {
    struct bot bot;
    struct loop loop;
    struct clock_manual clock;
    struct redis_server *redis;
    char *photo_dir;
    char *answer; /* the last one, whole */
};

static void on_store(void *data) {
    (void)data;
}

static int set_up(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));

    assert_int_equal(loop_init(&f->loop), OK);
    clock_manual_init(&f->clock, 1750000000000);
    f->bot.loop = &f->loop;
    f->bot.clock = &f->clock.clock;
    health_add_routes(&f->bot);
    metrics_add_routes(&f->bot);
    photo_add_routes(&f->bot);
    assert_int_equal(loop_listen(&f->loop, "127.0.0.1", 0, NULL, NULL), OK);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;

    store_free(f->bot.store);
    photos_free(f->bot.photos);
    loop_finish(&f->loop);
    redis_server_free(f->redis);
    free(f->photo_dir);
    free(f->answer);
    free(f);
    return 0;
}

/* The whole answer to a GET; valid until the next one. */
static const char *get(struct fixture *f, const char *path) {
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    char *request = xasprintf(
        "GET %s HTTP/1.1\r\nHost: test\r\n"
        "Connection: close\r\n\r\n",
        path);

    net_peer_says(peer, request);
    NET_UNTIL(&f->loop, peer->ended);
    free(f->answer);
    f->answer = xstrndup(peer->got.data, peer->got.len);
    net_peer_free(peer);
    free(request);
    return f->answer;
}

static void assert_has(const char *answer, const char *text) {
    if (strstr(answer, text) == NULL)
        fail_msg("no \"%s\" in: %s", text, answer);
}

static void start_store(struct fixture *f) {
    f->redis = redis_server_new(NULL);
    f->bot.store = store_new(&f->loop.uv, &(struct store_options){
                                              .url = redis_server_url(f->redis),
                                              .district = "test",
                                              .seen_ttl_ms = 60000,
                                              .on_up = on_store,
                                              .on_down = on_store,
                                          });
    assert_non_null(f->bot.store);
}

static void test_health_follows_the_store(void **state) {
    struct fixture *f = *state;
    static const char away[] = "{\"ready\":false,\"reason\":\"store\"}\n";

    assert_has(get(f, "/healthz"), "HTTP/1.1 200");
    assert_has(f->answer, "{\"alive\":true}");
    assert_has(f->answer, "application/json");
    assert_has(get(f, "/readyz"), "HTTP/1.1 503");
    assert_has(f->answer, away);

    start_store(f);
    NET_UNTIL(&f->loop, store_is_up(f->bot.store));
    assert_has(get(f, "/readyz"), "HTTP/1.1 200");
    assert_has(f->answer, "{\"ready\":true}");

    redis_server_kill(f->redis);
    NET_UNTIL(&f->loop, !store_is_up(f->bot.store));
    assert_has(get(f, "/readyz"), "HTTP/1.1 503");
    assert_has(f->answer, away);
    assert_has(get(f, "/healthz"), "HTTP/1.1 200");

    redis_server_start(f->redis);
    NET_UNTIL(&f->loop, store_is_up(f->bot.store));
    assert_has(get(f, "/readyz"), "HTTP/1.1 200");
    f->bot.stopping = true;
    assert_has(get(f, "/readyz"), "HTTP/1.1 503");
    assert_has(f->answer, "\"reason\":\"stopping\"");
}

/* The value of a metric without labels, by its whole line. */
static double value_of(const char *answer, const char *name) {
    char *start = xasprintf("\n%s ", name);
    const char *line = strstr(answer, start);
    double value = -1;

    if (line == NULL)
        fail_msg("no %s in: %s", name, answer);
    else
        value = strtod(line + strlen(start), NULL);
    free(start);
    return value;
}

static void test_metrics(void **state) {
    struct fixture *f = *state;
    struct account online = {.id = "a", .online = true};
    struct account offline = {.id = "b"};

    metric_add(&asked, 3);
    clock_manual_advance(&f->clock, 61500);
    HASH_ADD_KEYPTR(hh, f->bot.accounts, online.id, 1, &online);
    HASH_ADD_KEYPTR(hh, f->bot.accounts, offline.id, 1, &offline);
    get(f, "/metrics");
    HASH_CLEAR(hh, f->bot.accounts);

    assert_has(f->answer, "HTTP/1.1 200");
    assert_has(f->answer, "text/plain; version=0.0.4");
    assert_has(f->answer, "# TYPE xiaofeng_test_asked_total counter\n");
    assert_true(value_of(f->answer, "xiaofeng_test_asked_total") == 3);
    assert_has(f->answer,
               "\nxiaofeng_build_info{version=\"" XIAOFENG_VERSION "\"} 1\n");
    assert_true(value_of(f->answer, "xiaofeng_uptime_seconds") == 61);
    assert_true(value_of(f->answer, "process_start_time_seconds") ==
                1750000000);
    assert_true(value_of(f->answer, "process_resident_memory_bytes") > 1e6);
    assert_true(value_of(f->answer, "process_cpu_seconds_total") > 0);
    assert_true(value_of(f->answer, "xiaofeng_accounts_online") == 1);
    assert_true(value_of(f->answer, "xiaofeng_store_up") == 0);
    assert_true(value_of(f->answer, "process_max_fds") >=
                value_of(f->answer, "process_open_fds"));
}

static void test_open_files_are_counted(void **state) {
    struct fixture *f = *state;
    double before = value_of(get(f, "/metrics"), "process_open_fds");
    int fds[2];

    assert_true(before >= 3);
    assert_int_equal(pipe(fds), 0);
    assert_true(value_of(get(f, "/metrics"), "process_open_fds") == before + 2);
    close(fds[0]);
    close(fds[1]);
}

static const char id[] = "AbCdEfGhIjKlMnOpQrStU1";

/* Puts a file where photo.c looks for one. */
static void put_photo(struct fixture *f, bool thumb, const char *bytes) {
    char *path = photo_path(f->bot.photos, id, thumb);
    char *dir;
    FILE *file;

    assert_non_null(path);
    dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
    (void)mkdir(dir, 0700);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(bytes, file);
    fclose(file);
    free(dir);
    free(path);
}

static void start_photos(struct fixture *f) {
    char dir[] = "/tmp/xiaofeng-api-XXXXXX";

    assert_non_null(mkdtemp(dir));
    f->photo_dir = xstrdup(dir);
    f->bot.photos = photos_new(
        &f->loop, &(struct photo_options){
                      .dir = dir, .max_children = 1, .timeout_ms = 1000});
    assert_non_null(f->bot.photos);
    put_photo(f, false, "whole photo");
    put_photo(f, true, "its thumbnail");
}

static void remove_photos(const struct fixture *f) {
    for (int thumb = 0; thumb < 2; thumb++) {
        char *path = photo_path(f->bot.photos, id, thumb == 1);
        assert_int_equal(unlink(path), 0);
        *strrchr(path, '/') = '\0';
        if (thumb == 1)
            assert_int_equal(rmdir(path), 0);
        free(path);
    }
}

static void test_photos(void **state) {
    struct fixture *f = *state;

    start_photos(f);
    assert_has(get(f, "/photos/AbCdEfGhIjKlMnOpQrStU1"), "HTTP/1.1 200");
    assert_has(f->answer, "image/jpeg");
    assert_has(f->answer, "max-age=");
    assert_has(f->answer, "\r\n\r\nwhole photo");
    assert_has(get(f, "/photos/AbCdEfGhIjKlMnOpQrStU1/thumb"),
               "\r\n\r\nits thumbnail");
    remove_photos(f);
    assert_has(get(f, "/photos/AbCdEfGhIjKlMnOpQrStU1"), "HTTP/1.1 404");
    rmdir(f->photo_dir);
}

static void test_no_such_photos(void **state) {
    static const char *const paths[] = {
        "/photos/",
        "/photos/x",
        "/photos//thumb",
        "/photos/AbCdEfGhIjKlMnOpQrStU1/",
        "/photos/AbCdEfGhIjKlMnOpQrStU1/thumbs",
        "/photos/AbCdEfGhIjKlMnOpQrStU1/thumb/",
        "/photos/AbCdEfGhIjKlMnOpQrStU12",
        "/photos/..%2f..%2f..%2fetc%2fpasswd",
        "/photos/../../../../etc/passwd",
        "/photos/Ab%2fdEfGhIjKlMnOpQrStU1",
        "/photos/Ab..EfGhIjKlMnOpQrStU1",
        "/photos/AbCdEfGhIjKlMnOpQrSt%C3",
    };
    struct fixture *f = *state;

    assert_has(get(f, "/photos/AbCdEfGhIjKlMnOpQrStU1"), "HTTP/1.1 404");
    start_photos(f);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_null(strstr(get(f, paths[i]), "HTTP/1.1 200"));
    remove_photos(f);
    rmdir(f->photo_dir);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_health_follows_the_store), TEST(test_metrics),
        TEST(test_open_files_are_counted),   TEST(test_photos),
        TEST(test_no_such_photos),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

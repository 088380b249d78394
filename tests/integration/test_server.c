#include "base/mem.h"
#include "bot/loop.h"
#include "bot/server.h"
#include "bot/ws.h"
#include "tests/integration/net_peer.h"

#include <curl/curl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BIG_BYTES (8 * 1024 * 1024) /* more than the kernel takes at once */

struct fixture {
    struct loop loop;
    char dir[64];
    char *rest;                   /* of the last request to a handler */
    struct http_request *waiting; /* asked for, not answered */
    unsigned gone;
    char *big;
};

static char *path_in(const struct fixture *f, const char *name) {
    return xasprintf("%s/%s", f->dir, name);
}

static void write_file(const struct fixture *f, const char *name,
                       const char *bytes, size_t len) {
    char *path = path_in(f, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    free(path);
}

static void make_files(struct fixture *f) {
    static const char *const names[] = {
        "web/index.html", "web/app.js",          "web/style.css",
        "web/i.svg",      "web/app.webmanifest", "web/font.woff2",
        "web/a b.txt",    "web/sub/index.html",  "secret.txt",
        "web/.hidden",    "web/data.json",       "web/p.png",
        "web/p.jpg"};
    char *web = path_in(f, "web"), *sub = path_in(f, "web/sub");
    char *link = path_in(f, "photo.jpg");

    assert_int_equal(mkdir(web, 0700), 0);
    assert_int_equal(mkdir(sub, 0700), 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        write_file(f, names[i], names[i], strlen(names[i]));
    f->big = xmalloc(BIG_BYTES);
    for (size_t i = 0; i < BIG_BYTES; i++)
        f->big[i] = (char)('a' + i % 23);
    write_file(f, "web/big.js", f->big, BIG_BYTES);
    assert_int_equal(symlink("secret.txt", link), 0);
    free(web);
    free(sub);
    free(link);
}

static void answer_text(struct http_request *request, const char *text,
                        bool cache) {
    const struct http_answer answer = {.status = 200,
                                       .type = "text/plain",
                                       .body = text,
                                       .body_len = strlen(text),
                                       .cache = cache};

    http_answer(request, &answer);
}

static void on_exact(struct http_request *request, const char *rest,
                     void *data) {
    struct fixture *f = data;

    free(f->rest);
    f->rest = xstrdup(rest);
    answer_text(request, "exact", false);
}

static void on_prefix(struct http_request *request, const char *rest,
                      void *data) {
    struct fixture *f = data;

    free(f->rest);
    f->rest = xstrdup(rest);
    answer_text(request, "prefix", true);
}

static void on_query(struct http_request *request, const char *rest,
                     void *data) {
    char *text = xasprintf("[%s][%s][%s][%s]", http_query(request, "a"),
                           http_query(request, "b"), http_query(request, "c"),
                           http_peer(request));

    (void)rest;
    (void)data;
    answer_text(request, text, false);
    free(text);
}

static void on_gone(void *data) {
    struct fixture *f = data;

    f->gone++;
    f->waiting = NULL;
}

static void on_later(struct http_request *request, const char *rest,
                     void *data) {
    struct fixture *f = data;

    f->waiting = request;
    if (*rest)
        http_on_gone(request, on_gone, f);
}

static void on_file(struct http_request *request, const char *rest,
                    void *data) {
    char *path = path_in(data, rest);

    http_answer_file(request, path, "image/jpeg", true);
    free(path);
}

static unsigned on_accept(void *route, const struct ws_request *request,
                          void **data) {
    (void)route;
    (void)request;
    (void)data;
    return 101;
}

static void on_ws(struct ws *ws, void *data) {
    (void)ws;
    if (data)
        ++*(unsigned *)data;
}

static void on_message(struct ws *ws, void *data, const char *bytes, size_t len,
                       bool binary) {
    (void)ws;
    (void)data;
    (void)bytes;
    (void)len;
    (void)binary;
}

static const struct ws_handler ws_handler = {.accept = on_accept,
                                             .open = on_ws,
                                             .message = on_message,
                                             .close = on_ws,
                                             .max_text_bytes = 1000};

static const struct server_limits limits = {.peer_connections = 50,
                                            .request_ms = 400,
                                            .message_ms = 5000,
                                            .close_ms = 200,
                                            .ping_ms = 5000,
                                            .hangup_ms = 10000};

static void start(struct fixture *f, const char *cert, const char *key) {
    char *web = path_in(f, "web");

    assert_int_equal(loop_init(&f->loop), OK);
    server_set_limits(&f->loop, &limits);
    http_route_add(&f->loop, "/api", on_exact, f);
    http_route_add(&f->loop, "/api/", on_prefix, f);
    http_route_add(&f->loop, "/api/v1/q", on_query, f);
    http_route_add(&f->loop, "/later/", on_later, f);
    http_route_add(&f->loop, "/file/", on_file, f);
    http_static_add(&f->loop, "/chat", web);
    ws_route_add(&f->loop, "/ws", &ws_handler, f);
    assert_int_equal(loop_listen(&f->loop, "127.0.0.1", 0, cert, key), OK);
    free(web);
}

static int setup_files(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));

    *state = f;
    strcpy(f->dir, "/tmp/test_server.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    make_files(f);
    return 0;
}

static int setup(void **state) {
    setup_files(state);
    start(*state, NULL, NULL);
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char *command = xasprintf("rm -r %s", f->dir);

    loop_finish(&f->loop);
    assert_int_equal(system(command), 0);
    free(command);
    free(f->big);
    free(f->rest);
    free(f);
    return 0;
}

/* What one request got: status 0 is nothing at all. */
struct got {
    int status;
    char *head, *body;
    size_t body_len;
};

static void got_free(struct got *got) {
    free(got->head);
    free(got->body);
}

static const char *value_of(const struct got *got, const char *name) {
    static char value[512];
    const char *at = strcasestr(got->head, name);

    if (!at)
        return NULL;
    at += strlen(name);
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\r\n"), at);
    return value;
}

/* Waits for one answer, which its Content-Length ends, or for the end. */
static struct got take_answer(struct fixture *f, struct net_peer *peer) {
    struct got got = {0};
    size_t head, length = 0;
    const char *value;

    NET_UNTIL(&f->loop, net_head_end(&peer->got) || peer->ended);
    head = net_head_end(&peer->got);
    if (!head)
        return got;
    got.head = xstrndup(peer->got.data, head);
    got.status = atoi(got.head + 9);
    value = value_of(&got, "Content-Length: ");
    if (value)
        length = strtoul(value, NULL, 10);
    NET_UNTIL(&f->loop, peer->got.len >= head + length || peer->ended);
    assert_true(peer->got.len >= head + length);
    got.body = xstrndup(peer->got.data + head, length);
    got.body_len = length;
    buf_consume(&peer->got, head + length);
    return got;
}

static struct got ask_bytes(struct fixture *f, const char *bytes, size_t len) {
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    struct got got;

    net_peer_send(peer, bytes, len);
    got = take_answer(f, peer);
    net_peer_free(peer);
    return got;
}

static struct got ask(struct fixture *f, const char *method, const char *path,
                      const char *more) {
    char *request = xasprintf("%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
                              method, path, more);
    struct got got = ask_bytes(f, request, strlen(request));

    free(request);
    return got;
}

static int status_of(struct fixture *f, const char *method, const char *path,
                     const char *more) {
    struct got got = ask(f, method, path, more);

    got_free(&got);
    return got.status;
}

static void expect_body(struct fixture *f, const char *path, const char *body) {
    struct got got = ask(f, "GET", path, "");

    assert_int_equal(got.status, 200);
    assert_string_equal(got.body, body);
    got_free(&got);
}

static void the_longest_route_answers(void **state) {
    struct fixture *f = *state;

    expect_body(f, "/api", "exact");
    assert_string_equal(f->rest, "");
    expect_body(f, "/api/", "prefix");
    assert_string_equal(f->rest, "");
    expect_body(f, "/api/v1", "prefix");
    assert_string_equal(f->rest, "v1");
    expect_body(f, "/api/v1/q?x", "[][][][127.0.0.1]");
    expect_body(f, "/api/%76%31", "prefix");
    assert_string_equal(f->rest, "v1");
    assert_int_equal(status_of(f, "GET", "/", ""), 404);
    assert_int_equal(status_of(f, "GET", "/apis", ""), 404);
    assert_int_equal(status_of(f, "GET", "/ap", ""), 404);
    assert_int_equal(status_of(f, "GET", "/ws", ""), 404);
}

static void arguments_are_decoded(void **state) {
    struct fixture *f = *state;

    expect_body(f, "/api/v1/q?a=1&b=%E5%B0%8F%E8%9C%82&c=x+y%26z%3D",
                "[1][小蜂][x y&z=][127.0.0.1]");
    expect_body(f, "/api/v1/q?aa=1&b&c=", "[][][][127.0.0.1]");
    expect_body(f, "/api/v1/q?&&b=2&=&a", "[][2][][127.0.0.1]");
}

static void every_answer_is_guarded(void **state) {
    static const char *const paths[] = {"/api", "/api/x", "/nothing", "/chat"};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct got got = ask(f, "GET", paths[i], "");

        assert_non_null(value_of(&got, "Content-Security-Policy: "));
        assert_string_equal(
            value_of(&got, "Content-Security-Policy: "),
            "default-src 'self'; img-src 'self' blob: data:; "
            "style-src 'self'; script-src 'self'; connect-src 'self' ws: wss:; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
        assert_string_equal(value_of(&got, "X-Content-Type-Options: "),
                            "nosniff");
        assert_string_equal(value_of(&got, "Referrer-Policy: "), "no-referrer");
        assert_string_equal(value_of(&got, "Cache-Control: "),
                            i == 1   ? "public, max-age=31536000, immutable"
                            : i == 3 ? "no-cache"
                                     : "no-store");
        got_free(&got);
    }
}

static void other_methods_are_refused(void **state) {
    static const char *const methods[] = {"HEAD",   "POST",    "PUT",
                                          "DELETE", "OPTIONS", "PATCH"};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
        char *request =
            xasprintf("%s /api HTTP/1.1\r\nHost: a\r\n\r\n", methods[i]);

        net_peer_says(peer, request);
        NET_UNTIL(&f->loop, net_head_end(&peer->got));
        assert_memory_equal(peer->got.data, "HTTP/1.1 405 ", 13);
        assert_non_null(strstr(peer->got.data, "\r\nAllow: GET\r\n"));
        /* An answer to HEAD has no body. */
        net_run_for(&f->loop, 20);
        if (i == 0)
            assert_int_equal(peer->got.len, net_head_end(&peer->got));
        free(request);
        net_peer_free(peer);
    }
    assert_null(f->rest);
}

static void bodies_are_refused(void **state) {
    struct fixture *f = *state;

    assert_int_equal(
        status_of(f, "POST", "/api",
                  "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"),
        411);
    assert_int_equal(
        status_of(f, "GET", "/api", "Transfer-Encoding: chunked\r\n"), 411);
    assert_int_equal(
        status_of(f, "POST", "/api", "Content-Length: 5\r\n\r\nhel"), 405);
    assert_int_equal(
        status_of(f, "GET", "/api", "Content-Length: 5\r\n\r\nhello"), 400);
    assert_int_equal(status_of(f, "GET", "/api", "Content-Length: x\r\n"), 400);
    assert_int_equal(status_of(f, "GET", "/api", "Content-Length: 0\r\n"), 200);
    free(f->rest);
    f->rest = NULL;
    assert_int_equal(status_of(f, "POST", "/api",
                               "Content-Length: 99999999999999999999\r\n"),
                     405);
    assert_null(f->rest);
}

static void a_large_body_does_not_drown_the_refusal(void **state) {
    struct fixture *f = *state;
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    struct got got;

    net_peer_says(peer,
                  "POST /api HTTP/1.1\r\nHost: a\r\n"
                  "Content-Length: 8388608\r\n\r\n");
    net_peer_send(peer, f->big, BIG_BYTES);
    got = take_answer(f, peer);
    assert_int_equal(got.status, 405);
    got_free(&got);
    NET_UNTIL(&f->loop, peer->ended);
    net_peer_free(peer);
}

static void static_files_have_their_types(void **state) {
    static const struct {
        const char *path, *body, *type;
    } files[] = {
        {"/chat", "web/index.html", "text/html; charset=utf-8"},
        {"/chat/", "web/index.html", "text/html; charset=utf-8"},
        {"/chat/index.html", "web/index.html", "text/html; charset=utf-8"},
        {"/chat?a=b", "web/index.html", "text/html; charset=utf-8"},
        {"/chat/app.js", "web/app.js", "text/javascript; charset=utf-8"},
        {"/chat/style.css", "web/style.css", "text/css; charset=utf-8"},
        {"/chat/i.svg", "web/i.svg", "image/svg+xml"},
        {"/chat/p.png", "web/p.png", "image/png"},
        {"/chat/p.jpg", "web/p.jpg", "image/jpeg"},
        {"/chat/data.json", "web/data.json", "application/json"},
        {"/chat/app.webmanifest", "web/app.webmanifest",
         "application/manifest+json"},
        {"/chat/font.woff2", "web/font.woff2", "font/woff2"},
        {"/chat/a%20b.txt", "web/a b.txt", "text/plain; charset=utf-8"},
        {"/chat/sub", "web/sub/index.html", "text/html; charset=utf-8"},
        {"/chat/sub/", "web/sub/index.html", "text/html; charset=utf-8"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct got got = ask(f, "GET", files[i].path, "");

        assert_int_equal(got.status, 200);
        assert_string_equal(got.body, files[i].body);
        assert_string_equal(value_of(&got, "Content-Type: "), files[i].type);
        got_free(&got);
    }
}

static void nothing_else_can_be_named(void **state) {
    static const char *const paths[] = {
        "/chat/../secret.txt",
        "/chat/..%2fsecret.txt",
        "/chat/%2e%2e/secret.txt",
        "/chat/%2e%2e%2fsecret.txt",
        "/chat/....//secret.txt",
        "/chat/sub/../../secret.txt",
        "/chat//etc/passwd",
        "/chat/%2fetc/passwd",
        "/chat/.hidden",
        "/chat/app.js/",
        "/chat/app.js%00.html",
        "/chat/..\\secret.txt",
        "/chat/APP.JS",
        "/secret.txt",
        "/chat/none",
        "/file/none.jpg",
        "/file/photo.jpg", /* a link */
        "/file/web",       /* a directory */
        "/%",
        "/%zz",
        "/chat/%ff%fe",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        int status = status_of(f, "GET", paths[i], "");

        /* 0: the library hung up on what is not even a path */
        assert_true(status == 0 || status == 400 || status == 403 ||
                    status == 404);
    }
}

static void a_known_file_is_not_sent_again(void **state) {
    struct fixture *f = *state;
    struct got got = ask(f, "GET", "/chat/app.js", "");
    char *header = xasprintf("If-None-Match: %s\r\n", value_of(&got, "ETag: "));
    struct got again = ask(f, "GET", "/chat/app.js", header);

    assert_int_equal(again.status, 304);
    assert_null(value_of(&again, "Content-Length: "));
    assert_non_null(value_of(&again, "ETag: "));
    got_free(&again);
    write_file(f, "web/app.js", "changed", 7);
    again = ask(f, "GET", "/chat/app.js", header);
    assert_int_equal(again.status, 200);
    assert_string_equal(again.body, "changed");
    got_free(&again);
    got_free(&got);
    free(header);
}

static void a_large_file_arrives_whole_at_a_slow_reader(void **state) {
    struct fixture *f = *state;
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    struct got got;

    net_peer_says(peer, "GET /chat/big.js HTTP/1.1\r\nHost: a\r\n\r\n");
    net_peer_pause(peer, true);
    /* longer than a request may take to arrive */
    net_run_for(&f->loop, 600);
    net_peer_pause(peer, false);
    got = take_answer(f, peer);
    assert_int_equal(got.status, 200);
    assert_int_equal(got.body_len, BIG_BYTES);
    assert_memory_equal(got.body, f->big, BIG_BYTES);
    got_free(&got);
    /* and the connection goes on */
    net_peer_says(peer, "GET /api HTTP/1.1\r\nHost: a\r\n\r\n");
    got = take_answer(f, peer);
    assert_int_equal(got.status, 200);
    got_free(&got);
    net_peer_free(peer);
}

static void requests_follow_each_other(void **state) {
    struct fixture *f = *state;
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    static const char *const bodies[] = {"exact", "web/app.js", "prefix"};
    struct got got;

    net_peer_says(peer,
                  "GET /api HTTP/1.1\r\nHost: a\r\n\r\n"
                  "GET /chat/app.js HTTP/1.1\r\nHost: a\r\n\r\n"
                  "GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n");
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        got = take_answer(f, peer);
        assert_int_equal(got.status, 200);
        assert_string_equal(got.body, bodies[i]);
        got_free(&got);
    }
    assert_false(peer->ended);
    net_peer_says(peer,
                  "GET /api HTTP/1.1\r\nHost: a\r\n"
                  "Connection: close\r\n\r\n");
    got = take_answer(f, peer);
    assert_int_equal(got.status, 200);
    got_free(&got);
    NET_UNTIL(&f->loop, peer->ended);
    net_peer_free(peer);
    got = ask_bytes(f, "GET /api HTTP/1.0\r\n\r\n", 21);
    assert_int_equal(got.status, 200);
    got_free(&got);
}

static void an_answer_may_come_later(void **state) {
    struct fixture *f = *state;
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    struct got got;

    net_peer_says(peer,
                  "GET /later/ HTTP/1.1\r\nHost: a\r\n\r\n"
                  "GET /api HTTP/1.1\r\nHost: a\r\n\r\n");
    NET_UNTIL(&f->loop, f->waiting);
    net_run_for(&f->loop, 50);
    assert_int_equal(peer->got.len, 0);
    answer_text(f->waiting, "at last", false);
    got = take_answer(f, peer);
    assert_string_equal(got.body, "at last");
    got_free(&got);
    got = take_answer(f, peer);
    assert_string_equal(got.body, "exact");
    got_free(&got);
    net_peer_free(peer);
}

static void a_client_may_go_before_its_answer(void **state) {
    struct fixture *f = *state;
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));

    net_peer_says(peer, "GET /later/told HTTP/1.1\r\nHost: a\r\n\r\n");
    NET_UNTIL(&f->loop, f->waiting);
    net_peer_reset(peer);
    NET_UNTIL(&f->loop, f->gone == 1);
    assert_null(f->waiting);
    /* nobody asked to be told: the answer is dropped */
    peer = net_peer_new(&f->loop, loop_port(&f->loop));
    net_peer_says(peer, "GET /later/ HTTP/1.1\r\nHost: a\r\n\r\n");
    NET_UNTIL(&f->loop, f->waiting);
    NET_UNTIL(&f->loop, peer->ended); /* by the deadline */
    answer_text(f->waiting, "to nobody", false);
    net_peer_free(peer);
    /* one that is never answered is freed with the loop */
    peer = net_peer_new(&f->loop, loop_port(&f->loop));
    f->waiting = NULL;
    net_peer_says(peer, "GET /later/ HTTP/1.1\r\nHost: a\r\n\r\n");
    NET_UNTIL(&f->loop, f->waiting);
    net_peer_free(peer);
    /* and one for a file that goes at once */
    peer = net_peer_new(&f->loop, loop_port(&f->loop));
    net_peer_says(peer, "GET /chat/big.js HTTP/1.1\r\nHost: a\r\n\r\n");
    uv_run(&f->loop.uv, UV_RUN_NOWAIT);
    net_peer_reset(peer);
}

/* Sends a byte every few milliseconds until the server has had enough. */
static void drip(struct fixture *f, const char *text, const char *more) {
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    uint64_t begun = uv_hrtime();

    net_peer_says(peer, text);
    while (!peer->ended) {
        net_peer_says(peer, more);
        net_run_for(&f->loop, 20);
        assert_true(uv_hrtime() - begun < 5000000000);
    }
    net_peer_free(peer);
}

static void what_drips_in_is_cut_off(void **state) {
    struct fixture *f = *state;

    drip(f, "", "");
    drip(f, "GET ", "a");
    drip(f, "GET /api HTTP/1.1\r\nX: ", "a");
    drip(f, "GET /api HTTP/1.1\r\n", "A: b\r\n");
    drip(f, "GET /api HTTP/1.1\r\nHost: a\r\n\r\n", "G");
}

static void garbage_is_survived(void **state) {
    static const struct {
        const char *bytes;
        size_t len;
    } garbage[] = {
        {"\r\n\r\n", 4},
        {"\0\0\0\0", 4},
        {"GET\r\n\r\n", 7},
        {"GET api HTTP/1.1\r\n\r\n", 20},
        {"GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n", 36},
        {"FROB / HTTP/1.1\r\n\r\n", 19},
        {"GET / HTTP/9.9\r\nHost\r\n: x\r\n\r\n", 30},
        {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 33},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11},
        {"GET / HTTP/1.1\r\nGET /api HTTP/1.1\r\n\r\n", 37},
        {"GET /api HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 39},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 31},
        {"GET /api HTTP/1.1\nHost: a\n\n", 27},
    };
    struct fixture *f = *state;
    char *long_one = xmalloc(100001);
    struct got got;

    for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
        struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));

        net_peer_send(peer, garbage[i].bytes, garbage[i].len);
        NET_UNTIL(&f->loop, peer->ended || net_head_end(&peer->got));
        net_peer_free(peer);
    }
    /* too much of everything */
    memset(long_one, 'a', 100000);
    long_one[100000] = '\0';
    assert_true(status_of(f, "GET", long_one, "") != 200);
    memcpy(long_one, "X: ", 3);
    memcpy(long_one + 99998, "\r\n", 2);
    assert_true(status_of(f, "GET", "/api", long_one) != 200);
    for (size_t i = 0; i < 100000; i += 100)
        memcpy(long_one + i, "Abcdefgh: i\r\n", 13);
    got = ask(f, "GET", "/api", long_one);
    got_free(&got);
    free(long_one);
    expect_body(f, "/api", "exact");
}

static void wrong_settings_are_told(void **state) {
    struct fixture *f = *state;
    struct loop other;

    assert_int_equal(loop_init(&other), OK);
    assert_int_equal(
        loop_listen(&other, "127.0.0.1", loop_port(&f->loop), NULL, NULL),
        ERR_IO);
    assert_int_equal(loop_listen(&other, "192.0.2.1", 0, NULL, NULL), ERR_IO);
    assert_int_equal(loop_listen(&other, "127.0.0.1", 0, "cert.pem", NULL),
                     ERR_INVALID);
    assert_int_equal(
        loop_listen(&other, "127.0.0.1", 0, "/none.pem", "/none.pem"), ERR_IO);
    assert_int_equal(loop_port(&other), 0);
    assert_int_equal(loop_listen(&other, NULL, 0, NULL, NULL), OK);
    assert_true(loop_port(&other) > 0);
    assert_int_equal(loop_listen(&other, NULL, 0, NULL, NULL), ERR_STATE);
    loop_finish(&other);
}

static void on_timeout(uv_timer_t *timer) {
    loop_stop(timer->data);
}

static void it_runs_until_stopped(void **state) {
    struct fixture *f = *state;
    uv_timer_t timer;

    uv_timer_init(&f->loop.uv, &timer);
    timer.data = &f->loop;
    uv_timer_start(&timer, on_timeout, 10, 0);
    loop_run(&f->loop);
    assert_false(uv_is_active((uv_handle_t *)&timer));
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&f->loop.uv, UV_RUN_NOWAIT);
}

/* A client with TLS, in a thread of its own. */
struct download {
    char url[64];
    char *cert;
    CURLcode result;
    long status;
    struct buf body;
    uv_async_t done;
    bool is_done;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *data) {
    struct download *download = data;

    buf_add(&download->body, bytes, size * n);
    return size * n;
}

static void *do_download(void *data) {
    struct download *download = data;
    CURL *curl = curl_easy_init();

    curl_easy_setopt(curl, CURLOPT_URL, download->url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, download->cert);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, download);
    download->result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &download->status);
    curl_easy_cleanup(curl);
    uv_async_send(&download->done);
    return NULL;
}

static void on_done(uv_async_t *async) {
    ((struct download *)async->data)->is_done = true;
}

static void make_certificate(struct fixture *f) {
    char *command = xasprintf(
        "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem "
        "-out cert.pem -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost 2>/dev/null",
        f->dir);

    assert_int_equal(system(command), 0);
    free(command);
}

static void tls_carries_all_of_it(void **state) {
    static const struct ws_handler counting = {.open = on_ws,
                                               .message = on_message,
                                               .close = on_ws,
                                               .max_text_bytes = 10};
    struct fixture *f = *state;
    struct download download = {0};
    char url[64];
    struct ws_client_options options = {.url = url, .retry_ms = 20};
    struct ws_client *client;
    unsigned opened = 0;
    pthread_t thread;
    char *cert, *key;

    make_certificate(f);
    cert = path_in(f, "cert.pem");
    key = path_in(f, "key.pem");
    start(f, cert, key);
    snprintf(download.url, sizeof(download.url),
             "https://localhost:%d/chat/big.js", loop_port(&f->loop));
    download.cert = cert;
    uv_async_init(&f->loop.uv, &download.done, on_done);
    download.done.data = &download;
    assert_int_equal(pthread_create(&thread, NULL, do_download, &download), 0);
    NET_UNTIL(&f->loop, download.is_done);
    pthread_join(thread, NULL);
    uv_close((uv_handle_t *)&download.done, NULL);
    uv_run(&f->loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(download.result, CURLE_OK);
    assert_int_equal(download.status, 200);
    assert_int_equal(download.body.len, BIG_BYTES);
    assert_memory_equal(download.body.data, f->big, BIG_BYTES);
    buf_finish(&download.body);
    /* Our own client checks the certificate: it does not know this one yet. */
    snprintf(url, sizeof(url), "wss://localhost:%d/ws", loop_port(&f->loop));
    client = ws_client_new(&f->loop, &options, &counting, &opened);
    net_run_for(&f->loop, 300);
    assert_int_equal(opened, 0);
    ws_client_free(client);
    /* Plain text is not for this port, and a silent one is cut off. */
    assert_int_equal(status_of(f, "GET", "/api", ""), 0);
    drip(f, "\x16\x03\x01", "");
    free(cert);
    free(key);
}

static void tls_clients_connect_to_a_known_name(void **state) {
    static const struct ws_handler counting = {.open = on_ws,
                                               .message = on_message,
                                               .close = on_ws,
                                               .max_text_bytes = 10};
    struct fixture *f = *state;
    char url[64];
    struct ws_client_options options = {.url = url, .retry_ms = 20};
    struct ws_client *client;
    unsigned opened = 0;
    char *cert, *key;

    make_certificate(f);
    cert = path_in(f, "cert.pem");
    key = path_in(f, "key.pem");
    setenv("SSL_CERT_FILE", cert, 1);
    start(f, cert, key);
    snprintf(url, sizeof(url), "wss://localhost:%d/ws", loop_port(&f->loop));
    client = ws_client_new(&f->loop, &options, &counting, &opened);
    NET_UNTIL(&f->loop, opened == 1);
    ws_client_free(client);
    /* The same server by a name that is not in its certificate. */
    opened = 0;
    snprintf(url, sizeof(url), "wss://127.0.0.1:%d/ws", loop_port(&f->loop));
    client = ws_client_new(&f->loop, &options, &counting, &opened);
    net_run_for(&f->loop, 300);
    assert_int_equal(opened, 0);
    ws_client_free(client);
    unsetenv("SSL_CERT_FILE");
    free(cert);
    free(key);
}

int main(void) {
#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define TLS_TEST(f) cmocka_unit_test_setup_teardown(f, setup_files, teardown)
    const struct CMUnitTest tests[] = {
        SERVER_TEST(the_longest_route_answers),
        SERVER_TEST(arguments_are_decoded),
        SERVER_TEST(every_answer_is_guarded),
        SERVER_TEST(other_methods_are_refused),
        SERVER_TEST(bodies_are_refused),
        SERVER_TEST(a_large_body_does_not_drown_the_refusal),
        SERVER_TEST(static_files_have_their_types),
        SERVER_TEST(nothing_else_can_be_named),
        SERVER_TEST(a_known_file_is_not_sent_again),
        SERVER_TEST(a_large_file_arrives_whole_at_a_slow_reader),
        SERVER_TEST(requests_follow_each_other),
        SERVER_TEST(an_answer_may_come_later),
        SERVER_TEST(a_client_may_go_before_its_answer),
        SERVER_TEST(what_drips_in_is_cut_off),
        SERVER_TEST(garbage_is_survived),
        SERVER_TEST(wrong_settings_are_told),
        SERVER_TEST(it_runs_until_stopped),
        TLS_TEST(tls_carries_all_of_it),
        TLS_TEST(tls_clients_connect_to_a_known_name),
    };
    int failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}

/* Requests with bodies, and answers with headers of their own: what the trees
 * of bot/server.h take. */
#include "base/mem.h"
#include "bot/loop.h"
#include "bot/server.h"
#include "tests/integration/net_peer.h"

#include <curl/curl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SMALL_BYTES 1000
#define PHOTO_BYTES (10 * 1024 * 1024)

struct fixture {
    struct loop loop;
    char dir[64];
    unsigned handled, gone;
    struct http_request *waiting;
    char *said; /* what the last answer told of its request */
    size_t body_len;
    uint64_t body_sum;
};

static uint64_t sum_of(const char *bytes, size_t len) {
    uint64_t sum = 1469598103934665603U;

    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)bytes[i]) * 1099511628211U;
    return sum;
}

static unsigned admit(struct http_request *request, const char *rest,
                      size_t body_bytes, void *data) {
    (void)data;
    if (strcmp(rest, "photos") == 0)
        return body_bytes > PHOTO_BYTES ? 413 : 0;
    if (strcmp(rest, "secret") == 0 &&
        http_field(request, HTTP_AUTHORIZATION)[0] == '\0')
        return 401;
    return body_bytes > SMALL_BYTES ? 413 : 0;
}

static void refuse(struct http_request *request, unsigned status, void *data) {
    static const struct http_header retry = {"Retry-After", "7\r\nEvil: 1"};
    char *text = xasprintf("refused %u", status);

    (void)data;
    http_answer(request, &(struct http_answer){.status = status,
                                               .type = "text/x-refused",
                                               .body = text,
                                               .body_len = strlen(text),
                                               .headers = &retry,
                                               .n_headers = 1});
    free(text);
}

static void answer(struct http_request *request, unsigned status,
                   const char *text) {
    static const struct http_header headers[] = {
        {"Set-Cookie", "a=b; HttpOnly"},
        {"ETag", "\"v1\""},
        {"Content-Disposition", "attachment; filename=\"x.csv\""}};

    http_answer(request, &(struct http_answer){.status = status,
                                               .type = "text/plain",
                                               .body = text,
                                               .body_len = strlen(text),
                                               .headers = headers,
                                               .n_headers = 3});
}

static void on_gone(void *data) {
    struct fixture *f = data;

    f->gone++;
    f->waiting = NULL;
}

static void on_tree(struct http_request *request, const char *rest,
                    void *data) {
    struct fixture *f = data;
    const char *body = http_body(request, &f->body_len);

    f->handled++;
    f->body_sum = sum_of(body, f->body_len);
    free(f->said);
    f->said = xasprintf(
        "%s %s [%s] %zu %s %s %s %s %s %s %s %s",
        http_method_names[http_method(request)], rest, http_query(request, "q"),
        f->body_len, f->body_len < 100 ? body : "",
        http_field(request, HTTP_AUTHORIZATION),
        http_field(request, HTTP_COOKIE), http_field(request, HTTP_CSRF_TOKEN),
        http_field(request, HTTP_IDEMPOTENCY_KEY),
        http_field(request, HTTP_IF_NONE_MATCH),
        http_field(request, HTTP_CONTENT_TYPE),
        http_field(request, HTTP_ORIGIN));
    if (strcmp(rest, "later") == 0)
        f->waiting = request;
    else if (strcmp(rest, "told") == 0)
        http_on_gone(f->waiting = request, on_gone, f);
    else if (strcmp(rest, "empty") == 0)
        http_answer(request, &(struct http_answer){.status = 204});
    else
        answer(request, 200, f->said);
}

static void on_get(struct http_request *request, const char *rest, void *data) {
    (void)rest;
    (void)data;
    answer(request, 200, "get");
}

static const struct server_limits limits = {.peer_connections = 200,
                                            .request_ms = 400,
                                            .message_ms = 5000,
                                            .close_ms = 200,
                                            .ping_ms = 5000,
                                            .hangup_ms = 10000};

static void start(struct fixture *f, const char *cert, const char *key) {
    const struct http_tree tree = {
        .handler = on_tree, .admit = admit, .refuse = refuse, .data = f};
    const struct http_tree bare = {.handler = on_tree, .data = f};

    assert_int_equal(loop_init(&f->loop), OK);
    server_set_limits(&f->loop, &limits);
    http_tree_add(&f->loop, "/api/v1/", &tree);
    http_tree_add(&f->loop, "/bare/", &bare);
    http_route_add(&f->loop, "/get", on_get, f);
    assert_int_equal(loop_listen(&f->loop, "127.0.0.1", 0, cert, key), OK);
}

static int setup_dir(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));

    *state = f;
    strcpy(f->dir, "/tmp/test_body.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    return 0;
}

static int setup(void **state) {
    setup_dir(state);
    start(*state, NULL, NULL);
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char *command = xasprintf("rm -r %s", f->dir);

    loop_finish(&f->loop);
    assert_int_equal(system(command), 0);
    free(command);
    free(f->said);
    free(f);
    return 0;
}

/* ---- one request, one answer ---- */

/* The whole of the next answer; NULL when the connection ended without one. */
static char *take(struct fixture *f, struct net_peer *peer, bool bodiless) {
    size_t head, length = 0;
    const char *at;
    char *text;

    NET_UNTIL(&f->loop, net_head_end(&peer->got) || peer->ended);
    head = net_head_end(&peer->got);
    if (!head)
        return NULL;
    at = strcasestr(peer->got.data, "\r\nContent-Length: ");
    if (at && at < peer->got.data + head && !bodiless)
        length = strtoul(at + 18, NULL, 10);
    NET_UNTIL(&f->loop, peer->got.len >= head + length || peer->ended);
    text = xstrndup(peer->got.data, head + length);
    buf_consume(&peer->got, head + length);
    return text;
}

static char *ask(struct fixture *f, const char *bytes) {
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    char *text;

    net_peer_says(peer, bytes);
    text = take(f, peer, strncmp(bytes, "HEAD", 4) == 0);
    net_peer_free(peer);
    return text;
}

static void expect(struct fixture *f, const char *bytes, const char *status,
                   const char *text) {
    char *got = ask(f, bytes);

    if (!got || !strstr(got, status) || !strstr(got, text))
        fail_msg("not \"%s\" and \"%s\" to \"%s\": %s", status, text, bytes,
                 got ? got : "(nothing)");
    free(got);
}

#define HOST " HTTP/1.1\r\nHost: a\r\n"

static void each_method_comes_to_the_tree(void **state) {
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    struct fixture *f = *state;

    expect(f, "GET /api/v1/x?q=%E5%B0%8F" HOST "\r\n", "200 OK",
           "GET x [小] 0 ");
    expect(f, "DELETE /api/v1/x/y" HOST "\r\n", "200 OK", "DELETE x/y [] 0 ");
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        char *with = xasprintf("%s /api/v1/x" HOST
                               "Content-Length: 5\r\n\r\n"
                               "hello",
                               methods[i]);
        char *without = xasprintf(
            "%s /api/v1/x" HOST "Content-Length: 0\r\n\r\n", methods[i]);
        char *said = xasprintf("\r\n\r\n%s x [] 5 hello ", methods[i]);
        char *empty = xasprintf("\r\n\r\n%s x [] 0 ", methods[i]);

        expect(f, with, "200 OK", said);
        expect(f, without, "200 OK", empty);
        free(with);
        free(without);
        free(said);
        free(empty);
    }
    expect(f, "GET /api/v1/x" HOST "Content-Length: 2\r\n\r\nhi", "200 OK",
           "GET x [] 2 hi");
    expect(f, "OPTIONS /api/v1/x" HOST "\r\n", "405 ", "refused 405");
    /* Without a body, but with its length. */
    char *got = ask(f, "HEAD /api/v1/x" HOST "\r\n");
    assert_non_null(strstr(got, "200 OK"));
    assert_non_null(strstr(got, "Content-Length: "));
    assert_memory_equal(f->said, "HEAD x", 6);
    free(got);
}

static void fields_are_given(void **state) {
    struct fixture *f = *state;

    expect(f,
           "POST /api/v1/x" HOST
           "Authorization: Bearer xf_1\r\n"
           "Cookie: c=1; d=2\r\nX-CSRF-Token: t0k\r\n"
           "idempotency-KEY: k1\r\nIf-None-Match: \"v3\"\r\n"
           "Content-Type: application/json\r\nOrigin: https://a\r\n"
           "Content-Length: 2\r\n\r\n{}",
           "200 OK",
           "POST x [] 2 {} Bearer xf_1 c=1; d=2 t0k k1 \"v3\" application/json "
           "https://a");
}

static void answers_carry_their_headers(void **state) {
    struct fixture *f = *state;
    char *got;

    expect(f, "GET /api/v1/x" HOST "\r\n", "\r\nSet-Cookie: a=b; HttpOnly\r\n",
           "\r\nETag: \"v1\"\r\nContent-Disposition: attachment");
    expect(f, "GET /api/v1/x" HOST "\r\n", "\r\nCache-Control: no-store\r\n",
           "\r\nContent-Security-Policy: default-src 'self'");
    got = ask(f, "GET /api/v1/empty" HOST "\r\n");
    assert_non_null(strstr(got, "HTTP/1.1 204 No Content"));
    assert_null(strstr(got, "Content-Length"));
    assert_null(strstr(got, "\r\nContent-Type"));
    free(got);
    /* A value cannot begin a line. */
    got = ask(f, "OPTIONS /api/v1/x" HOST "\r\n");
    assert_non_null(strstr(got, "\r\nRetry-After: 7Evil: 1\r\n"));
    free(got);
}

static void what_cannot_be_read_is_refused(void **state) {
    static const struct {
        const char *request, *status;
    } cases[] = {
        {"POST /api/v1/x" HOST "\r\n", "411 "},
        {"PUT /api/v1/x" HOST "\r\n", "411 "},
        {"PATCH /api/v1/x" HOST "\r\n", "411 "},
        {"POST /api/v1/x" HOST "Transfer-Encoding: chunked\r\n\r\n"
         "5\r\nhello\r\n0\r\n\r\n",
         "411 "},
        {"POST /api/v1/x" HOST "Transfer-Encoding: chunked\r\n"
         "Content-Length: 5\r\n\r\nhello",
         "411 "},
        {"GET /api/v1/x" HOST "Transfer-Encoding: chunked\r\n\r\n", "411 "},
        {"POST /api/v1/x" HOST "Content-Length: x\r\n\r\n", "400 "},
        {"POST /api/v1/x" HOST "Content-Length: -5\r\n\r\nhello", "400 "},
        {"POST /api/v1/x" HOST "Content-Length: +5\r\n\r\nhello", "400 "},
        {"POST /api/v1/x" HOST "Content-Length: 5 5\r\n\r\nhello", "400 "},
        {"POST /api/v1/x" HOST "Content-Length: 5\r\n"
         "Content-Length: 6\r\n\r\nhello!",
         "400 "},
        {"POST /api/v1/x" HOST "Content-Length: 99999999999999999999\r\n\r\n",
         "413 "},
        {"POST /api/v1/x" HOST "Content-Length: 1001\r\n\r\n", "413 "},
        {"POST /api/v1/photos" HOST "Content-Length: 10485761\r\n\r\n", "413 "},
        {"DELETE /api/v1/x" HOST "Content-Length: 1001\r\n\r\n", "413 "},
        {"POST /api/v1/secret" HOST "Content-Length: 5\r\n\r\nhello", "401 "},
        {"POST /api/v1/a%5Cb" HOST "Content-Length: 5\r\n\r\nhello", "400 "},
        {"POST /bare/x" HOST "Content-Length: 5\r\n\r\nhello", "413 "},
        {"POST /get" HOST "Content-Length: 5\r\n\r\nhello", "405 "},
        {"POST /nothing" HOST "Content-Length: 5\r\n\r\nhello", "405 "},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect(f, cases[i].request, cases[i].status, "Connection: close");
    assert_int_equal(f->handled, 0);
}

static void the_refusal_of_a_large_body_is_heard(void **state) {
    struct fixture *f = *state;
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    char *bytes = xcalloc(1, PHOTO_BYTES);
    char *got;

    net_peer_says(peer, "POST /api/v1/photos" HOST
                        "Content-Length: 10485761\r\n\r\n");
    net_peer_send(peer, bytes, PHOTO_BYTES);
    got = take(f, peer, false);
    assert_non_null(strstr(got, " 413 "));
    assert_non_null(strstr(got, "refused 413"));
    NET_UNTIL(&f->loop, peer->ended);
    net_peer_free(peer);
    free(got);
    free(bytes);
}

/* ---- the life of a body ---- */

static void a_body_may_come_in_pieces(void **state) {
    static const char request[] =
        "POST /api/v1/x" HOST "Content-Length: 11\r\n\r\nhello there";
    struct fixture *f = *state;
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));

    /* Cut at each place, one after the other over one connection. */
    for (size_t cut = 1; cut < sizeof(request) - 1; cut++) {
        unsigned before = f->handled;
        char *got;

        net_peer_send(peer, request, cut);
        net_run_for(&f->loop, 1);
        assert_int_equal(f->handled, before);
        net_peer_send(peer, request + cut, sizeof(request) - 1 - cut);
        got = take(f, peer, false);
        assert_non_null(got);
        assert_non_null(strstr(got, "POST x [] 11 hello there"));
        free(got);
    }
    net_peer_free(peer);
}

static void drip(struct fixture *f, const char *head, const char *more) {
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
    uint64_t begun = uv_hrtime();

    net_peer_says(peer, head);
    while (!peer->ended) {
        net_peer_says(peer, more);
        net_run_for(&f->loop, 20);
        assert_true(uv_hrtime() - begun < 5000000000);
    }
    assert_int_equal(peer->got.len, 0);
    net_peer_free(peer);
}

static void what_drips_in_is_cut_off(void **state) {
    struct fixture *f = *state;

    drip(f, "POST /api/v1/x" HOST "Content-Length: 1000\r\n\r\n", "a");
    drip(f, "POST /api/v1/x" HOST "Content-Length: 1000\r\n\r\n", "");
    assert_int_equal(f->handled, 0);
}

static void a_client_may_leave(void **state) {
    struct fixture *f = *state;
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));

    net_peer_says(peer,
                  "POST /api/v1/x" HOST "Content-Length: 100\r\n\r\nhalf");
    net_run_for(&f->loop, 20);
    net_peer_reset(peer);
    net_run_for(&f->loop, 20);
    assert_int_equal(f->handled, 0);
    peer = net_peer_new(&f->loop, loop_port(&f->loop));
    net_peer_says(peer, "POST /api/v1/told" HOST "Content-Length: 1\r\n\r\nx");
    NET_UNTIL(&f->loop, f->waiting);
    net_peer_reset(peer);
    NET_UNTIL(&f->loop, f->gone == 1);
    peer = net_peer_new(&f->loop, loop_port(&f->loop));
    net_peer_says(peer, "POST /api/v1/later" HOST "Content-Length: 1\r\n\r\nx");
    NET_UNTIL(&f->loop, f->waiting);
    NET_UNTIL(&f->loop, peer->ended); /* by the deadline */
    answer(f->waiting, 200, "to nobody");
    net_peer_free(peer);
}

static void an_answer_may_come_later(void **state) {
    struct fixture *f = *state;
    struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));

    for (int i = 0; i < 3; i++) {
        char *got;

        f->waiting = NULL;
        net_peer_says(peer,
                      "POST /api/v1/later" HOST "Content-Length: 1\r\n\r\nx");
        NET_UNTIL(&f->loop, f->waiting);
        net_run_for(&f->loop, 20);
        assert_int_equal(peer->got.len, 0);
        answer(f->waiting, 201, "at last");
        got = take(f, peer, false);
        assert_non_null(strstr(got, "201 Created"));
        free(got);
    }
    net_peer_free(peer);
}

/* What comes before its answer is either answered or ends the connection; it is
 * never taken for what it is not. */
static void what_is_sent_ahead_does_no_harm(void **state) {
    static const char *const ahead[] = {
        "GET /get" HOST
        "\r\n"
        "POST /api/v1/x" HOST "Content-Length: 5\r\n\r\nhello",
        "POST /api/v1/x" HOST
        "Content-Length: 5\r\n\r\nhello"
        "POST /api/v1/x" HOST "Content-Length: 5\r\n\r\nhello",
        "POST /api/v1/x" HOST
        "Content-Length: 5\r\n\r\nhello"
        "GET /get" HOST "\r\n",
        "POST /api/v1/x" HOST
        "Content-Length: 0\r\n\r\n"
        "GET /get" HOST "\r\n",
        "DELETE /api/v1/x" HOST "\r\nDELETE /api/v1/x" HOST "\r\n",
        "GET /get" HOST
        "\r\n"
        "POST /api/v1/x" HOST
        "Content-Length: 1001\r\n\r\nhello"
        "GET /get" HOST "\r\n",
        "GET /get" HOST "\r\nPOST /api/v1/x" HOST
        "Content-Length: 0\r\n\r\n"
        "PUT /api/v1/x" HOST "Content-Length: 4\r\n\r\nPUT ",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LEN(ahead); i++) {
        struct net_peer *peer = net_peer_new(&f->loop, loop_port(&f->loop));
        char *got;

        net_peer_says(peer, ahead[i]);
        got = take(f, peer, false);
        if (got && !strstr(got, "200 OK"))
            fail_msg("%zu: %s", i, got);
        free(got);
        net_run_for(&f->loop, 50);
        if (f->said)
            assert_true(f->body_len == 0 || strstr(f->said, "5 hello"));
        net_peer_free(peer);
    }
    expect(f, "POST /api/v1/x" HOST "Content-Length: 2\r\n\r\nok", "200 OK",
           "2 ok");
}

static void the_bytes_of_all_are_bounded(void **state) {
    struct fixture *f = *state;
    size_t n = SERVER_BODIES_BYTES / (PHOTO_BYTES - 1) + 1;
    struct net_peer **peers = xcalloc(n, sizeof(struct net_peer *));
    char *bytes = xcalloc(1, PHOTO_BYTES);
    unsigned refused = 0;

    for (size_t i = 0; i < n; i++) {
        peers[i] = net_peer_new(&f->loop, loop_port(&f->loop));
        net_peer_says(peers[i], "POST /api/v1/photos" HOST
                                "Content-Length: 10485760\r\n\r\n");
        net_peer_send(peers[i], bytes, PHOTO_BYTES - 1);
    }
    for (size_t i = 0; i < n; i++)
        refused += peers[i]->got.len > 0;
    NET_UNTIL(&f->loop, refused || peers[n - 1]->got.len > 0);
    for (size_t i = 0; i < n; i++)
        if (peers[i]->got.len)
            assert_non_null(strstr(peers[i]->got.data, " 503 "));
    assert_int_equal(f->handled, 0);
    for (size_t i = 0; i < n; i++)
        net_peer_reset(peers[i]);
    net_run_for(&f->loop, 50);
    /* What was held is given back. */
    expect(f, "POST /api/v1/x" HOST "Content-Length: 2\r\n\r\nok", "200 OK",
           "2 ok");
    free(peers);
    free(bytes);
}

/* ---- photos, as a client sends them ---- */

struct upload {
    char url[64];
    char *cert, *bytes;
    int failed; /* how many of them */
    uv_async_t done;
    bool is_done;
};

#define UPLOADS 6

static size_t no_body(char *bytes, size_t size, size_t n, void *data) {
    (void)bytes;
    (void)data;
    return size * n;
}

static void *do_upload(void *data) {
    struct upload *upload = data;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

    headers = curl_slist_append(headers, "Content-Type: image/jpeg");
    curl_easy_setopt(curl, CURLOPT_URL, upload->url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, upload->cert);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, upload->bytes);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)PHOTO_BYTES);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, no_body);
    for (int i = 0; i < UPLOADS; i++) {
        long status = 0;

        if (curl_easy_perform(curl) != CURLE_OK)
            upload->failed++;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        upload->failed += status != 200;
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    uv_async_send(&upload->done);
    return NULL;
}

static void on_done(uv_async_t *async) {
    ((struct upload *)async->data)->is_done = true;
}

/* Over one connection, one after the other. */
static void upload_all(struct fixture *f, const char *scheme, char *cert) {
    struct upload upload = {.cert = cert, .bytes = xmalloc(PHOTO_BYTES)};
    pthread_t thread;

    for (size_t i = 0; i < PHOTO_BYTES; i++)
        upload.bytes[i] = (char)(i * 7 + i / 251);
    snprintf(upload.url, sizeof(upload.url), "%s://localhost:%d/api/v1/photos",
             scheme, loop_port(&f->loop));
    uv_async_init(&f->loop.uv, &upload.done, on_done);
    upload.done.data = &upload;
    assert_int_equal(pthread_create(&thread, NULL, do_upload, &upload), 0);
    NET_UNTIL(&f->loop, upload.is_done);
    pthread_join(thread, NULL);
    uv_close((uv_handle_t *)&upload.done, NULL);
    uv_run(&f->loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(upload.failed, 0);
    assert_int_equal(f->handled, UPLOADS);
    assert_int_equal(f->body_len, PHOTO_BYTES);
    assert_true(f->body_sum == sum_of(upload.bytes, PHOTO_BYTES));
    free(upload.bytes);
}

static void photos_arrive_whole(void **state) {
    upload_all(*state, "http", NULL);
}

static void photos_arrive_whole_over_tls(void **state) {
    struct fixture *f = *state;
    char *cert = xasprintf("%s/cert.pem", f->dir);
    char *key = xasprintf("%s/key.pem", f->dir);
    char *command = xasprintf(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout %s -out %s -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null",
        key, cert);

    assert_int_equal(system(command), 0);
    start(f, cert, key);
    upload_all(f, "https", cert);
    free(command);
    free(cert);
    free(key);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_method_comes_to_the_tree),
        TEST(fields_are_given),
        TEST(answers_carry_their_headers),
        TEST(what_cannot_be_read_is_refused),
        TEST(the_refusal_of_a_large_body_is_heard),
        TEST(a_body_may_come_in_pieces),
        TEST(what_drips_in_is_cut_off),
        TEST(a_client_may_leave),
        TEST(an_answer_may_come_later),
        TEST(what_is_sent_ahead_does_no_harm),
        TEST(the_bytes_of_all_are_bounded),
        TEST(photos_arrive_whole),
        cmocka_unit_test_setup_teardown(photos_arrive_whole_over_tls, setup_dir,
                                        teardown),
    };
    int failed;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}

/*
 * The real fetcher and the real libcurl against a small HTTP server on the same
 * loop. Where the kernel lets us, all of it runs in a network namespace of its
 * own in which a public address belongs to us too: only so can a redirect go
 * from a public place to a private one.
 */
#include "bot/fetch.h"

#include "base/buf.h"
#include "base/mem.h"
#include "bot/loop.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utlist.h>

#include <cmocka.h>

#define PUBLIC_ADDRESS "11.22.33.44"
#define MAX_BYTES 100000
#define HANG_SECONDS 20 /* a test that takes longer has hung */

static bool have_public_address;

/* ---- a name server that does not answer ---- */

static sem_t slow_name_release;
static int slow_name_asked;

typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *,
                           struct addrinfo **);

/* Takes the place of libc's for libcurl as well. */
int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **result) {
    if (node && strcmp(node, "slow.test") == 0) {
        __atomic_add_fetch(&slow_name_asked, 1, __ATOMIC_SEQ_CST);
        sem_wait(&slow_name_release);
        return EAI_AGAIN;
    }
    void *libc = dlsym(RTLD_NEXT, "getaddrinfo");
    getaddrinfo_fn *real;
    memcpy(&real, &libc, sizeof(real));
    return real(node, service, hints, result);
}

/* ---- the server ---- */

struct server {
    uv_tcp_t tcp4, tcp6;
    int port4, port6; /* port6 is 0 without IPv6 */
    struct conn *conns;
    unsigned n_conns, peak_conns, n_requests;
    struct buf echoed; /* the last request to /echo */
};

struct conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct server *server;
    struct buf in;
    const char *repeat; /* sent again and again, or NULL */
    bool close_after;
    struct conn *prev, *next;
};

struct reply {
    uv_write_t write;
    struct conn *conn;
    char *bytes;
};

static void on_conn_timer_closed(uv_handle_t *handle) {
    struct conn *conn = handle->data;
    buf_finish(&conn->in);
    free(conn);
}

static void on_conn_closed(uv_handle_t *handle) {
    struct conn *conn = handle->data;
    uv_close((uv_handle_t *)&conn->timer, on_conn_timer_closed);
}

static void conn_close(struct conn *conn) {
    if (uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    DL_DELETE(conn->server->conns, conn);
    conn->server->n_conns--;
    uv_timer_stop(&conn->timer);
    uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
}

static void send_repeat(struct conn *conn);

static void on_written(uv_write_t *write, int status) {
    struct reply *reply = write->data;
    struct conn *conn = reply->conn;
    free(reply->bytes);
    free(reply);
    if (status != 0 || conn->close_after)
        conn_close(conn);
    else if (conn->repeat && !uv_is_active((uv_handle_t *)&conn->timer))
        send_repeat(conn);
}

static void send_bytes(struct conn *conn, char *bytes, size_t len) {
    struct reply *reply = xcalloc(1, sizeof(*reply));
    reply->conn = conn;
    reply->bytes = bytes;
    reply->write.data = reply;
    uv_buf_t buf = uv_buf_init(bytes, (unsigned)len);
    if (uv_write(&reply->write, (uv_stream_t *)&conn->tcp, &buf, 1,
                 on_written) != 0)
        fail_msg("uv_write");
}

static void send_text(struct conn *conn, const char *text) {
    send_bytes(conn, xstrdup(text), strlen(text));
}

static void send_repeat(struct conn *conn) {
    send_text(conn, conn->repeat);
}

static void on_drip(uv_timer_t *timer) {
    send_text(timer->data, "x");
}

static void send_answer(struct conn *conn, const char *head, const char *body,
                        size_t len) {
    struct buf out;
    buf_init(&out);
    buf_addf(&out, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, len);
    buf_add(&out, body, len);
    size_t total = out.len;
    send_bytes(conn, buf_take(&out), total);
}

static void send_zeros(struct conn *conn, size_t len, bool with_length) {
    char *zeros = xcalloc(1, len);
    if (with_length) {
        send_answer(conn, "200 OK", zeros, len);
        free(zeros);
        return;
    }
    conn->close_after = true;
    uv_buf_t head = uv_buf_init((char[]){"HTTP/1.1 200 OK\r\n\r\n"}, 19);
    uv_try_write((uv_stream_t *)&conn->tcp, &head, 1);
    send_bytes(conn, zeros, len);
}

static void send_redirect(struct conn *conn, const char *to) {
    char *head = xasprintf("302 Found\r\nLocation: %s", to);
    send_answer(conn, head, "moved", 5);
    free(head);
}

static void answer(struct conn *conn, const char *path) {
    if (strcmp(path, "/ok") == 0) {
        send_answer(conn, "200 OK", "hello", 5);
    } else if (strcmp(path, "/empty") == 0) {
        send_answer(conn, "200 OK", "", 0);
    } else if (strcmp(path, "/html") == 0) {
        send_answer(conn, "200 OK\r\nContent-Type: text/html", "<html>", 6);
    } else if (strncmp(path, "/status/", 8) == 0) {
        send_answer(conn, path + 8, "an error page", 13);
    } else if (strcmp(path, "/large-404") == 0) {
        send_text(conn, "HTTP/1.1 404 No\r\nContent-Length: 99999999\r\n\r\n");
    } else if (strcmp(path, "/never") == 0) {
        /* nothing comes */
    } else if (strcmp(path, "/drip") == 0) {
        conn->repeat = "";
        uv_timer_start(&conn->timer, on_drip, 0, 10);
        send_text(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
    } else if (strcmp(path, "/drip-head") == 0) {
        uv_timer_start(&conn->timer, on_drip, 0, 10);
        send_text(conn, "HTTP/1.1 200 OK\r\nX-Slow: ");
    } else if (strcmp(path, "/endless") == 0) {
        conn->repeat = "01234567890123456789012345678901234567890123456789";
        send_text(conn, "HTTP/1.1 200 OK\r\n\r\n");
    } else if (strcmp(path, "/endless-head") == 0) {
        conn->repeat = "X-More: 0123456789012345678901234567890123456789\r\n";
        send_text(conn, "HTTP/1.1 200 OK\r\n");
    } else if (strcmp(path, "/announced") == 0) {
        send_text(conn, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
    } else if (strcmp(path, "/short") == 0) {
        conn->close_after = true;
        send_text(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    } else if (strcmp(path, "/garbage") == 0) {
        conn->close_after = true;
        send_text(conn, "\x16\x03\x01 no such protocol\r\n\r\n");
    } else if (strcmp(path, "/gone") == 0) {
        conn_close(conn);
    } else if (strcmp(path, "/exact") == 0) {
        send_zeros(conn, MAX_BYTES, true);
    } else if (strcmp(path, "/exact-stream") == 0) {
        send_zeros(conn, MAX_BYTES, false);
    } else if (strcmp(path, "/over-stream") == 0) {
        send_zeros(conn, MAX_BYTES + 1, false);
    } else if (strcmp(path, "/echo") == 0) {
        buf_clear(&conn->server->echoed);
        buf_add(&conn->server->echoed, conn->in.data, conn->in.len);
        send_answer(conn, "200 OK", conn->in.data, conn->in.len);
    } else if (strcmp(path, "/cookie") == 0) {
        send_redirect(conn, "/echo\r\nSet-Cookie: crumb=1");
    } else if (strncmp(path, "/to/", 4) == 0) {
        send_redirect(conn, path + 4);
    } else if (strncmp(path, "/hops/", 6) == 0) {
        int left = atoi(path + 6);
        char next[32];
        snprintf(next, sizeof(next), "/hops/%d", left - 1);
        send_redirect(conn, left > 1 ? next : "/ok");
    } else {
        fail_msg("unexpected path %s", path);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(xmalloc(4096), 4096);
}

/* A request with all of its body. */
static bool is_whole(const struct buf *request) {
    const char *end = strstr(request->data, "\r\n\r\n");
    const char *length = strcasestr(request->data, "\r\nContent-Length: ");
    if (!end)
        return false;
    size_t body = length ? strtoul(length + 18, NULL, 10) : 0;
    return request->len >= (size_t)(end + 4 - request->data) + body;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct conn *conn = stream->data;
    if (n > 0)
        buf_add(&conn->in, buf->base, (size_t)n);
    free(buf->base);
    if (n < 0) {
        conn_close(conn);
        return;
    }
    if (!conn->in.data || !is_whole(&conn->in))
        return;
    char path[FETCH_URL_BYTES + 1];
    if (sscanf(conn->in.data, "GET %4096s HTTP/1.1", path) != 1 &&
        sscanf(conn->in.data, "POST %4096s HTTP/1.1", path) != 1)
        fail_msg("neither GET nor POST: %s", conn->in.data);
    conn->server->n_requests++;
    answer(conn, path);
    buf_clear(&conn->in);
}

static void on_connection(uv_stream_t *listener, int status) {
    struct server *server = listener->data;
    assert_int_equal(status, 0);
    struct conn *conn = xcalloc(1, sizeof(*conn));
    conn->server = server;
    conn->tcp.data = conn->timer.data = conn;
    buf_init(&conn->in);
    uv_tcp_init(listener->loop, &conn->tcp);
    uv_timer_init(listener->loop, &conn->timer);
    DL_APPEND(server->conns, conn);
    if (++server->n_conns > server->peak_conns)
        server->peak_conns = server->n_conns;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&conn->tcp), 0);
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
}

static int listen_on(struct server *server, uv_loop_t *uv, uv_tcp_t *tcp,
                     const struct sockaddr *addr) {
    struct sockaddr_storage bound;
    int len = sizeof(bound);
    uv_tcp_init(uv, tcp);
    tcp->data = server;
    if (uv_tcp_bind(tcp, addr, 0) != 0 ||
        uv_listen((uv_stream_t *)tcp, 128, on_connection) != 0)
        return 0;
    uv_tcp_getsockname(tcp, (struct sockaddr *)&bound, &len);
    struct sockaddr_in *in = (struct sockaddr_in *)&bound;
    return ntohs(in->sin_port); /* at the same place in both families */
}

static void server_init(struct server *server, uv_loop_t *uv) {
    struct sockaddr_in any;
    struct sockaddr_in6 local6;
    *server = (struct server){0};
    uv_ip4_addr("0.0.0.0", 0, &any);
    uv_ip6_addr("::1", 0, &local6);
    server->port4 =
        listen_on(server, uv, &server->tcp4, (const struct sockaddr *)&any);
    server->port6 =
        listen_on(server, uv, &server->tcp6, (const struct sockaddr *)&local6);
    assert_int_not_equal(server->port4, 0);
}

static void server_finish(struct server *server) {
    struct conn *conn, *next;
    DL_FOREACH_SAFE(server->conns, conn, next)
    conn_close(conn);
    uv_close((uv_handle_t *)&server->tcp4, NULL);
    uv_close((uv_handle_t *)&server->tcp6, NULL);
    buf_finish(&server->echoed);
}

/* ---- what every test has ---- */

struct fixture {
    struct loop loop;
    struct server server;
    struct fetcher *fetcher;
};

/* The callbacks wake the loop: uv_run(ONCE) may call them and then still wait
 * for something else. */
static uv_loop_t *current;

static const struct fetch_options usual = {
    .allow_private = true,
    .max_bytes = MAX_BYTES,
    .timeout_ms = 20000,
    .max_redirects = 3,
    .max_parallel = 4,
};

static int setup(void **state) {
    struct fixture *fix = xcalloc(1, sizeof(*fix));
    uv_loop_init(&fix->loop.uv);
    server_init(&fix->server, &fix->loop.uv);
    current = &fix->loop.uv;
    *state = fix;
    alarm(HANG_SECONDS);
    return 0;
}

static int teardown(void **state) {
    struct fixture *fix = *state;
    fetcher_free(fix->fetcher);
    server_finish(&fix->server);
    while (uv_run(&fix->loop.uv, UV_RUN_DEFAULT) != 0)
        ; /* a callback stopped it */
    assert_int_equal(uv_loop_close(&fix->loop.uv), 0);
    free(fix);
    alarm(0);
    return 0;
}

struct outcome {
    bool done;
    enum err err;
    struct buf body;
};

static void on_done(void *data, enum err err, const char *bytes, size_t len) {
    struct outcome *outcome = data;
    assert_false(outcome->done);
    outcome->done = true;
    uv_stop(current);
    outcome->err = err;
    if (err == OK)
        assert_non_null(bytes);
    buf_clear(&outcome->body);
    buf_add(&outcome->body, bytes, len);
}

static void wait_for(struct fixture *fix, const bool *done) {
    while (!*done)
        uv_run(&fix->loop.uv, UV_RUN_ONCE);
}

static enum err get_url(struct fixture *fix, const char *url,
                        struct outcome *outcome) {
    outcome->done = false;
    fetch_get(fix->fetcher, url, on_done, outcome);
    assert_false(outcome->done);
    wait_for(fix, &outcome->done);
    return outcome->err;
}

/* The url of a path at the server by some name of its host. */
static char *url_at(struct fixture *fix, const char *host, const char *path) {
    bool v6 = host[0] == '[' && !strchr(host, '.');
    return xasprintf("http://%s:%d%s", host,
                     v6 ? fix->server.port6 : fix->server.port4, path);
}

static void expect_at(struct fixture *fix, const char *host, const char *path,
                      enum err expected) {
    struct outcome outcome = {0};
    char *url = url_at(fix, host, path);
    enum err err = get_url(fix, url, &outcome);
    if (err != expected)
        fail_msg("%s: %s, expected %s", url, err_str(err), err_str(expected));
    buf_finish(&outcome.body);
    free(url);
}

static void expect(struct fixture *fix, const char *path, enum err expected) {
    expect_at(fix, "127.0.0.1", path, expected);
}

static void use(struct fixture *fix, struct fetch_options options) {
    fetcher_free(fix->fetcher);
    fix->fetcher = fetcher_new(&fix->loop, &options);
}

/* ---- the tests ---- */

static void test_gives_the_body(void **state) {
    struct fixture *fix = *state;
    struct outcome outcome = {0};
    use(fix, usual);
    char *url = url_at(fix, "127.0.0.1", "/ok");
    for (int i = 0; i < 3; i++) { /* the later ones by a kept connection */
        assert_int_equal(get_url(fix, url, &outcome), OK);
        assert_string_equal(outcome.body.data, "hello");
    }
    assert_int_equal(fix->server.peak_conns, 1);
    free(url);
    buf_finish(&outcome.body);
    expect(fix, "/empty", OK);
    expect(fix, "/html", OK); /* what it is, the photo child decides */
}

static void test_other_statuses(void **state) {
    struct fixture *fix = *state;
    use(fix, usual);
    expect(fix, "/status/404", ERR_NOT_FOUND);
    expect(fix, "/status/403", ERR_NOT_FOUND);
    expect(fix, "/status/500", ERR_NOT_FOUND);
    expect(fix, "/status/204", ERR_NOT_FOUND);
    expect(fix, "/status/206", ERR_NOT_FOUND);
    expect(fix, "/status/304", ERR_NOT_FOUND);
    expect(fix, "/large-404", ERR_NOT_FOUND);
}

static void test_size_is_capped(void **state) {
    struct fixture *fix = *state;
    use(fix, usual);
    expect(fix, "/exact", OK);
    expect(fix, "/exact-stream", OK);
    expect(fix, "/over-stream", ERR_TOO_LARGE);
    expect(fix, "/announced", ERR_TOO_LARGE);
    expect(fix, "/endless", ERR_TOO_LARGE);
    expect(fix, "/ok", OK);
}

static void test_broken_servers(void **state) {
    struct fixture *fix = *state;
    use(fix, usual);
    expect(fix, "/short", ERR_IO);
    expect(fix, "/garbage", ERR_INVALID); /* is not HTTP */
    expect(fix, "/gone", ERR_IO);
    expect(fix, "/endless-head", ERR_IO);
    expect_at(fix, "no-such-name.invalid", "/ok", ERR_IO);
}

static void test_time_is_capped(void **state) {
    struct fixture *fix = *state;
    struct fetch_options hasty = usual;
    hasty.timeout_ms = 200;
    use(fix, hasty);
    expect(fix, "/never", ERR_TIMEOUT);
    expect(fix, "/drip", ERR_TIMEOUT);
    expect(fix, "/drip-head", ERR_TIMEOUT);
}

static void test_redirects_are_capped(void **state) {
    struct fixture *fix = *state;
    use(fix, usual);
    expect(fix, "/to//ok", OK);
    expect(fix, "/hops/3", OK);
    expect(fix, "/hops/4", ERR_INVALID);
    expect(fix, "/to//to//to//to//ok", ERR_INVALID);
    struct fetch_options none = usual;
    none.max_redirects = 0;
    use(fix, none);
    expect(fix, "/to//ok", ERR_INVALID);
}

static void test_a_loop_of_redirects_ends(void **state) {
    struct fixture *fix = *state;
    use(fix, usual);
    expect(fix, "/hops/1000000", ERR_INVALID);
    assert_int_equal(fix->server.n_requests, 1 + usual.max_redirects);
}

static void test_other_schemes_are_refused(void **state) {
    struct fixture *fix = *state;
    static const char *const urls[] = {
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "ftp://127.0.0.1/a",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "dict://127.0.0.1:6379/info",
        "data:image/png;base64,AAAA",
        "ws://127.0.0.1/",
        "javascript:alert(1)",
        "//127.0.0.1/ok",
        "127.0.0.1/ok",
        "localhost",
        "",
        "http:",
        "http:/127.0.0.1/ok",
        "http://",
        " http://127.0.0.1/ok",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/a\r\nX-Injected: 1",
        "http://127.0.0.1:99999/ok",
        "http://[::1/ok",
    };
    use(fix, usual);
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct outcome outcome = {0};
        if (get_url(fix, urls[i], &outcome) != ERR_INVALID)
            fail_msg("%s: %s", urls[i], err_str(outcome.err));
        buf_finish(&outcome.body);
    }
    expect(fix, "/to/file:///etc/passwd", ERR_INVALID);
    expect(fix, "/to/ftp://127.0.0.1/a", ERR_INVALID);
    expect(fix, "/to/gopher://127.0.0.1:6379/_INFO", ERR_INVALID);
    assert_int_equal(fix->server.n_requests, 3);
}

static void test_a_long_url_is_refused(void **state) {
    struct fixture *fix = *state;
    struct outcome outcome = {0};
    char url[FETCH_URL_BYTES + 2];
    use(fix, usual);
    memset(url, 'a', sizeof(url));
    memcpy(url, "http://", 7);
    url[sizeof(url) - 1] = '\0';
    assert_int_equal(get_url(fix, url, &outcome), ERR_INVALID);
    buf_finish(&outcome.body);
}

static void test_user_names_are_refused(void **state) {
    struct fixture *fix = *state;
    use(fix, usual);
    expect_at(fix, "example.org@127.0.0.1", "/ok", ERR_INVALID);
    expect_at(fix, "user:password@127.0.0.1", "/ok", ERR_INVALID);
    expect_at(fix, "example.org\\@127.0.0.1", "/ok", ERR_INVALID);
    char *url = url_at(fix, "user:password@127.0.0.1", "/ok");
    char *path = xasprintf("/to/%s", url);
    expect(fix, path, ERR_INVALID);
    assert_int_equal(fix->server.n_requests, 1);
    free(path);
    free(url);
}

/* ---- POST ---- */

struct post_outcome {
    bool done;
    enum err err;
    int status;
};

static void on_posted(void *data, enum err err, int status) {
    struct post_outcome *outcome = data;
    assert_false(outcome->done);
    *outcome = (struct post_outcome){true, err, status};
    uv_stop(current);
}

static void expect_post(struct fixture *fix, const char *path,
                        enum err expected, int status) {
    static const char *const headers[] = {"X-One: 1",
                                          "Content-Type: application/json",
                                          "User-Agent: tester", NULL};
    struct post_outcome outcome = {0};
    char *url = url_at(fix, "127.0.0.1", path);
    fetch_post(fix->fetcher,
               &(struct fetch_message){url, headers, "{\"a\":1}\0b", 9},
               on_posted, &outcome);
    assert_false(outcome.done);
    wait_for(fix, &outcome.done);
    if (outcome.err != expected || outcome.status != status)
        fail_msg("%s: %s %d", url, err_str(outcome.err), outcome.status);
    free(url);
}

static void test_a_post_brings_its_body(void **state) {
    struct fixture *fix = *state;
    use(fix, usual);
    expect_post(fix, "/echo", OK, 200);
    const char *heard = fix->server.echoed.data;
    const char *body = strstr(heard, "\r\n\r\n") + 4;
    assert_non_null(strstr(heard, "\r\nX-One: 1\r\n"));
    assert_non_null(strstr(heard, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(heard, "\r\nUser-Agent: tester\r\n"));
    assert_non_null(strstr(heard, "\r\nContent-Length: 9\r\n"));
    assert_null(strcasestr(heard, "\r\nExpect"));
    assert_int_equal(fix->server.echoed.len, (size_t)(body - heard) + 9);
    assert_memory_equal(body, "{\"a\":1}\0b", 9);
    expect_post(fix, "/status/204", OK, 204);
    expect_post(fix, "/status/299", OK, 299);
    assert_int_equal(fix->server.peak_conns, 1);
}

static void test_a_post_fails(void **state) {
    struct fixture *fix = *state;
    struct fetch_options hasty = usual;
    hasty.timeout_ms = 300;
    use(fix, hasty);
    expect_post(fix, "/status/500", ERR_NOT_FOUND, 500);
    expect_post(fix, "/status/404", ERR_NOT_FOUND, 404);
    expect_post(fix, "/gone", ERR_IO, 0);
    expect_post(fix, "/never", ERR_TIMEOUT, 0);
    expect_post(fix, "/drip-head", ERR_TIMEOUT, 0);
    expect_post(fix, "/garbage", ERR_INVALID, 0);
    /* The answer is of no interest, however long it is. */
    expect_post(fix, "/endless", OK, 200);
    expect_post(fix, "/over-stream", OK, 200);
    expect_post(fix, "/html", OK, 200);
}

static void test_a_post_follows_no_redirect(void **state) {
    struct fixture *fix = *state;
    use(fix, usual);
    expect_post(fix, "/to//ok", ERR_NOT_FOUND, 302);
    assert_int_equal(fix->server.n_requests, 1);
}

static void test_a_post_to_a_private_address(void **state) {
    struct fixture *fix = *state;
    struct fetch_options strict = usual;
    strict.allow_private = false;
    use(fix, strict);
    expect_post(fix, "/ok", ERR_DENIED, 0);
    assert_int_equal(fix->server.n_requests, 0);
}

static void test_urls_are_looked_at(void **state) {
    (void)state;
    static const char *const fine[] = {
        "https://bee.example/hook?a=b", "http://8.8.8.8/",
        "HTTPS://[2606:4700::1111]:8443/x",
        "http://城运.example/", /* as curl sends it, or refuses it then */
    };
    static const char *const private_ones[] = {
        "http://127.0.0.1/",  "http://127.1/",          "http://10.0.0.1:80/",
        "http://2130706433/", "http://[::1]/",          "http://[fe80::1]/",
        "http://LocalHost/",  "http://169.254.169.254", "http://0x7f.1/"};
    static const char *const wrong[] = {"",
                                        "bee.example",
                                        "ftp://bee.example/",
                                        "http://",

                                        "http://user:secret@bee.example/",
                                        "http://bee.example/a b",
                                        "http://bee.example/\r\nX: 1",
                                        "http://bee.example:99999/"};
    for (size_t i = 0; i < ARRAY_LEN(fine); i++)
        if (!fetch_url_ok(fine[i], false))
            fail_msg("%s", fine[i]);
    for (size_t i = 0; i < ARRAY_LEN(private_ones); i++)
        if (fetch_url_ok(private_ones[i], false) ||
            !fetch_url_ok(private_ones[i], true))
            fail_msg("%s", private_ones[i]);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        if (fetch_url_ok(wrong[i], true))
            fail_msg("%s", wrong[i]);
}

/* Every spelling of an address of ours; the server must hear of none. */
static void test_private_addresses_are_refused(void **state) {
    struct fixture *fix = *state;
    static const char *const hosts[] = {
        "127.0.0.1",
        "127.1",
        "127.0.0.2",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0x7f000001",
        "0x7f.1",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "0",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "255.255.255.255",
        "[fe80::1]",
        "[fd00::1]",
        "[64:ff9b::127.0.0.1]",
    };
    struct fetch_options strict = usual;
    strict.allow_private = false;
    use(fix, strict);
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
        expect_at(fix, hosts[i], "/ok", ERR_DENIED);
    expect_at(fix, "127.0.0.1", "/ok#@example.org", ERR_DENIED);
    assert_int_equal(fix->server.n_requests, 0);
    assert_int_equal(fix->server.peak_conns, 0);
}

static void test_private_addresses_may_be_allowed(void **state) {
    struct fixture *fix = *state;
    use(fix, usual);
    expect_at(fix, "127.0.0.1", "/ok", OK);
    expect_at(fix, "localhost", "/ok", OK);
    expect_at(fix, "2130706433", "/ok", OK);
    if (fix->server.port6)
        expect_at(fix, "[::1]", "/ok", OK);
}

static void test_a_redirect_to_a_private_address(void **state) {
    struct fixture *fix = *state;
    static const char *const hosts[] = {
        "127.0.0.1", "localhost",       "2130706433",
        "[::1]",     "169.254.169.254", "10.0.0.1",
    };
    struct fetch_options strict = usual;
    strict.allow_private = false;
    if (!have_public_address)
        skip();
    use(fix, strict);
    expect_at(fix, PUBLIC_ADDRESS, "/ok", OK);
    expect_at(fix, PUBLIC_ADDRESS, "/to//ok", OK);
    unsigned before = fix->server.n_requests;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        char *url = url_at(fix, hosts[i], "/ok");
        char *path = xasprintf("/to/%s", url);
        expect_at(fix, PUBLIC_ADDRESS, path, ERR_DENIED);
        free(path);
        free(url);
    }
    assert_int_equal(fix->server.n_requests - before, ARRAY_LEN(hosts));
}

static void test_nothing_of_ours_is_sent(void **state) {
    struct fixture *fix = *state;
    struct outcome outcome = {0};
    use(fix, usual);
    char *url = url_at(fix, "127.0.0.1", "/cookie");
    assert_int_equal(get_url(fix, url, &outcome), OK);
    const char *sent = outcome.body.data;
    assert_ptr_equal(strstr(sent, "GET /echo HTTP/1.1\r\n"), sent);
    assert_null(strstr(sent, "Cookie:"));
    assert_null(strstr(sent, "Referer:"));
    assert_null(strstr(sent, "Authorization:"));
    assert_non_null(strstr(sent,
                           "User-Agent: Mozilla/5.0 (compatible; "
                           "xiaofeng)\r\n"));
    buf_finish(&outcome.body);
    free(url);
}

static void test_proxies_of_the_environment_are_ignored(void **state) {
    struct fixture *fix = *state;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("all_proxy", "http://127.0.0.1:1/", 1);
    use(fix, usual);
    expect(fix, "/ok", OK);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void test_parallel_fetches_are_capped(void **state) {
    struct fixture *fix = *state;
    struct outcome outcomes[20] = {0};
    struct fetch_options two = usual;
    two.max_parallel = 2;
    use(fix, two);
    char *url = url_at(fix, "127.0.0.1", "/exact-stream");
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
        fetch_get(fix->fetcher, url, on_done, &outcomes[i]);
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        wait_for(fix, &outcomes[i].done);
        assert_int_equal(outcomes[i].err, OK);
        assert_int_equal(outcomes[i].body.len, MAX_BYTES);
        buf_finish(&outcomes[i].body);
    }
    assert_int_equal(fix->server.n_requests, ARRAY_LEN(outcomes));
    /* The server may see the end of one after the begin of the next. */
    assert_in_range(fix->server.peak_conns, 1, 4);
    free(url);
}

static void count_done(void *data, enum err err, const char *bytes,
                       size_t len) {
    (void)bytes;
    (void)len;
    unsigned *counts = data;
    counts[err]++;
    uv_stop(current);
}

static void test_the_queue_is_capped(void **state) {
    struct fixture *fix = *state;
    unsigned counts[ERR_COUNT] = {0};
    use(fix, usual);
    char *url = url_at(fix, "127.0.0.1", "/never");
    for (int i = 0; i < FETCH_WAITING_MAX + 3; i++)
        fetch_get(fix->fetcher, url, count_done, counts);
    while (counts[ERR_LIMIT] < 3)
        uv_run(&fix->loop.uv, UV_RUN_ONCE);
    while (fix->server.n_requests < usual.max_parallel)
        uv_run(&fix->loop.uv, UV_RUN_ONCE);
    fetcher_free(fix->fetcher);
    fix->fetcher = NULL;
    assert_int_equal(counts[ERR_AWAY], FETCH_WAITING_MAX);
    assert_int_equal(counts[ERR_LIMIT], 3);
    free(url);
}

static void free_on_done(void *data, enum err err, const char *bytes,
                         size_t len) {
    struct fixture *fix = data;
    assert_int_equal(err, OK);
    fetcher_free(fix->fetcher);
    fix->fetcher = NULL;
    uv_stop(current);
    assert_int_equal(len, 5); /* still readable */
    assert_memory_equal(bytes, "hello", 5);
}

static void test_free_inside_a_callback(void **state) {
    struct fixture *fix = *state;
    unsigned counts[ERR_COUNT] = {0};
    use(fix, usual);
    char *never = url_at(fix, "127.0.0.1", "/never");
    char *ok = url_at(fix, "127.0.0.1", "/ok");
    fetch_get(fix->fetcher, never, count_done, counts);
    fetch_get(fix->fetcher, ok, free_on_done, fix);
    while (fix->fetcher)
        uv_run(&fix->loop.uv, UV_RUN_ONCE);
    assert_int_equal(counts[ERR_AWAY], 1);
    free(never);
    free(ok);
}

/* If the loop waited for the resolver this would never end: the resolver is let
 * go only afterwards. */
static void test_a_silent_name_server_stops_nobody(void **state) {
    struct fixture *fix = *state;
    struct outcome slow = {0};
    unsigned counts[ERR_COUNT] = {0};
    struct fetch_options hasty = usual;
    hasty.timeout_ms = 300;
    use(fix, hasty);
    assert_int_equal(get_url(fix, "http://slow.test/", &slow), ERR_TIMEOUT);
    expect(fix, "/ok", OK);
    fetch_get(fix->fetcher, "http://slow.test/", count_done, counts);
    while (__atomic_load_n(&slow_name_asked, __ATOMIC_SEQ_CST) < 2)
        uv_run(&fix->loop.uv, UV_RUN_NOWAIT);
    fetcher_free(fix->fetcher);
    fix->fetcher = NULL;
    assert_int_equal(counts[ERR_AWAY], 1);
    sem_post(&slow_name_release);
    sem_post(&slow_name_release);
    buf_finish(&slow.body);
}

/* ---- the namespace ---- */

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    fputs(text, file);
    fclose(file);
}

static bool set_address(const char *name, const char *ip) {
    struct ifreq req = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct sockaddr_in in = {.sin_family = AF_INET};
    inet_pton(AF_INET, ip, &in.sin_addr);
    memcpy(&req.ifr_addr, &in, sizeof(in));
    snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
    bool ok = ioctl(fd, SIOCSIFADDR, &req) == 0;
    req.ifr_flags = IFF_UP;
    ok = ok && ioctl(fd, SIOCSIFFLAGS, &req) == 0;
    close(fd);
    return ok;
}

static bool enter_namespace(void) {
    uid_t uid = getuid();
    if (unshare(CLONE_NEWNET) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
            return false;
        char map[32];
        snprintf(map, sizeof(map), "0 %u 1", uid);
        write_file("/proc/self/uid_map", map);
    }
    return set_address("lo", "127.0.0.1") &&
           set_address("lo:1", PUBLIC_ADDRESS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_gives_the_body),
        TEST(test_other_statuses),
        TEST(test_size_is_capped),
        TEST(test_broken_servers),
        TEST(test_time_is_capped),
        TEST(test_redirects_are_capped),
        TEST(test_a_loop_of_redirects_ends),
        TEST(test_other_schemes_are_refused),
        TEST(test_a_long_url_is_refused),
        TEST(test_user_names_are_refused),
        TEST(test_a_post_brings_its_body),
        TEST(test_a_post_fails),
        TEST(test_a_post_follows_no_redirect),
        TEST(test_a_post_to_a_private_address),
        TEST(test_urls_are_looked_at),
        TEST(test_private_addresses_are_refused),
        TEST(test_private_addresses_may_be_allowed),
        TEST(test_a_redirect_to_a_private_address),
        TEST(test_nothing_of_ours_is_sent),
        TEST(test_proxies_of_the_environment_are_ignored),
        TEST(test_parallel_fetches_are_capped),
        TEST(test_the_queue_is_capped),
        TEST(test_free_inside_a_callback),
        TEST(test_a_silent_name_server_stops_nobody),
#undef TEST
    };
    sem_init(&slow_name_release, 0, 0);
    have_public_address = enter_namespace();
    if (!have_public_address)
        print_message(
            "no network namespace here: redirects from a public "
            "address are not tested\n");
    return cmocka_run_group_tests_name("fetch", tests, NULL, NULL);
}

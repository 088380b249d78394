#include "tests/integration/hook_receiver.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <cmocka.h>

struct receiver_conn {
    uv_tcp_t tcp;
    struct hook_receiver *receiver;
    struct receiver_path *path; /* of the request under way */
    size_t request;             /* its place in receiver->all */
    struct buf in;
    bool closing;
    struct receiver_conn *prev, *next;
};

struct writing {
    uv_write_t write;
    char *bytes;
};

static void on_conn_closed(uv_handle_t *handle) {
    struct receiver_conn *conn = handle->data;
    buf_finish(&conn->in);
    free(conn);
}

static void end_request(struct receiver_conn *conn) {
    if (conn->path != NULL)
        conn->path->now--;
    conn->path = NULL;
}

static void conn_close(struct receiver_conn *conn, bool rudely) {
    if (conn->closing)
        return;
    conn->closing = true;
    end_request(conn);
    DL_DELETE(conn->receiver->conns, conn);
    if (!rudely || uv_tcp_close_reset(&conn->tcp, on_conn_closed) != 0)
        uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
}

static void on_written(uv_write_t *write, int status) {
    struct writing *writing = write->data;
    (void)status;
    free(writing->bytes);
    free(writing);
}

static void send_bytes(struct receiver_conn *conn, char *bytes, size_t len) {
    struct writing *writing = xcalloc(1, sizeof(*writing));
    uv_buf_t buf = uv_buf_init(bytes, (unsigned)len);
    writing->bytes = bytes;
    writing->write.data = writing;
    assert_int_equal(uv_write(&writing->write, (uv_stream_t *)&conn->tcp, &buf,
                              1, on_written),
                     0);
}

static void answer(struct receiver_conn *conn, int status) {
    struct receiver_path *path = conn->path;
    conn->receiver->all[conn->request].ok = status / 100 == 2;
    char *head = xasprintf("HTTP/1.1 %d X\r\nContent-Length: 2\r\n%s%s%s\r\nok",
                           status, path->location ? "Location: " : "",
                           path->location ? path->location : "",
                           path->location ? "\r\n" : "");
    end_request(conn);
    send_bytes(conn, head, strlen(head));
}

static void answer_endless(struct receiver_conn *conn) {
    size_t len = 1024 * 1024;
    char *bytes = xcalloc(1, len);
    memcpy(bytes, "HTTP/1.1 200 OK\r\n\r\n", 19);
    conn->receiver->all[conn->request].ok = true;
    end_request(conn);
    send_bytes(conn, bytes, len);
}

static void serve(struct receiver_conn *conn) {
    struct receiver_path *path = conn->path;
    switch (path->mode) {
    case RECEIVER_STATUS:
        if (path->first_times > 0) {
            path->first_times--;
            answer(conn, path->first_status);
        } else {
            answer(conn, path->status);
        }
        break;
    case RECEIVER_RESETS:
        conn_close(conn, true);
        break;
    case RECEIVER_ENDLESS:
        answer_endless(conn);
        break;
    case RECEIVER_HOLDS:
    case RECEIVER_NEVER:
        break;
    }
}

static void header(const char *head, const char *name, char *out, size_t size) {
    const char *at = strstr(head, name);
    if (at == NULL) {
        fail_msg("no %s in: %s", name, head);
        return;
    }
    at += strlen(name);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
}

/* All of a request has come. */
static void take(struct receiver_conn *conn, const char *body, size_t len) {
    struct hook_receiver *receiver = conn->receiver;
    char path[32];
    assert_true(receiver->n < RECEIVED_MAX);
    assert_int_equal(sscanf(conn->in.data, "POST %31s HTTP/1.1", path), 1);
    struct received *got = &receiver->all[receiver->n];
    conn->request = receiver->n++;
    snprintf(got->path, sizeof(got->path), "%s", path);
    header(conn->in.data, "\r\nX-Xiaofeng-Id: ", got->id, sizeof(got->id));
    header(conn->in.data, "\r\nX-Xiaofeng-Timestamp: ", got->timestamp,
           sizeof(got->timestamp));
    header(conn->in.data, "\r\nX-Xiaofeng-Signature: ", got->signature,
           sizeof(got->signature));
    assert_non_null(
        strstr(conn->in.data, "\r\nContent-Type: application/json\r\n"));
    got->body = xstrndup(body, len);
    conn->path = hook_receiver_path(receiver, path);
    conn->path->requests++;
    if (++conn->path->now > conn->path->peak)
        conn->path->peak = conn->path->now;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    (void)handle;
    *buf = uv_buf_init(xmalloc(suggested), (unsigned)suggested);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    struct receiver_conn *conn = stream->data;
    if (n > 0)
        buf_add(&conn->in, buf->base, (size_t)n);
    free(buf->base);
    if (n < 0) {
        conn_close(conn, false);
        return;
    }
    const char *end = conn->in.len ? strstr(conn->in.data, "\r\n\r\n") : NULL;
    const char *length =
        end ? strstr(conn->in.data, "\r\nContent-Length: ") : NULL;
    if (length == NULL)
        return;
    size_t head = (size_t)(end + 4 - conn->in.data);
    size_t body = strtoul(length + 18, NULL, 10);
    if (conn->in.len < head + body)
        return;
    take(conn, end + 4, body);
    buf_consume(&conn->in, head + body);
    serve(conn);
}

static void on_connection(uv_stream_t *listener, int status) {
    struct hook_receiver *receiver = listener->data;
    struct receiver_conn *conn = xcalloc(1, sizeof(*conn));
    assert_int_equal(status, 0);
    conn->receiver = receiver;
    uv_tcp_init(listener->loop, &conn->tcp);
    conn->tcp.data = conn;
    DL_APPEND(receiver->conns, conn);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&conn->tcp), 0);
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
}

struct hook_receiver *hook_receiver_new(uv_loop_t *loop, int port) {
    struct hook_receiver *receiver = xcalloc(1, sizeof(*receiver));
    struct sockaddr_in any, bound;
    int len = sizeof(bound);
    uv_ip4_addr("127.0.0.1", port, &any);
    uv_tcp_init(loop, &receiver->tcp);
    receiver->tcp.data = receiver;
    uv_tcp_bind(&receiver->tcp, (const struct sockaddr *)&any, 0);
    assert_int_equal(
        uv_listen((uv_stream_t *)&receiver->tcp, 128, on_connection), 0);
    uv_tcp_getsockname(&receiver->tcp, (struct sockaddr *)&bound, &len);
    receiver->port = ntohs(bound.sin_port);
    return receiver;
}

static void on_receiver_closed(uv_handle_t *handle) {
    struct hook_receiver *receiver = handle->data;
    for (size_t i = 0; i < receiver->n; i++)
        free(receiver->all[i].body);
    free(receiver);
}

void hook_receiver_free(struct hook_receiver *receiver) {
    struct receiver_conn *conn, *next;
    DL_FOREACH_SAFE(receiver->conns, conn, next) {
        conn_close(conn, false);
    }
    uv_close((uv_handle_t *)&receiver->tcp, on_receiver_closed);
}

struct receiver_path *hook_receiver_path(struct hook_receiver *receiver,
                                         const char *path) {
    for (size_t i = 0; i < receiver->n_paths; i++)
        if (strcmp(receiver->paths[i].path, path) == 0)
            return &receiver->paths[i];
    assert_true(receiver->n_paths < RECEIVER_PATHS);
    struct receiver_path *made = &receiver->paths[receiver->n_paths++];
    snprintf(made->path, sizeof(made->path), "%s", path);
    made->status = 200;
    return made;
}

void hook_receiver_release(struct hook_receiver *receiver, const char *path) {
    struct receiver_path *of = hook_receiver_path(receiver, path);
    struct receiver_conn *conn, *next;
    DL_FOREACH_SAFE(receiver->conns, conn, next) {
        if (conn->path == of)
            answer(conn, of->status);
    }
}

size_t hook_receiver_heard(const struct hook_receiver *receiver,
                           const char *path) {
    size_t n = 0;
    for (size_t i = 0; i < receiver->n; i++) {
        const struct received *got = &receiver->all[i];
        bool counts = got->ok && strcmp(got->path, path) == 0;
        for (size_t j = 0; j < i && counts; j++)
            counts = !(receiver->all[j].ok &&
                       strcmp(receiver->all[j].path, path) == 0 &&
                       strcmp(receiver->all[j].id, got->id) == 0);
        n += counts;
    }
    return n;
}

const struct received *hook_receiver_get(const struct hook_receiver *receiver,
                                         const char *path, size_t i) {
    for (size_t j = 0; j < receiver->n; j++)
        if (strcmp(receiver->all[j].path, path) == 0 && i-- == 0)
            return &receiver->all[j];
    fail_msg("no such request of %s", path);
    return NULL;
}

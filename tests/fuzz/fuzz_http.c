/* HTTP and WebSocket as a stranger may speak them: the input is what one
 * connection sends to a real server in this process. */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "base/utf8.h"
#include "bot/loop.h"
#include "bot/net.h"
#include "bot/server.h"
#include "bot/ws.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET_BYTES 24
#define ROUNDS_MAX 2000
#define ROUNDS_QUIET 3
#define OPEN_PEERS_MAX 400
#define PATIENCE_NS (60ULL * 1000 * 1000 * 1000)

static struct loop loop;
static unsigned open_peers; /* at most */
/* In a file beside the pages. No answer repeats what was asked, so none has
 * these bytes. */
static char secret[TOKEN_MAX];

static void answer(struct http_request *request, const char *text) {
    http_answer(request, &(struct http_answer){.status = 200,
                                               .type = "text/plain",
                                               .body = text,
                                               .body_len = strlen(text)});
}

/* The library's decoding gives no string with a NUL or a way up. */
static void on_below(struct http_request *request, const char *rest,
                     void *data) {
    (void)data;
    if (strstr(rest, "/../") != NULL)
        abort();
    answer(request, "below");
}

static void on_query(struct http_request *request, const char *rest,
                     void *data) {
    (void)rest;
    (void)data;
    bool both = http_query(request, "a")[0] != '\0' &&
                http_query(request, "token")[0] != '\0';
    answer(request, both ? "both" : "not both");
}

static unsigned on_accept(void *route, const struct ws_request *request,
                          void **data) {
    (void)route;
    *data = NULL;
    return strlen(request->access_token) > 0 ? 401 : 101;
}

static void on_open(struct ws *ws, void *data) {
    (void)ws;
    (void)data;
}

static void on_message(struct ws *ws, void *data, const char *bytes, size_t len,
                       bool binary) {
    (void)data;
    if (!binary && !utf8_valid(bytes, len))
        abort();
    if (!binary && ws_send(ws, "text", 4) != OK)
        ws_close(ws, 1008, "full");
}

static const struct ws_handler talker = {
    .accept = on_accept,
    .open = on_open,
    .message = on_message,
    .close = on_open,
    .max_text_bytes = 1000,
    .max_binary_bytes = 10,
};

static void write_file(const char *dir, const char *name, const char *text) {
    char *path = xasprintf("%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
        abort();
    free(path);
}

/* The names are read when the server starts, the bytes when they are asked
 * for; the directory stays until the process has ended. */
static char root[64];

static void add_pages(void) {
    char web[80];
    snprintf(root, sizeof(root), "/tmp/xiaofeng-fuzz-XXXXXX");
    if (mkdtemp(root) == NULL)
        abort();
    snprintf(web, sizeof(web), "%s/web", root);
    mkdir(web, 0700);
    write_file(web, "index.html", "index");
    write_file(web, "app.js", "app");
    write_file(root, "secret.txt", secret);
    http_static_add(&loop, "/chat", web);
}

static void remove_pages(void) {
    static const char *const names[] = {"web/index.html", "web/app.js", "web",
                                        "secret.txt", ""};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *path = xasprintf("%s/%s", root, names[i]);
        remove(path);
        free(path);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    log_init(LOG_ERROR, false);
    if (!token_init() || loop_init(&loop) != OK)
        abort();
    token_random(secret, sizeof(secret), SECRET_BYTES);
    add_pages();
    atexit(remove_pages);
    http_route_add(&loop, "/photos/", on_below, NULL);
    http_route_add(&loop, "/q", on_query, NULL);
    ws_route_add(&loop, "/ws", &talker, NULL);
    if (loop_listen(&loop, "127.0.0.1", 0, NULL, NULL) != OK)
        abort();
    return 0;
}

static int connect_to_server(void) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    struct sockaddr_in to;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    uv_ip4_addr("127.0.0.1", loop_port(&loop), &to);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        abort();
    /* Leaves at once and no port behind. */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Runs the server until it has nothing more to say. */
static void listen_to(int fd, struct buf *got) {
    for (int i = 0, quiet = 0; i < ROUNDS_MAX && quiet < ROUNDS_QUIET; i++) {
        char bytes[4096];
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n == 0)
            return;
        quiet = n > 0 ? 0 : quiet + 1;
        if (n > 0)
            buf_add(got, bytes, (size_t)n);
    }
}

/* The library answers what it cannot read by itself, as HTTP/1.0. */
static void check(const struct buf *got) {
    if (got->len == 0)
        return;
    if (got->len < 7 || memcmp(got->data, "HTTP/1.", 7) != 0)
        abort();
    if (memmem(got->data, got->len, secret, strlen(secret)) != NULL)
        abort();
}

/* A connection may linger for a while after its peer has gone, none for ever.
 */
static void wait_for_all(void) {
    uint64_t end = uv_hrtime() + PATIENCE_NS;
    while (loop.ws->all != NULL || loop.ws->waiting != NULL) {
        if (uv_hrtime() > end)
            abort();
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        usleep(1000);
    }
    open_peers = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf got;
    int fd = connect_to_server();
    buf_init(&got);
    /* In two pieces, so that a head is cut somewhere. */
    size_t first = size > 0 ? data[0] % size : 0;
    if (first > 0 && send(fd, data, first, MSG_NOSIGNAL) < 0)
        abort();
    uv_run(&loop.uv, UV_RUN_NOWAIT);
    if (send(fd, data + first, size - first, MSG_NOSIGNAL) >= 0)
        listen_to(fd, &got);
    check(&got);
    buf_finish(&got);
    close(fd);
    if (++open_peers == OPEN_PEERS_MAX)
        wait_for_all();
    return 0;
}

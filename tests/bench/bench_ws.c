/*
 * How many small frames a second leave on one connection over loopback, as
 * ws_send() sends them and with one lws_write() for each: the reason for the
 * trick in bot/ws_frame.c. The reader is a process of its own that throws the
 * bytes away. Prints frames a second, and a second of processor time.
 */
#include "base/log.h"
#include "base/mem.h"
#include "bot/loop.h"
#include "bot/net.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FRAMES 300000
#define FRAME_BYTES 120
#define BATCH 64 /* frames made in one turn of the loop */

static struct loop loop;
static struct ws *peer;
static char frame[LWS_PRE + FRAME_BYTES];

static double seconds(clockid_t clock) {
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static unsigned on_accept(void *route, const struct ws_request *request,
                          void **data) {
    (void)route;
    (void)request;
    (void)data;
    return 101;
}

static void on_open(struct ws *ws, void *data) {
    (void)data;
    peer = ws;
    uv_stop(&loop.uv);
}

static void on_message(struct ws *ws, void *data, const char *bytes, size_t len,
                       bool binary) {
    (void)ws;
    (void)data;
    (void)bytes;
    (void)len;
    (void)binary;
}

static void on_close(struct ws *ws, void *data) {
    (void)ws;
    (void)data;
}

static int connect_peer(int port) {
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    const char *hello =
        "GET /bench HTTP/1.1\r\nHost: bench\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        write(fd, hello, strlen(hello)) < 0)
        abort();
    return fd;
}

static pid_t start_reader(int port) {
    static char sink[256 * 1024];
    pid_t pid = fork();
    int fd;

    if (pid != 0)
        return pid;
    fd = connect_peer(port);
    while (read(fd, sink, sizeof(sink)) > 0)
        ;
    _exit(0);
}

static unsigned send_coalesced(void) {
    unsigned sent = 0;

    while (sent < BATCH && ws_send(peer, frame + LWS_PRE, FRAME_BYTES) == OK)
        sent++;
    return sent;
}

static unsigned send_one_by_one(void) {
    unsigned sent = 0;

    while (sent < BATCH && !lws_send_pipe_choked(peer->wsi)) {
        if (lws_write(peer->wsi, (unsigned char *)frame + LWS_PRE, FRAME_BYTES,
                      LWS_WRITE_TEXT) < 0)
            abort();
        sent++;
    }
    return sent;
}

struct rate {
    double wall, cpu; /* frames a second */
};

static struct rate measure(unsigned (*send_some)(void)) {
    double wall = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    struct rate rate;
    unsigned sent = 0;

    while (sent < FRAMES) {
        sent += send_some();
        uv_run(&loop.uv, UV_RUN_NOWAIT);
    }
    wall = seconds(CLOCK_MONOTONIC) - wall;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    rate.wall = sent / wall;
    rate.cpu = sent / cpu;
    return rate;
}

int main(void) {
    static const struct ws_handler handler = {.accept = on_accept,
                                              .open = on_open,
                                              .message = on_message,
                                              .close = on_close,
                                              .max_text_bytes = 1024};
    struct rate together, single;
    pid_t reader;

    memset(frame, 'x', sizeof(frame));
    log_init(LOG_ERROR, false);
    if (loop_init(&loop) != OK)
        return 1;
    ws_route_add(&loop, "/bench", &handler, NULL);
    if (loop_listen(&loop, "127.0.0.1", 0, NULL, NULL) != OK)
        return 1;
    reader = start_reader(loop_port(&loop));
    loop_run(&loop);
    single = measure(send_one_by_one);
    together = measure(send_coalesced);
    printf("single %.0f\nsingle_cpu %.0f\n", single.wall, single.cpu);
    printf("together %.0f\ntogether_cpu %.0f\n", together.wall, together.cpu);
    kill(reader, SIGKILL);
    waitpid(reader, NULL, 0);
    loop_finish(&loop);
    return 0;
}

#include "tests/integration/net_peer.h"

#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 10000

static void on_readable(uv_poll_t *poll, int status, int events) {
    struct net_peer *peer = poll->data;
    char bytes[16384];
    ssize_t n;

    (void)events;
    n = status < 0 ? -1 : recv(peer->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n > 0) {
        buf_add(&peer->got, bytes, (size_t)n);
        return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    peer->ended = true;
    uv_poll_stop(poll);
}

struct net_peer *net_peer_new(struct loop *loop, int port) {
    struct net_peer *peer = xcalloc(1, sizeof(*peer));
    struct sockaddr_in to;
    int room = 64 * 1024; /* so that it does not take much to be slow */

    uv_ip4_addr("127.0.0.1", port, &to);
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(peer->fd >= 0);
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    assert_int_equal(connect(peer->fd, (struct sockaddr *)&to, sizeof(to)), 0);
    uv_poll_init_socket(&loop->uv, &peer->poll, peer->fd);
    peer->poll.data = peer;
    uv_poll_start(&peer->poll, UV_READABLE, on_readable);
    return peer;
}

static void on_closed(uv_handle_t *handle) {
    struct net_peer *peer = handle->data;

    close(peer->fd);
    buf_finish(&peer->got);
    free(peer);
}

void net_peer_free(struct net_peer *peer) {
    uv_close((uv_handle_t *)&peer->poll, on_closed);
}

void net_peer_reset(struct net_peer *peer) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    net_peer_free(peer);
}

void net_peer_send(struct net_peer *peer, const void *bytes, size_t len) {
    const char *at = bytes;

    while (len) {
        ssize_t n = send(peer->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            uv_run(peer->poll.loop, UV_RUN_NOWAIT);
            continue;
        }
        if (n < 0) /* the other side has left, which the test will see */
            return;
        at += n;
        len -= (size_t)n;
    }
}

void net_peer_says(struct net_peer *peer, const char *text) {
    net_peer_send(peer, text, strlen(text));
}

void net_peer_pause(struct net_peer *peer, bool paused) {
    peer->paused = paused;
    if (paused)
        uv_poll_stop(&peer->poll);
    else
        uv_poll_start(&peer->poll, UV_READABLE, on_readable);
}

static void on_passed(uv_timer_t *timer) {
    *(bool *)timer->data = true;
}

static void free_timer(uv_handle_t *handle) {
    free(handle);
}

static uv_timer_t *start_timer(struct loop *loop, bool *passed, unsigned ms) {
    uv_timer_t *timer = xcalloc(1, sizeof(*timer));

    *passed = false;
    uv_timer_init(&loop->uv, timer);
    timer->data = passed;
    uv_update_time(&loop->uv);
    uv_timer_start(timer, on_passed, ms, 0);
    return timer;
}

void net_wait_start(struct net_wait *wait, struct loop *loop) {
    wait->loop = loop;
    wait->timer = start_timer(loop, &wait->passed, WAIT_MS);
}

void net_wait_step(struct net_wait *wait, const char *what, const char *file,
                   int line) {
    if (wait->passed)
        _assert_true(0, what, file, line);
    uv_run(&wait->loop->uv, UV_RUN_ONCE);
}

void net_wait_end(struct net_wait *wait) {
    uv_close((uv_handle_t *)wait->timer, free_timer);
}

void net_run_for(struct loop *loop, unsigned ms) {
    bool passed;
    uv_timer_t *timer = start_timer(loop, &passed, ms);

    while (!passed)
        uv_run(&loop->uv, UV_RUN_ONCE);
    uv_close((uv_handle_t *)timer, free_timer);
}

void net_frame(struct buf *out, uint8_t first, const char *bytes, size_t len) {
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    size_t extra = len < 126 ? 0 : len < 65536 ? 2 : 8;

    buf_addc(out, (char)first);
    buf_addc(out, (char)(0x80 | (!extra ? len : extra == 2 ? 126u : 127u)));
    for (size_t i = extra; i--;)
        buf_addc(out, (char)(uint8_t)(len >> (8 * i)));
    buf_add(out, mask, sizeof(mask));
    for (size_t i = 0; i < len; i++)
        buf_addc(out, (char)((uint8_t)bytes[i] ^ mask[i % 4]));
}

bool net_frame_next(const struct buf *got, size_t *at,
                    struct net_frame_seen *frame) {
    const uint8_t *in = (const uint8_t *)got->data + *at;
    size_t left = got->len - *at;
    size_t extra = 0;
    size_t len;

    if (left < 2)
        return false;
    assert_false(in[1] & 0x80); /* a server never masks */
    len = in[1] & 0x7f;
    if (len >= 126)
        extra = len == 126 ? 2 : 8;
    if (left < 2 + extra)
        return false;
    for (size_t i = 0; i < extra; i++)
        len = (i ? len << 8 : 0) | in[2 + i];
    if (left < 2 + extra + len)
        return false;
    *frame = (struct net_frame_seen){
        .first = in[0], .bytes = (const char *)in + 2 + extra, .len = len};
    *at += 2 + extra + len;
    return true;
}

size_t net_head_end(const struct buf *got) {
    const char *end = got->len ? strstr(got->data, "\r\n\r\n") : NULL;

    return end ? (size_t)(end - got->data) + 4 : 0;
}

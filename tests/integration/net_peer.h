#pragma once

#include "base/buf.h"
#include "bot/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A raw TCP peer for tests of the network: what it sends is what the test says,
 * down to the byte, and what comes back is collected while the loop runs. All
 * of it happens on the loop under test, so nothing waits but for an event.
 */
struct net_peer {
    uv_poll_t poll;
    int fd;
    struct buf got;
    bool ended;  /* end of file or a reset */
    bool paused; /* reads nothing */
};

struct net_peer *net_peer_new(struct loop *loop, int port);
void net_peer_free(struct net_peer *peer);
/* What does not fit into the socket waits until the loop has run. */
void net_peer_send(struct net_peer *peer, const void *bytes, size_t len);
void net_peer_says(struct net_peer *peer, const char *text);
void net_peer_pause(struct net_peer *peer, bool paused);
void net_peer_reset(struct net_peer *peer); /* leaves rudely */

/* Runs the loop until the condition holds; fails the test after 10 s. */
#define NET_UNTIL(loop, condition)                                             \
    do {                                                                       \
        struct net_wait net_wait_;                                             \
        net_wait_start(&net_wait_, (loop));                                    \
        while (!(condition))                                                   \
            net_wait_step(&net_wait_, #condition, __FILE__, __LINE__);         \
        net_wait_end(&net_wait_);                                              \
    } while (0)

struct net_wait {
    struct loop *loop;
    uv_timer_t *timer;
    bool passed;
};
void net_wait_start(struct net_wait *wait, struct loop *loop);
void net_wait_step(struct net_wait *wait, const char *what, const char *file,
                   int line);
void net_wait_end(struct net_wait *wait);
/* Runs the loop for a while, for what must not happen. */
void net_run_for(struct loop *loop, unsigned ms);

/* One WebSocket frame as a client masks it. first: FIN, RSV and opcode. */
void net_frame(struct buf *out, uint8_t first, const char *bytes, size_t len);
/* The next frame at *at of what a server sent; false when not whole yet. */
struct net_frame_seen {
    uint8_t first;
    const char *bytes;
    size_t len;
};
bool net_frame_next(const struct buf *got, size_t *at,
                    struct net_frame_seen *frame);
/* Where the bytes behind the head of an HTTP answer begin; 0: not there yet. */
size_t net_head_end(const struct buf *got);

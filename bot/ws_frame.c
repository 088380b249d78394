#include "base/metrics.h"
#include "bot/loop.h"
#include "bot/net.h"

#include <sodium.h>
#include <string.h>
#include <utlist.h>

/*
 * The output trick. lws_write() makes one send() of each frame, which costs
 * ten times what a small frame costs otherwise. Yet on a WebSocket,
 * lws_write(…, LWS_WRITE_HTTP) passes bytes on as they are. So frames are made
 * here, collected in one buffer a connection, and all those of one turn of the
 * loop leave by one send() from a uv_prepare, just before the loop would wait.
 *
 * It is safe as long as what is passed on always ends with a whole frame: the
 * library puts its own pings, pongs and close frames behind what it was given.
 * It also keeps what the socket did not take; until that has left, frames wait
 * here, where WS_QUEUE_BYTES bounds them. ws_frame_flush() is the only place
 * that writes.
 */
#define FRAME_HEADER_BYTES 14 /* at most, with a mask */
#define FRAME_MASKED 0x80
#define MASK_BYTES 4
#define SPARE_BUFFER_BYTES (64 * 1024) /* larger ones are given back */

void ws_spare_take(struct ws_server *server, struct buf *buf) {
    if (!buf->data && server->n_spare)
        *buf = server->spare[--server->n_spare];
}

void ws_spare_give(struct ws_server *server, struct buf *buf) {
    if (!buf->data)
        return;
    if (server->n_spare == WS_SPARE_BUFFERS || buf->cap > SPARE_BUFFER_BYTES) {
        buf_finish(buf);
        return;
    }
    buf_clear(buf);
    server->spare[server->n_spare++] = *buf;
    buf_init(buf);
}

bool ws_frame_flush(struct ws *ws) {
    size_t len = ws->out.len;
    int n;

    if (!len || ws->out_lws || ws->dead)
        return true;
    n = lws_write(ws->wsi, (unsigned char *)ws->out.data, len, LWS_WRITE_HTTP);
    ws_spare_give(ws->server, &ws->out);
    if (n < 0) {
        ws->dead = true;
        return false;
    }
    if (lws_partial_buffered(ws->wsi))
        ws->out_lws = len;
    return true;
}

static void on_prepare(uv_prepare_t *prepare) {
    struct ws_server *server = prepare->data;
    struct ws *ws;

    while ((ws = server->dirty)) {
        DL_DELETE2(server->dirty, ws, prev_dirty, next_dirty);
        ws->is_dirty = false;
        if (ws->wsi && !ws_frame_flush(ws))
            ws_kill(ws->wsi);
    }
    http_flush(server);
}

static void mark_dirty(struct ws *ws) {
    if (ws->is_dirty)
        return;
    ws->is_dirty = true;
    DL_APPEND2(ws->server->dirty, ws, prev_dirty, next_dirty);
}

static void random_mask(struct ws_server *server, unsigned char *mask) {
    if (server->random_left < MASK_BYTES) {
        randombytes_buf(server->random, sizeof(server->random));
        server->random_left = sizeof(server->random);
    }
    server->random_left -= MASK_BYTES;
    memcpy(mask, server->random + server->random_left, MASK_BYTES);
}

/* Writes the header of a frame without its mask, returns its length. */
static size_t frame_header(unsigned char *to, unsigned char first, size_t len,
                           bool mask) {
    unsigned char bit = mask ? FRAME_MASKED : 0;
    size_t extra = len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8;

    to[0] = first;
    if (!extra) {
        to[1] = (unsigned char)(bit | len);
        return 2;
    }
    to[1] = bit | (extra == 2 ? 126 : 127);
    for (size_t i = 0; i < extra; i++)
        to[2 + i] = (unsigned char)((uint64_t)len >> (8 * (extra - 1 - i)));
    return 2 + extra;
}

void ws_frame_add(struct ws *ws, unsigned char first, const char *text,
                  size_t len) {
    struct buf *out = &ws->out;
    unsigned char *to;
    size_t at;

    ws_spare_take(ws->server, out);
    to = (unsigned char *)buf_reserve(out, FRAME_HEADER_BYTES + len);
    at = frame_header(to, first, len, ws->mask);
    if (ws->mask) {
        unsigned char mask[MASK_BYTES];

        random_mask(ws->server, mask);
        memcpy(to + at, mask, MASK_BYTES);
        at += MASK_BYTES;
        for (size_t i = 0; i < len; i++)
            to[at + i] = (unsigned char)text[i] ^ mask[i % MASK_BYTES];
    } else if (len) {
        memcpy(to + at, text, len);
    }
    out->len += at + len;
    out->data[out->len] = '\0';
    mark_dirty(ws);
}

void ws_frame_drop(struct ws *ws) {
    if (ws->is_dirty)
        DL_DELETE2(ws->server->dirty, ws, prev_dirty, next_dirty);
    ws->is_dirty = false;
    ws_spare_give(ws->server, &ws->out);
}

void ws_frame_start(struct ws_server *server) {
    uv_prepare_init(&server->loop->uv, &server->flush);
    server->flush.data = server;
    uv_prepare_start(&server->flush, on_prepare);
    uv_unref((uv_handle_t *)&server->flush);
}

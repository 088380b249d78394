#include "bot/ws.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "bot/loop.h"
#include "bot/net.h"

#define LOG_MODULE "ws"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* What messages in pieces may take up, of all connections together. */
#define JOIN_BYTES ((size_t)256 * 1024 * 1024)

#define CLOSE_REASON_BYTES 123 /* a control frame has 125 */

static struct metric connections =
    METRIC_GAUGE("xiaofeng_ws_connections", "Open WebSocket connections.");
static struct metric messages_in = METRIC_COUNTER(
    "xiaofeng_ws_messages_received_total", "WebSocket messages received.");
static struct metric messages_out = METRIC_COUNTER(
    "xiaofeng_ws_messages_sent_total", "WebSocket messages sent.");
static struct metric violations =
    METRIC_COUNTER("xiaofeng_ws_violations_total",
                   "WebSockets closed for what the peer sent.");
static struct metric silent = METRIC_COUNTER(
    "xiaofeng_ws_silent_total", "WebSockets ended because of a silent peer.");
static struct metric overflows =
    METRIC_COUNTER("xiaofeng_ws_queue_full_total",
                   "Frames refused because a peer does not read.");

enum err ws_send(struct ws *ws, const char *text, size_t len) {
    if (ws->closing || ws->dead || !ws->wsi)
        return ERR_AWAY;
    if (len > WS_QUEUE_BYTES || ws_queued(ws) + len > WS_QUEUE_BYTES) {
        metric_add(&overflows, 1);
        return ERR_LIMIT;
    }
    ws_frame_add(ws, FRAME_TEXT, text, len);
    metric_add(&messages_out, 1);
    return OK;
}

size_t ws_queued(const struct ws *ws) {
    return ws->out.len + ws->out_lws;
}

/* The connection is ended then, unless another deadline is set first. */
static void set_deadline(struct ws *ws, unsigned ms) {
    ws->deadline_ms = uv_now(&ws->server->loop->uv) + ms;
}

static void join_end(struct ws *ws) {
    ws->server->joining -= ws->in.len;
    ws_spare_give(ws->server, &ws->in);
    ws->joining = false;
}

/*
 * The close frame is made here like any other, behind what is queued. Asked to
 * close by itself, the library sends it only in some of its versions.
 */
void ws_close(struct ws *ws, uint16_t code, const char *reason) {
    char payload[2 + CLOSE_REASON_BYTES] = {(char)(code >> 8), (char)code};
    size_t len = reason ? strnlen(reason, CLOSE_REASON_BYTES) : 0;

    if (ws->closing)
        return;
    ws->closing = true;
    if (ws->joining)
        join_end(ws);
    if (!ws->wsi || ws->dead)
        return;
    if (len)
        memcpy(payload + 2, reason, len);
    ws_frame_add(ws, FRAME_CLOSE, payload, 2 + len);
    set_deadline(ws, ws->server->limits.close_ms);
}

void ws_kill(struct lws *wsi) {
    /* A timeout is the one way that neither flushes first nor frees anything
     * under the feet of a callback; the other call makes the library look. */
    lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_ACK, LWS_TO_KILL_ASYNC);
    lws_cancel_service(lws_get_context(wsi));
}

/* The peer broke a rule: says which one, and hears no more. */
static void violation(struct ws *ws, uint16_t code, const char *reason) {
    LOG_INFO("closed with %u: %s", code, reason);
    metric_add(&violations, 1);
    ws_close(ws, code, reason);
}

static void deliver(struct ws *ws, const char *bytes, size_t len, bool binary) {
    metric_add(&messages_in, 1);
    if (!binary && !utf8_valid(bytes, len))
        violation(ws, 1007, "not UTF-8");
    else if (ws->handler)
        ws->handler->message(ws, ws->data, bytes, len, binary);
}

/* One more piece of a message. */
static void join(struct ws *ws, const char *bytes, size_t len) {
    struct ws_server *server = ws->server;

    if (server->joining + len > JOIN_BYTES) {
        violation(ws, 1013, "too much at once");
        return;
    }
    if (!ws->joining) {
        ws->joining = true;
        set_deadline(ws, server->limits.message_ms);
        ws_spare_take(server, &ws->in);
    }
    buf_add(&ws->in, bytes, len);
    server->joining += len;
}

static void deliver_joined(struct ws *ws, bool binary) {
    struct buf whole = ws->in;

    ws->server->joining -= whole.len;
    buf_init(&ws->in);
    ws->joining = false;
    ws->deadline_ms = 0;
    deliver(ws, whole.data, whole.len, binary);
    ws_spare_give(ws->server, &whole);
}

static void heard(struct ws *ws) {
    ws->heard_ms = uv_now(&ws->server->loop->uv);
    ws->pinged = false;
}

static void receive(struct ws *ws, const char *bytes, size_t len) {
    size_t rest = lws_remaining_packet_payload(ws->wsi);
    bool whole = !rest && lws_is_final_fragment(ws->wsi);
    bool binary = lws_frame_is_binary(ws->wsi);
    size_t max;

    heard(ws);
    if (ws->closing || !ws->handler)
        return;
    max = binary ? ws->handler->max_binary_bytes : ws->handler->max_text_bytes;
    if (binary && !max) {
        violation(ws, 1003, "text only");
        return;
    }
    /* The frame's own length is known from its first bytes on. */
    if (len > max || ws->in.len > max - len || rest > max - len - ws->in.len) {
        violation(ws, 1009, "message too long");
        return;
    }
    if (whole && !ws->joining) {
        deliver(ws, bytes, len, binary);
        return;
    }
    join(ws, bytes, len);
    if (whole && ws->joining)
        deliver_joined(ws, binary);
}

static int writable(struct ws *ws) {
    /* Also called when nothing has changed, hence the count of our own. */
    if (ws->dead || lws_partial_buffered(ws->wsi))
        return 0;
    ws->out_lws = 0;
    return ws_frame_flush(ws) ? 0 : -1;
}

static int peer_closes(struct ws *ws) {
    /* Is it the answer to our close frame, or does it want one? */
    bool answered = ws->closing;

    ws->closing = true;
    ws->dead = true; /* frames after a close frame would be an error */
    if (ws->joining)
        join_end(ws);
    set_deadline(ws, ws->server->limits.close_ms);
    return answered ? -1 : 0;
}

int ws_event(struct ws *ws, enum lws_callback_reasons reason, const char *bytes,
             size_t len) {
    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_CLIENT_RECEIVE:
        receive(ws, bytes, len);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
        heard(ws);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return writable(ws);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return peer_closes(ws);
    default:
        return 0;
    }
}

struct ws *ws_new(struct ws_server *server, struct ws_handler *handler,
                  void *data, const char *peer) {
    struct ws *ws = xcalloc(1, sizeof(*ws));

    ws->server = server;
    ws->handler = handler;
    ws->data = data;
    ws->peer = peer;
    DL_APPEND(server->all, ws);
    metric_add(&connections, 1);
    return ws;
}

void ws_opened(struct ws *ws, struct lws *wsi) {
    ws->wsi = wsi;
    ws->opened = true;
    heard(ws);
    if (ws->server->stopping)
        ws_close(ws, 1001, "going away");
    if (ws->handler)
        ws->handler->open(ws, ws->data);
}

static void give_up(struct ws *ws) {
    ws->closing = ws->dead = true;
    ws->deadline_ms = 0;
    ws_kill(ws->wsi);
}

/*
 * Ends who is late, pings who has been silent, gives up who has been silent
 * too long. One sweep over all: the library's own timers are a sorted list, in
 * which each answer to a ping would look for its new place among all
 * connections, and cannot be cancelled.
 */
void ws_sweep(struct ws_server *server, uint64_t now) {
    struct ws *ws;

    DL_FOREACH(server->all, ws) {
        uint64_t silent_ms = now - ws->heard_ms;

        if (!ws->wsi)
            continue;
        if (ws->deadline_ms && now >= ws->deadline_ms) {
            give_up(ws);
        } else if (ws->closing || silent_ms < server->limits.ping_ms) {
            continue;
        } else if (silent_ms >= server->limits.hangup_ms) {
            metric_add(&silent, 1);
            give_up(ws);
        } else if (!ws->pinged) {
            ws->pinged = true;
            /* With a payload: the library keeps an empty pong to itself. */
            ws_frame_add(ws, FRAME_PING, "ping", 4);
        }
    }
}

void ws_gone(struct ws *ws) {
    struct ws_handler *handler = ws->handler;

    ws->closing = true;
    ws->wsi = NULL;
    if (ws->joining)
        join_end(ws);
    ws_frame_drop(ws);
    /* What accept() gave must come back by close() even when the upgrade
     * failed after it; open() goes first, as the handler may rely on. */
    if (handler && !ws->opened)
        handler->open(ws, ws->data);
    ws->handler = NULL;
    if (handler)
        handler->close(ws, ws->data);
    if (ws->client)
        ws_client_lost(ws->client);
    DL_DELETE(ws->server->all, ws);
    metric_add(&connections, -1);
    free(ws);
}

void *ws_data(const struct ws *ws) {
    return ws->data;
}

void ws_set_data(struct ws *ws, void *data) {
    ws->data = data;
}

const char *ws_peer(const struct ws *ws) {
    return ws->peer;
}

void ws_route_add(struct loop *loop, const char *path,
                  const struct ws_handler *handler, void *route_data) {
    struct ws_route *route = xcalloc(1, sizeof(*route));

    route->path = xstrdup(path);
    route->handler = *handler;
    route->data = route_data;
    LL_PREPEND(loop->ws->ws_routes, route);
}

struct ws_route *ws_route_find(const struct ws_server *server,
                               const char *path) {
    struct ws_route *route;

    LL_FOREACH(server->ws_routes, route) {
        if (strcmp(route->path, path) == 0)
            return route;
    }
    return NULL;
}

void ws_stop(struct ws_server *server) {
    struct ws *ws;

    server->stopping = true;
    DL_FOREACH(server->all, ws) {
        if (ws->wsi)
            ws_close(ws, 1001, "going away");
    }
}

void ws_finish(struct ws_server *server) {
    struct ws_route *route, *next;

    LL_FOREACH_SAFE(server->ws_routes, route, next) {
        free(route->path);
        free(route);
    }
    while (server->n_spare)
        buf_finish(&server->spare[--server->n_spare]);
}

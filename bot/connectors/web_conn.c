#define LOG_MODULE "web"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/connectors/web_internal.h"
#include "bot/loop.h"
#include "bot/ws.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

/* A text of 100 KB gets an answer; what is longer is no mistake. */
#define TEXT_FRAME_BYTES ((size_t)256 * 1024)
#define MESSAGE_RATE 2.0
#define MESSAGE_BURST 12.0
#define REFUSED_MAX 60 /* over the rate, without a pause: closed */
#define PEERS_MAX 20000
#define PEER_KEPT_MS 120000

static struct metric members =
    METRIC_GAUGE("xiaofeng_web_connections", "Open pages of the web chat.");
static struct metric origins = METRIC_COUNTER(
    "xiaofeng_web_origin_refused_total", "Connections from a strange page.");

/* ---- remote addresses ------------------------------------------------- */

/* One house has a /64: all its addresses count as one. */
static void peer_key(char key[static INET6_ADDRSTRLEN], const char *address) {
    struct in6_addr in6;

    snprintf(key, INET6_ADDRSTRLEN, "%s", address);
    if (inet_pton(AF_INET6, address, &in6) != 1 || IN6_IS_ADDR_V4MAPPED(&in6))
        return;
    memset(&in6.s6_addr[8], 0, 8);
    inet_ntop(AF_INET6, &in6, key, INET6_ADDRSTRLEN);
}

static struct web_peer *peer_take(struct web *web, const char *address) {
    char key[INET6_ADDRSTRLEN];
    struct web_peer *peer;

    peer_key(key, address);
    HASH_FIND_STR(web->peers, key, peer);
    if (peer == NULL) {
        const struct web_options *o = &web->options;
        int64_t now = web_now(web);

        if (HASH_COUNT(web->peers) >= PEERS_MAX)
            return NULL;
        peer = xcalloc(1, sizeof(*peer));
        memcpy(peer->key, key, sizeof(key));
        bucket_init(&peer->joins, o->join_rate, o->join_burst, now);
        bucket_init(&peer->messages, o->peer_rate, o->peer_burst, now);
        HASH_ADD_STR(web->peers, key, peer);
    }
    peer->connections++;
    return peer;
}

void web_peers_forget(struct web *web, int64_t before_ms) {
    struct web_peer *peer, *next, *gone = NULL;

    HASH_ITER(hh, web->peers, peer, next) {
        if (peer->connections > 0 || peer->left_ms >= before_ms)
            continue;
        HASH_DEL(web->peers, peer);
        LL_PREPEND(gone, peer);
    }
    LL_FOREACH_SAFE(gone, peer, next) {
        free(peer);
    }
}

/* ---- coming and going ------------------------------------------------- */

/*
 * A page of another site must not speak in the name of whoever looks at it.
 * Programs send no Origin; they carry nobody's token along.
 */
static bool origin_is_ours(const struct web *web,
                           const struct ws_request *request) {
    const char *host = strstr(request->origin, "://");

    if (request->origin[0] == '\0')
        return true;
    if (host == NULL)
        return false;
    host += 3;
    return strcasecmp(host, request->host) == 0 ||
           (web->public_origin != NULL &&
            strcasecmp(host, web->public_origin) == 0);
}

static unsigned on_accept(void *route_data, const struct ws_request *request,
                          void **data) {
    struct web *web = route_data;
    struct web_peer *peer;

    if (!origin_is_ours(web, request)) {
        metric_add(&origins, 1);
        LOG_INFO("refused a page of another origin");
        return 403;
    }
    peer = peer_take(web, request->peer);
    if (peer == NULL)
        return 503;
    struct web_conn *conn = xcalloc(1, sizeof(*conn));
    conn->web = web;
    conn->peer = peer;
    conn->since_ms = web_now(web);
    bucket_init(&conn->messages, MESSAGE_RATE, MESSAGE_BURST, conn->since_ms);
    DL_APPEND(web->conns, conn);
    metric_add(&members, 1);
    *data = conn;
    return 101;
}

static void on_open(struct ws *ws, void *data) {
    struct web_conn *conn = data;

    conn->ws = ws;
}

/* Takes it out of everything that knows it. */
static void detach(struct web_conn *conn) {
    struct web *web = conn->web;
    struct web_call *call;

    if (web == NULL)
        return;
    web_photo_gone(conn);
    web_leave(conn);
    while ((call = conn->calls) != NULL) {
        DL_DELETE(conn->calls, call);
        call->conn = NULL;
    }
    conn->peer->connections--;
    conn->peer->left_ms = web_now(web);
    DL_DELETE(web->conns, conn);
    metric_add(&members, -1);
    conn->web = NULL;
}

void web_conn_drop(struct web_conn *conn) {
    detach(conn);
    if (conn->ws != NULL)
        ws_close(conn->ws, 1001, "going away");
}

static void on_close(struct ws *ws, void *data) {
    struct web_conn *conn = data;

    (void)ws;
    detach(conn);
    free(conn->as);
    free(conn->nick);
    free(conn);
}

/* ---- frames ----------------------------------------------------------- */

/* The id of the message a frame carries, when it has a good one. */
static const char *frame_id(json_t *json) {
    const char *id = json_string_value(json_object_get(json, "id"));
    size_t len = id != NULL ? strlen(id) : 0;

    return len > 0 && len <= WEB_MESSAGE_ID_BYTES ? id : NULL;
}

void web_invalid(struct web_conn *conn, json_t *json) {
    web_error(conn, frame_id(json), "webchat.invalid", WEB_FINAL);
}

/* Within its rate, and that of its address? Answers when not. */
static bool within_rate(struct web_conn *conn, const char *id) {
    int64_t now = web_now(conn->web);

    if (bucket_take(&conn->messages, now)) {
        if (bucket_take(&conn->peer->messages, now)) {
            conn->refused = 0;
            return true;
        }
        bucket_give_back(&conn->messages);
    }
    if (++conn->refused > REFUSED_MAX) {
        LOG_INFO("closed a flooding connection");
        ws_close(conn->ws, 1008, "too many messages");
    } else {
        web_error(conn, id, "webchat.too_fast", WEB_AGAIN);
    }
    return false;
}

static void on_nick(struct web_conn *conn, json_t *json) {
    const char *nick;

    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:s,s:s}", "type", &nick,
                       "nick", &nick) != 0)
        web_invalid(conn, json);
    else
        web_nick_change(conn, nick);
}

static void on_lang(struct web_conn *conn, json_t *json) {
    const char *lang = json_string_value(json_object_get(json, "lang"));

    if (lang == NULL || !lang_parse(lang, &conn->lang))
        web_invalid(conn, json);
}

static const struct {
    const char *type;
    void (*take)(struct web_conn *conn, json_t *json);
} types[] = {
    {"text", web_text}, {"place", web_place}, {"photo", web_photo},
    {"nick", on_nick},  {"lang", on_lang},
};

static void on_frame(struct web_conn *conn, json_t *json) {
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *id = frame_id(json);

    if (!within_rate(conn, id))
        return;
    if (type != NULL && conn->stage == WEB_NEW && strcmp(type, "hello") == 0) {
        conn->stage = WEB_GREETED;
        web_hello(conn, json);
        return;
    }
    if (conn->stage != WEB_READY) {
        web_error(conn, id, "webchat.no_hello", WEB_AGAIN);
        return;
    }
    for (size_t i = 0; type != NULL && i < ARRAY_LEN(types); i++) {
        if (strcmp(type, types[i].type) != 0)
            continue;
        types[i].take(conn, json);
        return;
    }
    web_error(conn, id, "webchat.unknown", WEB_FINAL);
}

static void on_message(struct ws *ws, void *data, const char *bytes, size_t len,
                       bool binary) {
    struct web_conn *conn = data;

    (void)ws;
    if (conn->web == NULL)
        return;
    if (binary) {
        web_photo_bytes(conn, bytes, len);
        return;
    }
    json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(json))
        on_frame(conn, json);
    else if (within_rate(conn, NULL))
        web_error(conn, NULL, "webchat.invalid", WEB_FINAL);
    json_decref(json);
}

void web_conn_tick(struct web *web) {
    struct web_conn *conn;
    int64_t now = web_now(web);

    DL_FOREACH(web->conns, conn) {
        if (conn->ws == NULL)
            continue;
        if (conn->stage == WEB_NEW && now - conn->since_ms > WEB_HELLO_MS)
            ws_close(conn->ws, 1008, "no hello");
        else if (web_photo_overdue(conn, now))
            ws_close(conn->ws, 1008, "the photo takes too long");
    }
    web_peers_forget(web, now - PEER_KEPT_MS);
}

void web_conn_routes(struct web *web) {
    static const struct ws_handler handler = {
        .accept = on_accept,
        .open = on_open,
        .message = on_message,
        .close = on_close,
        .max_text_bytes = TEXT_FRAME_BYTES,
        .max_binary_bytes = (size_t)LIMIT_UPLOAD_BYTES,
    };

    ws_route_add(web->bot->loop, "/chat/ws", &handler, web);
}

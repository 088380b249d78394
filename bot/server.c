#include "bot/server.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "bot/loop.h"
#include "bot/net.h"

#define LOG_MODULE "server"
#include "base/log.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <utlist.h>

/* The bounds of what a request for a WebSocket may bring along. */
#define HEADER_BYTES 256
#define TOKEN_BYTES 1024
#define SWEEP_MS 1000    /* how late a deadline may be seen */
#define IPV6_NET_BYTES 8 /* one household has a /64, all of it */

const struct server_limits server_default_limits = {
    .peer_connections = SERVER_PEER_CONNECTIONS,
    .request_ms = SERVER_REQUEST_MS,
    .message_ms = SERVER_MESSAGE_MS,
    .close_ms = SERVER_CLOSE_MS,
    .ping_ms = SERVER_PING_MS,
    .hangup_ms = SERVER_HANGUP_MS,
};

const lws_retry_bo_t no_keepalive = {0};

static struct metric crowded =
    METRIC_COUNTER_L("xiaofeng_connections_refused_total",
                     "Connections refused.", "reason=\"too_many\"");
static struct metric late =
    METRIC_COUNTER_L("xiaofeng_connections_refused_total",
                     "Connections refused.", "reason=\"deadline\"");
static struct metric refused =
    METRIC_COUNTER_L("xiaofeng_connections_refused_total",
                     "Connections refused.", "reason=\"upgrade\"");

void server_set_deadline(struct conn *conn, unsigned ms) {
    conn->deadline_ms = uv_now(&conn->server->loop->uv) + ms;
}

static void on_sweep(uv_timer_t *timer) {
    struct ws_server *server = timer->data;
    uint64_t now = uv_now(timer->loop);
    struct conn *conn;

    DL_FOREACH(server->conns, conn) {
        if (!conn->deadline_ms || now < conn->deadline_ms)
            continue;
        conn->deadline_ms = 0;
        conn->late = true;
        metric_add(&late, 1);
        ws_kill(conn->wsi);
    }
    ws_sweep(server, now);
}

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

void server_set_limits(struct loop *loop, const struct server_limits *limits) {
    struct ws_server *server = loop->ws;
    unsigned period = least(least(limits->request_ms, limits->message_ms),
                            least(limits->close_ms, limits->ping_ms));

    period = least(period / 4 + 1, SWEEP_MS);
    server->limits = *limits;
    uv_timer_start(&server->sweep, on_sweep, period, period);
}

void server_start(struct ws_server *server) {
    uv_timer_init(&server->loop->uv, &server->sweep);
    server->sweep.data = server;
    uv_unref((uv_handle_t *)&server->sweep);
    server_set_limits(server->loop, &server_default_limits);
}

/*
 * The address of a socket's other end as text, and the same with what one
 * stranger can choose freely left out, by which connections are counted.
 */
static bool peer_names(int fd, char address[static INET6_ADDRSTRLEN],
                       char key[static INET6_ADDRSTRLEN]) {
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof(peer);
    struct in6_addr *ip6 = &((struct sockaddr_in6 *)&peer)->sin6_addr;
    const void *ip = ip6;
    int family;

    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0)
        return false;
    family = peer.ss_family;
    if (family == AF_INET) {
        ip = &((struct sockaddr_in *)&peer)->sin_addr;
    } else if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(ip6)) {
        family = AF_INET;
        ip = &ip6->s6_addr[12];
    }
    if (!inet_ntop(family, ip, address, INET6_ADDRSTRLEN))
        return false;
    if (family == AF_INET6)
        memset(&ip6->s6_addr[IPV6_NET_BYTES], 0, 16 - IPV6_NET_BYTES);
    return inet_ntop(family, ip, key, INET6_ADDRSTRLEN) != NULL;
}

static struct peer *peer_find(struct ws_server *server, const char *key) {
    struct peer *peer;

    HASH_FIND_STR(server->peers, key, peer);
    return peer;
}

static struct peer *peer_take(struct ws_server *server, const char *key) {
    struct peer *peer = peer_find(server, key);

    if (!peer) {
        peer = xcalloc(1, sizeof(*peer));
        lws_strncpy(peer->key, key, sizeof(peer->key));
        HASH_ADD_STR(server->peers, key, peer);
    }
    peer->connections++;
    return peer;
}

static void peer_give(struct ws_server *server, struct peer *peer) {
    if (--peer->connections)
        return;
    HASH_DEL(server->peers, peer);
    free(peer);
}

/* Before the library spends anything on a new connection. */
static int on_accept(struct ws_server *server, int fd) {
    char address[INET6_ADDRSTRLEN];
    char key[INET6_ADDRSTRLEN];
    const struct peer *peer;

    if (server->stopping || !peer_names(fd, address, key))
        return -1;
    peer = peer_find(server, key);
    if (!peer || peer->connections < server->limits.peer_connections)
        return 0;
    metric_add(&crowded, 1);
    LOG_WARN("%u connections of one address, no more", peer->connections);
    return -1;
}

static int on_connected(struct ws_server *server, struct lws *wsi) {
    struct conn *conn = xcalloc(1, sizeof(*conn));
    char key[INET6_ADDRSTRLEN];

    if (!peer_names(lws_get_socket_fd(wsi), conn->address, key)) {
        free(conn);
        return -1;
    }
    conn->server = server;
    conn->wsi = wsi;
    conn->peer = peer_take(server, key);
    lws_set_opaque_user_data(wsi, conn);
    /* The library's own timeouts begin anew with each byte that drips in. */
    server_set_deadline(conn, server->limits.request_ms);
    DL_APPEND(server->conns, conn);
    return 0;
}

static void conn_gone(struct conn *conn) {
    if (conn->ws)
        ws_gone(conn->ws);
    conn->ws = NULL;
    if (conn->request)
        http_gone(conn);
}

static void conn_free(struct conn *conn) {
    conn_gone(conn);
    DL_DELETE(conn->server->conns, conn);
    peer_give(conn->server, conn->peer);
    free(conn);
}

static const char *header(struct lws *wsi, enum lws_token_indexes token,
                          char *to, size_t size) {
    if (lws_hdr_copy(wsi, to, (int)size, token) <= 0)
        to[0] = '\0';
    return to;
}

/* name in lower case with its colon */
static const char *custom_header(struct lws *wsi, const char *name, char *to,
                                 size_t size) {
    if (lws_hdr_custom_copy(wsi, to, (int)size, name, (int)strlen(name)) <= 0)
        to[0] = '\0';
    return to;
}

/* name with its "=" */
static const char *query_argument(struct lws *wsi, const char *name, char *to,
                                  size_t size) {
    for (int i = 0;; i++) {
        int len = lws_hdr_copy_fragment(wsi, to, (int)size,
                                        WSI_TOKEN_HTTP_URI_ARGS, i);
        /* Too long and no more look the same from here. */
        if (len < 0)
            break;
        if (strncmp(to, name, strlen(name)) == 0)
            return to + strlen(name);
    }
    to[0] = '\0';
    return to;
}

static unsigned ask_handler(struct conn *conn, struct ws_route *route) {
    struct lws *wsi = conn->wsi;
    char authorization[TOKEN_BYTES], argument[TOKEN_BYTES];
    char self_id[HEADER_BYTES], role[HEADER_BYTES];
    char origin[HEADER_BYTES], host[HEADER_BYTES], cookie[TOKEN_BYTES];
    const struct ws_request request = {
        .path = route->path,
        .authorization = header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION,
                                authorization, sizeof(authorization)),
        .access_token =
            query_argument(wsi, "access_token=", argument, sizeof(argument)),
        .self_id = custom_header(wsi, "x-self-id:", self_id, sizeof(self_id)),
        .client_role = custom_header(wsi, "x-client-role:", role, sizeof(role)),
        .origin = header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin)),
        .host = header(wsi, WSI_TOKEN_HOST, host, sizeof(host)),
        .cookie = header(wsi, WSI_TOKEN_HTTP_COOKIE, cookie, sizeof(cookie)),
        .peer = conn->address,
    };
    void *data = NULL;
    unsigned status = route->handler.accept(route->data, &request, &data);

    if (status == 101)
        conn->ws = ws_new(conn->server, &route->handler, data, conn->address);
    return status;
}

/* What the library would else answer by hanging up without a word. */
static bool handshake_valid(struct lws *wsi) {
    char value[HEADER_BYTES];

    if (!lws_hdr_total_length(wsi, WSI_TOKEN_HOST) ||
        !lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI))
        return false;
    if (!strcasestr(header(wsi, WSI_TOKEN_CONNECTION, value, sizeof(value)),
                    "upgrade"))
        return false;
    if (strlen(header(wsi, WSI_TOKEN_KEY, value, sizeof(value))) != 24)
        return false;
    if (strcmp(header(wsi, WSI_TOKEN_VERSION, value, sizeof(value)), "13") != 0)
        return false;
    /* We speak no subprotocol, and the library knows no way to say so. */
    return !lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL);
}

static int on_upgrade(struct conn *conn, const char *kind) {
    struct lws *wsi = conn->wsi;
    char path[HEADER_BYTES];
    struct ws_route *route = NULL;
    unsigned status = 400;

    header(wsi, WSI_TOKEN_GET_URI, path, sizeof(path));
    if (strcasecmp(kind, "websocket") == 0 && handshake_valid(wsi)) {
        route = ws_route_find(conn->server, path);
        status = route ? ask_handler(conn, route) : 404;
    }
    if (status == 101)
        return 0;
    metric_add(&refused, 1);
    LOG_INFO("upgrade refused with %u", status);
    http_refuse(wsi, status);
    return -1;
}

static int on_established(struct conn *conn) {
    if (!conn->ws)
        return -1;
    conn->deadline_ms = 0;
    ws_opened(conn->ws, conn->wsi);
    return 0;
}

static int conn_event(struct conn *conn, enum lws_callback_reasons reason,
                      void *in, size_t len) {
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return http_received(conn, in, len);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return http_writable(conn);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(conn, in);
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(conn);
    case LWS_CALLBACK_HTTP_BODY:
        return http_body_received(conn, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return http_body_complete(conn);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
        conn_gone(conn);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        lws_set_opaque_user_data(conn->wsi, NULL);
        conn_free(conn);
        return 0;
    default:
        return conn->ws ? ws_event(conn->ws, reason, in, len) : 0;
    }
}

static int on_server(struct lws *wsi, enum lws_callback_reasons reason,
                     void *user, void *in, size_t len) {
    struct ws_server *server = lws_context_user(lws_get_context(wsi));
    struct conn *conn;

    (void)user;
    switch (reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return on_accept(server, (int)(intptr_t)in);
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        return on_connected(server, wsi);
    case LWS_CALLBACK_RAW_ADOPT:
        return -1; /* what the library makes of a CONNECT request */
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_WRITEABLE:
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_ESTABLISHED:
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_RECEIVE_PONG:
    case LWS_CALLBACK_SERVER_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY:
        conn = lws_get_opaque_user_data(wsi);
        return conn ? conn_event(conn, reason, in, len) : 0;
    default:
        return 0; /* in many of the others wsi is no connection of ours */
    }
}

const struct lws_protocols server_protocols[] = {
    {
        .name = "",
        .callback = on_server,
        .rx_buffer_size = WS_RECEIVE_BYTES,
        .tx_packet_size = WS_SEND_BYTES,
    },
    {0},
};

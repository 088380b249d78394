#include "bot/ws.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "bot/loop.h"
#include "bot/net.h"

#define LOG_MODULE "ws-client"
#include "base/log.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define CLIENT_RETRY_MS 1000
#define CLIENT_RETRY_MAX_MS 60000
#define CLIENT_SLOW_FACTOR 5 /* times the longest pause: our token is wrong */
#define CLIENT_CONNECT_MS 20000 /* for address, TLS and upgrade together */
#define CLIENT_STABLE_MS                                                       \
    30000 /* after this long a loss is a new misfortune                        \
           */
#define URL_BYTES 2048

struct ws_client {
    struct ws_server *server;
    struct ws_handler handler;
    void *data;
    char *host;   /* a name or an address */
    char *header; /* Host: as it was in the url */
    char *path;
    char *authorization; /* or NULL */
    char port[6];
    bool tls;
    char address[INET6_ADDRSTRLEN];

    uv_timer_t timer; /* until the next attempt, or its deadline */
    uv_getaddrinfo_t lookup;
    bool looking_up;
    bool freed; /* waits for libuv to let go of timer and lookup */
    struct ws_link *link;
    unsigned attempts; /* since it was last stable */
    unsigned retry_ms, retry_max_ms;
    bool slow;
    uint64_t opened_ms;
};

static struct metric attempts_made = METRIC_COUNTER(
    "xiaofeng_ws_client_attempts_total", "Connections of ours tried.");
static struct metric attempts_failed =
    METRIC_COUNTER("xiaofeng_ws_client_failures_total",
                   "Connections of ours that did not come to be.");

static void on_timer(uv_timer_t *timer);

/*
 * The library may speak of a connection after lws_client_connect_via_info()
 * has said that there is none, and after its client was freed. So it is given
 * a number, and what that number stands for is looked up.
 */
static struct ws_link *link_new(struct ws_client *client) {
    static uintptr_t last_id;
    struct ws_link *link = xcalloc(1, sizeof(*link));

    link->id = ++last_id;
    link->client = client;
    client->link = link;
    DL_APPEND(client->server->links, link);
    return link;
}

static struct ws_link *link_find(struct ws_server *server, struct lws *wsi) {
    uintptr_t id = (uintptr_t)lws_get_opaque_user_data(wsi);
    struct ws_link *link;

    DL_FOREACH(server->links, link) {
        if (link->id == id)
            return link;
    }
    return NULL;
}

static void link_free(struct ws_server *server, struct ws_link *link) {
    if (link->client)
        link->client->link = NULL;
    DL_DELETE(server->links, link);
    free(link);
}

static uint64_t pause_ms(struct ws_client *client) {
    uint64_t most = client->retry_max_ms;
    uint64_t pause = client->retry_ms;

    for (unsigned i = 0; i < client->attempts && pause < most; i++)
        pause *= 2;
    if (pause > most)
        pause = most;
    if (client->slow)
        pause = most * CLIENT_SLOW_FACTOR;
    /* Half of it is chance, so that many do not come back at once. */
    return pause / 2 + randombytes_uniform((uint32_t)(pause / 2) + 1);
}

static void retry_later(struct ws_client *client) {
    uint64_t pause;

    if (client->freed)
        return;
    pause = pause_ms(client);
    client->attempts++;
    client->slow = false;
    LOG_INFO("%s: next attempt in %llu ms", client->host,
             (unsigned long long)pause);
    uv_timer_start(&client->timer, on_timer, pause, 0);
}

/* An attempt has failed, whoever tells it first. */
static void attempt_failed(struct ws_client *client, const char *why) {
    metric_add(&attempts_failed, 1);
    LOG_WARN("%s: cannot connect: %s", client->host, why);
    if (client->link)
        link_free(client->server, client->link);
    retry_later(client);
}

static struct lws_vhost *client_vhost(struct ws_server *server, bool tls);

/* Connects to the address that was looked up. */
static void connect_now(struct ws_client *client) {
    struct ws_link *link = link_new(client);
    struct lws_client_connect_info info = {
        .context = client->server->loop->lws,
        .vhost = client_vhost(client->server, client->tls),
        .address = client->address,
        .port = atoi(client->port),
        .host = client->header,
        .path = client->path,
        .alpn = "http/1.1",
        .ssl_connection = client->tls ? LCCSCF_USE_SSL : 0,
        .ietf_version_or_minus_one = -1,
        .retry_and_idle_policy = &no_keepalive,
        .opaque_user_data = (void *)link->id,
    };
    uintptr_t id = link->id;
    struct lws *wsi = info.vhost ? lws_client_connect_via_info(&info) : NULL;

    /* It may have failed, been told and been cleaned up meanwhile. */
    if (!client->link || client->link->id != id)
        return;
    link->wsi = wsi;
    if (!wsi)
        attempt_failed(client, "refused at once");
}

static void maybe_free(struct ws_client *client) {
    if (!client->freed || client->looking_up || client->timer.data)
        return;
    free(client->host);
    free(client->header);
    free(client->path);
    if (client->authorization)
        sodium_memzero(client->authorization, strlen(client->authorization));
    free(client->authorization);
    free(client);
}

static bool pick_address(struct ws_client *client, const struct addrinfo *all) {
    const struct addrinfo *one;
    unsigned n = 0, chosen;

    for (one = all; one; one = one->ai_next)
        n++;
    if (!n)
        return false;
    /* Each attempt takes the next one: the first may be out of reach. */
    chosen = client->attempts % n;
    for (one = all; chosen; chosen--)
        one = one->ai_next;
    return getnameinfo(one->ai_addr, one->ai_addrlen, client->address,
                       sizeof(client->address), NULL, 0, NI_NUMERICHOST) == 0;
}

static void on_lookup(uv_getaddrinfo_t *lookup, int status,
                      struct addrinfo *all) {
    struct ws_client *client = lookup->data;
    bool found = status == 0 && pick_address(client, all);

    uv_freeaddrinfo(all);
    client->looking_up = false;
    client->server->handles--;
    if (client->freed)
        maybe_free(client);
    else if (found)
        connect_now(client);
    else
        attempt_failed(client, "no address for the name");
}

static void start_attempt(struct ws_client *client) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM};
    int rc;

    metric_add(&attempts_made, 1);
    uv_timer_start(&client->timer, on_timer, CLIENT_CONNECT_MS, 0);
    rc = uv_getaddrinfo(&client->server->loop->uv, &client->lookup, on_lookup,
                        client->host, client->port, &hints);
    if (rc != 0) {
        attempt_failed(client, uv_strerror(rc));
        return;
    }
    client->looking_up = true;
    client->server->handles++;
}

static void on_timer(uv_timer_t *timer) {
    struct ws_client *client = timer->data;

    if (client->looking_up) {
        /* Names take as long as they take; there is nothing to end yet. */
        uv_timer_start(timer, on_timer, CLIENT_CONNECT_MS, 0);
    } else if (client->link) {
        if (client->link->wsi)
            ws_kill(client->link->wsi);
        attempt_failed(client, "took too long");
    } else {
        start_attempt(client);
    }
}

static void opened(struct ws_link *link, struct lws *wsi) {
    struct ws_client *client = link->client;

    uv_timer_stop(&client->timer);
    client->opened_ms = uv_now(client->timer.loop);
    link->wsi = wsi;
    link->ws =
        ws_new(client->server, &client->handler, client->data, client->address);
    link->ws->client = client;
    link->ws->mask = true;
    LOG_INFO("%s: connected", client->host);
    ws_opened(link->ws, wsi);
}

void ws_client_lost(struct ws_client *client) {
    uint64_t now = uv_now(client->timer.loop);

    if (now - client->opened_ms >= CLIENT_STABLE_MS)
        client->attempts = 0;
    LOG_INFO("%s: disconnected", client->host);
    retry_later(client);
}

static void closed(struct ws_server *server, struct ws_link *link) {
    struct ws *ws = link->ws;
    struct ws_client *client = link->client;

    link_free(server, link);
    if (ws)
        ws_gone(ws); /* tells the client */
    else if (client)
        attempt_failed(client, "closed early");
}

static int add_header(struct ws_client *client, struct lws *wsi, void *in,
                      size_t room) {
    unsigned char **at = in;

    if (!client->authorization)
        return 0;
    return lws_add_http_header_by_name(
        wsi, (const unsigned char *)"authorization:",
        (const unsigned char *)client->authorization,
        (int)strlen(client->authorization), at, *at + room);
}

static int link_event(struct ws_link *link, struct lws *wsi,
                      enum lws_callback_reasons reason, void *in, size_t len) {
    struct ws_client *client = link->client;
    unsigned status;

    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return client ? add_header(client, wsi, in, len) : -1;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        if (!client)
            return -1;
        opened(link, wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        status = lws_http_client_http_response(wsi);
        if (client) {
            client->slow = status == 401 || status == 403;
            attempt_failed(client, in ? in : "no reason given");
        }
        return 0;
    case LWS_CALLBACK_CLIENT_HTTP_REDIRECT:
        return -1; /* our token is for the host we were told of */
    default:
        return link->ws ? ws_event(link->ws, reason, in, len) : 0;
    }
}

static int on_client(struct lws *wsi, enum lws_callback_reasons reason,
                     void *user, void *in, size_t len) {
    struct ws_server *server = lws_context_user(lws_get_context(wsi));
    struct ws_link *link;

    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_HTTP_REDIRECT:
    case LWS_CALLBACK_CLIENT_RECEIVE:
    case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
    case LWS_CALLBACK_CLIENT_WRITEABLE:
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        link = link_find(server, wsi);
        return link ? link_event(link, wsi, reason, in, len) : 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
    case LWS_CALLBACK_WSI_DESTROY:
        link = link_find(server, wsi);
        if (link)
            closed(server, link);
        return 0;
    default:
        return 0; /* in many of the others wsi is no connection of ours */
    }
}

static const struct lws_protocols client_protocols[] = {
    {
        .name = "client",
        .callback = on_client,
        .rx_buffer_size = WS_RECEIVE_BYTES,
        .tx_packet_size = WS_SEND_BYTES,
    },
    {0},
};

/* Made when first needed: the one with TLS reads all certificates there are. */
static struct lws_vhost *client_vhost(struct ws_server *server, bool tls) {
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = client_protocols,
        .vhost_name = tls ? "client-tls" : "client",
        .retry_and_idle_policy = &no_keepalive,
        .options = tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0,
    };
    struct lws_vhost **vhost = &server->client_vhost[tls];

    if (!*vhost)
        *vhost = lws_create_vhost(server->loop->lws, &info);
    return *vhost;
}

/* Fills in host, header, port and path. */
static bool parse_url(struct ws_client *client, const char *url) {
    const char *host, *end, *colon;
    size_t len;
    unsigned long port;

    client->tls = strncmp(url, "wss://", 6) == 0;
    if ((!client->tls && strncmp(url, "ws://", 5) != 0) ||
        strlen(url) > URL_BYTES)
        return false;
    for (const char *c = url; *c; c++)
        if (*c <= ' ' || *c == 0x7f)
            return false;
    host = url + (client->tls ? 6 : 5);
    len = strcspn(host, "/?#");
    end = host + len;
    client->header = xstrndup(host, len);
    client->path = *end == '/'
                       ? xstrndup(end, strcspn(end, "#"))
                       : xasprintf("/%.*s", (int)strcspn(end, "#"), end);
    colon = memrchr(host, ':', len);
    if (*host == '[') {
        const char *bracket = memchr(host, ']', len);

        if (!bracket)
            return false;
        client->host = xstrndup(host + 1, (size_t)(bracket - host) - 1);
        colon = bracket + 1 < end ? bracket + 1 : NULL;
        if (colon && *colon != ':')
            return false;
    } else {
        client->host = xstrndup(host, colon ? (size_t)(colon - host) : len);
    }
    port = colon ? strtoul(colon + 1, NULL, 10) : client->tls ? 443 : 80;
    if (port < 1 || port > 65535 || !*client->host ||
        strchr(client->header, '@'))
        return false;
    snprintf(client->port, sizeof(client->port), "%lu", port);
    return true;
}

static bool token_valid(const char *token) {
    for (; token && *token; token++)
        if (*token <= ' ' || *token == 0x7f)
            return false;
    return true;
}

struct ws_client *ws_client_new(struct loop *loop,
                                const struct ws_client_options *options,
                                const struct ws_handler *handler, void *data) {
    struct ws_client *client = xcalloc(1, sizeof(*client));

    client->server = loop->ws;
    client->handler = *handler;
    client->data = data;
    if (!parse_url(client, options->url) || !token_valid(options->token)) {
        client->freed = true;
        maybe_free(client);
        return NULL;
    }
    if (options->token && *options->token)
        client->authorization = xasprintf("Bearer %s", options->token);
    client->retry_ms = options->retry_ms ? options->retry_ms : CLIENT_RETRY_MS;
    client->retry_max_ms =
        options->retry_max_ms ? options->retry_max_ms : CLIENT_RETRY_MAX_MS;
    client->lookup.data = client;
    uv_timer_init(&loop->uv, &client->timer);
    client->timer.data = client;
    uv_timer_start(&client->timer, on_timer, 0, 0);
    return client;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct ws_client *client =
        (struct ws_client *)((char *)handle -
                             offsetof(struct ws_client, timer));

    handle->data = NULL;
    client->server->handles--;
    maybe_free(client);
}

/* Leaves an open connection to itself: it says goodbye, and nobody hears. */
static void orphan(struct ws *ws) {
    struct ws_handler *handler = ws->handler;

    ws->handler = NULL;
    ws->client = NULL;
    if (handler)
        handler->close(ws, ws->data);
    ws->peer = "";
    ws_close(ws, 1000, "");
}

void ws_client_free(struct ws_client *client) {
    struct ws_link *link;

    if (!client || client->freed)
        return;
    client->freed = true;
    link = client->link;
    client->link = NULL;
    if (link) {
        link->client = NULL;
        if (link->ws)
            orphan(link->ws);
        else if (link->wsi)
            ws_kill(link->wsi);
    }
    if (client->looking_up)
        uv_cancel((uv_req_t *)&client->lookup);
    client->server->handles++;
    uv_close((uv_handle_t *)&client->timer, on_timer_closed);
}

void ws_client_slow_down(struct ws_client *client) {
    client->slow = true;
}

void ws_client_finish(struct ws_server *server) {
    struct ws_link *link, *next;

    DL_FOREACH_SAFE(server->links, link, next) {
        link_free(server, link);
    }
}

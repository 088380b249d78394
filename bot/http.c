#include "bot/server.h"

#include "base/mem.h"
#include "base/metrics.h"
#include "bot/loop.h"
#include "bot/net.h"

#define LOG_MODULE "http"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#define HTTP_COMPLETIONS_MAX 8
#define SEND_MS 120000 /* for a client to take its answer */
#define LINGER_MS 2000 /* for one to read why its body was not */

/* Nothing but what we serve ourselves is ever loaded or run by a page. */
#define SECURITY_HEADERS                                                       \
    "Content-Security-Policy: default-src 'self'; "                            \
    "img-src 'self' blob: data:%s%s; style-src 'self'; script-src 'self'; "    \
    "connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; "   \
    "form-action 'none'\r\n"                                                   \
    "X-Content-Type-Options: nosniff\r\n"                                      \
    "Referrer-Policy: no-referrer\r\n"

struct http_route {
    char *prefix;
    size_t len;
    http_handler *handler;
    void *data;
    struct http_tree *tree; /* owned; NULL: GET only, and no body */
    struct http_route *next;
};

static struct metric requests =
    METRIC_COUNTER("xiaofeng_http_requests_total", "HTTP requests received.");
static struct metric refusals = METRIC_COUNTER(
    "xiaofeng_http_refused_total", "HTTP requests answered with 4xx or 5xx.");

static struct metric full =
    METRIC_COUNTER("xiaofeng_http_bodies_full_total",
                   "Requests refused because too many bytes were held.");

const char *http_status_text(unsigned status) {
    static const struct {
        unsigned status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {302, "Found"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Status";
}

static const char *cache_text(enum http_cache cache) {
    switch (cache) {
    case HTTP_CACHE_YEAR:
        return "public, max-age=31536000, immutable";
    case HTTP_CACHE_CHECK:
        return "no-cache";
    case HTTP_CACHE_NEVER:
        break;
    }
    return "no-store";
}

static void add_date(struct buf *out) {
    char date[64];
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    buf_addf(out, "Date: %s\r\n", date);
}

static void add_header(struct buf *out, const struct http_header *header) {
    buf_addf(out, "%s: ", header->name);
    for (const char *at = header->value; *at; at++)
        if ((unsigned char)*at >= ' ' && *at != 0x7f)
            buf_addc(out, *at);
    buf_adds(out, "\r\n");
}

/* server may be NULL: then nothing of others is allowed. */
static void compose(struct buf *out, const struct ws_server *server,
                    const struct http_answer *answer, enum http_cache cache,
                    const char *etag, bool close) {
    const char *images = server ? server->image_origin : NULL;
    bool bare = answer->status == 304 || answer->status == 204;

    buf_addf(out, "HTTP/1.1 %u %s\r\n", answer->status,
             http_status_text(answer->status));
    add_date(out);
    if (!bare)
        buf_addf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                 answer->type, answer->body_len);
    buf_addf(out, SECURITY_HEADERS "Cache-Control: %s\r\n", images ? " " : "",
             images ? images : "", cache_text(cache));
    if (etag)
        buf_addf(out, "ETag: %s\r\n", etag);
    for (size_t i = 0; i < answer->n_headers; i++)
        add_header(out, &answer->headers[i]);
    if (answer->status == 401)
        buf_adds(out, "WWW-Authenticate: Bearer\r\n");
    if (close)
        buf_adds(out, "Connection: close\r\n");
    buf_adds(out, "\r\n");
    if (answer->body_len)
        buf_add(out, answer->body, answer->body_len);
    if (answer->status >= 400)
        metric_add(&refusals, 1);
}

static void status_answer(struct http_answer *answer, struct buf *text,
                          unsigned status) {
    static const struct http_header allow = {"Allow", "GET"};

    buf_addf(text, "%u %s\n", status, http_status_text(status));
    *answer = (struct http_answer){.status = status,
                                   .type = "text/plain; charset=utf-8",
                                   .body = text->data,
                                   .body_len = text->len,
                                   .headers = &allow,
                                   .n_headers = status == 405};
}

void http_refuse(struct lws *wsi, unsigned status) {
    struct buf text = {0}, out = {0};
    struct http_answer answer;

    status_answer(&answer, &text, status);
    compose(&out, NULL, &answer, HTTP_CACHE_NEVER, NULL, true);
    /* If that fails the connection is closed no less. */
    if (lws_write(wsi, (unsigned char *)out.data, out.len, LWS_WRITE_HTTP) < 0)
        LOG_DBG("a refusal could not be sent");
    buf_finish(&text);
    buf_finish(&out);
}

static void set_deadline(struct conn *conn, unsigned ms) {
    server_set_deadline(conn, ms);
    /* The library's own is shorter than a slow phone may need. */
    lws_set_timeout(conn->wsi, NO_PENDING_TIMEOUT, 0);
}

/* The answer has left: the connection waits for the next request. */
static int complete(struct conn *conn) {
    bool linger = conn->request->linger;

    http_request_free(conn->request);
    if (linger) {
        /* Closing with bytes unread would take the answer with it. */
        set_deadline(conn, LINGER_MS);
        return 0;
    }
    lws_rx_flow_control(conn->wsi, 1);
    server_set_deadline(conn, conn->server->limits.request_ms);
    return lws_http_transaction_completed(conn->wsi) ? -1 : 0;
}

/* Sends the answer; returns nonzero when the connection is to be closed. */
static int send_answer(struct conn *conn) {
    struct http_request *request = conn->request;

    if (request->out.len &&
        lws_write(conn->wsi, (unsigned char *)request->out.data,
                  request->out.len, LWS_WRITE_HTTP) < 0)
        return -1;
    buf_finish(&request->out);
    if (!lws_partial_buffered(conn->wsi))
        return complete(conn);
    /* The library calls when the rest has left, but not while it may not read
     * either. */
    lws_rx_flow_control(conn->wsi, 1);
    return 0;
}

int http_writable(struct conn *conn) {
    if (!conn->request || !conn->request->answered || conn->request->ready)
        return 0;
    return send_answer(conn);
}

void http_answer_with(struct http_request *request,
                      const struct http_answer *answer, enum http_cache cache,
                      const char *etag) {
    struct conn *conn = request->conn;

    if (!conn) {
        http_request_free(request);
        return;
    }
    if (request->answered) {
        LOG_ERR("a request was answered twice");
        return;
    }
    request->answered = true;
    request->gone = NULL;
    compose(&request->out, request->server, answer, cache, etag,
            request->linger);
    if (request->bodiless)
        request->out.len -= answer->body_len;
    set_deadline(conn, SEND_MS);
    if (!request->dispatching && send_answer(conn) != 0)
        ws_kill(conn->wsi);
}

void http_answer(struct http_request *request,
                 const struct http_answer *answer) {
    http_answer_with(request, answer,
                     answer->cache ? HTTP_CACHE_YEAR : HTTP_CACHE_NEVER, NULL);
}

void http_answer_status(struct http_request *request, unsigned status) {
    struct buf text = {0};
    struct http_answer answer;

    status_answer(&answer, &text, status);
    http_answer(request, &answer);
    buf_finish(&text);
}

void http_gone(struct conn *conn) {
    struct http_request *request = conn->request;
    void (*gone)(void *data) = request->gone;
    void *data = request->gone_data;

    conn->request = NULL;
    request->conn = NULL;
    /* Without a callback its answer is still to come, and frees it. */
    if (gone || request->answered || request->reading)
        http_request_free(request);
    if (gone)
        gone(data);
}

void http_on_gone(struct http_request *request, void (*gone)(void *data),
                  void *data) {
    request->gone = gone;
    request->gone_data = data;
}

static bool path_valid(const char *path, size_t len) {
    if (len >= HTTP_PATH_BYTES)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)path[i] < ' ' || path[i] == 0x7f || path[i] == '\\')
            return false;
    return true;
}

/* The status a request is refused with before anybody looks at it, or 0. */
static unsigned check_request(struct http_request *request, bool path_ok) {
    struct lws *wsi = request->conn->wsi;
    unsigned status = http_body_length(wsi, &request->body_len);

    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return 411;
    if (!path_ok)
        return 400;
    if (request->method == HTTP_METHODS ||
        (!request->tree && request->method != HTTP_GET))
        return 405;
    if (!request->tree)
        return status || request->body_len ? 400 : 0;
    return status;
}

static struct http_route *route_find(struct ws_server *server,
                                     const char *path) {
    struct http_route *route, *best = NULL;

    LL_FOREACH(server->http_routes, route) {
        bool below = route->len && route->prefix[route->len - 1] == '/';

        if (strncmp(path, route->prefix, route->len) == 0 &&
            (below || !path[route->len]) && (!best || route->len > best->len))
            best = route;
    }
    return best;
}

static void dispatch(struct http_request *request, struct http_route *route,
                     const char *path) {
    /* A route is named by the program, a file only by a directory. */
    bool root = route && route->len == 1 && strlen(path) > 1;

    if ((!route || root) && http_static_find(request, path))
        return;
    if (route)
        route->handler(request, path + route->len, route->data);
    else
        http_answer_status(request, 404);
}

static void refuse(struct http_request *request, unsigned status) {
    if (request->tree && request->tree->refuse)
        request->tree->refuse(request, status, request->tree->data);
    else
        http_answer_status(request, status);
}

/* Begins a request of a tree: its body comes first. */
static void enter_tree(struct http_request *request, const char *rest) {
    const struct http_tree *tree = request->tree;
    unsigned status =
        tree->admit ? tree->admit(request, rest, request->body_len, tree->data)
        : request->body_len ? 413u
                            : 0u;

    if (status) {
        refuse(request, status);
        return;
    }
    request->linger = false; /* it is read */
    if (!request->body_len) {
        tree->handler(request, rest, tree->data);
        return;
    }
    request->reading = true;
    request->rest = xstrdup(rest);
    server_set_deadline(
        request->conn,
        request->server->limits.request_ms +
            (unsigned)(request->body_len / (SERVER_BODY_SLOWEST / 1000)));
}

/*
 * Where the library is busy with a body the answer is sent a little later: it
 * would go on with a transaction that has ended.
 */
static int after_dispatch(struct http_request *request, bool later) {
    request->dispatching = false;
    if (!request->answered)
        return 0;
    if (!later)
        return send_answer(request->conn);
    request->ready = true;
    request->server->n_ready++;
    return 0;
}

void http_flush(struct ws_server *server) {
    struct http_request *request, *next;

    if (!server->n_ready)
        return;
    DL_FOREACH_SAFE(server->waiting, request, next) {
        struct conn *conn = request->conn;

        if (!request->ready)
            continue;
        request->ready = false;
        server->n_ready--;
        if (send_answer(conn) != 0)
            ws_kill(conn->wsi);
    }
}

int http_received(struct conn *conn, const char *path, size_t len) {
    struct lws *wsi = conn->wsi;
    bool path_ok = path_valid(path, len);
    struct http_request *request;
    struct http_route *route;
    unsigned status;
    char copy[HTTP_PATH_BYTES] = ""; /* the library frees its own too early */

    if (conn->request)
        return -1;
    metric_add(&requests, 1);
    if (path_ok)
        memcpy(copy, path, len);
    route = route_find(conn->server, copy);
    request = http_request_new(conn);
    request->tree = route ? route->tree : NULL;
    request->linger = http_body_is_read(wsi);
    request->bodiless = request->method == HTTP_HEAD;
    request->dispatching = true;
    set_deadline(conn, conn->server->limits.request_ms);
    /* Newer versions of the library give up the connection if anything comes
     * before this request is answered, older ones are woken in vain. */
    if (!http_body_is_read(wsi))
        lws_rx_flow_control(wsi, 0);
    status = check_request(request, path_ok);
    if (status)
        refuse(request, status);
    else if (route && route->tree)
        enter_tree(request, copy + route->len);
    else
        dispatch(request, route, copy);
    return after_dispatch(request, http_body_is_read(wsi));
}

/* Too much is held for all requests together: whoever has sent the piece that
 * does not fit goes without. */
static void refuse_piece(struct http_request *request) {
    metric_add(&full, 1);
    request->reading = false;
    request->linger = true;
    refuse(request, 503);
}

/*
 * The library takes the head of a request for its body when it came in one
 * piece with the request before it. Nobody is served so.
 */
static bool is_head(const struct http_request *request, const char *bytes,
                    size_t len) {
    const char *method = http_method_names[request->method];
    size_t method_len = strlen(method);

    return len > method_len && memcmp(bytes, method, method_len) == 0 &&
           bytes[method_len] == ' ';
}

int http_body_received(struct conn *conn, const char *bytes, size_t len) {
    struct http_request *request = conn->request;
    size_t left, taken;

    /* Each piece would put off the end that the library has been told of. */
    if (conn->late)
        return -1;
    /* What comes behind a refusal. */
    if (!request || !request->reading || !len)
        return 0;
    if (!request->body.len && is_head(request, bytes, len))
        return -1;
    left = request->body_len - request->body.len;
    taken = len < left ? len : left;
    request->dispatching = true;
    if (conn->server->bodies + taken > SERVER_BODIES_BYTES) {
        refuse_piece(request);
        return after_dispatch(request, true);
    }
    buf_add(&request->body, bytes, taken);
    conn->server->bodies += taken;
    if (taken == left) {
        request->reading = false;
        /* What it sent beyond is lost in some versions. */
        request->linger = taken < len;
        if (!request->linger)
            lws_rx_flow_control(conn->wsi, 0);
        set_deadline(conn, conn->server->limits.request_ms);
        request->tree->handler(request, request->rest, request->tree->data);
    }
    return after_dispatch(request, true);
}

/*
 * The library says so again, and in some places for ever, while there is more
 * to read than the body.
 */
int http_body_complete(struct conn *conn) {
    struct http_request *request = conn->request;

    if (!request || request->completions++ == HTTP_COMPLETIONS_MAX)
        return -1;
    return 0;
}

static struct http_route *route_new(struct loop *loop, const char *prefix) {
    struct http_route *route = xcalloc(1, sizeof(*route));

    route->prefix = xstrdup(prefix);
    route->len = strlen(prefix);
    LL_PREPEND(loop->ws->http_routes, route);
    return route;
}

void http_route_add(struct loop *loop, const char *prefix,
                    http_handler *handler, void *data) {
    struct http_route *route = route_new(loop, prefix);

    route->handler = handler;
    route->data = data;
}

void http_tree_add(struct loop *loop, const char *prefix,
                   const struct http_tree *tree) {
    struct http_route *route = route_new(loop, prefix);

    route->tree = xcalloc(1, sizeof(*tree));
    *route->tree = *tree;
}

void http_finish(struct ws_server *server) {
    struct http_route *route, *next;
    struct http_request *request, *later;

    DL_FOREACH_SAFE(server->waiting, request, later) {
        http_request_free(request);
    }
    LL_FOREACH_SAFE(server->http_routes, route, next) {
        free(route->prefix);
        free(route->tree);
        free(route);
    }
    http_static_finish(server);
    free(server->image_origin);
}

void http_allow_images(struct loop *loop, const char *origin) {
    free(loop->ws->image_origin);
    loop->ws->image_origin = xstrdup(origin);
}

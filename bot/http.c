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

#define PATH_BYTES 1024
#define SEND_MS 120000 /* for a client to take its answer */
#define LINGER_MS 2000 /* for one to read why its body was not */

/* Nothing but what we serve ourselves is ever loaded or run by a page. */
#define SECURITY_HEADERS                                                       \
    "Content-Security-Policy: default-src 'self'; "                            \
    "img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "        \
    "connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; "   \
    "form-action 'none'\r\n"                                                   \
    "X-Content-Type-Options: nosniff\r\n"                                      \
    "Referrer-Policy: no-referrer\r\n"

struct http_route {
    char *prefix;
    size_t len;
    http_handler *handler;
    void *data;
    struct http_route *next;
};

static struct metric requests =
    METRIC_COUNTER("xiaofeng_http_requests_total", "HTTP requests received.");
static struct metric refusals = METRIC_COUNTER(
    "xiaofeng_http_refused_total", "HTTP requests answered with 4xx or 5xx.");

static const char *status_text(unsigned status) {
    static const struct {
        unsigned status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {411, "Length Required"},
        {413, "Content Too Large"},
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

static void compose(struct buf *out, const struct http_answer *answer,
                    enum http_cache cache, const char *etag, bool close) {
    buf_addf(out, "HTTP/1.1 %u %s\r\n", answer->status,
             status_text(answer->status));
    add_date(out);
    if (answer->status != 304)
        buf_addf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                 answer->type, answer->body_len);
    buf_addf(out, SECURITY_HEADERS "Cache-Control: %s\r\n", cache_text(cache));
    if (etag)
        buf_addf(out, "ETag: %s\r\n", etag);
    if (answer->status == 405)
        buf_adds(out, "Allow: GET\r\n");
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
    buf_addf(text, "%u %s\n", status, status_text(status));
    *answer = (struct http_answer){.status = status,
                                   .type = "text/plain; charset=utf-8",
                                   .body = text->data,
                                   .body_len = text->len};
}

void http_refuse(struct lws *wsi, unsigned status) {
    struct buf text = {0}, out = {0};
    struct http_answer answer;

    status_answer(&answer, &text, status);
    compose(&out, &answer, HTTP_CACHE_NEVER, NULL, true);
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

static void request_free(struct http_request *request) {
    DL_DELETE(request->server->waiting, request);
    if (request->conn)
        request->conn->request = NULL;
    buf_finish(&request->out);
    free(request->arguments);
    free(request);
}

/* The answer has left: the connection waits for the next request. */
static int complete(struct conn *conn) {
    bool linger = conn->request->linger;

    request_free(conn->request);
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
    if (!conn->request || !conn->request->answered)
        return 0;
    return send_answer(conn);
}

void http_answer_with(struct http_request *request,
                      const struct http_answer *answer, enum http_cache cache,
                      const char *etag) {
    struct conn *conn = request->conn;

    if (!conn) {
        request_free(request);
        return;
    }
    if (request->answered) {
        LOG_ERR("a request was answered twice");
        return;
    }
    request->answered = true;
    request->gone = NULL;
    compose(&request->out, answer, cache, etag, request->linger);
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
    if (gone || request->answered)
        request_free(request);
    if (gone)
        gone(data);
}

void http_on_gone(struct http_request *request, void (*gone)(void *data),
                  void *data) {
    request->gone = gone;
    request->gone_data = data;
}

/* Every argument of the query, each with its NUL. */
static void copy_arguments(struct http_request *request, struct lws *wsi) {
    int total = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS);
    struct buf all = {0};
    char *to;
    int len;

    for (int i = 0; total > 0; i++) {
        to = buf_reserve(&all, (size_t)total + 1);
        len = lws_hdr_copy_fragment(wsi, to, total + 1, WSI_TOKEN_HTTP_URI_ARGS,
                                    i);
        if (len < 0)
            break;
        all.len += (size_t)len + 1;
    }
    request->arguments_len = all.len;
    request->arguments = all.len ? buf_take(&all) : NULL;
    buf_finish(&all);
}

const char *http_query(struct http_request *request, const char *name) {
    size_t len = strlen(name);
    const char *end;

    if (!request->arguments)
        return "";
    end = request->arguments + request->arguments_len;
    for (const char *at = request->arguments; at < end; at += strlen(at) + 1)
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return at + len + 1;
    return "";
}

const char *http_peer(const struct http_request *request) {
    return request->peer;
}

static bool has_body(struct lws *wsi) {
    char length[32];
    int len = lws_hdr_copy(wsi, length, sizeof(length),
                           WSI_TOKEN_HTTP_CONTENT_LENGTH);

    return len < 0 || (len > 0 && strcmp(length, "0") != 0);
}

/* Whether the library reads on by itself, and throws away what it reads. */
static bool body_is_read(struct lws *wsi) {
    return lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) ||
           lws_hdr_total_length(wsi, WSI_TOKEN_PUT_URI) ||
           lws_hdr_total_length(wsi, WSI_TOKEN_PATCH_URI) || has_body(wsi);
}

/* The status a request is refused with before anybody looks at it, or 0. */
static unsigned check_request(struct lws *wsi, const char *path, size_t len) {
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return 411;
    if (!lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI))
        return 405;
    if (has_body(wsi) || len >= PATH_BYTES)
        return 400;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)path[i] < ' ' || path[i] == 0x7f || path[i] == '\\')
            return 400;
    return 0;
}

static struct http_request *request_new(struct conn *conn) {
    struct http_request *request = xcalloc(1, sizeof(*request));
    struct lws *wsi = conn->wsi;

    request->server = conn->server;
    request->conn = conn;
    conn->request = request;
    lws_strncpy(request->peer, conn->address, sizeof(request->peer));
    if (lws_hdr_copy(wsi, request->if_none_match,
                     sizeof(request->if_none_match),
                     WSI_TOKEN_HTTP_IF_NONE_MATCH) < 0)
        request->if_none_match[0] = '\0';
    copy_arguments(request, wsi);
    DL_APPEND(conn->server->waiting, request);
    return request;
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

static void dispatch(struct http_request *request, const char *path) {
    struct http_route *route = route_find(request->server, path);

    /* A route is named by the program, a file only by a directory. */
    bool root = route && route->len == 1 && strlen(path) > 1;
    if ((!route || root) && http_static_find(request, path))
        return;
    if (route)
        route->handler(request, path + route->len, route->data);
    else
        http_answer_status(request, 404);
}

int http_received(struct conn *conn, const char *path, size_t len) {
    struct lws *wsi = conn->wsi;
    unsigned status = check_request(wsi, path, len);
    struct http_request *request;
    char copy[PATH_BYTES]; /* the library frees its own with the headers */

    if (conn->request)
        return -1;
    metric_add(&requests, 1);
    request = request_new(conn);
    request->linger =
        body_is_read(wsi) ||
        lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING);
    request->bodiless = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    request->dispatching = true;
    set_deadline(conn, conn->server->limits.request_ms);
    /* Newer versions of the library give up the connection if anything comes
     * before this request is answered, older ones are woken in vain. */
    if (!body_is_read(wsi))
        lws_rx_flow_control(wsi, 0);
    if (status) {
        http_answer_status(request, status);
    } else {
        memcpy(copy, path, len);
        copy[len] = '\0';
        dispatch(request, copy);
    }
    request->dispatching = false;
    return request->answered ? send_answer(conn) : 0;
}

void http_route_add(struct loop *loop, const char *prefix,
                    http_handler *handler, void *data) {
    struct http_route *route = xcalloc(1, sizeof(*route));

    route->prefix = xstrdup(prefix);
    route->len = strlen(prefix);
    route->handler = handler;
    route->data = data;
    LL_PREPEND(loop->ws->http_routes, route);
}

void http_finish(struct ws_server *server) {
    struct http_route *route, *next;
    struct http_request *request, *later;

    DL_FOREACH_SAFE(server->waiting, request, later) {
        request_free(request);
    }
    LL_FOREACH_SAFE(server->http_routes, route, next) {
        free(route->prefix);
        free(route);
    }
    http_static_finish(server);
}

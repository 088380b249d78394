#include "base/mem.h"
#include "bot/net.h"
#include "bot/server.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define FIELD_BYTES 4096 /* of one header */
#define LENGTH_DIGITS 15 /* of a Content-Length */

const char *const http_method_names[HTTP_METHODS] = {"GET", "HEAD",  "POST",
                                                     "PUT", "PATCH", "DELETE"};

static enum http_method method_of(struct lws *wsi) {
    static const enum lws_token_indexes tokens[HTTP_METHODS] = {
        [HTTP_GET] = WSI_TOKEN_GET_URI,
        [HTTP_HEAD] = WSI_TOKEN_HEAD_URI,
        [HTTP_POST] = WSI_TOKEN_POST_URI,
        [HTTP_PUT] = WSI_TOKEN_PUT_URI,
        [HTTP_PATCH] = WSI_TOKEN_PATCH_URI,
        [HTTP_DELETE] = WSI_TOKEN_DELETE_URI,
    };

    for (int method = 0; method < HTTP_METHODS; method++)
        if (lws_hdr_total_length(wsi, tokens[method]))
            return (enum http_method)method;
    return HTTP_METHODS;
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

/* Those that the library knows by number, and the others by name. */
static const struct {
    enum lws_token_indexes token;
    const char *name; /* in lower case with its colon, or NULL */
} fields[HTTP_FIELDS] = {
    [HTTP_AUTHORIZATION] = {WSI_TOKEN_HTTP_AUTHORIZATION, NULL},
    [HTTP_COOKIE] = {WSI_TOKEN_HTTP_COOKIE, NULL},
    [HTTP_CSRF_TOKEN] = {0, "x-csrf-token:"},
    [HTTP_IDEMPOTENCY_KEY] = {0, "idempotency-key:"},
    [HTTP_IF_NONE_MATCH] = {WSI_TOKEN_HTTP_IF_NONE_MATCH, NULL},
    [HTTP_CONTENT_TYPE] = {WSI_TOKEN_HTTP_CONTENT_TYPE, NULL},
    [HTTP_ORIGIN] = {WSI_TOKEN_ORIGIN, NULL},
    [HTTP_HOST] = {WSI_TOKEN_HOST, NULL},
    [HTTP_USER_AGENT] = {WSI_TOKEN_HTTP_USER_AGENT, NULL},
    [HTTP_PURPOSE] = {0, "purpose:"},
    [HTTP_SEC_PURPOSE] = {0, "sec-purpose:"},
    [HTTP_MOZ] = {0, "x-moz:"},
};

static char *copy_field(struct lws *wsi, enum http_field field) {
    const char *name = fields[field].name;
    int name_len = name ? (int)strlen(name) : 0;
    int len = name ? lws_hdr_custom_length(wsi, name, name_len)
                   : lws_hdr_total_length(wsi, fields[field].token);
    char *value;

    if (len <= 0 || len > FIELD_BYTES)
        return NULL;
    value = xcalloc(1, (size_t)len + 1);
    len = name ? lws_hdr_custom_copy(wsi, value, len + 1, name, name_len)
               : lws_hdr_copy(wsi, value, len + 1, fields[field].token);
    if (len > 0)
        return value;
    free(value);
    return NULL;
}

struct http_request *http_request_new(struct conn *conn) {
    struct http_request *request = xcalloc(1, sizeof(*request));
    struct lws *wsi = conn->wsi;

    request->server = conn->server;
    request->conn = conn;
    conn->request = request;
    request->method = method_of(wsi);
    lws_strncpy(request->peer, conn->address, sizeof(request->peer));
    for (int field = 0; field < HTTP_FIELDS; field++)
        request->fields[field] = copy_field(wsi, (enum http_field)field);
    copy_arguments(request, wsi);
    DL_APPEND(conn->server->waiting, request);
    return request;
}

void http_request_free(struct http_request *request) {
    DL_DELETE(request->server->waiting, request);
    if (request->conn)
        request->conn->request = NULL;
    for (int field = 0; field < HTTP_FIELDS; field++)
        free(request->fields[field]);
    request->server->bodies -= request->body.len;
    request->server->n_ready -= request->ready;
    buf_finish(&request->body);
    buf_finish(&request->out);
    free(request->rest);
    free(request->arguments);
    free(request);
}

unsigned http_body_length(struct lws *wsi, size_t *len) {
    char digits[LENGTH_DIGITS + 1];
    int n;

    *len = 0;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return 411;
    n = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    if (n == 0)
        return lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) ||
                       lws_hdr_total_length(wsi, WSI_TOKEN_PUT_URI) ||
                       lws_hdr_total_length(wsi, WSI_TOKEN_PATCH_URI)
                   ? 411
                   : 0;
    if (n > LENGTH_DIGITS)
        return 413;
    if (lws_hdr_copy(wsi, digits, sizeof(digits),
                     WSI_TOKEN_HTTP_CONTENT_LENGTH) != n ||
        strspn(digits, "0123456789") != (size_t)n)
        return 400;
    *len = strtoul(digits, NULL, 10);
    return *len > SERVER_BODY_BYTES ? 413 : 0;
}

bool http_body_is_read(struct lws *wsi) {
    size_t len;

    return lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) ||
           lws_hdr_total_length(wsi, WSI_TOKEN_PUT_URI) ||
           lws_hdr_total_length(wsi, WSI_TOKEN_PATCH_URI) ||
           http_body_length(wsi, &len) != 0 || len;
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

enum http_method http_method(const struct http_request *request) {
    return request->method;
}

const char *http_body(const struct http_request *request, size_t *len) {
    *len = request->body.len;
    return request->body.data ? request->body.data : "";
}

const char *http_field(const struct http_request *request,
                       enum http_field field) {
    return request->fields[field] ? request->fields[field] : "";
}

#pragma once

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct http_request;

/*
 * The HTTP side of the daemon: exact and prefix routes for GET, trees that take
 * every method and bodies, and a directory of static files.
 * Every answer carries Content-Security-Policy, X-Content-Type-Options,
 * Referrer-Policy and no-store unless the route says otherwise.
 */
enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_METHODS
};
extern const char *const http_method_names[HTTP_METHODS]; /* "GET", … */

/* A header of an answer beyond those that each has. No control characters:
 * they are left out. */
struct http_header {
    const char *name, *value;
};

struct http_answer {
    unsigned status;
    const char *type; /* Content-Type */
    const char *body; /* copied */
    size_t body_len;
    bool cache; /* immutable content: may be kept for a year */
    const struct http_header *headers;
    size_t n_headers;
};

/*
 * What one stranger may take. Set before loop_listen(), else the defaults
 * below hold.
 */
#define SERVER_PEER_CONNECTIONS 1024 /* a proxy or a NAT is one peer */
#define SERVER_REQUEST_MS 15000      /* for a whole request to arrive */
#define SERVER_BODY_SLOWEST                                                    \
    32768 /* … and a second for each such bytes of it                        \
           */
#define SERVER_BODY_BYTES (16 * 1024 * 1024)   /* of one request, at most */
#define SERVER_BODIES_BYTES (96 * 1024 * 1024) /* of all together */
#define SERVER_MESSAGE_MS 60000 /* for a WebSocket message in pieces */
#define SERVER_CLOSE_MS 5000    /* for a peer to agree to be closed */
#define SERVER_PING_MS 30000    /* a silent WebSocket is pinged after */
#define SERVER_HANGUP_MS 75000  /* and given up after, both ways */
struct server_limits {
    unsigned peer_connections; /* of one address, or one IPv6 /64 */
    unsigned request_ms;
    unsigned message_ms;
    unsigned close_ms;
    unsigned ping_ms;
    unsigned hangup_ms;
};
void server_set_limits(struct loop *loop, const struct server_limits *limits);

/*
 * Called with the rest of the path after the prefix ("" for an exact match).
 * Must call http_answer() once, now or later in the loop; the request is
 * gone after that, or when http_on_gone's callback says the client went.
 */
typedef void http_handler(struct http_request *request, const char *rest,
                          void *data);

/*
 * A prefix that ends in "/" matches all below it, any other one only itself;
 * the longest match is taken. Routes are added before the loop runs.
 */
void http_route_add(struct loop *loop, const char *prefix,
                    http_handler *handler, void *data);
/*
 * All requests below a prefix that ends in "/", of any method. A body needs a
 * Content-Length (else 411) and is read as a whole before handler is called.
 */
struct http_tree {
    http_handler *handler;
    /* Asked before a body of body_bytes is read (0: there is none): 0 to go on,
     * or the status to refuse with. NULL: no bodies. */
    unsigned (*admit)(struct http_request *request, const char *rest,
                      size_t body_bytes, void *data);
    /* Answers what never comes to handler (400, 405, 411, 413, 503); NULL: a
     * plain text. */
    void (*refuse)(struct http_request *request, unsigned status, void *data);
    void *data;
};
void http_tree_add(struct loop *loop, const char *prefix,
                   const struct http_tree *tree);
/*
 * Serves the files of a directory below a url prefix ("/chat"), index.html for
 * the prefix itself. The names are read now, so no request can name any other
 * file; the bytes are read when asked for.
 */
void http_static_add(struct loop *loop, const char *prefix, const char *dir);
/* Pages may show images of this origin, too, as in "https://tile.example". */
void http_allow_images(struct loop *loop, const char *origin);

/* The value of a query argument, decoded; "" when absent. Borrowed. */
const char *http_query(struct http_request *request, const char *name);
const char *http_peer(const struct http_request *request);
enum http_method http_method(const struct http_request *request);
/* The body, with a NUL behind it; "" without one. Borrowed from the request,
 * that is until the answer or the client's leaving. */
const char *http_body(const struct http_request *request, size_t *len);
/* The value of a header the request came with, or "". Borrowed as above. */
enum http_field {
    HTTP_AUTHORIZATION,
    HTTP_COOKIE,
    HTTP_CSRF_TOKEN,      /* X-CSRF-Token */
    HTTP_IDEMPOTENCY_KEY, /* Idempotency-Key */
    HTTP_IF_NONE_MATCH,
    HTTP_CONTENT_TYPE,
    HTTP_ORIGIN,
    HTTP_HOST,
    HTTP_USER_AGENT,
    HTTP_PURPOSE,     /* Purpose: what an early look is for, or */
    HTTP_SEC_PURPOSE, /* Sec-Purpose */
    HTTP_MOZ,         /* X-Moz: "prefetch" */
    HTTP_FIELDS
};
const char *http_field(const struct http_request *request,
                       enum http_field field);
/*
 * Calls gone once if the client leaves before the answer; the request is freed
 * after that. Without it an answer to somebody gone is dropped quietly.
 */
void http_on_gone(struct http_request *request, void (*gone)(void *data),
                  void *data);
void http_answer(struct http_request *request,
                 const struct http_answer *answer);
/* "Not Found" for 404. */
const char *http_status_text(unsigned status);
/* Answers with the bytes of a file, read off the loop; 404 when there is none
 * or it is larger than HTTP_FILE_BYTES. */
#define HTTP_FILE_BYTES (16 * 1024 * 1024)
void http_answer_file(struct http_request *request, const char *path,
                      const char *type, bool cache);
/* The same with a header more, such as Content-Disposition. Its name lives for
 * ever, its value is copied; NULL: none. */
void http_answer_file_with(struct http_request *request, const char *path,
                           const char *type, bool cache,
                           const struct http_header *header);

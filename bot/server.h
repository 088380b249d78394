#pragma once

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct http_request;

/*
 * The HTTP side of the daemon: exact and prefix routes, GET only in this
 * release (uploads come by WebSocket), and a directory of static files.
 * Every answer carries Content-Security-Policy, X-Content-Type-Options,
 * Referrer-Policy and no-store unless the route says otherwise.
 */
struct http_answer {
    unsigned status;
    const char *type; /* Content-Type */
    const char *body; /* copied */
    size_t body_len;
    bool cache; /* immutable content: may be kept for a year */
};

/*
 * What one stranger may take. Set before loop_listen(), else the defaults
 * below hold.
 */
#define SERVER_PEER_CONNECTIONS 1024 /* a proxy or a NAT is one peer */
#define SERVER_REQUEST_MS 15000      /* for a whole request to arrive */
#define SERVER_MESSAGE_MS 60000      /* for a WebSocket message in pieces */
#define SERVER_CLOSE_MS 5000         /* for a peer to agree to be closed */
#define SERVER_PING_MS 30000         /* a silent WebSocket is pinged after */
#define SERVER_HANGUP_MS 75000       /* and given up after, both ways */
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
 * Serves the files of a directory below a url prefix ("/chat"), index.html for
 * the prefix itself. The names are read now, so no request can name any other
 * file; the bytes are read when asked for.
 */
void http_static_add(struct loop *loop, const char *prefix, const char *dir);

/* The value of a query argument, decoded; "" when absent. Borrowed. */
const char *http_query(struct http_request *request, const char *name);
const char *http_peer(const struct http_request *request);
/*
 * Calls gone once if the client leaves before the answer; the request is freed
 * after that. Without it an answer to somebody gone is dropped quietly.
 */
void http_on_gone(struct http_request *request, void (*gone)(void *data),
                  void *data);
void http_answer(struct http_request *request,
                 const struct http_answer *answer);
/* Answers with the bytes of a file, read off the loop; 404 when there is none
 * or it is larger than HTTP_FILE_BYTES. */
#define HTTP_FILE_BYTES (16 * 1024 * 1024)
void http_answer_file(struct http_request *request, const char *path,
                      const char *type, bool cache);

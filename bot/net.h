#pragma once

#include "base/buf.h"
#include "bot/server.h"
#include "bot/ws.h"

/* It brings along OpenSSL, which has a type of this name. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <libwebsockets.h>
#undef ERR_STATE

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>
#include <uv.h>

/*
 * Private to loop.c, ws*.c, server.c and http*.c: what they share about
 * connections. The rest of the program uses ws.h and server.h.
 *
 *   loop.c         the libraries: start, listen, stop, finish
 *   ws.c           one WebSocket, either way: receiving, closing, keeping alive
 *   ws_frame.c     its frames on their way out
 *   ws_client.c    a connection that is kept open
 *   server.c       what libwebsockets tells us about accepted connections
 *   http.c         routes, answers, the life of a request
 *   http_request.c what a request came with: method, headers, arguments, body
 *   http_static.c  files
 */
struct http_route;
struct http_static;
struct ws_route;

#define WS_SPARE_BUFFERS 8
#define WS_RANDOM_BYTES 1024

struct ws_server {
    struct loop *loop;
    struct server_limits limits;
    uv_prepare_t flush;
    uv_timer_t sweep; /* for deadlines and silent peers */

    struct ws_route *ws_routes;
    struct http_route *http_routes;
    struct http_static *statics;
    char *image_origin;           /* of others, that pages may show; or NULL */
    struct conn *conns;           /* every accepted connection */
    struct peer *peers;           /* by address, a uthash table */
    struct ws *all;               /* every struct ws there is */
    struct ws *dirty;             /* those with frames of this turn */
    struct http_request *waiting; /* every request without an answer yet */
    struct ws_link *links;        /* connections of ours, tried and open */
    unsigned handles;             /* uv handles and requests still under way */
    bool stopping;                /* no new connections of either kind */
    size_t joining;   /* bytes held for messages that are not whole */
    size_t bodies;    /* … for the bodies of requests */
    unsigned n_ready; /* requests whose answer goes out by http_flush() */

    struct lws_vhost *client_vhost[2]; /* without and with TLS, made late */

    /* Buffers change hands, so that an idle connection holds none. */
    struct buf spare[WS_SPARE_BUFFERS];
    size_t n_spare;
    unsigned char random[WS_RANDOM_BYTES]; /* for masks, used up in order */
    size_t random_left;
};

struct peer {
    char key[INET6_ADDRSTRLEN];
    unsigned connections;
    UT_hash_handle hh;
};

/* An accepted connection, whatever it speaks. */
struct conn {
    struct ws_server *server;
    struct lws *wsi;
    struct peer *peer;
    struct ws *ws;                /* after its upgrade was accepted */
    struct http_request *request; /* the one under way */
    uint64_t deadline_ms;         /* uv_now() by which it ends; 0: never */
    bool late;                    /* it is being ended for that */
    struct conn *prev, *next;
    char address[INET6_ADDRSTRLEN];
};

/* ws.c */
struct ws_route {
    char *path;
    struct ws_handler handler;
    void *data;
    struct ws_route *next;
};

struct ws {
    struct ws_server *server;
    struct lws *wsi;
    struct ws_client *client;   /* NULL for an accepted connection */
    struct ws_handler *handler; /* of the route or client, NULL when orphaned */
    void *data;
    const char *peer; /* borrowed from the conn or client */
    struct buf in;    /* the pieces of a message so far */
    struct buf out;   /* frames not yet given to the library */
    size_t out_lws;   /* at most this many bytes are still in the library */
    struct ws *prev, *next;
    struct ws *prev_dirty, *next_dirty;
    uint64_t deadline_ms; /* uv_now() by which it ends; 0: never */
    uint64_t heard_ms;    /* when the peer last said anything */
    bool is_dirty : 1;
    bool opened : 1;  /* open() was called */
    bool mask : 1;    /* we are the client */
    bool joining : 1; /* a message has begun and is not whole */
    bool closing : 1; /* nothing more goes in or out but what is queued */
    bool pinged : 1;  /* since it was last heard */
    bool dead : 1;    /* nothing may be written any more */
};

void ws_stop(struct ws_server *server); /* says goodbye to every peer */
void ws_finish(struct ws_server *server);
void ws_sweep(struct ws_server *server, uint64_t now);
struct ws_route *ws_route_find(const struct ws_server *server,
                               const char *path);
struct ws *ws_new(struct ws_server *server, struct ws_handler *handler,
                  void *data, const char *peer);
void ws_opened(struct ws *ws, struct lws *wsi);
/* ws_frame.c */
#define FRAME_TEXT 0x81
#define FRAME_CLOSE 0x88
#define FRAME_PING 0x89
void ws_frame_add(struct ws *ws, unsigned char first, const char *bytes,
                  size_t len);
/* Gives what is queued to the library; false when the socket has failed. */
bool ws_frame_flush(struct ws *ws) must_check;
void ws_frame_drop(struct ws *ws);
void ws_frame_start(struct ws_server *server);
/* A buffer to fill, with the memory of one that was filled before. */
void ws_spare_take(struct ws_server *server, struct buf *buf);
void ws_spare_give(struct ws_server *server, struct buf *buf);

/* ws.c */
/* What libwebsockets tells of an open connection, and its answer to that. */
int ws_event(struct ws *ws, enum lws_callback_reasons reason, const char *bytes,
             size_t len);
void ws_gone(struct ws *ws); /* calls close(), frees */
/* Ends a connection without manners, later in the loop. */
void ws_kill(struct lws *wsi);

/* ws_client.c */
struct ws_link {
    uintptr_t id;
    struct ws_client *client; /* NULL after ws_client_free() */
    struct lws *wsi;
    struct ws *ws; /* once open */
    struct ws_link *prev, *next;
};
void ws_client_lost(struct ws_client *client);
void ws_client_finish(struct ws_server *server);

/* server.c */
void server_start(struct ws_server *server);
/* The connection ends in ms unless another deadline is set before. */
void server_set_deadline(struct conn *conn, unsigned ms);
extern const struct server_limits server_default_limits;
extern const lws_retry_bo_t no_keepalive; /* ws.c does it */
extern const struct lws_protocols server_protocols[];
/* The receive buffer that the library keeps for each WebSocket. */
#define WS_RECEIVE_BYTES 4096
/* One send() takes all that may be queued, and some frames more. */
#define WS_SEND_BYTES ((size_t)WS_QUEUE_BYTES * 2)

/* http.c, http_request.c */
#define HTTP_ETAG_BYTES 48
#define HTTP_PATH_BYTES 1024
struct http_request {
    struct ws_server *server;
    struct conn *conn; /* NULL when the client has gone */
    struct http_request *prev, *next;
    enum http_method method;
    const struct http_tree *tree; /* of its route, or NULL */
    char *rest;                   /* of the path, until its body is whole */
    char *arguments; /* decoded "name=value" strings, NUL between them */
    size_t arguments_len;
    char *fields[HTTP_FIELDS]; /* NULL: it came without */
    struct buf body;
    size_t body_len; /* what its Content-Length promised */
    char peer[INET6_ADDRSTRLEN];
    void (*gone)(void *data);
    void *gone_data;
    struct buf out;   /* the whole answer until the library has it */
    bool answered;    /* by its handler */
    bool dispatching; /* its handler is being called by libwebsockets */
    bool linger;      /* what it sends is not read: close after the answer */
    bool bodiless;    /* HEAD: the answer ends with its head */
    bool reading;     /* its body is on its way */
    bool ready;       /* its answer goes out by http_flush() */
    unsigned completions; /* how often the library said its body is whole */
};

/* Whether and how a browser may keep an answer. */
enum http_cache { HTTP_CACHE_NEVER, HTTP_CACHE_CHECK, HTTP_CACHE_YEAR };

/* A new request; returns nonzero when the connection is to be closed. */
int http_received(struct conn *conn, const char *path, size_t len);
int http_writable(struct conn *conn);
/* A piece of its body; the body is whole. Return values as above. */
int http_body_received(struct conn *conn, const char *bytes, size_t len);
int http_body_complete(struct conn *conn);
void http_gone(struct conn *conn);
/* Once a turn of the loop, outside of what the library does. */
void http_flush(struct ws_server *server);
/* Answers what is no request of ours: a refused upgrade. */
void http_refuse(struct lws *wsi, unsigned status);
void http_finish(struct ws_server *server);
/* http_answer() with all that it can be told; etag is NULL or of the form
 * "1-2" with the quotes. */
void http_answer_with(struct http_request *request,
                      const struct http_answer *answer, enum http_cache cache,
                      const char *etag);
void http_answer_status(struct http_request *request, unsigned status);

/* http_request.c */
/* A request for the connection, of its headers; its method is HTTP_METHODS when
 * it is none that we know. */
struct http_request *http_request_new(struct conn *conn);
void http_request_free(struct http_request *request);
/* How long its body says to be: 0, 400, 411 or 413 to refuse it. */
unsigned http_body_length(struct lws *wsi, size_t *len);
/* Whether the library reads on by itself, and throws away what it reads. */
bool http_body_is_read(struct lws *wsi);

/* http_static.c */
struct http_static;
bool http_static_find(struct http_request *request, const char *path);
void http_static_finish(struct ws_server *server);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct ws;
struct ws_server_route;

/*
 * WebSocket connections over libwebsockets, both ways. Incoming fragments are
 * joined up to a cap; outgoing frames of one loop turn are framed here and
 * leave by one send() (see ws.c for the why and the trick).
 */

/* What a request for a WebSocket brought along; borrowed for the call. */
struct ws_request {
    const char *path;          /* "/onebot/v11/ws", without the query */
    const char *authorization; /* header, or "" */
    const char *access_token;  /* query argument, or "" */
    const char *self_id;       /* X-Self-ID, or "" */
    const char *client_role;   /* X-Client-Role, or "" */
    const char *origin;        /* Origin, or "" */
    const char *host;          /* Host, or "" */
    const char *cookie;        /* Cookie, or "" */
    const char *peer;          /* remote address as text */
};

struct ws_handler {
    /*
     * A client asks for a connection of ours (server side only). Returns an
     * HTTP status: 101 to accept, anything else is answered and closed.
     * data becomes the connection's ws_data().
     */
    unsigned (*accept)(void *route_data, const struct ws_request *request,
                       void **data);
    /* Comes once before any message, and always before close. */
    void (*open)(struct ws *ws, void *data);
    /* One whole message; text is valid UTF-8 when !binary. Not NUL-ended. */
    void (*message)(struct ws *ws, void *data, const char *bytes, size_t len,
                    bool binary);
    /* The connection is gone; ws is freed after this returns. */
    void (*close)(struct ws *ws, void *data);
    size_t max_text_bytes;   /* a longer message closes with 1009 */
    size_t max_binary_bytes; /* 0: binary closes with 1003 */
};

/* Serves handler at an exact path. Routes are added before the loop runs. */
void ws_route_add(struct loop *loop, const char *path,
                  const struct ws_handler *handler, void *route_data);

/* A connection that we open and keep open, with back-off and jitter. */
struct ws_client;
struct ws_client_options {
    const char *url;       /* ws:// or wss://host[:port]/path */
    const char *token;     /* sent as "Authorization: Bearer …", or NULL */
    unsigned retry_ms;     /* the first pause, which doubles; 0: a default */
    unsigned retry_max_ms; /* the longest pause; 0: a default */
};
/*
 * Starts connecting; handler->open comes at each (re)connection, never before
 * this returns. NULL when the url is not one. Copies options and handler.
 */
struct ws_client *ws_client_new(struct loop *loop,
                                const struct ws_client_options *options,
                                const struct ws_handler *handler, void *data);
/*
 * Closes politely, takes NULL. An open connection's close() comes from within;
 * no callback comes after. Before loop_finish() at the latest.
 */
void ws_client_free(struct ws_client *client);
/* The peer refused our token: back off longer before the next attempt. */
void ws_client_slow_down(struct ws_client *client);

/*
 * Queues one text frame; it leaves within this turn of the loop. ERR_LIMIT when
 * more than WS_QUEUE_BYTES wait for a slow peer, ERR_AWAY when closing.
 */
#define WS_QUEUE_BYTES (4 * 1024 * 1024)
enum err ws_send(struct ws *ws, const char *text, size_t len) must_check;
/* Bytes that wait to be written. */
size_t ws_queued(const struct ws *ws);
/* Flushes what is queued, sends a close frame and ends the connection later in
 * the loop; close() will be called. Safe inside any callback. */
void ws_close(struct ws *ws, uint16_t code, const char *reason);
void *ws_data(const struct ws *ws);
void ws_set_data(struct ws *ws, void *data);
const char *ws_peer(const struct ws *ws); /* remote address, for rate limits */

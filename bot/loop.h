#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct lws_context;
struct lws_vhost;

/*
 * The one loop: libuv, carrying libwebsockets. Everything else of the program
 * (Redis, curl, timers) adds its own handles to loop->uv.
 */
struct loop {
    uv_loop_t uv;
    struct lws_context *lws;
    struct lws_vhost *server; /* NULL until loop_listen() */
    struct ws_server *ws;     /* ws.c and server.c: routes and connections */
};

enum err loop_init(struct loop *loop) must_check;
/* Without TLS in either direction: OpenSSL takes up 2 MB even when idle. */
enum err loop_init_plain(struct loop *loop) must_check;
/*
 * Listens for HTTP and WebSocket. address is a numeric one, NULL means every
 * interface; port 0 takes a free one. cert and key (PEM paths) turn TLS on, or
 * are NULL. The reason of a failure is logged.
 */
enum err loop_listen(struct loop *loop, const char *address, int port,
                     const char *cert, const char *key) must_check;
int loop_port(const struct loop *loop); /* the port it listens on */
void loop_run(struct loop *loop);       /* until loop_stop() */
void loop_stop(struct loop *loop);      /* safe in any callback */
/* Closes every connection and handle left, without leaks. */
void loop_finish(struct loop *loop);

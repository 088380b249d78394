#pragma once

#include "base/bucket.h"
#include "base/buf.h"
#include "base/limits.h"
#include "bot/connectors/onebot11_calls.h"
#include "bot/ws.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct account;
struct bot;
struct connector;
struct gate;
struct outgoing;

/*
 * Private to the files of the OneBot 11 connector.
 *   onebot11.c         settings, routes, who may connect, deadlines
 *   onebot11_conn.c    one connection: its account, its frames, its calls
 *   onebot11_image.c   a picture that goes along with a message
 */
enum onebot11_role {
    ONEBOT11_API = 1, /* takes calls */
    ONEBOT11_EVENTS = 2,
    ONEBOT11_UNIVERSAL = ONEBOT11_API | ONEBOT11_EVENTS
};

/* A connection that we keep open. */
struct onebot11_forward {
    struct onebot11 *owner;
    struct ws_client *client;
    enum onebot11_role role;
    size_t index;      /* in the settings, for logs: a url may hold a token */
    bool told_refused; /* the log has it, until the peer accepts us */
};

struct onebot11 {
    struct bot *bot;
    struct gate *gate; /* NULL: no reverse connections */
    struct onebot11_forward *forwards;
    size_t n_forwards;
    int64_t deadline_ms;
    char prefix[8]; /* of the echo of every call of this process */
    struct onebot11_conn *conns;
    size_t n_conns;
    struct onebot11_image *images; /* being read */
    uv_timer_t timer;              /* the first deadline of any call */
    struct bucket complaints;      /* lines about bad frames */
    struct buf out;                /* the call being written */
    bool stopping;
};

/* How an account's id was learnt; the later ones are the more certain. */
enum onebot11_known {
    KNOWN_NOT,
    KNOWN_BY_HEADER,
    KNOWN_BY_LOGIN,
    KNOWN_BY_EVENT
};

struct onebot11_conn {
    struct onebot11 *owner;
    struct ws *ws;
    struct onebot11_forward *forward; /* NULL: reverse */
    enum onebot11_role role;
    enum onebot11_known known;
    char self[LIMIT_ID_BYTES + 1];  /* the account's bare id */
    char alias[LIMIT_ID_BYTES + 1]; /* X-Self-ID, which may be another, or "" */
    struct account *account;        /* while its calls go this way, else NULL */
    struct onebot11_calls calls;
    bool heard;  /* the peer said something other than no */
    bool closed; /* nothing is sent any more */
    struct onebot11_conn *prev, *next;
};

extern const struct connector onebot11_connector;

struct onebot11_conn *onebot11_conn_new(struct onebot11 *owner,
                                        struct onebot11_forward *forward,
                                        enum onebot11_role role);
void onebot11_conn_free(struct onebot11_conn *conn);
/* No account goes this way any more; what was under way is lost. */
void onebot11_conn_leave(struct onebot11_conn *conn);
void onebot11_conn_open(struct onebot11_conn *conn, struct ws *ws);
void onebot11_conn_message(struct onebot11_conn *conn, const char *bytes,
                           size_t len);
void onebot11_conn_close(struct onebot11_conn *conn);
/* Ends the calls whose deadline has passed. */
void onebot11_conn_expire(struct onebot11_conn *conn, int64_t now_ms);
/* A call was sent: its deadline is watched. */
void onebot11_watch(struct onebot11 *onebot11);

/* Reads out->image_path and sends the call of that number, later in the loop.
 * Copies out. */
void onebot11_image_send(struct onebot11_conn *conn, uint64_t number,
                         const struct outgoing *out);
/* The connection is gone; what is being read for it is dropped. */
void onebot11_image_forget(const struct onebot11_conn *conn);
/* Ends one call without an answer of the platform's. */
void onebot11_conn_refuse(struct onebot11_conn *conn, uint64_t number,
                          const char *reason);

#pragma once

#include "base/arena.h"
#include "base/bucket.h"
#include "base/err.h"
#include "base/token.h"
#include "bot/connectors/web.h"
#include "i18n/catalog.h"
#include "store/chat.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>
#include <uv.h>

/*
 * Private to web*.c:
 *   web.c         the account, sending, groups
 *   web_room.c    who is in which chat, and telling them
 *   web_conn.c    a connection: frames, limits, deadlines
 *   web_hello.c   who somebody is, up to the welcome
 *   web_message.c what a member writes, up to the turn
 *   web_photo.c   a member's photos
 *   web_recall.c  taking back what the bot said
 *   web_frame.c   frames to the page
 */
struct account;
struct bot;
struct buf;
struct ws;
struct ws_request;

#define WEB_ACCOUNT "web"
#define WEB_ID_SIZE 21   /* "web." and 16 digits */
#define WEB_CHAT_SIZE 22 /* "web.u" and 16 digits */
#define WEB_TOKEN_BYTES 24
#define WEB_GROUPS_MAX 8 /* of one member */
#define WEB_NICK_CHARS 20
#define WEB_MESSAGE_ID_BYTES 40
#define WEB_HELLO_MS 10000
#define WEB_UPLOAD_MS 120000 /* from "go" to the last byte */
#define WEB_UPLOADS_BYTES ((size_t)64 * 1024 * 1024) /* of all connections */
#define WEB_TICK_MS 1000

/* Buckets of one remote address (of its /64 when it is IPv6). */
struct web_peer {
    char key[INET6_ADDRSTRLEN];
    unsigned connections;
    int64_t left_ms; /* when the last one went */
    struct bucket joins, messages;
    struct web_peer *next; /* of those that go */
    UT_hash_handle hh;
};

/* A group as configured. */
struct web_own_group {
    char *id, *title;
};

/* A connection's place in a chat. */
struct web_seat {
    struct web_room *room;
    struct web_conn *conn;
    struct web_seat *prev, *next; /* of the room */
};

struct web_room {
    char *chat;
    struct web_seat *seats;
    UT_hash_handle hh;
};

enum web_stage { WEB_NEW, WEB_GREETED, WEB_READY };

/* One connection; a member may have several. */
struct web_conn {
    struct web *web; /* NULL after web_free() */
    struct ws *ws;
    struct web_peer *peer;
    enum web_stage stage;
    enum lang lang;
    char id[WEB_ID_SIZE];
    char *as; /* by a one-time link: the rider it acts for, else NULL */
    char *nick;
    struct bucket messages;
    unsigned refused; /* messages over the rate, one after the other */
    struct web_seat *seats;
    size_t n_seats;
    struct web_said *upload; /* whose photo is to come, or NULL */
    struct web_call *calls;  /* what waits for the store and knows us */
    struct web_conn *prev, *next;
    int64_t since_ms;
};

/*
 * Something that waits for an answer of the store or of a photo's child; first
 * member of whatever it is. conn becomes NULL when the connection goes, web
 * when the program ends.
 */
struct web_call {
    struct web *web;
    struct web_conn *conn;
    struct arena arena;           /* it lives in it */
    struct web_call *prev, *next; /* of the connection */
    struct web_call *prev_of_all, *next_of_all;
};

struct web {
    struct bot *bot;
    struct web_options options;
    char *public_origin; /* "host[:port]", or NULL */
    struct account *account;
    struct web_own_group *groups;
    size_t n_groups;
    struct web_room *rooms;
    struct web_peer *peers;
    struct web_conn *conns;
    struct web_call *calls;
    struct web_answer *held; /* answers the store did not take; see web.c */
    size_t upload_bytes;
    uv_timer_t *tick;
};

/* web.c */
int64_t web_now(const struct web *web); /* monotonic */
const struct web_own_group *web_group_find(const struct web *web,
                                           const char *id);
/* A new call, size bytes, zeroed, in an arena of its own; conn may be NULL. */
void *web_call_new(struct web *web, struct web_conn *conn, size_t size);
void web_call_free(void *call);

/* web_room.c */
void web_sit(struct web_conn *conn, const char *chat);
bool web_sits(const struct web_conn *conn, const char *chat);
void web_leave(struct web_conn *conn); /* all chats */
struct web_conn *web_find(struct web *web, const char *rider);
/* Tells all in the chat; returns how many. */
size_t web_tell(struct web *web, const char *chat,
                const struct chat_entry *entry);

/* Tells all in the chat that an entry is there no more. */
void web_tell_gone(struct web *web, const char *chat, const char *key);

/* web_recall.c: see struct connector */
enum err web_recall(struct account *account, uint64_t ticket, const char *chat,
                    const char *message_id) must_check;

/* web_conn.c */
void web_conn_routes(struct web *web);
void web_conn_tick(struct web *web);
/* Answers a frame that is not as it should be. */
void web_invalid(struct web_conn *conn, json_t *json);
/* Remote addresses that nobody came from since. */
void web_peers_forget(struct web *web, int64_t before_ms);
void web_conn_drop(struct web_conn *conn); /* at web_free() */

/* web_hello.c */
void web_hello(struct web_conn *conn, json_t *json);
/* A clean name, never empty and never the bot's; in arena. */
char *web_nick(struct arena *arena, const char *given, const char *id);
void web_nick_change(struct web_conn *conn, const char *nick);

/* web_message.c */
struct web_said {
    struct web_call call;
    struct chat_entry entry;
    const char *chat;
    const char *rider; /* whose turn it is */
    const char *text;  /* for the turn: without the mention */
    bool mentioned;
    bool limited;
    bool has_position; /* of the photo, in entry's lat and lon */
    enum lang lang;
    size_t upload_bytes; /* announced, and counted in web */
    int64_t upload_ms;   /* since when they are waited for */
};
void web_text(struct web_conn *conn, json_t *json);
void web_place(struct web_conn *conn, json_t *json);
/* A message of conn with a text that is kept to max_chars; NULL when anything
 * is wrong with it, which was answered. */
struct web_said *web_said_new(struct web_conn *conn, const char *id,
                              const char *chat, const char *text,
                              size_t max_chars);
/* Keeps it, tells the others and begins its turn. Takes said. */
void web_said_keep(struct web_said *said);
/* Begins the turn only. */
void web_said_turn(const struct web_said *said, struct bot *bot);

/* web_photo.c */
void web_photo(struct web_conn *conn, json_t *json);
void web_photo_bytes(struct web_conn *conn, const char *bytes, size_t len);
void web_photo_gone(struct web_conn *conn); /* the connection goes */
bool web_photo_overdue(const struct web_conn *conn, int64_t now_ms);

/* web_frame.c */
enum web_again { WEB_FINAL, WEB_AGAIN };
/* id of the message it is about, or NULL. */
void web_error(struct web_conn *conn, const char *id, const char *key,
               enum web_again again);
void web_error_link(struct web_conn *conn);
void web_ack(struct web_conn *conn, const char *type, const char *id);
void web_send(struct web_conn *conn, const struct buf *frame);
/* for_me: viewer is the rider it addresses. */
void web_frame_message(struct buf *out, const char *chat,
                       const struct chat_entry *entry,
                       const struct web_conn *viewer);
void web_frame_gone(struct buf *out, const char *chat, const char *key);

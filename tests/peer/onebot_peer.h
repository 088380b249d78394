#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A OneBot 11 implementation for tests, bench and demo: it connects to the
 * daemon (reverse) or the daemon connects to it (forward), sends what riders
 * write, and answers the daemon's calls as it is told to. One thread, blocking,
 * with timeouts; frames to send wait in memory until peer_flush() or until the
 * peer waits for something. Frames look like NapCat's.
 */
struct peer;
struct peer_server;

struct peer_options {
    int port;              /* of the daemon, for peer_connect() */
    const char *path;      /* NULL: "/onebot/v11/ws" */
    const char *token;     /* NULL: none; for a server: what it wants to see */
    bool token_in_query;   /* else in the Authorization header */
    const char *self_id;   /* NULL: "10001000" */
    const char *header_id; /* X-Self-ID; NULL: self_id, "": no header */
    const char *role;      /* X-Client-Role; NULL: "Universal", "": none */
    const char *groups;    /* data of get_group_list, JSON; NULL: [] */
    bool cq;               /* messages as CQ strings */
    bool quiet;            /* no lifecycle event at the beginning */
};

/* Connects to the daemon. NULL when it refuses; *status (may be NULL) is its
 * HTTP status, 0 when there was none. */
struct peer *peer_connect(const struct peer_options *options, int *status);

/* Listens for the daemon on 127.0.0.1; *port 0 takes a free one. */
struct peer_server *peer_listen(int *port);
void peer_server_free(struct peer_server *server);
/* What a daemon with a wrong token gets. */
enum peer_refusal {
    PEER_SAYS_1403,   /* accepted, then a failed answer and a close: NapCat */
    PEER_CLOSES_1008, /* accepted, then closed: onebots */
    PEER_ANSWERS_401
};
/* The daemon's next connection; NULL when none came in time, or when it came
 * with a wrong token and was refused. */
struct peer *peer_accept(struct peer_server *server,
                         const struct peer_options *options,
                         enum peer_refusal refusal, int timeout_ms);

/* Ends the connection politely (code 1000), or by cutting it. Takes NULL. */
void peer_close(struct peer *peer);
void peer_cut(struct peer *peer);
/* The path the daemon asked for, of a forward connection. */
const char *peer_path(const struct peer *peer);

/* ---- what riders write ----------------------------------------------------
 */

struct peer_message {
    const char *group; /* NULL: private */
    const char *user;
    const char *id;            /* the message's; digits; NULL: a new one */
    const char *nick;          /* NULL: "骑手" and the user */
    const char *text;          /* or NULL */
    const char *const *images; /* urls, NULL at the end; or NULL */
    bool mention;              /* of the account, first */
    bool place;                /* a location segment, last */
    double lat, lon;
    const char *place_name;
};

/* Both return the message's id, valid until the next one is sent. */
const char *peer_send(struct peer *peer, const struct peer_message *message);
const char *peer_send_group_text(struct peer *peer, const char *group,
                                 const char *user, const char *id,
                                 const char *text);
const char *peer_send_private_text(struct peer *peer, const char *user,
                                   const char *id, const char *text);
void peer_send_heartbeat(struct peer *peer);
void peer_send_frame(struct peer *peer, const char *text, size_t len);
/* The frame that peer_send() would send; free(). To be sent many times, or to
 * be spoilt. */
char *peer_message_frame(struct peer *peer, const struct peer_message *message);
/* False when not all could be written in time. */
bool peer_flush(struct peer *peer, int timeout_ms);

/* ---- what the daemon calls ------------------------------------------------
 */

/* A call of send_group_msg or send_private_msg. */
struct peer_call {
    bool group;
    char *to;       /* the group's or user's id */
    char *text;     /* all text segments */
    char *mention;  /* the user mentioned, or NULL */
    char *reply_to; /* the message answered, or NULL */
    size_t n_images;
    char *image;         /* data.file of the first, or NULL */
    char *echo;          /* as it was sent, JSON */
    bool answered;       /* by policy; else it is for the test to do */
    char message_id[24]; /* of the answer, when it was answered with ok */
};
void peer_call_free(struct peer_call *call);

/* The next send of the daemon; free it. NULL when none came in time or the
 * connection has ended. Calls of other actions are answered and not shown. */
struct peer_call *peer_wait_call(struct peer *peer, int timeout_ms);

enum peer_policy {
    PEER_OK,       /* status ok with a message id; the policy at first */
    PEER_HOLD,     /* the test answers */
    PEER_NEVER,    /* never answered */
    PEER_REFUSE,   /* failed, retcode 1200, a plain reason */
    PEER_TIMEOUT,  /* failed, retcode 1200, "Timeout: …": proves nothing */
    PEER_TOO_FAST, /* failed, retcode 1200, "发送过快" */
    PEER_BANNED,   /* failed, retcode 1200, the account is frozen */
    PEER_GONE      /* failed, retcode 1200, there is no such group */
};
enum peer_kind {
    PEER_GROUP_SENDS,
    PEER_PRIVATE_SENDS,
    PEER_LOGINS,
    PEER_RECALLS, /* delete_msg */
    PEER_KINDS
};
void peer_set_policy(struct peer *peer, enum peer_kind kind,
                     enum peer_policy policy);
/* Answers by policy leave that much later, in order; 0 at first. */
void peer_set_delay(struct peer *peer, int delay_ms);

/* Answers a call that was held. */
void peer_answer_ok(struct peer *peer, struct peer_call *call);
void peer_answer_failed(struct peer *peer, const struct peer_call *call,
                        int retcode, const char *words);

/* For a bench: calls are answered by policy and handed over undecoded, instead
 * of being kept for peer_wait_call(). group tells the kind. */
typedef void peer_on_send(void *data, bool group, const char *frame,
                          size_t len);
void peer_set_on_send(struct peer *peer, peer_on_send *on_send, void *data);

/* Reads and answers until nothing has come for timeout_ms; with once, returns
 * after the first that came. Returns how many frames there were, -1 when the
 * connection has ended and nothing is left. */
int peer_run(struct peer *peer, int timeout_ms, bool once);
/* Waits until the daemon closes; the code of its close frame (1005: none,
 * 1006: no close frame), or 0 when it has not closed in time. */
int peer_wait_close(struct peer *peer, int timeout_ms);

struct peer_stats {
    uint64_t sent;  /* frames */
    uint64_t calls; /* of any action */
    uint64_t sends[PEER_KINDS];
};
const struct peer_stats *peer_stats(const struct peer *peer);
int peer_fd(const struct peer *peer); /* to poll with others */

/* Called again and again while any peer waits: a test that has the daemon's
 * loop in its own thread runs it here. NULL: none. */
void peer_set_idle(void (*idle)(void *data), void *data);

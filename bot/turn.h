#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "bot/dispatch.h"
#include "bot/message.h"
#include "bot/notices.h"
#include "i18n/catalog.h"
#include "store/notice.h"
#include "store/rider.h"

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct bot;
struct command;
struct form;
struct txn;

#define TURN_NOTICES_MAX 4
#define TURN_FIELDS_MAX 12

/*
 * A turn: one incoming message from its frame to its reply. It owns an arena
 * that everything of the turn lives in. Turns of one rider run one after the
 * other; a turn changes the store by at most one transaction.
 *
 *   turn_new()    the connector fills turn->message with memory of turn->arena
 *   turn_start()  rider read, dispatched, form filled, command's commit()
 *   turn_reply()  what the rider will read, written with the transaction
 *   turn_commit() sends the transaction; the turn goes on when it is answered
 *
 * Every path of a handler ends in exactly one of turn_commit(), turn_say(),
 * turn_fail() or turn_end(); after that the turn must not be touched.
 */
struct turn {
    struct bot *bot;
    struct arena arena;
    struct message message;
    struct rider rider; /* as the store had it when the turn opened */
    enum lang lang;
    bool limited; /* came by a one-time link: may only answer the open question
                   */
    const struct command *command; /* NULL until routed */
    const char *text;  /* of the message, without its command word */
    struct form *form; /* of command, filled so far */
    struct txn *txn;   /* what this turn will change */
    void *data;        /* the command's own, from prepare() on */
    bool forget;       /* the rider's record goes away */
    /* What is answered is sent from memory and kept nowhere, not even for a
     * redelivery: it tells where somebody is. */
    bool fleeting;
    /* What was asked for is not done. The answer is kept though nothing
     * changes, or a redelivery might do it when it has become possible. */
    bool refused;
    /* Called when the transaction has happened, or NULL. */
    void (*committed)(struct turn *turn);
    int64_t now_ms; /* wall clock when the turn began */
    /* Of the ticket that an earlier opening of this turn wanted to move, 0:
     * none. It is another one when somebody else was faster. */
    int64_t moved_version;

    /* Ids of the message's photos once they are stored, and what was wrong with
     * the others. */
    const char *photos[LIMIT_PHOTOS];
    size_t n_photos;
    bool photo_has_position;
    double photo_lat, photo_lon;
    enum err photo_err;

    /* private to turn.c, route.c, intake.c and form.c */
    const char *answer_chat; /* the private chat with the rider */
    struct form *open;       /* the rider's form in progress, or NULL */
    bool continuing;         /* the message goes on with it */
    enum control control;    /* the word it was, until prepare() is done */
    struct notice notices[TURN_NOTICES_MAX]; /* answers */
    size_t n_notices;
    struct notices others;                /* to somebody else */
    const char *set[2 * TURN_FIELDS_MAX]; /* fields of the rider to change */
    size_t n_set;
    unsigned photos_waiting;
    int attempts;       /* openings, after conflicts and outages */
    bool sent;          /* a transaction was sent: what became of it is open */
    bool told_full;     /* more of this rider's turns were refused, and said */
    int64_t give_up_ms; /* monotonic: no more waiting for the store */
    struct turn *next;  /* waits behind the running turn of the same rider */
    struct turn *park_prev, *park_next; /* waits for the store */
    UT_hash_handle hh;
};

struct turn *turn_new(struct bot *bot);
void turn_free(struct turn *turn); /* instead of turn_start() */
/* Takes the turn. Own messages and floods end here. */
void turn_start(struct turn *turn);

/*
 * Adds an answer to what the transaction writes, to the chat that the message
 * came from, or to the private one when the command is a private one. The first
 * answer is what a redelivery of the message gets again. Parameters may be
 * added; their values are borrowed and must live in the turn's arena.
 */
struct notice *turn_reply(struct turn *turn, const char *key);
/* Always in private; a group is told to look there. */
struct notice *turn_whisper(struct turn *turn, const char *key);
/* A notice to somebody else. */
struct notice *turn_notify(struct turn *turn, enum lane lane,
                           const char *account, const char *chat,
                           const char *rider, const char *key);
/* A line put before, or a paragraph after, the first answer. */
void turn_note(struct turn *turn, const char *key);
void turn_add(struct turn *turn, const char *key);
/* Changes a field of the rider with the transaction; "" removes it. value is
 * borrowed and must live in the turn's arena. */
void turn_set(struct turn *turn, const char *field, const char *value);

/* Ends: one transaction with what was added, or none when nothing changes. */
void turn_commit(struct turn *turn);
/* Ends with an answer only: turn_reply() and turn_commit() in one. */
void turn_say(struct turn *turn, const char *key);
/* Ends with the text for an error, "error.not_found" and so on. */
void turn_fail(struct turn *turn, enum err err);
/* Ends without an answer. */
void turn_end(struct turn *turn);
/* Takes back what was said so far: it will not happen. */
void turn_unsay(struct turn *turn);
/* Goes on as if the message had been text, such as a command that was chosen
 * from a menu. text must live in the turn's arena. */
void turn_redirect(struct turn *turn, const struct command *command,
                   const char *text);

/* A text in the turn's language, from its arena. */
char *turn_text(struct turn *turn, const char *key,
                const struct text_param *params, size_t n_params);

#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "bot/message.h"
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
    bool limited; /* came by a one-time link: form input only */
    const struct command *command; /* NULL until dispatched */
    struct form *form;             /* the values filled so far */
    struct txn *txn;               /* what this turn will change */
    int64_t now_ms;                /* wall clock when the turn began */
    int attempts;                  /* openings, after conflicts */

    /* private to turn.c */
    struct notice notices[4];
    size_t n_notices;
    unsigned photos_waiting;
    bool started;
    struct turn *next; /* waits behind the running turn of the same rider */
    UT_hash_handle hh;
};

struct turn *turn_new(struct bot *bot);
void turn_free(struct turn *turn); /* instead of turn_start() */
/* Takes the turn. Own messages and floods end here. */
void turn_start(struct turn *turn);

/*
 * Adds a notice to what the transaction writes. The first notice is the answer
 * that a redelivery of the message gets again. turn_reply() answers in the chat
 * the message came from; turn_whisper() in private (with fallback to a link).
 * Both return the notice so that parameters can be added: values are borrowed
 * and must live in the turn's arena.
 */
struct notice *turn_reply(struct turn *turn, const char *key);
struct notice *turn_whisper(struct turn *turn, const char *key);
/* A notice to somebody else. */
struct notice *turn_notify(struct turn *turn, enum lane lane,
                           const char *account, const char *chat,
                           const char *rider, const char *key);

/* Ends: one transaction with what was added, or none when nothing changes. */
void turn_commit(struct turn *turn);
/* Ends with an answer only: turn_reply() and turn_commit() in one. */
void turn_say(struct turn *turn, const char *key);
/* Ends with the text for an error, "error.not_found" and so on. */
void turn_fail(struct turn *turn, enum err err);
/* Ends without an answer. */
void turn_end(struct turn *turn);
/* Goes on as if another command had been chosen (a menu, 继续). */
void turn_redirect(struct turn *turn, const struct command *command);

/* A text in the turn's language, from its arena. */
char *turn_text(struct turn *turn, const char *key,
                const struct text_param *params, size_t n_params);

struct turns *turns_new(struct bot *bot);
void turns_free(struct turns *turns);
bool turns_idle(const struct turns *turns); /* no turn is under way */

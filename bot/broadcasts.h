#pragma once

#include "base/err.h"
#include "store/broadcast.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct bot;
struct txn;

/*
 * The one place where broadcasts are moved: by their organisers, in the console
 * and in chat, and by the planner. It holds the table of store/broadcast.h,
 * finds out whom it reaches when that is frozen, works out when it fires, and
 * adds all of it to one transaction: the record, its delivery, the audit entry.
 */
struct broadcast_order {
    enum broadcast_move move;
    const char *actor; /* "user:wang", or the rider id of an organiser; the
                          planner: AUDIT_SYSTEM */
    const char *note;  /* RETURN: why; or NULL */
};

struct broadcast_moved {
    const struct broadcast *after; /* as it becomes; version not yet counted */
    /* Of one that is being sent and waits for its hours: when they begin. */
    int64_t opens_ms;
    /* SUBMIT, APPROVE: whom it does not reach, and why; see bot/audience.h. */
    size_t muted, no_account, no_consent, nopush;
    /* Why it was refused, for people and programs, or NULL; and which field is
     * to blame, or NULL. */
    const char *code, *field;
};

/*
 * Adds a move of a broadcast that was read to txn. done is called once, maybe
 * before it returns; moved is good during the call, moved->after lives in
 * arena. The caller then commits txn, which gives ERR_CONFLICT when it changed
 * meanwhile, and calls broadcasts_happened(). Nothing was added unless OK:
 *   ERR_STATE      its state does not allow it ("state")
 *   ERR_DENIED     whoever wrote it may not approve it ("own")
 *   ERR_INVALID    something is missing or cannot be: code and field
 *   ERR_NOT_FOUND  it reaches nobody ("no_one"); there is nobody to try again
 *                  ("nothing")
 *   ERR_CONFLICT   somebody else is just moving it
 * and what reading gives. A broadcast that is not stored yet (version 0) may be
 * submitted: it is created.
 *
 * All that is given is borrowed until done; txn is not touched before it.
 */
typedef void broadcasts_done(void *data, enum err err,
                             const struct broadcast_moved *moved);
void broadcasts_move(struct bot *bot, struct arena *arena, struct txn *txn,
                     const struct broadcast *broadcast,
                     const struct broadcast_order *order, broadcasts_done *done,
                     void *data);
/* After the transaction: it leaves at once, not at the next look. */
void broadcasts_happened(struct bot *bot, const struct broadcast *after);

/* Whether it can be moved so by people, whoever they are: what a console
 * offers. */
bool broadcasts_may(const struct broadcast *broadcast,
                    enum broadcast_move move);
/* Whether two names are one person: a user of the console and the same one in
 * a chat. */
bool broadcasts_same_person(struct bot *bot, const char *a, const char *b);

/* The audience expression of groups, ids joined by ','. */
char *broadcasts_to_groups(struct arena *arena, const char *chats);

#define BROADCAST_TITLE_CHARS 60
#define BROADCAST_TEXT_CHARS 2000
/*
 * What is wrong with a draft, by itself: NULL, or a code ("required",
 * "too_long", "invalid", "past", "never", "too_often" …) and its field.
 * Whether it may be stored; to be submitted it needs its text, too.
 */
const char *broadcasts_fault(struct bot *bot, const struct broadcast *broadcast,
                             const char **field);

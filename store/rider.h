#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/* What a chat account may do beyond being a rider; a set. */
enum role {
    ROLE_RIDER = 0,
    ROLE_STAFF = 1,
    ROLE_ORGANISER = 2,
    ROLE_ADMIN = 4,
    ROLE_USER = 8 /* works in the console, too; never stored */
};

/* A person who writes to the bot, staff included. Strings in an arena. */
struct rider {
    const char *id;      /* "qq.90001" */
    int64_t version;     /* 0: not stored yet */
    const char *lang;    /* tag, or "" while never chosen */
    const char *nick;    /* as last shown in a private chat, or "" */
    unsigned roles;      /* enum role */
    const char *consent; /* "yes:1:<ms>" / "no:1:<ms>", or "": never asked;
                            "asked:1:<ms>": asked, not answered */
    const char *exif;    /* may photo positions be read: "yes", "no" or "" */
    const char *form;    /* form in progress, packed (bot/session.h), or "" */
    const char *draft;   /* an earlier one that was set aside, or "" */
    const char *account; /* through which they are reached in private, or "" */
    const char *units;   /* where they belong, ids joined by ',', or "" */
    bool unlisted;       /* asked not to be on leaderboards */
};

/*
 * Opens a turn: reads the rider, and the answer already given to this message
 * if it was seen before (NULL if not). Both borrowed from arena.
 */
typedef void rider_opened(void *data, enum err err, const struct rider *rider,
                          const char *answer, size_t answer_len);
void rider_open(struct store *store, struct arena *arena, const char *rider,
                const char *account, const char *chat, const char *message_id,
                rider_opened *done, void *data);

/* Forgets a rider and the list of their tickets (the tickets themselves:
 * ticket_erase()). ERR_CONFLICT when something changed since it was read. */
void rider_erase(struct txn *txn, const struct rider *rider);

typedef void rider_read(void *data, enum err err, const struct rider *rider);
/* A rider who is not stored is no error: version is 0. */
void rider_get(struct store *store, struct arena *arena, const char *id,
               rider_read *done, void *data);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * The web chat: who its members are, and the last messages of each of its
 * chats. Both end by themselves (see keys.h).
 */

/* A browser that is known by its token. */
struct chat_member {
    const char *id;     /* "web.<first 16 hex digits of hash>" */
    const char *hash;   /* token_hash() of its token */
    const char *nick;   /* shown name */
    const char *groups; /* ids of its groups, ',' between */
    const char *as;     /* came by a one-time link: the rider it acts for */
    int64_t seen_ms;    /* when this was last written */
};

/* One message. Strings that do not apply are "". */
struct chat_entry {
    const char *id;         /* by the store: "1700000000000-0" */
    int64_t time_ms;        /* by the store */
    const char *from;       /* the member's id; "" is the bot */
    const char *nick;       /* of the member */
    const char *message_id; /* the member's own id of it */
    const char *reply_to;   /* the bot's: the message id it answers */
    const char *to;         /* the bot's: the rider it addresses … */
    const char *to_nick;    /* … and the name */
    const char *text;
    const char *photo; /* photo id */
    bool has_place;
    double lat, lon; /* degrees, WGS-84 */
};

#define CHAT_HISTORY 200 /* messages kept of a chat, about */
#define CHAT_HISTORY_READ 60

/* Writes the member; ERR_DENIED when another token has the same id. */
void chat_member_set(struct txn *txn, const struct chat_member *member,
                     int64_t ttl_ms);
/* A new shown name; ERR_NOT_FOUND when there is no such member. */
void chat_rename(struct txn *txn, const char *id, const char *nick);
/*
 * Keeps what a member wrote; gives the entry's id. ERR_STATE when the member's
 * message id was kept before, ERR_NOT_FOUND when there is no such member.
 */
void chat_say(struct txn *txn, const char *chat,
              const struct chat_entry *entry);
/* Keeps what the bot says; gives the entry's id. ERR_STATE when the same
 * answer to the same message is among the last of the chat. */
void chat_answer(struct txn *txn, const char *chat,
                 const struct chat_entry *entry);
/* Takes out what the bot said; all is well when it is gone already. */
void chat_recall(struct txn *txn, const char *chat, const char *id);
/* Forgets a member, the private chat, and what they wrote in the groups. */
void chat_forget(struct txn *txn, const char *rider, const char *private_chat,
                 const char *const *groups, size_t n_groups);

typedef void chat_member_read(void *data, enum err err,
                              const struct chat_member *member);
/* ERR_NOT_FOUND when there is none; borrowed from arena. */
void chat_member_get(struct store *store, struct arena *arena, const char *id,
                     chat_member_read *done, void *data);

typedef void chat_history_read(void *data, enum err err,
                               const struct chat_entry *entries, size_t n);
/* The last messages of a chat, oldest first; borrowed from arena. */
void chat_history_get(struct store *store, struct arena *arena,
                      const char *chat, chat_history_read *done, void *data);

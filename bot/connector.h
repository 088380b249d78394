#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account;
struct arena;
struct message;

/*
 * A connector speaks one chat protocol. To the bot it is this table; to the
 * protocol it is whatever its file needs. A connector
 *   - registers each account it carries while that account can send:
 *     account_online() / account_offline() (bot/account.h);
 *   - hands each message that may want an answer to turn_new() (bot/turn.h);
 *   - sends when told, and reports each outcome by outbox_outcome().
 */

/* How one send ended, as far as anyone can know. */
enum outcome {
    OUTCOME_SENT,
    OUTCOME_REFUSED, /* the platform said no; nothing was delivered */
    OUTCOME_UNKNOWN  /* no answer in time, or an answer that proves nothing */
};

/* What leaves: rendered text for one chat. Borrowed for the call. */
struct outgoing {
    const char *chat;       /* "qq.g20010001" */
    const char *mention;    /* rider to address in a group, or NULL */
    const char *reply_to;   /* platform's id of the message answered, or NULL */
    const char *text;       /* UTF-8 */
    const char *image_path; /* a local JPEG to send along, or NULL */
};

struct connector {
    const char *platform; /* "qq", "web": the first word of its ids */
    bool unpaced;         /* a platform of our own, where nobody is banned */
    /*
     * Sends through one account. ticket is returned with the outcome, which
     * comes exactly once by outbox_outcome(), possibly before this returns.
     * ERR_AWAY: not connected, nothing was sent and no outcome will come.
     */
    enum err (*send)(struct account *account, uint64_t ticket,
                     const struct outgoing *out) must_check;
};

bool chat_is_group(const char *chat); /* "qq.g…" */
/* The private chat with a rider: "qq.90001" gives "qq.u90001", in arena. */
const char *chat_of_rider(struct arena *arena, const char *rider);
/* The platform's own id: "20010001" of "qq.g20010001"; borrowed. */
const char *chat_native_id(const char *chat);

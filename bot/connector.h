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

/* Why the platform said no, as far as its words tell. */
enum refusal {
    REFUSAL_OTHER,
    REFUSAL_TOO_FAST, /* later: the account is to slow down */
    REFUSAL_BANNED,   /* the account may not send anywhere, or is watched */
    REFUSAL_GONE      /* there is no such group, or the account is not in it or
                         may not speak there */
};

/* What is known of one send, or of one recall. Borrowed for the call. */
struct send_end {
    enum outcome outcome;
    enum refusal refusal;   /* of OUTCOME_REFUSED; and with OUTCOME_UNKNOWN
                               REFUSAL_BANNED may stand here */
    const char *reason;     /* the platform's words, or NULL */
    const char *message_id; /* of what was sent, to recall it by; or NULL */
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
    /* A platform of our own, where nobody is banned: it is not paced, and each
     * process has the account. All others have one process at a time. */
    bool unpaced;
    /*
     * Sends through one account. ticket is returned with the outcome, which
     * comes exactly once by outbox_outcome(), possibly before this returns.
     * ERR_AWAY: not connected, nothing was sent and no outcome will come.
     */
    enum err (*send)(struct account *account, uint64_t ticket,
                     const struct outgoing *out) must_check;
    /*
     * Takes back what was sent to chat as message_id; the outcome comes as of
     * a send. NULL: this platform cannot.
     */
    enum err (*recall)(struct account *account, uint64_t ticket,
                       const char *chat, const char *message_id) must_check;
};

bool chat_is_group(const char *chat); /* "qq.g…" */
/* The private chat with a rider: "qq.90001" gives "qq.u90001", in arena. */
const char *chat_of_rider(struct arena *arena, const char *rider);
/* And back; NULL when it is no private chat. */
const char *rider_of_chat(struct arena *arena, const char *chat);
/* The platform's own id: "20010001" of "qq.g20010001"; borrowed. */
const char *chat_native_id(const char *chat);

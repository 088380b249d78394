#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/jscan.h"
#include "base/limits.h"
#include "bot/connector.h"
#include "bot/glance.h"
#include "bot/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct group;

struct buf;

/*
 * OneBot 11 frames to and from the bot's own words, without a connection:
 *   onebot11_scan.c    what a frame is; the glance at a message
 *   onebot11_decode.c  a whole message
 *   onebot11_answer.c  an answer
 *   onebot11_refusal.c why it says no
 *   onebot11_encode.c  calls
 * Source: github.com/botuniverse/onebot-11, and what NapCat and onebots send.
 */

enum onebot11_kind {
    ONEBOT11_BROKEN,    /* see flaw */
    ONEBOT11_STRANGE,   /* an object that is neither event nor answer */
    ONEBOT11_MESSAGE,   /* somebody wrote something */
    ONEBOT11_OWN,       /* … and that somebody is the account itself */
    ONEBOT11_SYSTEM,    /* a grey line of the platform's, or an anonymous one */
    ONEBOT11_HEARTBEAT, /* meta events */
    ONEBOT11_LIFECYCLE,
    ONEBOT11_EVENT, /* notices, requests: not our business */
    ONEBOT11_ANSWER /* to a call of ours */
};

enum onebot11_flaw {
    ONEBOT11_NOT_JSON,
    ONEBOT11_NOT_OBJECT,
    ONEBOT11_TOO_DEEP
};

/* The members of a frame that we know, as they stand in it; empty when they
 * are missing. */
struct onebot11_frame {
    enum onebot11_kind kind;
    enum onebot11_flaw flaw;
    struct jspan post_type, meta_event_type, message_type, sub_type;
    struct jspan self_id, user_id, group_id, message_id;
    struct jspan message, sender, time, anonymous;
    struct jspan status, retcode, data, echo, wording, msg;
};

/* Finds out what a frame is; the frame borrows from text. Checks no more than
 * that. */
void onebot11_scan(struct onebot11_frame *frame, const char *text, size_t len);

/* An id in a frame, string or integer, without quotes. False when it is
 * neither, is empty, longer than LIMIT_ID_BYTES, or has bytes other than
 * letters, digits, '-' and '_', which no account, group or user has. */
bool onebot11_bare_id(struct jspan value, struct jspan *id);

/* The member of an object by name; empty when it is missing. */
struct jspan onebot11_member(struct jspan object, const char *name);
/* The two members of a segment; each is empty when it is missing. */
void onebot11_segment(struct jspan segment, struct jspan *type,
                      struct jspan *data);

/* Memory of one glance. */
#define ONEBOT11_CHAT_BYTES (LIMIT_ID_BYTES + sizeof("qq.g"))
#define ONEBOT11_GLANCE_BYTES 256
struct onebot11_glance {
    struct glance glance; /* borrows from the rest */
    char chat[ONEBOT11_CHAT_BYTES];
    char rider[ONEBOT11_CHAT_BYTES];
    char text[ONEBOT11_GLANCE_BYTES];
};

/*
 * Fills what glance() wants of a MESSAGE frame. alias is a second id that the
 * account is mentioned by, or "". scratch is used for escaped text only. False
 * when the frame is so odd that only decoding it can tell.
 */
bool onebot11_glance(const struct onebot11_frame *frame, const char *alias,
                     struct arena *scratch, struct onebot11_glance *out);

/* A message's id, which only its own platform reads: any word of printable
 * ASCII. NULL when it is none. */
const char *onebot11_message_id(struct arena *arena, struct jspan value);

/* What was odd in a message that could be decoded nevertheless. */
struct onebot11_oddities {
    unsigned wrong;   /* segments that were not what they should be */
    unsigned unknown; /* segments of a type nobody told us of */
};

/* Decodes a MESSAGE frame into memory of arena. ERR_INVALID when an id or the
 * message itself is missing or not what it should be. */
enum err onebot11_decode(const struct onebot11_frame *frame, const char *alias,
                         struct arena *arena, struct message *out,
                         struct onebot11_oddities *odd) must_check;

/* What an ANSWER frame says. Strings live in the arena it was decoded with. */
struct onebot11_answer {
    enum outcome outcome;
    enum refusal refusal;   /* as its words tell */
    int64_t retcode;        /* 0 when it had none */
    const char *reason;     /* the platform's words, or NULL */
    const char *message_id; /* of what was sent, or NULL */
    const char *user_id;    /* of get_login_info, or NULL */
};

#define ONEBOT11_RETCODE_TOKEN 1403

void onebot11_decode_answer(const struct onebot11_frame *frame,
                            struct arena *arena, struct onebot11_answer *out);

/*
 * What the words of a refused send mean. QQ's own numbers are in NapCat's
 * ("… result: 120 …") and in those of go-cqhttp's kin.
 */
enum refusal onebot11_refusal(const char *words);
/* The platform suspects the account; what it refused so has been seen to
 * arrive nevertheless. */
bool onebot11_suspects(const char *words);

/* An echo of ours is prefix and a number, as a JSON string. False when it is
 * not one of ours. */
bool onebot11_decode_echo(struct jspan echo, const char *prefix,
                          uint64_t *number);

/*
 * Appends a call that sends out: send_group_msg or send_private_msg with an
 * array of segments. image is a file's bytes in base64, or NULL. ERR_INVALID,
 * with nothing appended, when there is nothing to send or nobody to send it
 * to.
 */
enum err onebot11_encode_send(struct buf *buf, const struct outgoing *out,
                              const char *image, const char *prefix,
                              uint64_t number) must_check;
/* Appends a call of delete_msg. */
void onebot11_encode_recall(struct buf *buf, const char *message_id,
                            const char *prefix, uint64_t number);
/* Appends a call without parameters, such as get_login_info. */
void onebot11_encode_question(struct buf *buf, const char *action,
                              const char *prefix, uint64_t number);

/* The groups that get_group_list tells of, their chats under account; both the
 * array and its strings are in arena. Returns how many. */
size_t onebot11_decode_groups(const struct onebot11_frame *frame,
                              const char *account, struct arena *arena,
                              struct group **out);

#pragma once

#include "i18n/catalog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

/*
 * A notice: something that must leave for one chat, as a template and its
 * parameters. It is written to the outbox of its account in the transaction of
 * its cause and rendered in the recipient's language when it is sent.
 */
enum lane { LANE_REPLY, LANE_ANSWER, LANE_NOTICE, LANE_STUDY, LANE_COUNT };

#define NOTICE_PARAMS_MAX 24
#define NOTICE_BEFORE "^"
#define NOTICE_AFTER "$"

struct notice {
    enum lane lane;
    const char *account;  /* who sends: "qq.10001000" */
    const char *chat;     /* where to: "qq.g20010001" */
    const char *rider;    /* whom it is for, decides the language; or NULL */
    const char *reply_to; /* the platform's id of the message answered; NULL */
    /* A group to turn to when the platform refuses this private message: it
     * gets a one-time link there. NULL: nothing more is done. */
    const char *fallback;
    const char *key; /* the template, such as "request.created" */
    /* A name that begins with '*' has a text key as its value, which is
     * rendered in the recipient's language, too. The names NOTICE_BEFORE and
     * NOTICE_AFTER have the key of a text that is put before or after. */
    struct text_param params[NOTICE_PARAMS_MAX];
    size_t n_params;
};

/* Adds a parameter; both strings are borrowed. Beyond the maximum: aborts. */
void notice_param(struct notice *notice, const char *name, const char *value);

/*
 * Appends the stored form: fields joined by 0x1f, which no clean text contains.
 * The account is not part of it (the outbox is the account's own).
 */
void notice_pack(struct buf *out, const struct notice *notice);
/* False when the stored form is not one. Strings live in arena. */
bool notice_unpack(struct arena *arena, const char *packed, size_t len,
                   struct notice *out);

/* The text, in arena. */
char *notice_render(struct arena *arena, enum lang lang,
                    const struct notice *notice);

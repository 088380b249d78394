#pragma once

#include "tests/integration/daemon.h"
#include "tests/integration/photo_server.h"
#include "tests/peer/onebot_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Conversations with the real program, word by word: a test says something and
 * names what must come next, in order. Whatever the bot says that was not
 * expected fails the test at its next step.
 */
struct talk {
    struct test_daemon *daemon;
    struct peer *peer;
    struct photo_server *photos;
    char *heard; /* the last text that was expected and came */
};
extern struct talk talk;

#define GROUP "20010001"
#define GROUP_NAME "秦淮区外卖站点"
#define OTHER_GROUP "20010002"
#define TALK_FREELY                                                            \
    "[pace]\naccount_rate = 0\ngroup_rate = 0\nbroadcast_jitter = 0s\n"        \
    "[rider]\nrate = 0\n"

/* For a group of tests: the daemon, two groups, and a server of photos. */
void talk_begin(const char *settings);
void talk_end(void);
/* The daemon is killed and comes back; so does the peer. */
void talk_restart(void);
void talk_restart_with(const char *settings);

/* The peer comes again; the second leaves its old connection to the caller. */
void talk_reconnect(void);
void talk_reconnect_keeping(void);
/* Before each test: what a failed one has left is heard and forgotten. */
int talk_settle(void **state);
/* Whatever is said to this user is heard and forgotten. */
void talk_drain(const char *user);
#define TALK(test) cmocka_unit_test_setup(test, talk_settle)

/* Somebody who has not written yet: "91001", "91002", … */
const char *somebody(void);
/* The same, to whom the privacy notice was said; their last word is 帮助. */
const char *somebody_known(void);
/* The same, with a role. */
const char *somebody_with(const char *role);

void says(const char *user, const char *text);
void says_in(const char *group, const char *user, const char *text);
/* With a photo of the server; text may be NULL. */
void shows(const char *group, const char *user, const char *text,
           const char *path);

/*
 * The next message of the bot is this one. words is "a|b|!c": it holds a and b
 * and does not hold c.
 */
void hears(const char *user, const char *words);
/* In a group, where the user is mentioned. */
void hears_in(const char *group, const char *user, const char *words);
/* Nothing was said until now: asked something else, the bot answers that. */
void hears_nothing(const char *user);
/* A part of the last message: the ticket number behind word. */
const char *number_in_last(void);

/* Both at once. */
void asks(const char *user, const char *text, const char *words);
void asks_in(const char *group, const char *user, const char *text,
             const char *words);

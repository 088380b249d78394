#pragma once

#include "base/clock.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/loop.h"
#include "bot/message.h"
#include "store/txn.h"
#include "tests/integration/redis_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The engine in this process, for tests: the real parts on a real loop with a
 * real Redis, a clock that stands still, and a loopback connector that keeps
 * what is sent and gives the outcomes the test says.
 */
#define ENGINE_ACCOUNT "qq.1000"
#define ENGINE_GROUP "qq.g77"
#define ENGINE_SENT_MAX 4096
#define ENGINE_START_MS 1700000000000LL /* 2023-11-14 22:13:20 UTC */

/* What left through the loopback connector. */
struct engine_sent {
    uint64_t ticket;
    int64_t at_ms; /* by the engine's clock */
    struct account *account;
    char *chat, *mention, *reply_to, *text; /* NULL as given */
    char *image;
    char by[24]; /* id of the account, which may be gone by now */
    char id[24]; /* as the platform's of this message */
    bool recalled;
};

enum engine_mode {
    ENGINE_SENDS,   /* each send ends at once as sent */
    ENGINE_REFUSES, /* … private ones as refused, those to groups as sent */
    ENGINE_HOLDS,   /* the test gives the outcomes */
    ENGINE_AWAY     /* takes nothing */
};

struct engine_options {
    const char *config;  /* lines of the INI file after the engine's own */
    bool paced;          /* default pacing and flood limits; else none */
    bool without_online; /* the account is not online at the start */
    const struct command *const *commands; /* NULL: all handlers */
    size_t n_commands;
    /* Another daemon of the same district: its Redis, its directory and its
     * clock. It is freed after this one. NULL: alone. */
    struct engine *twin;
};

struct engine;
/* What the platform says to a send or a recall that would go well. */
typedef void engine_platform(struct engine *engine,
                             const struct engine_sent *sent,
                             struct send_end *end);

struct engine {
    struct bot bot;
    struct loop loop;
    struct clock_manual clock; /* of a twin: not used */
    struct config *config;
    struct redis_server *redis;
    struct engine_options options;
    char dir[64];
    uv_timer_t tick; /* so that a loop with nothing to do is not stuck */
    enum engine_mode mode;
    engine_platform *platform, *recall_platform; /* or NULL */
    struct engine_sent sent[ENGINE_SENT_MAX];
    size_t n_sent;
    unsigned next_sent_id;
    unsigned next_id; /* of messages that have no id of their own */
    unsigned ups, downs;
};

struct engine *engine_new(const struct engine_options *options);
void engine_free(struct engine *engine);
/* The process ends as by SIGKILL, as far as that goes in one process: what was
 * under way is forgotten, Redis keeps what it has. Then it starts anew. */
void engine_restart(struct engine *engine);
/* The two halves of it. */
void engine_stop(struct engine *engine);
void engine_start(struct engine *engine);

/* Another account of the same connector comes, or comes back. */
struct account *engine_online(struct engine *engine, const char *account);

/* What somebody writes. A message with parts of its own: fill in what matters,
 * engine_send() adds account, id, nick and time where they are missing and
 * copies everything. */
void engine_send(struct engine *engine, const struct message *message);
void engine_private(struct engine *engine, const char *rider, const char *text);
void engine_group(struct engine *engine, const char *rider, const char *text);
/* The same, with the bot mentioned. */
void engine_mention(struct engine *engine, const char *rider, const char *text);
/* A photo that is stored already, with a text or NULL. */
void engine_photo(struct engine *engine, const char *rider, const char *photo,
                  const char *text);
void engine_place(struct engine *engine, const char *rider, double lat,
                  double lon, const char *words);

/* All timers that wait are due now: the clock stands still for them, or was
 * moved by more than they know of. */
void engine_hurry(struct engine *engine);
/* Runs until no turn is under way and the store has answered everything. */
void engine_settle(struct engine *engine);
/* Private message, settle, and the last text sent; "" when nothing was. */
const char *engine_ask(struct engine *engine, const char *rider,
                       const char *text);
/* The same in the group. */
const char *engine_ask_group(struct engine *engine, const char *rider,
                             const char *text);

/* The last text sent to chat (NULL: to any), or "". */
const char *engine_last(const struct engine *engine, const char *chat);
size_t engine_count(const struct engine *engine, const char *chat);
/* How many texts sent hold what. */
size_t engine_said(const struct engine *engine, const char *what);
void engine_clear(struct engine *engine); /* forgets what was sent */
void engine_outcome(struct engine *engine, size_t sent, enum outcome outcome);

/* Gives a rider roles, as a bound code does. */
void engine_role(struct engine *engine, const char *rider, unsigned roles);
/* A group of the district. */
void engine_add_group(struct engine *engine, const char *chat,
                      const char *title, const char *account);
/* Commits what is in txn and waits; gives its error. */
enum err engine_commit(struct engine *engine, struct txn *txn);

/* An integer or the length of a string that Redis answers to a command; -1 for
 * nil. */
long long engine_redis(struct engine *engine, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A string that Redis answers, "" for nil; free(). */
char *engine_redis_text(struct engine *engine, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A private field of a stored ticket, see ticket_peek.h; free(). */
char *engine_ticket(struct engine *engine, const char *id, const char *field);
/* The value of a metric with its labels, such as "xiaofeng_floods_total". */
double engine_metric(const char *name);

/* Fails the test unless text has part, or when it has. */
void engine_has(const char *text, const char *part);
void engine_has_not(const char *text, const char *part);

/* Runs the loop until the condition holds; fails the test after 20 s. */
#define ENGINE_UNTIL(engine, condition)                                        \
    do {                                                                       \
        int64_t end_ = engine_deadline();                                      \
        while (!(condition))                                                   \
            engine_step((engine), end_, #condition);                           \
    } while (0)
int64_t engine_deadline(void);
void engine_step(struct engine *engine, int64_t end, const char *what);

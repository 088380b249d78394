#pragma once

#include "bot/standing.h"

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct bot;
struct connector;
struct outbox_queue;

/*
 * One of the bot's own chat accounts. It exists from its first connection on
 * and stays when the connection is lost, because notices may wait for it.
 */
struct account {
    char *id; /* "qq.10001000" */
    struct bot *bot;
    const struct connector *connector;
    void *data; /* the connector's connection while online, else NULL */
    bool online;
    struct outbox_queue *queue; /* queue.c */
    struct standing standing;   /* what the platform thinks of it */
    size_t delivering;          /* delivery.c: targets that it has taken */
    bool taking;                /* delivery.c: more of them */
    UT_hash_handle hh;
};

/*
 * The account can send from now on. A second call while online replaces the
 * connection's data (a reconnecting peer replaces its half-open old one).
 */
struct account *account_online(struct bot *bot, const char *id,
                               const struct connector *connector, void *data);
/* The connection data is gone; ignored when another one has replaced it. What
 * was sent and not yet answered ends as unknown. */
void account_offline(struct account *account, const void *data);
struct account *account_find(struct bot *bot, const char *id); /* or NULL */
void accounts_free(struct bot *bot);

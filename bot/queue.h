#pragma once

#include "bot/connector.h"
#include "store/notice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account;
struct outbox_queue;

/*
 * The queue of one account: what waits in each lane, what was sent and has no
 * outcome yet, and which stored notices have ended and must be closed in the
 * store. Private to account.c, outbox.c, standing.c and delivery*.c.
 */

/* One message on its way, or one to be recalled. Strings are copied. */
struct queue_item {
    enum lane lane;
    const char *chat;
    const char *mention;   /* or NULL */
    const char *reply_to;  /* or NULL */
    const char *fallback;  /* see struct notice, or NULL */
    const char *rider;     /* or NULL */
    const char *stored_id; /* in the store's outbox, or NULL */
    const char *text;
    const char *image;  /* path of a JPEG that goes along, or NULL */
    const char *recall; /* id of the message to be taken back, or NULL */
    /* Of a broadcast: whether it may leave, asked at the very moment; or NULL:
     * it always may. */
    bool (*may)(void *data);
    /* It is told how its index ended; end is NULL when it may not leave any
     * more and was not tried. */
    void (*done)(void *data, size_t index, const struct send_end *end);
    void *data;
    size_t index;
};

/* Notices in memory of one account; more are left to the store, or dropped
 * when they live in memory only. */
#define QUEUE_MAX 20000

struct outbox_queue *queue_new(struct account *account);
void queue_free(struct outbox_queue *queue);
/* ERR_DUPLICATE: that stored notice is here already. ERR_LIMIT: full. */
enum err queue_add(struct outbox_queue *queue,
                   const struct queue_item *item) must_check;
void queue_outcome(struct outbox_queue *queue, uint64_t ticket,
                   const struct send_end *end);
/* Sends what waits. */
void queue_online(struct outbox_queue *queue);
/* What was sent has no outcome: replies and answers wait to be sent once more,
 * the rest ends as unknown. */
void queue_offline(struct outbox_queue *queue);
/* What waits and may not leave any more ends without having been tried. */
void queue_review(struct outbox_queue *queue);
/* See pacer_slow(). */
void queue_slow(struct outbox_queue *queue, double share, int64_t quiet_ms);
bool queue_knows(const struct outbox_queue *queue, const char *stored_id);
/* Nothing is waiting, under way or to be closed. */
bool queue_idle(const struct outbox_queue *queue);

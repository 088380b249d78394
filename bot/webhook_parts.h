#pragma once

#include "bot/webhook.h"
#include "store/webhook.h"

#include <uv.h>

/*
 * Private to bot/webhook*.c:
 *
 *   webhook.c       the hooks there are, and which of them this process serves
 *   webhook_event.c what is said, and how it is signed
 *   webhook_send.c  the events of one hook on their way
 */
#define WEBHOOK_WINDOW 64 /* events of a hook in memory */

enum delivery_state {
    DELIVERY_WAITING,
    DELIVERY_RUNNING,
    DELIVERY_HEARD, /* to be taken out of the stream */
    DELIVERY_DEAD   /* likewise, and kept aside */
};

struct delivery {
    struct hook *hook;
    enum delivery_state state;
    bool writing; /* its end is on its way to the store */
    char *entry, *id, *body;
    char why[32]; /* of its last failure */
    int tries;
    int64_t due_ms, began_ms; /* monotonic */
    struct delivery *prev, *next;
};

struct hook {
    struct webhooks *webhooks;
    char *id, *url, *secret, *events, *unit;
    int64_t changed, overflowed;
    bool mine;         /* this process sends its events … */
    uint64_t until_ms; /* … until then, by the loop's clock */
    bool seen;         /* in the last list */
    bool gone;         /* removed; freed when nothing is under way any more */

    struct delivery *window; /* in the order of the stream */
    size_t n_window, n_running, n_writing;
    char last[48]; /* the last entry that was read */
    bool reading, again, more;
    int64_t waiting; /* in its stream, when that was last read */

    unsigned failures;      /* in a row */
    int64_t pause_until_ms; /* monotonic */
    struct hook *prev, *next;
};

struct webhooks {
    struct bot *bot;
    struct fetcher *fetcher; /* NULL until there is a hook */
    struct hook *hooks;      /* those of the last list */
    struct hook *leaving;    /* gone, with something under way */
    size_t n_hooks;
    char owner[32];
    uv_timer_t timer; /* to look for what other processes did */
    uv_timer_t kick;  /* webhooks_wake() */
    unsigned ticks;
    unsigned calls; /* to the store, without answer */
    unsigned handles;
    bool listing, list_again;
    bool stopped;
    bool closing;
};

/* One call to the store ended: frees webhooks when it was the last one. */
void webhooks_release(struct webhooks *webhooks);

/* webhooks_wake() after a while. */
void webhooks_wake_in(struct webhooks *webhooks, unsigned ms);

/* webhook_event.c */
bool webhook_wants(const struct hook *hook, const char *type);

/* webhook_send.c */
/* Reads what waits and sends what is due. */
void hook_look(struct hook *hook);
/* Only sends; after a pause. */
void hook_pump(struct hook *hook);
/* Another process has it now, or may have had it: what is not under way is
 * forgotten, and read again when it is ours. */
void hook_forget(struct hook *hook);
/* Tries everything at once, with all of its tries. */
void hook_refresh(struct hook *hook);
bool hook_is_busy(const struct hook *hook);
void hook_free(struct hook *hook);

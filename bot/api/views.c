#include "bot/api/views.h"

#include "base/clock.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "store/txn.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct view {
    int64_t at_ms;
    UT_hash_handle hh;
    char key[]; /* actor and ticket */
};

struct views {
    struct bot *bot;
    struct view *seen; /* a uthash table, the oldest first */
};

struct views *views_new(struct bot *bot) {
    struct views *views = xcalloc(1, sizeof(*views));

    views->bot = bot;
    return views;
}

static void forget(struct views *views, struct view *view) {
    HASH_DEL(views->seen, view);
    free(view);
}

void views_free(struct views *views) {
    if (views == NULL)
        return;
    while (views->seen != NULL)
        forget(views, views->seen);
    free(views);
}

/* Whether it was seen a short while ago; if not, it is from now on. */
static bool seen(struct views *views, const char *actor, const char *ticket) {
    int64_t now = clock_mono_ms(views->bot->clock);
    char *key = xasprintf("%s %s", actor, ticket);
    struct view *view;

    while (views->seen != NULL && (views->seen->at_ms + VIEW_MS <= now ||
                                   HASH_COUNT(views->seen) >= VIEWS_MAX))
        forget(views, views->seen);
    HASH_FIND_STR(views->seen, key, view);
    bool was = view != NULL;
    if (!was) {
        view = xcalloc(1, sizeof(*view) + strlen(key) + 1);
        memcpy(view->key, key, strlen(key));
        view->at_ms = now;
        HASH_ADD_STR(views->seen, key, view);
    }
    free(key);
    return was;
}

struct writing {
    struct bot *bot;
    char *key;
    views_done *done;
    void *data;
};

static void on_written(void *data, const struct txn_result *result) {
    struct writing *writing = data;
    struct views *views = writing->bot->views;
    struct view *view = NULL;

    if (result->err != OK && views != NULL) {
        HASH_FIND_STR(views->seen, writing->key, view);
        if (view != NULL)
            forget(views, view); /* it is written the next time */
    }
    writing->done(writing->data, result->err);
    free(writing->key);
    free(writing);
}

void views_add(struct views *views, const char *actor, const char *ticket,
               views_done *done, void *data) {
    if (seen(views, actor, ticket)) {
        done(data, OK);
        return;
    }
    struct writing *writing = xcalloc(1, sizeof(*writing));
    *writing = (struct writing){
        .bot = views->bot,
        .key = xasprintf("%s %s", actor, ticket),
        .done = done,
        .data = data,
    };
    struct txn *txn = txn_new(views->bot->store);
    txn_audit(txn, actor, "ticket-view", ticket, "");
    txn_commit(txn, on_written, writing);
}

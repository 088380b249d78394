#define LOG_MODULE "planner"
#include "bot/planner.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/broadcasts.h"
#include "bot/loop.h"
#include "bot/work.h"
#include "store/broadcast.h"
#include "store/store.h"

#include <stdlib.h>
#include <utlist.h>

#define LOOK_MS 1000
#define BATCH 50 /* broadcasts fired at a time; the others a moment later */

static struct metric m_fired = METRIC_COUNTER("xiaofeng_broadcasts_fired_total",
                                              "Broadcasts whose time came.");
static struct metric m_again = METRIC_COUNTER(
    "xiaofeng_broadcasts_again_total",
    "Broadcasts to be looked at again: another process was faster, somebody "
    "changed it, or the store was away.");

/* A broadcast on its way. */
struct firing {
    struct planner *planner;
    struct work *work;
    const struct broadcast *after;
    struct firing *prev, *next;
};

struct planner {
    struct bot *bot;
    uv_timer_t timer;
    struct arena arena; /* of the look under way */
    struct firing *firings;
    size_t fired; /* in this look */
    bool looking; /* the list is being read */
    bool full;    /* there may be more */
    bool closing;
};

static void free_planner(struct planner *planner) {
    arena_finish(&planner->arena);
    free(planner);
}

static void end_look(struct planner *planner) {
    arena_finish(&planner->arena);
    arena_init(&planner->arena);
    planner->looking = false;
    if (planner->full && planner->fired > 0)
        planner_look(planner);
}

static void drop(struct firing *firing) {
    struct planner *planner = firing->planner;
    DL_DELETE(planner->firings, firing);
    work_free(firing->work); /* and the firing, which lives in it */
}

/* It failed, or it is over. */
static void ended(struct firing *firing, enum err err) {
    struct planner *planner = firing->planner;
    if (err == OK) {
        planner->fired++;
        metric_add(&m_fired, 1);
    } else {
        metric_add(&m_again, 1);
        if (err != ERR_CONFLICT && err != ERR_AWAY && err != ERR_TIMEOUT)
            LOG_WARN("a broadcast did not fire: %s", err_str(err));
    }
    drop(firing);
    if (planner->firings == NULL)
        end_look(planner);
}

static void on_committed(struct work *work, enum err err) {
    struct firing *firing = work->data;
    if (err == OK && !work->bot->stopping)
        broadcasts_happened(work->bot, firing->after);
    ended(firing, err);
}

static void on_moved(void *data, enum err err,
                     const struct broadcast_moved *moved) {
    struct firing *firing = data;
    if (err != OK) {
        ended(firing, err);
        return;
    }
    firing->after = moved->after;
    work_commit(firing->work, on_committed, firing);
}

static struct firing *firing_new(struct planner *planner) {
    struct work *work = work_new(planner->bot);
    struct firing *firing = arena_alloc(&work->arena, sizeof(*firing));
    *firing = (struct firing){.planner = planner, .work = work};
    DL_APPEND(planner->firings, firing);
    return firing;
}

static void on_due(void *data, enum err err, const struct broadcast *broadcasts,
                   size_t n, int64_t total) {
    struct planner *planner = data;
    (void)total;
    if (planner->closing)
        return;
    struct firing *guard = firing_new(planner); /* until all are on their way */
    planner->full = n == BATCH;
    for (size_t i = 0; err == OK && i < n; i++) {
        struct firing *firing = firing_new(planner);
        const struct broadcast_order order = {.move = BROADCAST_FIRE,
                                              .actor = AUDIT_SYSTEM};
        broadcasts_move(planner->bot, &firing->work->arena, firing->work->txn,
                        &broadcasts[i], &order, on_moved, firing);
    }
    drop(guard);
    if (planner->firings == NULL)
        end_look(planner);
}

void planner_look(struct planner *planner) {
    struct bot *bot = planner->bot;
    if (planner->looking || bot->stopping || !store_is_up(bot->store))
        return;
    planner->looking = true;
    planner->fired = 0;
    broadcast_list_due(bot->store, &planner->arena, clock_wall_ms(bot->clock),
                       BATCH, on_due, planner);
}

static void on_timer(uv_timer_t *timer) {
    planner_look(timer->data);
}

struct planner *planner_new(struct bot *bot) {
    struct planner *planner = xcalloc(1, sizeof(*planner));
    planner->bot = bot;
    arena_init(&planner->arena);
    uv_timer_init(&bot->loop->uv, &planner->timer);
    planner->timer.data = planner;
    uv_timer_start(&planner->timer, on_timer, LOOK_MS, LOOK_MS);
    return planner;
}

static void on_closed(uv_handle_t *handle) {
    free_planner(handle->data);
}

void planner_free(struct planner *planner) {
    struct firing *firing, *next;
    if (planner == NULL)
        return;
    planner->closing = true;
    /* Those that wait for whom they reach will not hear of it any more. */
    DL_FOREACH_SAFE(planner->firings, firing, next) {
        drop(firing);
    }
    uv_close((uv_handle_t *)&planner->timer, on_closed);
}

#define LOG_MODULE "audit"
#include "bot/audit_keeper.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/audit_anchors.h"
#include "bot/bot.h"
#include "bot/loop.h"
#include "store/audit.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 10000
#define ENTRIES_MAX 1000
#define AGE_MAX_MS (10LL * 60 * 1000)

static struct metric anchors_total = METRIC_COUNTER(
    "xiaofeng_audit_anchors_total", "Anchors of the audit log written.");
static struct metric failures_total =
    METRIC_COUNTER("xiaofeng_audit_anchor_failures_total",
                   "Anchors of the audit log that could not be written.");

struct audit_keeper {
    struct bot *bot;
    char *path;
    uv_timer_t timer;
    uv_work_t work; /* a line on its way onto the disk */
    char line[AUDIT_ANCHOR_SIZE];
    enum err err;              /* of the work */
    int64_t writing, anchored; /* numbers of entries */
    int64_t anchored_ms;       /* on the clock that never goes back */
    bool busy;                 /* asking or writing */
    bool timer_closed, freed;
};

static void release(struct audit_keeper *keeper) {
    if (!keeper->freed || !keeper->timer_closed || keeper->busy)
        return;
    free(keeper->path);
    free(keeper);
}

static void write_line(uv_work_t *work) {
    struct audit_keeper *keeper = work->data;
    keeper->err = audit_anchors_add(keeper->path, keeper->line);
}

static void on_written(uv_work_t *work, int status) {
    struct audit_keeper *keeper = work->data;
    keeper->busy = false;
    if (status != 0 || keeper->err != OK) {
        metric_add(&failures_total, 1);
    } else {
        metric_add(&anchors_total, 1);
        keeper->anchored = keeper->writing;
        if (!keeper->freed)
            keeper->anchored_ms = clock_mono_ms(keeper->bot->clock);
    }
    release(keeper);
}

static bool is_due(const struct audit_keeper *keeper, int64_t number) {
    if (number <= keeper->anchored)
        return false;
    return keeper->anchored == 0 || number >= keeper->anchored + ENTRIES_MAX ||
           clock_mono_ms(keeper->bot->clock) >=
               keeper->anchored_ms + AGE_MAX_MS;
}

static void on_ends(void *data, enum err err, const struct audit_ends *ends) {
    struct audit_keeper *keeper = data;
    keeper->busy = false;
    if (keeper->freed) {
        release(keeper);
        return;
    }
    if (err != OK || ends->head_odd || !is_due(keeper, ends->head.number))
        return;
    audit_anchor_print(keeper->bot->seal, &ends->head, keeper->line);
    keeper->writing = ends->head.number;
    keeper->busy = uv_queue_work(&keeper->bot->loop->uv, &keeper->work,
                                 write_line, on_written) == 0;
}

static void on_timer(uv_timer_t *timer) {
    struct audit_keeper *keeper = timer->data;
    if (keeper->busy || !store_is_up(keeper->bot->store))
        return;
    keeper->busy = true;
    audit_ends_get(keeper->bot->store, keeper->bot->seal, on_ends, keeper);
}

struct audit_keeper *audit_keeper_new(struct bot *bot) {
    struct audit_keeper *keeper = xcalloc(1, sizeof(*keeper));
    keeper->bot = bot;
    keeper->path = audit_anchors_path(bot->config);
    keeper->work.data = keeper->timer.data = keeper;
    uv_timer_init(&bot->loop->uv, &keeper->timer);
    uv_timer_start(&keeper->timer, on_timer, LOOK_MS / 10, LOOK_MS);
    return keeper;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct audit_keeper *keeper = handle->data;
    keeper->timer_closed = true;
    release(keeper);
}

void audit_keeper_free(struct audit_keeper *keeper) {
    if (keeper == NULL)
        return;
    keeper->freed = true;
    uv_close((uv_handle_t *)&keeper->timer, on_timer_closed);
}

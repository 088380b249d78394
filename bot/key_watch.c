#define LOG_MODULE "key"
#include "bot/key_watch.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/bot.h"
#include "bot/loop.h"

#include <signal.h>
#include <stdlib.h>

struct key_watch {
    struct bot *bot;
    uv_timer_t timer;
    uv_signal_t sighup;
    int handles; /* not closed yet */
};

static void look(struct key_watch *watch) {
    bool changed;
    if (seal_refresh(watch->bot->seal, &changed) != OK)
        LOG_ERR("the keys stay as they were");
    else if (changed)
        LOG_INFO("read %zu keys; %s seals", seal_count(watch->bot->seal),
                 seal_current(watch->bot->seal));
}

static void on_timer(uv_timer_t *timer) {
    look(timer->data);
}

static void on_sighup(uv_signal_t *signal, int number) {
    (void)number;
    look(signal->data);
}

struct key_watch *key_watch_new(struct bot *bot) {
    struct key_watch *watch = xcalloc(1, sizeof(*watch));
    watch->bot = bot;
    watch->timer.data = watch->sighup.data = watch;
    watch->handles = 2;
    uv_timer_init(&bot->loop->uv, &watch->timer);
    uv_signal_init(&bot->loop->uv, &watch->sighup);
    uv_timer_start(&watch->timer, on_timer, KEY_WATCH_MS, KEY_WATCH_MS);
    uv_signal_start(&watch->sighup, on_sighup, SIGHUP);
    return watch;
}

static void on_closed(uv_handle_t *handle) {
    struct key_watch *watch = handle->data;
    if (--watch->handles == 0)
        free(watch);
}

void key_watch_free(struct key_watch *watch) {
    if (watch == NULL)
        return;
    uv_close((uv_handle_t *)&watch->timer, on_closed);
    uv_close((uv_handle_t *)&watch->sighup, on_closed);
}

#define LOG_MODULE "live"
#include "bot/api/live.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/api/auth.h"
#include "bot/api/live_internal.h"
#include "bot/bot.h"
#include "bot/loop.h"
#include "bot/policies.h"
#include "bot/ws.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define PATH "/console/ws"
#define MESSAGE_BYTES 1024
#define LOOK_RATE 2.0
#define LOOK_BURST 20.0
#define TICK_MS 200

static struct metric consoles =
    METRIC_GAUGE("xiaofeng_live_consoles", "Open consoles.");
static struct metric refused = METRIC_COUNTER("xiaofeng_live_refused_total",
                                              "Consoles that were not let in.");

void live_send(struct console *console, json_t *json) {
    char *text = json_dumps(json, JSON_COMPACT);

    /* One that reads nothing misses who looks at what. */
    if (text != NULL && ws_send(console->ws, text, strlen(text)) != OK)
        LOG_DBG("a console does not read");
    free(text);
    json_decref(json);
}

bool live_covers(const struct console *console,
                 const struct board_scope *scope) {
    return access_covers(
        &console->caller, policies_get(console->live->bot->policies),
        PERM_TICKETS_READ, scope->unit, scope->community, scope->category);
}

/* ---- sessions ------------------------------------------------------------
 */

struct live_check {
    struct console *console; /* NULL: it is gone */
    struct arena arena;      /* what the caller is made of */
};

static void close_signed_out(struct console *console) {
    metric_add(&refused, 1);
    ws_close(console->ws, LIVE_SESSION, "signed out");
}

static size_t count_of(const struct live *live, const char *actor) {
    const struct console *console;
    size_t n = 0;

    DL_FOREACH(live->consoles, console) {
        n += console->known && strcmp(console->caller.actor, actor) == 0;
    }
    return n;
}

static void welcome(struct console *console) {
    struct live *live = console->live;

    if (count_of(live, console->caller.actor) >= LIVE_USER_MAX) {
        metric_add(&refused, 1);
        ws_close(console->ws, 1013, "too many");
        return;
    }
    console->known = true;
    live_send(console, json_pack("{ss}", "type", "hello"));
    live_shown(console);
}

static void on_session(void *data, enum err err,
                       const struct session_record *session,
                       const struct user *user) {
    struct live_check *check = data;
    struct console *console = check->console;

    if (console != NULL && err == OK &&
        auth_session_expired(session, clock_wall_ms(console->live->bot->clock)))
        err = ERR_NOT_FOUND;
    if (console == NULL || err != OK) {
        arena_finish(&check->arena);
    } else {
        /* The new caller's strings are where the check's are. */
        arena_finish(&console->arena);
        console->arena = check->arena;
        auth_user(&console->arena, user, session, &console->caller);
    }
    free(check);
    if (console == NULL)
        return;
    console->check = NULL;
    bool may = (console->caller.permissions & PERM_TICKETS_READ) != 0;
    if (err == ERR_NOT_FOUND || (err == OK && !may))
        close_signed_out(console);
    else if (err == OK && !console->known)
        welcome(console);
    else if (!console->known)
        ws_close(console->ws, 1013, "try again"); /* the store is away */
}

static void check_session(struct console *console) {
    struct live *live = console->live;
    struct live_check *check = xcalloc(1, sizeof(*check));

    check->console = console;
    arena_init(&check->arena);
    console->check = check;
    console->check_ms = clock_mono_ms(live->bot->clock) + LIVE_CHECK_MS;
    session_get(live->bot->store, &check->arena, console->secret, on_session,
                check);
}

/* ---- connections ---------------------------------------------------------
 */

static void on_tick(uv_timer_t *timer) {
    struct live *live = timer->data;
    int64_t now = clock_mono_ms(live->bot->clock);
    struct console *console;

    live_catch_up(live);
    DL_FOREACH(live->consoles, console) {
        if (console->check == NULL && console->check_ms <= now)
            check_session(console);
    }
}

/* The status to refuse a stranger with, or 0. */
static unsigned refusal(const struct live *live,
                        const struct ws_request *request) {
    struct arena arena;

    arena_init(&arena);
    bool signed_in = auth_session(&arena, request->cookie) != NULL;
    arena_finish(&arena);
    if (!signed_in)
        return 401;
    if (!auth_origin_ok(live->bot->config, request->origin, request->host))
        return 403;
    return live->n_consoles >= LIVE_MAX ? 503 : 0;
}

static unsigned on_accept(void *route_data, const struct ws_request *request,
                          void **data) {
    struct live *live = *(struct live **)route_data;

    if (live == NULL)
        return 503;
    unsigned status = refusal(live, request);
    if (status != 0) {
        metric_add(&refused, 1);
        return status;
    }
    struct console *console = xcalloc(1, sizeof(*console));
    console->live = live;
    arena_init(&console->arena);
    console->secret = xstrdup(auth_session(&console->arena, request->cookie));
    bucket_init(&console->looks, LOOK_RATE, LOOK_BURST,
                clock_mono_ms(live->bot->clock));
    console->check_ms = INT64_MAX; /* until it is open */
    if (live->consoles == NULL)
        uv_timer_start(live->tick, on_tick, TICK_MS, TICK_MS);
    DL_APPEND(live->consoles, console);
    live->n_consoles++;
    metric_add(&consoles, 1);
    *data = console;
    return 101;
}

/* Only now is it known who may see what somebody looks at. */
static void on_board(void *data) {
    const struct bot *bot = data;
    struct console *console;

    if (bot->live == NULL)
        return;
    bot->live->waits = false;
    DL_FOREACH(bot->live->consoles, console) {
        live_shown(console);
    }
}

static void on_open(struct ws *ws, void *data) {
    struct console *console = data;
    struct live *live = console->live;

    console->ws = ws;
    if (live == NULL) {
        ws_close(ws, 1001, "going away");
        return;
    }
    check_session(console);
    if (live->waits || board_ready(live->bot->board))
        return;
    live->waits = board_want(live->bot->board, on_board, live->bot) == OK;
}

static void on_message(struct ws *ws, void *data, const char *bytes, size_t len,
                       bool binary) {
    struct console *console = data;

    (void)ws;
    (void)binary; /* none comes: max_binary_bytes is 0 */
    if (console->live != NULL)
        live_hear(console, bytes, len);
}

static void detach(struct console *console) {
    struct live *live = console->live;

    if (live == NULL)
        return;
    live_leave(console);
    DL_DELETE(live->consoles, console);
    live->n_consoles--;
    metric_add(&consoles, -1);
    if (live->consoles == NULL)
        uv_timer_stop(live->tick);
    if (console->check != NULL)
        console->check->console = NULL;
    console->live = NULL;
}

static void on_close(struct ws *ws, void *data) {
    struct console *console = data;

    (void)ws;
    detach(console);
    arena_finish(&console->arena);
    free(console->pending);
    free(console->secret);
    free(console);
}

static const struct ws_handler handler = {
    .accept = on_accept,
    .open = on_open,
    .message = on_message,
    .close = on_close,
    .max_text_bytes = MESSAGE_BYTES,
};

/* ---- beginning and end ---------------------------------------------------
 */

static uv_timer_t *timer_new(struct live *live) {
    uv_timer_t *timer = xcalloc(1, sizeof(*timer));

    uv_timer_init(&live->bot->loop->uv, timer);
    uv_unref((uv_handle_t *)timer);
    timer->data = live;
    return timer;
}

struct live *live_new(struct bot *bot) {
    struct live *live = xcalloc(1, sizeof(*live));

    live->bot = bot;
    live->tell = timer_new(live);
    live->tick = timer_new(live);
    live->listener.changed = live_changed;
    live->listener.data = live;
    board_listen(bot->board, &live->listener);
    /* The route outlives live: whoever comes later is refused. */
    ws_route_add(bot->loop, PATH, &handler, &bot->live);
    return live;
}

static void on_timer_closed(uv_handle_t *handle) {
    free(handle);
}

void live_free(struct live *live) {
    if (live == NULL)
        return;
    while (live->consoles != NULL) {
        struct console *console = live->consoles;
        console->at[0] = '\0'; /* nobody need be told */
        detach(console);
        if (console->ws != NULL)
            ws_close(console->ws, 1001, "going away");
    }
    live_forget_changes(live);
    board_unlisten(live->bot->board, &live->listener);
    uv_close((uv_handle_t *)live->tell, on_timer_closed);
    uv_close((uv_handle_t *)live->tick, on_timer_closed);
    free(live);
}

#include "bot/connectors/onebot11.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/token.h"
#include "bot/bot.h"
#include "bot/connectors/gate.h"
#include "bot/connectors/onebot11_codec.h"
#include "bot/connectors/onebot11_conn.h"
#include "bot/loop.h"

#define LOG_MODULE "onebot11"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define PREFIX_RANDOM_BYTES 3
#define COMPLAINTS_PER_S 0.2
#define COMPLAINTS_BURST 5

static struct metric m_refused[] = {
#define REFUSED(reason)                                                        \
    METRIC_COUNTER_L("xiaofeng_onebot11_refused_total",                        \
                     "OneBot 11 connections refused.",                         \
                     "reason=\"" reason "\"")
    REFUSED("no_token"),
    REFUSED("wrong_token"),
    REFUSED("slowed_down"),
    REFUSED("too_many"),
#undef REFUSED
};

static void count_refused(struct onebot11 *owner,
                          const struct ws_request *request, unsigned status) {
    size_t i = status == 401 ? 0 : status == 403 ? 1 : status == 429 ? 2 : 3;

    metric_add(&m_refused[i], 1);
    if (bucket_take(&owner->complaints, clock_mono_ms(owner->bot->clock)))
        LOG_WARN("a connection from %s is refused with %u", request->peer,
                 status);
}

/* The word of X-Client-Role decides, else the last part of the path. */
static enum onebot11_role role_of(const char *word, const char *path) {
    const char *last = strrchr(path, '/');

    if (strcasecmp(word, "universal") == 0)
        return ONEBOT11_UNIVERSAL;
    if (strcasecmp(word, "api") != 0 && strcasecmp(word, "event") != 0)
        word = last ? last + 1 : "";
    if (strcasecmp(word, "api") == 0)
        return ONEBOT11_API;
    return strcasecmp(word, "event") == 0 ? ONEBOT11_EVENTS
                                          : ONEBOT11_UNIVERSAL;
}

static unsigned on_accept(void *route_data, const struct ws_request *request,
                          void **data) {
    struct onebot11 *owner = route_data;
    struct onebot11_conn *conn;
    unsigned status =
        gate_check(owner->gate, request, clock_mono_ms(owner->bot->clock));
    struct jspan id = {request->self_id, strlen(request->self_id)};

    if (status == 101 &&
        (owner->stopping || owner->n_conns >= ONEBOT11_CONNECTIONS_MAX))
        status = 503;
    if (status != 101) {
        count_refused(owner, request, status);
        return status;
    }
    conn = onebot11_conn_new(owner, NULL,
                             role_of(request->client_role, request->path));
    if (onebot11_bare_id(id, &id))
        memcpy(conn->alias, id.at, id.len);
    *data = conn;
    return 101;
}

static void on_reverse_open(struct ws *ws, void *data) {
    onebot11_conn_open(data, ws);
}

static void on_forward_open(struct ws *ws, void *data) {
    struct onebot11_forward *forward = data;
    struct onebot11_conn *conn =
        onebot11_conn_new(forward->owner, forward, forward->role);

    ws_set_data(ws, conn);
    onebot11_conn_open(conn, ws);
}

static void on_message(struct ws *ws, void *data, const char *bytes, size_t len,
                       bool binary) {
    (void)ws;
    (void)binary; /* refused by its size of 0 */
    onebot11_conn_message(data, bytes, len);
}

static void on_close(struct ws *ws, void *data) {
    (void)ws;
    onebot11_conn_close(data);
}

static const struct ws_handler reverse_handler = {
    .accept = on_accept,
    .open = on_reverse_open,
    .message = on_message,
    .close = on_close,
    .max_text_bytes = (size_t)LIMIT_FRAME_BYTES,
};

static const struct ws_handler forward_handler = {
    .open = on_forward_open,
    .message = on_message,
    .close = on_close,
    .max_text_bytes = (size_t)LIMIT_FRAME_BYTES,
};

/* ---- deadlines ----------------------------------------------------------- */

static void on_timer(uv_timer_t *timer) {
    struct onebot11 *owner = timer->data;
    int64_t now_ms = clock_mono_ms(owner->bot->clock);
    struct onebot11_conn *conn;

    DL_FOREACH(owner->conns, conn)
    onebot11_conn_expire(conn, now_ms);
    onebot11_watch(owner);
}

void onebot11_watch(struct onebot11 *onebot11) {
    struct onebot11_conn *conn;
    int64_t first_ms = INT64_MAX;
    int64_t now_ms;
    int64_t at_ms;

    /* The one it waits for is due before any later call. */
    if (onebot11->stopping || uv_is_active((uv_handle_t *)&onebot11->timer))
        return;
    DL_FOREACH(onebot11->conns, conn) {
        if (onebot11_calls_due(&conn->calls, &at_ms) && at_ms < first_ms)
            first_ms = at_ms;
    }
    if (first_ms == INT64_MAX)
        return;
    now_ms = clock_mono_ms(onebot11->bot->clock);
    uv_timer_start(&onebot11->timer, on_timer,
                   first_ms > now_ms ? (uint64_t)(first_ms - now_ms) : 0, 0);
}

/* ---- start and stop ------------------------------------------------------ */

static void add_routes(struct onebot11 *onebot11) {
    static const char *const paths[] = {
        "/onebot/v11",
        "/onebot/v11/ws",
        "/onebot/v11/api",
        "/onebot/v11/event",
    };

    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        ws_route_add(onebot11->bot->loop, paths[i], &reverse_handler, onebot11);
}

static void add_forward(struct onebot11 *onebot11, size_t index,
                        const struct onebot11_forward_options *options) {
    struct onebot11_forward *forward = &onebot11->forwards[index];
    char *path = xstrndup(options->url, strcspn(options->url, "?#"));
    const struct ws_client_options client = {
        .url = options->url,
        .token = options->token,
        .retry_ms = options->retry_ms,
        .retry_max_ms = options->retry_max_ms,
    };

    forward->owner = onebot11;
    forward->index = index;
    forward->role = role_of("", path);
    free(path);
    forward->client =
        ws_client_new(onebot11->bot->loop, &client, &forward_handler, forward);
    if (!forward->client)
        LOG_ERR("forward connection %zu has no usable url", index + 1);
}

struct onebot11 *onebot11_new(struct bot *bot,
                              const struct onebot11_options *options) {
    struct onebot11 *onebot11 = xcalloc(1, sizeof(*onebot11));

    onebot11->bot = bot;
    onebot11->deadline_ms =
        options->deadline_ms ? options->deadline_ms : ONEBOT11_DEADLINE_MS;
    token_random(onebot11->prefix, sizeof(onebot11->prefix),
                 PREFIX_RANDOM_BYTES);
    bucket_init(&onebot11->complaints, COMPLAINTS_PER_S, COMPLAINTS_BURST,
                clock_mono_ms(bot->clock));
    buf_init(&onebot11->out);
    uv_timer_init(&bot->loop->uv, &onebot11->timer);
    onebot11->timer.data = onebot11;
    if (options->token && *options->token) {
        onebot11->gate = gate_new(options->token);
        add_routes(onebot11);
    }
    onebot11->n_forwards = options->n_forwards;
    onebot11->forwards =
        xcalloc(options->n_forwards + 1, sizeof(*onebot11->forwards));
    for (size_t i = 0; i < options->n_forwards; i++)
        add_forward(onebot11, i, &options->forwards[i]);
    return onebot11;
}

void onebot11_stop(struct onebot11 *onebot11) {
    struct onebot11_conn *conn;

    if (!onebot11 || onebot11->stopping)
        return;
    onebot11->stopping = true;
    uv_close((uv_handle_t *)&onebot11->timer, NULL);
    DL_FOREACH(onebot11->conns, conn)
    conn->closed = true; /* none takes over from another */
    DL_FOREACH(onebot11->conns, conn) {
        onebot11_conn_leave(conn);
        if (conn->ws && !conn->forward)
            ws_close(conn->ws, 1001, "going away");
    }
    for (size_t i = 0; i < onebot11->n_forwards; i++)
        ws_client_free(onebot11->forwards[i].client);
}

void onebot11_free(struct onebot11 *onebot11) {
    struct onebot11_conn *conn;
    struct onebot11_conn *next;

    if (!onebot11)
        return;
    DL_FOREACH_SAFE(onebot11->conns, conn, next)
    onebot11_conn_free(conn);
    gate_free(onebot11->gate);
    buf_finish(&onebot11->out);
    free(onebot11->forwards);
    free(onebot11);
}

#include "store/redis.h"

#define LOG_MODULE "redis"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/redis_library.h"
#include "store/redis_link.h"
#include "store/redis_lookup.h"
#include "store/redis_url.h"
#include "store/resp.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST_MS 50   /* then twice as long each time … */
#define RETRY_MAX_MS 2000   /* … up to this */
#define RETRY_FAST_MS 5     /* a unix socket: its server may be starting, */
#define RETRY_FAST_TIMES 40 /* so look again soon this many times */
#define LOADING_RETRY_MS 20 /* while the server reads its data */
#define STABLE_MS 1000      /* a connection this old was a good one */
#define LOG_EVERY_MS 10000  /* of lines that would repeat */
#define PENDING_MAX 200000  /* commands sent and not answered */
#define OUT_KEPT_BYTES (64 * 1024) /* of memory between two commands */

static struct metric up_gauge =
    METRIC_GAUGE("xiaofeng_redis_up", "1 while Redis is connected and ready.");
static struct metric lost_total =
    METRIC_COUNTER("xiaofeng_redis_lost_total", "Redis connections lost.");
static struct metric refused_total = METRIC_COUNTER(
    "xiaofeng_redis_refused_total", "Commands refused as Redis was away.");
static struct metric unknown_total = METRIC_COUNTER(
    "xiaofeng_redis_unknown_total", "Commands sent whose answer was lost.");
static struct metric errors_total =
    METRIC_COUNTER("xiaofeng_redis_errors_total", "Error replies of Redis.");

enum state {
    AWAY,       /* the timer starts the next attempt */
    CONNECTING, /* the name is looked up, or the link is being made */
    GREETING,   /* connected: password, database, data read, library */
    UP
};

struct redis {
    uv_loop_t *loop;
    struct redis_options options;
    struct redis_url url;
    struct redis_library library;
    enum state state;
    struct redis_link *link;
    struct redis_link_hooks hooks;
    struct redis_lookup *lookup;
    struct redis_call *later; /* to be told in the next turn of the loop */
    struct redis_call **later_end;
    struct resp out;   /* the command being sent */
    size_t pending;    /* sent for callers */
    unsigned failures; /* since the last good connection */
    bool announced;    /* on_up was called, and on_down not since */
    bool freed;
    uint64_t up_ms;
    uint64_t log_link_ms; /* nothing of its kind is logged before */
    uint64_t log_reply_ms;
    uv_timer_t timer; /* of the next attempt or the next PING */
    uv_idle_t turn;   /* runs while someone is to be told later */
    int handles;      /* not closed yet */
};

static void retry_later(struct redis *redis, uint64_t delay_ms);

static bool log_due(const struct redis *redis, uint64_t *next_ms) {
    uint64_t now = uv_now(redis->loop);

    if (now < *next_ms)
        return false;
    *next_ms = now + LOG_EVERY_MS;
    return true;
}

/* Calls that were refused are told so in the next turn of the loop. */

static struct redis_call *later_pop(struct redis *redis) {
    struct redis_call *call = redis->later;

    redis->later = call->next;
    if (redis->later == NULL)
        redis->later_end = &redis->later;
    return call;
}

static void later_tell_one(struct redis *redis, enum err err) {
    struct redis_call *call = later_pop(redis);

    call->done(call->data, err, NULL);
    free(call);
}

static void on_turn(uv_idle_t *turn) {
    struct redis *redis = turn->data;
    /* Those refused meanwhile wait for the turn after this. */
    struct redis_call **last = redis->later_end;
    bool more = redis->later != NULL;

    while (more && redis->later != NULL) {
        more = &redis->later->next != last;
        later_tell_one(redis, redis->later->err);
    }
    if (redis->later == NULL)
        uv_idle_stop(turn);
}

static void refuse(struct redis *redis, struct redis_call *call) {
    metric_add(&refused_total, 1);
    call->err = ERR_AWAY;
    call->next = NULL;
    *redis->later_end = call;
    redis->later_end = &call->next;
    if (!redis->freed)
        uv_idle_start(&redis->turn, on_turn);
}

/* Losing the connection. */

static void went_down(struct redis *redis) {
    if (!redis->announced)
        return;
    redis->announced = false;
    metric_set(&up_gauge, 0);
    if (!redis->freed && redis->options.on_down != NULL)
        redis->options.on_down(redis->options.data);
}

static uint64_t retry_delay(const struct redis *redis) {
    unsigned n = redis->failures;
    uint32_t delay;

    if (redis->url.path != NULL) {
        if (n < RETRY_FAST_TIMES)
            return RETRY_FAST_MS;
        n -= RETRY_FAST_TIMES;
    }
    delay = n < 6 ? (uint32_t)RETRY_FIRST_MS << n : RETRY_MAX_MS;
    if (delay > RETRY_MAX_MS)
        delay = RETRY_MAX_MS;
    /* Daemons that lost the same server do not come back all at once. */
    return delay - randombytes_uniform(delay / 4);
}

/* An attempt failed or a connection was lost. */
static void note_failure(struct redis *redis, const char *why) {
    bool starting = redis->url.path != NULL && !redis->announced &&
                    redis->failures < RETRY_FAST_TIMES;

    if (!starting && log_due(redis, &redis->log_link_ms))
        LOG_WARN("not connected, trying again: %s", why);
    if (redis->announced && uv_now(redis->loop) - redis->up_ms >= STABLE_MS)
        redis->failures = 0;
    else
        redis->failures++;
}

static void disconnect(struct redis *redis, uint64_t delay_ms) {
    if (redis->announced)
        metric_add(&lost_total, 1);
    redis->state = AWAY;
    uv_timer_stop(&redis->timer);
    /* A callback may call redis_free(), which must still find the link. */
    redis_link_close(redis->link, ERR_TIMEOUT);
    if (redis->freed)
        return;
    redis->link = NULL;
    went_down(redis);
    if (!redis->freed)
        retry_later(redis, delay_ms);
}

static void on_lost(void *data, const char *why) {
    struct redis *redis = data;

    note_failure(redis, why);
    disconnect(redis, retry_delay(redis));
}

/* The greeting, until the connection can be used. */

static void greet(struct redis *redis, redis_done *done, size_t argc,
                  const char *const *argv) {
    struct redis_call *call = xcalloc(1, sizeof(*call));

    call->done = done;
    call->data = redis;
    call->own = true;
    resp_begin(&redis->out, argc);
    for (size_t i = 0; i < argc; i++)
        resp_adds(&redis->out, argv[i]);
    /* Refused only by a link that is ending, which will say so. */
    if (redis_link_send(redis->link, call, redis->out.bytes.data,
                        redis->out.bytes.len) != OK)
        free(call);
}

/* What Redis refuses now it will hardly allow in a moment. */
static void greeting_failed(struct redis *redis, const char *step,
                            const redisReply *reply) {
    if (log_due(redis, &redis->log_reply_ms))
        LOG_ERR("%s refused: %.200s", step, reply->str);
    redis->failures++;
    disconnect(redis, RETRY_MAX_MS);
}

static bool error_is(const redisReply *reply, const char *prefix) {
    return reply->type == REDIS_REPLY_ERROR &&
           strncmp(reply->str, prefix, strlen(prefix)) == 0;
}

static void came_up(struct redis *redis) {
    redis->state = UP;
    redis->announced = true;
    redis->up_ms = uv_now(redis->loop);
    metric_set(&up_gauge, 1);
    LOG_INFO("ready");
    if (redis->options.on_up != NULL)
        redis->options.on_up(redis->options.data);
}

static void on_loaded(void *data, enum err err, const redisReply *reply) {
    struct redis *redis = data;

    if (err == ERR_TIMEOUT || err == ERR_AWAY)
        return;
    if (reply->type == REDIS_REPLY_ERROR &&
        !(error_is(reply, "ERR Library ") &&
          strstr(reply->str, "already exists") != NULL))
        greeting_failed(redis, "FUNCTION LOAD", reply);
    else
        came_up(redis);
}

static void load_library(struct redis *redis) {
    const char *argv[] = {"FUNCTION", "LOAD", redis->library.source};

    redis->state = GREETING;
    greet(redis, on_loaded, 3, argv);
}

static void ping(struct redis *redis);

static void on_timer(uv_timer_t *timer);

static void on_pong(void *data, enum err err, const redisReply *reply) {
    struct redis *redis = data;

    if (err == ERR_TIMEOUT || err == ERR_AWAY)
        return;
    if (error_is(reply, "LOADING") || error_is(reply, "BUSY"))
        uv_timer_start(&redis->timer, on_timer, LOADING_RETRY_MS, 0);
    else if (reply->type == REDIS_REPLY_ERROR)
        greeting_failed(redis, "PING", reply);
    else if (redis->library.source != NULL)
        load_library(redis);
    else
        came_up(redis);
}

static void ping(struct redis *redis) {
    const char *argv[] = {"PING"};

    greet(redis, on_pong, 1, argv);
}

static void on_greeted(void *data, enum err err, const redisReply *reply) {
    struct redis *redis = data;

    /* A server that still loads allows AUTH and SELECT. */
    if (err == ERR_IO)
        greeting_failed(redis, "AUTH or SELECT", reply);
}

static void on_connected(void *data) {
    struct redis *redis = data;
    const struct redis_url *url = &redis->url;
    char db[16];

    redis->state = GREETING;
    if (url->password != NULL && url->user != NULL) {
        const char *argv[] = {"AUTH", url->user, url->password};
        greet(redis, on_greeted, 3, argv);
    } else if (url->password != NULL) {
        const char *argv[] = {"AUTH", url->password};
        greet(redis, on_greeted, 2, argv);
    }
    if (url->db != 0) {
        const char *argv[] = {"SELECT", db};
        snprintf(db, sizeof(db), "%d", url->db);
        greet(redis, on_greeted, 2, argv);
    }
    ping(redis);
}

/* Connecting. */

static void attempt_failed(struct redis *redis, const char *why) {
    note_failure(redis, why);
    retry_later(redis, retry_delay(redis));
}

static void open_link(struct redis *redis, const char *address) {
    char why[160];

    redis->link =
        redis_link_new(redis->loop, redis->url.path, address, redis->url.port,
                       &redis->hooks, why, sizeof(why));
    if (redis->link == NULL)
        attempt_failed(redis, why);
}

static void on_lookup(void *data, const char *address, const char *why) {
    struct redis *redis = data;

    redis->lookup = NULL;
    if (address != NULL)
        open_link(redis, address);
    else
        attempt_failed(redis, why);
}

static void connect_now(struct redis *redis) {
    redis->state = CONNECTING;
    if (redis->url.path != NULL) {
        open_link(redis, NULL);
        return;
    }
    /* Each attempt takes the next address, so none is tried for ever. */
    redis->lookup = redis_lookup_new(redis->loop, redis->url.host,
                                     redis->failures, on_lookup, redis);
    if (redis->lookup == NULL)
        attempt_failed(redis, "the host name is malformed");
}

static void on_timer(uv_timer_t *timer) {
    struct redis *redis = timer->data;

    if (redis->state == GREETING)
        ping(redis);
    else
        connect_now(redis);
}

static void retry_later(struct redis *redis, uint64_t delay_ms) {
    redis->state = AWAY;
    uv_timer_start(&redis->timer, on_timer, delay_ms, 0);
}

/* Answers. */

/* Errors that say something about the server rather than the command. */
static void log_server_error(struct redis *redis, const redisReply *reply) {
    static const char *const codes[] = {
        "MOVED ",       "ASK ",        "READONLY ",  "LOADING ", "MISCONF ",
        "OOM ",         "TRYAGAIN ",   "NOAUTH ",    "NOPERM ",  "BUSY ",
        "CLUSTERDOWN ", "MASTERDOWN ", "NOREPLICAS "};

    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (error_is(reply, codes[i])) {
            if (log_due(redis, &redis->log_reply_ms))
                LOG_ERR("a command is refused: %.*s",
                        (int)strcspn(reply->str, " "), reply->str);
            return;
        }
}

/* After FLUSHALL with functions, or a failover that lost the library. */
static void library_vanished(struct redis *redis) {
    if (redis->state != UP)
        return;
    if (log_due(redis, &redis->log_reply_ms))
        LOG_WARN("a function is not there, loading the library again");
    load_library(redis);
    went_down(redis);
}

static void answer_error(struct redis *redis, const struct redis_call *call,
                         const redisReply *reply) {
    metric_add(&errors_total, 1);
    if (error_is(reply, "ERR Function not found")) {
        call->done(call->data, ERR_AWAY, NULL);
        if (!redis->freed && redis->library.source != NULL)
            library_vanished(redis);
        return;
    }
    log_server_error(redis, reply);
    call->done(call->data, ERR_IO, reply);
    /* It became a replica: the name may lead to the new master by now. */
    if (!redis->freed && redis->state == UP && error_is(reply, "READONLY "))
        on_lost(redis, "the server is a replica");
}

static void on_answer(void *data, const struct redis_call *call, enum err err,
                      const redisReply *reply) {
    struct redis *redis = data;

    if (err == OK && reply->type == REDIS_REPLY_ERROR)
        err = ERR_IO;
    if (call->own) {
        call->done(call->data, err, reply);
        return;
    }
    redis->pending--;
    if (err == ERR_TIMEOUT)
        metric_add(&unknown_total, 1);
    if (err == ERR_IO)
        answer_error(redis, call, reply);
    else
        call->done(call->data, err, reply);
}

/* The public face. */

struct redis *redis_new(uv_loop_t *loop, const struct redis_options *options) {
    struct redis_url url;
    struct redis *redis;

    if (redis_url_parse(&url, options->url) != OK) {
        /* The url itself may hold a password. */
        LOG_ERR(
            "the url is malformed; redis://[:password@]host[:port][/db] "
            "or unix:///path/to.sock[?db=N] is expected");
        return NULL;
    }
    redis = xcalloc(1, sizeof(*redis));
    redis->loop = loop;
    redis->options = *options;
    redis->url = url;
    redis_library_init(&redis->library, options->functions);
    redis->hooks = (struct redis_link_hooks){.connected = on_connected,
                                             .answer = on_answer,
                                             .lost = on_lost,
                                             .data = redis};
    redis->later_end = &redis->later;
    uv_timer_init(loop, &redis->timer);
    uv_idle_init(loop, &redis->turn);
    redis->timer.data = redis->turn.data = redis;
    redis->handles = 2;
    connect_now(redis);
    return redis;
}

static void on_handle_closed(uv_handle_t *handle) {
    struct redis *redis = handle->data;

    if (--redis->handles > 0)
        return;
    redis_url_finish(&redis->url);
    redis_library_finish(&redis->library);
    resp_finish(&redis->out);
    free(redis);
}

void redis_free(struct redis *redis) {
    if (redis == NULL || redis->freed)
        return;
    redis->freed = true;
    redis->state = AWAY;
    metric_set(&up_gauge, 0);
    redis_lookup_cancel(redis->lookup);
    if (redis->link != NULL)
        redis_link_close(redis->link, ERR_AWAY);
    while (redis->later != NULL)
        later_tell_one(redis, ERR_AWAY);
    uv_close((uv_handle_t *)&redis->timer, on_handle_closed);
    uv_close((uv_handle_t *)&redis->turn, on_handle_closed);
}

bool redis_is_up(const struct redis *redis) {
    return redis->state == UP;
}

size_t redis_pending(const struct redis *redis) {
    return redis->pending;
}

/* Sends what was written to redis->out. */
static void send_out(struct redis *redis, redis_done *done, void *data) {
    struct redis_call *call = xcalloc(1, sizeof(*call));
    const struct buf *out = &redis->out.bytes;

    call->done = done;
    call->data = data;
    if (redis->state == UP && redis->pending < PENDING_MAX &&
        redis_link_send(redis->link, call, out->data, out->len) == OK)
        redis->pending++;
    else
        refuse(redis, call);
    if (out->cap > OUT_KEPT_BYTES)
        resp_finish(&redis->out);
}

void redis_command(struct redis *redis, redis_done *done, void *data,
                   size_t argc, const char *const *argv, const size_t *lens) {
    resp_begin(&redis->out, argc);
    for (size_t i = 0; i < argc; i++)
        resp_add(&redis->out, argv[i],
                 lens != NULL ? lens[i] : strlen(argv[i]));
    send_out(redis, done, data);
}

void redis_function(struct redis *redis, redis_done *done, void *data,
                    const char *function, const struct resp *keys,
                    const struct resp *args) {
    char name[96];
    char n_keys[24];

    snprintf(name, sizeof(name), "%s%s", function, redis->library.suffix);
    snprintf(n_keys, sizeof(n_keys), "%zu", keys->n);
    resp_begin(&redis->out, 3 + keys->n + args->n);
    resp_adds(&redis->out, "FCALL");
    resp_adds(&redis->out, name);
    resp_adds(&redis->out, n_keys);
    resp_join(&redis->out, keys);
    resp_join(&redis->out, args);
    send_out(redis, done, data);
}

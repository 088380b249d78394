/*
 * The bare reference: the daemon's own WebSocket (bot/ws.c) and the same
 * commands to Redis, and nothing else: no turns, forms, languages, limits,
 * checks or errors.
 *
 *   bench_bot PORT REDIS-SOCKET call    a request is answered after GET and
 *       HMGET, sent together, and then one function of the ten commands that
 *       the daemon's own does; the notices answered in a turn of the loop are
 *       closed by one XDEL
 *   bench_bot PORT REDIS-SOCKET plain   the ten sent as plain commands instead
 *   bench_bot PORT - scan               group messages are passed over once,
 *       byte by byte, to find post_type and message, and searched for a word
 *   bench_bot PORT - decode             each is decoded as a whole by Jansson
 *   bench_bot PORT - lines COUNT        sends COUNT notices as soon as it has a
 *       peer, one lws_write() each
 */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/loop.h"
#include "bot/net.h"
#include "store/redis_uv.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "{bench}:"
#define WORD "诉求"
#define NOTICES 65536 /* under way at most; a notice's number is its slot */
#define ID_BYTES 32

enum mode { CALL, PLAIN, SCAN, DECODE, LINES };

static struct loop loop;
static struct redisAsyncContext *redis;
static struct redis_uv redis_uv;
static enum mode mode;
static struct ws *peer;
static struct buf out;
static uint64_t tickets;
static unsigned long lines;
static char stored[NOTICES][ID_BYTES]; /* ids of notices, by number */
static uint64_t notices;
static const char *closing[1024];
static int n_closing;
static uv_prepare_t close_turn;

static const char library[] =
    "#!lua name=bench\n"
    "redis.register_function('bench', function(k, a)\n"
    "    if redis.call('GET', k[1]) then return false end\n"
    "    redis.call('HGET', k[2], 'v')\n"
    "    redis.call('EXISTS', k[3])\n"
    "    redis.call('SET', k[1], a[1], 'PX', 86400000)\n"
    "    redis.call('HSET', k[2], 'v', 1)\n"
    "    redis.call('HSET', k[3], 'v', 1, 'created', a[2], 'rider', a[3],\n"
    "        'account', 'qq.10001000', 'chat', a[4], 'group', a[5],\n"
    "        'nick', a[6], 'category', 'charge', 'text', a[7])\n"
    "    redis.call('ZADD', k[4], a[2], a[8])\n"
    "    redis.call('ZADD', k[5], a[2], a[8])\n"
    "    redis.call('XADD', k[6], '*', 'who', a[3], 'did', 'request-create',\n"
    "        'what', a[8], 'how', '')\n"
    "    return redis.call('XADD', k[7], '*', 'n', a[1])\n"
    "end)\n";

static _Noreturn void die(const char *what) {
    fprintf(stderr, "bench_bot: %s\n", what);
    exit(1);
}

/* ---- a request ----------------------------------------------------------- */

struct request {
    char user[ID_BYTES], group[ID_BYTES], id[ID_BYTES], ticket[ID_BYTES];
    char ms[ID_BYTES];
    char text[256];
    char answer[256]; /* as a notice */
    char keys[7][96];
};

/* The value behind "name": in a frame, up to the next mark. */
static void copy_member(const char *frame, size_t len, const char *name,
                        const char *mark, char *to, size_t size) {
    const char *at = memmem(frame, len, name, strlen(name));
    size_t n;

    if (!at)
        die("a strange frame");
    at += strlen(name);
    n = strcspn(at, mark);
    if (n >= size)
        die("a frame with a long member");
    memcpy(to, at, n);
    to[n] = '\0';
}

static void send_answer(const struct request *request, const char *stream_id) {
    uint64_t number = notices++ % NOTICES;

    snprintf(stored[number], ID_BYTES, "%s", stream_id);
    buf_clear(&out);
    buf_addf(&out,
             "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":%s,"
             "\"message\":[{\"type\":\"reply\",\"data\":{\"id\":\"%s\"}},"
             "{\"type\":\"at\",\"data\":{\"qq\":\"%s\"}},{\"type\":\"text\","
             "\"data\":{\"text\":\" 已登记,编号 %s。有答复会告诉你。\"}}]},"
             "\"echo\":\"r%llu\"}",
             request->group, request->id, request->user, request->ticket,
             (unsigned long long)number);
    if (peer && ws_send(peer, out.data, out.len) != OK)
        die("the peer does not read");
}

static void on_stored(redisAsyncContext *ac, void *data, void *privdata) {
    const redisReply *reply = data;
    struct request *request = privdata;

    (void)ac;
    if (!reply || reply->type != REDIS_REPLY_STRING)
        die(reply ? reply->str : "Redis has gone");
    send_answer(request, reply->str);
    free(request);
}

#define COMMAND(done, data, ...)                                               \
    do {                                                                       \
        const char *argv[] = {__VA_ARGS__};                                    \
        redisAsyncCommandArgv(redis, done, data,                               \
                              sizeof(argv) / sizeof(argv[0]), argv, NULL);     \
    } while (0)

static void make_keys(struct request *r) {
    snprintf(r->keys[0], 96, KEY "seen:qq.10001000:qq.g%s:%s", r->group, r->id);
    snprintf(r->keys[1], 96, KEY "rider:qq.%s", r->user);
    snprintf(r->keys[2], 96, KEY "ticket:%s", r->ticket);
    snprintf(r->keys[3], 96, KEY "open");
    snprintf(r->keys[4], 96, KEY "tickets:qq.%s", r->user);
    snprintf(r->keys[5], 96, KEY "audit");
    snprintf(r->keys[6], 96, KEY "outbox:qq.10001000");
    snprintf(r->answer, sizeof(r->answer),
             "0\x1fqq.g%s\x1fqq.%s\x1f%s\x1f\x1frequest.created\x1fid\x1f%s",
             r->group, r->user, r->id, r->ticket);
}

#define TICKET_FIELDS(r)                                                       \
    "v", "1", "created", (r)->ms, "rider", (r)->keys[1], "account",            \
        "qq.10001000", "chat", (r)->user, "group", (r)->group, "nick",         \
        (r)->user, "category", "charge", "text", (r)->text

static void store_plain(struct request *r) {
    COMMAND(NULL, NULL, "GET", r->keys[0]);
    COMMAND(NULL, NULL, "HGET", r->keys[1], "v");
    COMMAND(NULL, NULL, "EXISTS", r->keys[2]);
    COMMAND(NULL, NULL, "SET", r->keys[0], r->answer, "PX", "86400000");
    COMMAND(NULL, NULL, "HSET", r->keys[1], "v", "1");
    COMMAND(NULL, NULL, "HSET", r->keys[2], TICKET_FIELDS(r));
    COMMAND(NULL, NULL, "ZADD", r->keys[3], r->ms, r->ticket);
    COMMAND(NULL, NULL, "ZADD", r->keys[4], r->ms, r->ticket);
    COMMAND(NULL, NULL, "XADD", r->keys[5], "*", "who", r->user, "did",
            "request-create", "what", r->ticket, "how", "");
    COMMAND(on_stored, r, "XADD", r->keys[6], "*", "n", r->answer);
}

static void store_by_function(struct request *r) {
    COMMAND(on_stored, r, "FCALL", "bench", "7", r->keys[0], r->keys[1],
            r->keys[2], r->keys[3], r->keys[4], r->keys[5], r->keys[6],
            r->answer, r->ms, r->user, r->user, r->group, r->user, r->text,
            r->ticket);
}

static void on_rider(redisAsyncContext *ac, void *data, void *privdata) {
    (void)ac;
    if (!data)
        die("Redis has gone");
    if (mode == PLAIN)
        store_plain(privdata);
    else
        store_by_function(privdata);
}

static void take_request(const char *frame, size_t len) {
    struct request *r = xcalloc(1, sizeof(*r));
    struct timespec now;

    copy_member(frame, len, "\"user_id\":", ",}", r->user, ID_BYTES);
    copy_member(frame, len, "\"group_id\":", ",}", r->group, ID_BYTES);
    copy_member(frame, len, "\"message_id\":", ",}", r->id, ID_BYTES);
    copy_member(frame, len, "\"text\":\"", "\"", r->text, sizeof(r->text));
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(r->ms, ID_BYTES, "%lld",
             (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    snprintf(r->ticket, ID_BYTES, "S%llu", (unsigned long long)++tickets);
    make_keys(r);
    COMMAND(NULL, NULL, "GET", r->keys[0]);
    COMMAND(on_rider, r, "HMGET", r->keys[1], "v", "lang", "nick", "roles",
            "consent", "exif", "form", "draft");
}

/* ---- answers to our calls ------------------------------------------------ */

static void close_notices(uv_prepare_t *prepare) {
    const char *argv[2 + 1024] = {"XDEL", KEY "outbox:qq.10001000"};

    (void)prepare;
    if (n_closing == 0)
        return;
    memcpy(argv + 2, closing, (size_t)n_closing * sizeof(closing[0]));
    redisAsyncCommandArgv(redis, NULL, NULL, n_closing + 2, argv, NULL);
    n_closing = 0;
}

static void take_answer(const char *echo) {
    closing[n_closing++] = stored[strtoull(echo, NULL, 10) % NOTICES];
    if (n_closing == 1024)
        close_notices(NULL);
}

static void on_request_frame(const char *frame, size_t len) {
    static const char echo[] = "\"echo\":\"r";
    const char *at;

    if (memmem(frame, len, WORD, strlen(WORD))) {
        take_request(frame, len);
        return;
    }
    at = memmem(frame, len, echo, strlen(echo));
    if (at)
        take_answer(at + strlen(echo));
}

/* ---- a group's talk ------------------------------------------------------ */

/* Passes over the string whose opening quote at stands on. */
static const char *skip_string(const char *at, const char *end) {
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at;
}

/* Where the value of a member of the frame's own object begins. */
static void scan(const char *frame, size_t len, const char **post_type,
                 const char **message) {
    const char *end = frame + len, *key = frame;
    int depth = 0;

    for (const char *at = frame; at < end; at++) {
        if (*at == '"') {
            const char *begin = at;
            at = skip_string(at, end);
            if (depth == 1)
                key = begin;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            depth--;
        } else if (*at == ':' && depth == 1) {
            if (memcmp(key, "\"post_type\"", 11) == 0)
                *post_type = at + 1;
            else if (memcmp(key, "\"message\"", 9) == 0)
                *message = at + 1;
        }
    }
}

static void say_help(const char *frame, size_t len) {
    char user[ID_BYTES];

    copy_member(frame, len, "\"user_id\":", ",}", user, ID_BYTES);
    buf_clear(&out);
    buf_addf(&out,
             "{\"action\":\"send_private_msg\",\"params\":{\"user_id\":%s,"
             "\"message\":[{\"type\":\"text\",\"data\":{\"text\":\"?\"}}]},"
             "\"echo\":\"h\"}",
             user);
    if (ws_send(peer, out.data, out.len) != OK)
        die("the peer does not read");
}

static void on_scan_frame(const char *frame, size_t len) {
    const char *post_type = NULL, *message = NULL;

    scan(frame, len, &post_type, &message);
    if (!post_type || !message || memcmp(post_type, "\"message\"", 9) != 0)
        return;
    if (memmem(message, len - (size_t)(message - frame), WORD, strlen(WORD)) ||
        memmem(frame, len, "\"private\"", 9))
        say_help(frame, len);
}

static void on_decode_frame(const char *frame, size_t len) {
    json_t *json = json_loadb(frame, len, 0, NULL);
    const char *type = json_string_value(json_object_get(json, "message_type"));

    if (type && strcmp(type, "private") == 0)
        say_help(frame, len);
    json_decref(json);
}

/* ---- notices ------------------------------------------------------------- */

static uv_idle_t lines_idle;
static unsigned long lines_sent, lines_answered;

/* As many as the socket takes, and not more under way than the daemon has. */
static void send_lines(uv_idle_t *idle) {
    static char frame[LWS_PRE + 512];
    (void)idle;
    while (lines_sent < lines && lines_sent - lines_answered < 4096 && peer &&
           !lws_send_pipe_choked(peer->wsi)) {
        int len = snprintf(
            frame + LWS_PRE, sizeof(frame) - LWS_PRE,
            "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":%lu,"
            "\"message\":[{\"type\":\"text\",\"data\":{\"text\":\"【通知】周五下午"
            "三点,夫子庙驿站发放防暑用品,请带上骑手证。\"}}]},"
            "\"echo\":\"n%lu\"}",
            710000000 + lines_sent, lines_sent);
        if (lws_write(peer->wsi, (unsigned char *)frame + LWS_PRE, (size_t)len,
                      LWS_WRITE_TEXT) < 0)
            die("the peer does not read");
        lines_sent++;
    }
    if (lines_sent == lines || lines_sent - lines_answered >= 4096)
        uv_idle_stop(&lines_idle);
}

static void on_line_answered(void) {
    lines_answered++;
    if (lines_sent < lines)
        uv_idle_start(&lines_idle, send_lines);
}

/* ---- the connection ------------------------------------------------------ */

static unsigned on_accept(void *route, const struct ws_request *request,
                          void **data) {
    (void)route;
    (void)request;
    (void)data;
    return 101;
}

static uv_timer_t lines_timer;

static void begin_lines(uv_timer_t *timer) {
    (void)timer;
    uv_idle_start(&lines_idle, send_lines);
}

static void on_open(struct ws *ws, void *data) {
    (void)data;
    peer = ws;
    if (mode == LINES)
        uv_timer_start(&lines_timer, begin_lines, 300, 0);
}

static void on_message(struct ws *ws, void *data, const char *bytes, size_t len,
                       bool binary) {
    (void)ws;
    (void)data;
    (void)binary;
    switch (mode) {
    case CALL:
    case PLAIN:
        on_request_frame(bytes, len);
        break;
    case SCAN:
        on_scan_frame(bytes, len);
        break;
    case DECODE:
        on_decode_frame(bytes, len);
        break;
    case LINES:
        if (memmem(bytes, len, "\"echo\":\"n", 9))
            on_line_answered();
        break;
    }
}

static void on_close(struct ws *ws, void *data) {
    (void)ws;
    (void)data;
    peer = NULL;
}

/* ---- the start ----------------------------------------------------------- */

static void nothing(void *data) {
    (void)data;
}

static void on_loaded(redisAsyncContext *ac, void *data, void *privdata) {
    const redisReply *reply = data;

    (void)ac;
    (void)privdata;
    if (!reply || reply->type == REDIS_REPLY_ERROR)
        die(reply ? reply->str : "no Redis");
}

static void start_redis(const char *path) {
    redis = redisAsyncConnectUnix(path);
    if (!redis || redis->err)
        die("no Redis");
    redis_uv = (struct redis_uv){.gone = nothing, .closed = nothing};
    if (redis_uv_attach(&redis_uv, &loop.uv, redis) != OK)
        die("no Redis");
    COMMAND(on_loaded, NULL, "FUNCTION", "LOAD", "REPLACE", library);
    uv_prepare_init(&loop.uv, &close_turn);
    uv_prepare_start(&close_turn, close_notices);
}

static enum mode mode_of(const char *name) {
    static const char *const names[] = {"call", "plain", "scan", "decode",
                                        "lines"};

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return (enum mode)i;
    die("there is no such mode");
}

int main(int argc, char **argv) {
    static const struct ws_handler handler = {.accept = on_accept,
                                              .open = on_open,
                                              .message = on_message,
                                              .close = on_close,
                                              .max_text_bytes = 1 << 20};

    if (argc < 4)
        die("PORT REDIS-SOCKET MODE");
    mode = mode_of(argv[3]);
    lines = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    buf_init(&out);
    log_init(LOG_ERROR, false);
    if (loop_init(&loop) != OK)
        die("no loop");
    uv_idle_init(&loop.uv, &lines_idle);
    uv_timer_init(&loop.uv, &lines_timer);
    if (mode == CALL || mode == PLAIN)
        start_redis(argv[2]);
    ws_route_add(&loop, "/onebot/v11/ws", &handler, NULL);
    if (loop_listen(&loop, "127.0.0.1", atoi(argv[1]), NULL, NULL) != OK)
        die("cannot listen");
    loop_run(&loop);
    return 0;
}

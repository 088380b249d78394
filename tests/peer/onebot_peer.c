#include "tests/peer/onebot_peer.h"

#include "base/buf.h"
#include "base/mem.h"
#include "tests/peer/wire.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#define FIRST_MESSAGE_ID 1000000001
#define CLOSE_MS 5000

struct held_answer {
    int64_t due_ms;
    struct held_answer *next;
    size_t len;
    char text[];
};

struct kept_call {
    struct peer_call *call;
    struct kept_call *prev, *next;
};

struct peer {
    struct wire *wire;
    char *self_id;
    char *path;
    char *groups;
    bool cq;
    enum peer_policy policy[PEER_KINDS];
    int delay_ms;
    struct held_answer *answers, **answers_end;
    struct kept_call *calls;
    peer_on_send *on_send;
    void *on_send_data;
    struct peer_stats stats;
    uint64_t next_id;
    char last_id[24];
    struct buf frame, answer; /* being written */
};

struct peer_server {
    int fd;
};

void peer_set_idle(void (*idle)(void *data), void *data) {
    wire_set_idle(idle, data);
}

/* ---- connections --------------------------------------------------------- */

static void send_meta(struct peer *peer, const char *rest) {
    char frame[256];
    int len = snprintf(frame, sizeof(frame),
                       "{\"time\":%lld,\"self_id\":%s,"
                       "\"post_type\":\"meta_event\",%s}",
                       (long long)time(NULL), peer->self_id, rest);

    peer_send_frame(peer, frame, (size_t)len);
}

static struct peer *peer_new(struct wire *wire,
                             const struct peer_options *options) {
    struct peer *peer = xcalloc(1, sizeof(*peer));

    peer->wire = wire;
    peer->self_id = xstrdup(options->self_id ? options->self_id : "10001000");
    peer->groups = xstrdup(options->groups ? options->groups : "[]");
    peer->cq = options->cq;
    peer->answers_end = &peer->answers;
    peer->next_id = FIRST_MESSAGE_ID;
    if (!options->quiet) {
        send_meta(peer,
                  "\"meta_event_type\":\"lifecycle\","
                  "\"sub_type\":\"connect\"");
        peer_flush(peer, CLOSE_MS);
    }
    return peer;
}

struct peer *peer_connect(const struct peer_options *options, int *status) {
    const char *id = options->header_id ? options->header_id : options->self_id;
    const char *role = options->role ? options->role : "Universal";
    const char *path = options->path ? options->path : "/onebot/v11/ws";
    struct buf headers;
    struct buf target;
    struct wire *wire;
    int answered;

    buf_init(&headers);
    buf_init(&target);
    buf_adds(&headers, "User-Agent: OneBot/11\r\n");
    buf_adds(&target, path);
    if (!id)
        id = "10001000";
    if (*id)
        buf_addf(&headers, "X-Self-ID: %s\r\n", id);
    if (*role)
        buf_addf(&headers, "X-Client-Role: %s\r\n", role);
    if (options->token && options->token_in_query)
        buf_addf(&target, "?access_token=%s", options->token);
    else if (options->token)
        buf_addf(&headers, "Authorization: Bearer %s\r\n", options->token);
    wire = wire_connect(options->port, target.data, headers.data, &answered);
    buf_finish(&headers);
    buf_finish(&target);
    if (status)
        *status = answered;
    return wire ? peer_new(wire, options) : NULL;
}

struct peer_server *peer_listen(int *port) {
    struct peer_server *server = xcalloc(1, sizeof(*server));

    server->fd = wire_listen(port);
    return server;
}

void peer_server_free(struct peer_server *server) {
    if (!server)
        return;
    close(server->fd);
    free(server);
}

static bool token_shown(const char *request, const char *token) {
    char *header = xasprintf("\r\nAuthorization: Bearer %s\r\n", token);
    char *query = xasprintf("access_token=%s ", token);
    bool shown = strcasestr(request, header) || strstr(request, query);

    free(header);
    free(query);
    return shown;
}

static void refuse(struct wire *wire, enum peer_refusal refusal) {
    static const char no[] =
        "{\"status\":\"failed\",\"retcode\":1403,"
        "\"data\":null,\"message\":\"token验证失败\","
        "\"wording\":\"token验证失败\",\"echo\":null}";
    const char *text;
    size_t len;

    wire_answer(wire, refusal == PEER_ANSWERS_401 ? 401 : 101);
    if (refusal == PEER_SAYS_1403)
        wire_text(wire, no, strlen(no));
    if (refusal != PEER_ANSWERS_401) {
        wire_close(wire, refusal == PEER_SAYS_1403 ? 0 : 1008, "");
        while (wire_next(wire, CLOSE_MS, &text, &len) > 0)
            ;
    }
    wire_free(wire);
}

struct peer *peer_accept(struct peer_server *server,
                         const struct peer_options *options,
                         enum peer_refusal refusal, int timeout_ms) {
    char request[4096];
    char path[256] = "";
    struct peer *peer;
    struct wire *wire =
        wire_accept(server->fd, timeout_ms, request, sizeof(request));

    if (!wire)
        return NULL;
    if (options->token && !token_shown(request, options->token)) {
        refuse(wire, refusal);
        return NULL;
    }
    wire_answer(wire, 101);
    peer = peer_new(wire, options);
    sscanf(request, "GET %255[^ ?]", path);
    peer->path = xstrdup(path);
    return peer;
}

void peer_call_free(struct peer_call *call) {
    if (!call)
        return;
    free(call->to);
    free(call->text);
    free(call->mention);
    free(call->reply_to);
    free(call->image);
    free(call->echo);
    free(call);
}

void peer_cut(struct peer *peer) {
    struct kept_call *kept;
    struct kept_call *next;
    struct held_answer *answer;

    if (!peer)
        return;
    DL_FOREACH_SAFE(peer->calls, kept, next) {
        peer_call_free(kept->call);
        free(kept);
    }
    while ((answer = peer->answers)) {
        peer->answers = answer->next;
        free(answer);
    }
    wire_free(peer->wire);
    buf_finish(&peer->frame);
    buf_finish(&peer->answer);
    free(peer->groups);
    free(peer->self_id);
    free(peer->path);
    free(peer);
}

void peer_close(struct peer *peer) {
    const char *text;
    size_t len;

    if (!peer)
        return;
    wire_close(peer->wire, 1000, "");
    while (wire_next(peer->wire, CLOSE_MS, &text, &len) > 0)
        ;
    peer_cut(peer);
}

const char *peer_path(const struct peer *peer) {
    return peer->path;
}

const struct peer_stats *peer_stats(const struct peer *peer) {
    return &peer->stats;
}

int peer_fd(const struct peer *peer) {
    return wire_fd(peer->wire);
}

/* ---- what riders write ----------------------------------------------------
 */

void peer_send_frame(struct peer *peer, const char *text, size_t len) {
    wire_text(peer->wire, text, len);
    peer->stats.sent++;
}

bool peer_flush(struct peer *peer, int timeout_ms) {
    return wire_flush(peer->wire, timeout_ms);
}

void peer_send_heartbeat(struct peer *peer) {
    send_meta(peer,
              "\"meta_event_type\":\"heartbeat\",\"status\":"
              "{\"online\":true,\"good\":true},\"interval\":3000");
}

static void add_string(struct buf *out, const char *s) {
    buf_add_json_string(out, s, strlen(s));
}

static void add_array(struct buf *out, const struct peer *peer,
                      const struct peer_message *message) {
    const char *comma = "";

    buf_adds(out, "[");
    if (message->mention) {
        buf_addf(out, "{\"type\":\"at\",\"data\":{\"qq\":\"%s\"}}",
                 peer->self_id);
        comma = ",";
    }
    if (message->text) {
        buf_addf(out, "%s{\"type\":\"text\",\"data\":{\"text\":", comma);
        add_string(out, message->text);
        buf_adds(out, "}}");
        comma = ",";
    }
    for (size_t i = 0; message->images && message->images[i]; i++) {
        buf_addf(out,
                 "%s{\"type\":\"image\",\"data\":{\"summary\":\"\","
                 "\"file\":\"%zu.jpg\",\"sub_type\":0,\"url\":",
                 comma, i);
        add_string(out, message->images[i]);
        buf_adds(out, ",\"file_size\":\"183042\"}}");
        comma = ",";
    }
    if (message->place) {
        buf_addf(out,
                 "%s{\"type\":\"location\",\"data\":{\"lat\":\"%.6f\","
                 "\"lon\":\"%.6f\",\"title\":",
                 comma, message->lat, message->lon);
        add_string(out, message->place_name ? message->place_name : "");
        buf_adds(out, "}}");
    }
    buf_adds(out, "]");
}

/* Adds s as a CQ string's text, or as a parameter. */
static void add_escaped(struct buf *out, const char *s, bool param) {
    for (; *s; s++) {
        switch (*s) {
        case '&':
            buf_adds(out, "&amp;");
            break;
        case '[':
            buf_adds(out, "&#91;");
            break;
        case ']':
            buf_adds(out, "&#93;");
            break;
        case ',':
            buf_adds(out, param ? "&#44;" : ",");
            break;
        default:
            buf_addc(out, *s);
        }
    }
}

static void add_cq(struct buf *out, const struct peer *peer,
                   const struct peer_message *message) {
    struct buf cq;

    buf_init(&cq);
    if (message->mention)
        buf_addf(&cq, "[CQ:at,qq=%s]", peer->self_id);
    if (message->text)
        add_escaped(&cq, message->text, false);
    for (size_t i = 0; message->images && message->images[i]; i++) {
        buf_addf(&cq, "[CQ:image,file=%zu.jpg,sub_type=0,url=", i);
        add_escaped(&cq, message->images[i], true);
        buf_adds(&cq, ",file_size=183042]");
    }
    if (message->place) {
        buf_addf(&cq, "[CQ:location,lat=%.6f,lon=%.6f,title=", message->lat,
                 message->lon);
        add_escaped(&cq, message->place_name ? message->place_name : "", true);
        buf_adds(&cq, "]");
    }
    buf_add_json_string(out, cq.data ? cq.data : "", cq.len);
    buf_finish(&cq);
}

/* NapCat's order, in which the kind of event comes last. */
static void add_message(struct buf *out, struct peer *peer,
                        const struct peer_message *message) {
    char *nick = message->nick ? xstrdup(message->nick)
                               : xasprintf("骑手%s", message->user);

    if (message->id)
        snprintf(peer->last_id, sizeof(peer->last_id), "%s", message->id);
    else
        snprintf(peer->last_id, sizeof(peer->last_id), "%llu",
                 (unsigned long long)peer->next_id++);
    buf_addf(out,
             "{\"self_id\":%s,\"user_id\":%s,\"time\":%lld,\"message_id\":%s,"
             "\"message_seq\":%s,\"real_id\":%s,\"real_seq\":\"1000\","
             "\"message_type\":\"%s\",\"sender\":{\"user_id\":%s,"
             "\"nickname\":",
             peer->self_id, message->user, (long long)time(NULL), peer->last_id,
             peer->last_id, peer->last_id, message->group ? "group" : "private",
             message->user);
    add_string(out, nick);
    buf_adds(out, ",\"card\":\"\",\"role\":\"member\"},\"raw_message\":");
    add_cq(out, peer, message);
    buf_addf(out, ",\"font\":14,\"sub_type\":\"%s\",\"message\":",
             message->group ? "normal" : "friend");
    if (peer->cq)
        add_cq(out, peer, message);
    else
        add_array(out, peer, message);
    buf_addf(out, ",\"message_format\":\"%s\",\"post_type\":\"message\"",
             peer->cq ? "string" : "array");
    if (message->group)
        buf_addf(out, ",\"group_id\":%s,\"group_name\":\"秦淮区外卖站点\"",
                 message->group);
    buf_adds(out, "}");
    free(nick);
}

const char *peer_send(struct peer *peer, const struct peer_message *message) {
    buf_clear(&peer->frame);
    add_message(&peer->frame, peer, message);
    peer_send_frame(peer, peer->frame.data, peer->frame.len);
    return peer->last_id;
}

char *peer_message_frame(struct peer *peer,
                         const struct peer_message *message) {
    struct buf frame;

    buf_init(&frame);
    add_message(&frame, peer, message);
    return buf_take(&frame);
}

const char *peer_send_group_text(struct peer *peer, const char *group,
                                 const char *user, const char *id,
                                 const char *text) {
    return peer_send(peer, &(struct peer_message){
                               .group = group,
                               .user = user,
                               .id = id,
                               .text = text,
                           });
}

const char *peer_send_private_text(struct peer *peer, const char *user,
                                   const char *id, const char *text) {
    return peer_send_group_text(peer, NULL, user, id, text);
}

/* ---- answers --------------------------------------------------------------
 */

/* Sends what is in peer->answer, now or after the delay. */
static void send_answer(struct peer *peer) {
    struct held_answer *held;

    if (!peer->delay_ms) {
        peer_send_frame(peer, peer->answer.data, peer->answer.len);
        return;
    }
    held = xcalloc(1, sizeof(*held) + peer->answer.len);
    held->due_ms = wire_now_ms() + peer->delay_ms;
    held->len = peer->answer.len;
    memcpy(held->text, peer->answer.data, held->len);
    *peer->answers_end = held;
    peer->answers_end = &held->next;
}

/* Sends the answers that are due; how long until the next one, at most max. */
static int send_due(struct peer *peer, int max_ms) {
    struct held_answer *held;
    int64_t now_ms = peer->answers ? wire_now_ms() : 0;

    while ((held = peer->answers) && held->due_ms <= now_ms) {
        peer_send_frame(peer, held->text, held->len);
        peer->answers = held->next;
        if (!peer->answers)
            peer->answers_end = &peer->answers;
        free(held);
    }
    return held && held->due_ms - now_ms < max_ms ? (int)(held->due_ms - now_ms)
                                                  : max_ms;
}

static void answer_ok(struct peer *peer, const char *echo, size_t len,
                      uint64_t id) {
    buf_clear(&peer->answer);
    buf_addf(&peer->answer,
             "{\"status\":\"ok\",\"retcode\":0,\"data\":{\"message_id\":%llu},"
             "\"message\":\"\",\"wording\":\"\",\"echo\":",
             (unsigned long long)id);
    buf_add(&peer->answer, echo, len);
    buf_adds(&peer->answer, ",\"stream\":\"normal-action\"}");
    send_answer(peer);
}

static void answer_failed(struct peer *peer, const char *echo, size_t len,
                          int retcode, const char *words) {
    buf_clear(&peer->answer);
    buf_addf(&peer->answer,
             "{\"status\":\"failed\",\"retcode\":%d,\"data\":null,"
             "\"message\":",
             retcode);
    add_string(&peer->answer, words);
    buf_adds(&peer->answer, ",\"wording\":");
    add_string(&peer->answer, words);
    buf_adds(&peer->answer, ",\"echo\":");
    buf_add(&peer->answer, echo, len);
    buf_adds(&peer->answer, ",\"stream\":\"normal-action\"}");
    send_answer(peer);
}

void peer_answer_ok(struct peer *peer, struct peer_call *call) {
    uint64_t id = peer->next_id++;

    snprintf(call->message_id, sizeof(call->message_id), "%llu",
             (unsigned long long)id);
    call->answered = true;
    answer_ok(peer, call->echo, strlen(call->echo), id);
    peer_flush(peer, CLOSE_MS);
}

void peer_answer_failed(struct peer *peer, const struct peer_call *call,
                        int retcode, const char *words) {
    answer_failed(peer, call->echo, strlen(call->echo), retcode, words);
    peer_flush(peer, CLOSE_MS);
}

static void answer_login(struct peer *peer, const char *echo, size_t len) {
    buf_clear(&peer->answer);
    buf_addf(&peer->answer,
             "{\"status\":\"ok\",\"retcode\":0,\"data\":{\"user_id\":%s,"
             "\"nickname\":\"站点助手\"},\"message\":\"\",\"wording\":\"\","
             "\"echo\":",
             peer->self_id);
    buf_add(&peer->answer, echo, len);
    buf_adds(&peer->answer, ",\"stream\":\"normal-action\"}");
    send_answer(peer);
}

static void answer_done(struct peer *peer, const char *echo, size_t len) {
    buf_clear(&peer->answer);
    buf_adds(&peer->answer,
             "{\"status\":\"ok\",\"retcode\":0,\"data\":null,"
             "\"message\":\"\",\"wording\":\"\",\"echo\":");
    buf_add(&peer->answer, echo, len);
    buf_adds(&peer->answer, ",\"stream\":\"normal-action\"}");
    send_answer(peer);
}

static void answer_groups(struct peer *peer, const char *echo, size_t len) {
    buf_clear(&peer->answer);
    buf_addf(&peer->answer,
             "{\"status\":\"ok\",\"retcode\":0,\"data\":%s,\"message\":\"\","
             "\"wording\":\"\",\"echo\":",
             peer->groups);
    buf_add(&peer->answer, echo, len);
    buf_adds(&peer->answer, ",\"stream\":\"normal-action\"}");
    send_answer(peer);
}

/* Answers by policy; the message's id when it was sent, else 0. */
static uint64_t answer_by_policy(struct peer *peer, enum peer_kind kind,
                                 const char *echo, size_t len) {
    switch (peer->policy[kind]) {
    case PEER_OK:
        if (kind == PEER_GROUP_SENDS || kind == PEER_PRIVATE_SENDS) {
            answer_ok(peer, echo, len, peer->next_id);
            return peer->next_id++;
        }
        if (kind == PEER_LOGINS)
            answer_login(peer, echo, len);
        else
            answer_done(peer, echo, len);
        return 0;
    case PEER_REFUSE:
        answer_failed(peer, echo, len, 1200, "请指定正确的 user_id");
        return 0;
    case PEER_TIMEOUT:
        answer_failed(peer, echo, len, 1200,
                      "Timeout: NTEvent serviceAndMethod:NodeIKernelMsgService/"
                      "sendMsg EventRet:\n{}\n");
        return 0;
    case PEER_TOO_FAST:
        answer_failed(peer, echo, len, 1200, "消息发送过快，请稍后再试");
        return 0;
    case PEER_BANNED:
        answer_failed(peer, echo, len, 1200, "该账号已被冻结");
        return 0;
    case PEER_GONE:
        answer_failed(peer, echo, len, 1200, "群不存在或已解散");
        return 0;
    case PEER_HOLD:
    case PEER_NEVER:
        break;
    }
    return 0;
}

void peer_set_policy(struct peer *peer, enum peer_kind kind,
                     enum peer_policy policy) {
    peer->policy[kind] = policy;
}

void peer_set_delay(struct peer *peer, int delay_ms) {
    peer->delay_ms = delay_ms;
}

void peer_set_on_send(struct peer *peer, peer_on_send *on_send, void *data) {
    peer->on_send = on_send;
    peer->on_send_data = data;
}

/* ---- calls -----------------------------------------------------------------
 */

/* Behind the JSON value at at, which is taken to be well-formed. */
static const char *skip_value(const char *at, const char *end) {
    int depth = 0;

    do {
        if (*at == '"') {
            for (at++; at < end && *at != '"'; at++)
                if (*at == '\\')
                    at++;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            depth--;
        }
        at++;
    } while (at < end &&
             (depth > 0 || (*at != ',' && *at != '}' && *at != ']')));
    return at < end ? at : end;
}

/* A member of the object that is the frame; its value as it stands. */
static const char *find_member(const char *frame, size_t len, const char *key,
                               size_t *value_len) {
    const char *end = frame + len;
    const char *at = frame + 1;
    size_t key_len = strlen(key);

    while (at < end && *at == '"') {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        const char *behind;

        if (!colon)
            break;
        behind = skip_value(colon + 1, end);
        if ((size_t)(colon - at) == key_len + 2 &&
            memcmp(at + 1, key, key_len) == 0) {
            *value_len = (size_t)(behind - colon - 1);
            return colon + 1;
        }
        at = behind + 1;
    }
    *value_len = 0;
    return "";
}

static char *id_text(const json_t *id) {
    if (json_is_string(id))
        return xstrdup(json_string_value(id));
    return xasprintf("%lld", (long long)json_integer_value(id));
}

static void add_segment(struct peer_call *call, struct buf *text,
                        json_t *segment) {
    const char *type = json_string_value(json_object_get(segment, "type"));
    json_t *data = json_object_get(segment, "data");

    if (!type)
        return;
    if (strcmp(type, "text") == 0) {
        buf_adds(text, json_string_value(json_object_get(data, "text")));
    } else if (strcmp(type, "at") == 0 && !call->mention) {
        call->mention = id_text(json_object_get(data, "qq"));
    } else if (strcmp(type, "reply") == 0 && !call->reply_to) {
        call->reply_to = id_text(json_object_get(data, "id"));
    } else if (strcmp(type, "image") == 0 && call->n_images++ == 0) {
        call->image = xstrdup(json_string_value(json_object_get(data, "file")));
    }
}

static struct peer_call *decode_call(bool group, const char *frame,
                                     size_t len) {
    json_t *root = json_loadb(frame, len, 0, NULL);
    json_t *params = json_object_get(root, "params");
    json_t *segments = json_object_get(params, "message");
    struct peer_call *call = xcalloc(1, sizeof(*call));
    struct buf text;
    json_t *segment;
    size_t i;

    if (!json_is_array(segments)) {
        fprintf(stderr, "peer: a call without a message: %.*s\n", (int)len,
                frame);
        abort();
    }
    buf_init(&text);
    json_array_foreach(segments, i, segment) {
        add_segment(call, &text, segment);
    }
    call->group = group;
    call->to = id_text(json_object_get(params, group ? "group_id" : "user_id"));
    call->text = buf_take(&text);
    json_decref(root);
    return call;
}

static void keep_call(struct peer *peer, enum peer_kind kind, uint64_t id,
                      const char *frame, size_t len) {
    struct kept_call *kept = xcalloc(1, sizeof(*kept));
    const char *echo;

    kept->call = decode_call(kind == PEER_GROUP_SENDS, frame, len);
    echo = find_member(frame, len, "echo", &len);
    kept->call->echo = xstrndup(echo, len);
    kept->call->answered = peer->policy[kind] != PEER_HOLD;
    if (id)
        snprintf(kept->call->message_id, sizeof(kept->call->message_id), "%llu",
                 (unsigned long long)id);
    DL_APPEND(peer->calls, kept);
}

static void take_call(struct peer *peer, const char *frame, size_t len) {
    size_t action_len;
    size_t echo_len;
    const char *action = find_member(frame, len, "action", &action_len);
    const char *echo = find_member(frame, len, "echo", &echo_len);
    enum peer_kind kind = PEER_KINDS;
    uint64_t id;

    peer->stats.calls++;
    if (!echo_len) {
        echo = "\"\""; /* as NapCat does */
        echo_len = 2;
    }
    if (action_len == 16 && memcmp(action, "\"send_group_msg\"", 16) == 0)
        kind = PEER_GROUP_SENDS;
    else if (action_len == 18 &&
             memcmp(action, "\"send_private_msg\"", 18) == 0)
        kind = PEER_PRIVATE_SENDS;
    else if (action_len == 16 && memcmp(action, "\"get_login_info\"", 16) == 0)
        kind = PEER_LOGINS;
    else if (action_len == 12 && memcmp(action, "\"delete_msg\"", 12) == 0)
        kind = PEER_RECALLS;
    else if (action_len == 16 &&
             memcmp(action, "\"get_group_list\"", 16) == 0) {
        answer_groups(peer, echo, echo_len);
        return;
    }
    if (kind == PEER_KINDS) {
        answer_failed(peer, echo, echo_len, 1404, "不支持的API");
        return;
    }
    peer->stats.sends[kind]++;
    id = answer_by_policy(peer, kind, echo, echo_len);
    if (kind == PEER_LOGINS || kind == PEER_RECALLS)
        return;
    if (peer->on_send)
        peer->on_send(peer->on_send_data, kind == PEER_GROUP_SENDS, frame, len);
    else
        keep_call(peer, kind, id, frame, len);
}

int peer_run(struct peer *peer, int timeout_ms, bool once) {
    int64_t until_ms = wire_now_ms() + timeout_ms;
    int count = 0;
    const char *frame;
    size_t len;

    for (;;) {
        int64_t left_ms = until_ms - wire_now_ms();
        int wait_ms = send_due(peer, left_ms > 0 ? (int)left_ms : 0);
        int got = wire_next(peer->wire, wait_ms, &frame, &len);

        if (got < 0)
            return count ? count : -1;
        if (got == 0) {
            if (wire_now_ms() >= until_ms)
                return count;
            continue;
        }
        take_call(peer, frame, len);
        count++;
        if (once)
            return count;
        until_ms = wire_now_ms() + timeout_ms;
    }
}

struct peer_call *peer_wait_call(struct peer *peer, int timeout_ms) {
    int64_t until_ms = wire_now_ms() + timeout_ms;
    struct kept_call *kept;
    struct peer_call *call;

    while (!peer->calls) {
        int64_t left_ms = until_ms - wire_now_ms();

        if (peer_run(peer, left_ms > 0 ? (int)left_ms : 0, true) < 0 ||
            (!peer->calls && left_ms <= 0))
            return NULL;
    }
    kept = peer->calls;
    call = kept->call;
    DL_DELETE(peer->calls, kept);
    free(kept);
    /* The answer must not wait for the test's next step. */
    peer_flush(peer, CLOSE_MS);
    return call;
}

int peer_wait_close(struct peer *peer, int timeout_ms) {
    int64_t until_ms = wire_now_ms() + timeout_ms;

    while (!wire_close_code(peer->wire)) {
        int64_t left_ms = until_ms - wire_now_ms();

        if (left_ms <= 0)
            return 0;
        if (peer_run(peer, (int)left_ms, true) < 0)
            break;
    }
    return wire_close_code(peer->wire);
}

#include "bot/connectors/onebot11_conn.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/connectors/onebot11_codec.h"
#include "bot/glance.h"
#include "bot/groups.h"
#include "bot/outbox.h"
#include "bot/turn.h"

#define LOG_MODULE "onebot11"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define ACCOUNT_BYTES (LIMIT_ID_BYTES + sizeof("qq."))

static struct metric m_frames[] = {
#define FRAMES(kind)                                                           \
    METRIC_COUNTER_L("xiaofeng_onebot11_frames_total",                         \
                     "OneBot 11 frames received, by kind.",                    \
                     "kind=\"" kind "\"")
    [ONEBOT11_BROKEN] = FRAMES("broken"),
    [ONEBOT11_STRANGE] = FRAMES("strange"),
    [ONEBOT11_MESSAGE] = FRAMES("message"),
    [ONEBOT11_OWN] = FRAMES("own"),
    [ONEBOT11_SYSTEM] = FRAMES("system"),
    [ONEBOT11_HEARTBEAT] = FRAMES("heartbeat"),
    [ONEBOT11_LIFECYCLE] = FRAMES("lifecycle"),
    [ONEBOT11_EVENT] = FRAMES("event"),
    [ONEBOT11_ANSWER] = FRAMES("answer"),
#undef FRAMES
};

#define ODD(what)                                                              \
    METRIC_COUNTER_L("xiaofeng_onebot11_odd_total",                            \
                     "What was wrong with OneBot 11 frames.",                  \
                     "what=\"" what "\"")
static struct metric m_flaws[] = {
    [ONEBOT11_NOT_JSON] = ODD("not_json"),
    [ONEBOT11_NOT_OBJECT] = ODD("not_object"),
    [ONEBOT11_TOO_DEEP] = ODD("too_deep"),
};
static struct metric m_strange = ODD("strange");
static struct metric m_invalid = ODD("invalid_message");
static struct metric m_wrong = ODD("wrong_segment");
static struct metric m_unknown = ODD("unknown_segment");
static struct metric m_dropped = ODD("dropped_segment");
static struct metric m_long = ODD("text_too_long");
static struct metric m_stray = ODD("stray_answer");
#undef ODD

static struct metric m_wanted =
    METRIC_COUNTER("xiaofeng_onebot11_wanted_total",
                   "OneBot 11 messages that were decoded to be handled.");
static struct metric m_replaced = METRIC_COUNTER(
    "xiaofeng_onebot11_replaced_total",
    "OneBot 11 connections replaced by another one of their account.");
static struct metric m_expired =
    METRIC_COUNTER("xiaofeng_onebot11_expired_total",
                   "OneBot 11 calls that were not answered in time.");
static struct metric m_no =
    METRIC_COUNTER("xiaofeng_onebot11_token_refused_total",
                   "Forward connections on which the peer refused our token.");

static int64_t now_ms(const struct onebot11_conn *conn) {
    return clock_mono_ms(conn->owner->bot->clock);
}

struct onebot11_conn *onebot11_conn_new(struct onebot11 *owner,
                                        struct onebot11_forward *forward,
                                        enum onebot11_role role) {
    struct onebot11_conn *conn = xcalloc(1, sizeof(*conn));

    conn->owner = owner;
    conn->forward = forward;
    conn->role = role;
    onebot11_calls_init(&conn->calls);
    DL_APPEND(owner->conns, conn);
    owner->n_conns++;
    return conn;
}

void onebot11_conn_free(struct onebot11_conn *conn) {
    onebot11_image_forget(conn);
    onebot11_calls_finish(&conn->calls);
    DL_DELETE(conn->owner->conns, conn);
    conn->owner->n_conns--;
    free(conn);
}

/* ---- calls --------------------------------------------------------------- */

static enum err ask(struct onebot11_conn *conn, enum onebot11_call_kind kind) {
    struct onebot11 *owner = conn->owner;
    struct onebot11_call call = {
        .kind = kind,
        .deadline_ms = now_ms(conn) + owner->deadline_ms,
    };
    uint64_t number;
    enum err err;

    if (!onebot11_calls_add(&conn->calls, &call, &number))
        return ERR_LIMIT;
    buf_clear(&owner->out);
    onebot11_encode_question(&owner->out,
                             kind == ONEBOT11_LOGIN ? "get_login_info"
                                                    : "get_group_list",
                             owner->prefix, number);
    err = ws_send(conn->ws, owner->out.data, owner->out.len);
    if (err)
        onebot11_calls_take(&conn->calls, number, &call);
    else
        onebot11_watch(owner);
    return err;
}

void onebot11_conn_refuse(struct onebot11_conn *conn, uint64_t number,
                          const char *reason) {
    struct onebot11_call call;

    if (onebot11_calls_take(&conn->calls, number, &call))
        outbox_outcome(
            conn->account, call.ticket,
            &(struct send_end){.outcome = OUTCOME_REFUSED, .reason = reason});
}

static enum err send_text(struct onebot11_conn *conn, uint64_t number,
                          const struct outgoing *out) {
    struct onebot11 *owner = conn->owner;
    struct onebot11_call call;
    enum err err;

    buf_clear(&owner->out);
    if (onebot11_encode_send(&owner->out, out, NULL, owner->prefix, number)) {
        /* It will never do, so it must not be tried again. */
        onebot11_conn_refuse(conn, number, "nothing to send, or to nobody");
        return OK;
    }
    err = ws_send(conn->ws, owner->out.data, owner->out.len);
    if (err)
        onebot11_calls_take(&conn->calls, number, &call);
    return err;
}

static enum err send_out(struct account *account, uint64_t ticket,
                         const struct outgoing *out) {
    struct onebot11_conn *conn = account->data;
    struct onebot11_call call = {.ticket = ticket};
    enum err err = OK;
    uint64_t number;

    if (!conn || conn->closed)
        return ERR_AWAY;
    call.deadline_ms = now_ms(conn) + conn->owner->deadline_ms;
    if (!onebot11_calls_add(&conn->calls, &call, &number))
        return ERR_LIMIT;
    /* An outcome may come before account_online() has returned. */
    conn->account = account;
    if (out->image_path)
        onebot11_image_send(conn, number, out);
    else
        err = send_text(conn, number, out);
    onebot11_watch(conn->owner);
    return err;
}

static enum err recall_out(struct account *account, uint64_t ticket,
                           const char *chat, const char *message_id) {
    struct onebot11_conn *conn = account->data;
    struct onebot11_call call = {.ticket = ticket};
    struct onebot11 *owner;
    uint64_t number;
    enum err err;

    (void)chat;
    if (!conn || conn->closed)
        return ERR_AWAY;
    owner = conn->owner;
    call.deadline_ms = now_ms(conn) + owner->deadline_ms;
    if (!onebot11_calls_add(&conn->calls, &call, &number))
        return ERR_LIMIT;
    conn->account = account;
    buf_clear(&owner->out);
    onebot11_encode_recall(&owner->out, message_id, owner->prefix, number);
    err = ws_send(conn->ws, owner->out.data, owner->out.len);
    if (err)
        onebot11_calls_take(&conn->calls, number, &call);
    onebot11_watch(owner);
    return err;
}

const struct connector onebot11_connector = {
    .platform = "qq",
    .send = send_out,
    .recall = recall_out,
};

void onebot11_conn_expire(struct onebot11_conn *conn, int64_t at_ms) {
    struct onebot11_call call;

    while (onebot11_calls_expire(&conn->calls, at_ms, &call)) {
        metric_add(&m_expired, 1);
        if (call.kind == ONEBOT11_SEND)
            outbox_outcome(conn->account, call.ticket,
                           &(struct send_end){.outcome = OUTCOME_UNKNOWN,
                                              .reason = "no answer in time"});
        else if (!conn->known && !conn->closed)
            ask(conn, ONEBOT11_LOGIN); /* still nameless: asked again */
    }
}

/* ---- whose connection this is -------------------------------------------- */

/* The calls under way are nobody's any more: account_online() for another
 * connection, or account_offline(), ends what they were sent for. */
static void drop_calls(struct onebot11_conn *conn) {
    onebot11_image_forget(conn);
    onebot11_calls_drop(&conn->calls);
    conn->account = NULL;
}

static void take_account(struct onebot11_conn *conn) {
    struct bot *bot = conn->owner->bot;
    char id[ACCOUNT_BYTES];
    struct account *account;

    snprintf(id, sizeof(id), "qq.%s", conn->self);
    account = account_find(bot, id);
    if (account && account->online &&
        account->connector == &onebot11_connector) {
        if (account->data == conn)
            return;
        drop_calls(account->data);
    }
    conn->account = account_online(bot, id, &onebot11_connector, conn);
    if (ask(conn, ONEBOT11_GROUPS))
        LOG_WARN("%s: its groups are not asked for", id);
}

/* Another connection that the account's calls can go over. */
static struct onebot11_conn *find_twin(const struct onebot11_conn *conn) {
    struct onebot11_conn *twin;

    DL_FOREACH(conn->owner->conns, twin) {
        if (twin != conn && !twin->closed && twin->role & ONEBOT11_API &&
            twin->known && strcmp(twin->self, conn->self) == 0)
            return twin;
    }
    return NULL;
}

void onebot11_conn_leave(struct onebot11_conn *conn) {
    struct account *account = conn->account;
    struct onebot11_conn *twin = find_twin(conn);

    drop_calls(conn);
    if (!account)
        return;
    if (twin)
        take_account(twin);
    else
        account_offline(account, conn);
}

/*
 * A peer that connects anew does so because its old connection is dead, which
 * we may not know yet. Connections of our own making are not closed for it:
 * we would only make them again.
 */
static void replace_others(struct onebot11_conn *conn) {
    struct onebot11_conn *other;

    DL_FOREACH(conn->owner->conns, other) {
        if (other == conn || other->closed || other->forward || conn->forward ||
            !(other->role & conn->role) || !other->known ||
            strcmp(other->self, conn->self) != 0)
            continue;
        LOG_WARN("qq.%s has connected again, its old connection is closed",
                 conn->self);
        metric_add(&m_replaced, 1);
        other->closed = true;
        ws_close(other->ws, 1000, "replaced");
    }
}

static void identify(struct onebot11_conn *conn, struct jspan id,
                     enum onebot11_known how) {
    if (conn->closed || !onebot11_bare_id(id, &id))
        return;
    if (conn->known && jspan_is(id, conn->self)) {
        if (how > conn->known)
            conn->known = how;
        return;
    }
    if (how < conn->known)
        return;
    if (conn->known) {
        LOG_WARN("the account that was qq.%s calls itself qq.%.*s", conn->self,
                 (int)id.len, id.at);
        onebot11_conn_leave(conn);
    }
    conn->known = how;
    memcpy(conn->self, id.at, id.len);
    conn->self[id.len] = '\0';
    replace_others(conn);
    if (conn->role & ONEBOT11_API)
        take_account(conn);
}

void onebot11_conn_open(struct onebot11_conn *conn, struct ws *ws) {
    conn->ws = ws;
    if (conn->owner->stopping) {
        conn->closed = true;
        return;
    }
    /* Who has only events to give is believed when it gives one: until then it
     * may be a connection that never came about. */
    if (!(conn->role & ONEBOT11_API))
        return;
    if (ask(conn, ONEBOT11_LOGIN))
        conn->closed = true;
    else
        identify(conn, (struct jspan){conn->alias, strlen(conn->alias)},
                 KNOWN_BY_HEADER);
}

/*
 * A peer that takes our token for wrong opens the connection all the same: it
 * then says 1403 (NapCat), or nothing at all (onebots), and closes.
 */
static void token_refused(struct onebot11_conn *conn) {
    struct onebot11_forward *forward = conn->forward;

    metric_add(&m_no, 1);
    ws_client_slow_down(forward->client);
    if (!forward->told_refused)
        LOG_ERR(
            "forward connection %zu: the peer closes it before it says "
            "anything: is the token right?",
            forward->index + 1);
    forward->told_refused = true;
}

void onebot11_conn_close(struct onebot11_conn *conn) {
    conn->closed = true;
    if (conn->forward && !conn->heard && !conn->owner->stopping)
        token_refused(conn);
    onebot11_conn_leave(conn);
    onebot11_conn_free(conn);
}

static void hear(struct onebot11_conn *conn) {
    conn->heard = true;
    if (conn->forward)
        conn->forward->told_refused = false;
}

/* ---- frames -------------------------------------------------------------- */

static bool may_complain(struct onebot11_conn *conn) {
    return bucket_take(&conn->owner->complaints, now_ms(conn));
}

static void note_oddities(struct onebot11_conn *conn,
                          const struct message *message,
                          const struct onebot11_oddities *odd) {
    metric_add(&m_wrong, odd->wrong);
    metric_add(&m_unknown, odd->unknown);
    metric_add(&m_dropped, (int64_t)message->n_dropped);
    metric_add(&m_long, message->text_too_long);
    if (odd->wrong || odd->unknown)
        LOG_DBG("qq.%s: message %s has %u wrong and %u unknown segments",
                conn->self, message->id, odd->wrong, odd->unknown);
}

static void take_message(struct onebot11_conn *conn,
                         const struct onebot11_frame *frame) {
    struct bot *bot = conn->owner->bot;
    struct onebot11_oddities odd;
    struct turn *turn = turn_new(bot);

    if (onebot11_decode(frame, conn->alias, &turn->arena, &turn->message,
                        &odd)) {
        metric_add(&m_invalid, 1);
        if (may_complain(conn))
            LOG_WARN("qq.%s: a message that is none, %zu bytes", conn->self,
                     frame->message.len);
        turn_free(turn);
        return;
    }
    if (odd.wrong || odd.unknown || turn->message.n_dropped ||
        turn->message.text_too_long)
        note_oddities(conn, &turn->message, &odd);
    metric_add(&m_wanted, 1);
    turn_start(turn);
}

static bool is_wanted(struct onebot11_conn *conn,
                      const struct onebot11_frame *frame) {
    struct onebot11_glance seen;
    struct arena scratch;
    bool wanted;

    arena_init(&scratch);
    wanted = !onebot11_glance(frame, conn->alias, &scratch, &seen) ||
             glance(conn->owner->bot, &seen.glance);
    arena_finish(&scratch);
    return wanted;
}

static void take_login(struct onebot11_conn *conn,
                       const struct onebot11_answer *answer) {
    if (answer->user_id)
        identify(conn, (struct jspan){answer->user_id, strlen(answer->user_id)},
                 KNOWN_BY_LOGIN);
    else
        LOG_WARN("get_login_info is refused with %lld",
                 (long long)answer->retcode);
}

/* So that notices reach groups in which nobody has spoken yet. */
static void take_groups(struct onebot11_conn *conn,
                        const struct onebot11_frame *frame,
                        struct arena *arena) {
    struct group *groups;
    size_t n;

    if (!conn->account)
        return;
    n = onebot11_decode_groups(frame, conn->account->id, arena, &groups);
    LOG_INFO("%s is in %zu groups", conn->account->id, n);
    groups_found(conn->owner->bot, conn->account->id, groups, n);
}

static void take_answer(struct onebot11_conn *conn,
                        const struct onebot11_frame *frame) {
    struct onebot11_answer answer;
    struct onebot11_call call;
    struct arena arena;
    uint64_t number;

    arena_init(&arena);
    onebot11_decode_answer(frame, &arena, &answer);
    if (answer.retcode == ONEBOT11_RETCODE_TOKEN && conn->forward &&
        !conn->heard) {
        ws_close(conn->ws, 1000, "token refused"); /* see token_refused() */
    } else if (!onebot11_decode_echo(frame->echo, conn->owner->prefix,
                                     &number) ||
               !onebot11_calls_take(&conn->calls, number, &call)) {
        metric_add(&m_stray, 1);
    } else {
        hear(conn);
        if (call.kind == ONEBOT11_LOGIN)
            take_login(conn, &answer);
        else if (call.kind == ONEBOT11_GROUPS)
            take_groups(conn, frame, &arena);
        else
            outbox_outcome(conn->account, call.ticket,
                           &(struct send_end){
                               .outcome = answer.outcome,
                               .refusal = answer.refusal,
                               .reason = answer.reason,
                               .message_id = answer.message_id,
                           });
    }
    arena_finish(&arena);
}

static void complain(struct onebot11_conn *conn, size_t len,
                     const struct metric *what) {
    if (may_complain(conn))
        LOG_WARN("qq.%s: a bad frame (%s) of %zu bytes", conn->self,
                 what->labels, len);
}

void onebot11_conn_message(struct onebot11_conn *conn, const char *bytes,
                           size_t len) {
    struct onebot11_frame frame;

    onebot11_scan(&frame, bytes, len);
    metric_add(&m_frames[frame.kind], 1);
    switch (frame.kind) {
    case ONEBOT11_BROKEN:
        metric_add(&m_flaws[frame.flaw], 1);
        complain(conn, len, &m_flaws[frame.flaw]);
        return;
    case ONEBOT11_STRANGE:
        metric_add(&m_strange, 1);
        complain(conn, len, &m_strange);
        return;
    case ONEBOT11_ANSWER:
        take_answer(conn, &frame);
        return;
    default:
        break;
    }
    hear(conn);
    /* Meta events speak for the connection; the first event does for want of
     * one. */
    if (frame.kind == ONEBOT11_HEARTBEAT || frame.kind == ONEBOT11_LIFECYCLE ||
        conn->known != KNOWN_BY_EVENT)
        identify(conn, frame.self_id, KNOWN_BY_EVENT);
    if (frame.kind == ONEBOT11_MESSAGE && is_wanted(conn, &frame))
        take_message(conn, &frame);
}

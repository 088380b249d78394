#define LOG_MODULE "web"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/connectors/web_internal.h"
#include "bot/ws.h"
#include "store/code.h"
#include "store/keys.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/*
 * From hello to welcome: token read → (link read) → member written → history
 * of each chat read → welcome. Each step ends in the next one's callback; a
 * connection that goes away meanwhile leaves its call without conn.
 */
#define VISIT_MS (24LL * 3600 * 1000) /* a visit is noted once a day */

static struct metric joined =
    METRIC_COUNTER("xiaofeng_web_members_total", "Members of the web chat.");

struct hello {
    struct web_call call;
    char token[TOKEN_MAX];
    char hash[TOKEN_HASH_SIZE];
    const char *nick, *wanted, *link;
    struct chat_member member;
    const char *groups[WEB_GROUPS_MAX];
    size_t n_groups;
    bool fresh; /* came by the link just now */
    char private_chat[WEB_CHAT_SIZE];
    struct buf history;
    size_t read; /* chats whose history was read */
};

char *web_nick(struct arena *arena, const char *given, const char *id) {
    static const char *const ours[] = {"小蜂", "bot", "xiaofeng"};
    char *nick = utf8_clean(arena, given, strlen(given));

    nick = utf8_excerpt(arena, nick, WEB_NICK_CHARS);
    /* Few characters can be many bytes. */
    if (strlen(nick) > (size_t)4 * WEB_NICK_CHARS)
        nick[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (strcasestr(nick, ours[i]) != NULL)
            nick[0] = '\0';
    if (nick[0] == '\0')
        nick = arena_printf(arena, "骑手%.4s", id + strlen("web."));
    return nick;
}

static void fail(struct hello *hello, enum err err) {
    struct web_conn *conn = hello->call.conn;

    LOG_INFO("no welcome: %s", err_str(err));
    if (conn != NULL) {
        web_error(conn, NULL, "webchat.away", WEB_AGAIN);
        ws_close(conn->ws, 1013, "try again later");
    }
    web_call_free(hello);
}

/* ---- the end: history and welcome -------------------------------------- */

static void add_member(struct buf *out, const char *name, const char *value) {
    buf_addf(out, "\"%s\":", name);
    buf_add_json_string(out, value, strlen(value));
}

static void welcome(struct hello *hello) {
    struct web_conn *conn = hello->call.conn;
    struct buf out;

    buf_init(&out);
    buf_adds(&out, "{\"type\":\"welcome\",");
    add_member(&out, "token", hello->token);
    buf_addc(&out, ',');
    add_member(&out, "rider", conn->id);
    buf_addc(&out, ',');
    add_member(&out, "nick", conn->nick);
    buf_addc(&out, ',');
    add_member(&out, "chat", hello->private_chat);
    buf_adds(&out, ",\"groups\":[");
    for (size_t i = 0, n = 0; i < hello->n_groups; i++) {
        const struct web_own_group *group =
            web_group_find(conn->web, hello->groups[i]);
        if (group == NULL)
            continue;
        buf_adds(&out, n++ > 0 ? ",{" : "{");
        add_member(&out, "id", group->id);
        buf_addc(&out, ',');
        add_member(&out, "title", group->title);
        buf_addc(&out, '}');
    }
    buf_adds(&out, "],\"history\":[");
    if (hello->history.len > 0)
        buf_add(&out, hello->history.data, hello->history.len);
    buf_adds(&out, "]}");
    web_send(conn, &out);
    buf_finish(&out);
    conn->stage = WEB_READY;
}

/* The bot asks its open question again, in this chat. */
static void resume(const struct hello *hello) {
    const struct web_conn *conn = hello->call.conn;
    struct web_said said = {
        .call = {.web = conn->web},
        .entry = {.from = conn->id,
                  .nick = conn->nick,
                  .message_id = "link",
                  .photo = ""},
        .chat = hello->private_chat,
        .rider = conn->as,
        .limited = true,
        .text = "继续",
        .lang = conn->lang,
    };

    web_said_turn(&said, conn->web->bot);
}

static void on_history(void *data, enum err err,
                       const struct chat_entry *entries, size_t n) {
    struct hello *hello = data;
    struct web_conn *conn = hello->call.conn;
    size_t i = hello->read++;
    bool last = i == hello->n_groups;
    const char *chat = last ? hello->private_chat : hello->groups[i];

    if (conn != NULL && err == OK) {
        /* From here on it is told what comes, so nothing is missed. */
        web_sit(conn, chat);
        for (size_t j = 0; j < n; j++) {
            if (hello->history.len > 0)
                buf_addc(&hello->history, ',');
            web_frame_message(&hello->history, chat, &entries[j], conn);
        }
    } else if (conn != NULL) {
        web_error(conn, NULL, "webchat.away", WEB_AGAIN);
        ws_close(conn->ws, 1013, "try again later");
    }
    if (!last)
        return;
    if (conn != NULL && conn->n_seats == hello->read) {
        welcome(hello);
        if (hello->fresh)
            resume(hello);
    }
    buf_finish(&hello->history);
    web_call_free(hello);
}

static void read_history(struct hello *hello) {
    struct web_conn *conn = hello->call.conn;
    struct arena *arena = &hello->call.arena;
    struct store *store;

    if (conn == NULL) {
        web_call_free(hello);
        return;
    }
    store = conn->web->bot->store;
    memcpy(conn->id, hello->member.id, WEB_ID_SIZE);
    conn->nick = xstrdup(hello->member.nick);
    if (hello->member.as[0] != '\0')
        conn->as = xstrdup(hello->member.as);
    conn->seats = xcalloc(hello->n_groups + 1, sizeof(*conn->seats));
    snprintf(hello->private_chat, sizeof(hello->private_chat), "web.u%s",
             conn->id + strlen("web."));
    for (size_t i = 0; i < hello->n_groups; i++)
        chat_history_get(store, arena, hello->groups[i], on_history, hello);
    chat_history_get(store, arena, hello->private_chat, on_history, hello);
}

/* ---- the middle: who it is, written when it is new or has changed ------ */

static void on_written(void *data, const struct txn_result *result) {
    struct hello *hello = data;

    if (hello->fresh && result->err == ERR_NOT_FOUND &&
        hello->call.conn != NULL) {
        web_error_link(hello->call.conn);
        web_call_free(hello);
    } else if (result->err == OK) {
        read_history(hello);
    } else {
        fail(hello, result->err);
    }
}

static bool add_group(struct hello *hello, const char *id) {
    for (size_t i = 0; i < hello->n_groups; i++)
        if (strcmp(hello->groups[i], id) == 0)
            return false;
    if (hello->n_groups == WEB_GROUPS_MAX)
        return false;
    hello->groups[hello->n_groups++] = id;
    return true;
}

/* Groups it is in and those that exist, the wanted one, at least the first. */
static bool choose_groups(struct hello *hello) {
    const struct web *web = hello->call.web;
    struct arena *arena = &hello->call.arena;
    char *rest = arena_strdup(arena, hello->member.groups), *id;
    const struct web_own_group *group;
    bool changed = false;

    while ((id = strsep(&rest, ",")) != NULL)
        if (web_group_find(web, id) != NULL)
            add_group(hello, id);
    group = web_group_find(web, hello->wanted);
    if (group != NULL)
        changed = add_group(hello, arena_strdup(arena, group->id));
    if (hello->n_groups == 0 && web->n_groups > 0)
        changed = add_group(hello, arena_strdup(arena, web->groups[0].id));
    hello->member.groups = "";
    for (size_t i = 0; i < hello->n_groups; i++)
        hello->member.groups =
            arena_printf(arena, "%s%s%s", hello->member.groups,
                         i > 0 ? "," : "", hello->groups[i]);
    return changed;
}

static void write_member(struct hello *hello, struct txn *txn, int64_t ttl_ms) {
    struct bot *bot = hello->call.web->bot;

    hello->member.seen_ms = clock_wall_ms(bot->clock);
    chat_member_set(txn, &hello->member, ttl_ms);
    txn_commit(txn, on_written, hello);
}

/* A token for somebody who has none, or none that is known. */
static bool make_token(struct hello *hello) {
    struct web_conn *conn = hello->call.conn;

    if (!bucket_take(&conn->peer->joins, web_now(conn->web))) {
        LOG_INFO("too many new members from one address");
        web_error(conn, NULL, "webchat.too_fast", WEB_AGAIN);
        ws_close(conn->ws, 1013, "try again later");
        web_call_free(hello);
        return false;
    }
    token_random(hello->token, sizeof(hello->token), WEB_TOKEN_BYTES);
    token_hash(hello->hash, hello->token);
    hello->member = (struct chat_member){
        .id = arena_printf(&hello->call.arena, "web.%.16s", hello->hash),
        .hash = hello->hash,
        .groups = "",
        .as = "",
    };
    hello->member.nick =
        web_nick(&hello->call.arena, hello->nick, hello->member.id);
    return true;
}

static void on_link(void *data, enum err err, const struct code *code) {
    struct hello *hello = data;
    struct web_conn *conn = hello->call.conn;

    if (conn == NULL) {
        web_call_free(hello);
    } else if (err == ERR_NOT_FOUND ||
               (err == OK && (code->roles != 0 || code->rider[0] == '\0'))) {
        web_error_link(conn);
        web_call_free(hello);
    } else if (err != OK) {
        fail(hello, err);
    } else if (make_token(hello)) {
        struct txn *txn = txn_new(conn->web->bot->store);
        hello->fresh = true;
        hello->member.as = code->rider;
        code_take(txn, hello->link);
        write_member(hello, txn, TTL_LINK_MEMBER_MS);
    }
}

static void begin_new(struct hello *hello) {
    struct store *store = hello->call.web->bot->store;

    if (hello->link != NULL) {
        code_get(store, &hello->call.arena, hello->link, on_link, hello);
    } else if (make_token(hello)) {
        metric_add(&joined, 1);
        choose_groups(hello);
        write_member(hello, txn_new(store), TTL_MEMBER_MS);
    }
}

static void on_member(void *data, enum err err,
                      const struct chat_member *member) {
    struct hello *hello = data;
    struct arena *arena = &hello->call.arena;
    struct bot *bot;

    if (hello->call.conn == NULL) {
        web_call_free(hello);
        return;
    }
    bot = hello->call.web->bot;
    if (err == ERR_NOT_FOUND ||
        (err == OK && !token_equal(member->hash, hello->hash))) {
        begin_new(hello);
        return;
    }
    if (err != OK) {
        fail(hello, err);
        return;
    }
    hello->member = *member;
    if (member->as[0] != '\0') {
        read_history(hello);
        return;
    }
    bool changed = choose_groups(hello);
    if (hello->nick[0] != '\0') {
        hello->member.nick = web_nick(arena, hello->nick, member->id);
        changed = changed || strcmp(hello->member.nick, member->nick) != 0;
    }
    if (clock_wall_ms(bot->clock) - member->seen_ms > VISIT_MS)
        changed = true;
    if (changed)
        write_member(hello, txn_new(bot->store), TTL_MEMBER_MS);
    else
        read_history(hello);
}

/* ---- the beginning ----------------------------------------------------- */

/* "web.gqinhuai", or "qinhuai" alone; NULL wants none. */
static const char *group_id(struct arena *arena, const char *group) {
    if (group == NULL || strlen(group) > LIMIT_ID_BYTES)
        return "";
    if (strncmp(group, "web.g", 5) == 0)
        return arena_strdup(arena, group);
    return arena_printf(arena, "web.g%s", group);
}

void web_hello(struct web_conn *conn, json_t *json) {
    struct hello *hello = web_call_new(conn->web, conn, sizeof(*hello));
    struct arena *arena = &hello->call.arena;
    const char *type, *nick, *lang, *link = NULL;
    json_t *token, *group;

    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:s,s:o,s:s,s:o,s:s,s?:s}",
                       "type", &type, "token", &token, "nick", &nick, "group",
                       &group, "lang", &lang, "link", &link) != 0 ||
        !lang_parse(lang, &conn->lang)) {
        web_invalid(conn, json);
        ws_close(conn->ws, 1008, "no good hello");
        web_call_free(hello);
        return;
    }
    buf_init(&hello->history);
    hello->nick = arena_strdup(arena, nick);
    hello->wanted = group_id(arena, json_string_value(group));
    hello->link = link != NULL && strlen(link) < TOKEN_MAX
                      ? arena_strdup(arena, link)
                      : NULL;
    if (link != NULL && hello->link == NULL) {
        web_error_link(conn);
        web_call_free(hello);
        return;
    }
    const char *given = json_string_value(token);
    if (given == NULL || given[0] == '\0' || strlen(given) >= TOKEN_MAX) {
        begin_new(hello);
        return;
    }
    memcpy(hello->token, given, strlen(given) + 1);
    token_hash(hello->hash, given);
    chat_member_get(conn->web->bot->store, arena,
                    arena_printf(arena, "web.%.16s", hello->hash), on_member,
                    hello);
}

/* ---- a new name --------------------------------------------------------- */

static void on_renamed(void *data, const struct txn_result *result) {
    if (result->err != OK)
        LOG_INFO("a name was not kept: %s", err_str(result->err));
    web_call_free(data);
}

void web_nick_change(struct web_conn *conn, const char *nick) {
    struct web_call *call = web_call_new(conn->web, conn, sizeof(*call));
    char *clean = web_nick(&call->arena, nick, conn->id);
    struct txn *txn = txn_new(conn->web->bot->store);

    free(conn->nick);
    conn->nick = xstrdup(clean);
    chat_rename(txn, conn->id, conn->nick);
    txn_commit(txn, on_renamed, call);
}

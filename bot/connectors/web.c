#define LOG_MODULE "web"
#include "bot/connectors/web.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/token.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/connectors/web_internal.h"
#include "bot/loop.h"
#include "bot/outbox.h"
#include "bot/photo.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

const struct web_options web_default_options = {
    .join_rate = 2,
    .join_burst = 200,
    .peer_rate = 100,
    .peer_burst = 500,
};

static struct metric unkept =
    METRIC_COUNTER("xiaofeng_web_unkept_total",
                   "Answers shown but not kept: the store was away.");

int64_t web_now(const struct web *web) {
    return clock_mono_ms(web->bot->clock);
}

void *web_call_new(struct web *web, struct web_conn *conn, size_t size) {
    struct arena arena;

    arena_init(&arena);
    struct web_call *call = arena_alloc(&arena, size);
    call->arena = arena;
    call->web = web;
    call->conn = conn;
    DL_APPEND2(web->calls, call, prev_of_all, next_of_all);
    if (conn != NULL)
        DL_APPEND(conn->calls, call);
    return call;
}

void web_call_free(void *data) {
    struct web_call *call = data;
    struct arena arena = call->arena;

    if (call->conn != NULL)
        DL_DELETE(call->conn->calls, call);
    if (call->web != NULL)
        DL_DELETE2(call->web->calls, call, prev_of_all, next_of_all);
    arena_finish(&arena);
}

/* ---- sending ------------------------------------------------------------ */

/* What the bot says, on its way into the chat's history. */
struct web_answer {
    struct web_call call;
    uint64_t ticket;
    const char *chat;
    struct chat_entry entry;
    struct web_answer *prev, *next; /* in web->held */
};

static void commit(struct web_answer *answer);

/* Shows an answer that cannot be kept now; false when nobody is there. */
static bool show_unkept(struct web *web, const char *chat,
                        struct chat_entry *entry) {
    char key[TOKEN_MAX];

    token_random(key, sizeof(key), 9);
    entry->id = key;
    entry->time_ms = clock_wall_ms(web->bot->clock);
    if (web_tell(web, chat, entry) == 0)
        return false;
    metric_add(&unkept, 1);
    return true;
}

static void on_answered(void *data, const struct txn_result *result) {
    struct web_answer *answer = data;
    struct web *web = answer->call.web;
    enum outcome outcome = OUTCOME_SENT;

    if (web == NULL) {
        web_call_free(answer);
        return;
    }
    if (result->err == OK && result->n_values > 0) {
        answer->entry.id = result->values[0];
        answer->entry.time_ms = strtoll(answer->entry.id, NULL, 10);
        web_tell(web, answer->chat, &answer->entry);
    } else if (result->err == ERR_AWAY || result->err == ERR_TIMEOUT) {
        /* Nobody saw it and it may not be kept: again, when the store is
         * back. It knows an answer it has kept. */
        if (!show_unkept(web, answer->chat, &answer->entry)) {
            DL_APPEND(web->held, answer);
            return;
        }
    } else if (result->err != ERR_STATE) {
        outcome = OUTCOME_REFUSED;
    }
    outbox_outcome(
        web->account, answer->ticket,
        &(struct send_end){
            .outcome = outcome,
            .reason = outcome == OUTCOME_SENT ? NULL : err_str(result->err),
            .message_id = result->err == OK ? answer->entry.id : NULL,
        });
    web_call_free(answer);
}

static void commit(struct web_answer *answer) {
    struct txn *txn = txn_new(answer->call.web->bot->store);

    chat_answer(txn, answer->chat, &answer->entry);
    txn_commit(txn, on_answered, answer);
}

/* "<dir>/ab/<id>.jpg": the id, in arena. */
static const char *photo_of_path(struct arena *arena, const char *path) {
    const char *name = strrchr(path, '/');

    name = name != NULL ? name + 1 : path;
    return arena_strndup(arena, name, strcspn(name, "._"));
}

static void fill(struct web_answer *answer, const struct outgoing *out) {
    struct arena *arena = &answer->call.arena;
    struct chat_entry *entry = &answer->entry;

    answer->chat = arena_strdup(arena, out->chat);
    entry->from = "";
    entry->text = arena_strdup(arena, out->text);
    entry->reply_to =
        out->reply_to != NULL ? arena_strdup(arena, out->reply_to) : "";
    if (out->image_path != NULL)
        entry->photo = photo_of_path(arena, out->image_path);
    if (out->mention == NULL || !chat_is_group(out->chat))
        return;
    entry->to = arena_strdup(arena, out->mention);
    struct web_conn *conn = web_find(answer->call.web, out->mention);
    if (conn != NULL && conn->nick != NULL)
        entry->to_nick = arena_strdup(arena, conn->nick);
}

static enum err send_out(struct account *account, uint64_t ticket,
                         const struct outgoing *out) {
    struct web *web = account->data;

    if (strlen(out->chat) > LIMIT_ID_BYTES + 8) {
        outbox_outcome(account, ticket,
                       &(struct send_end){.outcome = OUTCOME_REFUSED,
                                          .refusal = REFUSAL_GONE,
                                          .reason = "no such chat"});
        return OK;
    }
    struct web_answer *answer = web_call_new(web, NULL, sizeof(*answer));
    answer->ticket = ticket;
    fill(answer, out);
    if (store_is_up(web->bot->store)) {
        commit(answer);
        return OK;
    }
    /* Riders are told that the store is away while it is. */
    bool shown = show_unkept(web, answer->chat, &answer->entry);
    web_call_free(answer);
    if (!shown)
        return ERR_AWAY;
    outbox_outcome(account, ticket,
                   &(struct send_end){.outcome = OUTCOME_SENT});
    return OK;
}

static const struct connector connector = {
    .platform = "web",
    .unpaced = true,
    .send = send_out,
    .recall = web_recall,
};

/* ---- groups ---------------------------------------------------------------
 */

const struct web_own_group *web_group_find(const struct web *web,
                                           const char *id) {
    for (size_t i = 0; i < web->n_groups; i++)
        if (strcmp(web->groups[i].id, id) == 0)
            return &web->groups[i];
    return NULL;
}

static void groups_free(struct web *web) {
    for (size_t i = 0; i < web->n_groups; i++) {
        free(web->groups[i].id);
        free(web->groups[i].title);
    }
    free(web->groups);
    web->groups = NULL;
    web->n_groups = 0;
}

void web_set_groups(struct web *web, const struct web_group *groups, size_t n) {
    groups_free(web);
    web->groups = xcalloc(n + 1, sizeof(*web->groups));
    for (size_t i = 0; i < n; i++) {
        if (strlen(groups[i].id) > LIMIT_ID_BYTES ||
            strncmp(groups[i].id, "web.g", 5) != 0 ||
            strchr(groups[i].id, ',') != NULL) {
            LOG_WARN("a group's id is not one of the web chat");
            continue;
        }
        web->groups[web->n_groups++] = (struct web_own_group){
            .id = xstrdup(groups[i].id), .title = xstrdup(groups[i].title)};
    }
}

/* ---- beginning and end -----------------------------------------------------
 */

static void on_tick(uv_timer_t *timer) {
    struct web *web = timer->data;
    struct web_answer *answer, *next;

    web_conn_tick(web);
    if (!store_is_up(web->bot->store))
        return;
    DL_FOREACH_SAFE(web->held, answer, next) {
        DL_DELETE(web->held, answer);
        commit(answer);
    }
}

/* "https://bee.example/chat" gives "bee.example". */
static char *origin_of(const char *url) {
    const char *host = url != NULL ? strstr(url, "://") : NULL;

    return host != NULL ? xstrndup(host + 3, strcspn(host + 3, "/")) : NULL;
}

struct web *web_new(struct bot *bot, const struct web_options *options) {
    struct web *web = xcalloc(1, sizeof(*web));

    web->bot = bot;
    web->options = *options;
    web->options.public_url = NULL; /* borrowed until now */
    web->public_origin = origin_of(options->public_url);
    web_conn_routes(web);
    web->tick = xcalloc(1, sizeof(*web->tick));
    web->tick->data = web;
    uv_timer_init(&bot->loop->uv, web->tick);
    uv_timer_start(web->tick, on_tick, WEB_TICK_MS, WEB_TICK_MS);
    uv_unref((uv_handle_t *)web->tick);
    web->account = account_online(bot, WEB_ACCOUNT, &connector, web);
    return web;
}

static void on_tick_closed(uv_handle_t *handle) {
    free(handle);
}

void web_free(struct web *web) {
    struct web_answer *held, *next_held;
    struct web_call *call;

    if (web == NULL)
        return;
    account_offline(web->account, web);
    while (web->conns != NULL)
        web_conn_drop(web->conns);
    DL_FOREACH_SAFE(web->held, held, next_held)
    web_call_free(held);
    /* Those that wait for an answer end when it comes. */
    while ((call = web->calls) != NULL) {
        DL_DELETE2(web->calls, call, prev_of_all, next_of_all);
        call->web = NULL;
    }
    web_peers_forget(web, INT64_MAX);
    uv_close((uv_handle_t *)web->tick, on_tick_closed);
    groups_free(web);
    free(web->public_origin);
    free(web);
}

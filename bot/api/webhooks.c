#include "bot/api/webhooks.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/token.h"
#include "bot/api/api.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/fetch.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/webhook.h"
#include "store/txn.h"
#include "store/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNIT_BYTES 64
#define EVENT_ID_BYTES 64
#define REPLAY_IDS_MAX 200
#define DEAD_PAGE 50
#define SECRET_PREFIX "whsec_"
#define SECRET_BYTES 32
#define ID_BYTES 8

/* A hook of all is for those who may see all. */
static bool in_scope(const struct api_call *call, const char *unit) {
    return access_covers(&call->caller, policies_get(call->bot->policies),
                         PERM_WEBHOOKS, unit, unit, "*");
}

/* ---- the list -------------------------------------------------------------
 */

static json_t *events_json(const char *words) {
    json_t *events = json_array();
    while (words[0] != '\0') {
        size_t len = strcspn(words, " ");
        json_array_append_new(events, json_stringn(words, len));
        words += len + (words[len] == ' ');
    }
    return events;
}

static json_t *hook_json(const struct webhook *hook) {
    return json_pack("{ss ss so ss ss sI}", "id", hook->id, "url", hook->url,
                     "events", events_json(hook->events), "unit", hook->unit,
                     "by", hook->by, "created_ms",
                     (json_int_t)hook->created_ms);
}

static void on_list(void *data, enum err err, const struct webhook *hooks,
                    size_t n) {
    struct api_call *call = data;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        if (in_scope(call, hooks[i].unit))
            json_array_append_new(items, hook_json(&hooks[i]));
    json_int_t total = (json_int_t)json_array_size(items);
    api_answer(call,
               json_pack("{so sn sI}", "items", items, "next", "total", total),
               0);
}

static void get_list(struct api_call *call) {
    webhook_list_all(call->bot->store, &call->arena, on_list, call);
}

/* ---- a new one ------------------------------------------------------------
 */

static bool read_url(struct api_call *call, const char **url) {
    if (!api_string(call, "url", WEBHOOK_URL_BYTES, true, url))
        return false;
    if (fetch_url_ok(*url, call->bot->config->webhook_private_urls))
        return true;
    api_invalid(call, fetch_url_ok(*url, true) ? "private" : "invalid", "url");
    return false;
}

static bool read_unit(struct api_call *call, const char **unit) {
    const struct policy *policy = policies_get(call->bot->policies);
    if (!api_string(call, "unit", UNIT_BYTES, false, unit))
        return false;
    if (*unit == NULL)
        *unit = "*";
    if ((strcmp(*unit, "*") == 0 || policy_unit(policy, *unit) != NULL) &&
        in_scope(call, *unit))
        return true;
    api_invalid(call, "unknown", "unit");
    return false;
}

static bool read_events(struct api_call *call, const char **words) {
    const json_t *events = json_object_get(call->json, "events");
    const json_t *event;
    size_t i;
    *words = "";
    if (events == NULL) {
        api_invalid(call, "required", "events");
        return false;
    }
    if (json_array_size(events) <= MOVES) /* more cannot be valid */
        json_array_foreach(events, i, event) {
            const char *word =
                json_is_string(event) ? json_string_value(event) : "";
            *words = arena_printf(&call->arena, "%s%s%s", *words,
                                  i == 0 ? "" : " ", word);
        }
    if (webhook_events_valid(*words))
        return true;
    api_invalid(call, "invalid", "events");
    return false;
}

static void on_added(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    const struct webhook *hook = call->data;
    if (result->err == ERR_LIMIT) {
        api_invalid(call, "too_many", NULL);
        return;
    }
    if (result->err != OK) {
        api_fail(call, result->err);
        return;
    }
    webhooks_reload(call->bot->webhooks);
    json_t *json = hook_json(hook);
    json_object_set_new(json, "secret", json_string(hook->secret));
    api_created(call, json);
}

static void add(struct api_call *call, struct webhook *hook) {
    char id[TOKEN_MAX], secret[TOKEN_MAX];
    token_random(id, sizeof(id), ID_BYTES);
    token_random(secret, sizeof(secret), SECRET_BYTES);
    hook->id = arena_printf(&call->arena, "h%s", id);
    hook->secret = arena_printf(&call->arena, SECRET_PREFIX "%s", secret);
    hook->by = call->caller.actor;
    hook->created_ms = call->now_ms;
    struct txn *txn = txn_new(call->bot->store);
    webhook_add(txn, hook, WEBHOOKS_MAX);
    txn_audit(txn, call->caller.actor, "webhook-add", hook->id, hook->unit);
    api_happens(call, txn);
    txn_commit(txn, on_added, call);
}

static void post_hook(struct api_call *call) {
    struct webhook *hook = arena_alloc(&call->arena, sizeof(*hook));
    call->data = hook;
    if (read_url(call, &hook->url) && read_events(call, &hook->events) &&
        read_unit(call, &hook->unit))
        add(call, hook);
}

/* ---- one of them ----------------------------------------------------------
 */

static void on_find(void *data, enum err err, const struct webhook *hooks,
                    size_t n) {
    struct api_call *call = data;
    void (**then)(struct api_call *) = call->data;
    size_t i = 0;
    while (i < n && strcmp(hooks[i].id, call->args[0]) != 0)
        i++;
    if (err != OK)
        api_fail(call, err);
    else if (i == n || !in_scope(call, hooks[i].unit))
        api_fail(call, ERR_NOT_FOUND);
    else
        (*then)(call);
}

/* then is called with a hook that is there and that the caller may see. */
static void with_hook(struct api_call *call, void (*then)(struct api_call *)) {
    void (**kept)(struct api_call *) = arena_alloc(&call->arena, sizeof(*kept));
    *kept = then;
    call->data = kept;
    webhook_list_all(call->bot->store, &call->arena, on_find, call);
}

static void on_removed(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    if (result->err != OK) {
        api_fail(call, result->err);
        return;
    }
    webhooks_reload(call->bot->webhooks);
    api_empty(call);
}

static void remove_hook(struct api_call *call) {
    struct txn *txn = txn_new(call->bot->store);
    webhook_remove(txn, call->args[0]);
    txn_audit(txn, call->caller.actor, "webhook-remove", call->args[0], "");
    api_happens(call, txn);
    txn_commit(txn, on_removed, call);
}

static void delete_hook(struct api_call *call) {
    with_hook(call, remove_hook);
}

/* ---- deliveries -----------------------------------------------------------
 */

struct deliveries {
    bool dead;
    const char *cursor;
    size_t skip, limit;
};

static json_t *event_json(const struct webhook_event *event) {
    json_t *body = json_loads(event->body, 0, NULL);
    json_t *json = json_object();
    static const char *const names[] = {"type", "ticket", "at_ms"};
    json_object_set_new(json, "id", json_string(event->id));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        json_object_set(json, names[i], json_object_get(body, names[i]));
    if (event->died_ms != 0) {
        json_object_set_new(json, "why", json_string(event->why));
        json_object_set_new(json, "tries", json_integer(event->tries));
        json_object_set_new(json, "dead_ms", json_integer(event->died_ms));
    }
    json_decref(body);
    return json;
}

static json_t *next_of(const struct deliveries *deliveries,
                       const struct webhook_event *events, size_t n,
                       int64_t total) {
    char cursor[24];
    size_t end = deliveries->skip + n;
    if (n == 0)
        return json_null();
    if (!deliveries->dead)
        return n < deliveries->limit ? json_null()
                                     : json_string(events[n - 1].entry);
    snprintf(cursor, sizeof(cursor), "%zu", end);
    return (int64_t)end < total ? json_string(cursor) : json_null();
}

static void on_events(void *data, enum err err,
                      const struct webhook_event *events, size_t n,
                      int64_t total) {
    struct api_call *call = data;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, event_json(&events[i]));
    api_answer(call,
               json_pack("{so so sI}", "items", items, "next",
                         next_of(call->data, events, n, total), "total",
                         (json_int_t)total),
               0);
}

static bool read_cursor(struct deliveries *deliveries) {
    const char *digits = "0123456789-";
    const char *cursor = deliveries->cursor;
    if (strlen(cursor) > 40 || cursor[strspn(cursor, digits)] != '\0' ||
        cursor[0] == '-')
        return false;
    if (!deliveries->dead)
        return true;
    deliveries->skip = strtoull(cursor, NULL, 10);
    return strchr(cursor, '-') == NULL && deliveries->skip <= WEBHOOK_DEAD_MAX;
}

static void list_deliveries(struct api_call *call) {
    const char *state = api_query(call, "state");
    struct deliveries *deliveries =
        arena_alloc(&call->arena, sizeof(*deliveries));
    struct store *store = call->bot->store;
    call->data = deliveries;
    deliveries->dead = strcmp(state, "dead") == 0;
    deliveries->cursor = api_query(call, "cursor");
    deliveries->limit = api_limit(call);
    if (!deliveries->dead && state[0] != '\0' && strcmp(state, "waiting") != 0)
        api_invalid(call, "invalid", "state");
    else if (!read_cursor(deliveries))
        api_invalid(call, "invalid", "cursor");
    else if (deliveries->dead)
        webhook_dead(store, &call->arena, call->args[0], deliveries->skip,
                     deliveries->limit < DEAD_PAGE ? deliveries->limit
                                                   : DEAD_PAGE,
                     on_events, call);
    else
        webhook_waiting(store, &call->arena, call->args[0], deliveries->cursor,
                        deliveries->limit, on_events, call);
}

static void get_deliveries(struct api_call *call) {
    with_hook(call, list_deliveries);
}

/* ---- replay ---------------------------------------------------------------
 */

struct replay {
    const char *ids[REPLAY_IDS_MAX];
    size_t n; /* 0: all of them, some at a time */
    int64_t moved;
};

static void go_on(struct api_call *call);

static void on_replayed(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    struct replay *replay = call->data;
    int64_t moved = result->err == OK && result->n_values > 0
                        ? strtoll(result->values[0], NULL, 10)
                        : 0;
    replay->moved += moved;
    if (result->err != OK) {
        api_fail(call, result->err);
    } else if (replay->n == 0 && moved == WEBHOOK_REPLAY_MAX &&
               replay->moved < WEBHOOK_DEAD_MAX) {
        go_on(call);
    } else {
        webhooks_reload(call->bot->webhooks);
        api_answer(call,
                   json_pack("{sI}", "replayed", (json_int_t)replay->moved), 0);
    }
}

static void go_on(struct api_call *call) {
    const struct replay *replay = call->data;
    struct txn *txn = txn_new(call->bot->store);
    webhook_replay(txn, call->args[0], replay->ids, replay->n);
    if (replay->moved == 0) {
        txn_audit(txn, call->caller.actor, "webhook-replay", call->args[0],
                  replay->n == 0 ? "all" : "");
        api_happens(call, txn);
    }
    txn_commit(txn, on_replayed, call);
}

static bool read_ids(struct api_call *call, struct replay *replay) {
    const json_t *ids = json_object_get(call->json, "ids");
    const json_t *id;
    size_t i;
    if (ids == NULL || json_is_null(ids))
        return true;
    bool ok =
        json_array_size(ids) > 0 && json_array_size(ids) <= REPLAY_IDS_MAX;
    if (ok)
        json_array_foreach(ids, i, id) {
            ok &=
                json_is_string(id) && json_string_length(id) <= EVENT_ID_BYTES;
            replay->ids[replay->n++] = json_string_value(id);
        }
    if (!ok)
        api_invalid(call, "invalid", "ids");
    return ok;
}

static void replay_hook(struct api_call *call) {
    struct replay *replay = arena_alloc(&call->arena, sizeof(*replay));
    call->data = replay;
    if (read_ids(call, replay))
        go_on(call);
}

static void post_replay(struct api_call *call) {
    with_hook(call, replay_hook);
}

/* ---- the routes -----------------------------------------------------------
 */

static const struct api_route routes[] = {
    {"GET", "/webhooks", PERM_WEBHOOKS, get_list, 0, false},
    {"POST", "/webhooks", PERM_WEBHOOKS, post_hook, 0, false},
    {"DELETE", "/webhooks/{id}", PERM_WEBHOOKS, delete_hook, 0, false},
    {"GET", "/webhooks/{id}/deliveries", PERM_WEBHOOKS, get_deliveries, 0,
     false},
    {"POST", "/webhooks/{id}/replay", PERM_WEBHOOKS, post_replay, 0, false},
};

void webhooks_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

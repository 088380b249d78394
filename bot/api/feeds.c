#include "bot/api/feeds.h"

#include "base/mem.h"
#include "bot/api/study.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/feeds.h"
#include "bot/fetch.h"
#include "store/feed.h"
#include "store/material.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <string.h>

#define EVERY_H 6 /* unless it is said */

static json_t *moment(int64_t ms) {
    return ms == 0 ? json_null() : json_integer(ms);
}

static json_t *feed_json(const struct feed *feed) {
    return json_pack(
        "{ss sI ss ss so si sb so so so si si si so}", "id", feed->id,
        "version", (json_int_t)feed->version, "url", feed->url, "name",
        feed->name, "category", study_word(feed->category), "every_h",
        feed->every_h, "enabled", feed->enabled, "last_ms",
        moment(feed->last_ms), "last_status",
        feed->last_status == 0 ? json_null() : json_integer(feed->last_status),
        "last_error", study_word(feed->last_error), "last_found",
        feed->last_found, "last_new", feed->last_new, "fails", feed->fails,
        "next_ms", moment(feed->enabled ? feed->next_ms : 0));
}

/* ---- the list ------------------------------------------------------------ */

static void on_list(void *data, enum err err, const struct feed *feeds,
                    size_t n) {
    struct api_call *call = data;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, feed_json(&feeds[i]));
    study_page(call, items, 0, n, (int64_t)n);
}

static void get_list(struct api_call *call) {
    feed_list_all(call->bot->store, &call->arena, on_list, call);
}

/* ---- one of them --------------------------------------------------------- */

struct change {
    struct api_call *call;
    struct feed feed;
    const char *action;
    bool created, removed;
    void (*found)(struct change *change);
};

static void on_found(void *data, enum err err, const struct feed *feed) {
    struct change *change = data;
    if (err != OK) {
        api_fail(change->call, err);
        return;
    }
    change->feed = *feed;
    change->found(change);
}

static void find(struct api_call *call, void (*found)(struct change *change)) {
    struct change *change = arena_alloc(&call->arena, sizeof(*change));
    *change = (struct change){.call = call, .found = found};
    feed_get(call->bot->store, &call->arena, call->args[0], on_found, change);
}

static void show(struct change *change) {
    api_answer(change->call, feed_json(&change->feed), change->feed.version);
}

static void get_one(struct api_call *call) {
    find(call, show);
}

/* ---- writing ------------------------------------------------------------- */

static void on_current(void *data, enum err err, const struct feed *feed) {
    struct api_call *call = data;
    if (err != OK)
        api_fail(call, err);
    else
        api_stale(call, feed_json(feed));
}

static void on_written(void *data, const struct txn_result *result) {
    struct change *change = data;
    struct api_call *call = change->call;
    change->feed.version++;
    if (result->err == ERR_CONFLICT)
        feed_get(call->bot->store, &call->arena, change->feed.id, on_current,
                 call);
    else if (result->err != OK)
        api_fail(call, result->err);
    else if (change->removed)
        api_empty(call);
    else if (change->created)
        api_created(call, feed_json(&change->feed));
    else
        show(change);
}

static void store(struct change *change) {
    struct api_call *call = change->call;
    struct txn *txn = txn_new(call->bot->store);
    if (change->removed)
        feed_remove(txn, change->feed.id, change->feed.version);
    else
        feed_put(txn, &change->feed);
    txn_audit(txn, call->caller.actor, change->action, change->feed.id, "");
    api_happens(call, txn);
    txn_commit(txn, on_written, change);
}

static bool is_current(struct change *change) {
    int64_t version;
    if (!study_version(change->call, &version))
        return false;
    if (version == change->feed.version)
        return true;
    api_stale(change->call, feed_json(&change->feed));
    return false;
}

static bool read_url(struct api_call *call, const char **url) {
    bool private = call->bot->config->study_private_urls;
    if (!study_url(call, "url", url))
        return false;
    const char *wrong = (*url)[0] == '\0'              ? "required"
                        : !fetch_url_ok(*url, private) ? "private"
                                                       : NULL;
    if (wrong != NULL)
        api_invalid(call, wrong, "url");
    return wrong == NULL;
}

static bool read_enabled(struct api_call *call, bool *enabled) {
    const json_t *value = json_object_get(call->json, "enabled");
    *enabled = value == NULL || json_is_true(value);
    if (value == NULL || json_is_boolean(value))
        return true;
    api_invalid(call, "boolean_needed", "enabled");
    return false;
}

/* Another url is another feed: what is known of the old one is forgotten. */
static bool read_body(struct api_call *call, struct feed *feed) {
    const char *before = feed->url == NULL ? "" : feed->url;
    bool was_enabled = feed->enabled;
    int64_t every_h;
    if (!read_url(call, &feed->url) ||
        !study_text(call, "name", FEED_NAME_CHARS, false, &feed->name) ||
        !study_text(call, "category", MATERIAL_CATEGORY_CHARS, false,
                    &feed->category) ||
        !api_integer(call, "every_h", 1, FEED_EVERY_H_MAX, EVERY_H, &every_h) ||
        !read_enabled(call, &feed->enabled))
        return false;
    feed->every_h = (int)every_h;
    if (strcmp(before, feed->url) != 0) {
        feed->etag = feed->modified = feed->last_error = "";
        feed->fails = feed->last_status = 0;
        feed->next_ms = call->now_ms;
    } else if (!was_enabled) {
        feed->next_ms = call->now_ms;
    }
    return true;
}

static void on_room(void *data, enum err err, const struct feed *feeds,
                    size_t n) {
    struct change *change = data;
    struct api_call *call = change->call;
    (void)feeds;
    int64_t number = store_next_number(call->bot->store);
    if (err != OK || number == 0) {
        api_fail(call, err != OK ? err : ERR_AWAY);
    } else if (n >= FEEDS_MAX) {
        api_invalid(call, "too_many", NULL);
    } else {
        change->feed.id = arena_printf(&call->arena, "F%" PRId64, number);
        store(change);
    }
}

static void post_feed(struct api_call *call) {
    struct change *change = arena_alloc(&call->arena, sizeof(*change));
    *change = (struct change){
        .call = call,
        .action = "feed-add",
        .created = true,
        .feed = {.created_ms = call->now_ms,
                 .etag = "",
                 .modified = "",
                 .last_error = ""},
    };
    if (read_body(call, &change->feed))
        feed_list_all(call->bot->store, &call->arena, on_room, change);
}

static void put(struct change *change) {
    change->action = "feed-change";
    if (is_current(change) && read_body(change->call, &change->feed))
        store(change);
}

static void put_feed(struct api_call *call) {
    find(call, put);
}

static void remove_it(struct change *change) {
    change->action = "feed-remove";
    change->removed = true;
    if (is_current(change))
        store(change);
}

static void delete_feed(struct api_call *call) {
    find(call, remove_it);
}

/* ---- fetching ------------------------------------------------------------ */

static void on_fetched(void *data, enum err err,
                       const struct feeds_outcome *outcome) {
    struct api_call *call = data;
    if (err == ERR_CONFLICT)
        feed_get(call->bot->store, &call->arena, call->args[0], on_current,
                 call);
    else if (err != OK)
        api_fail(call, err);
    else
        api_answer(
            call,
            json_pack("{sI sI si so}", "found", (json_int_t)outcome->found,
                      "new", (json_int_t)outcome->added, "status",
                      outcome->status, "error", study_word(outcome->error)),
            0);
}

static void post_fetch(struct api_call *call) {
    struct feeds *feeds = call->bot->feeds;
    if (feeds == NULL)
        api_fail(call, ERR_AWAY); /* the daemon is stopping */
    else
        feeds_fetch(feeds, call->args[0], on_fetched, call);
}

static const struct api_route routes[] = {
    {"GET", "/feeds", PERM_STUDY, get_list, 0, false},
    {"POST", "/feeds", PERM_STUDY, post_feed, 0, false},
    {"GET", "/feeds/{id}", PERM_STUDY, get_one, 0, false},
    {"PUT", "/feeds/{id}", PERM_STUDY, put_feed, 0, false},
    {"DELETE", "/feeds/{id}", PERM_STUDY, delete_feed, 0, false},
    {"POST", "/feeds/{id}/fetch", PERM_STUDY, post_fetch, 0, false},
};

void feeds_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

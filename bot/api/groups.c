#include "bot/api/groups.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/imports.h"
#include "bot/api/scope.h"
#include "bot/attributes.h"
#include "bot/audience.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "i18n/catalog.h"
#include "store/group.h"
#include "store/station.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

#define CHAT_BYTES 128

/* ---- as JSON -------------------------------------------------------------
 */

static json_t *list_json(const char *list) {
    json_t *words = json_array();
    while (list[0] != '\0') {
        size_t len = strcspn(list, ",");
        json_array_append_new(words, json_stringn(list, len));
        list += len + (list[len] == ',');
    }
    return words;
}

static json_t *group_json(const struct group *group) {
    const char *dot = strchr(group->chat, '.');
    size_t platform = dot == NULL ? 0 : (size_t)(dot - group->chat);
    return json_pack("{ss ss ss% so ss so so so sb sI}", "chat", group->chat,
                     "title", group->title, "platform", group->chat, platform,
                     "accounts", list_json(group->accounts), "lang",
                     group->lang, "units", list_json(group->units), "stations",
                     list_json(group->stations), "tags", list_json(group->tags),
                     "muted", group->muted, "version",
                     (json_int_t)group->version);
}

/* ---- the list ------------------------------------------------------------
 */

struct listing {
    struct api_call *call;
    const char **chats;
    size_t n, offset, limit;
};

struct titled {
    const char *chat, *title;
};

static int by_title(const void *a, const void *b) {
    const struct titled *x = a, *y = b;
    int order = strcmp(x->title, y->title);
    return order != 0 ? order : strcmp(x->chat, y->chat);
}

static void on_page(void *data, enum err err, const struct group *groups,
                    size_t n) {
    struct listing *listing = data;
    struct api_call *call = listing->call;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array(), *next = json_null();
    for (size_t i = 0; i < n; i++)
        if (groups[i].title[0] != '\0')
            json_array_append_new(items, group_json(&groups[i]));
    if (listing->offset + n < listing->n)
        next = json_sprintf("%zu", listing->offset + n);
    api_answer(call,
               json_pack("{so so sI}", "items", items, "next", next, "total",
                         (json_int_t)listing->n),
               0);
}

static bool is_wanted(const char *q, const struct titled *group) {
    return q[0] == '\0' || strcasestr(group->title, q) != NULL ||
           strcmp(group->chat, q) == 0;
}

/* All that fit, by title. */
static void sort(struct listing *listing, struct audience *audience) {
    struct api_call *call = listing->call;
    struct titled *all =
        arena_alloc(&call->arena, (audience->n + 1) * sizeof(*all));
    const char *q = api_query(call, "q");
    struct audience_run run;
    size_t n = 0;
    while (audience_next(audience, 1000, &run))
        for (size_t i = 0; i < run.n; i++) {
            all[n] = (struct titled){
                arena_strdup(&call->arena, run.chats[i]),
                arena_strdup(&call->arena,
                             audience_title(call->bot, run.chats[i]))};
            n += is_wanted(q, &all[n]);
        }
    qsort(all, n, sizeof(*all), by_title);
    listing->chats =
        arena_alloc(&call->arena, (n + 1) * sizeof(*listing->chats));
    for (size_t i = 0; i < n; i++)
        listing->chats[i] = all[i].chat;
    listing->n = n;
}

static void on_found(void *data, enum err err, struct audience *audience) {
    struct listing *listing = data;
    struct api_call *call = listing->call;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    sort(listing, audience);
    audience_free(audience);
    if (listing->offset >= listing->n) {
        api_answer(call,
                   json_pack("{s[] sn sI}", "items", "next", "total",
                             (json_int_t)listing->n),
                   0);
        return;
    }
    size_t left = listing->n - listing->offset;
    group_get(call->bot->store, &call->arena, listing->chats + listing->offset,
              left < listing->limit ? left : listing->limit, on_page, listing);
}

static bool read_cursor(struct api_call *call, size_t *out) {
    const char *cursor = api_query(call, "cursor");
    if (strspn(cursor, "0123456789") != strlen(cursor) || strlen(cursor) > 9) {
        api_invalid(call, "invalid", "cursor");
        return false;
    }
    *out = (size_t)strtoul(cursor, NULL, 10);
    return true;
}

static void add_leaf(json_t *all, const char *field, const char *value) {
    if (value[0] != '\0')
        json_array_append_new(all, json_pack("{ss}", field, value));
}

static void get_list(struct api_call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    listing->call = call;
    listing->limit = api_limit(call);
    if (!read_cursor(call, &listing->offset))
        return;
    json_t *all = json_array();
    add_leaf(all, "unit", api_query(call, "unit"));
    add_leaf(all, "tag", api_query(call, "tag"));
    json_t *expression = json_pack("{so}", "all", all);
    char *text = json_dumps(expression, JSON_COMPACT);
    audience_resolve(
        call->bot,
        &(struct audience_query){
            .target = AUDIENCE_GROUPS,
            .expression = text,
            .units = access_units(&call->arena, &call->caller, PERM_GROUPS),
            .everybody = true,
        },
        on_found, listing);
    free(text);
    json_decref(expression);
}

/* ---- changing one --------------------------------------------------------
 * One sees a group when one of its units is one's own; which units one may take
 * away or give is a matter of one's own, too.
 */

struct changing {
    struct api_call *call;
    const char *chat;
    const struct station *stations;
    size_t n_stations;
    int64_t version;
    const char *fields[2 * (ATTRIBUTES + 2)];
    size_t n_fields;
    bool stale;
};

static void put(struct changing *changing, const char *name,
                const char *value) {
    changing->fields[changing->n_fields++] = name;
    changing->fields[changing->n_fields++] = value;
}

/* Words of an array; false when the call was answered. */
static bool read_list(struct changing *changing,
                      const struct attributes *attributes,
                      enum attribute attribute) {
    struct api_call *call = changing->call;
    const char *name = attribute_names[attribute], *fault;
    const char *words[ATTRIBUTE_WORDS_MAX];
    const json_t *array = json_object_get(call->json, name), *word;
    size_t n = json_array_size(array), i;
    if (array == NULL)
        return true;
    bool good = json_is_array(array) && n <= ATTRIBUTE_WORDS_MAX;
    if (good)
        json_array_foreach(array, i, word) {
            good = good && json_string_length(word) > 0;
            words[i] = good ? json_string_value(word) : "";
        }
    const char *list =
        good ? attributes_join(attributes, attribute, words, n, &fault) : NULL;
    if (list == NULL) {
        api_invalid(call, good ? "unknown" : "invalid", name);
        return false;
    }
    put(changing, name, list);
    return true;
}

static bool read_rest(struct changing *changing) {
    struct api_call *call = changing->call;
    const json_t *muted = json_object_get(call->json, "muted");
    const char *tag;
    enum lang lang;
    if (!api_string(call, "lang", 16, false, &tag))
        return false;
    if (tag != NULL && tag[0] != '\0' && !lang_parse(tag, &lang)) {
        api_invalid(call, "invalid", "lang");
        return false;
    }
    if (muted != NULL && !json_is_boolean(muted)) {
        api_invalid(call, "invalid", "muted");
        return false;
    }
    if (tag != NULL)
        put(changing, "lang", tag[0] == '\0' ? "" : lang_tag(lang));
    if (muted != NULL)
        put(changing, "muted", json_is_true(muted) ? "1" : "");
    return true;
}

static void read_group(struct changing *changing);

static void on_changed(void *data, const struct txn_result *result) {
    struct changing *changing = data;
    if (result->err == ERR_NOT_FOUND ||
        (result->err != OK && result->err != ERR_CONFLICT)) {
        api_fail(changing->call, result->err);
        return;
    }
    changing->stale = result->err == ERR_CONFLICT;
    changing->n_fields = 0; /* it is only told now */
    read_group(changing);
}

static bool units_are_allowed(const struct changing *changing,
                              const struct group *group) {
    const char *units = NULL;
    for (size_t i = 0; i < changing->n_fields; i += 2)
        if (strcmp(changing->fields[i], "units") == 0)
            units = changing->fields[i + 1];
    return units == NULL ||
           scope_may_change(changing->call, PERM_GROUPS, group->units, units);
}

static void commit(struct changing *changing, const struct group *group) {
    struct api_call *call = changing->call;
    if (!units_are_allowed(changing, group)) {
        api_invalid(call, "not_allowed", "units");
        return;
    }
    const char *names = "";
    for (size_t i = 0; i < changing->n_fields; i += 2)
        names = arena_printf(&call->arena, "%s%s%s", names, i == 0 ? "" : " ",
                             changing->fields[i]);
    struct txn *txn = txn_new(call->bot->store);
    group_change(txn, changing->chat, changing->version, changing->fields,
                 changing->n_fields);
    txn_audit(txn, call->caller.actor, "group-change", changing->chat, names);
    api_happens(call, txn);
    txn_commit(txn, on_changed, changing);
}

static void on_group(void *data, enum err err, const struct group *groups,
                     size_t n) {
    struct changing *changing = data;
    struct api_call *call = changing->call;
    (void)n;
    if (err == OK && (groups[0].title[0] == '\0' ||
                      !scope_has_any(call, PERM_GROUPS, groups[0].units)))
        err = ERR_NOT_FOUND;
    if (err != OK)
        api_fail(call, err);
    else if (changing->stale)
        api_stale(call, group_json(&groups[0]));
    else if (changing->n_fields == 0)
        api_answer(call, group_json(&groups[0]), groups[0].version);
    else
        commit(changing, &groups[0]);
}

static void read_group(struct changing *changing) {
    struct api_call *call = changing->call;
    group_get(call->bot->store, &call->arena, &changing->chat, 1, on_group,
              changing);
}

static void on_stations(void *data, enum err err,
                        const struct station *stations, size_t n,
                        size_t total) {
    struct changing *changing = data;
    struct api_call *call = changing->call;
    struct attributes attributes;
    (void)total;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    attributes_init(&attributes, &call->arena,
                    policies_get(call->bot->policies), stations, n);
    for (int i = 0; i < ATTRIBUTES; i++)
        if (!read_list(changing, &attributes, (enum attribute)i))
            return;
    if (!read_rest(changing))
        return;
    if (changing->n_fields == 0)
        api_invalid(call, "required", NULL);
    else
        read_group(changing);
}

static void patch(struct api_call *call) {
    struct changing *changing = arena_alloc(&call->arena, sizeof(*changing));
    changing->call = call;
    changing->chat = call->args[0];
    if (strlen(changing->chat) > CHAT_BYTES) {
        api_fail(call, ERR_NOT_FOUND);
        return;
    }
    if (!api_integer(call, "version", 0, INT64_MAX, -1, &changing->version))
        return;
    if (changing->version < 0) {
        api_invalid(call, "required", "version");
        return;
    }
    station_list_all(call->bot->store, &call->arena, STATIONS_MAX, on_stations,
                     changing);
}

static const struct api_route routes[] = {
    {"GET", "/groups", PERM_GROUPS, get_list, 0, false},
    {"PATCH", "/groups/{chat}", PERM_GROUPS, patch, 0, false},
    {"POST", "/groups/import", PERM_GROUPS, imports_groups, IMPORT_BYTES, true},
    {"POST", "/riders/import", PERM_GROUPS, imports_riders, IMPORT_BYTES, true},
};

void groups_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

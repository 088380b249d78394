#include "bot/api/audience.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/audience.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "i18n/catalog.h"
#include "store/broadcast.h"
#include "store/event.h"
#include "store/station.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE_MAX 20
#define OPTION_GROUPS_MAX 1000
#define OPTIONS_MAX 100 /* events, broadcasts */

/* ---- how many ------------------------------------------------------------
 */

/* Titles of groups. Who the riders are is nobody's business. */
static json_t *sample(struct api_call *call, struct audience *audience) {
    json_t *titles = json_array();
    struct audience_run run;
    while (json_array_size(titles) < SAMPLE_MAX &&
           audience_next(audience, SAMPLE_MAX, &run))
        for (size_t i = 0; i < run.n; i++)
            if (json_array_size(titles) < SAMPLE_MAX)
                json_array_append_new(titles, json_string(audience_title(
                                                  call->bot, run.chats[i])));
    return titles;
}

static void on_counted(void *data, enum err err, struct audience *audience) {
    struct api_call *call = data;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *json = json_pack(
        "{sI s{sI sI sI sI} so}", "n", (json_int_t)audience->n, "excluded",
        "muted", (json_int_t)audience->muted, "no_account",
        (json_int_t)audience->no_account, "no_consent",
        (json_int_t)audience->no_consent, "nopush",
        (json_int_t)audience->nopush, "sample", sample(call, audience));
    audience_free(audience);
    api_answer(call, json, 0);
}

static bool read_target(struct api_call *call, enum audience_target *out) {
    const char *name;
    if (!api_string(call, "target", 16, true, &name))
        return false;
    for (int i = 0; i < AUDIENCE_TARGETS; i++)
        if (strcmp(name, audience_target_names[i]) == 0) {
            *out = (enum audience_target)i;
            return true;
        }
    api_invalid(call, "unknown", "target");
    return false;
}

static void post_count(struct api_call *call) {
    const struct policy *policy = policies_get(call->bot->policies);
    json_t *expression = json_object_get(call->json, "audience");
    struct audience_problem problem;
    enum audience_target target;
    if (!read_target(call, &target))
        return;
    if (expression == NULL) {
        api_invalid(call, "required", "audience");
        return;
    }
    if (audience_check(policy, expression, target, &problem) != OK) {
        api_invalid(call, problem.code,
                    arena_strdup(&call->arena, problem.field));
        return;
    }
    char *text = json_dumps(expression, JSON_COMPACT);
    audience_resolve(
        call->bot,
        &(struct audience_query){
            .target = target,
            .expression = text,
            .units = access_units(&call->arena, &call->caller, PERM_BROADCASTS),
            .count_only = target == AUDIENCE_RIDERS,
        },
        on_counted, call);
    free(text);
}

/* ---- what there is to choose from ----------------------------------------
 */

struct options {
    struct api_call *call;
    json_t *json;
    const char *units;
    unsigned waiting;
    enum err err;
};

/* The last that was read answers. */
static void part_end(struct options *options, enum err err) {
    struct api_call *call = options->call;
    if (err != OK)
        options->err = err;
    if (--options->waiting > 0)
        return;
    if (options->err == OK) {
        api_answer(call, options->json, 0);
        return;
    }
    json_decref(options->json);
    api_fail(call, options->err);
}

static void add(struct options *options, const char *list, const char *id_name,
                const char *id, const char *name, const char *text) {
    json_array_append_new(json_object_get(options->json, list),
                          json_pack("{ss ss}", id_name, id, name, text));
}

static bool is_covered(const struct options *options, const char *units) {
    const struct api_call *call = options->call;
    return access_covers_units(&call->caller, policies_get(call->bot->policies),
                               PERM_BROADCASTS, units);
}

static void add_tags(struct options *options, const struct audience *audience) {
    json_t *tags = json_object_get(options->json, "tags"), *tag;
    for (size_t i = 0; i < audience->n_tags; i++) {
        size_t at;
        bool known = false;
        json_array_foreach(tags, at, tag) {
            known |= strcmp(json_string_value(tag), audience->tags[i]) == 0;
        }
        if (!known)
            json_array_append_new(tags, json_string(audience->tags[i]));
    }
}

static void on_riders(void *data, enum err err, struct audience *audience) {
    struct options *options = data;
    if (err == OK) {
        add_tags(options, audience);
        json_object_set_new(options->json, "riders",
                            json_integer((json_int_t)audience->n));
    }
    audience_free(audience);
    part_end(options, err);
}

static void on_groups(void *data, enum err err, struct audience *audience) {
    struct options *options = data;
    struct audience_run run;
    size_t n = 0;
    while (err == OK && n < OPTION_GROUPS_MAX &&
           audience_next(audience, OPTION_GROUPS_MAX, &run))
        for (size_t i = 0; i < run.n && n < OPTION_GROUPS_MAX; i++, n++)
            add(options, "groups", "chat", run.chats[i], "title",
                audience_title(options->call->bot, run.chats[i]));
    if (err == OK) {
        add_tags(options, audience);
        json_object_set_new(options->json, "total_groups",
                            json_integer((json_int_t)audience->n));
    }
    audience_free(audience);
    part_end(options, err);
}

static void on_stations(void *data, enum err err,
                        const struct station *stations, size_t n,
                        size_t total) {
    struct options *options = data;
    (void)total;
    for (size_t i = 0; err == OK && i < n; i++)
        add(options, "stations", "id", stations[i].id, "name",
            stations[i].name);
    part_end(options, err);
}

static void on_events(void *data, enum err err, const struct event *events,
                      size_t n, int64_t total) {
    struct options *options = data;
    (void)total;
    for (size_t i = 0; err == OK && i < n; i++)
        if (is_covered(options, events[i].unit))
            add(options, "events", "id", events[i].id, "title",
                events[i].title);
    part_end(options, err);
}

static void on_broadcasts(void *data, enum err err,
                          const struct broadcast *broadcasts, size_t n,
                          int64_t total) {
    struct options *options = data;
    (void)total;
    /* Nobody has read what was not sent. */
    for (size_t i = 0; err == OK && i < n; i++)
        if (broadcasts[i].fired_ms > 0 &&
            !broadcast_is_series(&broadcasts[i]) &&
            is_covered(options, broadcasts[i].unit))
            add(options, "broadcasts", "id", broadcasts[i].id, "title",
                broadcasts[i].title);
    part_end(options, err);
}

static void resolve(struct options *options, enum audience_target target,
                    audience_done *done) {
    audience_resolve(options->call->bot,
                     &(struct audience_query){
                         .target = target,
                         .expression = "",
                         .units = options->units,
                         .count_only = target == AUDIENCE_RIDERS,
                         .tags = true,
                     },
                     done, options);
}

static json_t *langs(void) {
    json_t *tags = json_array();
    for (int lang = 0; lang < LANG_COUNT; lang++)
        json_array_append_new(tags, json_string(lang_tag((enum lang)lang)));
    return tags;
}

static void get_options(struct api_call *call) {
    struct options *options = arena_alloc(&call->arena, sizeof(*options));
    struct store *store = call->bot->store;
    struct arena *arena = &call->arena;
    *options = (struct options){
        .call = call,
        .json = json_pack("{s[] s[] s[] so s[] s[]}", "groups", "stations",
                          "tags", "langs", langs(), "events", "broadcasts"),
        .units = access_units(&call->arena, &call->caller, PERM_BROADCASTS),
        .waiting = 5,
    };
    resolve(options, AUDIENCE_GROUPS, on_groups);
    resolve(options, AUDIENCE_RIDERS, on_riders);
    station_list_all(store, arena, STATIONS_MAX, on_stations, options);
    event_list(store, arena, 0, OPTIONS_MAX, on_events, options);
    broadcast_list_all(store, arena, 0, OPTIONS_MAX, on_broadcasts, options);
}

static const struct api_route routes[] = {
    {"POST", "/audience/count", PERM_BROADCASTS, post_count, 0, false},
    {"GET", "/audience/options", PERM_BROADCASTS, get_options, 0, false},
};

void audience_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

#include "bot/api/leaderboard.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/quiz_results.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "store/leaderboard.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    struct api_call *call;
    struct board board;
    size_t skip;
    const struct place *places;
    size_t n;
    int64_t total;
};

static void answer_list(const struct listing *listing,
                        const char *const *names) {
    struct api_call *call = listing->call;
    int64_t end = (int64_t)(listing->skip + listing->n);
    json_t *items = json_array();
    for (size_t i = 0; i < listing->n; i++)
        json_array_append_new(
            items,
            json_pack("{sI so sI}", "rank", (json_int_t)listing->places[i].rank,
                      "name",
                      names[i][0] == '\0' ? json_null() : json_string(names[i]),
                      "points", (json_int_t)listing->places[i].score));
    json_t *next =
        end < listing->total && listing->n > 0
            ? json_string(arena_printf(&call->arena, "%" PRId64, end))
            : json_null();
    api_answer(call,
               json_pack("{so so sI}", "items", items, "next", next, "total",
                         (json_int_t)listing->total),
               0);
}

static void on_nicks(void *data, enum err err, const char *const *nicks,
                     size_t n) {
    const struct listing *listing = data;
    (void)n;
    if (err == OK)
        answer_list(listing, nicks);
    else
        api_fail(listing->call, err);
}

static void name_units(const struct listing *listing) {
    struct api_call *call = listing->call;
    const struct policy *policy = policies_get(call->bot->policies);
    const char **names =
        arena_alloc(&call->arena, (listing->n + 1) * sizeof(*names));
    for (size_t i = 0; i < listing->n; i++) {
        const struct unit *unit = policy_unit(policy, listing->places[i].id);
        names[i] = unit == NULL ? "" : unit->name;
    }
    answer_list(listing, names);
}

static void on_places(void *data, enum err err, const struct place *places,
                      size_t n, int64_t total) {
    struct listing *listing = data;
    struct api_call *call = listing->call;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    struct place *kept = arena_alloc(&call->arena, (n + 1) * sizeof(*kept));
    const char **ids = arena_alloc(&call->arena, (n + 1) * sizeof(*ids));
    for (size_t i = 0; i < n; i++) {
        kept[i] = places[i];
        ids[i] = places[i].id;
    }
    listing->places = kept;
    listing->n = n;
    listing->total = total;
    if (listing->board.by == BOARD_RIDER && n > 0)
        leaderboard_nicks(call->bot->store, &call->arena, ids, n, on_nicks,
                          listing);
    else
        name_units(listing);
}

static void get_list(struct api_call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    const char *by = api_query(call, "by"), *period = api_query(call, "period");
    const char *cursor = api_query(call, "cursor");
    const char *quiz = api_query(call, "quiz");
    *listing = (struct listing){
        .call = call,
        .board = {.now_ms = call->now_ms,
                  .utc_offset_minutes = call->bot->config->utc_offset_minutes},
        .skip = strtoull(cursor, NULL, 10),
    };
    if (quiz[0] != '\0') {
        call->args[0] = quiz;
        quiz_results_get(call);
    } else if (by[0] != '\0' && !board_by_parse(by, &listing->board.by)) {
        api_invalid(call, "invalid", "by");
    } else if (period[0] != '\0' &&
               !board_period_parse(period, &listing->board.period)) {
        api_invalid(call, "invalid", "period");
    } else if (strlen(cursor) > 7 ||
               cursor[strspn(cursor, "0123456789")] != '\0') {
        api_invalid(call, "invalid", "cursor");
    } else {
        leaderboard_list(call->bot->store, &call->arena, &listing->board,
                         listing->skip, api_limit(call), on_places, listing);
    }
}

static const struct api_route routes[] = {
    {"GET", "/leaderboard", PERM_STUDY, get_list, 0, false},
};

void leaderboard_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

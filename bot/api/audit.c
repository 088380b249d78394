#include "bot/api/audit.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/audit_anchors.h"
#include "bot/audit_check.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "store/audit.h"

#include <stdlib.h>

/* ---- the list ----------------------------------------------------------- */

struct listing {
    struct api_call *call;
    struct audit_filter filter;
    json_t *items; /* NULL: not read yet */
    const char *next;
};

static json_t *entry_json(const struct audit_entry *entry) {
    return json_pack("{ss sI ss ss ss ss}", "id", entry->id, "at_ms",
                     (json_int_t)entry->at_ms, "actor", entry->actor, "action",
                     entry->action, "subject", entry->subject, "detail",
                     entry->detail);
}

/* How many fit a filter nobody knows without reading all of them. */
static json_t *total_json(const struct audit_filter *filter,
                          const struct audit_ends *ends) {
    if (filter->actor[0] != '\0' || filter->action[0] != '\0' ||
        filter->subject[0] != '\0')
        return json_null();
    return json_integer(ends->head.number - ends->base.number);
}

static void on_ends(void *data, enum err err, const struct audit_ends *ends) {
    struct listing *listing = data;
    if (err != OK) {
        json_decref(listing->items);
        api_fail(listing->call, err);
        return;
    }
    api_answer(listing->call,
               json_pack("{so ss? so}", "items", listing->items, "next",
                         listing->next, "total",
                         total_json(&listing->filter, ends)),
               0);
}

static void on_found(void *data, enum err err,
                     const struct audit_entry *entries, size_t n,
                     const char *next) {
    struct listing *listing = data;
    struct api_call *call = listing->call;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    listing->items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(listing->items, entry_json(&entries[i]));
    listing->next = next[0] == '\0' ? NULL : arena_strdup(&call->arena, next);
    audit_ends_get(call->bot->store, call->bot->seal, on_ends, listing);
}

/* The log is the whole district's, so is whoever reads it. */
static bool may_read_all(struct api_call *call) {
    if (access_covers(&call->caller, policies_get(call->bot->policies),
                      PERM_AUDIT, "*", "*", "*"))
        return true;
    api_fail(call, ERR_DENIED);
    return false;
}

static void get_list(struct api_call *call) {
    const char *cursor = api_query(call, "cursor");
    if (!may_read_all(call))
        return;
    if (cursor[0] != '\0' && !audit_id_valid(cursor)) {
        api_invalid(call, "invalid", "cursor");
        return;
    }
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    *listing = (struct listing){
        .call = call,
        .filter = {api_query(call, "actor"), api_query(call, "action"),
                   api_query(call, "subject")},
    };
    audit_search(call->bot->store, &call->arena, &listing->filter, cursor,
                 api_limit(call), on_found, listing);
}

/* ---- whether it is in order --------------------------------------------- */

/* One at a time is work enough for a process. */
static bool verifying;

static json_t *findings_json(const struct audit_report *report) {
    json_t *findings = json_array();
    for (size_t i = 0; i < report->n_findings && i < AUDIT_FINDINGS_MAX; i++) {
        const struct audit_finding *finding = &report->findings[i];
        json_array_append_new(findings,
                              json_pack("{sI ss ss}", "number",
                                        (json_int_t)finding->number, "id",
                                        finding->id, "what", finding->what));
    }
    return findings;
}

static void on_checked(void *data, const struct audit_report *report) {
    struct api_call *call = data;
    verifying = false;
    if (report->err != OK) {
        api_fail(call, report->err);
        return;
    }
    json_t *first =
        report->ok ? json_null() : json_integer((json_int_t)report->first_bad);
    api_answer(call,
               json_pack("{sb sI so so sI sI}", "ok", report->ok, "entries",
                         (json_int_t)report->entries, "first_bad", first,
                         "findings", findings_json(report), "anchored",
                         (json_int_t)report->anchored, "forgotten",
                         (json_int_t)report->forgotten),
               0);
}

static void get_verification(struct api_call *call) {
    if (verifying) {
        api_fail(call, ERR_LIMIT);
        return;
    }
    verifying = true;
    char *anchors = audit_anchors_path(call->bot->config);
    audit_check(&(struct audit_check_options){
        .store = call->bot->store,
        .seal = call->bot->seal,
        .anchors = anchors,
        .done = on_checked,
        .data = call,
    });
    free(anchors); /* they were read */
}

static const struct api_route routes[] = {
    {"GET", "/audit", PERM_AUDIT, get_list, 0, false},
    {"GET", "/audit/verification", PERM_AUDIT, get_verification, 0, false},
};

void audit_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

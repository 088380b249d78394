#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/bot.h"
#include "bot/broadcast_text.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/recurrence.h"
#include "i18n/catalog.h"

#include <stdlib.h>
#include <string.h>

#define UPCOMING 10
#define NUMBER_DIGITS 15
/* As long as those that are sent, and none of them. */
#define SAMPLE_TOKEN "B000-00-xxxxxxxxxxxx"

/* ---- how it will look ---------------------------------------------------- */

static json_t *parts_json(const struct api_call *call, struct arena *arena,
                          const struct broadcast *draft, enum lang lang) {
    json_t *parts = json_array();
    json_array_append_new(
        parts,
        json_pack("{ss ss}", "type", "text", "text",
                  broadcast_text(arena, call->bot, draft, lang, SAMPLE_TOKEN)));
    if (draft->photo[0] != '\0')
        json_array_append_new(parts, json_pack("{ss ss}", "type", "image",
                                               "photo", draft->photo));
    return parts;
}

static bool has_language(const struct broadcast *draft, enum lang lang) {
    json_t *all = draft->translations[0] == '\0'
                      ? NULL
                      : json_loads(draft->translations, 0, NULL);
    bool has = json_object_get(all, lang_tag(lang)) != NULL;
    json_decref(all);
    return has;
}

static void preview(struct api_call *call, const struct broadcast *draft) {
    static const char *const platforms[] = {"qq", "web"};
    json_t *previews = json_array();
    for (size_t p = 0; p < ARRAY_LEN(platforms); p++)
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            if (lang != (int)call->bot->config->lang &&
                !has_language(draft, (enum lang)lang))
                continue;
            json_array_append_new(
                previews, json_pack("{ss ss so}", "platform", platforms[p],
                                    "lang", lang_tag((enum lang)lang), "parts",
                                    parts_json(call, &call->arena, draft,
                                               (enum lang)lang)));
        }
    api_answer(call, json_pack("{so}", "previews", previews), 0);
}

void broadcasts_post_preview(struct api_call *call) {
    struct broadcast *draft = arena_alloc(&call->arena, sizeof(*draft));
    if (broadcast_read_body(call, draft))
        broadcast_check_refs(call, draft, preview);
}

/* ---- when it will fire --------------------------------------------------- */

/* A whole number of the query; "" is 0. */
static bool read_number(struct api_call *call, const char *name, int64_t *out) {
    const char *given = api_query(call, name);
    const char *digits = given + (given[0] == '-');
    size_t n = strspn(digits, "0123456789");
    *out = strtoll(given, NULL, 10);
    if (given[0] == '\0' || (n > 0 && n <= NUMBER_DIGITS && digits[n] == '\0'))
        return true;
    api_invalid(call, "integer_needed", name);
    return false;
}

static bool read_rule(struct api_call *call, struct broadcast *out) {
    const char *rule = api_query(call, "rrule");
    const char *hours = api_query(call, "hours");
    int64_t workday;
    if (!read_number(call, "at_ms", &out->at_ms) ||
        !read_number(call, "workday", &workday))
        return false;
    out->rrule = arena_strdup(&call->arena, rule);
    out->workday = (int)workday;
    out->ignores_hours = strcmp(hours, "ignore") == 0;
    if (strlen(rule) > RECURRENCE_RULE_BYTES)
        api_invalid(call, "too_long", "rrule");
    else if (workday < -RECURRENCE_WORKDAY_MAX ||
             workday > RECURRENCE_WORKDAY_MAX)
        api_invalid(call, "out_of_range", "workday");
    else if (out->at_ms < 0)
        api_invalid(call, "out_of_range", "at_ms");
    else if (!out->ignores_hours && hours[0] != '\0' &&
             strcmp(hours, "hold") != 0)
        api_invalid(call, "invalid", "hours");
    else
        return true;
    return false;
}

void broadcasts_get_upcoming(struct api_call *call) {
    const struct policy *policy = policies_get(call->bot->policies);
    struct broadcast rule = {.rrule = ""};
    const char *field = "rrule";
    if (!read_rule(call, &rule))
        return;
    const char *fault = recurrence_fault(policy, &rule, call->now_ms, &field);
    if (fault != NULL) {
        api_invalid(call, fault, field);
        return;
    }
    json_t *times = json_array();
    int64_t at_ms = call->now_ms;
    size_t most = broadcast_is_series(&rule) ? UPCOMING : 1;
    for (size_t i = 0; i < most; i++) {
        at_ms = recurrence_next(policy, &rule, at_ms);
        if (at_ms == 0)
            break;
        json_array_append_new(times, json_integer(at_ms));
    }
    api_answer(call, json_pack("{so}", "at_ms", times), 0);
}

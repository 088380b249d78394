#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/api/order.h"
#include "bot/audience.h"
#include "bot/bot.h"
#include "bot/broadcasts.h"
#include "bot/fetch.h"
#include "bot/policies.h"
#include "bot/recurrence.h"
#include "i18n/catalog.h"

#include <stdlib.h>
#include <string.h>

#define WORD_BYTES 64
#define URL_BYTES 1024
#define LINK_TITLE_CHARS 60
#define AT_MAX_MS (4102444800000LL) /* 2100 */
#define CHAR_BYTES 4

/* One of the words of a list, which ends with NULL; the first without. *out is
 * its index. */
static bool read_word(struct api_call *call, const char *name,
                      const char *const *words, size_t *out) {
    const char *given;
    *out = 0;
    if (!api_string(call, name, WORD_BYTES, false, &given))
        return false;
    if (given == NULL)
        return true;
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], given) == 0) {
            *out = i;
            return true;
        }
    api_invalid(call, "invalid", name);
    return false;
}

/* "" when there is none. */
static bool read_text(struct api_call *call, const char *name, size_t max_chars,
                      const char **out) {
    if (!order_text(call, name, max_chars, false, out))
        return false;
    if (*out == NULL)
        *out = "";
    return true;
}

static bool read_id(struct api_call *call, const char *name, const char **out) {
    if (!api_string(call, name, WORD_BYTES, false, out))
        return false;
    if (*out == NULL)
        *out = "";
    return true;
}

/* ---- translations -------------------------------------------------------- */

static const char *translation_fault(struct api_call *call, const char *tag,
                                     const json_t *value, json_t *into) {
    enum lang lang;
    if (!lang_parse(tag, &lang))
        return "unknown";
    if (!json_is_string(value))
        return "string_needed";
    if (json_string_length(value) > (size_t)BROADCAST_TEXT_CHARS * CHAR_BYTES)
        return "too_long";
    const char *clean = utf8_clean(&call->arena, json_string_value(value),
                                   json_string_length(value));
    if (utf8_length(clean) > BROADCAST_TEXT_CHARS)
        return "too_long";
    if (json_object_get(into, lang_tag(lang)) != NULL)
        return "invalid"; /* "zh_TW" and "zh-TW" */
    if (clean[0] != '\0')
        json_object_set_new(into, lang_tag(lang), json_string(clean));
    return NULL;
}

/* The JSON that is stored; "" for none of them. */
static const char *dump(struct arena *arena, const json_t *json) {
    char *text = json_object_size(json) == 0
                     ? NULL
                     : json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    const char *copy = text == NULL ? "" : arena_strdup(arena, text);
    free(text);
    return copy;
}

static bool read_translations(struct api_call *call, const char **out) {
    json_t *given = json_object_get(call->json, "translations");
    json_t *into, *value;
    const char *tag, *fault = NULL;
    *out = "";
    if (given == NULL || json_is_null(given))
        return true;
    if (!json_is_object(given)) {
        api_invalid(call, "object_needed", "translations");
        return false;
    }
    into = json_object();
    json_object_foreach(given, tag, value) {
        fault = translation_fault(call, tag, value, into);
        if (fault != NULL)
            break;
    }
    *out = dump(&call->arena, into);
    json_decref(into);
    if (fault == NULL)
        return true;
    /* Of a language we do not know the name is nobody's to repeat. */
    enum lang lang;
    api_invalid(call, fault,
                lang_parse(tag, &lang)
                    ? arena_printf(&call->arena, "translations.%s", tag)
                    : "translations");
    return false;
}

/* ---- the link ------------------------------------------------------------ */

static const char *link_fault(struct api_call *call, const json_t *link,
                              struct broadcast *out, const char **field) {
    const json_t *url = json_object_get(link, "url");
    const json_t *title = json_object_get(link, "title");
    *field = "url";
    if (!json_is_string(url))
        return url == NULL || json_is_null(url) ? "required" : "string_needed";
    if (json_string_length(url) > URL_BYTES)
        return "too_long";
    out->link_url = json_string_value(url);
    if (!fetch_url_ok(out->link_url, true))
        return "invalid";
    if (!fetch_url_ok(out->link_url, false))
        return "private";
    *field = "title";
    if (title == NULL || json_is_null(title))
        return NULL;
    if (!json_is_string(title))
        return "string_needed";
    if (json_string_length(title) > (size_t)LINK_TITLE_CHARS * CHAR_BYTES)
        return "too_long";
    /* A title is a line. */
    const char *clean = utf8_clean(&call->arena, json_string_value(title),
                                   json_string_length(title));
    out->link_title = utf8_excerpt(&call->arena, clean, LINK_TITLE_CHARS);
    return utf8_length(clean) > LINK_TITLE_CHARS ? "too_long" : NULL;
}

static bool read_link(struct api_call *call, struct broadcast *out) {
    const json_t *link = json_object_get(call->json, "link");
    const char *field = NULL, *fault = "object_needed";
    out->link_url = out->link_title = "";
    if (link == NULL || json_is_null(link))
        return true;
    if (json_is_object(link))
        fault = link_fault(call, link, out, &field);
    if (fault == NULL)
        return true;
    api_invalid(call, fault,
                field == NULL ? "link"
                              : arena_printf(&call->arena, "link.%s", field));
    return false;
}

/* ---- whom, and when ------------------------------------------------------ */

static bool read_audience(struct api_call *call, struct broadcast *out) {
    static const char *const targets[] = {"groups", "riders", NULL};
    const json_t *given = json_object_get(call->json, "audience");
    struct audience_problem problem;
    size_t target;
    if (!read_word(call, "target", targets, &target))
        return false;
    out->target = targets[target];
    out->audience = "";
    if (given == NULL || json_is_null(given))
        return true;
    if (audience_check(policies_get(call->bot->policies), given,
                       (enum audience_target)target, &problem) != OK) {
        api_invalid(call, problem.code,
                    arena_strdup(&call->arena, problem.field));
        return false;
    }
    out->audience = dump(&call->arena, given);
    return true;
}

static bool read_when(struct api_call *call, struct broadcast *out) {
    static const char *const hours[] = {"hold", "ignore", NULL};
    static const char *const missed[] = {"late", "skip", NULL};
    size_t ignores, skips;
    int64_t workday;
    if (!api_integer(call, "at_ms", 0, AT_MAX_MS, 0, &out->at_ms) ||
        !api_string(call, "rrule", RECURRENCE_RULE_BYTES, false, &out->rrule) ||
        !api_integer(call, "workday", -RECURRENCE_WORKDAY_MAX,
                     RECURRENCE_WORKDAY_MAX, 0, &workday) ||
        !read_word(call, "hours", hours, &ignores) ||
        !read_word(call, "missed", missed, &skips))
        return false;
    if (out->rrule == NULL)
        out->rrule = "";
    out->workday = (int)workday;
    out->ignores_hours = ignores == 1;
    out->skips_missed = skips == 1;
    return true;
}

static bool read_ask(struct api_call *call, bool *out) {
    const json_t *ask = json_object_get(call->json, "ask_read");
    *out = json_is_true(ask);
    if (ask == NULL || json_is_null(ask) || json_is_boolean(ask))
        return true;
    api_invalid(call, "boolean_needed", "ask_read");
    return false;
}

bool broadcast_read_body(struct api_call *call, struct broadcast *out) {
    static const char *const lanes[] = {"notice", "study", NULL};
    const char *field = NULL;
    size_t lane;
    if (!read_word(call, "lane", lanes, &lane) ||
        !read_text(call, "title", BROADCAST_TITLE_CHARS, &out->title) ||
        !read_text(call, "text", BROADCAST_TEXT_CHARS, &out->text) ||
        !read_translations(call, &out->translations) ||
        !read_id(call, "photo", &out->photo) ||
        !read_id(call, "file", &out->file) || !read_link(call, out) ||
        !read_ask(call, &out->ask_read) || !read_audience(call, out) ||
        !read_when(call, out) || !read_id(call, "quiz", &out->quiz) ||
        !read_id(call, "material", &out->material) ||
        !read_id(call, "event", &out->event))
        return false;
    out->lane = lane == 1 ? LANE_STUDY : LANE_NOTICE;
    const char *fault = broadcasts_fault(call->bot, out, &field);
    if (fault == NULL)
        return true;
    api_invalid(call, fault, field);
    return false;
}

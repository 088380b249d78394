#include "bot/api/study.h"

#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/fetch.h"
#include "store/broadcast.h"
#include "store/material.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CURSOR_DIGITS 9
#define BYTES_A_CHAR 4

/* ---- what comes ---------------------------------------------------------- */

bool study_text(struct api_call *call, const char *name, size_t max_chars,
                bool lines, const char **out) {
    const char *text;
    if (json_is_null(json_object_get(call->json, name)))
        json_object_del(call->json, name);
    if (!api_string(call, name, max_chars * BYTES_A_CHAR, false, &text))
        return false;
    *out = text == NULL ? "" : utf8_clean(&call->arena, text, strlen(text));
    const char *wrong = utf8_length(*out) > max_chars             ? "too_long"
                        : !lines && strpbrk(*out, "\n\t") != NULL ? "invalid"
                                                                  : NULL;
    if (wrong != NULL)
        api_invalid(call, wrong, name);
    return wrong == NULL;
}

bool study_url(struct api_call *call, const char *name, const char **out) {
    if (!study_text(call, name, MATERIAL_URL_BYTES, false, out))
        return false;
    if ((*out)[0] == '\0' ||
        (strlen(*out) <= MATERIAL_URL_BYTES && fetch_url_ok(*out, true)))
        return true;
    api_invalid(call, "invalid", name);
    return false;
}

/* Digits that are a number from 1 on. */
static bool read_number(const char *text, int64_t *out) {
    size_t len = strlen(text);
    if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
        return false;
    *out = strtoll(text, NULL, 10);
    return *out > 0;
}

bool study_version(struct api_call *call, int64_t *out) {
    if (call->json != NULL && json_object_get(call->json, "version") != NULL)
        return api_integer(call, "version", 0, INT64_MAX, 0, out);
    const char *text = api_query(call, "version");
    if (read_number(text, out))
        return true;
    api_invalid(call, text[0] == '\0' ? "required" : "invalid", "version");
    return false;
}

bool study_cursor(struct api_call *call, size_t *out) {
    const char *text = api_query(call, "cursor");
    size_t len = strlen(text);
    *out = strtoul(text, NULL, 10);
    if (len <= CURSOR_DIGITS && strspn(text, "0123456789") == len)
        return true;
    api_invalid(call, "invalid", "cursor");
    return false;
}

/* ---- what goes ----------------------------------------------------------- */

void study_page(struct api_call *call, json_t *items, size_t offset, size_t n,
                int64_t total) {
    char next[24];
    snprintf(next, sizeof(next), "%zu", offset + n);
    bool more = n > 0 && (int64_t)(offset + n) < total;
    api_answer(call,
               json_pack("{so so sI}", "items", items, "next",
                         more ? json_string(next) : json_null(), "total",
                         (json_int_t)total),
               0);
}

json_t *study_word(const char *text) {
    return text[0] == '\0' ? json_null() : json_string(text);
}

json_t *study_ids(const char *joined) {
    json_t *ids = json_array();
    while (joined[0] != '\0') {
        size_t len = strcspn(joined, ",");
        json_array_append_new(ids, json_stringn(joined, len));
        joined += len + (joined[len] == ',');
    }
    return ids;
}

const char *study_add_id(struct api_call *call, const char *joined,
                         const char *id, size_t max) {
    size_t n = 1, len = 0;
    while (n < max && joined[len] != '\0') {
        len += strcspn(joined + len, ",");
        n++;
        if (n < max && joined[len] == ',')
            len++;
    }
    return arena_printf(&call->arena, "%s%s%.*s", id, len == 0 ? "" : ",",
                        (int)len, joined);
}

/* ---- drafts of broadcasts ------------------------------------------------ */

bool study_draft(struct api_call *call, struct broadcast *draft) {
    int64_t number;
    *draft = (struct broadcast){
        .state = BROADCAST_DRAFT,
        .lane = LANE_STUDY,
        .ask_read = true,
        .target = "groups",
        .audience = "{}",
        .unit = access_units(&call->arena, &call->caller, PERM_BROADCASTS),
        .by = call->caller.actor,
        .by_name = call->caller.display,
        .created_ms = call->now_ms,
        .updated_ms = call->now_ms,
    };
    if (draft->unit[0] == '\0') {
        api_fail(call, ERR_DENIED);
        return false;
    }
    number = store_next_number(call->bot->store);
    if (number == 0) {
        api_fail(call, ERR_AWAY);
        return false;
    }
    draft->id = arena_printf(&call->arena, "B%" PRId64, number);
    return true;
}

void study_drafted(struct api_call *call, const struct broadcast *draft) {
    api_created(
        call, json_pack("{ss si ss ss ss ss}", "id", draft->id, "version", 1,
                        "state", broadcast_state_name(BROADCAST_DRAFT), "lane",
                        "study", "title", draft->title, "text", draft->text));
}

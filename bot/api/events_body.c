/* What the body of a call says of an event. */
#include "base/arena.h"
#include "base/token.h"
#include "base/utf8.h"
#include "bot/api/events_parts.h"
#include "bot/api/order.h"
#include "bot/bot.h"
#include "bot/event_questions.h"
#include "bot/photo.h"
#include "bot/policies.h"
#include "bot/policy.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOUR_MS (3600LL * 1000)
#define TITLE_CHARS 60
#define TEXT_CHARS 1000
#define PLACE_CHARS 100
#define CERTIFICATE_CHARS 500
#define UNIT_BYTES 64
#define CODE_MIN 4
#define CODE_MAX 8
#define LENGTH_MAX_MS (31 * 24 * HOUR_MS)
#define REMIND_MAX_H (14 * 24)
#define ACCEPT_MAX_H 168
#define POINTS_MAX 1000
#define FIGURE_MAX 1000000000
#define TIME_MAX_MS 4102444800000LL /* 2100 */

static bool has(const struct api_call *call, const char *name) {
    const json_t *value = json_object_get(call->json, name);
    return value != NULL && !json_is_null(value);
}

static bool refuse(struct api_call *call, const char *code, const char *field) {
    api_invalid(call, code, field);
    return false;
}

/* ---- texts ---- */

static bool read_text(struct api_call *call, const char *name, size_t chars,
                      const char **out) {
    const char *text;
    if (!order_text(call, name, chars, false, &text))
        return false;
    *out = text == NULL ? "" : text;
    return true;
}

static bool read_photo(struct api_call *call, const char **out) {
    const char *id;
    if (!api_string(call, "photo", 64, false, &id))
        return false;
    *out = id == NULL ? "" : id;
    if ((*out)[0] == '\0')
        return true;
    char *path = photo_path(call->bot->photos, id, false);
    bool there = path != NULL && access(path, F_OK) == 0;
    free(path);
    return there || refuse(call, "no_such_photo", "photo");
}

static bool read_texts(struct api_call *call, struct event *event) {
    return order_text(call, "title", TITLE_CHARS, true, &event->title) &&
           read_text(call, "text", TEXT_CHARS, &event->text) &&
           read_text(call, "place", PLACE_CHARS, &event->place) &&
           read_text(call, "certificate", CERTIFICATE_CHARS,
                     &event->certificate) &&
           read_photo(call, &event->photo);
}

static bool read_degrees(struct api_call *call, const char *name, double max,
                         const char **out) {
    const json_t *value = json_object_get(call->json, name);
    if (value == NULL)
        return true;
    *out = "";
    if (json_is_null(value))
        return true;
    double degrees = json_number_value(value);
    if (!json_is_number(value) || !isfinite(degrees) || fabs(degrees) > max)
        return refuse(call, "invalid", name);
    *out = arena_printf(&call->arena, "%.6f", degrees);
    return true;
}

/* ---- when and for how many ---- */

static bool read_times(struct api_call *call, struct event *event) {
    if (!has(call, "starts_ms"))
        return refuse(call, "required", "starts_ms");
    if (!api_integer(call, "starts_ms", 1, TIME_MAX_MS, 0, &event->starts_ms) ||
        !api_integer(call, "ends_ms", 1, TIME_MAX_MS,
                     event->starts_ms + 2 * HOUR_MS, &event->ends_ms) ||
        !api_integer(call, "deadline_ms", 1, TIME_MAX_MS, event->starts_ms,
                     &event->deadline_ms))
        return false;
    if (event->ends_ms <= event->starts_ms ||
        event->ends_ms - event->starts_ms > LENGTH_MAX_MS)
        return refuse(call, "out_of_range", "ends_ms");
    if (event->deadline_ms > event->starts_ms)
        return refuse(call, "out_of_range", "deadline_ms");
    return true;
}

static bool read_numbers(struct api_call *call, struct event *event) {
    return api_integer(call, "capacity", 0, EVENT_CAPACITY_MAX, event->capacity,
                       &event->capacity) &&
           api_integer(call, "family_max", 0, EVENT_FAMILY_MAX,
                       event->family_max, &event->family_max) &&
           api_integer(call, "accept_h", 1, ACCEPT_MAX_H, event->accept_h,
                       &event->accept_h) &&
           api_integer(call, "points", 0, POINTS_MAX, event->points,
                       &event->points) &&
           api_integer(call, "viewers", 0, FIGURE_MAX, event->viewers,
                       &event->viewers) &&
           api_integer(call, "orders", 0, FIGURE_MAX, event->orders,
                       &event->orders);
}

static bool read_reminders(struct api_call *call, struct event *event) {
    const json_t *all = json_object_get(call->json, "remind_h"), *one;
    json_int_t last = REMIND_MAX_H + 1;
    const char *text = "";
    size_t i;
    if (all == NULL || json_is_null(all))
        return true;
    if (!json_is_array(all) || json_array_size(all) > EVENT_REMINDERS_MAX)
        return refuse(call, "invalid", "remind_h");
    json_array_foreach(all, i, one) {
        json_int_t hours = json_integer_value(one);
        if (!json_is_integer(one) || hours < 1 || hours >= last)
            return refuse(call, "invalid", "remind_h");
        text = arena_printf(&call->arena, "%s%s%" JSON_INTEGER_FORMAT, text,
                            i == 0 ? "" : ",", hours);
        last = hours;
    }
    event->remind = text;
    return true;
}

/* ---- the rest ---- */

static bool read_questions(struct api_call *call, struct event *event) {
    const json_t *all = json_object_get(call->json, "questions");
    const char *field;
    if (all == NULL || json_is_null(all))
        return true;
    char *text = json_dumps(all, JSON_COMPACT);
    event->questions = arena_strdup(&call->arena, text == NULL ? "" : text);
    free(text);
    if (event_questions_check(event->questions, &field) != OK)
        return refuse(call, "invalid", field);
    return true;
}

static bool read_kind(struct api_call *call, struct event *event) {
    const char *kind;
    if (!api_string(call, "kind", 16, false, &kind))
        return false;
    for (int i = 0; kind != NULL && i < EVENT_KINDS; i++)
        if (strcmp(kind, event_kind_names[i]) == 0) {
            event->kind = (enum event_kind)i;
            return true;
        }
    return kind == NULL || refuse(call, "unknown", "kind");
}

static bool read_unit(struct api_call *call, struct event *event) {
    const struct policy *policy = policies_get(call->bot->policies);
    const char *unit;
    if (!api_string(call, "unit", UNIT_BYTES, false, &unit))
        return false;
    if (unit == NULL)
        return true;
    event->unit = unit;
    if ((strcmp(unit, "*") == 0 || policy_unit(policy, unit) != NULL) &&
        event_covered(call, event))
        return true;
    return refuse(call, "unknown", "unit");
}

static bool read_code(struct api_call *call, struct event *event) {
    const char *code;
    if (!api_string(call, "code", CODE_MAX, false, &code))
        return false;
    if (code == NULL || code[0] == '\0')
        return true;
    if (strlen(code) < CODE_MIN || code[strspn(code, "0123456789")] != '\0')
        return refuse(call, "invalid", "code");
    event->code = code;
    return true;
}

bool event_read_body(struct api_call *call, struct event *event) {
    if (call->json == NULL)
        return refuse(call, "required", "title");
    return read_texts(call, event) &&
           read_degrees(call, "lat", 90, &event->lat) &&
           read_degrees(call, "lon", 180, &event->lon) &&
           read_times(call, event) && read_numbers(call, event) &&
           read_reminders(call, event) && read_questions(call, event) &&
           read_kind(call, event) && read_unit(call, event) &&
           read_code(call, event);
}

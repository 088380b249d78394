#include "base/json_depth.h"
#include "base/utf8.h"
#include "bot/api/api_parts.h"
#include "bot/server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 200

/* "application/json; charset=utf-8" */
static bool is_json(const char *type) {
    size_t len = strcspn(type, "; \t");
    return len == strlen("application/json") &&
           strncasecmp(type, "application/json", len) == 0;
}

bool api_parse_body(struct api_call *call) {
    if (call->route->raw || call->body_len == 0)
        return true;
    if (!is_json(http_field(call->request, HTTP_CONTENT_TYPE))) {
        api_problem(call, 415, "json_needed", NULL, NULL);
        return false;
    }
    if (!json_deeper_than(call->body, call->body_len, API_DEPTH_MAX))
        call->json = json_loadb(call->body, call->body_len,
                                JSON_REJECT_DUPLICATES, NULL);
    if (call->json == NULL) {
        api_problem(call, 400, "malformed", NULL, NULL);
        return false;
    }
    if (!json_is_object(call->json)) {
        api_invalid(call, "object_needed", NULL);
        return false;
    }
    return true;
}

const char *api_query(const struct api_call *call, const char *name) {
    const char *value = http_query(call->request, name);
    return utf8_valid(value, strlen(value)) ? value : "";
}

size_t api_limit(const struct api_call *call) {
    const char *text = api_query(call, "limit");
    char *end;
    unsigned long limit = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || limit == 0)
        return LIMIT_DEFAULT;
    return limit < LIMIT_MAX ? limit : LIMIT_MAX;
}

bool api_string(struct api_call *call, const char *name, size_t max_bytes,
                bool required, const char **out) {
    const json_t *value = json_object_get(call->json, name);
    *out = NULL;
    if (value == NULL || json_is_null(value)) {
        if (required)
            api_invalid(call, "required", name);
        return !required;
    }
    if (!json_is_string(value)) {
        api_invalid(call, "string_needed", name);
        return false;
    }
    if (json_string_length(value) > max_bytes) {
        api_invalid(call, "too_long", name);
        return false;
    }
    if (required && json_string_length(value) == 0) {
        api_invalid(call, "required", name);
        return false;
    }
    *out = json_string_value(value);
    return true;
}

bool api_integer(struct api_call *call, const char *name, int64_t min,
                 int64_t max, int64_t fallback, int64_t *out) {
    const json_t *value = json_object_get(call->json, name);
    *out = fallback;
    if (value == NULL || json_is_null(value))
        return true;
    if (!json_is_integer(value)) {
        api_invalid(call, "integer_needed", name);
        return false;
    }
    *out = json_integer_value(value);
    if (*out >= min && *out <= max)
        return true;
    api_invalid(call, "out_of_range", name);
    return false;
}

#define LOG_MODULE "api"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/api/api_parts.h"
#include "bot/bot.h"
#include "bot/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX (API_HEADERS_MAX + 2)
#define PROBLEM "application/problem+json"

static struct metric m_calls[] = {
    METRIC_COUNTER_L("xiaofeng_api_calls_total", "Calls of the API.",
                     "status=\"2xx\""),
    METRIC_COUNTER_L("xiaofeng_api_calls_total", "Calls of the API.",
                     "status=\"3xx\""),
    METRIC_COUNTER_L("xiaofeng_api_calls_total", "Calls of the API.",
                     "status=\"4xx\""),
    METRIC_COUNTER_L("xiaofeng_api_calls_total", "Calls of the API.",
                     "status=\"5xx\""),
};
static struct metric m_seconds = METRIC_HISTOGRAM(
    "xiaofeng_api_seconds", "From a whole request to its answer.");

static void count(unsigned status) {
    unsigned class = status / 100 - 2;
    if (class < ARRAY_LEN(m_calls))
        metric_add(&m_calls[class], 1);
}

/* ---- giving it ----------------------------------------------------------- */

static void log_call(const struct api_call *call, int64_t took_ms) {
    unsigned status = call->reply->status;
    bool reads = strcmp(call->route->method, "GET") == 0;
    if (status >= 500)
        LOG_WARN("%s %s: %u after %" PRId64 " ms", call->route->method,
                 call->route->path, status, took_ms);
    else if (!reads)
        LOG_INFO("%s %s: %u after %" PRId64 " ms", call->route->method,
                 call->route->path, status, took_ms);
    else
        LOG_DBG("%s %s: %u after %" PRId64 " ms", call->route->method,
                call->route->path, status, took_ms);
}

void api_deliver(struct api_call *call) {
    const struct api_reply *reply = call->reply;
    struct http_header headers[HEADERS_MAX];
    int64_t took_ms = clock_mono_ms(call->bot->clock) - call->begun_ms;
    for (size_t i = 0; i < call->n_headers; i++)
        headers[i] =
            (struct http_header){call->headers[i][0], call->headers[i][1]};
    count(reply->status);
    metric_observe(&m_seconds, (double)took_ms / 1000);
    log_call(call, took_ms);
    http_answer(call->request, &(struct http_answer){
                                   .status = reply->status,
                                   .type = reply->type,
                                   .body = reply->bytes,
                                   .body_len = reply->len,
                                   .headers = headers,
                                   .n_headers = call->n_headers,
                               });
    api_call_free(call);
}

void api_header(struct api_call *call, const char *name, const char *value) {
    if (call->n_headers == API_HEADERS_MAX)
        abort();
    call->headers[call->n_headers][0] = name;
    call->headers[call->n_headers++][1] = value;
}

void api_bytes(struct api_call *call, unsigned status, const char *type,
               const char *filename, const char *bytes, size_t len) {
    struct api_reply *reply = arena_alloc(&call->arena, sizeof(*reply));
    char *copy = arena_alloc(&call->arena, len + 1);
    if (len > 0)
        memcpy(copy, bytes, len);
    *reply = (struct api_reply){
        .status = status,
        .type = arena_strdup(&call->arena, type),
        .bytes = copy,
        .len = len,
    };
    if (filename != NULL)
        api_header(call, "Content-Disposition",
                   arena_printf(&call->arena, "attachment; filename=\"%s\"",
                                filename));
    call->reply = reply;
    api_claim_answer(call);
}

static void answer(struct api_call *call, unsigned status, const char *type,
                   json_t *json) {
    /* Fifteen digits are what a double holds of a decimal number. */
    char *text = json == NULL
                     ? NULL
                     : json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(json);
    if (text == NULL) {
        LOG_ERR("%s %s: an answer that is no JSON", call->route->method,
                call->route->path);
        status = 500;
        type = PROBLEM;
        text = xstrdup(
            "{\"type\":\"about:blank\",\"status\":500,"
            "\"title\":\"Internal Server Error\",\"code\":\"io\"}");
    }
    api_bytes(call, status, type, NULL, text, strlen(text));
    free(text);
}

void api_answer(struct api_call *call, json_t *json, int64_t etag_version) {
    if (etag_version != 0) {
        const char *etag =
            arena_printf(&call->arena, "\"v%" PRId64 "\"", etag_version);
        api_header(call, "ETag", etag);
        if (strcmp(call->route->method, "GET") == 0 &&
            strcmp(http_field(call->request, HTTP_IF_NONE_MATCH), etag) == 0) {
            json_decref(json);
            api_bytes(call, 304, "", NULL, "", 0);
            return;
        }
    }
    answer(call, 200, "application/json", json);
}

void api_created(struct api_call *call, json_t *json) {
    answer(call, 201, "application/json", json);
}

void api_empty(struct api_call *call) {
    api_bytes(call, 204, "", NULL, "", 0);
}

/* ---- what went wrong ----------------------------------------------------- */

/* https://www.rfc-editor.org/rfc/rfc9457 */
static json_t *problem(unsigned status, const char *code) {
    return json_pack("{ss ss si ss}", "type", "about:blank", "title",
                     http_status_text(status), "status", (int)status, "code",
                     code);
}

void api_problem(struct api_call *call, unsigned status, const char *code,
                 const char *field, json_t *extra) {
    json_t *json = problem(status, code);
    if (field != NULL)
        json_object_set_new(json, "field", json_string(field));
    if (extra != NULL)
        json_object_update(json, extra);
    json_decref(extra);
    answer(call, status, PROBLEM, json);
}

static const char *seconds(char out[static 24], int64_t wait_ms) {
    snprintf(out, 24, "%" PRId64, (wait_ms + 999) / 1000);
    return out;
}

void api_slow_down(struct api_call *call, int64_t wait_ms) {
    char wait[24];
    api_header(call, "Retry-After",
               arena_strdup(&call->arena, seconds(wait, wait_ms)));
    api_problem(call, 429, "too_fast", NULL, NULL);
}

void api_fail(struct api_call *call, enum err err) {
    static const struct {
        unsigned status;
        const char *code;
    } answers[ERR_COUNT] = {
        [ERR_INVALID] = {422, "invalid"}, [ERR_TOO_LARGE] = {413, "too_large"},
        [ERR_LIMIT] = {429, "limit"},     [ERR_NOT_FOUND] = {404, "not_found"},
        [ERR_DENIED] = {403, "denied"},   [ERR_DUPLICATE] = {409, "duplicate"},
        [ERR_CONFLICT] = {409, "stale"},  [ERR_STATE] = {409, "state"},
        [ERR_TIMEOUT] = {503, "unknown"}, [ERR_AWAY] = {503, "away"},
        [ERR_IO] = {500, "io"},
    };
    unsigned status = answers[err].status;
    if (status == 0)
        abort(); /* OK is no failure */
    if (err == ERR_LIMIT || err == ERR_AWAY)
        api_header(call, "Retry-After", "2");
    api_problem(call, status, answers[err].code, NULL, NULL);
}

void api_invalid(struct api_call *call, const char *code, const char *field) {
    api_problem(call, 422, code, field, NULL);
}

void api_stale(struct api_call *call, json_t *current) {
    api_problem(call, 409, "stale", NULL,
                json_pack("{so}", "current", current));
}

void api_refuse(struct http_request *request, unsigned status, const char *code,
                const char *allow, int64_t wait_ms) {
    static const struct {
        unsigned status;
        const char *code;
    } codes[] = {
        {400, "malformed"}, {401, "credentials"},   {404, "not_found"},
        {405, "method"},    {411, "length_needed"}, {413, "too_large"},
        {429, "too_fast"},  {503, "busy"},
    };
    struct http_header headers[2];
    size_t n = 0;
    char wait[24], *text;
    for (size_t i = 0; i < ARRAY_LEN(codes) && code == NULL; i++)
        if (codes[i].status == status)
            code = codes[i].code;
    json_t *json = problem(status, code == NULL ? "refused" : code);
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (allow != NULL)
        headers[n++] = (struct http_header){"Allow", allow};
    if (wait_ms > 0)
        headers[n++] =
            (struct http_header){"Retry-After", seconds(wait, wait_ms)};
    count(status);
    http_answer(request, &(struct http_answer){
                             .status = status,
                             .type = PROBLEM,
                             .body = text,
                             .body_len = strlen(text),
                             .headers = headers,
                             .n_headers = n,
                         });
    free(text);
}

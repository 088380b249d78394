#define LOG_MODULE "open311"
#include "bot/api/open311.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "bot/api/api.h"
#include "bot/api/auth.h"
#include "bot/api/open311_parts.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/server.h"
#include "i18n/catalog.h"
#include "store/user.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

#define CALLS(result)                                                          \
    METRIC_COUNTER_L("xiaofeng_open311_calls_total",                           \
                     "Calls of Open311, by result.", "result=\"" result "\"")
static struct metric m_ok = CALLS("ok");
static struct metric m_refused = CALLS("refused");
static struct metric m_failed = CALLS("failed");

/* ---- answers ---------------------------------------------------------------
 */

static void call_free(struct open311_call *call) {
    DL_DELETE(call->open311->calls, call);
    call->open311->n_calls--;
    arena_finish(&call->arena);
    free(call);
}

static void count(unsigned status) {
    metric_add(status < 400 ? &m_ok : status < 500 ? &m_refused : &m_failed, 1);
}

/* Takes over json. */
static void deliver(struct http_request *request, enum open311_format format,
                    unsigned status, const char *root, json_t *json) {
    struct buf out;
    buf_init(&out);
    open311_write(&out, format, root, json);
    count(status);
    http_answer(request, &(struct http_answer){
                             .status = status,
                             .type = format == OPEN311_JSON
                                         ? "application/json; charset=utf-8"
                                         : "text/xml; charset=utf-8",
                             .body = out.data,
                             .body_len = out.len,
                         });
    buf_finish(&out);
    json_decref(json);
}

static void refuse(struct http_request *request, enum open311_format format,
                   unsigned status, const char *description) {
    deliver(request, format, status, "errors",
            json_pack("[{si ss}]", "code", (int)status, "description",
                      description));
}

void open311_answer(struct open311_call *call, const char *root, json_t *json) {
    deliver(call->request, call->format, 200, root, json);
    call_free(call);
}

void open311_fail(struct open311_call *call, unsigned status, const char *fmt,
                  ...) {
    va_list args;
    va_start(args, fmt);
    const char *text = arena_vprintf(&call->arena, fmt, args);
    va_end(args);
    refuse(call->request, call->format, status,
           utf8_clean(&call->arena, text, strlen(text)));
    call_free(call);
}

void open311_fail_err(struct open311_call *call, enum err err) {
    if (err == ERR_NOT_FOUND)
        open311_fail(call, 404, "not found");
    else if (err == ERR_AWAY || err == ERR_TIMEOUT || err == ERR_LIMIT)
        open311_fail(call, 503, "try again in a moment");
    else
        open311_fail(call, 500, "%s", err_str(err));
}

/* ---- what was asked --------------------------------------------------------
 */

const char *open311_arg(const struct open311_call *call, const char *name) {
    for (size_t i = 0; i < call->n_fields; i++)
        if (strcmp(call->fields[i].name, name) == 0)
            return call->fields[i].value;
    return http_query(call->request, name);
}

const char *open311_text(const struct open311_call *call, const char *key) {
    return catalog_text(call->bot->config->lang, key);
}

/* "requests/P12.json" into its parts; false when it is no path of ours. */
static bool read_path(struct open311_call *call, const char *rest) {
    char *what = arena_strdup(&call->arena, rest);
    char *dot = strrchr(what, '.'), *slash = strchr(what, '/');
    if (dot == NULL || (slash != NULL && slash > dot))
        return false;
    if (strcmp(dot, ".json") == 0)
        call->format = OPEN311_JSON;
    else if (strcmp(dot, ".xml") != 0)
        return false;
    *dot = '\0';
    if (slash != NULL)
        *slash = '\0';
    call->what = what;
    call->id = slash == NULL ? NULL : slash + 1;
    return true;
}

static bool is_form(const struct open311_call *call) {
    const char *type = http_field(call->request, HTTP_CONTENT_TYPE);
    size_t len = strlen(FORM_TYPE);
    return strncasecmp(type, FORM_TYPE, len) == 0 &&
           (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

/* ---- who asks --------------------------------------------------------------
 */

struct asking {
    bool needed;
    void (*then)(struct open311_call *call);
};

static void on_token(void *data, enum err err,
                     const struct token_record *token) {
    struct open311_call *call = data;
    const struct asking *asking = call->data;
    int64_t wait_ms;
    if (err != OK && err != ERR_NOT_FOUND) {
        open311_fail_err(call, err);
        return;
    }
    if (err == ERR_NOT_FOUND || auth_token_expired(token, call->now_ms)) {
        open311_fail(call, 403, "api_key is not valid");
        return;
    }
    auth_token(&call->arena, token, &call->caller);
    if ((call->caller.permissions & PERM_OPEN311) == 0)
        open311_fail(call, 403, "api_key has no scope open311");
    else if (!rates_take(call->open311->callers, call->caller.actor,
                         clock_mono_ms(call->bot->clock), &wait_ms))
        open311_fail(call, 429, "too many calls");
    else
        asking->then(call);
}

void open311_authenticate(struct open311_call *call, bool needed,
                          void (*then)(struct open311_call *call)) {
    struct asking *asking = arena_alloc(&call->arena, sizeof(*asking));
    const char *key = open311_arg(call, "api_key");
    const char *header = http_field(call->request, HTTP_AUTHORIZATION);
    *asking = (struct asking){needed, then};
    call->data = asking;
    if (key[0] != '\0') /* as a header would have it */
        header = arena_printf(&call->arena, "Bearer %s", key);
    const char *secret = auth_bearer(&call->arena, header);
    if (secret != NULL)
        api_token_get(call->bot->store, &call->arena, secret, on_token, call);
    else if (header[0] != '\0')
        open311_fail(call, 403, "api_key is not valid");
    else if (needed)
        open311_fail(call, 403, "api_key was not provided");
    else
        then(call);
}

bool open311_covers(const struct open311_call *call, const char *unit,
                    const char *community, const char *category) {
    if (call->caller.actor == NULL)
        return true; /* read by everybody, as the settings say */
    return access_covers(&call->caller, policies_get(call->bot->policies),
                         PERM_OPEN311, unit, community, category);
}

/* ---- the way of a call -----------------------------------------------------
 */

/* The one jurisdiction is the district. */
static bool jurisdiction_ok(struct open311_call *call) {
    const char *id = open311_arg(call, "jurisdiction_id");
    if (id[0] == '\0' || strcmp(id, call->bot->config->district) == 0)
        return true;
    open311_fail(call, 404, "jurisdiction_id was not found");
    return false;
}

static void serve(struct open311_call *call) {
    bool public = call->bot->config->open311_public;
    if (!jurisdiction_ok(call))
        return;
    if (strcmp(call->what, "discovery") == 0 && call->id == NULL)
        open311_get_discovery(call);
    else if (strcmp(call->what, "services") == 0)
        open311_get_services(call);
    else if (strcmp(call->what, "requests") == 0)
        open311_authenticate(call, !public, open311_get_requests);
    else
        open311_fail(call, 404, "there is no such resource");
}

static void serve_post(struct open311_call *call) {
    size_t len;
    const char *body = http_body(call->request, &len);
    if (strcmp(call->what, "requests") != 0 || call->id != NULL)
        open311_fail(call, 405, "only GET is known here");
    else if (!is_form(call))
        open311_fail(call, 415, "the body has to be " FORM_TYPE);
    else if (!open311_form(call, body, len))
        open311_fail(call, 400, "the body is not a form, or too large");
    else if (jurisdiction_ok(call))
        open311_authenticate(call, true, open311_post_request);
}

static struct open311_call *call_new(struct open311 *open311,
                                     struct http_request *request) {
    struct open311_call *call = xcalloc(1, sizeof(*call));
    arena_init(&call->arena);
    call->open311 = open311;
    call->bot = open311->bot;
    call->request = request;
    call->posts = http_method(request) == HTTP_POST;
    call->now_ms = clock_wall_ms(open311->bot->clock);
    DL_APPEND(open311->calls, call);
    open311->n_calls++;
    return call;
}

static void on_request(struct http_request *request, const char *rest,
                       void *data) {
    struct open311 *open311 = data;
    enum http_method method = http_method(request);
    if (open311->bot->stopping || open311->n_calls >= OPEN311_CALLS_MAX) {
        refuse(request, OPEN311_XML, 503, "try again in a moment");
        return;
    }
    struct open311_call *call = call_new(open311, request);
    if (!read_path(call, rest))
        open311_fail(call, 404, "there is no such resource, or format");
    else if (method != HTTP_GET && method != HTTP_HEAD && method != HTTP_POST)
        open311_fail(call, 405, "only GET and POST are known");
    else if (call->posts)
        serve_post(call);
    else
        serve(call);
}

static unsigned on_admit(struct http_request *request, const char *rest,
                         size_t body_bytes, void *data) {
    struct open311 *open311 = data;
    char peer[RATES_PEER_SIZE];
    int64_t wait_ms;
    (void)rest;
    rates_peer(peer, http_peer(request));
    if (!rates_take(open311->peers, peer, clock_mono_ms(open311->bot->clock),
                    &wait_ms))
        return 429;
    if (body_bytes > 0 && http_method(request) != HTTP_POST)
        return 400;
    return body_bytes > OPEN311_BODY_BYTES ? 413 : 0;
}

static void on_refuse(struct http_request *request, unsigned status,
                      void *data) {
    (void)data;
    refuse(request, OPEN311_XML, status, http_status_text(status));
}

struct open311 *open311_new(struct bot *bot) {
    const struct config *config = bot->config;
    struct open311 *open311 = xcalloc(1, sizeof(*open311));
    open311->bot = bot;
    open311->peers = rates_new(config->api_peer_rate, config->api_peer_burst,
                               API_CALLERS_MAX);
    open311->callers =
        rates_new(config->api_rate, config->api_burst, API_CALLERS_MAX);
    http_tree_add(bot->loop, OPEN311_PREFIX,
                  &(struct http_tree){
                      .handler = on_request,
                      .admit = on_admit,
                      .refuse = on_refuse,
                      .data = open311,
                  });
    return open311;
}

void open311_free(struct open311 *open311) {
    if (open311 == NULL)
        return;
    while (open311->calls != NULL)
        call_free(open311->calls);
    rates_free(open311->peers);
    rates_free(open311->callers);
    free(open311);
}

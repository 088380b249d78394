#define LOG_MODULE "api"
#include "bot/api/api.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "bot/api/api_parts.h"
#include "bot/api/sign_in.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/server.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define BUSY_MS 1000 /* until it is worth another try */

static struct metric m_hurried =
    METRIC_COUNTER("xiaofeng_api_hurried_total",
                   "Calls refused because their caller or address is too "
                   "fast.");
static struct metric m_denied = METRIC_COUNTER(
    "xiaofeng_api_denied_total", "Calls refused for want of a permission.");

/* ---- routes --------------------------------------------------------------
 */

struct api *api_new(struct bot *bot) {
    const struct config *config = bot->config;
    struct api *api = xcalloc(1, sizeof(*api));
    api->bot = bot;
    api->peers = rates_new(config->api_peer_rate, config->api_peer_burst,
                           API_CALLERS_MAX);
    api->callers =
        rates_new(config->api_rate, config->api_burst, API_CALLERS_MAX);
    api->sign_ins = sign_in_rates_new();
    return api;
}

void api_free(struct api *api) {
    if (api == NULL)
        return;
    while (api->calls != NULL)
        api_call_free(api->calls);
    rates_free(api->peers);
    rates_free(api->callers);
    sign_in_rates_free(api->sign_ins);
    free(api->routes);
    free(api);
}

void api_add(struct bot *bot, const struct api_route *routes, size_t n) {
    struct api *api = bot->api;
    api->routes =
        xrealloc(api->routes, (api->n_routes + n) * sizeof(struct api_route *));
    for (size_t i = 0; i < n; i++)
        api->routes[api->n_routes++] = &routes[i];
}

/* Where the values of a template's {names} are in a path. */
struct match {
    const char *at[API_ARGS_MAX];
    size_t len[API_ARGS_MAX];
    size_t n;
};

/* "/tickets/{id}" against "tickets/S12" */
static bool matches(const char *template, const char *path,
                    struct match *match) {
    match->n = 0;
    for (template ++;; template ++, path++) {
        size_t want = strcspn(template, "/"), have = strcspn(path, "/");
        if (template[0] == '{') {
            if (have == 0 || match->n == API_ARGS_MAX)
                return false;
            match->at[match->n] = path;
            match->len[match->n++] = have;
        } else if (want != have || memcmp(template, path, want) != 0) {
            return false;
        }
        template += want;
        path += have;
        if (*template != *path)
            return false;
        if (*template == '\0')
            return true;
    }
}

/*
 * The route of a request. NULL: there is none at all, or, with *allow, none for
 * its method. A name beats a {name}.
 */
static const struct api_route *route_find(const struct api *api,
                                          enum http_method method,
                                          const char *path, struct match *match,
                                          bool allow[HTTP_METHODS]) {
    const struct api_route *found = NULL;
    const char *name =
        http_method_names[method == HTTP_HEAD ? HTTP_GET : method];
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct api_route *route = api->routes[i];
        struct match here;
        if (!matches(route->path, path, &here))
            continue;
        for (int m = 0; m < HTTP_METHODS; m++)
            if (strcmp(route->method, http_method_names[m]) == 0)
                allow[m] = true;
        if (strcmp(route->method, name) != 0 ||
            (found != NULL && here.n >= match->n))
            continue;
        found = route;
        *match = here;
    }
    return found;
}

/* ---- before the body ----------------------------------------------------- */

static const struct api_route *find(const struct api *api,
                                    struct http_request *request,
                                    const char *path, struct match *match,
                                    bool allow[HTTP_METHODS]) {
    enum http_method method = http_method(request);
    if (method == HTTP_METHODS)
        return NULL;
    return route_find(api, method, path, match, allow);
}

static size_t body_cap(const struct api_route *route) {
    return route->max_body_bytes > 0 ? route->max_body_bytes : API_BODY_BYTES;
}

/* Who has nothing to show is not listened to for long. */
static unsigned on_admit(struct http_request *request, const char *rest,
                         size_t body_bytes, void *data) {
    const struct api *api = data;
    bool allow[HTTP_METHODS] = {false};
    char peer[RATES_PEER_SIZE];
    struct match match;
    int64_t wait_ms;
    const struct api_route *route = find(api, request, rest, &match, allow);
    rates_peer(peer, http_peer(request));
    if (!rates_take(api->peers, peer, clock_mono_ms(api->bot->clock),
                    &wait_ms)) {
        metric_add(&m_hurried, 1);
        return 429;
    }
    if (route == NULL || body_bytes == 0)
        return 0; /* on_request() has the words for it */
    if (strcmp(route->method, "GET") == 0)
        return 400;
    if (route->permission != PERM_PUBLIC && !api_has_credentials(request))
        return 401;
    return body_bytes > body_cap(route) ? 413 : 0;
}

static void on_refuse(struct http_request *request, unsigned status,
                      void *data) {
    (void)data;
    api_refuse(request, status, NULL, NULL,
               status == 429 || status == 503 ? BUSY_MS : 0);
}

/* "GET, HEAD, POST" */
static void refuse_method(struct http_request *request,
                          bool allow[HTTP_METHODS]) {
    struct buf text = {0};
    allow[HTTP_HEAD] = allow[HTTP_GET];
    for (int m = 0; m < HTTP_METHODS; m++)
        if (allow[m])
            buf_addf(&text, "%s%s", text.len == 0 ? "" : ", ",
                     http_method_names[m]);
    api_refuse(request, text.len == 0 ? 404 : 405, NULL, text.data, 0);
    buf_finish(&text);
}

/* ---- the way of a call --------------------------------------------------- */

void api_call_free(struct api_call *call) {
    struct api *api = call->bot->api;
    DL_DELETE(api->calls, call);
    api->n_calls--;
    json_decref(call->json);
    arena_finish(&call->arena);
    free(call);
}

static struct api_call *call_new(struct api *api, struct http_request *request,
                                 const struct api_route *route,
                                 const struct match *match) {
    struct api_call *call = xcalloc(1, sizeof(*call));
    arena_init(&call->arena);
    call->bot = api->bot;
    call->route = route;
    call->request = request;
    call->now_ms = clock_wall_ms(api->bot->clock);
    call->begun_ms = clock_mono_ms(api->bot->clock);
    call->body = http_body(request, &call->body_len);
    for (size_t i = 0; i < match->n; i++)
        call->args[i] =
            arena_strndup(&call->arena, match->at[i], match->len[i]);
    DL_APPEND(api->calls, call);
    api->n_calls++;
    return call;
}

static void on_request(struct http_request *request, const char *rest,
                       void *data) {
    struct api *api = data;
    bool allow[HTTP_METHODS] = {false};
    struct match match;
    const struct api_route *route = find(api, request, rest, &match, allow);
    if (!utf8_valid(rest, strlen(rest))) {
        api_refuse(request, 404, NULL, NULL, 0);
    } else if (route == NULL) {
        refuse_method(request, allow);
    } else if (api->bot->stopping || api->n_calls >= API_CALLS_MAX) {
        api_refuse(request, 503, NULL, NULL, BUSY_MS);
    } else {
        struct api_call *call = call_new(api, request, route, &match);
        api_authenticate(call);
    }
}

/* Of several permissions of a route any is enough. A token is nobody's session,
 * whatever it may do. */
static bool permitted(const struct api_call *call) {
    unsigned permission = call->route->permission;
    if (permission == PERM_PUBLIC)
        return true;
    if (permission == PERM_SIGNED_IN)
        return call->caller.user != NULL;
    return (call->caller.permissions & permission) != 0;
}

void api_authenticated(struct api_call *call) {
    struct api *api = call->bot->api;
    int64_t wait_ms;
    if (call->caller.actor != NULL &&
        !rates_take(api->callers, call->caller.actor, call->begun_ms,
                    &wait_ms)) {
        metric_add(&m_hurried, 1);
        api_slow_down(call, wait_ms);
        return;
    }
    if (!permitted(call)) {
        metric_add(&m_denied, 1);
        api_problem(call, 403, "permission", NULL, NULL);
        return;
    }
    if (api_parse_body(call))
        api_claim(call);
}

void api_claimed(struct api_call *call) {
    call->route->handler(call);
}

void api_serve(struct bot *bot) {
    const struct http_tree tree = {
        .handler = on_request,
        .admit = on_admit,
        .refuse = on_refuse,
        .data = bot->api,
    };
    http_tree_add(bot->loop, API_PREFIX, &tree);
}

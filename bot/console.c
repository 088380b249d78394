#define LOG_MODULE "console"
#include "bot/console.h"

#include "base/log.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/server.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SUBDOMAIN "{s}" /* Leaflet puts a, b or c there */
#define HOST_CHARS                                                             \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"

char *console_tiles_origin(const char *url) {
    const char *host = strstr(url, "://");
    if (host == NULL)
        return NULL;
    host += strlen("://");
    int scheme = (int)(host - url);
    size_t len = strcspn(host, "/?#");
    const char *varies = strstr(host, SUBDOMAIN);
    if (varies != NULL && varies < host + len) {
        /* A policy knows only "*" for the whole of the first label. */
        const char *dot = memchr(host, '.', len);
        if (dot == NULL || dot < varies)
            return NULL;
        len -= (size_t)(dot - host);
        if (strspn(dot, HOST_CHARS) < len)
            return NULL;
        return xasprintf("%.*s*%.*s", scheme, url, (int)len, dot);
    }
    if (len == 0 || strspn(host, HOST_CHARS) < len)
        return NULL;
    return xasprintf("%.*s%.*s", scheme, url, (int)len, host);
}

/* The district as people call it, once its organisation is known. */
static const char *district_name(const struct bot *bot) {
    const struct unit *units;
    size_t n = policy_units(policies_get(bot->policies), &units);

    for (size_t i = 0; i < n; i++)
        if (strcmp(units[i].kind, "district") == 0)
            return units[i].name;
    return bot->config->district;
}

/* Tiles that the policy of the pages would forbid are not spoken of. */
static json_t *tiles(const char *url) {
    char *origin = url != NULL ? console_tiles_origin(url) : NULL;
    json_t *out = origin != NULL ? json_string(url) : json_null();

    free(origin);
    return out;
}

static void on_settings(struct http_request *request, const char *rest,
                        void *data) {
    const struct bot *bot = data;
    const struct config *config = bot->config;
    (void)rest;
    json_t *json = json_pack(
        "{s:s, s:s, s:o, s:s, s:s}", "district", district_name(bot), "operator",
        config->operator_name, "tiles_url", tiles(config->tiles_url),
        "tiles_attribution", config->tiles_attribution, "tiles_datum",
        config->tiles_gcj02 ? "gcj02" : "wgs84");
    char *body = json_dumps(json, JSON_COMPACT);
    const struct http_answer answer = {
        .status = body != NULL ? 200 : 500,
        .type = "application/json",
        .body = body,
        .body_len = body != NULL ? strlen(body) : 0,
    };

    http_answer(request, &answer);
    free(body);
    json_decref(json);
}

void console_add_routes(struct bot *bot) {
    const struct config *config = bot->config;

    if (!config->console)
        return;
    if (config->console_dir != NULL)
        http_static_add(bot->loop, "/console", config->console_dir);
    http_route_add(bot->loop, "/console/settings.json", on_settings, bot);
    if (config->tiles_url == NULL)
        return;
    char *origin = console_tiles_origin(config->tiles_url);
    if (origin != NULL)
        http_allow_images(bot->loop, origin);
    else
        LOG_WARN(
            "[console] tiles_url names no host that can be allowed; the "
            "map stays without tiles");
    free(origin);
}

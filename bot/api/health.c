#include "bot/api/health.h"

#include "bot/bot.h"
#include "bot/server.h"
#include "store/store.h"

#include <string.h>

static void answer_json(struct http_request *request, unsigned status,
                        const char *body) {
    const struct http_answer answer = {
        .status = status,
        .type = "application/json",
        .body = body,
        .body_len = strlen(body),
    };

    http_answer(request, &answer);
}

static void on_health(struct http_request *request, const char *rest,
                      void *data) {
    (void)rest;
    (void)data;
    answer_json(request, 200, "{\"alive\":true}\n");
}

static void on_ready(struct http_request *request, const char *rest,
                     void *data) {
    const struct bot *bot = data;

    (void)rest;
    if (bot->stopping)
        answer_json(request, 503,
                    "{\"ready\":false,\"reason\":\"stopping\"}\n");
    else if (bot->store == NULL || !store_is_up(bot->store))
        answer_json(request, 503, "{\"ready\":false,\"reason\":\"store\"}\n");
    else
        answer_json(request, 200, "{\"ready\":true}\n");
}

void health_add_routes(struct bot *bot) {
    http_route_add(bot->loop, "/healthz", on_health, bot);
    http_route_add(bot->loop, "/readyz", on_ready, bot);
}

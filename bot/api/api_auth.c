#include "base/metrics.h"
#include "base/token.h"
#include "bot/api/api_parts.h"
#include "bot/api/auth.h"
#include "bot/bot.h"
#include "bot/server.h"
#include "store/user.h"

#include <string.h>

static struct metric m_strangers =
    METRIC_COUNTER("xiaofeng_api_strangers_total",
                   "Calls with no credentials, or with wrong ones.");
static struct metric m_forged = METRIC_COUNTER(
    "xiaofeng_api_forged_total",
    "Calls with somebody's cookie that no page of ours has made.");

bool api_has_credentials(const struct http_request *request) {
    return http_field(request, HTTP_AUTHORIZATION)[0] != '\0' ||
           http_field(request, HTTP_COOKIE)[0] != '\0';
}

static void refuse(struct api_call *call, const char *code) {
    metric_add(&m_strangers, 1);
    api_problem(call, 401, code, NULL, NULL);
}

static bool writes(const struct api_call *call) {
    return strcmp(call->route->method, "GET") != 0;
}

static bool origin_ok(struct api_call *call) {
    if (auth_origin_ok(call->bot->config,
                       http_field(call->request, HTTP_ORIGIN),
                       http_field(call->request, HTTP_HOST)))
        return true;
    metric_add(&m_forged, 1);
    api_problem(call, 403, "origin", NULL, NULL);
    return false;
}

/* A browser sends the cookie with whatever page makes it ask: only ours know
 * the second secret. */
static bool is_ours(struct api_call *call) {
    if (!writes(call))
        return true;
    if (!origin_ok(call))
        return false;
    if (token_equal(call->caller.csrf,
                    http_field(call->request, HTTP_CSRF_TOKEN)))
        return true;
    metric_add(&m_forged, 1);
    api_problem(call, 403, "csrf", NULL, NULL);
    return false;
}

static void on_session(void *data, enum err err,
                       const struct session_record *session,
                       const struct user *user) {
    struct api_call *call = data;
    if (err == ERR_NOT_FOUND ||
        (err == OK && auth_session_expired(session, call->now_ms))) {
        refuse(call, "session");
    } else if (err != OK) {
        api_fail(call, err);
    } else {
        auth_user(&call->arena, user, session, &call->caller);
        if (is_ours(call))
            api_authenticated(call);
    }
}

static void on_token(void *data, enum err err,
                     const struct token_record *token) {
    struct api_call *call = data;
    if (err == ERR_NOT_FOUND) {
        refuse(call, "token");
    } else if (err != OK) {
        api_fail(call, err);
    } else if (auth_token_expired(token, call->now_ms)) {
        refuse(call, "expired");
    } else {
        auth_token(&call->arena, token, &call->caller);
        api_authenticated(call);
    }
}

void api_authenticate(struct api_call *call) {
    const char *authorization = http_field(call->request, HTTP_AUTHORIZATION);
    if (call->route->permission == PERM_PUBLIC) {
        /* Nobody is to be signed in as somebody else by another page. */
        if (!writes(call) || origin_ok(call))
            api_authenticated(call);
        return;
    }
    if (authorization[0] != '\0') {
        const char *secret = auth_bearer(&call->arena, authorization);
        if (secret == NULL)
            refuse(call, "token");
        else
            api_token_get(call->bot->store, &call->arena, secret, on_token,
                          call);
        return;
    }
    const char *secret =
        auth_session(&call->arena, http_field(call->request, HTTP_COOKIE));
    if (secret == NULL)
        refuse(call, "credentials");
    else
        session_get(call->bot->store, &call->arena, secret, on_session, call);
}

#include "bot/api/auth.h"

#include "base/arena.h"
#include "bot/config.h"

#include <string.h>
#include <strings.h>

/* Random bytes in base64url, and what stands before them. */
static const char *secret(struct arena *arena, const char *at, size_t len) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz0123456789-_";
    if (len == 0 || len > AUTH_SECRET_CHARS || strspn(at, letters) < len)
        return NULL;
    return arena_strndup(arena, at, len);
}

const char *auth_session(struct arena *arena, const char *cookies) {
    size_t name = strlen(AUTH_COOKIE "=");
    for (const char *at = cookies; *at != '\0';) {
        at += strspn(at, "; ");
        size_t len = strcspn(at, "; ");
        if (len > name && memcmp(at, AUTH_COOKIE "=", name) == 0)
            return secret(arena, at + name, len - name);
        at += len;
    }
    return NULL;
}

const char *auth_bearer(struct arena *arena, const char *authorization) {
    size_t scheme = strlen("Bearer "), prefix = strlen(AUTH_TOKEN_PREFIX);
    if (strncasecmp(authorization, "Bearer ", scheme) != 0)
        return NULL;
    authorization += scheme;
    if (strncmp(authorization, AUTH_TOKEN_PREFIX, prefix) != 0)
        return NULL;
    return secret(arena, authorization, strlen(authorization));
}

bool auth_origin_ok(const struct config *config, const char *origin,
                    const char *host) {
    const char *at = strstr(origin, "://");
    const char *ours =
        config->public_url != NULL ? strstr(config->public_url, "://") : NULL;
    if (origin[0] == '\0')
        return true;
    if (at == NULL)
        return false;
    at += 3;
    if (strcasecmp(at, host) == 0)
        return true;
    if (ours == NULL)
        return false;
    ours += 3;
    size_t len = strcspn(ours, "/");
    return strlen(at) == len && strncasecmp(at, ours, len) == 0;
}

void auth_user(struct arena *arena, const struct user *user,
               const struct session_record *session, struct caller *out) {
    struct user *copy = arena_alloc(arena, sizeof(*copy));
    *copy = *user;
    *out = (struct caller){
        .actor = arena_printf(arena, "user:%s", user->name),
        .display = user->display[0] != '\0' ? user->display : user->name,
        .user = copy,
        .csrf = session != NULL ? session->csrf : "",
    };
    access_of_user(out);
}

void auth_token(struct arena *arena, const struct token_record *token,
                struct caller *out) {
    *out = (struct caller){
        .actor = arena_printf(arena, "token:%s", token->id),
        .display = token->name,
        .csrf = "",
        .grants = {{.unit = token->unit, .category = "*"}},
        .n_grants = 1,
    };
    /* What is stored is ours; of an unknown word nothing is given. */
    if (!access_parse(token->scopes, &out->permissions))
        out->permissions = 0;
}

bool auth_token_expired(const struct token_record *token, int64_t now_ms) {
    return token->expires_ms != 0 && now_ms >= token->expires_ms;
}

bool auth_session_expired(const struct session_record *session,
                          int64_t now_ms) {
    return now_ms >= session->created_ms + SESSION_MAX_MS;
}

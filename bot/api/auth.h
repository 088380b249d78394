#pragma once

#include "base/err.h"
#include "bot/api/access.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct config;

/*
 * Who asks, for what speaks HTTP or WebSocket to staff and to other systems.
 */
#define AUTH_COOKIE "xf_session"
#define AUTH_TOKEN_PREFIX "xf_"
#define AUTH_SECRET_CHARS 128 /* longer ones are none of ours */

/* The secret of the session in a Cookie header, in arena; NULL: none. */
const char *auth_session(struct arena *arena, const char *cookies);
/* The secret of a token in an Authorization header, in arena; NULL: none. */
const char *auth_bearer(struct arena *arena, const char *authorization);

/* Whether a page of another site asks in the name of whoever looks at it.
 * Programs send no Origin, and carry nobody's cookie along. */
bool auth_origin_ok(const struct config *config, const char *origin,
                    const char *host);

/* A caller of what the store said. Its strings borrow from these and arena. */
void auth_user(struct arena *arena, const struct user *user,
               const struct session_record *session, struct caller *out);
void auth_token(struct arena *arena, const struct token_record *token,
                struct caller *out);
bool auth_token_expired(const struct token_record *token, int64_t now_ms);
bool auth_session_expired(const struct session_record *session, int64_t now_ms);

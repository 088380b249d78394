#pragma once

#include <jansson.h>
#include <stdbool.h>

struct api_call;
struct bot;
struct user;

/* Users, as administrators see and change them. */
void users_add_routes(struct bot *bot);

json_t *users_json(const struct user *user);
/* What their sealed secret of one-time passwords is sealed under. */
const char *users_totp_context(struct api_call *call, const struct user *user);
/* Whether a code is of the sealed secret; its step is then the user's last. */
bool users_totp_ok(struct api_call *call, struct user *user, const char *sealed,
                   const char *code);

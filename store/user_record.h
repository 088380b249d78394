#pragma once

#include "store/user.h"

struct redisReply;

/*
 * Private to user.c and session.c: a user of its hash. False when there is
 * none. Strings live in arena.
 */
bool user_unpack(struct arena *arena, const struct redisReply *reply,
                 const char *name, struct user *out);

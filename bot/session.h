#pragma once

#include <stdbool.h>

struct arena;
struct bot;
struct form;

/*
 * A form in progress, as the rider's record keeps it: packed into one string,
 * so that it survives a restart of the bot and of Redis.
 */
char *session_pack(struct arena *arena, const struct form *form);
/* False when packed is "" or names a command or slot that is no more. */
bool session_unpack(const struct bot *bot, struct arena *arena,
                    const char *packed, struct form *out);

#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bot;

/*
 * What a connector knows of a frame before decoding it. Ninety-nine of a
 * hundred group messages want no answer: glance() tells them from a few bytes,
 * without a lookup in the store. It may say yes too often, never no wrongly.
 */
struct glance {
    const char *chat;  /* "qq.g20010001" */
    const char *rider; /* "qq.90001" */
    bool in_group;     /* a private message is always wanted */
    bool mentioned;
    const char *text; /* the message's text up to its first 64 bytes or
                         more, unescaped; not NUL-terminated */
    size_t text_len;
};

bool glance(const struct bot *bot, const struct glance *glance);

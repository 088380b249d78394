#pragma once

#include "bot/audience.h"

/*
 * An audience in the making, private to bot/audience*.c.
 */
struct audience *audience_new(void);
/* The number of the part of these accounts and this language; both are
 * copied when it is a new one. */
size_t audience_part(struct audience *audience, const char *accounts,
                     const char *lang);
/* Keeps a copy of these tags. */
void audience_keep_tags(struct audience *audience, const char *const *tags,
                        size_t n);
/* Adds a chat to a part; it counts. */
void audience_add(struct audience *audience, size_t part, const char *chat);

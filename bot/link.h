#pragma once

#include "store/notice.h"

struct account;

/*
 * The platform refused a private message to a rider: the group they wrote in
 * gets a one-time link (TTL_LINK_MS) with which they go on in the web chat.
 * Nothing but the open question can be seen or answered there, because anybody
 * in the group may open the link first. An answer of staff is not in it either:
 * the group hears only that one waits.
 */
void link_fall_back(struct account *account, enum lane lane, const char *group,
                    const char *rider);

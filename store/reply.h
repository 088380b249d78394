#pragma once

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Careful access to Redis replies: a reply of another shape than expected
 * reads as empty. Private to store/.
 */

/* An element of an array reply, or NULL. */
const struct redisReply *reply_at(const struct redisReply *reply, size_t i);
size_t reply_count(const struct redisReply *reply);
/* A string's text, "" for nil or another type; copied to arena. */
const char *reply_string(struct arena *arena, const struct redisReply *reply);
/* An integer, or a string of one; 0 for anything else. */
int64_t reply_int(const struct redisReply *reply);
/* Of a name-value array (HGETALL): the value of name, or NULL. */
const struct redisReply *reply_field(const struct redisReply *reply,
                                     const char *name);

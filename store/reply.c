#include "store/reply.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

size_t reply_count(const struct redisReply *reply) {
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY)
        return 0;
    return reply->elements;
}

const struct redisReply *reply_at(const struct redisReply *reply, size_t i) {
    return i < reply_count(reply) ? reply->element[i] : NULL;
}

static bool is_string(const struct redisReply *reply) {
    return reply != NULL && (reply->type == REDIS_REPLY_STRING ||
                             reply->type == REDIS_REPLY_STATUS);
}

const char *reply_string(struct arena *arena, const struct redisReply *reply) {
    if (!is_string(reply) || reply->len == 0)
        return "";
    return arena_strndup(arena, reply->str, reply->len);
}

int64_t reply_int(const struct redisReply *reply) {
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
        return reply->integer;
    return is_string(reply) ? strtoll(reply->str, NULL, 10) : 0;
}

const struct redisReply *reply_field(const struct redisReply *reply,
                                     const char *name) {
    size_t len = strlen(name);
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2) {
        const struct redisReply *key = reply->element[i];
        if (is_string(key) && key->len == len &&
            memcmp(key->str, name, len) == 0)
            return reply->element[i + 1];
    }
    return NULL;
}

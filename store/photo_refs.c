#include "store/photo_refs.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP "300" /* keys a step */

struct photo_refs {
    struct photo_refs_options options;
    struct arena arena; /* of a step */
    char cursor[24];
    size_t waiting;
    enum err err;
};

/* ---- what is in a value ------------------------------------------------- */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Words of an id's letters that are as long as one. */
static void look_into(struct photo_refs *refs, const char *text, size_t len) {
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && is_letter(text[i + n]))
            n++;
        if (n == PHOTO_REF_CHARS)
            refs->options.found(refs->options.data, text + i);
        i += n + 1;
    }
}

/* Lists of a stream are three deep. */
static void look_through(struct photo_refs *refs,
                         const struct redisReply *reply) {
    if (reply != NULL && reply->type == REDIS_REPLY_STRING)
        look_into(refs, reply->str, reply->len);
    for (size_t i = 0; i < reply_count(reply); i++)
        look_through(refs, reply_at(reply, i));
}

/* ---- steps -------------------------------------------------------------- */

static void step(struct photo_refs *refs);

static void one_less(struct photo_refs *refs) {
    if (--refs->waiting > 0)
        return;
    arena_finish(&refs->arena);
    refs->options.progress(refs->options.data);
    if (refs->err == OK && strcmp(refs->cursor, "0") != 0) {
        step(refs);
        return;
    }
    refs->options.done(refs->options.data, refs->err);
    free(refs);
}

static void on_value(void *data, enum err err, const struct redisReply *reply) {
    struct photo_refs *refs = data;
    if (err == OK)
        look_through(refs, reply);
    else
        refs->err = err;
    one_less(refs);
}

/* How each kind of key is read that may name a photo; name is behind the
 * district's tag. */
static void read_key(struct photo_refs *refs, const char *name) {
    static const struct {
        const char *prefix;
        size_t argc;
        const char *argv[4]; /* [1] is the key */
    } kinds[] = {
        {"ticket:", 4, {"HMGET", NULL, "photos", "after"}},
        {"log:", 4, {"LRANGE", NULL, "0", "-1"}},
        {"notes:", 4, {"LRANGE", NULL, "0", "-1"}},
        {"chat:", 4, {"XRANGE", NULL, "-", "+"}},
        {"record:material:", 3, {"HGET", NULL, "cover"}},
        {"rider:", 4, {"HMGET", NULL, "form", "draft"}},
        {"record:", 2, {"HVALS", NULL}},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
            continue;
        const char *argv[4];
        memcpy(argv, kinds[i].argv, sizeof(argv));
        argv[1] = arena_printf(&refs->arena, "@%s", name);
        refs->waiting++;
        store_read(refs->options.store, on_value, refs, kinds[i].argc, argv);
        return;
    }
}

static void on_keys(void *data, enum err err, const struct redisReply *reply) {
    struct photo_refs *refs = data;
    const struct redisReply *keys = reply_at(reply, 1);
    if (err != OK)
        refs->err = err;
    snprintf(refs->cursor, sizeof(refs->cursor), "%s",
             reply_string(&refs->arena, reply_at(reply, 0)));
    for (size_t i = 0; err == OK && i < reply_count(keys); i++) {
        const char *key = reply_string(&refs->arena, reply_at(keys, i));
        const char *name = strstr(key, "}:");
        if (name != NULL)
            read_key(refs, name + 2);
    }
    one_less(refs);
}

static void step(struct photo_refs *refs) {
    refs->waiting = 1;
    store_read(refs->options.store, on_keys, refs, 6,
               (const char *const[]){"SCAN", refs->cursor, "MATCH", "@*",
                                     "COUNT", STEP});
}

void photo_refs(const struct photo_refs_options *options) {
    struct photo_refs *refs = xcalloc(1, sizeof(*refs));
    refs->options = *options;
    arena_init(&refs->arena);
    snprintf(refs->cursor, sizeof(refs->cursor), "0");
    step(refs);
}

#include "store/delivery.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Targets one after the other: a stretch of their letters is read, those that
 * are wanted are chosen, and what is known of these is read.
 */
#define STRETCH 32768
#define PLACE_FIRST '!' /* see delivery_send.c */

struct targets_call {
    struct store *store;
    struct arena *arena;
    const char *id;
    char letter;
    size_t offset, max;
    const char *letters, *senders; /* of the stretch */
    bool *is_read;                 /* of each of it; for DELIVERY_UNREAD */
    struct delivery_target *targets;
    size_t n, chats; /* chosen; and with a chat */
    size_t n_parts;
    const char **parts; /* "<first> <targets> <accounts> <language>" */
    int64_t next;
    enum err err;
    delivery_targets_read *done;
    void *data;
};

static void read_stretch(struct targets_call *call);

static const char *key_of(struct targets_call *call, const char *key) {
    size_t len = strcspn(key, "%");
    return arena_printf(call->arena, "@%.*s%s%s", (int)len, key, call->id,
                        key + len + 2);
}

static void end(struct targets_call *call) {
    call->done(call->data, call->err, call->targets,
               call->err == OK ? call->n : 0, call->next);
}

/* ---- what is known of those that are wanted --------------------------------
 */

/* The account that took a target: its place in the part's list. */
static const char *sender_of(const struct targets_call *call, size_t index,
                             char place) {
    for (size_t p = 0; place >= PLACE_FIRST && p < call->n_parts; p++) {
        char *at;
        size_t from = strtoul(call->parts[p], &at, 10);
        size_t n = strtoul(at, &at, 10);
        if (index < from || index >= from + n || *at != ' ')
            continue;
        at++;
        for (int i = place - PLACE_FIRST; i > 0 && at != NULL; i--)
            at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL;
        return at == NULL ? ""
                          : arena_strndup(call->arena, at, strcspn(at, ", "));
    }
    return "";
}

static void on_reasons(void *data, enum err err,
                       const struct redisReply *reply) {
    struct targets_call *call = data;
    if (err != OK)
        call->err = err;
    for (size_t i = 0; i < call->n; i++)
        call->targets[i].reason =
            strchr("rul", call->targets[i].letter) == NULL
                ? ""
                : reply_string(call->arena, reply_at(reply, i));
}

static void on_reads(void *data, enum err err, const struct redisReply *reply) {
    struct targets_call *call = data;
    if (err != OK)
        call->err = err;
    for (size_t i = 0; i < call->n; i++)
        call->targets[i].reads = reply_int(reply_at(reply, i));
    end(call);
}

/* Chats come run by run. */
static void on_chats(void *data, enum err err, const struct redisReply *reply) {
    struct targets_call *call = data;
    if (err != OK)
        call->err = err;
    for (size_t i = 0; i < reply_count(reply) && call->chats < call->n; i++)
        call->targets[call->chats++].chat =
            reply_string(call->arena, reply_at(reply, i));
}

static void read_many(struct targets_call *call, const char *key,
                      redis_done *done) {
    const char **argv = arena_alloc(call->arena, (call->n + 2) * sizeof(*argv));
    argv[0] = "HMGET";
    argv[1] = key_of(call, key);
    for (size_t i = 0; i < call->n; i++)
        argv[i + 2] = arena_printf(call->arena, "%zu", call->targets[i].index);
    store_read(call->store, done, call, call->n + 2, argv);
}

static void read_rest(struct targets_call *call) {
    const char *key = key_of(call, KEY_DELIVERY_CHATS);
    for (size_t i = 0, j; i < call->n; i = j) {
        char first[24], last[24];
        for (j = i + 1; j < call->n && call->targets[j].index ==
                                           call->targets[j - 1].index + 1;
             j++)
            ;
        snprintf(first, sizeof(first), "%zu", call->targets[i].index);
        snprintf(last, sizeof(last), "%zu", call->targets[j - 1].index);
        store_read(call->store, on_chats, call, 4,
                   (const char *const[]){"LRANGE", key, first, last});
    }
    read_many(call, KEY_DELIVERY_REASONS, on_reasons);
    read_many(call, KEY_DELIVERY_READS, on_reads);
}

/* ---- a stretch -------------------------------------------------------------
 */

static bool is_wanted(const struct targets_call *call, size_t i) {
    char letter = call->letters[i];
    if (call->letter == DELIVERY_UNREAD)
        return letter == 'o' && !call->is_read[i];
    return call->letter == 0 || letter == call->letter;
}

static void choose(struct targets_call *call) {
    size_t len = strlen(call->letters), senders = strlen(call->senders);
    size_t i = 0;
    for (; i < len && call->n < call->max; i++)
        if (is_wanted(call, i))
            call->targets[call->n++] = (struct delivery_target){
                .index = call->offset + i,
                .chat = "",
                .reason = "",
                .letter = call->letters[i],
                .account = i < senders ? sender_of(call, call->offset + i,
                                                   call->senders[i])
                                       : "",
            };
    call->offset += i;
    bool over = i == len && len < STRETCH;
    call->next = over ? -1 : (int64_t)call->offset;
    if (!over && call->n < call->max)
        read_stretch(call);
    else if (call->n > 0)
        read_rest(call);
    else
        end(call);
}

static void on_senders(void *data, enum err err,
                       const struct redisReply *reply) {
    struct targets_call *call = data;
    if (err != OK)
        call->err = err;
    call->senders = reply_string(call->arena, reply);
    if (call->err != OK) {
        call->next = -1;
        call->n = 0;
        end(call);
        return;
    }
    choose(call);
}

static void on_letters(void *data, enum err err,
                       const struct redisReply *reply) {
    struct targets_call *call = data;
    if (err != OK)
        call->err = err;
    call->letters = reply_string(call->arena, reply);
}

/* Indexes with a reader. */
static void on_indexes(void *data, enum err err,
                       const struct redisReply *reply) {
    struct targets_call *call = data;
    if (err != OK)
        call->err = err;
    memset(call->is_read, 0, STRETCH);
    for (size_t i = 0; i < reply_count(reply); i++) {
        size_t index = (size_t)reply_int(reply_at(reply, i));
        if (index >= call->offset && index < call->offset + STRETCH)
            call->is_read[index - call->offset] = true;
    }
}

static void read_stretch(struct targets_call *call) {
    char first[24], last[24];
    snprintf(first, sizeof(first), "%zu", call->offset);
    snprintf(last, sizeof(last), "%zu", call->offset + STRETCH - 1);
    if (call->letter == DELIVERY_UNREAD)
        store_read(
            call->store, on_indexes, call, 2,
            (const char *const[]){"HKEYS", key_of(call, KEY_DELIVERY_READS)});
    store_read(call->store, on_letters, call, 4,
               (const char *const[]){
                   "GETRANGE", key_of(call, KEY_DELIVERY_STATES), first, last});
    store_read(call->store, on_senders, call, 4,
               (const char *const[]){"GETRANGE",
                                     key_of(call, KEY_DELIVERY_SENDERS), first,
                                     last});
}

static void on_parts(void *data, enum err err, const struct redisReply *reply) {
    struct targets_call *call = data;
    call->err = err;
    size_t n = (size_t)reply_int(reply_field(reply, "n"));
    call->parts = arena_alloc(call->arena, (n + 1) * sizeof(*call->parts));
    for (size_t p = 0; p < n; p++) {
        char name[24];
        snprintf(name, sizeof(name), "%zu", p);
        call->parts[p] = reply_string(call->arena, reply_field(reply, name));
    }
    call->n_parts = n;
}

void delivery_targets(struct store *store, struct arena *arena, const char *id,
                      char letter, size_t offset, size_t max,
                      delivery_targets_read *done, void *data) {
    struct targets_call *call = arena_alloc(arena, sizeof(*call));
    max = max < DELIVERY_TARGETS_MAX ? max : DELIVERY_TARGETS_MAX;
    *call = (struct targets_call){
        .store = store,
        .arena = arena,
        .id = arena_strdup(arena, id),
        .letter = letter,
        .offset = offset,
        .max = max == 0 ? 1 : max,
        .done = done,
        .data = data,
    };
    call->targets = arena_alloc(arena, call->max * sizeof(*call->targets));
    if (letter == DELIVERY_UNREAD)
        call->is_read = arena_alloc(arena, STRETCH);
    store_read(
        store, on_parts, call, 2,
        (const char *const[]){"HGETALL", key_of(call, KEY_DELIVERY_PARTS)});
    read_stretch(call);
}

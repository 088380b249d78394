#include "store/rider.h"

#include "base/arena.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/people.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const rider_fields[] = {
    "v",    "lang",  "nick",    "roles", "consent",  "exif",
    "form", "draft", "account", "units", "unlisted",
};
#define N_FIELDS (sizeof(rider_fields) / sizeof(rider_fields[0]))

struct open_call {
    struct arena *arena;
    const char *id;
    const struct redisReply *answer; /* not used after its callback */
    const char *answer_text;
    size_t answer_len;
    enum err err;
    rider_opened *opened; /* one of the two */
    rider_read *read;
    void *data;
};

static struct rider decode(struct arena *arena, const char *id,
                           const struct redisReply *reply) {
    return (struct rider){
        .id = id,
        .version = reply_int(reply_at(reply, 0)),
        .lang = reply_string(arena, reply_at(reply, 1)),
        .nick = reply_string(arena, reply_at(reply, 2)),
        .roles = (unsigned)reply_int(reply_at(reply, 3)),
        .consent = reply_string(arena, reply_at(reply, 4)),
        .exif = reply_string(arena, reply_at(reply, 5)),
        .form = reply_string(arena, reply_at(reply, 6)),
        .draft = reply_string(arena, reply_at(reply, 7)),
        .account = reply_string(arena, reply_at(reply, 8)),
        .units = reply_string(arena, reply_at(reply, 9)),
        .unlisted = reply_int(reply_at(reply, 10)) != 0,
    };
}

/* The two commands are answered in order: this one first. */
static void on_seen(void *data, enum err err, const struct redisReply *reply) {
    struct open_call *call = data;
    call->err = err;
    if (err == OK && reply->type == REDIS_REPLY_STRING) {
        call->answer_text = arena_strndup(call->arena, reply->str, reply->len);
        call->answer_len = reply->len;
    }
}

static void on_rider(void *data, enum err err, const struct redisReply *reply) {
    struct open_call *call = data;
    if (err == OK)
        err = call->err;
    struct rider rider = {.id = call->id};
    if (err == OK)
        rider = decode(call->arena, call->id, reply);
    if (call->opened != NULL)
        call->opened(call->data, err, &rider, call->answer_text,
                     call->answer_len);
    else
        call->read(call->data, err, &rider);
}

static void read_rider(struct store *store, struct open_call *call) {
    char key[160];
    const char *argv[2 + N_FIELDS] = {"HMGET", key};
    snprintf(key, sizeof(key), "@" KEY_RIDER, call->id);
    for (size_t i = 0; i < N_FIELDS; i++)
        argv[2 + i] = rider_fields[i];
    store_read(store, on_rider, call, 2 + N_FIELDS, argv);
}

void rider_open(struct store *store, struct arena *arena, const char *rider,
                const char *account, const char *chat, const char *message_id,
                rider_opened *done, void *data) {
    struct open_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct open_call){
        .arena = arena, .id = rider, .opened = done, .data = data};
    char key[320];
    snprintf(key, sizeof(key), "@" KEY_SEEN, account, chat, message_id);
    store_read(store, on_seen, call, 2, (const char *const[]){"GET", key});
    read_rider(store, call);
}

void rider_get(struct store *store, struct arena *arena, const char *id,
               rider_read *done, void *data) {
    struct open_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct open_call){
        .arena = arena, .id = id, .read = done, .data = data};
    read_rider(store, call);
}

void rider_erase(struct txn *txn, const struct rider *rider) {
    txn_op(txn, "rider_erase");
    txn_key(txn, KEY_RIDER, rider->id);
    txn_key(txn, KEY_RIDER_TICKETS, rider->id);
    txn_arg_int(txn, rider->version);
    people_changed(txn, rider->id);
}

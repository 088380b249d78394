#include "store/group.h"

#include "base/arena.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void group_set(struct txn *txn, const struct group *group) {
    txn_op(txn, "group_set");
    txn_key(txn, KEY_GROUP, group->chat);
    txn_key(txn, KEY_GROUPS);
    txn_arg(txn, group->chat);
    txn_arg(txn, "title");
    txn_arg(txn, group->title);
    txn_arg(txn, "account");
    txn_arg(txn, group->account);
    if (group->lang != NULL) {
        txn_arg(txn, "lang");
        txn_arg(txn, group->lang);
    }
    if (group->muted) {
        txn_arg(txn, "muted");
        txn_arg(txn, "1");
    }
}

struct list_call {
    struct store *store;
    struct arena *arena;
    struct group *groups;
    size_t n, read;
    enum err err;
    group_list *done;
    void *data;
};

static int by_title(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    int order = strcmp(x->title, y->title);
    return order != 0 ? order : strcmp(x->chat, y->chat);
}

static void list_end(struct list_call *call) {
    qsort(call->groups, call->n, sizeof(*call->groups), by_title);
    call->done(call->data, call->err, call->groups, call->n);
}

/* Answers come in the order of the questions: the next group's. */
static void on_group(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    struct group *group = &call->groups[call->read++];
    if (err != OK)
        call->err = err;
    group->title = reply_string(call->arena, reply_at(reply, 0));
    group->account = reply_string(call->arena, reply_at(reply, 1));
    group->lang = reply_string(call->arena, reply_at(reply, 2));
    group->muted = reply_int(reply_at(reply, 3)) != 0;
    if (call->read == call->n)
        list_end(call);
}

static void on_ids(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    call->err = err;
    call->n = n < GROUPS_MAX ? n : GROUPS_MAX;
    call->groups = arena_alloc(call->arena, (n + 1) * sizeof(*call->groups));
    for (size_t i = 0; i < call->n; i++)
        call->groups[i].chat = reply_string(call->arena, reply_at(reply, i));
    for (size_t i = 0; i < call->n; i++) {
        char key[160];
        snprintf(key, sizeof(key), "@" KEY_GROUP, call->groups[i].chat);
        store_read(call->store, on_group, call, 6,
                   (const char *const[]){"HMGET", key, "title", "account",
                                         "lang", "muted"});
    }
    if (call->n == 0)
        list_end(call);
}

void group_list_all(struct store *store, struct arena *arena, group_list *done,
                    void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){
        .store = store, .arena = arena, .done = done, .data = data};
    store_read(store, on_ids, call, 2,
               (const char *const[]){"SMEMBERS", "@" KEY_GROUPS});
}

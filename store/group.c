#include "store/group.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/people.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char groups_key[] = "@" KEY_GROUPS;

void group_set(struct txn *txn, const struct group *group) {
    txn_op(txn, "group_set");
    txn_key(txn, KEY_GROUP, group->chat);
    txn_key(txn, KEY_GROUPS);
    txn_key(txn, KEY_ACCOUNT_GROUPS, group->account);
    txn_key(txn, KEY_PEOPLE);
    txn_arg(txn, group->chat);
    txn_arg(txn, group->account);
    txn_arg_int(txn, PEOPLE_STREAM_MAX);
    txn_arg(txn, "title");
    txn_arg(txn, group->title);
    if (group->lang != NULL) {
        txn_arg(txn, "lang");
        txn_arg(txn, group->lang);
    }
    if (group->muted) {
        txn_arg(txn, "muted");
        txn_arg(txn, "1");
    }
}

void group_leave(struct txn *txn, const char *chat, const char *account) {
    txn_op(txn, "group_leave");
    txn_key(txn, KEY_GROUP, chat);
    txn_key(txn, KEY_ACCOUNT_GROUPS, account);
    txn_key(txn, KEY_PEOPLE);
    txn_arg(txn, chat);
    txn_arg(txn, account);
    txn_arg_int(txn, PEOPLE_STREAM_MAX);
}

void group_change(struct txn *txn, const char *chat, int64_t version,
                  const char *const *fields, size_t n_fields) {
    txn_op(txn, "group_change");
    txn_key(txn, KEY_GROUP, chat);
    txn_key(txn, KEY_PEOPLE);
    txn_arg(txn, chat);
    txn_arg_int(txn, version);
    txn_arg_int(txn, PEOPLE_STREAM_MAX);
    for (size_t i = 0; i < n_fields; i++)
        txn_arg(txn, fields[i]);
}

/* ---- reading -------------------------------------------------------------
 */

static const char *const group_fields[] = {
    "title", "account",  "accounts", "lang", "muted",
    "units", "stations", "tags",     "v",
};

static void decode(struct arena *arena, const struct redisReply *reply,
                   struct group *out) {
    const struct redisReply *accounts = reply_at(reply, 2);
    bool several = accounts != NULL && accounts->type == REDIS_REPLY_STRING;
    out->title = reply_string(arena, reply_at(reply, 0));
    out->account = reply_string(arena, reply_at(reply, 1));
    /* Before there could be several, there was the last one. */
    out->accounts = several ? reply_string(arena, accounts) : out->account;
    out->lang = reply_string(arena, reply_at(reply, 3));
    out->muted = reply_int(reply_at(reply, 4)) != 0;
    out->units = reply_string(arena, reply_at(reply, 5));
    out->stations = reply_string(arena, reply_at(reply, 6));
    out->tags = reply_string(arena, reply_at(reply, 7));
    out->version = reply_int(reply_at(reply, 8));
}

struct list_call {
    struct store *store;
    struct arena *arena;
    struct group *groups;
    size_t n, read, max;
    enum err err;
    struct group_scan *scan;
    bool by_title;
    group_list *done;
    void *data;
};

static int by_title(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    int order = strcmp(x->title, y->title);
    return order != 0 ? order : strcmp(x->chat, y->chat);
}

static void list_end(struct list_call *call) {
    if (call->by_title)
        qsort(call->groups, call->n, sizeof(*call->groups), by_title);
    call->done(call->data, call->err, call->groups, call->n);
}

/* Answers come in the order of the questions: the next group's. */
static void on_group(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    if (err != OK)
        call->err = err;
    decode(call->arena, reply, &call->groups[call->read++]);
    if (call->read == call->n)
        list_end(call);
}

static void read_all(struct list_call *call) {
    const char *argv[2 + ARRAY_LEN(group_fields)] = {"HMGET"};
    memcpy(argv + 2, group_fields, sizeof(group_fields));
    for (size_t i = 0; i < call->n; i++) {
        argv[1] =
            arena_printf(call->arena, "@" KEY_GROUP, call->groups[i].chat);
        store_read(call->store, on_group, call, ARRAY_LEN(argv), argv);
    }
    if (call->n == 0)
        list_end(call);
}

static void take_chats(struct list_call *call, enum err err,
                       const struct redisReply *chats) {
    size_t n = err == OK ? reply_count(chats) : 0;
    call->err = err;
    call->n = n < call->max ? n : call->max;
    call->groups =
        arena_alloc(call->arena, (call->n + 1) * sizeof(*call->groups));
    for (size_t i = 0; i < call->n; i++)
        call->groups[i].chat = reply_string(call->arena, reply_at(chats, i));
}

static void on_chats(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    take_chats(call, err, reply);
    read_all(call);
}

static struct list_call *list_new(struct store *store, struct arena *arena,
                                  group_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){.store = store,
                               .arena = arena,
                               .max = SIZE_MAX,
                               .done = done,
                               .data = data};
    return call;
}

void group_list_all(struct store *store, struct arena *arena, group_list *done,
                    void *data) {
    struct list_call *call = list_new(store, arena, done, data);
    call->max = GROUPS_MAX;
    call->by_title = true;
    store_read(store, on_chats, call, 2,
               (const char *const[]){"SMEMBERS", groups_key});
}

void group_get(struct store *store, struct arena *arena,
               const char *const *chats, size_t n, group_list *done,
               void *data) {
    struct list_call *call = list_new(store, arena, done, data);
    if (n == 0 || n > GROUPS_READ_MAX)
        abort(); /* nobody asks for nothing, and done must come later */
    call->n = n;
    call->groups = arena_alloc(arena, n * sizeof(*call->groups));
    for (size_t i = 0; i < n; i++)
        call->groups[i].chat = chats[i];
    read_all(call);
}

#define SCAN_COUNT "500" /* groups a step */

static void on_scanned(void *data, enum err err,
                       const struct redisReply *reply) {
    struct list_call *call = data;
    if (err == OK) {
        snprintf(call->scan->cursor, sizeof(call->scan->cursor), "%s",
                 reply_string(call->arena, reply_at(reply, 0)));
        call->scan->over = strcmp(call->scan->cursor, "0") == 0;
    }
    take_chats(call, err, reply_at(reply, 1));
    read_all(call);
}

void group_scan(struct store *store, struct arena *arena,
                struct group_scan *scan, group_list *done, void *data) {
    struct list_call *call = list_new(store, arena, done, data);
    call->scan = scan;
    store_read(
        store, on_scanned, call, 5,
        (const char *const[]){"SSCAN", groups_key,
                              scan->cursor[0] == '\0' ? "0" : scan->cursor,
                              "COUNT", SCAN_COUNT});
}

static void on_own(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    take_chats(call, err, reply);
    list_end(call);
}

void group_list_of(struct store *store, struct arena *arena,
                   const char *account, group_list *done, void *data) {
    const char *key = arena_printf(arena, "@" KEY_ACCOUNT_GROUPS, account);
    store_read(store, on_own, list_new(store, arena, done, data), 2,
               (const char *const[]){"SMEMBERS", key});
}

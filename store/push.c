#include "store/push.h"

#include "base/arena.h"
#include "base/buf.h"
#include "store/group.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The chats of one account, as one operation. */
static void add_part(struct txn *txn, const struct push *broadcast,
                     const struct group *groups, size_t n,
                     const char *account) {
    txn_op(txn, "push_part");
    txn_key(txn, KEY_BROADCAST_LIST, broadcast->id, account);
    txn_key(txn, KEY_BROADCAST_STATES, broadcast->id, account);
    txn_key(txn, KEY_BROADCASTS, account);
    txn_arg(txn, broadcast->id);
    txn_arg_int(txn, broadcast->created_ms);
    for (size_t i = 0; i < n; i++)
        if (strcmp(groups[i].account, account) == 0)
            txn_arg(txn, groups[i].chat);
}

static bool seen_before(const struct group *groups, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (strcmp(groups[j].account, groups[i].account) == 0)
            return true;
    return false;
}

void push_create(struct txn *txn, const struct push *broadcast,
                 const struct group *groups, size_t n,
                 const struct notice *report) {
    struct buf packed;
    buf_init(&packed);
    notice_pack(&packed, report);
    txn_op(txn, "push_create");
    txn_key(txn, KEY_BROADCAST, broadcast->id);
    const char *const fields[] = {
        "lane", broadcast->lane == LANE_STUDY ? "study" : "notice",
        "key",  broadcast->key,
        "text", broadcast->text,
        "by",   broadcast->by,
        "from", report->account,
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        txn_arg(txn, fields[i]);
    txn_arg(txn, "created");
    txn_arg_int(txn, broadcast->created_ms);
    txn_arg(txn, "total");
    txn_arg_int(txn, (int64_t)n);
    txn_arg(txn, "report");
    txn_arg_bytes(txn, packed.data, packed.len);
    buf_finish(&packed);
    for (size_t i = 0; i < n; i++)
        if (!seen_before(groups, i))
            add_part(txn, broadcast, groups, n, groups[i].account);
}

void push_take(struct txn *txn, const char *id, const char *account, size_t at,
               size_t how_many) {
    txn_op(txn, "push_take");
    txn_key(txn, KEY_BROADCAST_LIST, id, account);
    txn_key(txn, KEY_BROADCAST_STATES, id, account);
    txn_arg_int(txn, (int64_t)how_many);
    txn_arg_int(txn, (int64_t)at);
}

void push_outcomes(struct txn *txn, const char *id, const char *account,
                   const char *report_account,
                   const struct push_outcome *outcomes, size_t n) {
    txn_op(txn, "push_outcome");
    txn_key(txn, KEY_BROADCAST, id);
    txn_key(txn, KEY_BROADCAST_STATES, id, account);
    txn_key(txn, KEY_BROADCASTS, account);
    txn_key(txn, KEY_BROADCAST_LIST, id, account);
    txn_key(txn, KEY_OUTBOX, report_account);
    txn_arg(txn, id);
    struct buf letters;
    buf_init(&letters);
    for (size_t i = 0; i < n;) {
        size_t first = outcomes[i].index;
        buf_clear(&letters);
        while (i < n && outcomes[i].index == first + letters.len)
            buf_addc(&letters, outcomes[i++].letter);
        txn_arg_int(txn, (int64_t)first);
        txn_arg_bytes(txn, letters.data, letters.len);
    }
    buf_finish(&letters);
}

/* ---- reading ------------------------------------------------------------ */

#define PARTS_MAX 32 /* unfinished broadcasts of one account looked at */

struct list_call {
    struct store *store;
    struct arena *arena;
    const char *account;
    struct push_part *parts;
    size_t n, read;
    enum err err;
    push_parts *done;
    void *data;
};

static void on_states(void *data, enum err err,
                      const struct redisReply *reply) {
    struct list_call *call = data;
    struct push_part *part = &call->parts[call->read++];
    if (err != OK)
        call->err = err;
    part->states = reply_string(call->arena, reply);
    if (call->read == call->n)
        call->done(call->data, call->err, call->parts, call->n);
}

/* Comes before the states of the same broadcast. */
static void on_hash(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    struct push_part *part = &call->parts[call->read];
    if (err != OK) {
        call->err = err;
        return;
    }
    struct arena *arena = call->arena;
    const char *lane = reply_string(arena, reply_at(reply, 0));
    part->broadcast.lane =
        strcmp(lane, "study") == 0 ? LANE_STUDY : LANE_NOTICE;
    part->broadcast.key = reply_string(arena, reply_at(reply, 1));
    part->broadcast.text = reply_string(arena, reply_at(reply, 2));
    part->broadcast.by = reply_string(arena, reply_at(reply, 3));
    part->report_account = reply_string(arena, reply_at(reply, 4));
    part->broadcast.created_ms = reply_int(reply_at(reply, 5));
}

static void on_ids(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    call->n = err == OK ? reply_count(reply) : 0;
    call->err = err;
    call->parts =
        arena_alloc(call->arena, (call->n + 1) * sizeof(*call->parts));
    for (size_t i = 0; i < call->n; i++)
        call->parts[i].broadcast.id =
            reply_string(call->arena, reply_at(reply, i));
    for (size_t i = 0; i < call->n; i++) {
        const char *id = call->parts[i].broadcast.id;
        char key[96], states[160];
        snprintf(key, sizeof(key), "@" KEY_BROADCAST, id);
        snprintf(states, sizeof(states), "@" KEY_BROADCAST_STATES, id,
                 call->account);
        store_read(call->store, on_hash, call, 8,
                   (const char *const[]){"HMGET", key, "lane", "key", "text",
                                         "by", "from", "created"});
        store_read(call->store, on_states, call, 2,
                   (const char *const[]){"GET", states});
    }
    if (call->n == 0)
        call->done(call->data, call->err, call->parts, 0);
}

void push_list(struct store *store, struct arena *arena, const char *account,
               push_parts *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){.store = store,
                               .arena = arena,
                               .account = account,
                               .done = done,
                               .data = data};
    char key[96], last[16];
    snprintf(key, sizeof(key), "@" KEY_BROADCASTS, account);
    snprintf(last, sizeof(last), "%d", PARTS_MAX - 1);
    store_read(store, on_ids, call, 4,
               (const char *const[]){"ZRANGE", key, "0", last});
}

#include "store/chat.h"

#include "base/arena.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---------------------------------------------------------- */

static void add_field(struct txn *txn, const char *name, const char *value) {
    if (value == NULL || value[0] == '\0')
        return;
    txn_arg(txn, name);
    txn_arg(txn, value);
}

void chat_member_set(struct txn *txn, const struct chat_member *member,
                     int64_t ttl_ms) {
    txn_op(txn, "chat_member");
    txn_key(txn, KEY_CHAT_MEMBER, member->id);
    txn_arg_int(txn, ttl_ms);
    txn_arg(txn, member->hash);
    add_field(txn, "nick", member->nick);
    add_field(txn, "groups", member->groups);
    add_field(txn, "as", member->as);
    txn_arg(txn, "seen");
    txn_arg_int(txn, member->seen_ms);
}

void chat_rename(struct txn *txn, const char *id, const char *nick) {
    txn_op(txn, "chat_rename");
    txn_key(txn, KEY_CHAT_MEMBER, id);
    txn_arg(txn, nick);
}

static void add_entry(struct txn *txn, const struct chat_entry *entry) {
    char lat[32], lon[32];
    add_field(txn, "f", entry->from);
    add_field(txn, "n", entry->nick);
    add_field(txn, "m", entry->message_id);
    add_field(txn, "q", entry->reply_to);
    add_field(txn, "a", entry->to);
    add_field(txn, "an", entry->to_nick);
    add_field(txn, "p", entry->photo);
    if (entry->has_place) {
        snprintf(lat, sizeof(lat), "%.6f", entry->lat);
        snprintf(lon, sizeof(lon), "%.6f", entry->lon);
        add_field(txn, "la", lat);
        add_field(txn, "lo", lon);
    }
    txn_arg(txn, "t"); /* an entry has at least one field */
    txn_arg(txn, entry->text);
}

void chat_say(struct txn *txn, const char *chat,
              const struct chat_entry *entry) {
    txn_op(txn, "chat_say");
    txn_key(txn, KEY_CHAT, chat);
    txn_key(txn, KEY_CHAT_MEMBER, entry->from);
    txn_arg_int(txn, CHAT_HISTORY);
    txn_arg_int(txn, TTL_CHAT_MS);
    txn_arg(txn, entry->message_id);
    add_entry(txn, entry);
}

void chat_answer(struct txn *txn, const char *chat,
                 const struct chat_entry *entry) {
    txn_op(txn, "chat_answer");
    txn_key(txn, KEY_CHAT, chat);
    txn_arg_int(txn, CHAT_HISTORY);
    txn_arg_int(txn, TTL_CHAT_MS);
    txn_arg(txn, entry->reply_to);
    txn_arg(txn, entry->text);
    add_entry(txn, entry);
}

void chat_recall(struct txn *txn, const char *chat, const char *id) {
    txn_op(txn, "chat_recall");
    txn_key(txn, KEY_CHAT, chat);
    txn_arg(txn, id);
}

void chat_forget(struct txn *txn, const char *rider, const char *private_chat,
                 const char *const *groups, size_t n_groups) {
    txn_op(txn, "chat_forget");
    txn_key(txn, KEY_CHAT_MEMBER, rider);
    txn_key(txn, KEY_CHAT, private_chat);
    for (size_t i = 0; i < n_groups; i++)
        txn_key(txn, KEY_CHAT, groups[i]);
    txn_arg(txn, rider);
    txn_arg_int(txn, (int64_t)n_groups);
}

/* ---- reading ---------------------------------------------------------- */

struct member_call {
    struct arena *arena;
    const char *id;
    chat_member_read *done;
    void *data;
};

static void on_member(void *data, enum err err,
                      const struct redisReply *reply) {
    struct member_call *call = data;
    struct arena *arena = call->arena;
    struct chat_member member = {
        .id = call->id,
        .hash = reply_string(arena, reply_at(reply, 0)),
        .nick = reply_string(arena, reply_at(reply, 1)),
        .groups = reply_string(arena, reply_at(reply, 2)),
        .as = reply_string(arena, reply_at(reply, 3)),
        .seen_ms = reply_int(reply_at(reply, 4)),
    };
    if (err == OK && member.hash[0] == '\0')
        err = ERR_NOT_FOUND;
    call->done(call->data, err, &member);
}

void chat_member_get(struct store *store, struct arena *arena, const char *id,
                     chat_member_read *done, void *data) {
    struct member_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct member_call){arena, id, done, data};
    char key[96];
    snprintf(key, sizeof(key), "@" KEY_CHAT_MEMBER, id);
    store_read(store, on_member, call, 7,
               (const char *const[]){"HMGET", key, "hash", "nick", "groups",
                                     "as", "seen"});
}

struct history_call {
    struct arena *arena;
    chat_history_read *done;
    void *data;
};

static struct chat_entry decode(struct arena *arena,
                                const struct redisReply *reply) {
    const struct redisReply *f = reply_at(reply, 1);
    const char *lat = reply_string(arena, reply_field(f, "la"));
    const char *lon = reply_string(arena, reply_field(f, "lo"));
    const char *id = reply_string(arena, reply_at(reply, 0));
    return (struct chat_entry){
        .id = id,
        .time_ms = strtoll(id, NULL, 10),
        .from = reply_string(arena, reply_field(f, "f")),
        .nick = reply_string(arena, reply_field(f, "n")),
        .message_id = reply_string(arena, reply_field(f, "m")),
        .reply_to = reply_string(arena, reply_field(f, "q")),
        .to = reply_string(arena, reply_field(f, "a")),
        .to_nick = reply_string(arena, reply_field(f, "an")),
        .text = reply_string(arena, reply_field(f, "t")),
        .photo = reply_string(arena, reply_field(f, "p")),
        .has_place = lat[0] != '\0' && lon[0] != '\0',
        .lat = strtod(lat, NULL),
        .lon = strtod(lon, NULL),
    };
}

static void on_history(void *data, enum err err,
                       const struct redisReply *reply) {
    struct history_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    struct chat_entry *entries =
        arena_alloc(call->arena, (n + 1) * sizeof(*entries));
    for (size_t i = 0; i < n; i++) /* the newest came first */
        entries[n - 1 - i] = decode(call->arena, reply_at(reply, i));
    call->done(call->data, err, entries, n);
}

void chat_history_get(struct store *store, struct arena *arena,
                      const char *chat, chat_history_read *done, void *data) {
    struct history_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct history_call){arena, done, data};
    char key[96], count[16];
    snprintf(key, sizeof(key), "@" KEY_CHAT, chat);
    snprintf(count, sizeof(count), "%d", CHAT_HISTORY_READ);
    store_read(
        store, on_history, call, 6,
        (const char *const[]){"XREVRANGE", key, "+", "-", "COUNT", count});
}

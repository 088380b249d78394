/* The reading half of store/ticket.h. */
#include "base/arena.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/ticket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 512

static enum ticket_state decode_state(const char *word) {
    for (int i = 0; i < TICKET_STATES; i++)
        if (strcmp(ticket_state_key((enum ticket_state)i) +
                       strlen("ticket.state."),
                   word) == 0)
            return (enum ticket_state)i;
    return TICKET_NEW; /* a new ticket has no state field */
}

static const char *field(struct arena *arena, const struct redisReply *reply,
                         const char *name) {
    return reply_string(arena, reply_field(reply, name));
}

static struct ticket decode(struct arena *arena, const char *id,
                            const struct redisReply *reply) {
    return (struct ticket){
        .id = id,
        .version = reply_int(reply_field(reply, "v")),
        .state = decode_state(field(arena, reply, "state")),
        .rider = field(arena, reply, "rider"),
        .account = field(arena, reply, "account"),
        .chat = field(arena, reply, "chat"),
        .group = field(arena, reply, "group"),
        .nick = field(arena, reply, "nick"),
        .anonymous = field(arena, reply, "anonymous")[0] == '1',
        .category = field(arena, reply, "category"),
        .text = field(arena, reply, "text"),
        .photos = field(arena, reply, "photos"),
        .place = field(arena, reply, "place"),
        .lat = field(arena, reply, "lat"),
        .lon = field(arena, reply, "lon"),
        .created_ms = reply_int(reply_field(reply, "created")),
        .updated_ms = reply_int(reply_field(reply, "updated")),
    };
}

/* ---- one ticket -------------------------------------------------------- */

struct get_call {
    struct arena *arena;
    const char *id;
    ticket_read *done;
    void *data;
};

static void on_ticket(void *data, enum err err,
                      const struct redisReply *reply) {
    struct get_call *call = data;
    struct ticket ticket = {.id = call->id};
    if (err == OK && reply_count(reply) == 0)
        err = ERR_NOT_FOUND;
    if (err == OK)
        ticket = decode(call->arena, call->id, reply);
    call->done(call->data, err, &ticket);
}

static void read_ticket(struct store *store, const char *id, redis_done *done,
                        void *data) {
    char key[96];
    snprintf(key, sizeof(key), "@" KEY_TICKET, id);
    store_read(store, done, data, 2, (const char *const[]){"HGETALL", key});
}

void ticket_get(struct store *store, struct arena *arena, const char *id,
                ticket_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){arena, id, done, data};
    read_ticket(store, id, on_ticket, call);
}

/* ---- lists: the ids, how many there are, then each ticket -------------- */

struct list_call {
    struct store *store;
    struct arena *arena;
    struct ticket *tickets;
    size_t n, read;
    int64_t total;
    enum err err;
    ticket_list *done;
    void *data;
};

static void list_end(struct list_call *call) {
    call->done(call->data, call->err, call->tickets, call->n, call->total);
}

/* Answers come in the order of the questions: the next ticket's. */
static void on_listed(void *data, enum err err,
                      const struct redisReply *reply) {
    struct list_call *call = data;
    struct ticket *ticket = &call->tickets[call->read++];
    if (err == OK)
        *ticket = decode(call->arena, ticket->id, reply);
    else
        call->err = err;
    if (call->read == call->n)
        list_end(call);
}

static void on_total(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    call->err = err;
    call->total = reply_int(reply);
}

static void on_ids(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    if (call->err == OK)
        call->err = err;
    size_t n = call->err == OK ? reply_count(reply) : 0;
    call->n = n < LIST_MAX ? n : LIST_MAX;
    call->tickets = arena_alloc(call->arena, (n + 1) * sizeof(struct ticket));
    for (size_t i = 0; i < call->n; i++)
        call->tickets[i].id = reply_string(call->arena, reply_at(reply, i));
    for (size_t i = 0; i < call->n; i++)
        read_ticket(call->store, call->tickets[i].id, on_listed, call);
    if (call->n == 0)
        list_end(call);
}

static void list(struct store *store, struct arena *arena, const char *key,
                 const char *range, size_t max, ticket_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){
        .store = store, .arena = arena, .done = done, .data = data};
    char last[24];
    snprintf(last, sizeof(last), "%zu", (max < LIST_MAX ? max : LIST_MAX) - 1);
    store_read(store, on_total, call, 2, (const char *const[]){"ZCARD", key});
    store_read(store, on_ids, call, 4,
               (const char *const[]){range, key, "0", last});
}

void ticket_list_open(struct store *store, struct arena *arena, size_t max,
                      ticket_list *done, void *data) {
    list(store, arena, "@" KEY_OPEN, "ZRANGE", max, done, data);
}

void ticket_list_of(struct store *store, struct arena *arena, const char *rider,
                    size_t max, ticket_list *done, void *data) {
    char key[160];
    snprintf(key, sizeof(key), "@" KEY_RIDER_TICKETS, rider);
    list(store, arena, key, "ZREVRANGE", max, done, data);
}

/* ---- the log ------------------------------------------------------------ */

struct log_call {
    struct arena *arena;
    ticket_log *done;
    void *data;
};

/* See pack_entry() in ticket.c. */
static struct ticket_entry unpack_entry(char *packed) {
    char *fields[4] = {packed, "", "", ""};
    for (size_t i = 1; i < 4; i++) {
        char *end = strchr(fields[i - 1], '\x1f');
        if (end == NULL)
            break;
        *end = '\0';
        fields[i] = end + 1;
    }
    return (struct ticket_entry){
        .kind = (enum ticket_entry_kind)fields[0][0],
        .at_ms = strtoll(fields[1], NULL, 10),
        .who = fields[2],
        .text = fields[3],
    };
}

static void on_log(void *data, enum err err, const struct redisReply *reply) {
    struct log_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    struct ticket_entry *entries =
        arena_alloc(call->arena, (n + 1) * sizeof(*entries));
    for (size_t i = 0; i < n; i++) {
        const char *packed = reply_string(call->arena, reply_at(reply, i));
        entries[i] = unpack_entry(arena_strdup(call->arena, packed));
    }
    call->done(call->data, err, entries, n);
}

void ticket_log_get(struct store *store, struct arena *arena, const char *id,
                    size_t max, ticket_log *done, void *data) {
    struct log_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct log_call){arena, done, data};
    char key[96], first[24];
    snprintf(key, sizeof(key), "@" KEY_TICKET_LOG, id);
    snprintf(first, sizeof(first), "-%zu", max);
    store_read(store, on_log, call, 4,
               (const char *const[]){"LRANGE", key, first, "-1"});
}

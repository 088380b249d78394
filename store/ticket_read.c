/* The reading half of store/ticket.h. */
#define LOG_MODULE "ticket"
#include "base/arena.h"
#include "base/log.h"
#include "base/seal.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/ticket.h"
#include "store/ticket_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 512

static const char *field(struct arena *arena, const struct redisReply *reply,
                         const char *name) {
    return reply_string(arena, reply_field(reply, name));
}

/* Opens what is sealed for what context names; NULL when it was altered. What
 * was stored without a key has none of its form and stays as it is. */
static const char *unseal(struct store *store, struct arena *arena,
                          const char *prefix, const char *id,
                          const char *sealed) {
    if (store->options.seal == NULL || sealed[0] == '\0' ||
        strchr(sealed, '\x1f') != NULL)
        return sealed;
    const char *context = arena_printf(arena, "%s:%s", prefix, id);
    return seal_open(store->options.seal, arena, context, sealed);
}

/* Splits at 0x1f; what is missing is "". */
static void split(char *packed, const char **fields, size_t n) {
    fields[0] = packed;
    for (size_t i = 1; i < n; i++) {
        char *end = packed == NULL ? NULL : strchr(packed, '\x1f');
        packed = end == NULL ? NULL : end + 1;
        if (end != NULL)
            *end = '\0';
        fields[i] = packed == NULL ? "" : packed;
    }
}

static void decode_private(struct store *store, struct arena *arena,
                           struct ticket *ticket, const char *sealed) {
    const char *fields[PRIVATE_FIELDS];
    const char *opened = unseal(store, arena, "ticket", ticket->id, sealed);
    if (opened == NULL)
        LOG_ERR("%s: what is private in it cannot be opened", ticket->id);
    split(arena_strdup(arena, opened == NULL ? "" : opened), fields,
          PRIVATE_FIELDS);
    for (int i = 0; i < PRIVATE_FIELDS; i++)
        *field_text(ticket, ticket_private[i]) = fields[i];
}

static void decode_field(struct arena *arena, struct ticket *ticket,
                         const struct ticket_field *field,
                         const struct redisReply *value) {
    char *at = (char *)ticket + field->offset;
    switch (field->type) {
    case FIELD_TEXT:
        *field_text(ticket, field->offset) = reply_string(arena, value);
        break;
    case FIELD_NUMBER:
        *(int64_t *)(void *)at = reply_int(value);
        break;
    case FIELD_INT:
        *(int *)(void *)at = (int)reply_int(value);
        break;
    case FIELD_FLAG:
        *(bool *)(void *)at = reply_int(value) != 0;
        break;
    }
}

static enum ticket_due decode_due(const char *name) {
    for (int i = 0; i < DUE_KINDS; i++)
        if (strcmp(ticket_due_names[i], name) == 0)
            return (enum ticket_due)i;
    return DUE_NOTHING;
}

static struct ticket decode(struct store *store, struct arena *arena,
                            const char *id, const struct redisReply *reply) {
    struct ticket ticket = {
        .id = id,
        .version = reply_int(reply_field(reply, "v")),
        .created_ms = reply_int(reply_field(reply, "created")),
        .state = ticket_state_parse(field(arena, reply, "state")),
        .due = decode_due(field(arena, reply, "duewhat")),
    };
    if (ticket.state == TICKET_STATES) /* a new one has no such field */
        ticket.state = TICKET_NEW;
    for (size_t i = 0; i < n_ticket_fields; i++)
        decode_field(arena, &ticket, &ticket_fields[i],
                     reply_field(reply, ticket_fields[i].name));
    if (ticket.level == 0)
        ticket.level = 1;
    decode_private(store, arena, &ticket, field(arena, reply, "private"));
    return ticket;
}

/* ---- one ticket -------------------------------------------------------- */

struct get_call {
    struct store *store;
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
        ticket = decode(call->store, call->arena, call->id, reply);
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
    *call = (struct get_call){store, arena, id, done, data};
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
        *ticket = decode(call->store, call->arena, ticket->id, reply);
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

/* Reads each ticket of a list of ids. */
static void read_all(struct list_call *call, const struct redisReply *ids,
                     size_t n, size_t stride) {
    call->n = n;
    call->tickets = arena_alloc(call->arena, (n + 1) * sizeof(struct ticket));
    for (size_t i = 0; i < n; i++)
        call->tickets[i].id =
            reply_string(call->arena, reply_at(ids, i * stride));
    for (size_t i = 0; i < n; i++)
        read_ticket(call->store, call->tickets[i].id, on_listed, call);
    if (n == 0)
        list_end(call);
}

static void on_ids(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    if (call->err == OK)
        call->err = err;
    size_t n = call->err == OK ? reply_count(reply) : 0;
    read_all(call, reply, n < LIST_MAX ? n : LIST_MAX, 1);
}

static struct list_call *list_new(struct store *store, struct arena *arena,
                                  ticket_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){
        .store = store, .arena = arena, .done = done, .data = data};
    return call;
}

static void list(struct store *store, struct arena *arena, const char *key,
                 const char *range, size_t max, ticket_list *done, void *data) {
    struct list_call *call = list_new(store, arena, done, data);
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

static void list_until(struct store *store, struct arena *arena,
                       const char *key, int64_t until_ms, size_t skip,
                       size_t max, ticket_list *done, void *data) {
    struct list_call *call = list_new(store, arena, done, data);
    char until[24], first[24], count[24];
    snprintf(until, sizeof(until), "%" PRId64, until_ms);
    snprintf(first, sizeof(first), "%zu", skip);
    snprintf(count, sizeof(count), "%zu", max < LIST_MAX ? max : LIST_MAX);
    store_read(store, on_ids, call, 7,
               (const char *const[]){"ZRANGEBYSCORE", key, "-inf", until,
                                     "LIMIT", first, count});
}

void ticket_list_due(struct store *store, struct arena *arena, int64_t now_ms,
                     size_t max, ticket_list *done, void *data) {
    list_until(store, arena, "@" KEY_DUE, now_ms, 0, max, done, data);
}

void ticket_list_ended(struct store *store, struct arena *arena,
                       int64_t before_ms, size_t skip, size_t max,
                       ticket_list *done, void *data) {
    list_until(store, arena, "@" KEY_ENDED, before_ms - 1, skip, max, done,
               data);
}

/* ---- all of them ------------------------------------------------------- */

#define SCAN_COUNT "300"

struct scan_call {
    struct list_call list;
    struct ticket_scan *scan;
};

static void on_scanned(void *data, enum err err,
                       const struct redisReply *reply) {
    struct scan_call *call = data;
    struct ticket_scan *scan = call->scan;
    call->list.err = err;
    if (err != OK) {
        list_end(&call->list);
        return;
    }
    const char *cursor = reply_string(call->list.arena, reply_at(reply, 0));
    snprintf(scan->cursor, sizeof(scan->cursor), "%s", cursor);
    if (strcmp(cursor, "0") == 0)
        scan->over = ++scan->part == 3;
    const struct redisReply *ids = reply_at(reply, 1);
    read_all(&call->list, ids, reply_count(ids) / 2, 2);
}

void ticket_scan(struct store *store, struct arena *arena,
                 struct ticket_scan *scan, ticket_list *done, void *data) {
    static const char *const keys[] = {"@" KEY_OPEN, "@" KEY_ENDED,
                                       "@" KEY_ERASED};
    struct scan_call *call = arena_alloc(arena, sizeof(*call));
    call->list = (struct list_call){
        .store = store, .arena = arena, .done = done, .data = data};
    call->scan = scan;
    store_read(
        store, on_scanned, call, 5,
        (const char *const[]){"ZSCAN", keys[scan->part],
                              scan->cursor[0] == '\0' ? "0" : scan->cursor,
                              "COUNT", SCAN_COUNT});
}

/* ---- near a position --------------------------------------------------- */

#define NEAR_CELLS 9

struct near_call {
    struct list_call list;
    const char *ids[LIST_MAX];
    size_t n_ids, max, answered;
};

/* Only now is it known how many there are in all cells. */
static void read_near(struct near_call *call) {
    struct list_call *list = &call->list;
    list->n = list->err == OK ? call->n_ids : 0;
    list->tickets =
        arena_alloc(list->arena, (list->n + 1) * sizeof(struct ticket));
    for (size_t i = 0; i < list->n; i++)
        list->tickets[i].id = call->ids[i];
    for (size_t i = 0; i < list->n; i++)
        read_ticket(list->store, call->ids[i], on_listed, list);
    if (list->n == 0)
        list_end(list);
}

static void on_cell(void *data, enum err err, const struct redisReply *reply) {
    struct near_call *call = data;
    if (err != OK)
        call->list.err = err;
    for (size_t i = 0; err == OK && i < reply_count(reply); i++)
        if (call->n_ids < call->max)
            call->ids[call->n_ids++] =
                reply_string(call->list.arena, reply_at(reply, i));
    if (++call->answered == NEAR_CELLS)
        read_near(call);
}

void ticket_near(struct store *store, struct arena *arena, const char *category,
                 double lat, double lon, int64_t since_ms, size_t max,
                 ticket_list *done, void *data) {
    struct near_call *call = arena_alloc(arena, sizeof(*call));
    call->list = (struct list_call){
        .store = store, .arena = arena, .done = done, .data = data};
    call->max = max < LIST_MAX ? max : LIST_MAX;
    char since[24];
    snprintf(since, sizeof(since), "%" PRId64, since_ms);
    for (int i = 0; i < NEAR_CELLS; i++) {
        char key[96];
        snprintf(key, sizeof(key), "@" KEY_NEAR, category,
                 ticket_cell(lat) + i / 3 - 1, ticket_cell(lon) + i % 3 - 1);
        store_read(store, on_cell, call, 4,
                   (const char *const[]){"ZRANGEBYSCORE", key, since, "+inf"});
    }
}

/* ---- the log ------------------------------------------------------------ */

struct log_call {
    struct store *store;
    struct arena *arena;
    const char *id;
    ticket_log *done;
    void *data;
};

/* See pack_entry() in ticket.c. */
static struct ticket_entry unpack_entry(const struct log_call *call,
                                        char *packed) {
    enum { MOVE, AT, WHO, NAME, DETAIL, PHOTOS, TEXT, FIELDS };
    const char *fields[FIELDS];
    split(packed, fields, FIELDS);
    const char *text =
        unseal(call->store, call->arena, "log", call->id, fields[TEXT]);
    if (text == NULL)
        LOG_ERR("%s: an entry cannot be opened", call->id);
    return (struct ticket_entry){
        .move = workflow_parse(fields[MOVE]),
        .at_ms = strtoll(fields[AT], NULL, 10),
        .who = fields[WHO],
        .name = fields[NAME],
        .detail = fields[DETAIL],
        .photos = fields[PHOTOS],
        .text = text == NULL ? "" : text,
    };
}

static void on_log(void *data, enum err err, const struct redisReply *reply) {
    struct log_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    struct ticket_entry *entries =
        arena_alloc(call->arena, (n + 1) * sizeof(*entries));
    for (size_t i = 0; i < n; i++) {
        const char *packed = reply_string(call->arena, reply_at(reply, i));
        entries[i] = unpack_entry(call, arena_strdup(call->arena, packed));
    }
    call->done(call->data, err, entries, n);
}

static void read_entries(struct store *store, struct arena *arena,
                         const char *key, const char *id, size_t max,
                         ticket_log *done, void *data) {
    struct log_call *call = arena_alloc(arena, sizeof(*call));
    *call =
        (struct log_call){store, arena, arena_strdup(arena, id), done, data};
    char first[24];
    snprintf(first, sizeof(first), "-%zu", max);
    store_read(store, on_log, call, 4,
               (const char *const[]){"LRANGE", key, first, "-1"});
}

void ticket_log_get(struct store *store, struct arena *arena, const char *id,
                    size_t max, ticket_log *done, void *data) {
    char key[96];
    snprintf(key, sizeof(key), "@" KEY_TICKET_LOG, id);
    read_entries(store, arena, key, id, max, done, data);
}

void ticket_notes_get(struct store *store, struct arena *arena, const char *id,
                      size_t max, ticket_log *done, void *data) {
    char key[96];
    snprintf(key, sizeof(key), "@" KEY_TICKET_NOTES, id);
    read_entries(store, arena, key, id, max, done, data);
}

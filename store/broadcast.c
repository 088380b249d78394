#include "store/broadcast.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/reply.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char planned_key[] = "@" KEY_PLANNED;

#define KIND "broadcast"

/* ---- what may happen ----------------------------------------------------- */

static const char *const state_names[BROADCAST_STATES] = {
    [BROADCAST_DRAFT] = "draft",         [BROADCAST_SUBMITTED] = "submitted",
    [BROADCAST_SCHEDULED] = "scheduled", [BROADCAST_SENDING] = "sending",
    [BROADCAST_PAUSED] = "paused",       [BROADCAST_DONE] = "done",
    [BROADCAST_CANCELLED] = "cancelled",
};

#define IN(state) (1U << BROADCAST_##state)

static const struct {
    const char *name;
    unsigned from; /* states */
} moves[BROADCAST_MOVES] = {
    [BROADCAST_SUBMIT] = {"submit", IN(DRAFT)},
    [BROADCAST_APPROVE] = {"approve", IN(SUBMITTED)},
    [BROADCAST_RETURN] = {"return", IN(SUBMITTED)},
    [BROADCAST_PAUSE] = {"pause", IN(SCHEDULED) | IN(SENDING)},
    [BROADCAST_RESUME] = {"resume", IN(PAUSED)},
    [BROADCAST_CANCEL] = {"cancel", IN(SUBMITTED) | IN(SCHEDULED) |
                                        IN(SENDING) | IN(PAUSED)},
    [BROADCAST_RECALL] = {"recall",
                          IN(SENDING) | IN(PAUSED) | IN(DONE) | IN(CANCELLED)},
    [BROADCAST_RETRY] = {"retry", IN(SENDING) | IN(DONE)},
    [BROADCAST_RETRY_UNKNOWN] = {"retry_unknown", IN(SENDING) | IN(DONE)},
    [BROADCAST_FIRE] = {"fire", IN(SCHEDULED)},
};

const char *broadcast_state_name(enum broadcast_state state) {
    return state_names[state];
}

enum broadcast_state broadcast_state_of(const char *name) {
    for (int i = 0; i < BROADCAST_STATES; i++)
        if (strcmp(state_names[i], name) == 0)
            return (enum broadcast_state)i;
    return BROADCAST_STATES;
}

const char *broadcast_move_name(enum broadcast_move move) {
    return moves[move].name;
}

enum broadcast_move broadcast_move_of(const char *name) {
    for (int i = 0; i < BROADCAST_MOVES; i++)
        if (strcmp(moves[i].name, name) == 0)
            return (enum broadcast_move)i;
    return BROADCAST_MOVES;
}

bool broadcast_can(enum broadcast_state state, enum broadcast_move move) {
    return (moves[move].from & (1U << state)) != 0;
}

bool broadcast_is_series(const struct broadcast *broadcast) {
    return (broadcast->rrule != NULL && broadcast->rrule[0] != '\0') ||
           broadcast->workday != 0;
}

/* ---- its fields ---------------------------------------------------------- */

enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_INT, FIELD_FLAG };

/* The plain ones; state and lane are words. */
static const struct {
    const char *name;
    enum field_type type;
    size_t offset;
} plain[] = {
#define PLAIN(name, type, member)                                              \
    {name, FIELD_##type, offsetof(struct broadcast, member)}
    PLAIN("title", TEXT, title),
    PLAIN("text", TEXT, text),
    PLAIN("translations", TEXT, translations),
    PLAIN("photo", TEXT, photo),
    PLAIN("file", TEXT, file),
    PLAIN("url", TEXT, link_url),
    PLAIN("linktitle", TEXT, link_title),
    PLAIN("askread", FLAG, ask_read),
    PLAIN("target", TEXT, target),
    PLAIN("audience", TEXT, audience),
    PLAIN("unit", TEXT, unit),
    PLAIN("ignore", FLAG, ignores_hours),
    PLAIN("skip", FLAG, skips_missed),
    PLAIN("at", NUMBER, at_ms),
    PLAIN("rrule", TEXT, rrule),
    PLAIN("workday", INT, workday),
    PLAIN("next", NUMBER, next_ms),
    PLAIN("parent", TEXT, parent),
    PLAIN("quiz", TEXT, quiz),
    PLAIN("material", TEXT, material),
    PLAIN("event", TEXT, event),
    PLAIN("by", TEXT, by),
    PLAIN("byname", TEXT, by_name),
    PLAIN("approved", TEXT, approved_by),
    PLAIN("account", TEXT, report_account),
    PLAIN("chat", TEXT, report_chat),
    PLAIN("total", NUMBER, total),
    PLAIN("created", NUMBER, created_ms),
    PLAIN("updated", NUMBER, updated_ms),
    PLAIN("fired", NUMBER, fired_ms),
    PLAIN("ended", NUMBER, ended_ms),
    PLAIN("note", TEXT, note),
    PLAIN("freezing", TEXT, freezing),
#undef PLAIN
};

static int64_t number_of(const char *at, enum field_type type) {
    switch (type) {
    case FIELD_NUMBER:
        return *(const int64_t *)(const void *)at;
    case FIELD_INT:
        return *(const int *)(const void *)at;
    default:
        return *(const bool *)(const void *)at;
    }
}

/* "" takes a field out, and is what one that is not there reads as. */
static const char *encode(char number[static 24],
                          const struct broadcast *broadcast, size_t field) {
    const char *at = (const char *)broadcast + plain[field].offset;
    if (plain[field].type == FIELD_TEXT) {
        const char *text = *(const char *const *)(const void *)at;
        return text == NULL ? "" : text;
    }
    int64_t value = number_of(at, plain[field].type);
    if (value == 0)
        return "";
    snprintf(number, 24, "%" PRId64, value);
    return number;
}

static void decode(const struct record *record, size_t field,
                   struct broadcast *out) {
    char *at = (char *)out + plain[field].offset;
    switch (plain[field].type) {
    case FIELD_TEXT:
        *(const char **)(void *)at = record_string(record, plain[field].name);
        break;
    case FIELD_NUMBER:
        *(int64_t *)(void *)at = record_int(record, plain[field].name);
        break;
    case FIELD_INT:
        *(int *)(void *)at = (int)record_int(record, plain[field].name);
        break;
    case FIELD_FLAG:
        *(bool *)(void *)at = record_int(record, plain[field].name) != 0;
        break;
    }
}

static struct broadcast unpack(const struct record *record) {
    struct broadcast out = {.id = record->id, .version = record->version};
    out.state = broadcast_state_of(record_string(record, "state"));
    if (out.state == BROADCAST_STATES)
        out.state = BROADCAST_CANCELLED; /* of a later version of us */
    bool study = strcmp(record_string(record, "lane"), "study") == 0;
    out.lane = study ? LANE_STUDY : LANE_NOTICE;
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        decode(record, i, &out);
    return out;
}

/* ---- writing ------------------------------------------------------------- */

static void plan(struct txn *txn, const char *id, int64_t next_ms) {
    txn_op(txn, "broadcast_plan");
    txn_key(txn, KEY_PLANNED);
    txn_arg(txn, id);
    if (next_ms == 0)
        txn_arg(txn, "");
    else
        txn_arg_int(txn, next_ms);
}

void broadcast_put(struct txn *txn, const struct broadcast *broadcast) {
    char numbers[ARRAY_LEN(plain)][24];
    const char *fields[2 * (ARRAY_LEN(plain) + 2)] = {
        "state", broadcast_state_name(broadcast->state), "lane",
        broadcast->lane == LANE_STUDY ? "study" : "notice"};
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        fields[2 * i + 4] = plain[i].name;
        fields[2 * i + 5] = encode(numbers[i], broadcast, i);
    }
    record_put(txn, &(struct record){
                        .kind = KIND,
                        .id = broadcast->id,
                        .version = broadcast->version,
                        .order = broadcast->created_ms,
                        .fields = fields,
                        .n_fields = ARRAY_LEN(fields),
                    });
    bool fires = broadcast->state == BROADCAST_SCHEDULED;
    plan(txn, broadcast->id, fires ? broadcast->next_ms : 0);
}

void broadcast_remove(struct txn *txn, const char *id, int64_t version) {
    record_remove(txn, KIND, id, version);
    plan(txn, id, 0);
}

void broadcast_expect(struct txn *txn, const char *id, int64_t version) {
    record_expect(txn, KIND, id, version);
}

/* ---- reading ------------------------------------------------------------- */

struct get_call {
    broadcast_read *done;
    void *data;
};

static void on_record(void *data, enum err err, const struct record *record) {
    const struct get_call *call = data;
    struct broadcast broadcast;
    if (err == OK)
        broadcast = unpack(record);
    call->done(call->data, err, err == OK ? &broadcast : NULL);
}

void broadcast_get(struct store *store, struct arena *arena, const char *id,
                   broadcast_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){done, data};
    record_get(store, arena, KIND, id, on_record, call);
}

struct list_call {
    struct store *store;
    struct arena *arena;
    broadcast_list *done;
    void *data;
};

static struct list_call *list_new(struct store *store, struct arena *arena,
                                  broadcast_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){store, arena, done, data};
    return call;
}

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    const struct list_call *call = data;
    struct broadcast *broadcasts =
        arena_alloc(call->arena, (n + 1) * sizeof(*broadcasts));
    for (size_t i = 0; i < n; i++)
        broadcasts[i] = unpack(&records[i]);
    call->done(call->data, err, broadcasts, n, total);
}

void broadcast_list_all(struct store *store, struct arena *arena, size_t offset,
                        size_t max, broadcast_list *done, void *data) {
    record_list_kind(store, arena, KIND, offset, max, on_records,
                     list_new(store, arena, done, data));
}

void broadcast_get_many(struct store *store, struct arena *arena,
                        const char *const *ids, size_t n, broadcast_list *done,
                        void *data) {
    record_get_many(store, arena, KIND, ids, n, on_records,
                    list_new(store, arena, done, data));
}

static void on_due(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    const char **ids = arena_alloc(call->arena, (n + 1) * sizeof(*ids));
    for (size_t i = 0; i < n; i++)
        ids[i] = reply_string(call->arena, reply_at(reply, i));
    if (n == 0)
        call->done(call->data, err, NULL, 0, 0);
    else
        record_get_many(call->store, call->arena, KIND, ids, n, on_records,
                        call);
}

void broadcast_list_due(struct store *store, struct arena *arena,
                        int64_t now_ms, size_t max, broadcast_list *done,
                        void *data) {
    char until[24], count[24];
    snprintf(until, sizeof(until), "%" PRId64, now_ms);
    snprintf(count, sizeof(count), "%zu",
             max < RECORDS_MAX ? max : RECORDS_MAX);
    store_read(store, on_due, list_new(store, arena, done, data), 7,
               (const char *const[]){"ZRANGEBYSCORE", planned_key, "-inf",
                                     until, "LIMIT", "0", count});
}

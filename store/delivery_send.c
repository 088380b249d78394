#include "store/delivery_send.h"

#include "base/arena.h"
#include "base/buf.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_KIND "broadcast"
#define PLACE_FIRST '!' /* the character of the first account of a part */

static void arg_place(struct txn *txn, unsigned place) {
    char letter = (char)(PLACE_FIRST + place);
    txn_arg_bytes(txn, &letter, 1);
}

/* ---- writing ------------------------------------------------------------- */

void delivery_take(struct txn *txn, const struct delivery_taker *taker,
                   size_t how_many) {
    txn_op(txn, "delivery_take");
    txn_key(txn, KEY_DELIVERY, taker->id);
    txn_key(txn, KEY_DELIVERY_PARTS, taker->id);
    txn_key(txn, KEY_DELIVERY_CHATS, taker->id);
    txn_key(txn, KEY_DELIVERY_STATES, taker->id);
    txn_key(txn, KEY_DELIVERY_SENDERS, taker->id);
    txn_key(txn, KEY_DELIVERY_LEASES, taker->id);
    txn_arg(txn, taker->lease);
    txn_arg(txn, taker->account);
    txn_arg_int(txn, taker->part);
    arg_place(txn, taker->place);
    txn_arg_int(txn, (int64_t)how_many);
}

/* The keys that delivery_outcomes and delivery_lease_end begin with. */
static void add_keys(struct txn *txn, const char *id,
                     const char *report_account) {
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERY_PARTS, id);
    txn_key(txn, KEY_DELIVERY_STATES, id);
    txn_key(txn, KEY_DELIVERY_SENDERS, id);
    txn_key(txn, KEY_DELIVERY_LEASES, id);
    txn_key(txn, KEY_DELIVERIES_LIVE);
    txn_key(txn, KEY_RECORD, RECORD_KIND, id);
    txn_key(txn, KEY_DELIVERY_CHATS, id);
    txn_key(txn, KEY_DELIVERY_SENT, id);
    txn_key(txn, KEY_DELIVERY_REASONS, id);
    txn_key(txn, KEY_OUTBOX, report_account);
}

/* Letters of targets in a row, as "first index, letters"; how many of these
 * come first. */
static void add_runs(struct txn *txn, const struct delivery_outcome *outcomes,
                     size_t n) {
    struct buf letters;
    int64_t runs = 0;
    buf_init(&letters);
    for (size_t i = 0; i < n; i++)
        runs += i == 0 || outcomes[i].index != outcomes[i - 1].index + 1;
    txn_arg_int(txn, runs);
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

static const char *id_of(const struct delivery_outcome *outcome) {
    return outcome->message_id;
}

static const char *reason_of(const struct delivery_outcome *outcome) {
    return outcome->letter == 'r' || outcome->letter == 'u' ? outcome->reason
                                                            : NULL;
}

/* A word for each target that has one, behind its index. */
static void add_words(struct txn *txn, const struct delivery_outcome *outcomes,
                      size_t n,
                      const char *(*word)(const struct delivery_outcome *)) {
    int64_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += word(&outcomes[i]) != NULL;
    txn_arg_int(txn, 2 * count);
    for (size_t i = 0; i < n; i++)
        if (word(&outcomes[i]) != NULL) {
            txn_arg_int(txn, (int64_t)outcomes[i].index);
            txn_arg(txn, word(&outcomes[i]));
        }
}

void delivery_outcomes(struct txn *txn, const struct delivery_taker *taker,
                       const struct delivery_report *report,
                       const struct delivery_outcome *outcomes, size_t n) {
    txn_op(txn, "delivery_outcomes");
    add_keys(txn, taker->id, taker->report_account);
    txn_key(txn, KEY_PUSHED);
    txn_arg(txn, taker->id);
    txn_arg(txn, taker->lease);
    txn_arg(txn, taker->account);
    txn_arg_int(txn, taker->part);
    arg_place(txn, taker->place);
    txn_arg_int(txn, report->now_ms);
    txn_arg_int(txn, report->number);
    txn_arg(txn, report->last ? "1" : "");
    add_runs(txn, outcomes, n);
    add_words(txn, outcomes, n, id_of);
    add_words(txn, outcomes, n, reason_of);
}

void delivery_lease_end(struct txn *txn, const char *id, const char *lease,
                        char letter, const char *report_account,
                        int64_t now_ms) {
    txn_op(txn, "delivery_lease_end");
    add_keys(txn, id, report_account);
    txn_arg(txn, id);
    txn_arg(txn, lease);
    txn_arg_bytes(txn, &letter, 1);
    txn_arg_int(txn, now_ms);
}

void delivery_rest(struct txn *txn, const char *id) {
    txn_op(txn, "delivery_rest");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERIES_LIVE);
    txn_key(txn, KEY_DELIVERY_LEASES, id);
    txn_arg(txn, id);
}

void delivery_recall_next(struct txn *txn, const struct delivery_taker *taker,
                          size_t from, size_t how_many) {
    txn_op(txn, "delivery_recall_next");
    txn_key(txn, KEY_DELIVERY_PARTS, taker->id);
    txn_key(txn, KEY_DELIVERY_STATES, taker->id);
    txn_key(txn, KEY_DELIVERY_SENDERS, taker->id);
    txn_key(txn, KEY_DELIVERY_SENT, taker->id);
    txn_key(txn, KEY_DELIVERY_CHATS, taker->id);
    txn_arg_int(txn, taker->part);
    arg_place(txn, taker->place);
    txn_arg_int(txn, (int64_t)from);
    txn_arg_int(txn, (int64_t)how_many);
}

void delivery_recall_outcomes(struct txn *txn, const char *id,
                              const struct delivery_outcome *outcomes,
                              size_t n) {
    txn_op(txn, "delivery_recall_outcomes");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERY_STATES, id);
    txn_key(txn, KEY_DELIVERY_REASONS, id);
    for (size_t i = 0; i < n; i++) {
        const char *reason = outcomes[i].reason;
        txn_arg_int(txn, (int64_t)outcomes[i].index);
        txn_arg_bytes(txn, &outcomes[i].letter, 1);
        txn_arg(txn, reason == NULL ? "" : reason);
    }
}

void delivery_recall_end(struct txn *txn, const char *id) {
    txn_op(txn, "delivery_recall_end");
    txn_key(txn, KEY_DELIVERY, id);
    txn_key(txn, KEY_DELIVERY_STATES, id);
}

void delivery_alive(struct txn *txn, const char *process) {
    txn_op(txn, "delivery_alive");
    txn_key(txn, KEY_DELIVERER, process);
    txn_arg_int(txn, TTL_DELIVERER_MS);
}

/* ---- reading ------------------------------------------------------------- */

struct live_call {
    struct store *store;
    struct arena *arena;
    struct delivery_live *live;
    struct delivery_lease **leases_of; /* each of them, as long as it changes */
    size_t n, heads, parts, leases;    /* of these were read */
    size_t asked;                      /* processes whose life is asked for */
    enum err err;
    delivery_live_read *done;
    void *data;
};

static void live_end(struct live_call *call) {
    call->done(call->data, call->err, call->live,
               call->err == OK ? call->n : 0);
}

struct alive_call {
    struct live_call *call;
    struct delivery_lease *lease;
};

static void on_alive(void *data, enum err err, const struct redisReply *reply) {
    struct alive_call *alive = data;
    struct live_call *call = alive->call;
    if (err != OK)
        call->err = err;
    alive->lease->alive = reply_int(reply) != 0;
    if (--call->asked == 0)
        live_end(call);
}

static void ask_alive(struct live_call *call) {
    for (size_t i = 0; i < call->n; i++)
        call->asked += call->live[i].n_leases;
    if (call->asked == 0) {
        live_end(call);
        return;
    }
    for (size_t i = 0; i < call->n; i++)
        for (size_t j = 0; j < call->live[i].n_leases; j++) {
            struct alive_call *alive = arena_alloc(call->arena, sizeof(*alive));
            *alive = (struct alive_call){call, &call->leases_of[i][j]};
            const char *key = arena_printf(call->arena, "@" KEY_DELIVERER,
                                           alive->lease->process);
            store_read(call->store, on_alive, alive, 2,
                       (const char *const[]){"EXISTS", key});
        }
}

/* The first word of *at, which then stands behind it; in arena. */
static const char *word(struct arena *arena, const char **at) {
    size_t len = strcspn(*at, " ");
    const char *word = arena_strndup(arena, *at, len);
    *at += len + ((*at)[len] == ' ');
    return word;
}

static void on_head(void *data, enum err err, const struct redisReply *reply) {
    struct live_call *call = data;
    struct delivery_live *live = &call->live[call->heads++];
    if (err != OK)
        call->err = err;
    live->state = reply_string(call->arena, reply_at(reply, 0));
    live->report_account = reply_string(call->arena, reply_at(reply, 1));
    live->recall_ms = reply_int(reply_at(reply, 2));
    live->recalling = reply_int(reply_at(reply, 3));
}

static void on_parts(void *data, enum err err, const struct redisReply *reply) {
    struct live_call *call = data;
    struct arena *arena = call->arena;
    struct delivery_live *live = &call->live[call->parts++];
    if (err != OK)
        call->err = err;
    int64_t n = reply_int(reply_field(reply, "n"));
    struct delivery_live_part *parts =
        arena_alloc(arena, ((size_t)n + 1) * sizeof(*parts));
    for (int64_t p = 0; p < n; p++) {
        char name[32];
        snprintf(name, sizeof(name), "%" PRId64, p);
        const char *at = reply_string(arena, reply_field(reply, name));
        parts[p].from = strtoul(word(arena, &at), NULL, 10);
        parts[p].n = strtoul(word(arena, &at), NULL, 10);
        parts[p].accounts = word(arena, &at);
        parts[p].lang = word(arena, &at);
        snprintf(name, sizeof(name), "w:%" PRId64, p);
        parts[p].waiting = reply_int(reply_field(reply, name));
    }
    live->parts = parts;
    live->n_parts = (size_t)n;
}

static void on_leases(void *data, enum err err,
                      const struct redisReply *reply) {
    struct live_call *call = data;
    struct arena *arena = call->arena;
    struct delivery_live *live = &call->live[call->leases];
    size_t n = err == OK ? reply_count(reply) / 2 : 0;
    if (err != OK)
        call->err = err;
    struct delivery_lease *leases =
        arena_alloc(arena, (n + 1) * sizeof(*leases));
    for (size_t i = 0; i < n; i++) {
        const char *at = reply_string(arena, reply_at(reply, 2 * i + 1));
        leases[i].lease = reply_string(arena, reply_at(reply, 2 * i));
        leases[i].account = word(arena, &at);
        leases[i].process = arena_strndup(arena, leases[i].lease,
                                          strcspn(leases[i].lease, "."));
    }
    call->leases_of[call->leases++] = leases;
    live->leases = leases;
    live->n_leases = n;
    if (call->leases == call->n)
        ask_alive(call);
}

static void on_ids(void *data, enum err err, const struct redisReply *reply) {
    struct live_call *call = data;
    struct arena *arena = call->arena;
    call->n = err == OK ? reply_count(reply) : 0;
    call->err = err;
    call->live = arena_alloc(arena, (call->n + 1) * sizeof(*call->live));
    call->leases_of =
        arena_alloc(arena, (call->n + 1) * sizeof(*call->leases_of));
    for (size_t i = 0; i < call->n; i++) {
        const char *id = reply_string(arena, reply_at(reply, i));
        call->live[i].id = id;
        store_read(call->store, on_head, call, 6,
                   (const char *const[]){
                       "HMGET", arena_printf(arena, "@" KEY_DELIVERY, id),
                       "state", "from", "recall", "d"});
        store_read(
            call->store, on_parts, call, 2,
            (const char *const[]){
                "HGETALL", arena_printf(arena, "@" KEY_DELIVERY_PARTS, id)});
        store_read(
            call->store, on_leases, call, 2,
            (const char *const[]){
                "HGETALL", arena_printf(arena, "@" KEY_DELIVERY_LEASES, id)});
    }
    if (call->n == 0)
        live_end(call);
}

void delivery_live_list(struct store *store, struct arena *arena,
                        delivery_live_read *done, void *data) {
    struct live_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct live_call){
        .store = store, .arena = arena, .done = done, .data = data};
    char last[16];
    snprintf(last, sizeof(last), "%d", DELIVERIES_LIVE_MAX - 1);
    store_read(
        store, on_ids, call, 4,
        (const char *const[]){"ZRANGE", "@" KEY_DELIVERIES_LIVE, "0", last});
}

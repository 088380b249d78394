#define LOG_MODULE "txn"
#include "store/txn.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/reply.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A key or an argument: where it stands in the bytes of the transaction. */
struct piece {
    size_t at, len;
};

struct pieces {
    struct piece *v;
    size_t n, cap;
};

/* The numbers of keys and arguments of an operation are not known when it
 * begins: they get a place of fixed width that is filled in at its end. */
#define COUNT_WIDTH 5
#define COUNT_MAX 99999

struct txn {
    struct store *store;
    struct buf bytes;
    struct pieces keys, args;
    size_t op_header; /* index of the current operation's name in args */
    size_t op_keys;   /* keys.n when it began */
    size_t n_ops;
    bool has_seen;
};

struct txn *txn_new(struct store *store) {
    struct txn *txn = xcalloc(1, sizeof(*txn));
    txn->store = store;
    return txn;
}

void txn_free(struct txn *txn) {
    if (txn == NULL)
        return;
    buf_finish(&txn->bytes);
    free(txn->keys.v);
    free(txn->args.v);
    free(txn);
}

static void add(struct txn *txn, struct pieces *pieces, const char *s,
                size_t len) {
    if (pieces->n == pieces->cap) {
        pieces->cap = pieces->cap == 0 ? 32 : pieces->cap * 2;
        pieces->v = xrealloc(pieces->v, pieces->cap * sizeof(*pieces->v));
    }
    pieces->v[pieces->n++] = (struct piece){txn->bytes.len, len};
    buf_add(&txn->bytes, s, len);
}

static void fill_count(struct txn *txn, size_t index, size_t count) {
    char digits[COUNT_WIDTH + 1];
    if (count > COUNT_MAX)
        abort();
    snprintf(digits, sizeof(digits), "%0*zu", COUNT_WIDTH, count);
    memcpy(txn->bytes.data + txn->args.v[index].at, digits, COUNT_WIDTH);
}

static void end_op(struct txn *txn) {
    if (txn->n_ops == 0)
        return;
    fill_count(txn, txn->op_header + 1, txn->keys.n - txn->op_keys);
    fill_count(txn, txn->op_header + 2, txn->args.n - txn->op_header - 3);
}

void txn_op(struct txn *txn, const char *op) {
    end_op(txn);
    txn->n_ops++;
    txn->op_header = txn->args.n;
    txn->op_keys = txn->keys.n;
    txn_arg(txn, op);
    txn_arg(txn, "00000");
    txn_arg(txn, "00000");
}

void txn_key(struct txn *txn, const char *fmt, ...) {
    char key[512];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(key, sizeof(key), fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(key))
        abort(); /* ids are capped where they come in */
    add(txn, &txn->keys, "{", 1);
    struct piece *piece = &txn->keys.v[txn->keys.n - 1];
    buf_adds(&txn->bytes, txn->store->district);
    buf_adds(&txn->bytes, "}:");
    buf_add(&txn->bytes, key, (size_t)len);
    piece->len = txn->bytes.len - piece->at;
}

void txn_arg_bytes(struct txn *txn, const char *arg, size_t len) {
    add(txn, &txn->args, arg, len);
}

void txn_arg(struct txn *txn, const char *arg) {
    txn_arg_bytes(txn, arg, strlen(arg));
}

void txn_arg_int(struct txn *txn, int64_t arg) {
    char digits[24];
    snprintf(digits, sizeof(digits), "%" PRId64, arg);
    txn_arg(txn, digits);
}

void txn_seen(struct txn *txn, const char *account, const char *chat,
              const char *message_id, const char *answer) {
    txn_op(txn, "seen");
    txn_key(txn, KEY_SEEN, account, chat, message_id);
    txn_arg(txn, answer);
    txn_arg_int(txn, txn->store->options.seen_ttl_ms);
    txn->has_seen = true;
}

void txn_rider(struct txn *txn, const char *rider, int64_t version,
               const char *const *fields, size_t n_fields) {
    txn_op(txn, "rider");
    txn_key(txn, KEY_RIDER, rider);
    txn_arg_int(txn, version);
    for (size_t i = 0; i < n_fields; i++)
        txn_arg(txn, fields[i]);
}

void txn_notice(struct txn *txn, const struct notice *notice) {
    struct buf packed;
    buf_init(&packed);
    notice_pack(&packed, notice);
    txn_op(txn, "notice");
    txn_key(txn, KEY_OUTBOX, notice->account);
    txn_arg_bytes(txn, packed.data, packed.len);
    buf_finish(&packed);
}

void txn_audit(struct txn *txn, const char *actor, const char *action,
               const char *subject, const char *detail) {
    txn_op(txn, "audit");
    txn_key(txn, KEY_AUDIT);
    txn_arg(txn, actor);
    txn_arg(txn, action);
    txn_arg(txn, subject);
    txn_arg(txn, detail);
}

bool txn_empty(const struct txn *txn) {
    return txn->n_ops == (txn->has_seen ? 1u : 0u);
}

/* ---- sending ---------------------------------------------------------- */

struct call {
    txn_done *done;
    void *data;
};

static enum err no_to_err(const char *no) {
    static const struct {
        const char *no;
        enum err err;
    } words[] = {
        {"conflict", ERR_CONFLICT}, {"not_found", ERR_NOT_FOUND},
        {"state", ERR_STATE},       {"limit", ERR_LIMIT},
        {"denied", ERR_DENIED},     {"duplicate", ERR_DUPLICATE},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(no, words[i].no) == 0)
            return words[i].err;
    return ERR_IO;
}

#define VALUES_MAX 1024

/* Strings of the reply after the first, arrays (a batch of chats) flattened. */
static size_t collect(const struct redisReply *reply, const char **values) {
    static char digits[24]; /* at most one operation gives a number */
    size_t n = 0;
    for (size_t i = 1; i < reply_count(reply); i++) {
        const struct redisReply *value = reply->element[i];
        if (value->type == REDIS_REPLY_INTEGER) {
            snprintf(digits, sizeof(digits), "%lld", value->integer);
            values[n++] = digits;
        } else if (value->type == REDIS_REPLY_STRING) {
            values[n++] = value->str;
        }
        for (size_t j = 0; j < reply_count(value) && n < VALUES_MAX; j++)
            if (value->element[j]->type == REDIS_REPLY_STRING)
                values[n++] = value->element[j]->str;
        if (n >= VALUES_MAX)
            break;
    }
    return n;
}

static void on_reply(void *data, enum err err, const struct redisReply *reply) {
    struct call call = *(struct call *)data;
    const char *values[VALUES_MAX];
    struct txn_result result = {.err = err, .values = values};
    free(data);
    const struct redisReply *word = reply_at(reply, 0);
    if (err == OK && (word == NULL || word->type != REDIS_REPLY_STRING)) {
        result.err = ERR_IO;
    } else if (err == OK && strcmp(word->str, "ok") == 0) {
        result.n_values = collect(reply, values);
    } else if (err == OK) {
        result.err = no_to_err(word->str);
        const struct redisReply *answer = reply_at(reply, 1);
        if (result.err == ERR_DUPLICATE && answer != NULL) {
            result.answer = answer->str;
            result.answer_len = answer->len;
        }
    }
    call.done(call.data, &result);
}

void txn_commit(struct txn *txn, txn_done *done, void *data) {
    end_op(txn);
    size_t n = txn->keys.n + txn->args.n;
    const char **argv = xcalloc(n, sizeof(*argv));
    size_t *lens = xcalloc(n, sizeof(*lens));
    for (size_t i = 0; i < n; i++) {
        const struct piece *piece =
            i < txn->keys.n ? &txn->keys.v[i] : &txn->args.v[i - txn->keys.n];
        argv[i] = txn->bytes.data + piece->at;
        lens[i] = piece->len;
    }
    struct call *call = xcalloc(1, sizeof(*call));
    *call = (struct call){done, data};
    redis_function(txn->store->redis, on_reply, call, "commit", txn->keys.n, n,
                   argv, lens);
    free(argv);
    free(lens);
    txn_free(txn);
}

#define LOG_MODULE "txn"
#include "store/txn.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "store/audit.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/notice.h"
#include "store/people.h"
#include "store/reply.h"
#include "store/resp.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The size of an operation is not known when it begins: it gets a place of
 * fixed width that is filled in at its end. */
#define OP_SIZE_DIGITS 9
#define OP_SIZE_ZERO "000000000"
#define OP_SIZE_KEY 100000 /* a key counts so many arguments */
#define OP_KEYS_MAX 9999

#define KEY_BYTES 512
/* Room for those of most transactions. */
#define KEYS_BYTES 500
#define ARGS_BYTES 1000

struct txn {
    struct store *store;
    struct resp keys, args;
    size_t op_size; /* where the operation's size is, in args */
    size_t op_keys; /* keys.n when it began */
    size_t op_args; /* args.n behind its size */
    size_t n_ops;
    bool has_seen;
};

struct txn *txn_new(struct store *store) {
    struct txn *txn = xcalloc(1, sizeof(*txn));
    txn->store = store;
    buf_reserve(&txn->keys.bytes, KEYS_BYTES);
    buf_reserve(&txn->args.bytes, ARGS_BYTES);
    return txn;
}

struct store *txn_store(const struct txn *txn) {
    return txn->store;
}

void txn_free(struct txn *txn) {
    if (txn == NULL)
        return;
    resp_finish(&txn->keys);
    resp_finish(&txn->args);
    free(txn);
}

/* Fills in the size of the operation that ends. */
static void end_op(struct txn *txn) {
    if (txn->n_ops == 0)
        return;
    size_t keys = txn->keys.n - txn->op_keys, args = txn->args.n - txn->op_args;
    if (keys > OP_KEYS_MAX || args >= OP_SIZE_KEY)
        abort();
    size_t size = keys * OP_SIZE_KEY + args;
    char *digits = txn->args.bytes.data + txn->op_size + strlen("$9\r\n");
    for (size_t i = OP_SIZE_DIGITS; i-- > 0; size /= 10)
        digits[i] = (char)('0' + size % 10);
}

void txn_op(struct txn *txn, const char *op) {
    end_op(txn);
    txn->n_ops++;
    txn_arg(txn, op);
    txn->op_size = txn->args.bytes.len;
    txn_arg(txn, OP_SIZE_ZERO);
    txn->op_keys = txn->keys.n;
    txn->op_args = txn->args.n;
}

static size_t print_key(char *out, size_t size, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Keys have nothing but %s and %d, and a transaction a dozen of them, which
 * printf would make the dearest part of it. Ids are capped where they come in:
 * one that does not fit is a mistake of ours. */
static size_t print_key(char *out, size_t size, const char *fmt, va_list args) {
    char digits[NUMBER_SIZE];
    size_t len = 0;
    for (; *fmt != '\0'; fmt++) {
        const char *part = fmt;
        size_t part_len = 1;
        if (*fmt == '%') {
            fmt++;
            part = *fmt == 's' ? va_arg(args, const char *)
                               : number_print(digits, va_arg(args, int));
            part_len = strlen(part);
        }
        if (part_len >= size - len)
            abort();
        memcpy(out + len, part, part_len);
        len += part_len;
    }
    return len;
}

void txn_key(struct txn *txn, const char *fmt, ...) {
    char key[KEY_BYTES];
    size_t tag =
        (size_t)(stpcpy(stpcpy(stpcpy(key, "{"), txn->store->district), "}:") -
                 key);
    va_list args;
    va_start(args, fmt);
    size_t len = tag + print_key(key + tag, sizeof(key) - tag, fmt, args);
    va_end(args);
    resp_add(&txn->keys, key, len);
}

void txn_arg_bytes(struct txn *txn, const char *arg, size_t len) {
    resp_add(&txn->args, arg, len);
}

void txn_arg(struct txn *txn, const char *arg) {
    txn_arg_bytes(txn, arg, strlen(arg));
}

void txn_arg_int(struct txn *txn, int64_t arg) {
    char digits[NUMBER_SIZE];
    txn_arg(txn, number_print(digits, arg));
}

static void add_notice(struct txn *txn, const struct notice *notice) {
    struct buf *packed = &txn->store->packed;
    buf_clear(packed);
    notice_pack(packed, notice);
    txn_arg_bytes(txn, packed->data, packed->len);
}

void txn_seen(struct txn *txn, const char *account, const char *chat,
              const char *message_id, const struct notice *answer) {
    txn_op(txn, "seen");
    txn_key(txn, KEY_SEEN, account, chat, message_id);
    txn_arg_int(txn, txn->store->options.seen_ttl_ms);
    if (answer != NULL) {
        txn_key(txn, KEY_OUTBOX, answer->account);
        add_notice(txn, answer);
    }
    txn->has_seen = true;
}

void txn_rider(struct txn *txn, const char *rider, int64_t version,
               const char *const *fields, size_t n_fields) {
    txn_op(txn, "rider");
    txn_key(txn, KEY_RIDER, rider);
    txn_arg_int(txn, version);
    for (size_t i = 0; i < n_fields; i++)
        txn_arg(txn, fields[i]);
    /* Who is reached by broadcasts follows these. */
    bool followed = version == 0 && n_fields > 0;
    for (size_t i = 0; !followed && i + 1 < n_fields; i += 2)
        followed = people_is_field(fields[i]);
    if (followed)
        people_changed(txn, rider);
}

void txn_notice(struct txn *txn, const struct notice *notice) {
    txn_op(txn, "notice");
    txn_key(txn, KEY_OUTBOX, notice->account);
    add_notice(txn, notice);
}

/* What stands between the fields when they are hashed is not in them. */
static void add_audit_word(struct txn *txn, const char *word) {
    if (strpbrk(word, AUDIT_SEPARATOR) == NULL) {
        txn_arg(txn, word);
        return;
    }
    char *clean = xstrdup(word);
    for (char *at = clean; (at = strpbrk(at, AUDIT_SEPARATOR)) != NULL; at++)
        *at = ' ';
    txn_arg(txn, clean);
    free(clean);
}

void txn_audit(struct txn *txn, const char *actor, const char *action,
               const char *subject, const char *detail) {
    txn_op(txn, "audit");
    txn_key(txn, KEY_AUDIT);
    txn_key(txn, KEY_AUDIT_HEAD);
    add_audit_word(txn, actor);
    add_audit_word(txn, action);
    add_audit_word(txn, subject);
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

#define VALUES_MAX 2048

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
    struct call *call = xcalloc(1, sizeof(*call));
    *call = (struct call){done, data};
    redis_function(txn->store->redis, on_reply, call, "commit", &txn->keys,
                   &txn->args);
    txn_free(txn);
}

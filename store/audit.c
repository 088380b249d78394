#include "store/audit.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/seal.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char audit_key[] = "@" KEY_AUDIT;

#define ID_DIGITS_MAX 20

bool audit_id_valid(const char *text) {
    size_t t = strspn(text, "0123456789");
    if (t == 0 || t > ID_DIGITS_MAX || text[t] != '-')
        return false;
    size_t n = strspn(text + t + 1, "0123456789");
    return n > 0 && n <= ID_DIGITS_MAX && text[t + 1 + n] == '\0';
}

/* ---- an entry ----------------------------------------------------------- */

static bool is_text(const struct redisReply *reply, const char *text) {
    size_t len = strlen(text);
    return reply != NULL && reply->type == REDIS_REPLY_STRING &&
           reply->len == len && memcmp(reply->str, text, len) == 0;
}

static bool has_separator(const struct redisReply *value) {
    return memchr(value->str, AUDIT_SEPARATOR[0], value->len) != NULL;
}

/* Nothing but what the function writes, in its order, without a NUL; and no
 * separator but in the last one, so that nothing can move between them. */
static bool is_odd(const struct redisReply *fields, bool chained) {
    static const char *const names[] = {"who", "did", "what", "how", "h"};
    size_t n = chained ? ARRAY_LEN(names) : ARRAY_LEN(names) - 1;
    if (reply_count(fields) != 2 * n)
        return true;
    for (size_t i = 0; i < n; i++) {
        const struct redisReply *value = reply_at(fields, 2 * i + 1);
        if (!is_text(reply_at(fields, 2 * i), names[i]) ||
            value->type != REDIS_REPLY_STRING ||
            strlen(value->str) != value->len || (i < 3 && has_separator(value)))
            return true;
    }
    return false;
}

/* "<number> <hash>" */
static void read_hash(const char *text, struct audit_entry *entry) {
    char *end;
    long long number = strtoll(text, &end, 10);
    if (number <= 0 || *end != ' ' || strlen(end + 1) != AUDIT_HASH_SIZE - 1) {
        entry->odd = true;
        return;
    }
    entry->number = number;
    entry->hash = end + 1;
}

static struct audit_entry read_entry(struct arena *arena,
                                     const struct redisReply *reply) {
    const struct redisReply *fields = reply_at(reply, 1);
    const char *id = reply_string(arena, reply_at(reply, 0));
    const struct redisReply *hash = reply_field(fields, "h");
    struct audit_entry entry = {
        .id = id,
        .at_ms = strtoll(id, NULL, 10),
        .actor = reply_string(arena, reply_field(fields, "who")),
        .action = reply_string(arena, reply_field(fields, "did")),
        .subject = reply_string(arena, reply_field(fields, "what")),
        .detail = reply_string(arena, reply_field(fields, "how")),
        .hash = "",
        .odd = is_odd(fields, hash != NULL),
    };
    if (hash != NULL)
        read_hash(reply_string(arena, hash), &entry);
    return entry;
}

/* ---- following ---------------------------------------------------------- */

struct follow_call {
    struct arena *arena;
    audit_page *done;
    void *data;
};

static void on_page(void *data, enum err err, const struct redisReply *reply) {
    struct follow_call *call = data;
    size_t n = err == OK ? reply_count(reply) : 0;
    struct audit_entry *entries =
        arena_alloc(call->arena, (n + 1) * sizeof(*entries));
    for (size_t i = 0; i < n; i++)
        entries[i] = read_entry(call->arena, reply_at(reply, i));
    call->done(call->data, err, entries, n);
}

void audit_follow(struct store *store, struct arena *arena, const char *after,
                  size_t max, audit_page *done, void *data) {
    struct follow_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct follow_call){arena, done, data};
    char from[AUDIT_ID_SIZE], count[16];
    snprintf(from, sizeof(from), "%s%s", after[0] == '\0' ? "-" : "(", after);
    snprintf(count, sizeof(count), "%zu",
             max < AUDIT_PAGE_MAX ? max : AUDIT_PAGE_MAX);
    store_read(
        store, on_page, call, 6,
        (const char *const[]){"XRANGE", audit_key, from, "+", "COUNT", count});
}

struct last_call {
    audit_id *done;
    void *data;
};

static void on_last(void *data, enum err err, const struct redisReply *reply) {
    struct last_call call = *(struct last_call *)data;
    const struct redisReply *id = reply_at(reply_at(reply, 0), 0);
    free(data);
    call.done(call.data, err,
              err == OK && id != NULL && id->type == REDIS_REPLY_STRING
                  ? id->str
                  : "");
}

void audit_last(struct store *store, audit_id *done, void *data) {
    struct last_call *call = xcalloc(1, sizeof(*call));
    *call = (struct last_call){done, data};
    store_read(
        store, on_last, call, 6,
        (const char *const[]){"XREVRANGE", audit_key, "+", "-", "COUNT", "1"});
}

/* ---- searching ---------------------------------------------------------- */

#define SEARCH_PAGE 500

struct search_call {
    struct store *store;
    struct arena *arena;
    struct audit_filter filter;
    struct audit_entry *entries;
    size_t n, max, looked_at;
    char next[AUDIT_ID_SIZE];
    audit_found *done;
    void *data;
};

static bool passes(const struct redisReply *fields, const char *name,
                   const char *wanted) {
    return wanted[0] == '\0' || is_text(reply_field(fields, name), wanted);
}

static void search_on(struct search_call *call);

static void on_search(void *data, enum err err,
                      const struct redisReply *reply) {
    struct search_call *call = data;
    const struct audit_filter *filter = &call->filter;
    size_t n = err == OK ? reply_count(reply) : 0;
    size_t i = 0;
    for (; i < n && call->n < call->max; i++) {
        const struct redisReply *entry = reply_at(reply, i);
        const struct redisReply *fields = reply_at(entry, 1);
        const struct redisReply *id = reply_at(entry, 0);
        if (passes(fields, "who", filter->actor) &&
            passes(fields, "did", filter->action) &&
            passes(fields, "what", filter->subject))
            call->entries[call->n++] = read_entry(call->arena, entry);
        snprintf(call->next, sizeof(call->next), "%s",
                 id != NULL && id->type == REDIS_REPLY_STRING ? id->str : "");
    }
    bool all = i == n && n < SEARCH_PAGE;
    if (all)
        call->next[0] = '\0';
    call->looked_at += n;
    if (err == OK && !all && call->n < call->max &&
        call->looked_at < AUDIT_LOOKED_AT_MAX)
        search_on(call);
    else
        call->done(call->data, err, call->entries, call->n, call->next);
}

static void search_on(struct search_call *call) {
    char to[AUDIT_ID_SIZE + 1], count[16];
    snprintf(to, sizeof(to), "%s%s", call->next[0] == '\0' ? "+" : "(",
             call->next);
    snprintf(count, sizeof(count), "%d", SEARCH_PAGE);
    store_read(
        call->store, on_search, call, 6,
        (const char *const[]){"XREVRANGE", audit_key, to, "-", "COUNT", count});
}

void audit_search(struct store *store, struct arena *arena,
                  const struct audit_filter *filter, const char *before,
                  size_t max, audit_found *done, void *data) {
    struct search_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct search_call){
        .store = store,
        .arena = arena,
        .filter = {arena_strdup(arena, filter->actor),
                   arena_strdup(arena, filter->action),
                   arena_strdup(arena, filter->subject)},
        .entries = arena_alloc(arena, (max + 1) * sizeof(*call->entries)),
        .max = max,
        .done = done,
        .data = data,
    };
    snprintf(call->next, sizeof(call->next), "%s", before);
    search_on(call);
}

/* ---- where it begins and ends ------------------------------------------- */

#define BASE_CONTEXT "audit base"

void audit_link_print(const struct audit_link *link,
                      char out[static AUDIT_LINK_SIZE]) {
    if (link->number == 0)
        out[0] = '\0';
    else
        snprintf(out, AUDIT_LINK_SIZE, "%" PRId64 " %s %s", link->number,
                 link->id, link->hash);
}

bool audit_link_parse(const char *text, struct audit_link *out) {
    struct audit_link link = {0};
    int end = 0;
    if (sscanf(text, "%18" SCNd64 " %47s %40s%n", &link.number, link.id,
               link.hash, &end) != 3 ||
        text[end] != '\0' || link.number <= 0 || !audit_id_valid(link.id))
        return false;
    *out = link;
    return true;
}

struct ends_call {
    const struct seal *seal;
    struct audit_ends ends;
    audit_ends_read *done;
    void *data;
};

/* A link and its mac. */
static void read_base(struct ends_call *call, const char *text) {
    struct audit_ends *ends = &call->ends;
    char link[AUDIT_LINK_SIZE];
    const char *blank = strrchr(text, ' ');
    ends->base_forged = true;
    if (blank == NULL || (size_t)(blank - text) >= sizeof(link))
        return;
    snprintf(link, sizeof(link), "%.*s", (int)(blank - text), text);
    if (!audit_link_parse(link, &ends->base))
        return;
    ends->base_forged = !seal_mac_ok(call->seal, BASE_CONTEXT, link, blank + 1);
    ends->base_old = seal_is_old(call->seal, blank + 1);
}

static void on_ends(void *data, enum err err, const struct redisReply *reply) {
    struct ends_call *call = data;
    const struct redisReply *base = reply_at(reply, 0),
                            *head = reply_at(reply, 1);
    if (err == OK && base != NULL && base->type == REDIS_REPLY_STRING)
        read_base(call, base->str);
    if (err == OK && head != NULL && head->type == REDIS_REPLY_STRING)
        call->ends.head_odd = !audit_link_parse(head->str, &call->ends.head);
    call->done(call->data, err, &call->ends);
    free(call);
}

void audit_ends_get(struct store *store, const struct seal *seal,
                    audit_ends_read *done, void *data) {
    struct ends_call *call = xcalloc(1, sizeof(*call));
    call->seal = seal;
    call->done = done;
    call->data = data;
    store_read(
        store, on_ends, call, 3,
        (const char *const[]){"MGET", "@" KEY_AUDIT_BASE, "@" KEY_AUDIT_HEAD});
}

/* first is the id of the first entry that stays. */
static void trim(struct txn *txn, const struct seal *seal,
                 const struct audit_link *base, const char *first) {
    char link[AUDIT_LINK_SIZE], mac[SEAL_MAC_SIZE];
    char record[AUDIT_LINK_SIZE + SEAL_MAC_SIZE];
    audit_link_print(base, link);
    seal_mac(seal, BASE_CONTEXT, link, mac);
    snprintf(record, sizeof(record), "%s %s", link, mac);
    if (base->number == 0)
        record[0] = '\0'; /* of before the chain: it goes on from nothing */
    txn_op(txn, "audit_trim");
    txn_key(txn, KEY_AUDIT);
    txn_key(txn, KEY_AUDIT_BASE);
    txn_arg(txn, record);
    txn_arg(txn, first);
}

void audit_forget(struct txn *txn, const struct seal *seal,
                  const struct audit_entry *last) {
    struct audit_link link = {.number = last->number};
    char first[AUDIT_ID_SIZE];
    const char *dash = strchr(last->id, '-');
    snprintf(link.id, sizeof(link.id), "%s", last->id);
    snprintf(link.hash, sizeof(link.hash), "%s", last->hash);
    snprintf(first, sizeof(first), "%" PRId64 "-%llu", last->at_ms,
             dash == NULL ? 0 : strtoull(dash + 1, NULL, 10) + 1);
    trim(txn, seal, &link, first);
}

void audit_sign_base(struct txn *txn, const struct seal *seal,
                     const struct audit_link *base) {
    trim(txn, seal, base, "0-0");
}

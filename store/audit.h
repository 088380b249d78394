#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct seal;
struct store;
struct txn;

/*
 * Reading the audit log; txn_audit() writes it. Its entries are chained: each
 * has a number, one higher than the one before, a time of Redis that never goes
 * back, and a hash of itself and the hash before it. See bot/audit_check.h for
 * what that is good for.
 */
#define AUDIT_HASH_SIZE 41 /* SHA-1 in hex, as Redis has it for its functions  \
                            */
#define AUDIT_PAGE_MAX 1000

struct audit_entry {
    const char *id; /* "1795300000000-17": at_ms and number */
    int64_t at_ms;
    int64_t number; /* 0: of before there were any */
    const char *actor, *action, *subject, *detail; /* see txn_audit() */
    const char *hash;                              /* "" without a number */
    bool odd; /* it has other fields than those, or others in their place */
};

/* What comes is borrowed from arena. */
typedef void audit_page(void *data, enum err err,
                        const struct audit_entry *entries, size_t n);

/*
 * For those that follow the log: up to max entries behind the one with id
 * after, oldest first; "" from its begin. Fewer than max: these are all.
 */
void audit_follow(struct store *store, struct arena *arena, const char *after,
                  size_t max, audit_page *done, void *data);
/* The id of the last entry, to follow from there; "" when there is none. */
typedef void audit_id(void *data, enum err err, const char *id);
void audit_last(struct store *store, audit_id *done, void *data);

/*
 * Newest first, older than the entry with id before ("": from the end), those
 * only that have what is not "" in the filter. next is to be given as before to
 * go on, "" at the begin of the log: a page may be short, for only so many
 * entries are looked at for it.
 */
struct audit_filter {
    const char *actor, *action, *subject;
};
#define AUDIT_LOOKED_AT_MAX 20000

typedef void audit_found(void *data, enum err err,
                         const struct audit_entry *entries, size_t n,
                         const char *next);
void audit_search(struct store *store, struct arena *arena,
                  const struct audit_filter *filter, const char *before,
                  size_t max, audit_found *done, void *data);
/* Whether text is the id of an entry. */
bool audit_id_valid(const char *text);

/*
 * Where the chain begins and ends. base is the last entry that was forgotten:
 * number 0 and hash "" when none was. Its record is signed, so that nobody
 * else forgets. head is "" and 0 for an empty log.
 */
struct audit_ends {
    int64_t base_number;
    char base_hash[AUDIT_HASH_SIZE];
    bool base_forged; /* there is a record, and it was not signed by our keys */
    bool base_old;    /* it was signed by another key than the current one */
    char head_id[64];
    int64_t head_number;
    char head_hash[AUDIT_HASH_SIZE];
    bool head_odd; /* there is one, and it is none */
};
typedef void audit_ends_read(void *data, enum err err,
                             const struct audit_ends *ends);
void audit_ends_get(struct store *store, const struct seal *seal,
                    audit_ends_read *done, void *data);

/* Forgets every entry up to last and that one. */
void audit_forget(struct txn *txn, const struct seal *seal,
                  const struct audit_entry *last);
/* Signs the record of what was forgotten by the current key. */
void audit_sign_base(struct txn *txn, const struct seal *seal,
                     const struct audit_ends *ends);

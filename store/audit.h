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
 * has a number, one higher than the one before, and a hash of itself, the hash
 * before it and its id. The id is a time of Redis that never goes back. See
 * bot/audit_check.h for what that is good for.
 */
#define AUDIT_ID_SIZE 48
#define AUDIT_HASH_SIZE 41 /* SHA-1 in hex, as redis.sha1hex() gives it */
#define AUDIT_PAGE_MAX 1000
#define AUDIT_SEPARATOR "\x1f" /* between what is hashed */

struct audit_entry {
    const char *id; /* "1795300000000-0" */
    int64_t at_ms;
    int64_t number; /* 0: of before there were any */
    const char *actor, *action, *subject, *detail; /* see txn_audit() */
    const char *hash;                              /* "" without a number */
    bool odd; /* it is not as the store's function writes them */
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
 * number 0 when none was. Its record is signed, so that nobody else forgets.
 * head is the last one: number 0 for an empty log.
 */
struct audit_link {
    int64_t number;
    char id[AUDIT_ID_SIZE];
    char hash[AUDIT_HASH_SIZE];
};
/* "<number> <id> <hash>", which is hashed with the next entry; or "". */
#define AUDIT_LINK_SIZE 112
void audit_link_print(const struct audit_link *link,
                      char out[static AUDIT_LINK_SIZE]);
bool audit_link_parse(const char *text, struct audit_link *out);

struct audit_ends {
    struct audit_link base, head;
    bool base_forged; /* there is a record, and our keys have not signed it */
    bool base_old;    /* another of our keys than the current one has */
    bool head_odd;    /* there is a record, and it is none */
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
                     const struct audit_link *base);

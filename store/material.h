#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * Study materials (学习资料): something to read, with where it comes from and
 * how long it takes. One from a feed is new until an organiser has looked at
 * it; riders see those that are approved.
 */
enum material_state {
    MATERIAL_NEW,
    MATERIAL_APPROVED,
    MATERIAL_REJECTED,
    MATERIAL_STATES
};
/* "new", … */
extern const char *const material_states[MATERIAL_STATES];

#define MATERIAL_TITLE_CHARS 120
#define MATERIAL_SOURCE_CHARS 60
#define MATERIAL_SUMMARY_CHARS 500
#define MATERIAL_BODY_CHARS 20000
#define MATERIAL_CATEGORY_CHARS 32
#define MATERIAL_URL_BYTES 2000
#define MATERIAL_PUSHED_MAX 20 /* broadcasts remembered, the latest */

/* Strings are "" when there is nothing; NULL is as good when writing. */
struct material {
    const char *id;  /* "M12" */
    int64_t version; /* 0: is not stored */
    enum material_state state;
    const char *title, *source;
    const char *cover; /* a photo id */
    const char *url;
    const char *summary, *body; /* plain text */
    const char *category;
    int minutes; /* to read it: material_minutes() */
    int64_t published_ms, created_ms;
    const char *feed;   /* "F3", or "": written here */
    const char *by;     /* who wrote or judged it last, for the audit log */
    const char *pushed; /* ids of its broadcasts joined by ',' */
    int64_t reads;      /* riders who have opened it; not written by put */
};

/* Minutes of reading, 1 at least. */
int material_minutes(const char *body, const char *summary);

/* ERR_CONFLICT unless the version in the store is material->version. Lists are
 * by published_ms, the latest first. */
void material_put(struct txn *txn, const struct material *material);
void material_remove(struct txn *txn, const char *id, int64_t version);

/*
 * What a feed's entry is known by, each a hash: "" when it has no such thing.
 * An entry is known when either of them was imported, whatever became of the
 * material. The last MATERIAL_KEYS_MAX that feeds still have are remembered.
 */
struct material_keys {
    const char *guid, *link;
};
#define MATERIAL_KEYS_MAX 50000
/* A new material of a feed, or nothing when its entry is known: the next value
 * of the result is "1" or "0". material->version is 0. */
void material_import(struct txn *txn, const struct material *material,
                     const struct material_keys *keys, int64_t now_ms);
/* Entries that are known and still in their feed stay known. */
void material_keep(struct txn *txn, const struct material_keys *keys, size_t n,
                   int64_t now_ms);
/* Whether each of n entries is known, one char each: '1' or '0'. */
typedef void material_known(void *data, enum err err, const char *known);
#define MATERIAL_KNOWN_MAX 100 /* entries asked about at once */
void material_get_known(struct store *store, struct arena *arena,
                        const struct material_keys *keys, size_t n,
                        material_known *done, void *data);

/* Borrowed from arena; done is called later in the loop. ERR_NOT_FOUND:
 * material is NULL. */
typedef void material_read(void *data, enum err err,
                           const struct material *material);
void material_get(struct store *store, struct arena *arena, const char *id,
                  material_read *done, void *data);

typedef void material_list(void *data, enum err err,
                           const struct material *materials, size_t n,
                           int64_t total);
/* Those of a state (MATERIAL_STATES: of all) from offset on, at most max. */
void material_list_state(struct store *store, struct arena *arena,
                         enum material_state state, size_t offset, size_t max,
                         material_list *done, void *data);
/* Those with ids that stand in "M1,M2", in their order; at most
 * MATERIAL_IDS_MAX. One that is gone is left out. */
#define MATERIAL_IDS_MAX 100
void material_get_many(struct store *store, struct arena *arena,
                       const char *ids, material_list *done, void *data);

#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * A record: the fields of one thing under a version, and its place among its
 * kind. The typed modules of things that people edit and list, such as
 * materials and events, are made of it; nobody above this room sees one.
 */
struct record {
    const char *kind; /* "material"; one with an owner: "signup:E12" */
    const char *id;   /* "M7" */
    int64_t version;  /* 0: is not stored */
    int64_t order;    /* lists are by it, highest first: ms, most often */
    const char *const *fields; /* name, value, … */
    size_t n_fields;           /* names and values together */
};
#define RECORD_FIELDS_MAX 96 /* names and values together, in one change */

/* The value of a field, or "". */
const char *record_string(const struct record *record, const char *name);
int64_t record_int(const struct record *record, const char *name);

/*
 * Writes the fields given, a value "" removes its field, and the place.
 * ERR_CONFLICT unless the version in the store is record->version; the new one
 * is by one higher.
 */
void record_put(struct txn *txn, const struct record *record);
/* ERR_CONFLICT unless it has that version. */
void record_remove(struct txn *txn, const char *kind, const char *id,
                   int64_t version);
/* ERR_CONFLICT unless it has that version; writes nothing. */
void record_expect(struct txn *txn, const char *kind, const char *id,
                   int64_t version);

/* Borrowed from arena, as all that is read here. ERR_NOT_FOUND, record then
 * NULL. done is called later in the loop. */
typedef void record_read(void *data, enum err err, const struct record *record);
void record_get(struct store *store, struct arena *arena, const char *kind,
                const char *id, record_read *done, void *data);

#define RECORDS_MAX 1000 /* read at once */
/*
 * Those of a kind from offset on, highest order first, at most max of them.
 * total is how many the kind has. One that went meanwhile is left out.
 */
typedef void record_list(void *data, enum err err, const struct record *records,
                         size_t n, int64_t total);
void record_list_kind(struct store *store, struct arena *arena,
                      const char *kind, size_t offset, size_t max,
                      record_list *done, void *data);
/* Those with these ids, in their order. */
void record_get_many(struct store *store, struct arena *arena, const char *kind,
                     const char *const *ids, size_t n, record_list *done,
                     void *data);

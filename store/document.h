#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * A document: data of the district that its administrators keep as JSON, such
 * as the organisation tree. The store holds it as it was written; bot/policy.h
 * says what may stand in it.
 */
#define DOCUMENT_BYTES_MAX (2 * 1024 * 1024)

struct document {
    const char *name;
    int64_t version; /* 0: was never written */
    const char *json;
    size_t json_len;
    const char *by; /* "user:wang", or "system" */
    int64_t at_ms;
};

/* ERR_CONFLICT unless the version in the store is document->version; the new
 * one, by one higher, is a value of the result. */
void document_put(struct txn *txn, const struct document *document);
/* ERR_CONFLICT in the same way, and writes nothing: for a document that speaks
 * of another. */
void document_expect(struct txn *txn, const struct document *document);

/* documents in the order of names; one never written has version 0. Borrowed
 * from arena. */
typedef void document_read(void *data, enum err err,
                           const struct document *documents, size_t n);
void document_get(struct store *store, struct arena *arena,
                  const char *const *names, size_t n, document_read *done,
                  void *data);

/* Only their versions, in the order of names; cheap. */
#define DOCUMENT_NAMES_MAX 16
typedef void document_versions(void *data, enum err err,
                               const int64_t *versions, size_t n);
void document_get_versions(struct store *store, const char *const *names,
                           size_t n, document_versions *done, void *data);

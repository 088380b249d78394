#pragma once

#include "bot/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;

/*
 * Writes a document of the policy, or only looks whether it could be: it is
 * read together with all the others as they stand, refused when that gives a
 * problem that was not there before, and written in one transaction with an
 * entry of the audit log that holds only when none of the others has changed
 * meanwhile.
 */
struct policy_write {
    enum policy_document document;
    const char *json;
    size_t json_len;
    int64_t version; /* that it follows; POLICY_ANY_VERSION: whichever is there
                      */
    const char *by;  /* "user:wang", or "system" */
    const char *detail; /* of the audit entry, or "" */
    int64_t now_ms;
    int utc_offset_minutes;
    bool only_check;
};
#define POLICY_ANY_VERSION (-1)
#define POLICY_AUDIT_ACTION "document-put" /* subject: the document's name */

/* OK: version is the one it has now. ERR_CONFLICT: it is the one that is in the
 * store. ERR_INVALID: problems, in arena. Else as store/txn.h says. */
typedef void policy_written(void *data, enum err err, int64_t version,
                            const struct problems *problems);
/* Strings and arena are borrowed until done, which comes later in the loop. */
void policy_write(struct store *store, struct arena *arena,
                  const struct policy_write *write, policy_written *done,
                  void *data);

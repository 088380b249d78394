#include "bot/policy_write.h"

#include "base/arena.h"
#include "store/document.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

struct write_call {
    struct store *store;
    struct arena *arena;
    struct policy_write write;
    struct problems problems;
    int64_t version; /* in the store */
    policy_written *done;
    void *data;
};

static void end(struct write_call *call, enum err err) {
    call->done(call->data, err, call->version, &call->problems);
}

/* ---- whether it may be written ---------------------------------------------
 */

static enum err parse(struct write_call *call,
                      const struct document documents[POLICY_DOCUMENTS]) {
    struct policy *policy;
    enum err err = policy_parse(documents, call->write.utc_offset_minutes,
                                call->arena, &call->problems, &policy);
    policy_free(policy);
    return err;
}

static bool all_of(const struct problems *problems,
                   enum policy_document document) {
    for (size_t i = 0; i < problems->n; i++)
        if (problems->items[i].document != document)
            return false;
    return true;
}

/* Puts the built-in document in the place of each that is in the store and bad:
 * otherwise two of them could never be mended, one after the other. */
static void pass_over_bad(struct write_call *call,
                          struct document documents[POLICY_DOCUMENTS]) {
    while (parse(call, documents) != OK)
        for (size_t i = 0; i < call->problems.n; i++) {
            enum policy_document bad = call->problems.items[i].document;
            documents[bad] = (struct document){.name = policy_names[bad]};
        }
}

static enum err check(struct write_call *call, const struct document *found) {
    struct document documents[POLICY_DOCUMENTS];
    enum policy_document which = call->write.document;
    const struct document candidate = {
        .name = policy_names[which],
        .version = call->version + 1,
        .json = call->write.json,
        /* Without any bytes it would be the built-in one. */
        .json_len = call->write.json_len,
    };
    if (candidate.json_len == 0) {
        call->problems.items[0] = (struct problem){which, "", "is empty"};
        call->problems.n = 1;
        return ERR_INVALID;
    }
    memcpy(documents, found, sizeof(documents));
    documents[which] = candidate;
    if (parse(call, documents) == OK)
        return OK;
    if (all_of(&call->problems, which))
        return ERR_INVALID;
    memcpy(documents, found, sizeof(documents));
    pass_over_bad(call, documents);
    documents[which] = candidate;
    return parse(call, documents);
}

/* ---- writing ------------------------------------------------------------- */

static void on_committed(void *data, const struct txn_result *result) {
    struct write_call *call = data;
    if (result->err == OK)
        call->version++;
    end(call, result->err);
}

static void commit(struct write_call *call, const struct document *found) {
    const struct policy_write *write = &call->write;
    struct txn *txn = txn_new(call->store);
    for (int i = 0; i < POLICY_DOCUMENTS; i++)
        if (i != (int)write->document)
            document_expect(txn, &found[i]);
    document_put(txn, &(struct document){
                          .name = policy_names[write->document],
                          .version = call->version,
                          .json = write->json,
                          .json_len = write->json_len,
                          .by = write->by,
                          .at_ms = write->now_ms,
                      });
    txn_audit(txn, write->by, POLICY_AUDIT_ACTION,
              policy_names[write->document], write->detail);
    txn_commit(txn, on_committed, call);
}

static void on_documents(void *data, enum err err,
                         const struct document *documents, size_t n) {
    struct write_call *call = data;
    (void)n;
    if (err != OK) {
        end(call, err);
        return;
    }
    call->version = documents[call->write.document].version;
    if (call->write.version != POLICY_ANY_VERSION &&
        call->write.version != call->version)
        err = ERR_CONFLICT;
    else
        err = check(call, documents);
    if (err != OK || call->write.only_check)
        end(call, err);
    else
        commit(call, documents);
}

void policy_write(struct store *store, struct arena *arena,
                  const struct policy_write *write, policy_written *done,
                  void *data) {
    struct write_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct write_call){
        .store = store,
        .arena = arena,
        .write = *write,
        .done = done,
        .data = data,
    };
    document_get(store, arena, policy_names, POLICY_DOCUMENTS, on_documents,
                 call);
}

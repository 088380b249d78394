#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/bot.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_DIGITS 15

/* A draft that is to be written, and what it was before. */
struct writing {
    struct broadcast is;
    const char *action; /* for the audit log */
};

static struct writing *writing_new(struct api_call *call, const char *action) {
    struct writing *writing = arena_alloc(&call->arena, sizeof(*writing));
    writing->action = action;
    return writing;
}

static void on_written(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    struct writing *writing = call->data;
    bool is_new = writing->is.version == 0;
    if (result->err == ERR_CONFLICT) {
        broadcast_show_current(call, writing->is.id, 409, "stale");
    } else if (result->err != OK) {
        api_fail(call, result->err);
    } else {
        writing->is.version++;
        broadcast_show(call, &writing->is, is_new ? 201 : 200);
    }
}

static void write_it(struct api_call *call, struct writing *writing) {
    struct txn *txn = txn_new(call->bot->store);
    writing->is.updated_ms = call->now_ms;
    broadcast_put(txn, &writing->is);
    txn_audit(txn, call->caller.actor, writing->action, writing->is.id, "");
    api_happens(call, txn);
    call->data = writing;
    txn_commit(txn, on_written, call);
}

/* Gives a new draft its number and its author; false: the call has been
 * answered. */
static bool begin_draft(struct api_call *call, struct broadcast *draft) {
    int64_t number = store_next_number(call->bot->store);
    if (number == 0) {
        api_fail(call, ERR_AWAY);
        return false;
    }
    draft->id = arena_printf(&call->arena, "B%" PRId64, number);
    draft->version = 0;
    draft->state = BROADCAST_DRAFT;
    draft->by = call->caller.actor;
    draft->by_name = call->caller.display;
    draft->created_ms = call->now_ms;
    draft->parent = draft->approved_by = draft->note = "";
    draft->report_account = draft->report_chat = "";
    return true;
}

/* ---- a new one ----------------------------------------------------------- */

static void create(struct api_call *call, const struct broadcast *broadcast) {
    struct writing *writing = writing_new(call, "broadcast-add");
    writing->is = *broadcast;
    if (begin_draft(call, &writing->is))
        write_it(call, writing);
}

void broadcasts_post(struct api_call *call) {
    struct broadcast *draft = arena_alloc(&call->arena, sizeof(*draft));
    draft->unit = access_units(&call->arena, &call->caller, PERM_BROADCASTS);
    if (draft->unit[0] == '\0')
        api_fail(call, ERR_DENIED); /* of one category only */
    else if (broadcast_read_body(call, draft))
        broadcast_check_refs(call, draft, create);
}

/* ---- changing it --------------------------------------------------------- */

/* Whether it is a draft of this version, which the caller may write; else the
 * call has been answered. */
static bool may_write(struct api_call *call, const struct broadcast *broadcast,
                      int64_t version) {
    if (!broadcast_covered(call, broadcast, PERM_BROADCASTS))
        api_fail(call, ERR_DENIED);
    else if (broadcast->version != version)
        broadcast_show_current(call, broadcast->id, 409, "stale");
    else if (broadcast->state != BROADCAST_DRAFT)
        broadcast_show_current(call, broadcast->id, 409, "state");
    else
        return true;
    return false;
}

static bool read_version(struct api_call *call, int64_t *version) {
    if (json_object_get(call->json, "version") == NULL) {
        api_invalid(call, "required", "version");
        return false;
    }
    return api_integer(call, "version", 1, INT64_MAX, 0, version);
}

static void change(struct api_call *call, const struct broadcast *broadcast) {
    struct writing *writing = writing_new(call, "broadcast-change");
    writing->is = *broadcast;
    write_it(call, writing);
}

static void change_found(struct api_call *call,
                         const struct broadcast *broadcast) {
    struct broadcast *draft = arena_alloc(&call->arena, sizeof(*draft));
    int64_t version;
    *draft = *broadcast;
    if (read_version(call, &version) && may_write(call, broadcast, version) &&
        broadcast_read_body(call, draft))
        broadcast_check_refs(call, draft, change);
}

void broadcasts_put(struct api_call *call) {
    broadcast_with(call, change_found);
}

/* ---- a copy -------------------------------------------------------------- */

static void copy_found(struct api_call *call,
                       const struct broadcast *broadcast) {
    struct writing *writing = writing_new(call, "broadcast-copy");
    struct broadcast *draft = &writing->is;
    if (!broadcast_covered(call, broadcast, PERM_BROADCASTS)) {
        api_fail(call, ERR_DENIED);
        return;
    }
    *draft = *broadcast;
    draft->total = draft->next_ms = draft->fired_ms = draft->ended_ms = 0;
    if (draft->at_ms < call->now_ms)
        draft->at_ms = 0;
    if (begin_draft(call, draft))
        write_it(call, writing);
}

void broadcasts_copy(struct api_call *call) {
    broadcast_with(call, copy_found);
}

/* ---- removing ------------------------------------------------------------ */

static void on_removed(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    if (result->err == ERR_CONFLICT)
        broadcast_show_current(call, call->args[0], 409, "stale");
    else if (result->err != OK)
        api_fail(call, result->err);
    else
        api_empty(call);
}

static void remove_found(struct api_call *call,
                         const struct broadcast *broadcast) {
    const char *given = api_query(call, "version");
    size_t digits = strspn(given, "0123456789");
    if (digits == 0 || digits > VERSION_DIGITS || given[digits] != '\0') {
        api_invalid(call, given[0] == '\0' ? "required" : "invalid", "version");
        return;
    }
    if (!may_write(call, broadcast, strtoll(given, NULL, 10)))
        return;
    struct txn *txn = txn_new(call->bot->store);
    broadcast_remove(txn, broadcast->id, broadcast->version);
    txn_audit(txn, call->caller.actor, "broadcast-remove", broadcast->id, "");
    api_happens(call, txn);
    txn_commit(txn, on_removed, call);
}

void broadcasts_delete(struct api_call *call) {
    broadcast_with(call, remove_found);
}

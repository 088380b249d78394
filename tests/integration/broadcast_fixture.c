#include "tests/integration/broadcast_fixture.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/planner.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/work.h"
#include "store/document.h"
#include "store/group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct arena push_memory; /* of a test */

void push_document(struct engine *e, const char *json) {
    struct txn *txn = txn_new(e->bot.store);
    enum policy_document document = POLICY_BROADCASTS;
    int64_t version = policy_version(policies_get(e->bot.policies), document);
    document_put(txn, &(struct document){
                          .name = policy_names[document],
                          .version = version,
                          .json = json,
                          .json_len = strlen(json),
                          .by = "system",
                          .at_ms = 1,
                      });
    assert_int_equal(engine_commit(e, txn), OK);
    policies_refresh(e->bot.policies, NULL, NULL);
    ENGINE_UNTIL(e, policy_version(policies_get(e->bot.policies), document) ==
                        version + 1);
}

static void on_broadcast(void *data, enum err err,
                         const struct broadcast *broadcast) {
    struct push_call *call = data;
    call->err = err;
    if (err == OK)
        call->broadcast = *broadcast;
    call->done = true;
}

struct broadcast push_get(struct engine *e, const char *id) {
    struct push_call call = {.engine = e};
    broadcast_get(e->bot.store, &push_memory, id, on_broadcast, &call);
    ENGINE_UNTIL(e, call.done);
    assert_int_equal(call.err, OK);
    return call.broadcast;
}

enum broadcast_state push_state(struct engine *e, const char *id) {
    return push_get(e, id).state;
}

static void on_counts(void *data, enum err err,
                      const struct delivery_counts *counts) {
    struct push_call *call = data;
    call->err = err;
    if (err == OK)
        call->counts = *counts;
    call->done = true;
}

/* How many targets are frozen, or were. */
long long push_frozen(struct engine *e, const char *id) {
    struct push_call call = {.engine = e};
    delivery_counts_get(e->bot.store, &push_memory, id, on_counts, &call);
    ENGINE_UNTIL(e, call.done);
    return call.err == OK ? (long long)call.counts.total : 0;
}

static void on_list(void *data, enum err err,
                    const struct broadcast *broadcasts, size_t n,
                    int64_t total) {
    struct push_call *call = data;
    (void)total;
    assert_int_equal(err, OK);
    call->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (broadcasts[i].parent[0] == '\0')
            continue;
        call->broadcast = broadcasts[i]; /* the first of them is the last */
        call->n++;
    }
    call->done = true;
}

/* Firings of series; the earliest of those read is in *out. */
size_t push_children(struct engine *e, struct broadcast *out) {
    struct push_call call = {.engine = e};
    broadcast_list_all(e->bot.store, &push_memory, 0, 100, on_list, &call);
    ENGINE_UNTIL(e, call.done);
    if (out != NULL)
        *out = call.broadcast;
    return call.n;
}

static void on_committed(struct work *work, enum err err) {
    struct push_call *call = work->data;
    call->err = err;
    call->done = true;
    work_free(work);
}

static void on_moved(void *data, enum err err,
                     const struct broadcast_moved *moved) {
    struct push_call *call = data;
    call->code = moved->code;
    call->field = moved->field;
    if (err == OK) {
        work_commit(call->work, on_committed, call);
        return;
    }
    call->err = err;
    call->done = true;
    work_free(call->work);
}

void push_begin_move(struct push_call *call, const struct broadcast *broadcast,
                     enum broadcast_move move, const char *actor) {
    struct work *work = work_new(&call->engine->bot);
    call->work = work;
    call->done = false;
    broadcasts_move(call->work->bot, &work->arena, work->txn, broadcast,
                    &(struct broadcast_order){.move = move, .actor = actor},
                    on_moved, call);
}

const char *push_code; /* of the last move, or "" */

enum err push_move_it(struct engine *e, const struct broadcast *broadcast,
                      enum broadcast_move move, const char *actor) {
    struct push_call call = {.engine = e};
    push_begin_move(&call, broadcast, move, actor);
    ENGINE_UNTIL(e, call.done);
    push_code = call.code == NULL ? "" : call.code;
    return call.err;
}

enum err push_move(struct engine *e, const char *id, enum broadcast_move move,
                   const char *actor) {
    struct broadcast broadcast = push_get(e, id);
    return push_move_it(e, &broadcast, move, actor);
}

struct broadcast push_draft(const char *id) {
    return (struct broadcast){
        .id = id,
        .lane = LANE_NOTICE,
        .title = "下雨",
        .text = "明天有雨",
        .target = "groups",
        .audience = "",
        .unit = "*",
        .by = WANG,
        .created_ms = TUESDAY_MS,
    };
}

void push_put(struct engine *e, const struct broadcast *draft) {
    struct txn *txn = txn_new(e->bot.store);
    broadcast_put(txn, draft);
    assert_int_equal(engine_commit(e, txn), OK);
}

void push_submitted(struct engine *e, const struct broadcast *draft) {
    push_put(e, draft);
    assert_int_equal(push_move(e, draft->id, BROADCAST_SUBMIT, WANG), OK);
}

void push_look(struct engine *e, int64_t at_ms) {
    e->clock.now_ms = at_ms;
    planner_look(e->bot.planner);
    engine_settle(e);
}

void push_add_groups(struct engine *e, int from, int to) {
    char chat[16];
    for (int i = from; i <= to; i++) {
        snprintf(chat, sizeof(chat), "qq.g%d", i);
        engine_add_group(e, chat, chat, ENGINE_ACCOUNT);
    }
}

#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "bot/broadcasts.h"
#include "store/delivery.h"
#include "tests/integration/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Broadcasts for tests of their moves, in an engine. */
#define WANG "user:wang" /* writes them */
#define LI "user:li"
#define MINUTE_MS 60000LL
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
/* Tuesday, 2026-11-03 10:00 in Beijing. */
#define TUESDAY_MS 1793671200000LL

extern struct arena push_memory; /* of a test: what is read lives there */

struct work;
struct push_call {
    struct engine *engine;
    struct work *work;
    bool done;
    enum err err;
    struct broadcast broadcast;
    size_t n;
    const char *code, *field;
    struct delivery_counts counts;
};

/* The document "broadcasts". */
void push_document(struct engine *e, const char *json);
void push_add_groups(struct engine *e, int from, int to);
struct broadcast push_get(struct engine *e, const char *id);
enum broadcast_state push_state(struct engine *e, const char *id);
/* How many targets are frozen, or were. */
long long push_frozen(struct engine *e, const char *id);
/* Firings of series; the first of them is put into *out, or out is NULL. */
size_t push_children(struct engine *e, struct broadcast *out);

struct broadcast push_draft(const char *id);
void push_put(struct engine *e, const struct broadcast *draft);
/* Stored and submitted by WANG. */
void push_submitted(struct engine *e, const struct broadcast *draft);

/* Begins a move; call->done tells when it ended, with call->err. */
void push_begin_move(struct push_call *call, const struct broadcast *broadcast,
                     enum broadcast_move move, const char *actor);
enum err push_move_it(struct engine *e, const struct broadcast *broadcast,
                      enum broadcast_move move, const char *actor);
enum err push_move(struct engine *e, const char *id, enum broadcast_move move,
                   const char *actor);
extern const char *push_code; /* why the last of these was refused, or "" */

/* The planner looks at that moment. */
void push_look(struct engine *e, int64_t at_ms);

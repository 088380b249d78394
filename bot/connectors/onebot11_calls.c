#include "bot/connectors/onebot11_calls.h"

#include "base/mem.h"

#include <stdlib.h>

#define NONE UINT16_MAX
#define FIRST_SIZE 16

/*
 * A call's number is its slot and how often the slot was used before it, so
 * that it is found without a search and a late answer finds nothing.
 */
struct call_slot {
    struct onebot11_call call;
    uint64_t uses;
    uint16_t older, newer; /* newer also links the free ones */
    bool under_way;
};

void onebot11_calls_init(struct onebot11_calls *calls) {
    *calls = (struct onebot11_calls){
        .free = NONE,
        .oldest = NONE,
        .newest = NONE,
    };
}

void onebot11_calls_finish(struct onebot11_calls *calls) {
    free(calls->slots);
    onebot11_calls_init(calls);
}

static bool grow(struct onebot11_calls *calls) {
    size_t size = calls->size ? calls->size * 2 : FIRST_SIZE;

    if (size > ONEBOT11_CALLS_MAX)
        return false;
    calls->slots = xrealloc(calls->slots, size * sizeof(*calls->slots));
    for (size_t i = size; i-- > calls->size;) {
        calls->slots[i] = (struct call_slot){.newer = calls->free};
        calls->free = (uint16_t)i;
    }
    calls->size = size;
    return true;
}

bool onebot11_calls_add(struct onebot11_calls *calls,
                        const struct onebot11_call *call, uint64_t *number) {
    struct call_slot *slot;
    uint16_t at;

    if (calls->free == NONE && !grow(calls))
        return false;
    at = calls->free;
    slot = &calls->slots[at];
    calls->free = slot->newer;
    slot->call = *call;
    slot->under_way = true;
    slot->older = calls->newest;
    slot->newer = NONE;
    if (calls->newest == NONE)
        calls->oldest = at;
    else
        calls->slots[calls->newest].newer = at;
    calls->newest = at;
    calls->count++;
    *number = slot->uses * ONEBOT11_CALLS_MAX + at;
    return true;
}

static void end_call(struct onebot11_calls *calls, uint16_t at,
                     struct onebot11_call *out) {
    struct call_slot *slot = &calls->slots[at];

    if (slot->older == NONE)
        calls->oldest = slot->newer;
    else
        calls->slots[slot->older].newer = slot->newer;
    if (slot->newer == NONE)
        calls->newest = slot->older;
    else
        calls->slots[slot->newer].older = slot->older;
    *out = slot->call;
    slot->under_way = false;
    slot->uses++;
    slot->newer = calls->free;
    calls->free = at;
    calls->count--;
}

bool onebot11_calls_take(struct onebot11_calls *calls, uint64_t number,
                         struct onebot11_call *out) {
    size_t at = number % ONEBOT11_CALLS_MAX;

    if (at >= calls->size || !calls->slots[at].under_way ||
        calls->slots[at].uses != number / ONEBOT11_CALLS_MAX)
        return false;
    end_call(calls, (uint16_t)at, out);
    return true;
}

bool onebot11_calls_due(const struct onebot11_calls *calls, int64_t *at_ms) {
    if (calls->oldest == NONE)
        return false;
    *at_ms = calls->slots[calls->oldest].call.deadline_ms;
    return true;
}

bool onebot11_calls_expire(struct onebot11_calls *calls, int64_t now_ms,
                           struct onebot11_call *out) {
    int64_t at_ms;

    if (!onebot11_calls_due(calls, &at_ms) || at_ms > now_ms)
        return false;
    end_call(calls, calls->oldest, out);
    return true;
}

void onebot11_calls_drop(struct onebot11_calls *calls) {
    struct onebot11_call call;

    while (calls->oldest != NONE)
        end_call(calls, calls->oldest, &call);
}

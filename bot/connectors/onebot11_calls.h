#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The calls under way on one connection, each known by a number that is never
 * used twice on it. All have the same time to be answered in, so the oldest is
 * always the first whose deadline passes.
 */
#define ONEBOT11_CALLS_MAX 4096

enum onebot11_call_kind {
    ONEBOT11_SEND,
    ONEBOT11_LOGIN, /* get_login_info: which account is this? */
    ONEBOT11_GROUPS /* get_group_list: which groups is it in? */
};

struct onebot11_call {
    enum onebot11_call_kind kind;
    uint64_t ticket;
    int64_t deadline_ms;
};

struct onebot11_calls {
    struct call_slot *slots;
    size_t size;  /* how many slots there are */
    size_t count; /* how many calls are under way */
    uint16_t free, oldest, newest;
};

void onebot11_calls_init(struct onebot11_calls *calls);
void onebot11_calls_finish(struct onebot11_calls *calls);

/* Begins a call; false when ONEBOT11_CALLS_MAX are under way. */
bool onebot11_calls_add(struct onebot11_calls *calls,
                        const struct onebot11_call *call, uint64_t *number);
/* Ends the call of that number; false when none is under way. */
bool onebot11_calls_take(struct onebot11_calls *calls, uint64_t number,
                         struct onebot11_call *out);
/* Ends the oldest call if its deadline is not after now_ms. */
bool onebot11_calls_expire(struct onebot11_calls *calls, int64_t now_ms,
                           struct onebot11_call *out);
/* Ends all calls; their numbers stay used. */
void onebot11_calls_drop(struct onebot11_calls *calls);
/* The deadline of the oldest call; false when there is none. */
bool onebot11_calls_due(const struct onebot11_calls *calls, int64_t *at_ms);

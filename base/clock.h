#pragma once

#include <stdint.h>

/*
 * Time, injectable: production uses clock_system, tests step their own. Both
 * functions return milliseconds.
 */
struct clock {
    int64_t (*wall_ms)(const struct clock *clock); /* since 1970-01-01 UTC */
    int64_t (*mono_ms)(const struct clock *clock); /* never goes back */
};

extern const struct clock clock_system;

/* A clock for tests that stands still until it is moved. */
struct clock_manual {
    struct clock clock;
    int64_t now_ms;
};

void clock_manual_init(struct clock_manual *manual, int64_t now_ms);
void clock_manual_advance(struct clock_manual *manual, int64_t by_ms);

static inline int64_t clock_wall_ms(const struct clock *clock) {
    return clock->wall_ms(clock);
}
static inline int64_t clock_mono_ms(const struct clock *clock) {
    return clock->mono_ms(clock);
}

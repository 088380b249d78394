#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec ts = {0};

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t system_wall(const struct clock *clock) {
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_mono(const struct clock *clock) {
    (void)clock;
    return read_clock(CLOCK_MONOTONIC);
}

const struct clock clock_system = {
    .wall_ms = system_wall,
    .mono_ms = system_mono,
};

static int64_t manual_now(const struct clock *clock) {
    /* clock is the first member of struct clock_manual. */
    return ((const struct clock_manual *)(const void *)clock)->now_ms;
}

void clock_manual_init(struct clock_manual *manual, int64_t now_ms) {
    manual->clock.wall_ms = manual_now;
    manual->clock.mono_ms = manual_now;
    manual->now_ms = now_ms;
}

void clock_manual_advance(struct clock_manual *manual, int64_t by_ms) {
    manual->now_ms += by_ms;
}

#pragma once

#include "store/event.h"
#include "store/signup.h"
#include "tests/integration/engine.h"

/* Events for tests of the engine: a fixed clock, and how one is laid on. */
#define EVENT_HOUR_MS (3600LL * 1000)
#define EVENT_DAY_MS (24 * EVENT_HOUR_MS)

/* Starts three days later, for two hours; open; sign-up until a day before. */
struct event event_of(const struct engine *engine, const char *id,
                      const char *title);
/* Writes one that has no version yet, or the one that it has. */
void event_store(struct engine *engine, const struct event *event);
/* As it is now; strings in arena. */
struct event event_now(struct engine *engine, struct arena *arena,
                       const char *id);
struct signup signup_now(struct engine *engine, struct arena *arena,
                         const char *event, const char *rider);
/* Lets the clocks of events ring until nothing is left to ring. */
void events_ring(struct engine *engine);

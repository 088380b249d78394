#include "tests/integration/events_fixture.h"

#include "base/arena.h"
#include "bot/events.h"
#include "store/txn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct event event_of(const struct engine *engine, const char *id,
                      const char *title) {
    int64_t now = clock_wall_ms(&engine->clock.clock);
    int64_t starts = now + 3 * EVENT_DAY_MS;
    return (struct event){
        .id = id,
        .state = EVENT_OPEN,
        .unit = "*",
        .title = title,
        .place = "玄武湖",
        .starts_ms = starts,
        .ends_ms = starts + 2 * EVENT_HOUR_MS,
        .deadline_ms = starts - EVENT_DAY_MS,
        .accept_h = 12,
        .remind = "24,2",
        .code = "4821",
        .token = "token-of-the-event",
        .created_ms = now,
    };
}

void event_store(struct engine *engine, const struct event *event) {
    struct txn *txn = txn_new(engine->bot.store);
    event_put(txn, event);
    assert_int_equal(engine_commit(engine, txn), OK);
}

struct got {
    bool done;
    struct event event;
    struct signup signup;
};

static void on_event(void *data, enum err err, const struct event *event) {
    struct got *got = data;
    assert_int_equal(err, OK);
    got->event = *event;
    got->done = true;
}

struct event event_now(struct engine *engine, struct arena *arena,
                       const char *id) {
    struct got got = {0};
    event_get(engine->bot.store, arena, id, on_event, &got);
    ENGINE_UNTIL(engine, got.done);
    return got.event;
}

static void on_signup(void *data, enum err err, const struct signup *signup) {
    struct got *got = data;
    if (err == OK)
        got->signup = *signup;
    else
        assert_int_equal(err, ERR_NOT_FOUND);
    got->done = true;
}

struct signup signup_now(struct engine *engine, struct arena *arena,
                         const char *event, const char *rider) {
    struct got got = {0};
    signup_get(engine->bot.store, arena, event, rider, on_signup, &got);
    ENGINE_UNTIL(engine, got.done);
    return got.signup;
}

void events_ring(struct engine *engine) {
    for (int i = 0; i < 100; i++) {
        events_clock_look(engine->bot.events);
        engine_settle(engine);
        int64_t now = clock_wall_ms(&engine->clock.clock);
        if (engine_redis(engine, "ZCOUNT {test}:eventdue -inf %lld",
                         (long long)now) == 0)
            return;
    }
    fail_msg("clocks that ring for ever");
}

/* What happens to sign-ups by itself: reminders in the hours for them, once
 * across restarts and two daemons; hundreds who sign up at the same moment;
 * what is private goes, and is sealed anew. */
#include "tests/integration/events_fixture.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/config.h"
#include "bot/events.h"
#include "bot/loop.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/purge.h"
#include "store/reseal.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDERS 200
#define CAPACITY 150

static struct engine *e;
static struct arena arena;

static int setup(void **state) {
    (void)state;
    e = engine_new(NULL);
    arena_init(&arena);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    engine_free(e);
    return 0;
}

static const char *chat_of(int rider) {
    return arena_printf(&arena, "qq.u%d", rider);
}

static const char *rider_of(int rider) {
    return arena_printf(&arena, "qq.%d", rider);
}

static void sign_up(int rider) {
    engine_ask(e, rider_of(rider), "报名 E1");
}

static int64_t now_ms(void) {
    return clock_wall_ms(&e->clock.clock);
}

static void advance_to(int64_t ms) {
    clock_manual_advance(&e->clock, ms - now_ms());
    events_ring(e);
}

/* ---- reminders ----
 */

/* The event begins at 16:13; nothing is sent at night, from 11:00 to 13:30 and
 * from 17:00 to 20:00. */
static void test_reminders(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    one.starts_ms += 10 * EVENT_HOUR_MS; /* 16:13 */
    one.ends_ms = one.starts_ms + EVENT_HOUR_MS;
    one.deadline_ms = one.starts_ms;
    event_store(e, &one);
    sign_up(1);
    engine_clear(e);
    advance_to(one.starts_ms - 24 * EVENT_HOUR_MS - 1);
    assert_int_equal(e->n_sent, 0);
    engine_restart(e);
    advance_to(one.starts_ms - 24 * EVENT_HOUR_MS);
    assert_int_equal(engine_said(e, "提醒：“亲子研学”（E1）11-18 16:13"), 1);
    events_ring(e);
    engine_restart(e);
    events_ring(e);
    sign_up(2); /* was not there then */
    engine_clear(e);
    advance_to(one.starts_ms - 2 * EVENT_HOUR_MS);
    assert_int_equal(engine_count(e, "qq.u1"), 1);
    assert_int_equal(engine_count(e, "qq.u2"), 1);
    advance_to(one.ends_ms);
    assert_int_equal(e->n_sent, 2);
    assert_int_equal(engine_redis(e, "ZCARD {test}:eventdue"), 0);
}

/* It begins at 06:13: what would come at night comes in the morning, and two
 * hours before nobody is woken. */
static void test_not_at_night(void **state) {
    struct event one = event_of(e, "E1", "晨跑");
    (void)state;
    event_store(e, &one);
    sign_up(1);
    engine_clear(e);
    advance_to(one.starts_ms - 24 * EVENT_HOUR_MS);
    assert_int_equal(e->n_sent, 0);
    engine_restart(e);
    advance_to(one.starts_ms - 23 * EVENT_HOUR_MS);
    advance_to(one.starts_ms - 22 * EVENT_HOUR_MS);
    assert_int_equal(engine_said(e, "提醒"), 1);
    advance_to(one.ends_ms);
    assert_int_equal(e->n_sent, 1);
}

/* The daemon was away over both: one of them is enough. */
static void test_late(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    (void)state;
    one.starts_ms += 10 * EVENT_HOUR_MS;
    one.ends_ms = one.starts_ms + EVENT_HOUR_MS;
    event_store(e, &one);
    sign_up(1);
    engine_clear(e);
    advance_to(one.starts_ms - EVENT_HOUR_MS);
    assert_int_equal(engine_said(e, "提醒"), 1);
    advance_to(one.ends_ms);
    assert_int_equal(e->n_sent, 1);
}

/* ---- two daemons ----
 */

struct other {
    struct bot bot;
    struct events_clock *clock;
};

static void nothing(void *data) {
    (void)data;
}

static void other_start(struct other *other) {
    other->bot = e->bot;
    other->bot.store =
        store_new(&e->loop.uv, &(struct store_options){
                                   .url = redis_server_url(e->redis),
                                   .district = "test",
                                   .seen_ttl_ms = e->config->seen_ttl_ms,
                                   .seal = e->bot.seal,
                                   .on_up = nothing,
                                   .on_down = nothing,
                               });
    other->clock = events_clock_new(&other->bot);
    ENGINE_UNTIL(e, store_is_up(other->bot.store));
}

static void other_stop(struct other *other) {
    store_free(other->bot.store);
    events_clock_free(other->clock);
}

/* Both look at the same moment, again and again. */
static void race(struct other *other) {
    for (int i = 0; i < 40; i++) {
        events_clock_look(e->bot.events);
        events_clock_look(other->clock);
        do
            engine_settle(e);
        while (store_pending(other->bot.store) > 0);
    }
}

static void test_two_daemons(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    struct other other;
    (void)state;
    one.capacity = 20;
    one.starts_ms += 10 * EVENT_HOUR_MS;
    one.ends_ms = one.starts_ms + EVENT_HOUR_MS;
    one.deadline_ms = one.starts_ms;
    event_store(e, &one);
    for (int i = 1; i <= 40; i++)
        sign_up(i);
    other_start(&other);
    engine_clear(e);
    for (int i = 1; i <= 20; i++)
        engine_private(e, rider_of(i), "取消报名");
    engine_settle(e);
    race(&other);
    for (int i = 21; i <= 40; i++)
        assert_int_equal(engine_count(e, chat_of(i)), 1);
    assert_int_equal(engine_said(e, "有名额了"), 20);
    struct event now = event_now(e, &arena, "E1");
    assert_int_equal(now.n_offered, 20);
    assert_int_equal(now.taken, 20);
    for (int i = 21; i <= 40; i++)
        engine_private(e, rider_of(i), "接受");
    engine_settle(e);
    engine_clear(e);
    clock_manual_advance(&e->clock,
                         one.starts_ms - 2 * EVENT_HOUR_MS - now_ms());
    race(&other);
    assert_int_equal(engine_said(e, "提醒"), 20);
    assert_int_equal(e->n_sent, 20);
    other_stop(&other);
}

/* ---- all at once ----
 */

static void test_never_overbooked(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    int64_t people = 0;
    (void)state;
    one.capacity = CAPACITY;
    one.family_max = 2;
    event_store(e, &one);
    for (int i = 1; i <= RIDERS; i++)
        engine_private(e, rider_of(i),
                       arena_printf(&arena, "报名 E1 %d 0", i % 3));
    engine_settle(e);
    for (int i = 1; i <= RIDERS; i++) {
        struct signup signup = signup_now(e, &arena, "E1", rider_of(i));
        const char *said = engine_last(e, chat_of(i));
        assert_int_equal(engine_count(e, chat_of(i)), 1);
        assert_int_equal(signup.version, 1);
        engine_has(said, signup.state == SIGNUP_SIGNED ? "已报上" : "候补");
        people += signup.state == SIGNUP_SIGNED ? signup.n : 0;
    }
    struct event now = event_now(e, &arena, "E1");
    assert_int_equal(now.taken, people);
    assert_true(people <= CAPACITY && people > CAPACITY - 3);
    assert_int_equal(now.n_signed + now.n_waiting, RIDERS);
    assert_int_equal(now.n_waiting,
                     engine_redis(e, "ZCARD {test}:waitlist:E1"));
}

/* Who waits at the same place would have been told wrong. */
static void test_places_in_line_are_right(void **state) {
    struct event one = event_of(e, "E1", "亲子研学");
    bool told[21] = {false};
    (void)state;
    one.capacity = 1;
    event_store(e, &one);
    for (int i = 1; i <= 20; i++)
        engine_private(e, rider_of(i), "报名 E1");
    engine_settle(e);
    for (int i = 1; i <= 20; i++) {
        const char *at = strstr(engine_last(e, chat_of(i)), "候补第 ");
        if (at == NULL)
            continue;
        int place = atoi(at + strlen("候补第 "));
        assert_in_range(place, 1, 19);
        assert_false(told[place]);
        told[place] = true;
        char *said = arena_printf(&arena, "候补第 %d 位", place);
        engine_ask(e, rider_of(i), "我的活动");
        engine_has(engine_last(e, chat_of(i)), said);
    }
}

/* ---- what is private ----
 */

static void on_purged(void *data, enum err err,
                      const struct purge_counts *counts) {
    assert_int_equal(err, OK);
    *(int64_t *)data = counts->signups;
}

static int64_t purge_at(int64_t ms, bool dry_run) {
    int64_t n = -1;
    purge(&(struct purge_options){
        .loop = &e->loop.uv,
        .store = e->bot.store,
        .seal = e->bot.seal,
        .config = e->config,
        .rules = policy_rules(policies_get(e->bot.policies)),
        .now_ms = ms,
        .dry_run = dry_run,
        .done = on_purged,
        .data = &n,
    });
    ENGINE_UNTIL(e, n >= 0);
    return n;
}

static void sign_up_with_child(void) {
    struct event one = event_of(e, "E1", "亲子研学");
    one.family_max = 1;
    event_store(e, &one);
    engine_ask(e, "qq.1", "报名 E1 1 1");
    engine_ask(e, "qq.1", "小明 8");
    engine_ask(e, "qq.1", "1");
    assert_string_equal(signup_now(e, &arena, "E1", "qq.1").children,
                        "小明\x1d"
                        "8");
}

static void test_purge(void **state) {
    (void)state;
    sign_up_with_child();
    int64_t ends = event_now(e, &arena, "E1").ends_ms;
    assert_int_equal(purge_at(ends + 30 * EVENT_DAY_MS, false), 0);
    assert_int_equal(purge_at(ends + 30 * EVENT_DAY_MS + 1, true), 1);
    assert_true(signup_now(e, &arena, "E1", "qq.1").children[0] != '\0');
    assert_int_equal(purge_at(ends + 30 * EVENT_DAY_MS + 1, false), 1);
    struct signup after = signup_now(e, &arena, "E1", "qq.1");
    assert_string_equal(after.children, "");
    assert_int_equal(after.n, 2);
    assert_int_equal(after.state, SIGNUP_SIGNED);
    assert_int_equal(purge_at(ends + 31 * EVENT_DAY_MS, false), 0);
    /* It goes on as it is. */
    engine_ask(e, "qq.1", "取消报名");
    assert_int_equal(signup_now(e, &arena, "E1", "qq.1").state,
                     SIGNUP_CANCELLED);
}

static void on_resealed(void *data, enum err err,
                        const struct reseal_count *counts) {
    assert_int_equal(err, OK);
    *(int64_t *)data = counts[RESEAL_SIGNUPS].renewed;
}

static void test_reseal(void **state) {
    int64_t n = -1;
    (void)state;
    sign_up_with_child();
    assert_int_equal(seal_add_key(e->bot.seal), OK);
    reseal_all(&(struct reseal_options){
        .store = e->bot.store, .done = on_resealed, .data = &n});
    ENGINE_UNTIL(e, n >= 0);
    assert_int_equal(n, 1);
    assert_int_equal(seal_drop_old(e->bot.seal), OK);
    assert_string_equal(signup_now(e, &arena, "E1", "qq.1").children,
                        "小明\x1d"
                        "8");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_reminders),
        TEST(test_not_at_night),
        TEST(test_late),
        TEST(test_two_daemons),
        TEST(test_never_overbooked),
        TEST(test_places_in_line_are_right),
        TEST(test_purge),
        TEST(test_reseal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

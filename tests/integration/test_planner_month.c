/* A month of broadcasts on a clock of its own: two daemons on one store, each
 * restarted again and again, series and single ones, holidays, quiet hours and
 * meals, two accounts with their buckets. From the record of all that was sent
 * it is told, by a model of its own, that everything fired exactly once and
 * nothing left when or faster than it may. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "bot/account.h"
#include "bot/broadcasts.h"
#include "bot/planner.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turns.h"
#include "bot/work.h"
#include "store/broadcast.h"
#include "store/delivery.h"
#include "store/document.h"
#include "store/group.h"
#include "store/store.h"
#include "tests/integration/engine.h"
#include "tests/integration/month_model.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED 20260914ULL
#define RECORD_MAX 20000
#define CHILDREN_MAX 1000
#define RESTARTS 40
#define IDLE_STEPS 45 /* more than any bucket makes anything wait */

#define FULL_MS 40000 /* until the buckets are full, whatever was taken */

static const char *const account_ids[] = {ENGINE_ACCOUNT, "qq.2000"};

static unsigned long long seed = SEED;

static int pick(int n) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((seed >> 33) % (unsigned)n);
}

/* ---- the run ------------------------------------------------------------- */

struct run {
    struct engine *engines[2];
    bool up[2];
    int64_t online_ms[ACCOUNTS]; /* not before: it comes back later */
    int at[ACCOUNTS];            /* the daemon it is connected to, or -1 */
    struct record *records;
    size_t n_records;
    int64_t up_again_ms[2];
    struct clock_manual *clock;
    unsigned restarts, blackouts, steps;
    int idle; /* turns without a send */
    struct arena arena;
};

static struct engine *any_up(const struct run *run) {
    return run->engines[run->up[0] ? 0 : 1];
}

static int minute_of(const struct run *run) {
    return (int)((run->clock->now_ms - BEGIN_MS) / MINUTE_MS);
}

static int account_of(const char *id) {
    return strcmp(id, account_ids[0]) == 0 ? 0 : 1;
}

/* What left since the last time. Reports to nobody are none: there is no chat
 * of an organiser. */
static void collect(struct run *run, struct engine *engine) {
    for (size_t i = 0; i < engine->n_sent; i++) {
        const struct engine_sent *sent = &engine->sent[i];
        const char *token = strstr(sent->text, "https://bee.example/r/B");
        struct record *record = &run->records[run->n_records++];
        assert_true(run->n_records < RECORD_MAX);
        assert_non_null(token);
        token += strlen("https://bee.example/r/B");
        char *end;
        *record = (struct record){
            .at_ms = sent->at_ms,
            .account = account_of(sent->account->id),
            .group = atoi(sent->chat + strlen("qq.g")),
            .number = strtoll(token, &end, 10),
        };
        assert_int_equal(*end, '-');
        record->index = atoi(end + 1);
    }
    engine_clear(engine);
}

static bool is_busy(const struct run *run) {
    for (int i = 0; i < 2; i++)
        if (run->up[i] && store_pending(run->engines[i]->bot.store) > 0)
            return true;
    return false;
}

/* Both loops turn in turns, until nothing is under way in either. */
static void settle(struct run *run) {
    int64_t end = engine_deadline();
    for (int quiet = 0; quiet < 4;) {
        bool busy = is_busy(run);
        quiet = busy ? 0 : quiet + 1;
        if (clock_mono_ms(&clock_system) > end)
            fail_msg("does not settle");
        for (int i = 0; i < 2; i++)
            if (run->up[i])
                uv_run(&run->engines[i]->loop.uv, UV_RUN_NOWAIT);
    }
}

/* Every timer is due, and both daemons look at the same time. */
static void turn(struct run *run) {
    for (int i = 0; i < 2; i++)
        if (run->up[i]) {
            engine_hurry(run->engines[i]);
            planner_look(run->engines[i]->bot.planner);
        }
    settle(run);
    for (int i = 0; i < 2; i++)
        collect(run, run->engines[i]);
    run->steps++;
}

/* ---- daemons and accounts ------------------------------------------------ */

static void connect_accounts(struct run *run) {
    for (int a = 0; a < ACCOUNTS; a++) {
        int to = run->up[a] ? a : !a;
        if (run->at[a] >= 0 || !run->up[to] ||
            run->clock->now_ms < run->online_ms[a])
            continue;
        engine_online(run->engines[to], account_ids[a]);
        run->at[a] = to;
    }
}

/* Like a SIGKILL with transactions under way; its accounts come back a while
 * later. */
static void take_down(struct run *run, int i) {
    engine_hurry(run->engines[i]);
    planner_look(run->engines[i]->bot.planner);
    for (int n = pick(8); n > 0; n--)
        uv_run(&run->engines[i]->loop.uv, UV_RUN_NOWAIT);
    collect(run, run->engines[i]);
    engine_stop(run->engines[i]);
    run->up[i] = false;
    /* Redis' own clock is not ours: its sign of life would stay too long. */
    static const char script[] =
        "for _, k in ipairs(redis.call('KEYS', ARGV[1])) do "
        "redis.call('DEL', k) end";
    freeReplyObject(redis_server_command(
        run->engines[0]->redis, "EVAL %s 0 {test}:deliverer:*", script));
    for (int a = 0; a < ACCOUNTS; a++)
        if (run->at[a] == i) {
            run->at[a] = -1;
            run->online_ms[a] = run->clock->now_ms + FULL_MS;
        }
}

static void bring_up(struct run *run, int i) {
    struct engine *engine = run->engines[i];
    engine_start(engine);
    ENGINE_UNTIL(engine, policy_version(policies_get(engine->bot.policies),
                                        POLICY_BROADCASTS) == 1);
    run->up[i] = true;
    run->restarts++;
}

/* ---- time ---------------------------------------------------------------- */

static int64_t first_of(struct run *run, const char *key) {
    redisReply *reply = redis_server_command(
        run->engines[0]->redis, "ZRANGE {test}:%s 0 0 WITHSCORES", key);
    int64_t ms =
        reply->elements == 2 ? atoll(reply->element[1]->str) : INT64_MAX;
    freeReplyObject(reply);
    return ms;
}

/* Seconds while something is being sent, else the next firing or opening. */
static int64_t next_moment(struct run *run) {
    int64_t second = run->clock->now_ms + SECOND_MS;
    int64_t due = first_of(run, "planned");
    int minute = minute_of(run);
    if (first_of(run, "deliveries:live") != INT64_MAX) {
        if (is_open(minute) || run->idle < IDLE_STEPS)
            return due > run->clock->now_ms && due < second ? due : second;
        while (!is_open(minute))
            minute++;
        int64_t opens = BEGIN_MS + minute * MINUTE_MS;
        due = opens < due ? opens : due;
    }
    return due > run->clock->now_ms && due != INT64_MAX ? due : second;
}

static void go_to(struct run *run, int64_t now_ms) {
    run->clock->now_ms = now_ms;
    connect_accounts(run);
    size_t before = run->n_records;
    turn(run);
    run->idle = run->n_records == before ? run->idle + 1 : 0;
}

/* One daemon goes, and comes back when the other has worked alone. */
static void restart_one(struct run *run) {
    int i = pick(2);
    take_down(run, i);
    run->up_again_ms[i] = run->clock->now_ms + (30 + pick(600)) * SECOND_MS;
}

static void bring_up_in_time(struct run *run) {
    for (int i = 0; i < 2; i++)
        if (!run->up[i] && run->clock->now_ms >= run->up_again_ms[i])
            bring_up(run, i);
}

/* Both are away; the last moment before is a whole minute. */
static void black_out(struct run *run, int until) {
    for (int i = 0; i < 2; i++)
        if (run->up[i])
            take_down(run, i);
    run->blackouts++;
    run->clock->now_ms = BEGIN_MS + until * MINUTE_MS;
    for (int i = 0; i < 2; i++)
        bring_up(run, i);
}

static void live(struct run *run) {
    size_t blackout = 0;
    while (minute_of(run) < MINUTES) {
        int64_t next = next_moment(run);
        int64_t away = blackout < BLACKOUTS
                           ? BEGIN_MS + blackouts[blackout].from * MINUTE_MS
                           : INT64_MAX;
        for (int i = 0; i < 2; i++)
            if (!run->up[i] && run->up_again_ms[i] < next)
                next = run->up_again_ms[i];
        if (next >= away) {
            black_out(run, blackouts[blackout++].to);
            next = run->clock->now_ms;
        }
        if (next >= BEGIN_MS + (int64_t)MINUTES * MINUTE_MS)
            break;
        run->clock->now_ms = next;
        bring_up_in_time(run);
        go_to(run, next);
        if (run->up[0] && run->up[1] && run->restarts < RESTARTS &&
            pick(20) == 0)
            restart_one(run);
    }
}

/* ---- the begin and the end ----------------------------------------------- */

static void on_committed(struct work *work, enum err err) {
    unsigned *left = work->data;
    assert_int_equal(err, OK);
    work_free(work);
    --*left;
}

struct moving {
    struct work *work;
    unsigned *left;
};

static void on_moved(void *data, enum err err,
                     const struct broadcast_moved *moved) {
    struct moving *moving = data;
    if (err != OK)
        fail_msg("%s: %s", moved->after->id,
                 moved->code == NULL ? err_str(err) : moved->code);
    work_commit(moving->work, on_committed, moving->left);
}

static void move(struct run *run, const struct broadcast *broadcast,
                 enum broadcast_move what) {
    struct engine *engine = any_up(run);
    struct work *work = work_new(&engine->bot);
    unsigned left = 1;
    struct moving moving = {work, &left};
    broadcasts_move(&engine->bot, &work->arena, work->txn, broadcast,
                    &(struct broadcast_order){.move = what, .actor = "user:li"},
                    on_moved, &moving);
    ENGINE_UNTIL(engine, left == 0);
}

static void submit(struct run *run, struct plan *plan) {
    const struct broadcast draft = {
        .id = plan->id,
        .lane = plan->lane,
        .text = "下雨路滑",
        .link_url = "https://news.example/1",
        .target = "groups",
        .audience = plan->audience,
        .unit = "*",
        .at_ms = BEGIN_MS + plan->minute * MINUTE_MS,
        .rrule = plan->rrule,
        .workday = plan->workday,
        .ignores_hours = plan->ignores_hours,
        .skips_missed = plan->skips_missed,
        .by = "user:wang",
        .created_ms = BEGIN_MS,
    };
    move(run, &draft, BROADCAST_SUBMIT);
}

static void set_up_groups(struct run *run) {
    char chat[16];
    for (int i = 1; i <= GROUPS; i++) {
        snprintf(chat, sizeof(chat), "qq.g%d", i);
        if (i <= ONLY_FIRST || i >= SHARED_FROM)
            engine_add_group(run->engines[0], chat, chat, account_ids[0]);
        if (i > ONLY_FIRST)
            engine_add_group(run->engines[0], chat, chat, account_ids[1]);
    }
}

struct reading {
    struct run *run;
    bool done;
    const struct broadcast *all;
    size_t n;
};

static void on_list(void *data, enum err err,
                    const struct broadcast *broadcasts, size_t n,
                    int64_t total) {
    struct reading *reading = data;
    assert_int_equal(err, OK);
    assert_true((int64_t)n == total);
    reading->all = broadcasts;
    reading->n = n;
    reading->done = true;
}

static struct reading read_all(struct run *run) {
    struct reading reading = {.run = run};
    broadcast_list_all(any_up(run)->bot.store, &run->arena, 0, 1000, on_list,
                       &reading);
    ENGINE_UNTIL(any_up(run), reading.done);
    return reading;
}

/* Nothing more fires; what is on its way gets there. */
static void wind_up(struct run *run) {
    for (int i = 0; i < 2; i++)
        if (!run->up[i])
            bring_up(run, i);
    struct reading reading = read_all(run);
    for (size_t i = 0; i < reading.n; i++)
        if (reading.all[i].state == BROADCAST_SCHEDULED)
            move(run, &reading.all[i], BROADCAST_CANCEL);
    for (int n = 0; first_of(run, "deliveries:live") != INT64_MAX; n++) {
        assert_true(n < 5000);
        go_to(run, next_moment(run));
    }
}

/* ---- what came of it ----------------------------------------------------- */

static const struct plan *plan_of(const char *id) {
    for (size_t i = 0; i < PLANS; i++)
        if (strcmp(plans[i].id, id) == 0)
            return &plans[i];
    fail_msg("%s was never planned", id);
    return NULL;
}

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The minutes at which it fired, one by one, as the model has them. */
static size_t check_firings(const struct reading *reading,
                            const struct plan *plan) {
    int64_t *minutes =
        arena_alloc(&reading->run->arena, (reading->n + 1) * sizeof(*minutes));
    size_t n = 0;
    for (size_t i = 0; i < reading->n; i++) {
        const struct broadcast *b = &reading->all[i];
        const char *id = plan->rhythm == ONCE ? b->id : b->parent;
        if (strcmp(id, plan->id) == 0 && b->fired_ms != 0)
            minutes[n++] = (b->fired_ms - BEGIN_MS) / MINUTE_MS;
    }
    qsort(minutes, n, sizeof(*minutes), by_number);
    for (size_t i = 0; i < n && i < plan->n; i++)
        if (minutes[i] != plan->expected[i])
            fail_msg(
                "%s: firing %zu on day %d at minute %d, not on day %d at "
                "minute %d",
                plan->id, i, (int)minutes[i] / DAY_MINUTES,
                (int)minutes[i] % DAY_MINUTES, plan->expected[i] / DAY_MINUTES,
                plan->expected[i] % DAY_MINUTES);
    if (n != plan->n)
        fail_msg("%s fired %zu times, not %zu", plan->id, n, plan->n);
    return n;
}

struct figures {
    size_t firings, sent, unknown;
    int sends[CHILDREN_MAX][GROUPS]; /* of a broadcast, by target */
    const struct broadcast *of[CHILDREN_MAX];
    size_t n;
};

static size_t place_of(struct figures *figures, const struct reading *reading,
                       int64_t number) {
    char id[32];
    snprintf(id, sizeof(id), "B%" PRId64, number);
    for (size_t i = 0; i < figures->n; i++)
        if (strcmp(figures->of[i]->id, id) == 0)
            return i;
    for (size_t i = 0; i < reading->n; i++)
        if (strcmp(reading->all[i].id, id) == 0) {
            assert_true(figures->n < CHILDREN_MAX);
            figures->of[figures->n] = &reading->all[i];
            return figures->n++;
        }
    fail_msg("%s was sent and is not there", id);
    return 0;
}

static void check_hours(const struct record *record,
                        const struct broadcast *broadcast) {
    const struct plan *plan = plan_of(
        broadcast->parent[0] != '\0' ? broadcast->parent : broadcast->id);
    int minute = (int)((record->at_ms - BEGIN_MS) / MINUTE_MS);
    if (!plan->ignores_hours && !is_open(minute))
        fail_msg("%s was sent on day %d at minute %d", broadcast->id,
                 minute / DAY_MINUTES, minute % DAY_MINUTES);
    assert_true(record->at_ms >= broadcast->fired_ms);
}

static void count_sends(const struct run *run, const struct reading *reading,
                        struct figures *figures) {
    for (size_t i = 0; i < run->n_records; i++) {
        const struct record *record = &run->records[i];
        size_t place = place_of(figures, reading, record->number);
        assert_in_range(record->index, 0, GROUPS - 1);
        figures->sends[place][record->index]++;
        check_hours(record, figures->of[place]);
    }
}

struct targets {
    bool done;
    struct figures *figures;
    const struct broadcast *broadcast;
    int *sends;
};

/* Who has it has it once; of whom nobody knows, at most once. */
static void on_targets(void *data, enum err err,
                       const struct delivery_target *targets, size_t n,
                       int64_t next) {
    struct targets *check = data;
    assert_int_equal(err, OK);
    assert_int_equal(next, -1);
    assert_int_equal(n, check->broadcast->total);
    for (size_t i = 0; i < n; i++) {
        int sends = check->sends[targets[i].index];
        bool unknown = targets[i].letter == 'u';
        if ((targets[i].letter != 'o' && !unknown) || sends > 1 ||
            (!unknown && sends != 1))
            fail_msg("%s: %s is '%c' and was sent to %d times",
                     check->broadcast->id, targets[i].chat, targets[i].letter,
                     sends);
        *(unknown ? &check->figures->unknown : &check->figures->sent) += 1;
    }
    check->done = true;
}

static void check_targets(struct run *run, const struct reading *reading,
                          struct figures *figures) {
    static int none[GROUPS];
    for (size_t i = 0; i < reading->n; i++) {
        const struct broadcast *b = &reading->all[i];
        if (b->fired_ms == 0 || broadcast_is_series(b))
            continue;
        const struct plan *plan =
            plan_of(b->parent[0] != '\0' ? b->parent : b->id);
        struct targets check = {.figures = figures, .broadcast = b};
        check.sends = none; /* when all of it is unknown */
        for (size_t j = 0; j < figures->n; j++)
            if (figures->of[j] == b)
                check.sends = figures->sends[j];
        assert_int_equal(b->total, plan->targets);
        assert_int_equal(b->state, BROADCAST_DONE);
        delivery_targets(any_up(run)->bot.store, &run->arena, b->id, 0, 0, 100,
                         on_targets, &check);
        ENGINE_UNTIL(any_up(run), check.done);
    }
}

static void put_hours(struct run *run) {
    struct txn *txn = txn_new(run->engines[0]->bot.store);
    document_put(txn, &(struct document){
                          .name = policy_names[POLICY_BROADCASTS],
                          .json = month_hours,
                          .json_len = strlen(month_hours),
                          .by = "system",
                          .at_ms = 1,
                      });
    assert_int_equal(engine_commit(run->engines[0], txn), OK);
}

static void begin(struct run *run) {
    run->clock = &run->engines[0]->clock;
    run->clock->now_ms = BEGIN_MS;
    /* Redis itself goes on: its file would only be waited for. */
    freeReplyObject(redis_server_command(run->engines[0]->redis,
                                         "CONFIG SET appendonly no"));
    put_hours(run);
    set_up_groups(run);
    for (int i = 0; i < 2; i++) {
        engine_stop(run->engines[i]);
        bring_up(run, i);
    }
    run->restarts = 0;
    for (int a = 0; a < ACCOUNTS; a++)
        run->at[a] = -1;
    for (size_t i = 0; i < PLANS; i++)
        submit(run, &plans[i]);
    plans_foresee();
}

static void test_a_month(void **state) {
    struct run *run = *state;
    struct figures *figures = xcalloc(1, sizeof(*figures));
    int64_t began_ms = clock_mono_ms(&clock_system);
    begin(run);
    live(run);
    wind_up(run);
    struct reading reading = read_all(run);
    for (size_t i = 0; i < PLANS; i++)
        figures->firings += check_firings(&reading, &plans[i]);
    count_sends(run, &reading, figures);
    check_targets(run, &reading, figures);
    buckets_check(run->records, run->n_records);
    print_message(
        "%zu firings, %zu sends, %zu known and %zu unknown; %u steps "
        "of the clock, %u restarts, %u times nobody was there, "
        "%.1f s\n",
        figures->firings, run->n_records, figures->sent, figures->unknown,
        run->steps, run->restarts, run->blackouts,
        (double)(clock_mono_ms(&clock_system) - began_ms) / 1000);
    assert_true(figures->firings > 200);
    /* Nearly each time both tried, and one of them was told that it is late. */
    assert_true(engine_metric("xiaofeng_broadcasts_again_total") > 150);
    assert_true(run->restarts >= RESTARTS);
    assert_true(figures->unknown * 10 < figures->sent);
    free(figures);
}

static int setup(void **state) {
    static const struct engine_options first = {
        .config = PACE, .paced = true, .without_online = true};
    struct run *run = *state = xcalloc(1, sizeof(*run));
    struct engine_options second = first;
    run->engines[0] = engine_new(&first);
    second.twin = run->engines[0];
    run->engines[1] = engine_new(&second);
    run->records = xcalloc(RECORD_MAX, sizeof(*run->records));
    arena_init(&run->arena);
    return 0;
}

static int teardown(void **state) {
    struct run *run = *state;
    engine_free(run->engines[1]);
    engine_free(run->engines[0]);
    plans_free();
    arena_finish(&run->arena);
    free(run->records);
    free(run);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_month, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

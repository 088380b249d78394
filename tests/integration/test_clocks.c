/*
 * A year of simulated working time over thousands of tickets: each is filed,
 * some are claimed, answered, asked and closed, the others climb by themselves.
 * The engine is ended and begun again at random moments. What the store holds
 * at the end must be, entry by entry, what a simple model of the rules says.
 */
#include "tests/integration/engine.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/clocks.h"
#include "bot/desk.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/work.h"
#include "store/document.h"
#include "store/store.h"
#include "store/ticket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TICKETS 5000
#define STEP 20 /* minutes: how far the clock is moved at least */
#define RESTARTS 25
#define SEED 20250101u

/* ---- the rules of the district ------------------------------------------- */

static const char organisation[] =
    "{\"units\":["
    "{\"id\":\"industry\",\"name\":\"行业党委\",\"kind\":\"industry\","
    "\"level\":5},"
    "{\"id\":\"enterprise\",\"name\":\"企业党组织\",\"kind\":\"enterprise\","
    "\"level\":4,\"parent\":\"industry\"},"
    "{\"id\":\"branch\",\"name\":\"党支部\",\"kind\":\"branch\",\"level\":3,"
    "\"parent\":\"enterprise\"},"
    "{\"id\":\"member\",\"name\":\"党员\",\"kind\":\"member\",\"level\":2,"
    "\"parent\":\"branch\"},"
    "{\"id\":\"first\",\"name\":\"一社区\",\"kind\":\"community\","
    "\"parent\":\"member\"},"
    "{\"id\":\"second\",\"name\":\"二社区\",\"kind\":\"community\","
    "\"parent\":\"branch\"},"
    "{\"id\":\"labour\",\"name\":\"人社局\",\"kind\":\"department\","
    "\"parent\":\"industry\"}]}";

static const char routing[] =
    "{\"default\":\"second\",\"rules\":["
    "{\"community\":\"*\",\"category\":\"wage\",\"unit\":\"labour\"}]}";

static const char clock_rules[] =
    "{\"rules\":["
    "{\"category\":\"*\",\"urgency\":\"normal\",\"acknowledge_min\":240,"
    "\"resolve_min\":2400,\"warn_min\":240},"
    "{\"category\":\"charge\",\"urgency\":\"normal\",\"acknowledge_min\":90,"
    "\"resolve_min\":1000,\"warn_min\":200},"
    "{\"category\":\"*\",\"urgency\":\"urgent\",\"acknowledge_min\":15,"
    "\"resolve_min\":480,\"warn_min\":60,\"around_the_clock\":true}],"
    "\"rider_nudge_h\":72,\"rider_rest_h\":96}";

static const char calendar[] =
    "{\"hours\":{\"mon\":\"09:00-12:00,13:30-17:30\","
    "\"tue\":\"09:00-12:00,13:30-17:30\",\"wed\":\"09:00-12:00,13:30-17:30\","
    "\"thu\":\"09:00-12:00,13:30-17:30\",\"fri\":\"09:00-12:00,13:30-17:30\","
    "\"sat\":\"10:00-12:00\",\"sun\":\"\"},\"years\":{\"2025\":{\"holidays\":"
    "[\"2025-01-01\",\"2025-01-28\",\"2025-01-29\",\"2025-01-30\","
    "\"2025-01-31\",\"2025-05-01\",\"2025-05-02\",\"2025-10-01\","
    "\"2025-10-02\",\"2025-10-03\",\"2025-10-06\",\"2025-10-07\"],"
    "\"workdays\":[\"2025-01-26\",\"2025-04-27\",\"2025-10-11\"]},"
    "\"2026\":{\"holidays\":[\"2026-01-01\",\"2026-01-02\"],"
    "\"workdays\":[\"2026-01-04\"]}}}";

enum { WAGE, CHARGE, OTHER, FIRE, CATEGORIES };
static const struct kind {
    const char *name;
    char prefix;
    int acknowledge, resolve, warn; /* minutes */
    bool around_the_clock;
} kinds[CATEGORIES] = {
    [WAGE] = {"wage", 'S', 240, 2400, 240, false},
    [CHARGE] = {"charge", 'S', 90, 1000, 200, false},
    [OTHER] = {"other", 'S', 240, 2400, 240, false},
    [FIRE] = {"fire", 'P', 15, 480, 60, true},
};

#define NUDGE (72 * 60)
#define REST (96 * 60)

/* Where a ticket climbs, from the unit that it was routed to. */
static const char *const ladders[][6] = {
    {"member", "branch", "enterprise", "industry", NULL},
    {"branch", "enterprise", "industry", NULL},
    {"industry", NULL},
};
static const char *const places[] = {"一社区南门", "二社区北门"};

/* ---- working time, by counting minutes ------------------------------------
 */

/* 2025-01-01 00:00 in China, and as many days as the tickets may take. */
#define BEGIN_MS 1735660800000LL
#define DAYS 560
#define MINUTES (DAYS * 1440)
#define MINUTE_MS 60000LL
#define YEAR_MINUTES (365 * 1440)

static int *worked; /* working minutes before each minute */

static bool day_in(int day, const int *days, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (days[i] == day)
            return true;
    return false;
}

/* Days since 2025-01-01, a Wednesday; written down apart from the calendar. */
static bool is_worked(int minute) {
    static const int holidays[] = {0,   27,  28,  29,  30,  120, 121,
                                   273, 274, 275, 278, 279, 365, 366};
    static const int workdays[] = {25, 116, 283, 368};
    int day = minute / 1440, at = minute % 1440, weekday = (day + 2) % 7;
    bool extra = day_in(day, workdays, ARRAY_LEN(workdays));
    if (day_in(day, holidays, ARRAY_LEN(holidays)))
        return false;
    if (weekday == 5 && !extra)
        return at >= 600 && at < 720;
    if (weekday == 6 && !extra)
        return false;
    return (at >= 540 && at < 720) || (at >= 810 && at < 1050);
}

static void count_minutes(void) {
    worked = xcalloc(MINUTES + 1, sizeof(*worked));
    for (int i = 0; i < MINUTES; i++)
        worked[i + 1] = worked[i] + is_worked(i);
}

/* The first minute by which span minutes have passed since from. */
static int add(const struct kind *kind, int from, int span) {
    if (kind->around_the_clock)
        return from + span;
    int low = from, high = MINUTES;
    while (low < high) {
        int middle = (low + high) / 2;
        if (worked[middle] - worked[from] >= span)
            high = middle;
        else
            low = middle + 1;
    }
    assert_true(low < MINUTES);
    return low;
}

static int between(const struct kind *kind, int from, int to) {
    return kind->around_the_clock ? to - from : worked[to] - worked[from];
}

/* ---- the model ------------------------------------------------------------
 */

enum act { ACT_CLAIM, ACT_ANSWER, ACT_ASK, ACT_REPLY, ACT_CLOSE };
#define ACTS_MAX 4
#define ENTRIES_MAX 32

struct entry {
    enum ticket_move move;
    int due; /* the minute; the entry is there by the next step */
    const char *detail;
};

struct plan {
    char id[16];
    int kind, ladder, place;
    int filed; /* minute */
    struct {
        enum act act;
        int at;
        bool done; /* by the test */
    } acts[ACTS_MAX];
    size_t n_acts;
    struct entry entries[ENTRIES_MAX];
    size_t n_entries, n_seen;
    enum ticket_state state;
    int level;
    bool waits; /* model: stopped */
};

struct model {
    struct plan *plan;
    const struct kind *kind;
    int acknowledge, warn, resolve, left, nudge, rest; /* minutes; -1 none */
    int climbed;
    bool warned, claimed;
};

static int step_after(int minute) {
    return (minute + STEP - 1) / STEP * STEP;
}

static void expect(struct model *m, enum ticket_move move, int due,
                   const char *detail) {
    assert_true(m->plan->n_entries < ENTRIES_MAX);
    m->plan->entries[m->plan->n_entries++] = (struct entry){move, due, detail};
}

static void none(struct model *m) {
    m->acknowledge = m->warn = m->resolve = m->nudge = m->rest = -1;
}

static void begin(struct model *m, int now) {
    m->acknowledge = add(m->kind, now, m->kind->acknowledge);
    m->resolve = add(m->kind, now, m->kind->resolve);
    m->warn = add(m->kind, now, m->kind->resolve - m->kind->warn);
    m->warned = false;
}

static void act(struct model *m, enum act what, int now) {
    static const enum ticket_move moves[] = {MOVE_CLAIM, MOVE_ANSWER, MOVE_ASK,
                                             MOVE_REPLY, MOVE_CLOSE};
    expect(m, moves[what], now, "");
    switch (what) {
    case ACT_CLAIM:
        m->claimed = true;
        m->plan->state = TICKET_CLAIMED;
        m->acknowledge = -1;
        break;
    case ACT_ANSWER:
        m->plan->state = TICKET_ANSWERED;
        m->acknowledge = -1;
        break;
    case ACT_ASK:
        m->plan->state = TICKET_WAITING;
        m->left = m->resolve < 0 ? -1 : between(m->kind, now, m->resolve);
        none(m);
        break;
    case ACT_REPLY:
        m->plan->state = m->claimed ? TICKET_CLAIMED : TICKET_ROUTED;
        if (!m->claimed)
            m->acknowledge = add(m->kind, now, m->kind->acknowledge);
        if (m->left >= 0) {
            m->resolve = add(m->kind, now, m->left);
            if (!m->warned)
                m->warn = add(m->kind, now, m->left - m->kind->warn);
        }
        break;
    case ACT_CLOSE:
        m->plan->state = TICKET_CLOSED;
        none(m);
        m->nudge = now + NUDGE;
        m->rest = now + REST;
        break;
    }
}

static void climb(struct model *m, int due, int now) {
    const char *unit = ladders[m->plan->ladder][m->climbed];
    if (unit == NULL) {
        expect(m, MOVE_OVERDUE, due, "");
        m->resolve = -1;
        return;
    }
    expect(m, MOVE_ESCALATE, due, unit);
    m->plan->level = unit[0] == 'm'   ? 2
                     : unit[0] == 'b' ? 3
                     : unit[0] == 'e' ? 4
                                      : 5;
    m->climbed++;
    m->claimed = false;
    m->plan->state = TICKET_ESCALATED;
    begin(m, now);
}

/* The next clock, the one before the others at the same time first. */
static int *next_clock(struct model *m) {
    int *clocks[] = {&m->warn, &m->acknowledge, &m->resolve};
    int *next = NULL;
    if (m->nudge >= 0)
        return &m->nudge;
    if (m->rest >= 0)
        return &m->rest;
    for (size_t i = 0; i < ARRAY_LEN(clocks); i++)
        if (*clocks[i] >= 0 && (next == NULL || *clocks[i] < *next))
            next = clocks[i];
    return next;
}

static void ring(struct model *m, int *clock, int now) {
    int due = *clock;
    *clock = -1;
    if (clock == &m->acknowledge) {
        expect(m, MOVE_WARN, due, "acknowledge");
    } else if (clock == &m->warn) {
        m->warned = true;
        expect(m, MOVE_WARN, due, "resolve");
    } else if (clock == &m->resolve) {
        climb(m, due, now);
    } else {
        expect(m, clock == &m->nudge ? MOVE_NUDGE : MOVE_REST, due, "");
    }
}

static void drop_act(struct plan *plan, size_t i) {
    memmove(&plan->acts[i], &plan->acts[i + 1],
            (--plan->n_acts - i) * sizeof(plan->acts[0]));
}

/* Lives a ticket's life; what people wanted to do while a clock was ringing is
 * not done, so that what comes first never is a question. */
static void foresee(struct plan *plan) {
    struct model m = {.plan = plan, .kind = &kinds[plan->kind], .left = -1};
    int now = plan->filed;
    size_t i = 0;
    int *clock;
    none(&m);
    plan->state = TICKET_ROUTED;
    plan->level = 1;
    begin(&m, plan->filed);
    while ((clock = next_clock(&m)) != NULL || i < plan->n_acts) {
        int at = clock == NULL ? -1 : step_after(*clock);
        if (at >= 0 && at < now)
            at = now;
        if (i == plan->n_acts || (clock != NULL && plan->acts[i].at > at)) {
            now = at;
            ring(&m, clock, now);
        } else if (clock != NULL && plan->acts[i].at >= *clock) {
            drop_act(plan, i);
        } else if ((plan->acts[i].act == ACT_REPLY) !=
                   (plan->state == TICKET_WAITING)) {
            drop_act(plan, i);
        } else {
            now = plan->acts[i].at;
            act(&m, plan->acts[i++].act, now);
        }
    }
}

/* ---- what is planned -------------------------------------------------------
 */

static unsigned long long seed = SEED;

static int pick(int n) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((seed >> 33) % (unsigned)n);
}

/* What people do, at rising moments up to some weeks after. */
static void plan_acts(struct plan *plan) {
    static const enum act lives[][ACTS_MAX] = {
        {ACT_CLAIM, ACT_CLOSE},
        {ACT_ANSWER, ACT_CLOSE},
        {ACT_CLAIM, ACT_ASK, ACT_REPLY, ACT_CLOSE},
        {ACT_ASK, ACT_REPLY, ACT_ANSWER, ACT_CLOSE},
        {ACT_CLAIM, ACT_ANSWER},
        {ACT_ASK, ACT_REPLY},
    };
    static const size_t lengths[] = {2, 2, 4, 4, 2, 2};
    int life = pick(10), at = plan->filed;
    if (life >= 6)
        return; /* nobody does anything */
    int span = kinds[plan->kind].around_the_clock ? 400 : 6 * 1440;
    plan->n_acts = lengths[life];
    for (size_t i = 0; i < plan->n_acts; i++) {
        at = step_after(at + STEP + pick(span));
        plan->acts[i].act = lives[life][i];
        plan->acts[i].at = at;
    }
}

static int by_filed(const void *a, const void *b) {
    const struct plan *x = a, *y = b;
    return x->filed - y->filed;
}

static struct plan *make_plans(void) {
    struct plan *plans = xcalloc(TICKETS, sizeof(*plans));
    for (int i = 0; i < TICKETS; i++)
        plans[i].filed = step_after(pick(YEAR_MINUTES));
    qsort(plans, TICKETS, sizeof(*plans), by_filed);
    for (int i = 0; i < TICKETS; i++) {
        struct plan *plan = &plans[i];
        plan->kind = pick(CATEGORIES);
        plan->place = pick(2);
        plan->ladder = plan->kind == WAGE ? 2 : plan->place;
        snprintf(plan->id, sizeof(plan->id), "%c%d", kinds[plan->kind].prefix,
                 i + 1);
        plan_acts(plan);
        foresee(plan);
    }
    return plans;
}

/* ---- the engine's side -----------------------------------------------------
 */

struct run {
    struct engine *engine;
    struct plan *plans;
    size_t filed;  /* so many of them are */
    size_t oldest; /* those before have nothing left that people do */
    unsigned under_way;
    unsigned restarts, steps;
    int now;
};

static void put(struct engine *engine, enum policy_document document,
                const char *json) {
    struct txn *txn = txn_new(engine->bot.store);
    document_put(txn, &(struct document){
                          .name = policy_names[document],
                          .json = json,
                          .json_len = strlen(json),
                          .by = "system",
                          .at_ms = 1,
                      });
    assert_int_equal(engine_commit(engine, txn), OK);
}

static void set_now(struct run *run, int minute) {
    run->now = minute;
    run->engine->clock.now_ms = BEGIN_MS + minute * MINUTE_MS;
}

static void on_done(struct work *work, enum err err) {
    struct run *run = work->data;
    assert_int_equal(err, OK);
    run->under_way--;
    work_free(work);
}

static void file(struct run *run, struct plan *plan) {
    struct work *work = work_new(&run->engine->bot);
    struct desk desk = desk_of_work(work);
    const char *rider = arena_printf(&work->arena, "qq.%s", plan->id + 1);
    struct ticket ticket = {
        .id = plan->id,
        .rider = rider,
        .account = ENGINE_ACCOUNT,
        .chat = rider,
        .category = kinds[plan->kind].name,
        .text = "换电柜坏了",
        .place = places[plan->place],
    };
    desk_file(&desk, &ticket);
    run->under_way++;
    work_commit(work, on_done, run);
}

struct acting {
    struct run *run;
    struct plan *plan;
    struct work *work;
    enum act act;
};

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct acting *acting = data;
    struct work *work = acting->work;
    struct desk desk = desk_of_work(work);
    struct ticket after;
    struct order order = {.by = MOVER_STAFF,
                          .actor = "user:wang",
                          .name = "王社工",
                          .text = "好的"};
    assert_int_equal(err, OK);
    order.move = (enum ticket_move[]){MOVE_CLAIM, MOVE_ANSWER, MOVE_ASK,
                                      MOVE_REPLY, MOVE_CLOSE}[acting->act];
    if (acting->act == ACT_REPLY)
        order.by = MOVER_RIDER;
    err = desk_move(&desk, ticket, &order, &after);
    if (err != OK)
        fail_msg("%s: %s in %s: %s", ticket->id,
                 workflow_move(order.move)->name,
                 ticket_state_name(ticket->state), err_str(err));
    work_commit(work, on_done, acting->run);
}

static void do_act(struct run *run, struct plan *plan, enum act what) {
    struct work *work = work_new(&run->engine->bot);
    struct acting *acting = arena_alloc(&work->arena, sizeof(*acting));
    *acting = (struct acting){run, plan, work, what};
    run->under_way++;
    ticket_get(run->engine->bot.store, &work->arena, plan->id, on_ticket,
               acting);
}

static bool all_acted(const struct plan *plan) {
    return plan->n_acts == 0 || plan->acts[plan->n_acts - 1].done;
}

/* What people do by now; gives the minute of what they do next. */
static int people(struct run *run) {
    int next = MINUTES;
    for (; run->filed < TICKETS && run->plans[run->filed].filed <= run->now;
         run->filed++)
        file(run, &run->plans[run->filed]);
    if (run->filed < TICKETS)
        next = run->plans[run->filed].filed;
    while (run->oldest < run->filed && all_acted(&run->plans[run->oldest]))
        run->oldest++;
    for (size_t i = run->oldest; i < run->filed; i++) {
        struct plan *plan = &run->plans[i];
        for (size_t j = 0; j < plan->n_acts; j++) {
            if (plan->acts[j].done)
                continue;
            if (plan->acts[j].at <= run->now) {
                plan->acts[j].done = true;
                do_act(run, plan, plan->acts[j].act);
                continue; /* the next one is later */
            }
            next = next < plan->acts[j].at ? next : plan->acts[j].at;
            break;
        }
    }
    return next;
}

/* When the next clock rings, as the store has it. */
static int next_due(struct run *run) {
    redisReply *reply = redis_server_command(
        run->engine->redis, "ZRANGE {test}:due 0 0 WITHSCORES");
    int next = MINUTES;
    if (reply->elements == 2) {
        long long ms = atoll(reply->element[1]->str) - BEGIN_MS;
        assert_true(ms >= 0);
        next = step_after((int)((ms + MINUTE_MS - 1) / MINUTE_MS));
    }
    freeReplyObject(reply);
    return next;
}

/* Like a SIGKILL with transactions under way. */
static void restart(struct run *run) {
    clocks_look(run->engine->bot.clocks);
    for (int i = pick(6); i > 0; i--)
        uv_run(&run->engine->loop.uv, UV_RUN_NOWAIT);
    engine_restart(run->engine);
    ENGINE_UNTIL(run->engine,
                 policy_version(policies_get(run->engine->bot.policies),
                                POLICY_CALENDAR) == 1);
    run->restarts++;
}

/* Moves the clock to the next thing to happen and lets all of it happen. */
static void step(struct run *run, int people_next) {
    int next = next_due(run);
    next = people_next < next ? people_next : next;
    if (next <= run->now) { /* more rings than one look takes */
        next = run->now;
    }
    set_now(run, next);
    run->steps++;
}

static void live(struct run *run) {
    int next = run->plans[0].filed;
    while (next < MINUTES || next_due(run) < MINUTES) {
        step(run, next);
        next = people(run);
        ENGINE_UNTIL(run->engine, run->under_way == 0);
        if (run->restarts < RESTARTS && pick(300) == 0)
            restart(run);
        while (next_due(run) <= run->now) {
            clocks_look(run->engine->bot.clocks);
            engine_settle(run->engine);
        }
        engine_clear(run->engine);
    }
}

/* ---- what came of it -------------------------------------------------------
 */

struct figures {
    struct run *run;
    unsigned left;
    unsigned entries, escalated, warned, acknowledge, overdue, nudged, rested;
    int latest; /* minutes behind its due */
};

struct reading {
    struct figures *figures;
    struct plan *plan;
};

static void count(struct figures *f, const struct entry *entry) {
    f->entries++;
    f->escalated += entry->move == MOVE_ESCALATE;
    f->overdue += entry->move == MOVE_OVERDUE;
    f->nudged += entry->move == MOVE_NUDGE;
    f->rested += entry->move == MOVE_REST;
    if (entry->move == MOVE_WARN)
        *(entry->detail[0] == 'a' ? &f->acknowledge : &f->warned) += 1;
}

static void on_log(void *data, enum err err, const struct ticket_entry *entries,
                   size_t n) {
    struct reading *reading = data;
    const struct plan *plan = reading->plan;
    assert_int_equal(err, OK);
    if (n != plan->n_entries)
        fail_msg("%s has %zu entries, not %zu", plan->id, n, plan->n_entries);
    for (size_t i = 0; i < n; i++) {
        const struct entry *expected = &plan->entries[i];
        int at = (int)((entries[i].at_ms - BEGIN_MS) / MINUTE_MS);
        if (entries[i].move != expected->move || at < expected->due ||
            at >= expected->due + STEP ||
            strcmp(entries[i].detail, expected->detail) != 0)
            fail_msg("%s: entry %zu is %s %s at %d, not %s %s at %d", plan->id,
                     i, workflow_move(entries[i].move)->name, entries[i].detail,
                     at, workflow_move(expected->move)->name, expected->detail,
                     expected->due);
        count(reading->figures, expected);
        if (at - expected->due > reading->figures->latest)
            reading->figures->latest = at - expected->due;
    }
    reading->figures->left--;
}

static void on_state(void *data, enum err err, const struct ticket *ticket) {
    struct reading *reading = data;
    assert_int_equal(err, OK);
    assert_int_equal(ticket->state, reading->plan->state);
    assert_int_equal(ticket->level, reading->plan->level);
    assert_int_equal(ticket->due, DUE_NOTHING);
    reading->figures->left--;
}

/* Every entry of every ticket, and where each has come to. */
static void compare(struct run *run, struct figures *figures) {
    struct arena arena;
    struct store *store = run->engine->bot.store;
    arena_init(&arena);
    for (int i = 0; i < TICKETS; i++) {
        struct reading *reading = arena_alloc(&arena, sizeof(*reading));
        *reading = (struct reading){figures, &run->plans[i]};
        figures->left += 2;
        ticket_log_get(store, &arena, run->plans[i].id, ENTRIES_MAX + 1, on_log,
                       reading);
        ticket_get(store, &arena, run->plans[i].id, on_state, reading);
        ENGINE_UNTIL(run->engine, figures->left < 200);
    }
    ENGINE_UNTIL(run->engine, figures->left == 0);
    arena_finish(&arena);
}

static void test_a_year(void **state) {
    struct run run = {.engine = *state};
    struct figures figures = {.run = &run};
    int64_t began_ms = clock_mono_ms(&clock_system);
    /* Redis itself goes on: its file would only be waited for. */
    freeReplyObject(
        redis_server_command(run.engine->redis, "CONFIG SET appendonly no"));
    count_minutes();
    run.plans = make_plans();
    put(run.engine, POLICY_ORGANISATION, organisation);
    put(run.engine, POLICY_ROUTING, routing);
    put(run.engine, POLICY_CLOCKS, clock_rules);
    put(run.engine, POLICY_CALENDAR, calendar);
    set_now(&run, 0);
    restart(&run);
    live(&run);
    compare(&run, &figures);
    print_message(
        "%d tickets, %d steps of the clock, %u restarts, %.1f s\n"
        "%u entries: %u climbed a level, %u warned, %u not taken up, "
        "%u overdue, %u asked again, %u at rest\n"
        "latest ring: %d minutes behind its due\n",
        TICKETS, (int)run.steps, run.restarts,
        (double)(clock_mono_ms(&clock_system) - began_ms) / 1000,
        figures.entries, figures.escalated, figures.warned, figures.acknowledge,
        figures.overdue, figures.nudged, figures.rested, figures.latest);
    assert_true(run.restarts >= 20);
    assert_int_equal(run.filed, TICKETS);
    free(run.plans);
    free(worked);
}

static int setup(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_year, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The desk in the engine: every move in every state, who hears of it, and what
 * must happen once or not at all. */
#include "tests/integration/engine.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/clocks.h"
#include "bot/command.h"
#include "bot/desk.h"
#include "bot/outbox.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/roster.h"
#include "bot/turn.h"
#include "bot/work.h"
#include "store/code.h"
#include "store/document.h"
#include "store/points.h"
#include "store/rider.h"
#include "store/store.h"
#include "store/ticket.h"
#include "store/user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.98765"
#define RIDER_DIGITS "98765"
#define NICK "张三丰"
#define HOUR_MS (3600LL * 1000)

static const char organisation[] =
    "{\"units\":["
    "{\"id\":\"industry\",\"name\":\"行业党委\",\"kind\":\"industry\","
    "\"level\":5},"
    "{\"id\":\"branch\",\"name\":\"党支部\",\"kind\":\"branch\",\"level\":3,"
    "\"parent\":\"industry\"},"
    "{\"id\":\"first\",\"name\":\"一社区\",\"kind\":\"community\","
    "\"parent\":\"branch\"},"
    "{\"id\":\"second\",\"name\":\"二社区\",\"kind\":\"community\","
    "\"parent\":\"branch\"},"
    "{\"id\":\"labour\",\"name\":\"人社局\",\"kind\":\"department\","
    "\"parent\":\"industry\"}]}";

static const char routing[] =
    "{\"default\":\"second\",\"rules\":["
    "{\"community\":\"*\",\"category\":\"wage\",\"unit\":\"labour\"}]}";

/* Around the clock, so that a test can count hours. */
static const char clock_rules[] =
    "{\"rules\":[{\"category\":\"*\",\"urgency\":\"*\",\"acknowledge_min\":60,"
    "\"resolve_min\":600,\"warn_min\":60,\"around_the_clock\":true},"
    "{\"category\":\"*\",\"urgency\":\"urgent\",\"acknowledge_min\":10,"
    "\"resolve_min\":120,\"warn_min\":30,\"around_the_clock\":true}],"
    "\"rider_nudge_h\":72,\"rider_rest_h\":96}";

struct test {
    struct engine *engine;
    struct arena arena;
    struct ticket ticket; /* as last read */
    struct ticket_entry entries[16];
    size_t n_entries;
    int64_t balance;
    unsigned next_id;
    bool done;
    enum err err;
};

/* ---- what a test does ------------------------------------------------------
 */

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct test *t = data;
    t->err = err;
    t->ticket = *ticket;
    t->done = true;
}

static void wait_for(struct test *t) {
    ENGINE_UNTIL(t->engine, t->done);
    t->done = false;
}

static struct ticket get(struct test *t, const char *id) {
    ticket_get(t->engine->bot.store, &t->arena, id, on_ticket, t);
    wait_for(t);
    assert_int_equal(t->err, OK);
    return t->ticket;
}

static void on_work(struct work *work, enum err err) {
    struct test *t = work->data;
    t->err = err;
    t->done = true;
    work_free(work);
}

/* A new ticket, routed; rider NULL is RIDER. */
static const char *file(struct test *t, char prefix, struct ticket ticket) {
    struct work *work = work_new(&t->engine->bot);
    struct desk desk = desk_of_work(work);
    const char *id = arena_printf(&t->arena, "%c%u", prefix, ++t->next_id);
    ticket.id = id;
    if (ticket.rider == NULL)
        ticket.rider = RIDER;
    ticket.account = ENGINE_ACCOUNT;
    ticket.chat = ticket.rider;
    ticket.nick = NICK;
    ticket.text = "换电柜坏了";
    desk_file(&desk, &ticket);
    work_commit(work, on_work, t);
    wait_for(t);
    assert_int_equal(t->err, OK);
    engine_settle(t->engine);
    return id;
}

/* The order on the ticket as it was read; what became of it. */
static enum err move_read(struct test *t, const struct ticket *ticket,
                          struct order order) {
    struct work *work = work_new(&t->engine->bot);
    struct desk desk = desk_of_work(work);
    struct ticket after;
    if (order.by == 0)
        order.by = MOVER_STAFF;
    if (order.actor == NULL)
        order.actor = "user:wang";
    enum err err = desk_move(&desk, ticket, &order, &after);
    if (err != OK) {
        assert_true(txn_empty(work->txn));
        assert_int_equal(work->notices.n, 0);
        work_free(work);
        return err;
    }
    after.unit = arena_strdup(&t->arena, after.unit);
    work_commit(work, on_work, t);
    wait_for(t);
    err = t->err;
    engine_settle(t->engine);
    if (err == OK) { /* what the caller goes on with is what is stored */
        get(t, ticket->id);
        assert_int_equal(t->ticket.version, after.version);
        assert_int_equal(t->ticket.state, after.state);
        assert_int_equal(t->ticket.due_ms, after.due_ms);
        assert_string_equal(t->ticket.unit, after.unit);
    }
    return err;
}

static enum err move(struct test *t, const char *id, struct order order) {
    struct ticket ticket = get(t, id);
    return move_read(t, &ticket, order);
}

static struct order say(enum ticket_move kind, const char *text) {
    return (struct order){
        .move = kind, .text = text, .urgent = -1, .anonymous = -1};
}

static struct order by_rider(enum ticket_move kind, const char *text) {
    struct order order = say(kind, text);
    order.by = MOVER_RIDER;
    return order;
}

static enum err put(struct engine *engine, enum policy_document document,
                    const char *json) {
    struct txn *txn = txn_new(engine->bot.store);
    document_put(txn, &(struct document){
                          .name = policy_names[document],
                          .json = json,
                          .json_len = strlen(json),
                          .by = "system",
                          .at_ms = 1,
                      });
    return engine_commit(engine, txn);
}

static void on_entries(void *data, enum err err,
                       const struct ticket_entry *entries, size_t n) {
    struct test *t = data;
    t->err = err;
    t->n_entries = n;
    for (size_t i = 0; i < n && i < ARRAY_LEN(t->entries); i++)
        t->entries[i] = entries[i];
    t->done = true;
}

static void read_log(struct test *t, const char *id) {
    ticket_log_get(t->engine->bot.store, &t->arena, id, ARRAY_LEN(t->entries),
                   on_entries, t);
    wait_for(t);
    assert_int_equal(t->err, OK);
}

static void assert_entry(const struct test *t, size_t i, enum ticket_move kind,
                         const char *who, const char *detail) {
    assert_true(i < t->n_entries);
    assert_int_equal(t->entries[i].move, kind);
    assert_string_equal(t->entries[i].who, who);
    assert_string_equal(t->entries[i].detail, detail);
}

static void on_balance(void *data, enum err err, int64_t balance) {
    struct test *t = data;
    t->err = err;
    t->balance = balance;
    t->done = true;
}

static int64_t balance(struct test *t, const char *account) {
    points_get(t->engine->bot.store, &t->arena, account, on_balance, t);
    wait_for(t);
    assert_int_equal(t->err, OK);
    return t->balance;
}

/* Staff with a chat of their own, or without (rider NULL). */
static void add_user(struct test *t, const char *name, const char *rider,
                     const char *unit, const char *category) {
    struct txn *txn = txn_new(t->engine->bot.store);
    struct user user = {
        .name = name,
        .display = name,
        .lang = "",
        .password = "",
        .totp = "",
        .rider = rider == NULL ? "" : rider,
        .chat = rider == NULL ? "" : rider,
        .account = rider == NULL ? "" : ENGINE_ACCOUNT,
        .grants = {{USER_STAFF, unit, category}},
        .n_grants = 1,
        .created_ms = 1,
    };
    user_put(txn, &user);
    assert_int_equal(engine_commit(t->engine, txn), OK);
    roster_refresh(t->engine->bot.roster);
    ENGINE_UNTIL(t->engine, roster_find(t->engine->bot.roster, name) != NULL);
}

static void advance(struct test *t, int64_t ms) {
    clock_manual_advance(&t->engine->clock, ms);
}

/* All that rings by now. */
static void ring(struct test *t) {
    clocks_look(t->engine->bot.clocks);
    engine_settle(t->engine);
}

/* ---- the table --------------------------------------------------------------
 */

static void create_in(struct test *t, const char *id, enum ticket_state state,
                      enum ticket_due due, int64_t due_ms) {
    struct txn *txn = txn_new(t->engine->bot.store);
    ticket_create(txn, &(struct ticket){
                           .id = id,
                           .rider = RIDER,
                           .account = ENGINE_ACCOUNT,
                           .chat = RIDER,
                           .state = state,
                           .unit = "first",
                           .level = 1,
                           .category = "other",
                           .text = "x",
                           .followers = "",
                           .created_ms = 1,
                           .resolve_ms = due_ms,
                           .due = due,
                           .due_ms = due_ms,
                       });
    assert_int_equal(engine_commit(t->engine, txn), OK);
}

static enum ticket_due due_of(enum ticket_move kind) {
    return kind == MOVE_WARN    ? DUE_WARN
           : kind == MOVE_NUDGE ? DUE_NUDGE
           : kind == MOVE_REST  ? DUE_REST
                                : DUE_RESOLVE;
}

static void test_every_move_in_every_state(void **state) {
    struct test *t = *state;
    static const enum mover movers[] = {MOVER_RIDER, MOVER_STAFF, MOVER_SYSTEM};
    const char *into_id = file(t, 'S', (struct ticket){.rider = "qq.1"});
    int done = 0, refused = 0;
    clocks_free(t->engine->bot.clocks); /* rung by hand */
    t->engine->bot.clocks = NULL;
    for (int i = 0; i < (int)TICKET_STATES * (int)MOVES * 3; i++) {
        enum ticket_state from = (enum ticket_state)(i % TICKET_STATES);
        enum ticket_move kind = (enum ticket_move)(i / TICKET_STATES % MOVES);
        enum mover by = movers[i / TICKET_STATES / MOVES];
        char id[16];
        snprintf(id, sizeof(id), "S9%d", i);
        create_in(t, id, from, due_of(kind), t->engine->clock.now_ms);
        struct ticket into = get(t, into_id);
        char rider[24];
        snprintf(rider, sizeof(rider), "qq.7%d", i);
        struct order order = say(kind, "好的");
        order.by = by;
        order.unit = "labour";
        order.category = "rest";
        order.rating = 5;
        order.into = &into;
        order.follower = &(struct follower){rider, ENGINE_ACCOUNT, rider, ""};
        enum err err = move(t, id, order);
        struct ticket after = get(t, id);
        if (!workflow_allows(kind, from, by)) {
            assert_int_equal(err, ERR_STATE);
            assert_int_equal(after.version, 1);
            refused++;
            continue;
        }
        enum ticket_state to = workflow_move(kind)->to;
        if (to == TICKET_STATES)
            to = from;
        if (kind == MOVE_REPLY &&
            (from == TICKET_WAITING || from == TICKET_ANSWERED))
            to = TICKET_ROUTED;
        assert_int_equal(err, OK);
        assert_int_equal(after.state, to);
        assert_int_equal(after.version, 2);
        assert_int_equal(engine_redis(t->engine, "LLEN {test}:%s:%s",
                                      kind == MOVE_NOTE ? "notes" : "log", id),
                         1);
        done++;
    }
    print_message("%d moves done, %d refused\n", done, refused);
    assert_true(done > 120);
    /* The one that took them all in has a follower once. */
    assert_int_equal(engine_redis(t->engine, "ZCARD {test}:tickets:qq.1"), 1);
}

static void test_what_an_order_must_have(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){0});
    struct order order;
    for (int i = 0; i < MOVES; i++) {
        order = say((enum ticket_move)i, "");
        if (workflow_allows((enum ticket_move)i, TICKET_ROUTED, MOVER_STAFF) &&
            workflow_move((enum ticket_move)i)->text == TEXT_MUST)
            assert_int_equal(move(t, id, order), ERR_INVALID);
    }
    assert_int_equal(move(t, id, by_rider(MOVE_REPLY, "")), ERR_INVALID);
    order = say(MOVE_ROUTE, NULL);
    assert_int_equal(move(t, id, order), ERR_INVALID);
    order.unit = "nowhere";
    assert_int_equal(move(t, id, order), ERR_INVALID);
    assert_string_equal(desk_refusal_key(ERR_INVALID, &order),
                        "move.no_such_unit");
    assert_int_equal(move(t, id, say(MOVE_MERGE, NULL)), ERR_INVALID);
    assert_int_equal(move(t, id, by_rider(MOVE_JOIN, NULL)), ERR_INVALID);
    assert_int_equal(move(t, id, say(MOVE_SORT, NULL)), ERR_INVALID);
    assert_int_equal(move(t, id, say(MOVE_CLOSE, NULL)), OK);
    order = by_rider(MOVE_CONFIRM, NULL);
    order.rating = 6;
    assert_int_equal(move(t, id, order), ERR_INVALID);
    order.rating = 5;
    assert_int_equal(move(t, id, order), OK);
    assert_int_equal(t->ticket.rating, 5);
}

/* Each word for a refusal is a text in every language. */
static void test_refusals_have_texts(void **state) {
    (void)state;
    for (int lang = 0; lang < LANG_COUNT; lang++)
        for (int err = ERR_INVALID; err < ERR_COUNT; err++)
            for (int i = 0; i < MOVES; i++) {
                struct order order = say((enum ticket_move)i, NULL);
                assert_true(catalog_has(
                    (enum lang)lang, desk_refusal_key((enum err)err, &order)));
            }
}

/* ---- routing and hand-over -------------------------------------------------
 */

static void test_filing_routes(void **state) {
    struct test *t = *state;
    struct ticket ticket =
        get(t, file(t, 'S', (struct ticket){.place = "一社区南门"}));
    assert_int_equal(ticket.state, TICKET_ROUTED);
    assert_string_equal(ticket.unit, "first");
    assert_string_equal(ticket.community, "first");
    assert_int_equal(ticket.level, 1);
    ticket = get(
        t, file(t, 'S',
                (struct ticket){.place = "一社区南门", .category = "wage"}));
    assert_string_equal(ticket.unit, "labour");
    assert_string_equal(ticket.community, "first");
    ticket = get(t, file(t, 'S', (struct ticket){.place = "别处"}));
    assert_string_equal(ticket.unit, "second"); /* the default */
    assert_string_equal(ticket.community, "");
    assert_false(ticket.urgent);
    ticket = get(t, file(t, 'P', (struct ticket){.category = "fire"}));
    assert_true(ticket.urgent);
}

static void test_trail_of_hand_overs(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){.place = "一社区"});
    struct order order = say(MOVE_ROUTE, "归你们管");
    order.unit = "labour";
    assert_int_equal(move(t, id, order), OK);
    assert_string_equal(t->ticket.unit, "labour");
    assert_string_equal(t->ticket.back, "first");
    assert_int_equal(move(t, id, say(MOVE_CLAIM, NULL)), OK);
    assert_int_equal(move(t, id, say(MOVE_HAND_BACK, "不归我们管")), OK);
    assert_string_equal(t->ticket.unit, "first");
    assert_string_equal(t->ticket.assignee, "");
    assert_int_equal(t->ticket.state, TICKET_HANDED_BACK);
    assert_int_equal(move(t, id, say(MOVE_ESCALATE, NULL)), OK);
    assert_string_equal(t->ticket.unit, "branch");
    assert_int_equal(t->ticket.level, 3);
    assert_int_equal(move(t, id, say(MOVE_ESCALATE, NULL)), OK);
    assert_string_equal(t->ticket.unit, "industry");
    assert_int_equal(t->ticket.level, 5);
    order = say(MOVE_ESCALATE, NULL);
    assert_int_equal(move(t, id, order), ERR_LIMIT);
    assert_string_equal(desk_refusal_key(ERR_LIMIT, &order),
                        "move.no_higher_level");
    assert_int_equal(move(t, id, say(MOVE_HAND_BACK, "支部办")), OK);
    assert_string_equal(t->ticket.unit, "branch");
    assert_int_equal(t->ticket.level, 5); /* each is reached once only */
    assert_int_equal(move(t, id, say(MOVE_HAND_BACK, "?")), ERR_STATE);
    read_log(t, id);
    assert_entry(t, 0, MOVE_ROUTE, "user:wang", "labour");
    assert_entry(t, 2, MOVE_HAND_BACK, "user:wang", "first");
    assert_string_equal(t->entries[2].text, "不归我们管");
    assert_entry(t, 3, MOVE_ESCALATE, "user:wang", "branch");
    assert_entry(t, 4, MOVE_ESCALATE, "user:wang", "industry");
    assert_entry(t, 5, MOVE_HAND_BACK, "user:wang", "branch");
    /* What staff write to each other is not told. */
    assert_int_equal(engine_said(t->engine, "不归我们管"), 0);
    assert_int_equal(engine_said(t->engine, "归你们管"), 0);
    assert_int_equal(engine_said(t->engine, "已上报到党支部"), 1);
}

/* Whose unit is gone from the organisation goes on from the default one. */
static void test_a_unit_that_is_gone(void **state) {
    struct test *t = *state;
    int64_t later_ms = t->engine->clock.now_ms + 1;
    create_in(t, "S900", TICKET_ROUTED, DUE_RESOLVE, later_ms);
    create_in(t, "S901", TICKET_ROUTED, DUE_RESOLVE, later_ms);
    struct ticket ticket = get(t, "S900"), gone = ticket;
    gone.unit = gone.back = "gone";
    struct txn *txn = txn_new(t->engine->bot.store);
    ticket_change(txn, &ticket, &gone, NULL);
    assert_int_equal(engine_commit(t->engine, txn), OK);
    advance(t, 1);
    ring(t);
    assert_string_equal(get(t, "S900").unit, "branch");
    assert_string_equal(get(t, "S901").unit, "branch");
    assert_int_equal(move(t, "S900", say(MOVE_HAND_BACK, "?")), OK);
    assert_string_equal(t->ticket.unit, "second"); /* "gone" had routed it */
}

static void test_sorting_routes_what_nobody_has_touched(void **state) {
    struct test *t = *state;
    struct order order = say(MOVE_SORT, NULL);
    order.by = MOVER_RIDER;
    order.category = "wage";
    const char *id = file(t, 'S', (struct ticket){.place = "一社区"});
    assert_int_equal(move(t, id, order), OK);
    assert_string_equal(t->ticket.unit, "labour");
    assert_int_equal(move(t, id, order), ERR_INVALID); /* it is so already */
    id = file(t, 'S', (struct ticket){.place = "一社区"});
    assert_int_equal(move(t, id, say(MOVE_CLAIM, NULL)), OK);
    assert_int_equal(move(t, id, order), OK);
    assert_string_equal(t->ticket.unit, "first");
    assert_string_equal(t->ticket.category, "wage");
    order = say(MOVE_SORT, NULL);
    order.urgent = 1;
    assert_int_equal(move(t, id, order), OK);
    assert_true(t->ticket.urgent);
    assert_int_equal(t->ticket.resolve_ms - t->engine->clock.now_ms,
                     2 * HOUR_MS);
    assert_int_equal(t->ticket.acknowledge_ms, 0); /* it is taken up */
}

/* ---- clocks ---- */

static void test_clocks_stop_while_waiting(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){0});
    int64_t filed = t->engine->clock.now_ms;
    struct ticket ticket = get(t, id);
    assert_int_equal(ticket.due, DUE_ACKNOWLEDGE);
    assert_int_equal(ticket.due_ms, filed + HOUR_MS);
    assert_int_equal(ticket.resolve_ms, filed + 10 * HOUR_MS);
    assert_int_equal(move(t, id, say(MOVE_CLAIM, NULL)), OK);
    assert_int_equal(t->ticket.due, DUE_WARN);
    assert_int_equal(t->ticket.due_ms, filed + 9 * HOUR_MS);
    advance(t, 4 * HOUR_MS);
    assert_int_equal(move(t, id, say(MOVE_ASK, "在哪里？")), OK);
    assert_int_equal(t->ticket.due, DUE_NOTHING);
    assert_int_equal(t->ticket.left_ms, 6 * HOUR_MS);
    advance(t, 100 * HOUR_MS);
    ring(t);
    assert_int_equal(get(t, id).level, 1);
    assert_int_equal(move(t, id, by_rider(MOVE_REPLY, "南门")), OK);
    assert_int_equal(t->ticket.state, TICKET_CLAIMED);
    assert_int_equal(t->ticket.resolve_ms,
                     t->engine->clock.now_ms + 6 * HOUR_MS);
    assert_int_equal(t->ticket.due_ms, t->engine->clock.now_ms + 5 * HOUR_MS);
    assert_int_equal(t->ticket.left_ms, 0);
}

static void test_clocks_climb_and_end(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){.place = "一社区"});
    for (int i = 0; i < 3; i++) {
        advance(t, 10 * HOUR_MS);
        ring(t); /* not taken up */
        ring(t); /* warned */
        ring(t); /* over */
        ring(t); /* nothing more */
    }
    struct ticket ticket = get(t, id);
    assert_int_equal(ticket.level, 5);
    assert_int_equal(ticket.state, TICKET_ESCALATED);
    assert_true(ticket.overdue);
    assert_int_equal(ticket.due, DUE_NOTHING);
    read_log(t, id);
    assert_int_equal(t->n_entries, 9);
    assert_entry(t, 0, MOVE_WARN, AUDIT_SYSTEM, "acknowledge");
    assert_entry(t, 1, MOVE_WARN, AUDIT_SYSTEM, "resolve");
    assert_entry(t, 2, MOVE_ESCALATE, AUDIT_SYSTEM, "branch");
    assert_entry(t, 5, MOVE_ESCALATE, AUDIT_SYSTEM, "industry");
    assert_entry(t, 8, MOVE_OVERDUE, AUDIT_SYSTEM, "");
    assert_int_equal(engine_said(t->engine, "已上报到"), 2);
}

static void test_silent_rider_is_asked_once_more(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){0});
    assert_int_equal(move(t, id, say(MOVE_CLOSE, "修好了")), OK);
    engine_has(engine_last(t->engine, RIDER), "修好了");
    engine_has(engine_last(t->engine, RIDER), "没解决");
    engine_clear(t->engine);
    advance(t, 72 * HOUR_MS - 1);
    ring(t);
    assert_int_equal(t->engine->n_sent, 0);
    advance(t, 1);
    ring(t);
    engine_has(engine_last(t->engine, RIDER), "解决了吗");
    advance(t, 24 * HOUR_MS);
    ring(t);
    assert_int_equal(get(t, id).due, DUE_NOTHING);
    assert_int_equal(t->engine->n_sent, 1);
    assert_int_equal(engine_redis(t->engine, "ZCARD {test}:due"), 0);
}

/* A clock that two look at, or that rings while somebody moves the ticket. */
static void test_a_clock_rings_once(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){0});
    struct ticket stale = get(t, id);
    advance(t, HOUR_MS);
    clocks_look(t->engine->bot.clocks);
    clocks_look(t->engine->bot.clocks);
    engine_settle(t->engine);
    struct order order = {.move = MOVE_WARN, .by = MOVER_SYSTEM};
    assert_int_equal(move_read(t, &stale, order), ERR_CONFLICT);
    assert_int_equal(move(t, id, order), ERR_STATE);
    read_log(t, id);
    assert_int_equal(t->n_entries, 1);
}

/* One that cannot ring would be found for ever. */
static void test_a_broken_clock_is_taken_out(void **state) {
    struct test *t = *state;
    create_in(t, "S900", TICKET_REJECTED, DUE_WARN, 1);
    create_in(t, "S901", TICKET_ROUTED, DUE_NOTHING, 1);
    ring(t);
    assert_int_equal(engine_redis(t->engine, "ZCARD {test}:due"), 0);
    assert_int_equal(get(t, "S901").due_ms, 0);
}

/* ---- colleagues ---- */

static void test_two_staff_collide(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){0});
    struct ticket read = get(t, id);
    struct order li = say(MOVE_CLAIM, NULL), order;
    li.actor = "user:li";
    assert_int_equal(move(t, id, say(MOVE_CLAIM, NULL)), OK);
    assert_string_equal(t->ticket.assignee, "user:wang");
    assert_int_equal(move_read(t, &read, li), ERR_CONFLICT);
    assert_int_equal(move(t, id, li), ERR_STATE);
    order = li;
    order.move = MOVE_ANSWER;
    order.text = "我来";
    assert_int_equal(move(t, id, order), ERR_DENIED);
    assert_string_equal(desk_refusal_key(ERR_DENIED, &order), "move.claimed");
    order.move = MOVE_NOTE;
    assert_int_equal(move(t, id, order), OK);
    order.move = MOVE_RELEASE; /* to take over: both stand in the history */
    assert_int_equal(move(t, id, order), OK);
    assert_int_equal(move(t, id, li), OK);
    assert_string_equal(t->ticket.assignee, "user:li");
}

static void test_notes_are_never_told(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){0});
    engine_clear(t->engine);
    assert_int_equal(move(t, id, say(MOVE_NOTE, "这人来过三次")), OK);
    assert_int_equal(t->engine->n_sent, 0);
    assert_int_equal(engine_redis(t->engine, "LLEN {test}:log:%s", id), 0);
    assert_int_equal(engine_redis(t->engine, "LLEN {test}:notes:%s", id), 1);
}

/* ---- followers ---- */

static enum err join(struct test *t, const char *id, const char *rider) {
    struct order order = by_rider(MOVE_JOIN, NULL);
    order.follower = &(struct follower){rider, ENGINE_ACCOUNT, rider, ""};
    return move(t, id, order);
}

static void test_followers_hear_the_end(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'P', (struct ticket){.category = "damage"});
    char rider[24];
    assert_int_equal(join(t, id, RIDER), ERR_DUPLICATE);
    for (int i = 0; i < TICKET_FOLLOWERS_MAX; i++) {
        snprintf(rider, sizeof(rider), "qq.%d", 5000 + i);
        assert_int_equal(join(t, id, rider), OK);
    }
    assert_int_equal(join(t, id, "qq.5000"), ERR_LIMIT);
    assert_int_equal(join(t, id, "qq.6000"), ERR_LIMIT);
    assert_int_equal(engine_redis(t->engine, "ZCARD {test}:tickets:qq.5007"),
                     1);
    engine_clear(t->engine);
    struct order order = say(MOVE_CLOSE, "已清理");
    order.photos = "aa,bb";
    assert_int_equal(move(t, id, order), OK);
    assert_string_equal(t->ticket.after, "aa,bb");
    assert_int_equal(t->engine->n_sent, TICKET_FOLLOWERS_MAX + 1);
    assert_int_equal(engine_said(t->engine, "已清理"),
                     TICKET_FOLLOWERS_MAX + 1);
    assert_int_equal(engine_said(t->engine, "评分"), 1); /* whose it is */
    assert_int_equal(engine_said(t->engine, "积分"), 1);
    engine_has_not(engine_last(t->engine, "qq.5000"), "评分");
}

/* ---- in a turn ---- */

static void on_turn_ticket(void *data, enum err err,
                           const struct ticket *ticket) {
    struct turn *turn = data;
    struct desk desk = desk_of_turn(turn);
    struct order order = say(MOVE_CLOSE, "已清理");
    struct ticket after;
    order.by = MOVER_STAFF;
    order.actor = turn->message.rider;
    assert_int_equal(err, OK);
    err = desk_move(&desk, ticket, &order, &after);
    if (err == OK)
        notice_param(turn_reply(turn, "close.done"), "id", ticket->id);
    if (err == OK)
        turn_commit(turn);
    else
        turn_say(turn, desk_refusal_key(err, &order));
}

static void close_commit(struct turn *turn) {
    ticket_get(turn->bot->store, &turn->arena, "P1", on_turn_ticket, turn);
}

static const struct command close_p1 = {
    .name = "close",
    .where = COMMAND_PRIVATE,
    .commit = close_commit,
};
static const struct command *const only_close[] = {&close_p1};

/* What staff are answered is theirs, however many others are told, and it is
 * what a redelivery of their message gets again. */
static void test_a_turn_tells_everybody_once(void **state) {
    struct test *t = *state;
    char rider[24];
    assert_string_equal(file(t, 'P', (struct ticket){.category = "damage"}),
                        "P1");
    for (int i = 0; i < TICKET_FOLLOWERS_MAX; i++) {
        snprintf(rider, sizeof(rider), "qq.%d", 5000 + i);
        assert_int_equal(join(t, "P1", rider), OK);
    }
    struct segment text = {.type = SEGMENT_TEXT, .text = "办结"};
    const struct message message = {
        .rider = "qq.501",
        .id = "again",
        .segments = &text,
        .n_segments = 1,
    };
    engine_clear(t->engine);
    engine_send(t->engine, &message);
    engine_settle(t->engine);
    assert_int_equal(t->engine->n_sent, TICKET_FOLLOWERS_MAX + 2);
    engine_has(engine_last(t->engine, "qq.u501"), "P1 已办结，骑手会收到");
    engine_has(engine_last(t->engine, "qq.5099"), "已清理");
    engine_clear(t->engine);
    engine_send(t->engine, &message);
    engine_settle(t->engine);
    assert_int_equal(t->engine->n_sent, 1);
    engine_has(engine_last(t->engine, "qq.u501"), "P1 已办结，骑手会收到");
    engine_ask(t->engine, "qq.501", "办结");
    engine_has(engine_last(t->engine, "qq.u501"), "现在不能这样处理");
    ENGINE_UNTIL(t->engine, outbox_idle(t->engine->bot.outbox));
    engine_settle(t->engine);
    assert_int_equal(
        engine_redis(t->engine, "XLEN {test}:outbox:" ENGINE_ACCOUNT), 0);
}

static void test_withdrawn_is_told_to_followers(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'P', (struct ticket){.category = "damage"});
    assert_int_equal(join(t, id, "qq.5000"), OK);
    engine_clear(t->engine);
    assert_int_equal(move(t, id, by_rider(MOVE_WITHDRAW, NULL)), OK);
    assert_int_equal(t->engine->n_sent, 1);
    engine_has(engine_last(t->engine, "qq.5000"), id);
    assert_int_equal(get(t, id).due, DUE_NOTHING);
}

static void test_merge(void **state) {
    struct test *t = *state;
    const char *a = file(t, 'P', (struct ticket){.category = "damage"});
    const char *b =
        file(t, 'P', (struct ticket){.category = "damage", .rider = "qq.222"});
    assert_int_equal(join(t, a, "qq.5000"), OK);
    assert_int_equal(join(t, a, "qq.222"), OK);
    struct order order = say(MOVE_MERGE, NULL);
    struct ticket from = get(t, a), into = get(t, b);
    order.into = &from;
    assert_int_equal(move(t, a, order), ERR_INVALID); /* into itself */
    order.into = &into;
    /* The one that stays has changed meanwhile: neither is touched. */
    assert_int_equal(move(t, b, say(MOVE_CLAIM, NULL)), OK);
    assert_int_equal(move(t, a, order), ERR_CONFLICT);
    assert_int_equal(get(t, a).state, TICKET_ROUTED);
    assert_int_equal(engine_redis(t->engine,
                                  "HEXISTS {test}:ticket:%s "
                                  "followers",
                                  b),
                     0);
    into = get(t, b);
    engine_clear(t->engine);
    assert_int_equal(move(t, a, order), OK);
    assert_string_equal(t->ticket.into, b);
    assert_int_equal(t->ticket.due, DUE_NOTHING);
    engine_has(engine_last(t->engine, RIDER), b);
    engine_has(engine_last(t->engine, "qq.5000"), b);
    struct follower all[TICKET_FOLLOWERS_MAX];
    into = get(t, b);
    assert_int_equal(ticket_followers(&t->arena, &into, all), 2);
    assert_string_equal(all[0].rider, RIDER);
    assert_string_equal(all[1].rider, "qq.5000");
    read_log(t, b);
    assert_entry(t, 1, MOVE_JOIN, "user:wang", a);
    engine_clear(t->engine);
    assert_int_equal(move(t, b, say(MOVE_CLOSE, "修好了")), OK);
    assert_int_equal(engine_said(t->engine, "修好了"), 3);
    order.into = &t->ticket; /* has ended */
    const char *c = file(t, 'P', (struct ticket){.category = "damage"});
    into = get(t, b);
    order.into = &into;
    assert_int_equal(move(t, c, order), ERR_INVALID);
}

/* ---- points ---- */

static void test_points_once(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'P', (struct ticket){.category = "damage"});
    assert_int_equal(move(t, id, say(MOVE_CLOSE, NULL)), OK);
    assert_int_equal(t->ticket.points, 5);
    assert_int_equal(balance(t, RIDER), 5);
    assert_int_equal(move(t, id, by_rider(MOVE_REOPEN, "没解决")), OK);
    assert_int_equal(t->ticket.state, TICKET_REOPENED);
    assert_int_equal(t->ticket.reopened, 1);
    assert_int_equal(t->ticket.due, DUE_ACKNOWLEDGE);
    engine_clear(t->engine);
    assert_int_equal(move(t, id, say(MOVE_CLOSE, NULL)), OK);
    assert_int_equal(engine_said(t->engine, "积分"), 0);
    assert_int_equal(balance(t, RIDER), 5);
    assert_int_equal(balance(t, POINTS_ISSUED), -5);
    assert_int_equal(engine_redis(t->engine, "XLEN {test}:ledger"), 1);
    id = file(t, 'S', (struct ticket){0}); /* a request earns nothing */
    assert_int_equal(move(t, id, say(MOVE_CLOSE, NULL)), OK);
    id = file(t, 'P', (struct ticket){.category = "damage"});
    assert_int_equal(move(t, id, say(MOVE_REJECT, "看不清")), OK);
    engine_has(engine_last(t->engine, RIDER), "看不清");
    assert_int_equal(balance(t, RIDER), 5);
    id = file(t, 'P', (struct ticket){.category = "damage", .anonymous = true});
    assert_int_equal(move(t, id, say(MOVE_CLOSE, NULL)), OK);
    assert_int_equal(balance(t, RIDER), 10);
}

/* ---- rings ---- */

static void test_rings(void **state) {
    struct test *t = *state;
    add_user(t, "wang", "qq.501", "first", "*");
    add_user(t, "boss", "qq.502", "industry", "*");
    add_user(t, "other", "qq.503", "second", "*");
    add_user(t, "wages", "qq.504", "*", "wage");
    add_user(t, "mute", NULL, "*", "*");
    engine_clear(t->engine);
    const char *id = file(
        t, 'P', (struct ticket){.category = "fire", .place = "一社区南门"});
    assert_int_equal(t->engine->n_sent, 2);
    engine_has(engine_last(t->engine, "qq.501"), id);
    engine_has(engine_last(t->engine, "qq.501"), "紧急");
    engine_has(engine_last(t->engine, "qq.502"), id);
    file(t, 'P', (struct ticket){.category = "damage", .place = "一社区"});
    assert_int_equal(t->engine->n_sent, 2); /* that can wait */
    advance(t, HOUR_MS / 6);
    ring(t);
    assert_int_equal(engine_said(t->engine, "还没有人受理"), 2);
    assert_int_equal(move(t, id, say(MOVE_CLAIM, NULL)), OK);
    assert_int_equal(move(t, id, by_rider(MOVE_REPLY, "还在烧")), OK);
    engine_has(engine_last(t->engine, "qq.501"), "骑手有补充");
    assert_int_equal(move(t, id, say(MOVE_CLOSE, NULL)), OK);
    assert_int_equal(move(t, id, by_rider(MOVE_REOPEN, NULL)), OK);
    engine_has(engine_last(t->engine, "qq.501"), "没解决");
    engine_has_not(engine_last(t->engine, "qq.502"), "没解决");
}

static void test_rings_are_bounded(void **state) {
    struct test *t = *state;
    for (int i = 0; i < 23; i++)
        add_user(t, arena_printf(&t->arena, "user%d", i),
                 arena_printf(&t->arena, "qq.6%d", i), "*", "*");
    engine_clear(t->engine);
    file(t, 'P', (struct ticket){.category = "fire"});
    assert_int_equal(t->engine->n_sent, 20);
}

/* A code for a user's name ties their chat to them: console and chat are one
 * person, who is rung there. */
static void test_a_code_ties_a_chat_to_a_user(void **state) {
    struct test *t = *state;
    add_user(t, "wang", NULL, "*", "*");
    struct txn *txn = txn_new(t->engine->bot.store);
    code_create(
        txn, "ABCDEFGH",
        &(struct code){.roles = ROLE_STAFF, .rider = "", .name = "wang"},
        HOUR_MS);
    assert_int_equal(engine_commit(t->engine, txn), OK);
    engine_ask(t->engine, "qq.501", "绑定 ABCDEFGH");
    roster_refresh(t->engine->bot.roster);
    const struct user *user;
    ENGINE_UNTIL(t->engine,
                 (user = roster_find(t->engine->bot.roster, "wang")) != NULL &&
                     user->rider[0] != '\0');
    assert_string_equal(user->rider, "qq.501");
    assert_string_equal(user->account, ENGINE_ACCOUNT);
    const char *chat = arena_strdup(&t->arena, user->chat);
    engine_clear(t->engine);
    const char *id = file(t, 'P', (struct ticket){.category = "fire"});
    engine_has(engine_last(t->engine, chat), id);
    assert_int_equal(move(t, id, say(MOVE_CLAIM, NULL)), OK);
    struct order order = say(MOVE_ANSWER, "在路上");
    order.actor = "qq.501";
    assert_int_equal(move(t, id, order), OK);
    order.actor = "qq.502";
    assert_int_equal(move(t, id, order), ERR_DENIED);
}

/* ---- anonymity ---- */

static void assert_not_in(struct test *t, const char *key, const char *command,
                          const char *what) {
    redisReply *reply = redis_server_command(t->engine->redis, command, key);
    assert_true(reply->elements > 0);
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *entry = reply->element[i];
        const redisReply *fields =
            entry->type == REDIS_REPLY_ARRAY ? entry->element[1] : NULL;
        if (fields == NULL)
            engine_has_not(entry->str, what);
        for (size_t j = 0; fields != NULL && j < fields->elements; j++)
            engine_has_not(fields->element[j]->str, what);
    }
    freeReplyObject(reply);
}

/* Whatever is done with it: nobody but the rider is told who they are. */
static void test_anonymous_names_nobody(void **state) {
    struct test *t = *state;
    add_user(t, "wang", "qq.501", "*", "*");
    struct ticket given = {.category = "fire",
                           .anonymous = true,
                           .group = ENGINE_GROUP,
                           .place = "一社区"};
    const char *id = file(t, 'P', given);
    assert_string_equal(get(t, id).nick, "");
    assert_int_equal(join(t, id, "qq.5000"), OK);
    t->engine->mode = ENGINE_REFUSES; /* then groups are turned to */
    assert_int_equal(move(t, id, say(MOVE_CLAIM, NULL)), OK);
    assert_int_equal(move(t, id, say(MOVE_ASK, "哪里？")), OK);
    assert_int_equal(move(t, id, by_rider(MOVE_REPLY, "南门")), OK);
    advance(t, 10 * HOUR_MS);
    for (int i = 0; i < 5; i++)
        ring(t);
    assert_int_equal(move(t, id, say(MOVE_ANSWER, "好")), OK);
    assert_int_equal(move(t, id, say(MOVE_CLOSE, "好了")), OK);
    assert_int_equal(move(t, id, by_rider(MOVE_REOPEN, NULL)), OK);
    const char *other =
        file(t, 'P', (struct ticket){.category = "fire", .rider = "qq.222"});
    struct ticket into = get(t, other);
    struct order order = say(MOVE_MERGE, NULL);
    order.into = &into;
    assert_int_equal(move(t, id, order), OK);
    assert_int_equal(move(t, other, say(MOVE_CLOSE, "好了")), OK);
    size_t heard = 0;
    for (size_t i = 0; i < t->engine->n_sent; i++) {
        const struct engine_sent *sent = &t->engine->sent[i];
        heard += strcmp(sent->chat, RIDER) == 0;
        engine_has_not(sent->text, RIDER_DIGITS);
        engine_has_not(sent->text, NICK);
        assert_string_not_equal(sent->chat, ENGINE_GROUP);
    }
    assert_true(heard >= 6); /* they themselves are told */
    assert_not_in(t, "{test}:audit", "XRANGE %s - +", RIDER_DIGITS);
    char key[64];
    snprintf(key, sizeof(key), "{test}:log:%s", id);
    assert_not_in(t, key, "LRANGE %s 0 -1", RIDER_DIGITS);
    snprintf(key, sizeof(key), "{test}:log:%s", other);
    assert_not_in(t, key, "LRANGE %s 0 -1", RIDER_DIGITS);
}

/* A rider may ask not to be named later, too. */
static void test_hidden_later(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){.group = ENGINE_GROUP});
    struct order order = by_rider(MOVE_SORT, NULL);
    order.anonymous = 1;
    assert_int_equal(move(t, id, order), OK);
    assert_true(t->ticket.anonymous);
    assert_string_equal(t->ticket.nick, "");
    assert_string_equal(t->ticket.rider, RIDER); /* the answer finds its way */
    assert_int_equal(move(t, id, say(MOVE_ANSWER, "好")), OK);
    engine_has(engine_last(t->engine, RIDER), "好");
}

/* ---- audit ---- */

static void test_every_move_is_in_the_audit_log(void **state) {
    struct test *t = *state;
    const char *id = file(t, 'S', (struct ticket){.place = "一社区"});
    assert_int_equal(move(t, id, say(MOVE_CLAIM, NULL)), OK);
    assert_int_equal(move(t, id, by_rider(MOVE_REPLY, "不要写进日志")), OK);
    struct order order = say(MOVE_ROUTE, NULL);
    order.unit = "labour";
    assert_int_equal(move(t, id, order), OK);
    assert_int_equal(move(t, id, say(MOVE_ESCALATE, NULL)), OK);
    static const char *const expected[][4] = {
        {"rider", "ticket-file", "first"},
        {"user:wang", "ticket-claim", ""},
        {"rider", "ticket-reply", ""},
        {"user:wang", "ticket-route", "labour"},
        {"user:wang", "ticket-escalate", "5"},
    };
    redisReply *reply =
        redis_server_command(t->engine->redis, "XRANGE %s - +", "{test}:audit");
    size_t skip = reply->elements - ARRAY_LEN(expected);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        const redisReply *fields = reply->element[skip + i]->element[1];
        const char *values[4] = {"", "", "", ""};
        for (size_t j = 0; j + 1 < fields->elements; j += 2) {
            static const char *const names[] = {"who", "did", "how", "what"};
            for (size_t k = 0; k < ARRAY_LEN(names); k++)
                if (strcmp(fields->element[j]->str, names[k]) == 0)
                    values[k] = fields->element[j + 1]->str;
        }
        assert_string_equal(values[0], expected[i][0]);
        assert_string_equal(values[1], expected[i][1]);
        assert_string_equal(values[2], expected[i][2]);
        assert_string_equal(values[3], id);
    }
    freeReplyObject(reply);
}

/* ---- the group -------------------------------------------------------------
 */

static bool policy_is_ours(struct engine *engine) {
    const struct policy *policy = policies_get(engine->bot.policies);
    return policy_version(policy, POLICY_ORGANISATION) == 1 &&
           policy_version(policy, POLICY_ROUTING) == 1 &&
           policy_version(policy, POLICY_CLOCKS) == 1;
}

static int setup_with(void **state, const struct engine_options *options) {
    struct test *t = xcalloc(1, sizeof(*t));
    t->engine = engine_new(options);
    arena_init(&t->arena);
    assert_int_equal(put(t->engine, POLICY_ORGANISATION, organisation), OK);
    assert_int_equal(put(t->engine, POLICY_ROUTING, routing), OK);
    assert_int_equal(put(t->engine, POLICY_CLOCKS, clock_rules), OK);
    policies_refresh(t->engine->bot.policies, NULL, NULL);
    ENGINE_UNTIL(t->engine, policy_is_ours(t->engine));
    *state = t;
    return 0;
}

static int setup(void **state) {
    return setup_with(state, NULL);
}

static int setup_turn(void **state) {
    return setup_with(state, &(struct engine_options){.commands = only_close,
                                                      .n_commands = 1});
}

static int teardown(void **state) {
    struct test *t = *state;
    engine_free(t->engine);
    arena_finish(&t->arena);
    free(t);
    return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_every_move_in_every_state),
        TEST(test_what_an_order_must_have),
        TEST(test_refusals_have_texts),
        TEST(test_filing_routes),
        TEST(test_trail_of_hand_overs),
        TEST(test_a_unit_that_is_gone),
        TEST(test_sorting_routes_what_nobody_has_touched),
        TEST(test_clocks_stop_while_waiting),
        TEST(test_clocks_climb_and_end),
        TEST(test_silent_rider_is_asked_once_more),
        TEST(test_a_clock_rings_once),
        TEST(test_a_broken_clock_is_taken_out),
        TEST(test_two_staff_collide),
        TEST(test_notes_are_never_told),
        TEST(test_followers_hear_the_end),
        cmocka_unit_test_setup_teardown(test_a_turn_tells_everybody_once,
                                        setup_turn, teardown),
        TEST(test_withdrawn_is_told_to_followers),
        TEST(test_merge),
        TEST(test_points_once),
        TEST(test_rings),
        TEST(test_rings_are_bounded),
        TEST(test_a_code_ties_a_chat_to_a_user),
        TEST(test_anonymous_names_nobody),
        TEST(test_hidden_later),
        TEST(test_every_move_is_in_the_audit_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The board: loading, following, lists, search; with a real Redis. */
#include "base/arena.h"
#include "base/mem.h"
#include "bot/board.h"
#include "bot/board_internal.h"
#include "store/store.h"
#include "store/ticket.h"
#include "store/txn.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    unsigned changes;
    char id[24], unit_before[24];
    bool is_new;
};

struct fixture {
    struct engine *engine;
    struct board *board;
    struct arena arena;
    struct board_listener listener;
    struct seen seen;
};

static void on_changed(void *data, const struct card *card,
                       const struct board_scope *before) {
    struct seen *seen = data;

    seen->changes++;
    snprintf(seen->id, sizeof(seen->id), "%s", card->id);
    snprintf(seen->unit_before, sizeof(seen->unit_before), "%s",
             before == NULL ? "" : before->unit);
    seen->is_new = before == NULL;
}

static int setup(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->engine = engine_new(NULL);
    f->board = board_new(&f->engine->bot);
    arena_init(&f->arena);
    f->listener.changed = on_changed;
    f->listener.data = &f->seen;
    board_listen(f->board, &f->listener);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;

    board_unlisten(f->board, &f->listener);
    board_free(f->board);
    engine_free(f->engine);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

/* ---- tickets of the store ------------------------------------------------
 */

static struct ticket ticket_of(const char *id, int64_t created_ms) {
    return (struct ticket){
        .id = id,
        .state = TICKET_ROUTED,
        .rider = "qq.9",
        .account = "qq.1000",
        .chat = "qq.u9",
        .group = "",
        .nick = "小王",
        .category = "charge",
        .text = "换电柜坏了",
        .photos = "",
        .after = "",
        .place = "",
        .lat = "",
        .lon = "",
        .created_ms = created_ms,
        .updated_ms = created_ms,
        .community = "",
        .unit = "a",
        .back = "",
        .level = 1,
        .assignee = "",
        .assignee_name = "",
        .into = "",
        .followers = "",
        .source = "",
    };
}

static void create(struct fixture *f, const struct ticket *ticket) {
    struct txn *txn = txn_new(f->engine->bot.store);

    ticket_create(txn, ticket);
    txn_audit(txn, AUDIT_RIDER, "ticket-file", ticket->id, "");
    assert_int_equal(engine_commit(f->engine, txn), OK);
}

/* as before is what the store has. */
static void change(struct fixture *f, const struct ticket *before,
                   const struct ticket *after) {
    struct txn *txn = txn_new(f->engine->bot.store);

    ticket_change(txn, before, after, NULL);
    txn_audit(txn, "user:wang", "ticket-route", before->id, "");
    assert_int_equal(engine_commit(f->engine, txn), OK);
}

static void load(struct fixture *f) {
    assert_int_equal(board_want(f->board, NULL, NULL), OK);
    ENGINE_UNTIL(f->engine, board_ready(f->board));
}

static int64_t version_of(const struct fixture *f, const char *id) {
    const struct card *card = board_find(f->board, id);

    return card == NULL ? 0 : card->version;
}

/* The ids of a page, "S1 S2 +" with a mark when there are more. */
static const char *ids(struct fixture *f, const struct board_filter *filter,
                       enum board_sort sort, bool descending,
                       const struct board_after *after, size_t limit) {
    struct board_page page;
    const char *out = "";

    assert_int_equal(board_list(f->board, &f->arena, filter, sort, descending,
                                after, limit, &page),
                     OK);
    for (size_t i = 0; i < page.n; i++)
        out = arena_printf(&f->arena, "%s%s%s", out, i == 0 ? "" : " ",
                           page.cards[i]->id);
    return page.more ? arena_printf(&f->arena, "%s +", out) : out;
}

static const char *found(struct fixture *f, const char *search) {
    return ids(f, &(struct board_filter){.search = search}, SORT_CREATED, false,
               NULL, 50);
}

/* ---- loading and following -----------------------------------------------
 */

static void on_ready(void *data) {
    ++*(unsigned *)data;
}

static void test_load(void **state) {
    struct fixture *f = *state;
    char id[24];
    unsigned ready = 0;
    struct board_page page;

    for (int i = 1; i <= 700; i++) {
        snprintf(id, sizeof(id), "%c%d", i % 7 == 0 ? 'P' : 'S', i);
        struct ticket ticket = ticket_of(id, 1000 + i);
        create(f, &ticket);
    }
    assert_int_equal(board_list(f->board, &f->arena, &(struct board_filter){0},
                                SORT_DUE, false, NULL, 10, &page),
                     ERR_AWAY);
    assert_true(board_progress(f->board) < 1);
    assert_int_equal(board_want(f->board, on_ready, &ready), OK);
    assert_int_equal(ready, 0);
    ENGINE_UNTIL(f->engine, ready == 1);
    assert_true(board_ready(f->board));
    assert_int_equal(board_want(f->board, on_ready, &ready), OK);
    assert_int_equal(ready, 2);
    assert_int_equal(board_list(f->board, &f->arena, &(struct board_filter){0},
                                SORT_CREATED, false, NULL, 10, &page),
                     OK);
    assert_int_equal(page.total, 700);
    assert_string_equal(page.cards[9]->id, "S10");
    assert_true(page.more);
    assert_true(board_find(f->board, "P700")->report);
    assert_null(board_find(f->board, "S700"));
    assert_null(board_find(f->board, "nonsense"));
}

/* What changes while it loads is not missed, nor what comes later. */
static void test_follow(void **state) {
    struct fixture *f = *state;
    char id[24];

    for (int i = 1; i <= 400; i++) {
        snprintf(id, sizeof(id), "S%d", i);
        struct ticket ticket = ticket_of(id, i);
        create(f, &ticket);
    }
    struct ticket before = ticket_of("S7", 7), after = before;
    before.version = 1;
    after.unit = "b";
    assert_int_equal(board_want(f->board, NULL, NULL), OK);
    change(f, &before, &after);
    struct ticket late = ticket_of("S401", 401);
    create(f, &late);
    ENGINE_UNTIL(f->engine, board_ready(f->board));
    assert_int_equal(f->seen.changes, 0); /* nothing was, until now */
    assert_string_equal(board_find(f->board, "S7")->unit, "b");
    assert_non_null(board_find(f->board, "S401"));

    f->seen = (struct seen){0};
    before = after;
    before.version = 2;
    after.unit = "c";
    after.state = TICKET_CLAIMED;
    after.assignee = "user:wang";
    change(f, &before, &after);
    ENGINE_UNTIL(f->engine, version_of(f, "S7") == 3);
    assert_int_equal(f->seen.changes, 1);
    assert_string_equal(f->seen.id, "S7");
    assert_string_equal(f->seen.unit_before, "b");
    assert_string_equal(board_find(f->board, "S7")->assignee, "user:wang");

    late = ticket_of("P402", 402);
    create(f, &late);
    ENGINE_UNTIL(f->engine, board_find(f->board, "P402") != NULL);
    assert_true(f->seen.is_new);
}

static void on_filed(void *data, const struct txn_result *result) {
    (void)data;
    assert_int_equal(result->err, OK);
}

/* Hundreds of changes at once, and some that are of no ticket. */
static void test_burst(void **state) {
    struct fixture *f = *state;
    char id[24];

    load(f);
    for (int i = 1; i <= 1300; i++) {
        struct txn *txn = txn_new(f->engine->bot.store);
        snprintf(id, sizeof(id), "S%d", i);
        struct ticket ticket = ticket_of(id, i);
        ticket_create(txn, &ticket);
        txn_audit(txn, AUDIT_RIDER, "ticket-file", id, "");
        txn_audit(txn, "user:wang", "user-put", "wang", "");
        txn_audit(txn, "user:wang", "ticket-view", id, "");
        if (i < 1300) {
            txn_commit(txn, on_filed, NULL);
            continue;
        }
        assert_int_equal(engine_commit(f->engine, txn), OK);
    }
    ENGINE_UNTIL(f->engine, board_find(f->board, "S1300") != NULL);
    struct board_page page;
    assert_int_equal(board_list(f->board, &f->arena, &(struct board_filter){0},
                                SORT_CREATED, true, NULL, 1, &page),
                     OK);
    assert_int_equal(page.total, 1300);
    assert_int_equal(f->seen.changes, 1300);
}

static void test_erased(void **state) {
    struct fixture *f = *state;
    struct ticket ticket = ticket_of("S1", 1);

    ticket.text = "骑手王小明的话";
    create(f, &ticket);
    load(f);
    assert_string_equal(found(f, "王小明"), "S1");
    struct txn *txn = txn_new(f->engine->bot.store);
    ticket_erase(txn, "S1", 5);
    txn_audit(txn, AUDIT_RIDER, "ticket-erase", "S1", "");
    assert_int_equal(engine_commit(f->engine, txn), OK);
    ENGINE_UNTIL(f->engine, version_of(f, "S1") == 2);
    assert_string_equal(found(f, "王小明"), "");
    assert_string_equal(board_find(f->board, "S1")->text, "");
    assert_string_equal(found(f, NULL), "");
    assert_string_equal(
        ids(f, &(struct board_filter){.states = 1u << TICKET_ERASED},
            SORT_CREATED, false, NULL, 5),
        "S1");
}

/* The store goes and comes while the board loads. */
static void test_store_away(void **state) {
    struct fixture *f = *state;
    char id[24];

    for (int i = 1; i <= 900; i++) {
        snprintf(id, sizeof(id), "S%d", i);
        struct ticket ticket = ticket_of(id, i);
        create(f, &ticket);
    }
    assert_int_equal(board_want(f->board, NULL, NULL), OK);
    ENGINE_UNTIL(f->engine, f->board->cards.n > 100);
    assert_false(board_ready(f->board));
    redis_server_kill(f->engine->redis);
    ENGINE_UNTIL(f->engine, f->engine->downs > 0);
    redis_server_start(f->engine->redis);
    ENGINE_UNTIL(f->engine, board_ready(f->board));
    for (int i = 1; i <= 900; i++) {
        snprintf(id, sizeof(id), "S%d", i);
        assert_non_null(board_find(f->board, id));
    }
}

/* ---- lists ---------------------------------------------------------------
 */

static void test_sorts(void **state) {
    struct fixture *f = *state;
    struct ticket tickets[4] = {ticket_of("S1", 100), ticket_of("S2", 200),
                                ticket_of("S10", 200), ticket_of("P3", 400)};

    tickets[0].resolve_ms = 9000;
    tickets[0].due = DUE_WARN;
    tickets[0].due_ms = 8000;
    tickets[1].resolve_ms = 7000;
    tickets[1].acknowledge_ms = 3000;
    tickets[1].due = DUE_ACKNOWLEDGE;
    tickets[1].due_ms = 3000;
    tickets[2].updated_ms = 999;
    tickets[3].state = TICKET_CLOSED;
    for (int i = 0; i < 4; i++)
        create(f, &tickets[i]);
    load(f);
    struct board_filter all = {0};
    assert_string_equal(ids(f, &all, SORT_CREATED, false, NULL, 9),
                        "S1 S2 S10 P3");
    assert_string_equal(ids(f, &all, SORT_CREATED, true, NULL, 9),
                        "P3 S10 S2 S1");
    assert_string_equal(ids(f, &all, SORT_UPDATED, true, NULL, 2), "S10 P3 +");
    assert_string_equal(ids(f, &all, SORT_DUE, false, NULL, 9), "S2 S1 P3 S10");
    assert_string_equal(ids(f, &all, SORT_DUE, true, NULL, 9), "S1 S2 S10 P3");
    const struct card *card = board_find(f->board, "S1");
    assert_int_equal(card->due, DUE_RESOLVE);
    assert_int_equal(card->due_ms, 9000);
    card = board_find(f->board, "S2");
    assert_int_equal(card->due, DUE_ACKNOWLEDGE);
    assert_int_equal(card->due_ms, 3000);
    assert_int_equal(board_find(f->board, "P3")->due, DUE_NOTHING);
}

/* Page by page everything comes once. */
static void test_pages(void **state) {
    struct fixture *f = *state;
    char id[24];

    for (int i = 1; i <= 250; i++) {
        snprintf(id, sizeof(id), "S%d", i);
        struct ticket ticket = ticket_of(id, 1 + i % 5);
        create(f, &ticket);
    }
    load(f);
    for (int descending = 0; descending <= 1; descending++) {
        struct board_after after, *from = NULL;
        struct board_page page = {.more = true};
        bool had[251] = {false};
        int pages = 0, n = 0;
        int64_t last = descending ? INT64_MAX : 0;
        for (; page.more; pages++) {
            assert_int_equal(board_list(f->board, &f->arena,
                                        &(struct board_filter){0}, SORT_CREATED,
                                        descending, from, 40, &page),
                             OK);
            assert_int_equal(page.total, 250);
            for (size_t i = 0; i < page.n; i++) {
                long number = strtol(page.cards[i]->id + 1, NULL, 10);
                int64_t value = board_value(page.cards[i], SORT_CREATED, false);
                assert_false(had[number]);
                had[number] = true;
                assert_true(descending ? value <= last : value >= last);
                last = value;
                n++;
            }
            after = (struct board_after){last, page.cards[page.n - 1]->id};
            from = &after;
        }
        assert_int_equal(n, 250);
        assert_int_equal(pages, 7);
    }
}

static bool only_a(void *data, const struct card *card) {
    ++*(unsigned *)data;
    return strcmp(card->unit, "a") == 0;
}

static void test_filters(void **state) {
    struct fixture *f = *state;
    struct ticket tickets[4] = {ticket_of("S1", 100), ticket_of("S2", 200),
                                ticket_of("P3", 300), ticket_of("S4", 400)};
    unsigned asked = 0;

    tickets[0].assignee = "user:wang";
    tickets[0].assignee_name = "王社工";
    tickets[0].state = TICKET_CLAIMED;
    tickets[1].category = "wage";
    tickets[1].urgent = true;
    tickets[2].community = "c";
    tickets[2].level = 3;
    tickets[2].overdue = true;
    tickets[3].unit = "b";
    for (int i = 0; i < 4; i++)
        create(f, &tickets[i]);
    load(f);
#define FITS(...)                                                              \
    ids(f, &(struct board_filter){__VA_ARGS__}, SORT_CREATED, false, NULL, 9)
    assert_string_equal(FITS(0), "S1 S2 P3 S4");
    assert_string_equal(FITS(.kind = 'P'), "P3");
    assert_string_equal(FITS(.kind = 'S'), "S1 S2 S4");
    assert_string_equal(FITS(.states = 1u << TICKET_CLAIMED), "S1");
    assert_string_equal(FITS(.states = BOARD_NO_STATE), "");
    assert_string_equal(FITS(.category = "wage"), "S2");
    assert_string_equal(FITS(.community = "c"), "P3");
    assert_string_equal(FITS(.unit = "b"), "S4");
    assert_string_equal(FITS(.level = 3), "P3");
    assert_string_equal(FITS(.urgent = 1), "S2");
    assert_string_equal(FITS(.urgent = -1), "S1 P3 S4");
    assert_string_equal(FITS(.overdue = 1), "P3");
    assert_string_equal(FITS(.assignee = "none"), "S2 P3 S4");
    assert_string_equal(FITS(.assignee = "user:wang"), "S1");
    assert_string_equal(FITS(.assignee = "wang"), "S1");
    assert_string_equal(FITS(.assignee = "王社工"), "S1");
    assert_string_equal(FITS(.assignee = "li"), "");
    assert_string_equal(FITS(.since_ms = 200, .until_ms = 400), "S2 P3");
    assert_string_equal(FITS(.covers = only_a, .data = &asked), "S1 S2 P3");
    assert_int_equal(asked, 4); /* for each unit, community and category */
#undef FITS
}

/* ---- search --------------------------------------------------------------
 */

static void test_search(void **state) {
    struct fixture *f = *state;
    static const char *const texts[] = {
        "夫子庙驿站的换电柜坏了,充不上电", "平台扣款没有说明", "驛站沒有熱水",
        "Battery ＣＡＢＩＮＥＴ broken",   "驿站排队太久",
    };
    char id[24];

    for (int i = 0; i < 5; i++) {
        snprintf(id, sizeof(id), "S%d", i + 1);
        struct ticket ticket = ticket_of(id, i + 1);
        ticket.text = texts[i];
        ticket.place = i == 1 ? "新街口地铁站 3 号口" : "";
        create(f, &ticket);
    }
    load(f);
    assert_string_equal(found(f, "驿站"), "S1 S3 S5");
    assert_string_equal(found(f, "驛站"), "S1 S3 S5");
    assert_string_equal(found(f, "驿站 换电柜"), "S1");
    assert_string_equal(found(f, "换电柜 驿站 没有"), "");
    assert_string_equal(found(f, "cabinet"), "S4");
    assert_string_equal(found(f, "新街口"), "S2");
    assert_string_equal(found(f, "  "), "S1 S2 S3 S4 S5");
    assert_string_equal(found(f, "没有这个词"), "");
    assert_string_equal(found(f, "s3"), "S3");
    assert_string_equal(found(f, "3"), "S2 S3"); /* the place of S2 has a 3 */
    assert_string_equal(found(f, "电"), "S1");
}

/* Texts that change again and again leave no trace behind. */
static void test_texts_change(void **state) {
    struct fixture *f = *state;
    char *texts = xcalloc(1, 6001);

    load(f);
    for (int round = 0; round < 6; round++)
        for (int i = 0; i < 300; i++) {
            struct ticket ticket = ticket_of(NULL, i + 1);
            char id[24];
            snprintf(id, sizeof(id), "S%d", i + 1);
            memset(texts, 'a' + i % 26, 2000);
            snprintf(texts + 2000, 4000, " round%d n%d.", round, i);
            ticket.id = id;
            ticket.text = texts;
            ticket.version = round + 1;
            board_take(f->board, &ticket);
        }
    assert_true(f->board->texts.n <= 10); /* 600 KB in chunks of 256 */
    assert_string_equal(found(f, "round4"), "");
    assert_string_equal(found(f, "round5 n299."), "S300");
    assert_string_equal(found(f, "round5 n0."), "S1");
    free(texts);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_load),         TEST(test_follow),     TEST(test_burst),
        TEST(test_erased),       TEST(test_store_away), TEST(test_sorts),
        TEST(test_pages),        TEST(test_filters),    TEST(test_search),
        TEST(test_texts_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

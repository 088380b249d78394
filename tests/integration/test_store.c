/* The modules of store/ against a real Redis: transactions, riders, tickets,
 * groups, codes, numbers, and the outbox. */
#include "base/buf.h"
#include "base/mem.h"
#include "store/code.h"
#include "store/group.h"
#include "store/notice.h"
#include "store/outbox.h"
#include "store/rider.h"
#include "store/ticket.h"
#include "tests/integration/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define commit store_fixture_commit
#define redis store_fixture_redis
#define text_of store_fixture_text

static struct txn *begin(struct store_fixture *f) {
    return txn_new(f->store);
}

/* ---- transactions ---------------------------------------------------------
 */

static void test_seen(void **state) {
    struct store_fixture *f = *state;
    const struct notice answer = {
        .account = "qq.1", .chat = "qq.g1", .key = "the answer\nin lines"};
    for (int i = 0; i < 2; i++) {
        struct txn *txn = begin(f);
        txn_seen(txn, "qq.1", "qq.g1", "m1", &answer);
        assert_true(txn_empty(txn));
        txn_audit(txn, "qq.5", "did", "it", "");
        assert_false(txn_empty(txn));
        assert_int_equal(commit(f, txn), i == 0 ? OK : ERR_DUPLICATE);
    }
    assert_string_equal(f->answer,
                        "0\x1fqq.g1\x1f\x1f\x1f\x1f"
                        "the answer\nin lines");
    assert_int_equal(redis(f, "XLEN {test}:outbox:qq.1"), 1);
    assert_int_equal(redis(f, "XLEN {test}:audit"), 1);
    assert_in_range(redis(f, "PTTL {test}:seen:qq.1:qq.g1:m1"), 1, 3600000);
}

/* One check that fails and nothing has happened, whatever its place. */
static void test_all_or_nothing(void **state) {
    struct store_fixture *f = *state;
    struct notice notice = {.account = "qq.1", .chat = "qq.u5", .key = "k"};
    for (int place = 0; place < 3; place++) {
        struct txn *txn = begin(f);
        for (int i = 0; i < 3; i++) {
            if (i == place)
                code_take(txn, "no such code");
            txn_notice(txn, &notice);
            txn_audit(txn, "a", "b", "c", "d");
        }
        txn_seen(txn, "qq.1", "qq.g1", "m1", NULL);
        assert_int_equal(commit(f, txn), ERR_NOT_FOUND);
        assert_int_equal(f->n_values, 0);
    }
    assert_int_equal(redis(f, "DBSIZE"), 1); /* the numbers */
    struct txn *txn = begin(f);
    txn_notice(txn, &notice);
    txn_audit(txn, "a", "b", "c", "d");
    txn_notice(txn, &notice);
    assert_int_equal(commit(f, txn), OK);
    assert_int_equal(f->n_values, 2); /* the ids, in their order */
    assert_true(strcmp(f->values[0], f->values[1]) < 0);
    assert_int_equal(
        redis(f, "XRANGE {test}:outbox:qq.1 %s %s", f->values[0], f->values[0]),
        1);
}

static void test_unknown_operation(void **state) {
    struct store_fixture *f = *state;
    struct txn *txn = begin(f);
    txn_op(txn, "no_such_thing");
    txn_key(txn, "x");
    assert_int_equal(commit(f, txn), ERR_IO);
    txn_free(begin(f));
    txn_free(NULL);
}

static void test_large(void **state) {
    struct store_fixture *f = *state;
    char *text = xcalloc(1, 200001);
    memset(text, 'x', 200000);
    struct txn *txn = begin(f);
    for (int i = 0; i < 2000; i++)
        txn_audit(txn, "a", "b", "c", "d");
    txn_audit(txn, "a", text, "", "");
    txn_arg_bytes(txn, "\0", 0);
    assert_int_equal(commit(f, txn), OK);
    assert_int_equal(redis(f, "XLEN {test}:audit"), 2001);
    free(text);
}

/* ---- riders ---------------------------------------------------------------
 */

struct seen_rider {
    struct store_fixture *f;
    struct rider rider;
    const char *answer;
    size_t answer_len;
};

static void on_opened(void *data, enum err err, const struct rider *rider,
                      const char *answer, size_t answer_len) {
    struct seen_rider *seen = data;
    assert_int_equal(err, OK);
    seen->rider = *rider;
    seen->answer = answer;
    seen->answer_len = answer_len;
    seen->f->done = true;
}

static void on_rider(void *data, enum err err, const struct rider *rider) {
    on_opened(data, err, rider, NULL, 0);
}

static void test_rider(void **state) {
    struct store_fixture *f = *state;
    struct seen_rider seen = {.f = f};
    rider_get(f->store, &f->arena, "qq.5", on_rider, &seen);
    store_fixture_wait(f);
    assert_int_equal(seen.rider.version, 0);
    assert_string_equal(seen.rider.lang, "");
    struct txn *txn = begin(f);
    txn_rider(txn, "qq.5", 0,
              (const char *const[]){"lang", "en", "roles", "3", "form", "a\x1f",
                                    "nick", "小王"},
              8);
    txn_seen(txn, "qq.1", "qq.u5", "m1", NULL);
    assert_int_equal(commit(f, txn), OK);
    rider_open(f->store, &f->arena, "qq.5", "qq.1", "qq.u5", "m1", on_opened,
               &seen);
    store_fixture_wait(f);
    assert_string_equal(seen.rider.id, "qq.5");
    assert_int_equal(seen.rider.version, 1);
    assert_string_equal(seen.rider.lang, "en");
    assert_int_equal(seen.rider.roles, ROLE_STAFF | ROLE_ORGANISER);
    assert_string_equal(seen.rider.form, "a\x1f");
    assert_string_equal(seen.rider.nick, "小王");
    assert_string_equal(seen.rider.draft, "");
    assert_non_null(seen.answer); /* seen, though the answer is empty */
    assert_int_equal(seen.answer_len, 0);
    /* An older version changes nothing. */
    txn = begin(f);
    txn_rider(txn, "qq.5", 0, (const char *const[]){"lang", "zh-CN"}, 2);
    assert_int_equal(commit(f, txn), ERR_CONFLICT);
    txn = begin(f);
    txn_rider(txn, "qq.5", 1,
              (const char *const[]){"form", "", "lang", "zh-TW"}, 4);
    assert_int_equal(commit(f, txn), OK);
    assert_int_equal(redis(f, "HEXISTS {test}:rider:qq.5 form"), 0);
    rider_open(f->store, &f->arena, "qq.5", "qq.1", "qq.u5", "m2", on_opened,
               &seen);
    store_fixture_wait(f);
    assert_int_equal(seen.rider.version, 2);
    assert_null(seen.answer);
    /* Forgotten, but not behind the back of somebody who writes. */
    seen.rider.version = 1;
    txn = begin(f);
    rider_erase(txn, &seen.rider);
    assert_int_equal(commit(f, txn), ERR_CONFLICT);
    seen.rider.version = 2;
    txn = begin(f);
    rider_erase(txn, &seen.rider);
    assert_int_equal(commit(f, txn), OK);
    assert_int_equal(redis(f, "EXISTS {test}:rider:qq.5"), 0);
}

/* ---- tickets --------------------------------------------------------------
 */

struct seen_tickets {
    struct store_fixture *f;
    enum err err;
    struct ticket tickets[4];
    size_t n;
    int64_t total;
    struct ticket_entry entries[4];
    size_t n_entries;
};

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct seen_tickets *seen = data;
    seen->err = err;
    seen->tickets[0] = *ticket;
    seen->f->done = true;
}

static void on_tickets(void *data, enum err err, const struct ticket *tickets,
                       size_t n, int64_t total) {
    struct seen_tickets *seen = data;
    seen->err = err;
    seen->n = n;
    seen->total = total;
    for (size_t i = 0; i < n && i < ARRAY_LEN(seen->tickets); i++)
        seen->tickets[i] = tickets[i];
    seen->f->done = true;
}

static void on_entries(void *data, enum err err,
                       const struct ticket_entry *entries, size_t n) {
    struct seen_tickets *seen = data;
    seen->err = err;
    seen->n_entries = n;
    for (size_t i = 0; i < n && i < ARRAY_LEN(seen->entries); i++)
        seen->entries[i] = entries[i];
    seen->f->done = true;
}

static struct ticket get(struct store_fixture *f, const char *id) {
    struct seen_tickets seen = {.f = f};
    ticket_get(f->store, &f->arena, id, on_ticket, &seen);
    store_fixture_wait(f);
    f->err = seen.err;
    return seen.tickets[0];
}

static struct ticket sample(const char *id, const char *rider, int64_t ms) {
    return (struct ticket){
        .id = id,
        .rider = rider,
        .account = "qq.1",
        .chat = "qq.u5",
        .group = "",
        .nick = "小王",
        .category = "charge",
        .text = "充电柜\n坏了",
        .photos = "a,b",
        .place = "新街口",
        .lat = "32.0",
        .lon = "118.0",
        .created_ms = ms,
    };
}

static enum err create(struct store_fixture *f, const char *id,
                       const char *rider, int64_t ms) {
    struct txn *txn = begin(f);
    struct ticket ticket = sample(id, rider, ms);
    ticket_create(txn, &ticket);
    return commit(f, txn);
}

static void test_ticket(void **state) {
    struct store_fixture *f = *state;
    get(f, "S1");
    assert_int_equal(f->err, ERR_NOT_FOUND);
    assert_int_equal(create(f, "S1", "qq.5", 1000), OK);
    assert_int_equal(create(f, "S1", "qq.6", 2000), ERR_CONFLICT);
    struct ticket ticket = get(f, "S1");
    assert_int_equal(f->err, OK);
    assert_int_equal(ticket.version, 1);
    assert_int_equal(ticket.state, TICKET_NEW);
    assert_string_equal(ticket.rider, "qq.5");
    assert_string_equal(ticket.text, "充电柜\n坏了");
    assert_string_equal(ticket.group, "");
    assert_false(ticket.anonymous);
    assert_int_equal(ticket.created_ms, 1000);
    assert_string_equal(ticket.lat, "32.0");
    assert_int_equal(redis(f, "HEXISTS {test}:ticket:S1 group"), 0);
    assert_int_equal(redis(f, "ZCARD {test}:open"), 1);
}

static enum err change(struct store_fixture *f, const struct ticket *ticket,
                       enum ticket_state to, enum ticket_move kind,
                       const char *text) {
    struct txn *txn = begin(f);
    struct ticket after = *ticket;
    after.state = to;
    after.updated_ms = 5000;
    ticket_change(txn, ticket, &after,
                  &(struct ticket_entry){.move = kind,
                                         .at_ms = 4000,
                                         .who = "qq.9",
                                         .name = "王",
                                         .text = text,
                                         .photos = "a,b",
                                         .detail = ""});
    return commit(f, txn);
}

static void test_ticket_life(void **state) {
    struct store_fixture *f = *state;
    struct seen_tickets seen = {.f = f};
    create(f, "S1", "qq.5", 1000);
    struct ticket ticket = get(f, "S1");
    assert_int_equal(change(f, &ticket, TICKET_ANSWERED, MOVE_ANSWER, "明天"),
                     OK);
    /* Two of staff at the same time: the second reads it again. */
    assert_int_equal(change(f, &ticket, TICKET_CLOSED, MOVE_CLOSE, ""),
                     ERR_CONFLICT);
    assert_int_equal(redis(f, "ZCARD {test}:open"), 1);
    ticket = get(f, "S1");
    assert_int_equal(ticket.state, TICKET_ANSWERED);
    assert_int_equal(ticket.updated_ms, 5000);
    assert_int_equal(change(f, &ticket, TICKET_CLOSED, MOVE_CLOSE, ""), OK);
    assert_int_equal(redis(f, "ZCARD {test}:open"), 0);
    ticket = get(f, "S1");
    assert_int_equal(ticket.state, TICKET_CLOSED);
    assert_int_equal(change(f, &ticket, TICKET_NEW, MOVE_REPLY, "还有"), OK);
    assert_int_equal(redis(f, "ZSCORE {test}:open S1"), 4); /* "1000" */
    ticket_log_get(f->store, &f->arena, "S1", 2, on_entries, &seen);
    store_fixture_wait(f);
    assert_int_equal(seen.n_entries, 2); /* the last two, oldest first */
    assert_int_equal(seen.entries[0].move, MOVE_CLOSE);
    assert_string_equal(seen.entries[0].text, "");
    assert_int_equal(seen.entries[1].move, MOVE_REPLY);
    assert_string_equal(seen.entries[1].text, "还有");
    assert_string_equal(seen.entries[1].who, "qq.9");
    assert_int_equal(seen.entries[1].at_ms, 4000);
    ticket.id = "S404";
    assert_int_equal(change(f, &ticket, TICKET_NEW, MOVE_ANSWER, ""),
                     ERR_NOT_FOUND);
}

static void test_ticket_fields_and_log_limit(void **state) {
    struct store_fixture *f = *state;
    create(f, "S1", "qq.5", 1000);
    struct ticket ticket = get(f, "S1");
    struct txn *txn = begin(f);
    struct ticket after = ticket;
    after.anonymous = true;
    after.nick = "";
    ticket_change(txn, &ticket, &after, NULL);
    assert_int_equal(commit(f, txn), OK);
    ticket = get(f, "S1");
    assert_true(ticket.anonymous);
    assert_string_equal(ticket.nick, "");
    for (int i = 0; i < TICKET_LOG_MAX; i++, ticket.version++)
        assert_int_equal(change(f, &ticket, TICKET_NEW, MOVE_REPLY, "x"), OK);
    assert_int_equal(change(f, &ticket, TICKET_NEW, MOVE_REPLY, "x"),
                     ERR_LIMIT);
    assert_int_equal(redis(f, "LLEN {test}:log:S1"), TICKET_LOG_MAX);
}

/* Who fills a ticket's history up does not keep others from ending it. */
static enum err log_of(struct store_fixture *f, struct ticket *ticket,
                       const char *who, enum ticket_move move) {
    struct txn *txn = begin(f);
    ticket_change(txn, ticket, ticket,
                  &(struct ticket_entry){.move = move,
                                         .who = who,
                                         .name = "",
                                         .text = "x",
                                         .photos = "",
                                         .detail = ""});
    enum err err = commit(f, txn);
    ticket->version += err == OK;
    return err;
}

static void test_ticket_log_limit_by_who(void **state) {
    struct store_fixture *f = *state;
    create(f, "S1", "qq.5", 1000);
    struct ticket ticket = get(f, "S1");
    int n = 0;
    while (log_of(f, &ticket, AUDIT_RIDER, MOVE_REPLY) == OK)
        n++;
    assert_int_equal(n, TICKET_LOG_MAX_WORDS);
    assert_int_equal(log_of(f, &ticket, AUDIT_RIDER, MOVE_JOIN), ERR_LIMIT);
    for (; log_of(f, &ticket, AUDIT_RIDER, MOVE_CONFIRM) == OK; n++)
        ;
    assert_int_equal(n, TICKET_LOG_MAX_RIDER);
    for (; log_of(f, &ticket, "user:wang", MOVE_ANSWER) == OK; n++)
        ;
    assert_int_equal(n, TICKET_LOG_MAX);
    assert_int_equal(log_of(f, &ticket, AUDIT_SYSTEM, MOVE_WARN), OK);
}

static void test_ticket_lists(void **state) {
    struct store_fixture *f = *state;
    struct seen_tickets seen = {.f = f};
    ticket_list_open(f->store, &f->arena, 3, on_tickets, &seen);
    store_fixture_wait(f);
    assert_int_equal(seen.err, OK);
    assert_int_equal(seen.n, 0);
    create(f, "S2", "qq.5", 2000);
    create(f, "P1", "qq.5", 1000);
    create(f, "S3", "qq.6", 3000);
    create(f, "S4", "qq.5", 4000);
    ticket_list_open(f->store, &f->arena, 3, on_tickets, &seen);
    store_fixture_wait(f);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.total, 4);
    assert_string_equal(seen.tickets[0].id, "P1"); /* the oldest */
    assert_string_equal(seen.tickets[2].id, "S3");
    assert_string_equal(seen.tickets[2].rider, "qq.6");
    ticket_list_of(f->store, &f->arena, "qq.5", 2, on_tickets, &seen);
    store_fixture_wait(f);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.total, 3);
    assert_string_equal(seen.tickets[0].id, "S4"); /* the latest */
    assert_string_equal(seen.tickets[1].id, "S2");
}

static void test_ticket_erased(void **state) {
    struct store_fixture *f = *state;
    create(f, "S1", "qq.5", 1000);
    struct ticket ticket = get(f, "S1");
    change(f, &ticket, TICKET_ANSWERED, MOVE_ANSWER, "明天");
    struct txn *txn = begin(f);
    ticket_erase(txn, "S1", 9000);
    ticket_erase(txn, "S404", 9000);
    assert_int_equal(commit(f, txn), OK);
    ticket = get(f, "S1");
    assert_int_equal(ticket.state, TICKET_ERASED);
    assert_string_equal(ticket.rider, "");
    assert_string_equal(ticket.text, "");
    assert_string_equal(ticket.nick, "");
    assert_string_equal(ticket.photos, "");
    assert_string_equal(ticket.place, "");
    assert_string_equal(ticket.lat, "");
    assert_string_equal(ticket.category, "charge"); /* for the numbers */
    assert_int_equal(redis(f, "EXISTS {test}:log:S1"), 0);
    assert_int_equal(redis(f, "EXISTS {test}:ticket:S404"), 0);
    assert_int_equal(redis(f, "ZCARD {test}:open"), 0);
}

/* ---- groups and codes -----------------------------------------------------
 */

struct seen_groups {
    struct store_fixture *f;
    struct group groups[4];
    size_t n;
};

static void on_groups(void *data, enum err err, const struct group *groups,
                      size_t n) {
    struct seen_groups *seen = data;
    assert_int_equal(err, OK);
    seen->n = n;
    for (size_t i = 0; i < n && i < ARRAY_LEN(seen->groups); i++)
        seen->groups[i] = groups[i];
    seen->f->done = true;
}

static void test_groups(void **state) {
    struct store_fixture *f = *state;
    struct seen_groups seen = {.f = f};
    group_list_all(f->store, &f->arena, on_groups, &seen);
    store_fixture_wait(f);
    assert_int_equal(seen.n, 0);
    struct txn *txn = begin(f);
    group_set(txn, &(struct group){
                       .chat = "qq.g2", .title = "乙", .account = "qq.1"});
    group_set(txn, &(struct group){.chat = "qq.g1",
                                   .title = "丙",
                                   .account = "qq.1",
                                   .lang = "en",
                                   .muted = true});
    group_set(txn, &(struct group){
                       .chat = "qq.g2", .title = "甲", .account = "qq.2"});
    assert_int_equal(commit(f, txn), OK);
    group_list_all(f->store, &f->arena, on_groups, &seen);
    store_fixture_wait(f);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.groups[0].title, "丙"); /* by title */
    assert_true(seen.groups[0].muted);
    assert_string_equal(seen.groups[0].lang, "en");
    assert_string_equal(seen.groups[1].chat, "qq.g2");
    assert_string_equal(seen.groups[1].account, "qq.2");
    assert_string_equal(seen.groups[1].accounts, "qq.1,qq.2");
    assert_false(seen.groups[1].muted);
    /* One goes; then the other, and nobody is in it. */
    txn = begin(f);
    group_leave(txn, "qq.g2", "qq.2");
    group_leave(txn, "qq.g2", "qq.3");
    group_leave(txn, "qq.g1", "qq.1");
    assert_int_equal(commit(f, txn), OK);
    group_list_all(f->store, &f->arena, on_groups, &seen);
    store_fixture_wait(f);
    assert_string_equal(seen.groups[0].accounts, "");
    assert_string_equal(seen.groups[1].accounts, "qq.1");
    assert_string_equal(seen.groups[1].account, "qq.1");
    /* One of before there could be several. */
    redis(f, "HDEL {test}:group:qq.g2 accounts");
    group_list_of(f->store, &f->arena, "qq.1", on_groups, &seen);
    store_fixture_wait(f);
    assert_int_equal(seen.n, 1);
    txn = begin(f);
    group_set(txn, &(struct group){
                       .chat = "qq.g2", .title = "甲", .account = "qq.0"});
    assert_int_equal(commit(f, txn), OK);
    const char *const chats[] = {"qq.g2", "qq.g9"};
    group_get(f->store, &f->arena, chats, 2, on_groups, &seen);
    store_fixture_wait(f);
    assert_string_equal(seen.groups[0].accounts, "qq.0,qq.1");
    assert_string_equal(seen.groups[1].title, "");
}

static void on_code(void *data, enum err err, const struct code *code) {
    struct store_fixture *f = data;
    f->err = err;
    snprintf(f->answer, sizeof(f->answer), "%u %s %s", code->roles, code->rider,
             code->name);
    f->done = true;
}

static void test_codes(void **state) {
    struct store_fixture *f = *state;
    struct txn *txn = begin(f);
    code_create(txn, "ABCDEF",
                &(struct code){.roles = ROLE_STAFF, .rider = "", .name = "李"},
                60000);
    assert_int_equal(commit(f, txn), OK);
    /* The code itself is nowhere. */
    assert_int_equal(redis(f, "EXISTS {test}:code:ABCDEF"), 0);
    assert_int_equal(redis(f, "KEYS *ABCDEF*"), 0);
    code_get(f->store, &f->arena, "ABCDEF", on_code, f);
    store_fixture_wait(f);
    assert_int_equal(f->err, OK);
    assert_string_equal(f->answer, "1  李");
    code_get(f->store, &f->arena, "abcdef", on_code, f);
    store_fixture_wait(f);
    assert_int_equal(f->err, ERR_NOT_FOUND);
    for (int i = 0; i < 2; i++) { /* once */
        txn = begin(f);
        code_take(txn, "ABCDEF");
        assert_int_equal(commit(f, txn), i == 0 ? OK : ERR_NOT_FOUND);
    }
    txn = begin(f);
    code_create(txn, "SHORT", &(struct code){.rider = "qq.5", .name = ""}, 1);
    assert_int_equal(commit(f, txn), OK);
    uv_sleep(5);
    txn = begin(f);
    code_take(txn, "SHORT");
    assert_int_equal(commit(f, txn), ERR_NOT_FOUND);
}

/* ---- numbers --------------------------------------------------------------
 */

static void settle(struct store_fixture *f) {
    for (int i = 0; i < 1000 && store_pending(f->store) > 0; i++)
        uv_run(&f->loop, UV_RUN_ONCE);
}

static void test_numbers(void **state) {
    struct store_fixture *f = *state;
    int64_t last = 0;
    for (int i = 0; i < 5000; i++) {
        int64_t number = store_next_number(f->store);
        if (number == 0) { /* faster than the store: it says so */
            settle(f);
            number = store_next_number(f->store);
        }
        assert_int_equal(number, last + 1); /* no gaps while it runs */
        last = number;
    }
    settle(f);
    store_return_numbers(f->store);
    settle(f);
    assert_int_equal(strtoll(text_of(f, "GET {test}:number"), NULL, 10), last);
}

/* Two processes never give the same number; what one gives back behind the
 * other's back stays a gap. */
static void test_numbers_of_two(void **state) {
    struct store_fixture *f = *state;
    struct store *mine = f->store, *other = store_fixture_other(f);
    bool given[2000] = {false};
    f->store = other;
    store_fixture_wait_up(f);
    for (int i = 0; i < 300; i++) {
        f->store = i % 3 == 0 ? mine : other;
        int64_t number = store_next_number(f->store);
        settle(f);
        if (number == 0)
            continue;
        assert_in_range(number, 1, 1999);
        assert_false(given[number]);
        given[number] = true;
    }
    f->store = mine;
    store_return_numbers(mine);
    settle(f);
    f->store = other;
    for (int i = 0; i < 100; i++) {
        int64_t number = store_next_number(other);
        settle(f);
        assert_true(number == 0 || !given[number]);
        given[number] = true;
    }
    store_free(other);
    f->store = mine;
}

static void test_no_numbers_without_a_store(void **state) {
    struct store_fixture *f = *state;
    redis_server_kill(f->server);
    int64_t last = 0, number;
    while ((number = store_next_number(f->store)) != 0) {
        assert_true(number > last && number < 100);
        last = number;
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    redis_server_start(f->server);
    redis_server_wait(f->server);
    while (!store_is_up(f->store))
        uv_run(&f->loop, UV_RUN_ONCE);
    settle(f);
    assert_true(store_next_number(f->store) > last);
}

/* ---- the stored outbox ----------------------------------------------------
 */

struct seen_notices {
    struct store_fixture *f;
    size_t n;
    char ids[4][64];
    char last[64];
};

static void on_notices(void *data, enum err err,
                       const struct stored_notice *notices, size_t n) {
    struct seen_notices *seen = data;
    struct notice notice;
    assert_int_equal(err, OK);
    seen->n = n;
    for (size_t i = 0; i < n; i++) {
        assert_true(notice_unpack(&seen->f->arena, notices[i].packed,
                                  notices[i].len, &notice));
        snprintf(i < 4 ? seen->ids[i] : seen->last, 64, "%s", notices[i].id);
        snprintf(seen->last, sizeof(seen->last), "%s", notices[i].id);
    }
    seen->f->done = true;
}

static size_t read_outbox(struct store_fixture *f, struct seen_notices *seen,
                          const char *after) {
    seen->f = f;
    stored_outbox_read(f->store, &f->arena, "qq.1", after, on_notices, seen);
    store_fixture_wait(f);
    return seen->n;
}

static void test_outbox(void **state) {
    struct store_fixture *f = *state;
    struct seen_notices seen = {0};
    assert_int_equal(read_outbox(f, &seen, ""), 0);
    for (int i = 0; i < 12; i++) {
        struct txn *txn = begin(f);
        for (int j = 0; j < 50; j++)
            txn_notice(txn, &(struct notice){.account = "qq.1",
                                             .chat = "qq.u5",
                                             .key = "test.plain"});
        assert_int_equal(commit(f, txn), OK);
    }
    assert_int_equal(read_outbox(f, &seen, ""), OUTBOX_PAGE);
    assert_int_equal(read_outbox(f, &seen, seen.last), 600 - OUTBOX_PAGE);
    assert_int_equal(read_outbox(f, &seen, seen.last), 0);
    read_outbox(f, &seen, "");
    struct txn *txn = begin(f);
    stored_outbox_close(
        txn, "qq.1",
        (const char *const[]){seen.ids[0], seen.ids[2], seen.ids[0]}, 3);
    assert_int_equal(commit(f, txn), OK);
    assert_int_equal(redis(f, "XLEN {test}:outbox:qq.1"), 598);
}

int main(void) {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup,                 \
                                    store_fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_seen),
        TEST(test_all_or_nothing),
        TEST(test_unknown_operation),
        TEST(test_large),
        TEST(test_rider),
        TEST(test_ticket),
        TEST(test_ticket_life),
        TEST(test_ticket_fields_and_log_limit),
        TEST(test_ticket_log_limit_by_who),
        TEST(test_ticket_lists),
        TEST(test_ticket_erased),
        TEST(test_groups),
        TEST(test_codes),
        TEST(test_numbers),
        TEST(test_numbers_of_two),
        TEST(test_no_numbers_without_a_store),
        TEST(test_outbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

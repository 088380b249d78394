/* Consoles that are open: what they are told, and who may listen. */
#include "base/mem.h"
#include "bot/api/live.h"
#include "bot/board.h"
#include "bot/policies.h"
#include "store/txn.h"
#include "tests/integration/staff_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A page that is open. */
struct page {
    struct staff_fixture *f;
    struct net_peer *peer;
    size_t at;       /* of what was read */
    unsigned status; /* of the upgrade */
    unsigned closed; /* with this code */
    json_t *json;    /* the last message */
};

static struct page open_from(struct staff_fixture *f, const char *who,
                             const char *origin) {
    struct page page = {.f = f};
    char *head = xasprintf(
        "GET /console/ws HTTP/1.1\r\nHost: bee.test\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s"
        "Origin: %s\r\n\r\n",
        who == NULL ? "" : "Cookie: a=b; xf_session=session-of-",
        who == NULL ? "" : who, who == NULL ? "" : "; c=d\r\n", origin);

    page.peer = net_peer_new(&f->engine->loop, f->port);
    net_peer_says(page.peer, head);
    NET_UNTIL(&f->engine->loop,
              page.peer->ended || net_head_end(&page.peer->got) > 0);
    assert_int_equal(sscanf(page.peer->got.data, "HTTP/1.1 %u", &page.status),
                     1);
    page.at = net_head_end(&page.peer->got);
    free(head);
    return page;
}

static struct page open_page(struct staff_fixture *f, const char *who) {
    return open_from(f, who, "http://bee.test");
}

static void page_close(struct page *page) {
    json_decref(page->json);
    net_peer_free(page->peer);
}

/* The next message, if it is there. */
static bool next(struct page *page) {
    struct net_frame_seen frame;

    if (!net_frame_next(&page->peer->got, &page->at, &frame))
        return false;
    json_decref(page->json);
    page->json = NULL;
    if (frame.first == 0x81)
        page->json = json_loadb(frame.bytes, frame.len, 0, NULL);
    if (frame.first == 0x88)
        page->closed = (unsigned)(unsigned char)frame.bytes[0] << 8 |
                       (unsigned char)frame.bytes[1];
    return true;
}

static const char *text_of(const struct page *page, const char *name) {
    const char *text = json_string_value(json_object_get(page->json, name));

    return text == NULL ? "" : text;
}

/* The next message must be of this type. */
static void hears(struct page *page, const char *type) {
    NET_UNTIL(&page->f->engine->loop, next(page));
    assert_non_null(page->json);
    assert_string_equal(text_of(page, "type"), type);
}

static void hears_ticket(struct page *page, const char *id, const char *state) {
    hears(page, "ticket");
    json_t *ticket = json_object_get(page->json, "ticket");
    assert_string_equal(json_string_value(json_object_get(ticket, "id")), id);
    assert_string_equal(json_string_value(json_object_get(ticket, "state")),
                        state);
}

static void is_closed(struct page *page, unsigned code) {
    NET_UNTIL(&page->f->engine->loop, next(page));
    assert_int_equal(page->closed, code);
}

static void says(struct page *page, const char *text) {
    struct buf frame = {0};

    net_frame(&frame, 0x81, text, strlen(text));
    net_peer_send(page->peer, frame.data, frame.len);
    buf_finish(&frame);
}

static void looks(struct page *page, const char *id) {
    char *text = xasprintf("{\"type\":\"look\",\"id\":\"%s\"}", id);

    says(page, text);
    free(text);
}

static void names_are(struct page *page, const char *id, const char *names) {
    hears(page, "looking");
    assert_string_equal(text_of(page, "id"), id);
    char *text = json_dumps(json_object_get(page->json, "names"), JSON_COMPACT);
    assert_string_equal(text, names);
    free(text);
}

/* Nothing came until the store has answered everything and the board, too. */
static void hears_nothing(struct page *page) {
    net_run_for(&page->f->engine->loop, 400);
    assert_false(next(page));
}

/* ---- what is told --------------------------------------------------------
 */

static void test_changes(void **state) {
    struct staff_fixture *f = *state;

    staff_user(f, "wang", USER_STAFF, "*", "*");
    staff_user(f, "li", USER_STAFF, "chengguan", "*");
    struct page wang = open_page(f, "wang"), li = open_page(f, "li");
    assert_int_equal(wang.status, 101);
    hears(&wang, "hello");
    hears(&li, "hello");
    ENGINE_UNTIL(f->engine, board_ready(f->engine->bot.board));

    const char *id = staff_file(
        f, 'S', (struct ticket){.anonymous = true, .text = "打13812345678"});
    hears_ticket(&wang, id, "routed");
    char *text = json_dumps(wang.json, JSON_COMPACT);
    assert_non_null(strstr(text, "138****5678"));
    assert_null(strstr(text, "98765"));
    assert_null(strstr(text, STAFF_NICK));
    free(text);
    hears_nothing(&li);

    /* It comes to li, and goes away again. */
    assert_int_equal(
        staff_move(f, "wang", id, "route", "\"unit\":\"chengguan\""), 200);
    hears_ticket(&wang, id, "routed");
    hears_ticket(&li, id, "routed");
    assert_int_equal(
        staff_move(f, "wang", id, "route", "\"unit\":\"fuzimiao\""), 200);
    hears_ticket(&wang, id, "routed");
    hears(&li, "gone");
    assert_string_equal(text_of(&li, "id"), id);
    page_close(&wang);
    page_close(&li);
}

/* What changes at once comes once, as it is then. */
static void test_burst(void **state) {
    struct staff_fixture *f = *state;
    const char *ids[40];

    staff_user(f, "wang", USER_LEAD, "*", "*");
    for (int i = 0; i < 40; i++)
        ids[i] = staff_file(f, 'S', (struct ticket){0});
    staff_wait_board(f, ids[39], 1);
    struct page wang = open_page(f, "wang");
    hears(&wang, "hello");
    struct buf body = {0};
    buf_adds(&body, "{\"move\":\"claim\",\"tickets\":[");
    for (int i = 0; i < 40; i++)
        buf_addf(&body, "%s{\"id\":\"%s\",\"version\":1}", i == 0 ? "" : ",",
                 ids[i]);
    buf_adds(&body, "]}");
    staff_call(f, "wang", "POST", "/moves", body.data);
    buf_finish(&body);
    assert_int_equal(f->status, 200);
    for (int i = 0; i < 40; i++) {
        hears(&wang, "ticket");
        json_t *ticket = json_object_get(wang.json, "ticket");
        assert_int_equal(json_integer_value(json_object_get(ticket, "version")),
                         2);
    }
    hears_nothing(&wang);
    page_close(&wang);
}

/* One that reads nothing for a while hears the newest of each ticket. */
static void test_slow(void **state) {
    struct staff_fixture *f = *state;
    struct board *board = f->engine->bot.board;
    char *text = xcalloc(1, 3 * 80 + 1);
    char id[24];

    for (int i = 0; i < 80; i++)
        strcat(text, "慢");
    staff_user(f, "wang", USER_STAFF, "*", "*");
    struct page wang = open_page(f, "wang");
    hears(&wang, "hello");
    ENGINE_UNTIL(f->engine, board_ready(board));
    net_peer_pause(wang.peer, true);
    /* Many times what sockets and queue hold. */
    for (int version = 1; version <= 40; version++) {
        struct txn *txn = txn_new(f->engine->bot.store);
        for (int i = 1; i <= 500; i++) {
            struct ticket ticket = {
                .id = id,
                .state = TICKET_ROUTED,
                .rider = "qq.9",
                .account = "",
                .chat = "",
                .group = "",
                .nick = "",
                .category = "charge",
                .text = text,
                .photos = "",
                .after = "",
                .place = "",
                .lat = "",
                .lon = "",
                .community = "",
                .unit = "xinjiekou",
                .back = "",
                .assignee = "",
                .assignee_name = "",
                .into = "",
                .followers = "",
                .source = "",
                .level = 1,
                .created_ms = 1000 + i,
                .updated_ms = version,
            };
            snprintf(id, sizeof(id), "S%d", 5000 + i);
            if (version == 1) {
                ticket_create(txn, &ticket);
            } else {
                struct ticket before = ticket;
                before.version = version - 1;
                before.updated_ms = version - 1;
                ticket_change(txn, &before, &ticket, NULL);
            }
            txn_audit(txn, "user:wang", "ticket-sort", id, "");
        }
        assert_int_equal(engine_commit(f->engine, txn), OK);
        staff_wait_board(f, "S5500", version);
    }
    double put_off = engine_metric("xiaofeng_live_put_off_total");
    assert_true(put_off > 1000);
    net_peer_pause(wang.peer, false);
    json_int_t last[501] = {0};
    size_t messages = 0, newest = 0;
    int64_t end = engine_deadline();
    while (newest < 500) {
        if (!next(&wang)) {
            engine_step(f->engine, end, "the newest of each");
            continue;
        }
        json_t *ticket = json_object_get(wang.json, "ticket");
        const char *of = json_string_value(json_object_get(ticket, "id"));
        json_int_t version =
            json_integer_value(json_object_get(ticket, "version"));
        long i = strtol(of + 1, NULL, 10) - 5000;
        assert_in_range(i, 1, 500);
        assert_true(version > last[i]); /* never back */
        last[i] = version;
        newest += version == 40;
        messages++;
    }
    assert_true(messages < 20000 / 2); /* all there were would be 20,000 */
    hears_nothing(&wang);
    page_close(&wang);
    free(text);
}

/* ---- who looks at what ---------------------------------------------------
 */

static void test_looking(void **state) {
    struct staff_fixture *f = *state;

    staff_user(f, "wang", USER_STAFF, "*", "*");
    staff_user(f, "li", USER_STAFF, "*", "*");
    staff_user(f, "zhao", USER_STAFF, "chengguan", "*");
    const char *id = staff_file(f, 'S', (struct ticket){0});
    char *path = xasprintf("/tickets/%s", id);
    staff_wait_board(f, id, 1);
    struct page wang = open_page(f, "wang"), li = open_page(f, "li"),
                zhao = open_page(f, "zhao");
    hears(&wang, "hello");
    hears(&li, "hello");
    hears(&zhao, "hello");
    looks(&wang, id);
    names_are(&wang, id, "[]");
    looks(&zhao, id); /* which is none of theirs */
    looks(&li, id);
    names_are(&wang, id, "[\"li\"]");
    names_are(&li, id, "[\"wang\"]");
    staff_call(f, "wang", "GET", path, NULL);
    assert_string_equal(staff_text(f, "looking.0"), "li");
    assert_int_equal(json_array_size(staff_at(f, "looking")), 1);
    says(&li, "{\"type\":\"look\",\"id\":null}");
    names_are(&wang, id, "[]");
    looks(&li, id);
    names_are(&wang, id, "[\"li\"]");
    page_close(&li); /* the page is closed */
    names_are(&wang, id, "[]");
    hears_nothing(&zhao);
    page_close(&wang);
    page_close(&zhao);
    free(path);
}

static void test_hostile(void **state) {
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"type\":\"drop\"}",
        "{\"type\":\"look\",\"id\":\"S1111111111111111111111111111111\"}",
        "{\"id\":\"S1\"}",
    };
    struct staff_fixture *f = *state;

    staff_user(f, "wang", USER_STAFF, "*", "*");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct page page = open_page(f, "wang");
        hears(&page, "hello");
        says(&page, texts[i]);
        is_closed(&page, 1008);
        page_close(&page);
    }
    struct page page = open_page(f, "wang");
    hears(&page, "hello");
    for (int i = 0; i < 40; i++)
        looks(&page, i % 2 == 0 ? "S1" : "S2");
    is_closed(&page, 1008);
    page_close(&page);
    /* Before anybody knows whose page it is. */
    page = open_page(f, "wang");
    looks(&page, "S1");
    hears(&page, "hello");
    page_close(&page);
}

/* ---- who may listen ------------------------------------------------------
 */

static void test_strangers(void **state) {
    struct staff_fixture *f = *state;

    staff_user(f, "wang", USER_STAFF, "*", "*");
    staff_user(f, "seer", USER_UNMASK, "*", "*");
    struct page page = open_page(f, NULL);
    assert_int_equal(page.status, 401);
    page_close(&page);
    page = open_from(f, "wang", "http://evil.example");
    assert_int_equal(page.status, 403);
    page_close(&page);
    page = open_page(f, "nobody");
    assert_int_equal(page.status, 101);
    is_closed(&page, LIVE_SESSION);
    page_close(&page);
    page = open_page(f, "seer"); /* reads no tickets */
    is_closed(&page, LIVE_SESSION);
    page_close(&page);
}

static void test_sign_out(void **state) {
    struct staff_fixture *f = *state;

    staff_user(f, "wang", USER_STAFF, "*", "*");
    staff_user(f, "li", USER_STAFF, "xinjiekou", "*");
    struct page wang = open_page(f, "wang"), li = open_page(f, "li");
    hears(&wang, "hello");
    hears(&li, "hello");
    ENGINE_UNTIL(f->engine, board_ready(f->engine->bot.board));
    staff_sign_out(f, "wang");
    staff_grant(f, "li", USER_STAFF, "chengguan", "*");
    hears_nothing(&wang);
    clock_manual_advance(&f->engine->clock, LIVE_CHECK_MS);
    is_closed(&wang, LIVE_SESSION);
    /* The other one may see more from now on. */
    engine_settle(f->engine);
    const char *id =
        staff_file(f, 'P', (struct ticket){.category = "sanitation"});
    hears_ticket(&li, id, "routed");
    page_close(&wang);
    page_close(&li);
}

/* A page that is open when the daemon stops, and one that is being checked. */
static void test_stop(void **state) {
    struct staff_fixture *f = *state;

    staff_user(f, "wang", USER_STAFF, "*", "*");
    struct page open = open_page(f, "wang");
    hears(&open, "hello");
    struct page checked = open_page(f, "wang");
    assert_int_equal(checked.status, 101);
    live_free(f->engine->bot.live);
    f->engine->bot.live = NULL;
    is_closed(&open, 1001);
    is_closed(&checked, 1001);
    struct page late = open_page(f, "wang");
    assert_int_equal(late.status, 503);
    page_close(&open);
    page_close(&checked);
    page_close(&late);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, staff_setup, staff_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_changes),  TEST(test_burst),   TEST(test_slow),
        TEST(test_looking),  TEST(test_hostile), TEST(test_strangers),
        TEST(test_sign_out), TEST(test_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Who has read a broadcast: 已读 in a chat, taps on its link, and what
 * organisers see of both. */
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/track.h"
#include "bot/track_http.h"
#include "store/account.h"
#include "store/broadcast.h"
#include "store/delivery.h"
#include "tests/integration/staff_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINK "https://example.org/heat?a=1&b=2"
#define PHONE                                                                  \
    "Mozilla/5.0 (Linux; Android 14; CUBOT NOTE 40) AppleWebKit/537.36 "       \
    "MicroMessenger/8.0"
#define OTHER_PHONE "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)"
#define AWAY_ACCOUNT "qq.2000" /* of another process */
#define RIDER "qq.90001"
#define RIDER_CHAT "qq.u90001"
#define DAY_MS (24LL * 3600 * 1000)

static struct tracker *tracker;

static int setup(void **state) {
    int err = staff_setup(state);
    struct staff_fixture *f = *state;
    tracker = tracker_new(&f->engine->bot);
    staff_user(f, "li", USER_ORGANISER, "*", "*");
    return err;
}

static int teardown(void **state) {
    int err = staff_teardown(state);
    tracker_free(tracker);
    return err;
}

/* ---- a broadcast that was sent ------------------------------------------- */

static void write_broadcast(struct staff_fixture *f, const char *id,
                            const char *link, int64_t total,
                            bool ignores_hours) {
    struct txn *txn = txn_new(f->engine->bot.store);
    broadcast_put(txn, &(struct broadcast){
                           .id = id,
                           .state = BROADCAST_SENDING,
                           .lane = LANE_NOTICE,
                           .title = "高温津贴",
                           .text = "今天发放高温津贴",
                           .link_url = link,
                           .target = "groups",
                           .ignores_hours = ignores_hours,
                           .unit = "*",
                           .by = "user:li",
                           .total = total,
                           .created_ms = f->engine->clock.now_ms,
                           .fired_ms = f->engine->clock.now_ms,
                       });
    assert_int_equal(engine_commit(f->engine, txn), OK);
}

static void on_counts(void *data, enum err err,
                      const struct delivery_counts *counts) {
    assert_int_equal(err, OK);
    *(int64_t *)data = counts->sent;
}

/* To these chats, all of which have it now; ends with NULL. */
static void push(struct staff_fixture *f, const char *id, const char *link,
                 const char *const *chats) {
    const struct delivery_part part = {ENGINE_ACCOUNT, "zh-CN"};
    struct store *store = f->engine->bot.store;
    int64_t sent = -1;
    size_t n = 0;
    while (chats[n] != NULL)
        n++;
    write_broadcast(f, id, link, (int64_t)n, true);
    /* The second is checked against what the first has done. */
    for (int step = 0; step < 2; step++) {
        struct txn *txn = txn_new(store);
        if (step == 0)
            delivery_add(txn, id, &part, chats, n);
        else
            delivery_begin(txn, id, NULL, f->engine->clock.now_ms);
        assert_int_equal(engine_commit(f->engine, txn), OK);
    }
    while (sent < (int64_t)n) {
        sent = -1;
        delivery_counts_get(store, &f->arena, id, on_counts, &sent);
        ENGINE_UNTIL(f->engine, sent >= 0);
    }
    engine_settle(f->engine);
    engine_clear(f->engine);
}

/* What li sees of one, as "reads of target 0, 1, …". */
static const char *reads(struct staff_fixture *f, const char *id) {
    static char out[256];
    char path[64];
    size_t i, len = 0;
    json_t *item;
    snprintf(path, sizeof(path), "/broadcasts/%s/targets", id);
    staff_call(f, "li", "GET", path, NULL);
    out[0] = '\0';
    json_array_foreach(staff_at(f, "items"), i, item) {
        len += (size_t)snprintf(
            out + len, sizeof(out) - len, "%s%" JSON_INTEGER_FORMAT,
            i == 0 ? "" : " ",
            json_integer_value(json_object_get(item, "reads")));
    }
    return out;
}

static json_int_t progress(struct staff_fixture *f, const char *id,
                           const char *what) {
    char path[64];
    snprintf(path, sizeof(path), "/broadcasts/%s/progress", id);
    staff_call(f, "li", "GET", path, NULL);
    assert_int_equal(f->status, 200);
    return staff_int(f, what);
}

/* ---- 已读 ---------------------------------------------------------------- */

static void test_in_private(void **state) {
    struct staff_fixture *f = *state;
    struct engine *e = f->engine;
    engine_has(engine_ask(e, RIDER, "已读"), "没有要确认的通知");
    push(f, "B1", LINK, (const char *const[]){RIDER_CHAT, "qq.u90002", NULL});
    assert_int_equal(progress(f, "B1", "silent"), 2);
    engine_has(engine_ask(e, RIDER, "已读"), "已记下你已读：高温津贴");
    engine_has(engine_ask(e, RIDER, "已閱"), "已经记过了");
    assert_string_equal(reads(f, "B1"), "1 0");
    assert_int_equal(progress(f, "B1", "counts.read"), 1);
    assert_int_equal(progress(f, "B1", "silent"), 1);
    assert_int_equal(progress(f, "B1", "reads.0.n"), 1);
    /* The last one is meant. */
    clock_manual_advance(&e->clock, 5000);
    push(f, "B2", "", (const char *const[]){RIDER_CHAT, NULL});
    engine_has(engine_ask(e, RIDER, "已读"), "已记下");
    assert_string_equal(reads(f, "B2"), "1");
    assert_string_equal(reads(f, "B1"), "1 0");
    clock_manual_advance(&e->clock, 31 * DAY_MS);
    engine_has(engine_ask(e, RIDER, "已读"), "没有要确认的通知");
}

static void test_in_a_group(void **state) {
    struct staff_fixture *f = *state;
    struct engine *e = f->engine;
    push(f, "B1", LINK, (const char *const[]){ENGINE_GROUP, "qq.g78", NULL});
    const char *said = engine_ask_group(e, RIDER, "已读");
    engine_has(said, "已记下，谢谢");
    engine_has_not(said, "90001");
    engine_has_not(said, "高温津贴");
    engine_has(engine_ask_group(e, "qq.90002", "已读"), "已记下，谢谢");
    engine_has(engine_ask_group(e, RIDER, "已读"), "已经记过了");
    assert_string_equal(reads(f, "B1"), "2 0");
    assert_int_equal(progress(f, "B1", "counts.read"), 1);
    assert_int_equal(progress(f, "B1", "silent"), 1);
    /* What people say to each other is none. */
    size_t before = e->n_sent;
    engine_group(e, "qq.90003", "已读不回的人");
    engine_group(e, "qq.90003", "收到");
    engine_settle(e);
    assert_int_equal(e->n_sent, before);
    assert_string_equal(reads(f, "B1"), "2 0");
}

/* ---- taps ---------------------------------------------------------------- */

struct answer {
    unsigned status;
    char location[256];
    char all[4096];
};

static struct answer ask(struct staff_fixture *f, const char *method,
                         const char *token, const char *headers) {
    struct net_peer *peer = net_peer_new(&f->engine->loop, f->port);
    struct answer answer = {0};
    char *head = xasprintf(
        "%s /r/%s HTTP/1.1\r\nHost: bee.test\r\n"
        "Connection: close\r\n%s\r\n",
        method, token, headers);
    net_peer_says(peer, head);
    NET_UNTIL(&f->engine->loop, peer->ended);
    assert_int_equal(sscanf(peer->got.data, "HTTP/1.1 %u", &answer.status), 1);
    snprintf(answer.all, sizeof(answer.all), "%s", peer->got.data);
    const char *at = strstr(peer->got.data, "Location: ");
    if (at != NULL)
        sscanf(at, "Location: %255[^\r]", answer.location);
    net_peer_free(peer);
    free(head);
    engine_settle(f->engine);
    return answer;
}

static struct answer tap(struct staff_fixture *f, const char *id, size_t index,
                         const char *agent) {
    char token[TRACK_TOKEN_SIZE];
    char *headers = xasprintf("User-Agent: %s\r\n", agent);
    track_token(f->engine->bot.seal, id, index, token);
    struct answer answer = ask(f, "GET", token, headers);
    free(headers);
    return answer;
}

static void test_tap_in_private(void **state) {
    struct staff_fixture *f = *state;
    push(f, "B1", LINK, (const char *const[]){"qq.u90002", RIDER_CHAT, NULL});
    for (int i = 0; i < 3; i++) {
        struct answer got = tap(f, "B1", 1, i == 2 ? OTHER_PHONE : PHONE);
        assert_int_equal(got.status, 302);
        assert_string_equal(got.location, LINK);
        assert_null(strstr(got.all, "Set-Cookie"));
        assert_non_null(strstr(got.all, "Referrer-Policy: no-referrer"));
        assert_non_null(strstr(got.all, "Cache-Control: no-store"));
    }
    assert_string_equal(reads(f, "B1"), "0 1");
    /* The same person, as the chat knows. */
    engine_has(engine_ask(f->engine, RIDER, "已读"), "已经记过了");
}

static void test_tap_in_a_group(void **state) {
    struct staff_fixture *f = *state;
    struct engine *e = f->engine;
    int64_t day = e->clock.now_ms / DAY_MS;
    push(f, "B1", LINK, (const char *const[]){ENGINE_GROUP, "qq.g78", NULL});
    tap(f, "B1", 0, PHONE);
    tap(f, "B1", 0, PHONE);
    tap(f, "B1", 0, OTHER_PHONE);
    assert_string_equal(reads(f, "B1"), "2 0");
    tap(f, "B1", 1, PHONE);
    assert_string_equal(reads(f, "B1"), "2 1");
    /* The salt ends with its day. */
    long long left = engine_redis(e, "PTTL {test}:salt:%" PRId64, day);
    assert_in_range((unsigned long long)left, 1,
                    (unsigned long long)((day + 1) * DAY_MS - e->clock.now_ms));
    clock_manual_advance(&e->clock, DAY_MS);
    tap(f, "B1", 0, PHONE);
    assert_string_equal(reads(f, "B1"), "3 1");
    assert_int_equal(engine_redis(e, "EXISTS {test}:salt:%" PRId64, day + 1),
                     1);
}

/* They are shown the way, and do not count. */
static void test_machines(void **state) {
    static const char *const headers[] = {
        "",
        "User-Agent: \r\n",
        "User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; "
        "+http://www.google.com/bot.html)\r\n",
        "User-Agent: Mozilla/5.0 (compatible; Baiduspider/2.0)\r\n",
        "User-Agent: QQ-URL-Manager\r\n",
        "User-Agent: WhatsApp-preview\r\n",
        "User-Agent: curl/8.1\r\n",
        "User-Agent: python-requests/2.28\r\n",
        "User-Agent: " PHONE "\r\nPurpose: prefetch\r\n",
        "User-Agent: " PHONE "\r\nSec-Purpose: prefetch;prerender\r\n",
        "User-Agent: " PHONE "\r\nX-Moz: prefetch\r\n",
    };
    struct staff_fixture *f = *state;
    char token[TRACK_TOKEN_SIZE];
    push(f, "B1", LINK, (const char *const[]){RIDER_CHAT, ENGINE_GROUP, NULL});
    for (size_t i = 0; i < 2; i++) {
        track_token(f->engine->bot.seal, "B1", i, token);
        for (size_t h = 0; h < ARRAY_LEN(headers); h++) {
            struct answer got = ask(f, "GET", token, headers[h]);
            assert_int_equal(got.status, 302);
            assert_string_equal(got.location, LINK);
        }
        struct answer got = ask(f, "HEAD", token, "User-Agent: " PHONE "\r\n");
        assert_int_equal(got.status, 302);
    }
    assert_string_equal(reads(f, "B1"), "0 0");
    assert_false(tracker_is_robot(PHONE));
    assert_false(tracker_is_robot(OTHER_PHONE));
}

static void test_forged(void **state) {
    struct staff_fixture *f = *state;
    char token[TRACK_TOKEN_SIZE];
    const char *phone = "User-Agent: " PHONE "\r\n";
    push(f, "B1", LINK, (const char *const[]){RIDER_CHAT, NULL});
    track_token(f->engine->bot.seal, "B1", 0, token);
    for (size_t i = 0; i < strlen(token); i++) {
        char other[TRACK_TOKEN_SIZE];
        strcpy(other, token);
        other[i] = other[i] == 'x' ? 'y' : 'x';
        struct answer got = ask(f, "GET", other, phone);
        assert_int_equal(got.status, 404);
        assert_string_equal(got.location, "");
    }
    static const char *const some[] = {
        "",
        "B1",
        "B1-0",
        "B1-0-",
        "%2e%2e",
        "B1-0-x/../",
        "B1-99999-x",
        "https:%2f%2fevil.example",
        "//evil.example",
    };
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        struct answer got = ask(f, "GET", some[i], phone);
        assert_int_equal(got.status, 404);
        assert_string_equal(got.location, "");
    }
    /* Genuine, of what is not there. */
    assert_int_equal(tap(f, "B7", 0, PHONE).status, 404);
    assert_int_equal(tap(f, "B1", 500, PHONE).status, 302);
    assert_int_equal(ask(f, "POST", token, "Content-Length: 0\r\n").status,
                     405);
    assert_string_equal(reads(f, "B1"), "0");
}

static void test_without_a_link(void **state) {
    struct staff_fixture *f = *state;
    push(f, "B1", "", (const char *const[]){RIDER_CHAT, NULL});
    struct answer got = tap(f, "B1", 0, PHONE);
    assert_int_equal(got.status, 200);
    engine_has(got.all, "已读，谢谢");
    engine_has(got.all, "text/html; charset=utf-8");
    engine_has_not(got.all, "<script");
    engine_has_not(got.all, "Set-Cookie");
    engine_has_not(got.all, "90001");
    assert_string_equal(reads(f, "B1"), "1");
}

/* ---- what organisers see ------------------------------------------------- */

static void name_rider(struct staff_fixture *f, const char *rider,
                       const char *nick) {
    const char *const fields[] = {"nick", nick};
    struct txn *txn = txn_new(f->engine->bot.store);
    txn_rider(txn, rider, 0, fields, ARRAY_LEN(fields));
    assert_int_equal(engine_commit(f->engine, txn), OK);
}

static void test_names_are_hidden(void **state) {
    struct staff_fixture *f = *state;
    engine_add_group(f->engine, ENGINE_GROUP, "秦淮,\"外卖\"群",
                     ENGINE_ACCOUNT);
    name_rider(f, "qq.1234567890", "老王13812345678");
    name_rider(f, "qq.1234567891", "=cmd|x");
    push(f, "B1", LINK,
         (const char *const[]){ENGINE_GROUP, "qq.u1234567890", "qq.u1234567891",
                               "qq.u1234567892", NULL});
    staff_call(f, "li", "GET", "/broadcasts/B1/targets", NULL);
    assert_int_equal(f->status, 200);
    assert_string_equal(staff_text(f, "items.0.title"), "秦淮,\"外卖\"群");
    assert_string_equal(staff_text(f, "items.1.title"), "老王138****5678");
    assert_string_equal(staff_text(f, "items.1.chat"), "qq.u****7890");
    assert_string_equal(staff_text(f, "items.3.title"), "****7892");
    assert_null(strstr(f->body, "12345678"));
    staff_call(f, "li", "GET", "/broadcasts/B1/export.csv", NULL);
    assert_int_equal(f->status, 200);
    assert_null(strstr(f->body, "12345678"));
    assert_memory_equal(f->body, "\xef\xbb\xbf序号,", 10);
    engine_has(f->body, "\"秦淮,\"\"外卖\"\"群\"");
    engine_has(f->body, "\"'=cmd|x\"");
    engine_has(f->body, "已送达");
    engine_has(f->head, "attachment; filename=\"B1.csv\"");
}

static void test_pages_of_targets(void **state) {
    struct staff_fixture *f = *state;
    push(f, "B1", LINK,
         (const char *const[]){"qq.g1", "qq.g2", "qq.g3", "qq.g4", "qq.g5",
                               NULL});
    tap(f, "B1", 1, PHONE);
    staff_call(f, "li", "GET", "/broadcasts/B1/targets?limit=2", NULL);
    assert_int_equal(staff_int(f, "total"), 5);
    assert_string_equal(staff_text(f, "items.1.chat"), "qq.g2");
    assert_string_equal(staff_text(f, "next"), "2");
    staff_call(f, "li", "GET", "/broadcasts/B1/targets?limit=3&cursor=2", NULL);
    assert_string_equal(staff_text(f, "items.0.chat"), "qq.g3");
    assert_true(json_is_null(staff_at(f, "next")));
    staff_call(f, "li", "GET", "/broadcasts/B1/targets?state=unread", NULL);
    assert_int_equal(json_array_size(staff_at(f, "items")), 4);
    assert_int_equal(staff_int(f, "total"), 4);
    staff_call(f, "li", "GET", "/broadcasts/B1/targets?state=refused", NULL);
    assert_int_equal(json_array_size(staff_at(f, "items")), 0);
    static const char *const bad[] = {"state=lost", "state=w", "cursor=x",
                                      "cursor=-1", "cursor=99999999999"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char path[96];
        snprintf(path, sizeof(path), "/broadcasts/B1/targets?%s", bad[i]);
        staff_call(f, "li", "GET", path, NULL);
        assert_int_equal(f->status, 422);
    }
}

/* Among the accounts of the last answer; the engine has one of its own. */
static json_t *away_account(const struct staff_fixture *f, const char *what) {
    size_t i;
    json_t *item;
    json_array_foreach(staff_at(f, "items"), i, item) {
        const char *id = json_string_value(json_object_get(item, "id"));
        if (strcmp(id, AWAY_ACCOUNT) == 0)
            return json_object_get(item, what);
    }
    fail_msg("%s is not listed in %s", AWAY_ACCOUNT, f->body);
    return NULL;
}

static void test_accounts(void **state) {
    struct staff_fixture *f = *state;
    struct engine *e = f->engine;
    const struct delivery_part part = {AWAY_ACCOUNT, "zh-CN"};
    const char *const chats[] = {"qq.g1", "qq.g2", "qq.g3"};
    int64_t now_ms = e->clock.now_ms;
    write_broadcast(f, "B1", LINK, 3, false);
    for (int step = 0; step < 3; step++) {
        struct txn *txn = txn_new(e->bot.store);
        if (step == 0)
            delivery_add(txn, "B1", &part, chats, ARRAY_LEN(chats));
        else if (step == 1)
            delivery_begin(txn, "B1", NULL, now_ms);
        else
            account_sign(txn, AWAY_ACCOUNT, true, now_ms);
        assert_int_equal(engine_commit(e, txn), OK);
    }
    /* It is 6:13 there, and quiet until 7:30; then as fast as it goes. */
    int64_t opens_ms = progress(f, "B1", "next_open_ms");
    assert_int_equal(opens_ms - now_ms, 4600000);
    assert_in_range((unsigned long long)(staff_int(f, "eta_ms") - opens_ms), 1,
                    1000);
    assert_int_equal(staff_int(f, "accounts.0.waiting"), 3);
    assert_true(json_is_true(staff_at(f, "accounts.0.online")));
    struct txn *txn = txn_new(e->bot.store);
    account_park(txn, AWAY_ACCOUNT, "120: banned", now_ms);
    assert_int_equal(engine_commit(e, txn), OK);
    staff_call(f, "li", "GET", "/accounts", NULL);
    assert_string_equal(json_string_value(away_account(f, "platform")), "qq");
    assert_string_equal(json_string_value(away_account(f, "reason")),
                        "120: banned");
    assert_true(json_is_true(away_account(f, "parked")));
    assert_int_equal(json_integer_value(away_account(f, "waiting")), 3);
    /* Nobody sends: nobody knows when it will have been sent. */
    staff_call(f, "li", "GET", "/broadcasts/B1/progress", NULL);
    assert_true(json_is_null(staff_at(f, "eta_ms")));
    assert_string_equal(staff_text(f, "accounts.0.reason"), "120: banned");
    staff_call(f, "li", "POST", "/accounts/" AWAY_ACCOUNT "/unpark", NULL);
    assert_int_equal(f->status, 204);
    staff_call(f, "li", "POST", "/accounts/" AWAY_ACCOUNT "/unpark", NULL);
    assert_int_equal(f->status, 409);
    staff_call(f, "li", "GET", "/accounts", NULL);
    assert_true(json_is_false(away_account(f, "parked")));
}

/* ---- and what riders may ask --------------------------------------------- */

static void test_forgotten(void **state) {
    struct staff_fixture *f = *state;
    struct engine *e = f->engine;
    engine_ask(e, RIDER, "同意");
    push(f, "B1", LINK, (const char *const[]){RIDER_CHAT, ENGINE_GROUP, NULL});
    engine_has_not(engine_ask(e, RIDER, "我的数据"), "读过的推送");
    tap(f, "B1", 0, PHONE);
    engine_has(engine_ask(e, RIDER, "我的数据"), "读过的推送 1 条：B1");
    engine_ask(e, RIDER, "删除我的数据");
    engine_has(engine_ask(e, RIDER, "确定"), "已删除");
    assert_int_equal(
        engine_redis(e, "SISMEMBER {test}:delivery:B1:readers " RIDER), 0);
    staff_call(f, "li", "GET", "/broadcasts/B1/targets", NULL);
    assert_string_equal(staff_text(f, "items.0.chat"), "");
    assert_null(strstr(f->body, "9000"));
    /* Their link still leads on, and says nothing of anybody. */
    assert_int_equal(tap(f, "B1", 0, PHONE).status, 302);
    assert_int_equal(engine_redis(e, "SCARD {test}:delivery:B1:readers"), 0);
    engine_has(engine_ask(e, RIDER, "已读"), "没有要确认的通知");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_in_private),       TEST(test_in_a_group),
        TEST(test_tap_in_private),   TEST(test_tap_in_a_group),
        TEST(test_machines),         TEST(test_forged),
        TEST(test_without_a_link),   TEST(test_names_are_hidden),
        TEST(test_pages_of_targets), TEST(test_accounts),
        TEST(test_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Webhooks: the engine and its Redis, and a receiver that behaves or not. */
#include "bot/webhook.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/seal.h"
#include "store/store.h"
#include "store/ticket.h"
#include "store/webhook.h"
#include "tests/integration/engine.h"
#include "tests/integration/hook_receiver.h"

#include <inttypes.h>
#include <jansson.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "whsec_of-the-test"
#define KEYS "{test}:"

struct fixture {
    struct engine *engine;
    struct hook_receiver *receiver;
};

static int setup(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));
    f->engine = engine_new(
        &(struct engine_options){.config = "[webhook]\nprivate_urls = yes\n"});
    f->receiver = hook_receiver_new(&f->engine->loop.uv, 0);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    hook_receiver_free(f->receiver);
    engine_free(f->engine);
    free(f);
    return 0;
}

static struct webhooks *hooks_of(struct fixture *f) {
    return f->engine->bot.webhooks;
}

static long long waiting(struct fixture *f, const char *hook) {
    return engine_redis(f->engine, "XLEN " KEYS "hook:%s", hook);
}

static long long dead(struct fixture *f, const char *hook) {
    return engine_redis(f->engine, "HLEN " KEYS "hookdead:%s", hook);
}

/* A hook at a path of the receiver, and until it is served. */
static void add_url(struct fixture *f, const char *id, const char *url,
                    const char *events) {
    struct txn *txn = txn_new(f->engine->bot.store);
    webhook_add(txn,
                &(struct webhook){.id = id,
                                  .url = url,
                                  .secret = SECRET,
                                  .events = events,
                                  .unit = "*",
                                  .by = "user:wang",
                                  .created_ms = ENGINE_START_MS},
                WEBHOOKS_MAX);
    assert_int_equal(engine_commit(f->engine, txn), OK);
    webhooks_reload(hooks_of(f));
    ENGINE_UNTIL(f->engine,
                 engine_redis(f->engine, "EXISTS " KEYS "hooksender:%s", id) ==
                     1);
    engine_settle(f->engine);
}

static void add(struct fixture *f, const char *id, const char *path,
                const char *events) {
    char *url = xasprintf("http://127.0.0.1:%d%s", f->receiver->port, path);
    add_url(f, id, url, events);
    free(url);
}

static struct ticket ticket_of(const char *id) {
    return (struct ticket){.id = id,
                           .version = 4,
                           .state = TICKET_ROUTED,
                           .category = "fire",
                           .community = "",
                           .unit = "xinjiekou",
                           .text = "楼道里有电动车 13812345678",
                           .nick = "王师傅"};
}

/* A move of a ticket, as the desk makes it. */
static void moves(struct fixture *f, const char *id, enum ticket_move move) {
    struct ticket before = ticket_of(id), after = before;
    struct txn *txn = txn_new(f->engine->bot.store);
    after.state = TICKET_CLAIMED;
    txn_audit(txn, "user:wang", "ticket-claim", id, "");
    webhooks_ticket(hooks_of(f), txn, &before, &after, move,
                    ENGINE_START_MS + 7);
    assert_int_equal(engine_commit(f->engine, txn), OK);
}

static void claims(struct fixture *f, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        char id[16];
        snprintf(id, sizeof(id), "S%u", i + 1);
        moves(f, id, MOVE_CLAIM);
    }
}

/* The pause after a failure is over. */
static void later(struct fixture *f, int64_t ms) {
    clock_manual_advance(&f->engine->clock, ms);
    webhooks_wake(hooks_of(f));
}

static double requests_ended(const char *result) {
    char name[96];
    snprintf(name, sizeof(name),
             "xiaofeng_webhook_requests_total{result=\"%s\"}", result);
    double value = engine_metric(name);
    return value < 0 ? 0 : value; /* none so far */
}

/* HMAC by its definition, and not by the library that signs. */
static void expect_signature(const struct received *got) {
    unsigned char block[64] = {0}, inner[32], outer[32];
    char hex[65], want[80];
    crypto_hash_sha256_state sha;
    for (int round = 0; round < 2; round++) {
        memset(block, 0, sizeof(block));
        memcpy(block, SECRET, strlen(SECRET));
        for (size_t i = 0; i < sizeof(block); i++)
            block[i] ^= round == 0 ? 0x36 : 0x5c;
        crypto_hash_sha256_init(&sha);
        crypto_hash_sha256_update(&sha, block, sizeof(block));
        if (round == 0) {
            char *said =
                xasprintf("%s.%s.%s", got->timestamp, got->id, got->body);
            crypto_hash_sha256_update(&sha, (const unsigned char *)said,
                                      strlen(said));
            crypto_hash_sha256_final(&sha, inner);
            free(said);
        } else {
            crypto_hash_sha256_update(&sha, inner, sizeof(inner));
            crypto_hash_sha256_final(&sha, outer);
        }
    }
    sodium_bin2hex(hex, sizeof(hex), outer, sizeof(outer));
    snprintf(want, sizeof(want), "v1=%s", hex);
    assert_string_equal(got->signature, want);
}

/* ---- what is said ---- */

static void test_an_event_is_said_and_signed(void **state) {
    struct fixture *f = *state;
    add(f, "h1", "/a", "*");
    moves(f, "S12", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 1);
    const struct received *got = hook_receiver_get(f->receiver, "/a", 0);
    json_t *json = json_loads(got->body, 0, NULL);
    const char *id, *type, *ticket, *ticket_state, *unit, *category;
    json_int_t at, version;
    assert_int_equal(json_unpack(json, "{s:s,s:s,s:I,s:s,s:s,s:I,s:s,s:s !}",
                                 "id", &id, "type", &type, "at_ms", &at,
                                 "ticket", &ticket, "state", &ticket_state,
                                 "version", &version, "unit", &unit, "category",
                                 &category),
                     0);
    assert_string_equal(id, got->id);
    assert_int_equal(strlen(id), 22);
    assert_string_equal(type, "ticket.claimed");
    assert_string_equal(ticket, "S12");
    assert_string_equal(ticket_state, "claimed");
    assert_string_equal(unit, "xinjiekou");
    assert_string_equal(category, "fire");
    assert_int_equal(at, ENGINE_START_MS + 7);
    assert_int_equal(version, 5);
    json_decref(json);
    char now[32];
    snprintf(now, sizeof(now), "%lld", ENGINE_START_MS / 1000);
    assert_string_equal(got->timestamp, now);
    expect_signature(got);
    ENGINE_UNTIL(f->engine, waiting(f, "h1") == 0);
    assert_int_equal(f->receiver->n, 1);
}

/* The example of docs/webhooks.md is run on a request that came. */
static void test_the_documented_check(void **state) {
    struct fixture *f = *state;
    add(f, "h1", "/a", "*");
    moves(f, "S12", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 1);
    const struct received *got = hook_receiver_get(f->receiver, "/a", 0);
    FILE *out = popen("python3 -", "w");
    assert_non_null(out);
    fprintf(out,
            "import re, os, time\n"
            "doc = open(os.environ['XIAOFENG_SOURCE'] + "
            "'/docs/webhooks.md').read()\n"
            "code = re.search(r'```python\\n(.*?)```', doc, re.S).group(1)\n"
            "exec(code)\n"
            "time.time = lambda: %s + 5\n"
            "headers = {'X-Xiaofeng-Id': '%s', 'X-Xiaofeng-Timestamp': '%s',"
            " 'X-Xiaofeng-Signature': '%s'}\n"
            "body = b'''%s'''\n"
            "assert genuine('" SECRET
            "', headers, body)\n"
            "assert not genuine('" SECRET
            "', headers, body + b' ')\n"
            "assert not genuine('other', headers, body)\n"
            "time.time = lambda: %s + 301\n"
            "assert not genuine('" SECRET "', headers, body)\n",
            got->timestamp, got->id, got->timestamp, got->signature, got->body,
            got->timestamp);
    assert_int_equal(pclose(out), 0);
}

static void test_only_what_is_wanted(void **state) {
    struct fixture *f = *state;
    add(f, "h1", "/a", "ticket.filed ticket.closed");
    add(f, "h2", "/b", "*");
    moves(f, "S1", MOVE_CLAIM);
    moves(f, "S1", MOVE_NOTE); /* nobody outside hears of notes */
    moves(f, "S1", MOVE_CLOSE);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/b") == 2 &&
                                hook_receiver_heard(f->receiver, "/a") == 1);
    engine_has(hook_receiver_get(f->receiver, "/a", 0)->body, "ticket.closed");
    /* One event has one id, whoever hears it. */
    const char *id = hook_receiver_get(f->receiver, "/a", 0)->id;
    assert_true(strcmp(hook_receiver_get(f->receiver, "/b", 0)->id, id) == 0 ||
                strcmp(hook_receiver_get(f->receiver, "/b", 1)->id, id) == 0);
}

static void test_the_units_of_a_hook(void **state) {
    struct fixture *f = *state;
    char *url = xasprintf("http://127.0.0.1:%d/a", f->receiver->port);
    struct txn *txn = txn_new(f->engine->bot.store);
    webhook_add(txn,
                &(struct webhook){.id = "h1",
                                  .url = url,
                                  .secret = SECRET,
                                  .events = "*",
                                  .unit = "elsewhere",
                                  .by = "",
                                  .created_ms = 1},
                WEBHOOKS_MAX);
    assert_int_equal(engine_commit(f->engine, txn), OK);
    free(url);
    add(f, "h2", "/b", "*");
    moves(f, "S1", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/b") == 1);
    assert_int_equal(waiting(f, "h1"), 0);
    assert_int_equal(hook_receiver_heard(f->receiver, "/a"), 0);
}

static void test_names_of_events(void **state) {
    (void)state;
    assert_true(webhook_events_valid("*"));
    assert_true(webhook_events_valid("ticket.filed"));
    assert_true(webhook_events_valid("ticket.filed ticket.handed_back"));
    assert_false(webhook_events_valid(""));
    assert_false(webhook_events_valid("ticket.note"));
    assert_false(webhook_events_valid("ticket.file"));
    assert_false(webhook_events_valid("ticket.filed "));
    assert_false(webhook_events_valid(" ticket.filed"));
    assert_false(webhook_events_valid("ticket.filed *"));
    assert_null(webhook_type(MOVE_NOTE));
    for (int i = 0; i < MOVES; i++)
        assert_true(i == MOVE_NOTE ||
                    webhook_events_valid(webhook_type((enum ticket_move)i)));
}

/* ---- receivers that do not behave ---- */

static void test_a_failure_is_tried_again(void **state) {
    struct fixture *f = *state;
    struct receiver_path *path = hook_receiver_path(f->receiver, "/a");
    double before = requests_ended("status");
    path->first_status = 500;
    path->first_times = 1;
    add(f, "h1", "/a", "*");
    moves(f, "S1", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, requests_ended("status") > before);
    later(f, 100); /* too soon */
    engine_settle(f->engine);
    assert_int_equal(path->requests, 1);
    assert_int_equal(waiting(f, "h1"), 1);
    later(f, 1500);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 1);
    ENGINE_UNTIL(f->engine, waiting(f, "h1") == 0);
    const struct received *first = hook_receiver_get(f->receiver, "/a", 0);
    const struct received *second = hook_receiver_get(f->receiver, "/a", 1);
    assert_string_equal(first->id, second->id);
    assert_string_equal(first->body, second->body);
    assert_string_not_equal(first->timestamp, second->timestamp);
    expect_signature(second);
}

static void test_the_connection_breaks(void **state) {
    struct fixture *f = *state;
    struct receiver_path *path = hook_receiver_path(f->receiver, "/a");
    double before = requests_ended("io");
    path->mode = RECEIVER_RESETS;
    add(f, "h1", "/a", "*");
    moves(f, "S1", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, requests_ended("io") > before);
    path->mode = RECEIVER_STATUS;
    later(f, 2000);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 1);
}

static void test_a_redirect_is_not_followed(void **state) {
    struct fixture *f = *state;
    struct receiver_path *path = hook_receiver_path(f->receiver, "/a");
    char *to = xasprintf("http://127.0.0.1:%d/b", f->receiver->port);
    double before = requests_ended("status");
    path->status = 307;
    path->location = to;
    add(f, "h1", "/a", "*");
    moves(f, "S1", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, requests_ended("status") == before + 1);
    later(f, 2000);
    ENGINE_UNTIL(f->engine, requests_ended("status") == before + 2);
    assert_int_equal(path->requests, 2);
    engine_settle(f->engine);
    assert_int_equal(hook_receiver_path(f->receiver, "/b")->requests, 0);
    assert_int_equal(waiting(f, "h1"), 1);
    free(to);
    path->location = NULL;
}

/* A slow, a silent and an endless one hold nobody up, and not more is under way
 * to one than may be. */
static void test_one_does_not_wait_for_another(void **state) {
    struct fixture *f = *state;
    hook_receiver_path(f->receiver, "/slow")->mode = RECEIVER_HOLDS;
    hook_receiver_path(f->receiver, "/never")->mode = RECEIVER_NEVER;
    hook_receiver_path(f->receiver, "/endless")->mode = RECEIVER_ENDLESS;
    add(f, "h1", "/slow", "*");
    add(f, "h2", "/never", "*");
    add(f, "h3", "/endless", "*");
    add(f, "h4", "/good", "*");
    claims(f, 200);
    ENGINE_UNTIL(f->engine,
                 hook_receiver_heard(f->receiver, "/good") == 200 &&
                     hook_receiver_heard(f->receiver, "/endless") == 200);
    assert_int_equal(hook_receiver_path(f->receiver, "/slow")->requests,
                     WEBHOOK_PARALLEL);
    assert_int_equal(hook_receiver_path(f->receiver, "/never")->requests,
                     WEBHOOK_PARALLEL);
    assert_true(hook_receiver_path(f->receiver, "/good")->peak <=
                WEBHOOK_PARALLEL);
    assert_int_equal(waiting(f, "h1"), 200);
    /* In order. */
    for (size_t i = 0; i < WEBHOOK_PARALLEL; i++) {
        char id[24];
        snprintf(id, sizeof(id), "\"ticket\":\"S%zu\"", i + 1);
        engine_has(hook_receiver_get(f->receiver, "/slow", i)->body, id);
    }
    struct receiver_path *slow = hook_receiver_path(f->receiver, "/slow");
    slow->mode = RECEIVER_STATUS;
    hook_receiver_release(f->receiver, "/slow");
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/slow") == 200);
    ENGINE_UNTIL(f->engine, waiting(f, "h1") == 0);
    assert_int_equal(slow->requests, 200);
}

/* After the real ten seconds. */
static void test_silence_is_a_failure(void **state) {
    struct fixture *f = *state;
    struct receiver_path *path = hook_receiver_path(f->receiver, "/a");
    double before = requests_ended("timeout");
    path->mode = RECEIVER_NEVER;
    add(f, "h1", "/a", "*");
    moves(f, "S1", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, requests_ended("timeout") > before);
    path->mode = RECEIVER_STATUS;
    later(f, 2000);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 1);
}

static void test_a_failing_hook_is_tried_gently(void **state) {
    struct fixture *f = *state;
    struct receiver_path *path = hook_receiver_path(f->receiver, "/a");
    double before = requests_ended("status");
    path->status = 503;
    add(f, "h1", "/a", "*");
    claims(f, 20);
    ENGINE_UNTIL(f->engine, path->requests >= 1 && requests_ended("status") ==
                                                       before + path->requests);
    engine_settle(f->engine);
    /* What was under way with the first; then one at a time. */
    unsigned first = path->requests;
    assert_true(first <= WEBHOOK_PARALLEL);
    later(f, 600000);
    ENGINE_UNTIL(f->engine, requests_ended("status") == before + first + 1);
    engine_settle(f->engine);
    assert_int_equal(path->requests, first + 1);
    path->status = 200;
    later(f, 600000);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 20);
    ENGINE_UNTIL(f->engine, waiting(f, "h1") == 0);
}

/* ---- dead letters ---- */

static void until_dead(struct fixture *f, struct receiver_path *path,
                       const char *hook, double before) {
    for (unsigned i = 0; i < WEBHOOK_TRIES; i++) {
        ENGINE_UNTIL(f->engine, requests_ended("status") == before + i + 1);
        assert_int_equal(path->requests, i + 1);
        later(f, 3 * 3600 * 1000);
    }
    ENGINE_UNTIL(f->engine, dead(f, hook) == 1);
}

static size_t replay(struct fixture *f, const char *hook,
                     const char *const *ids, size_t n) {
    struct txn *txn = txn_new(f->engine->bot.store);
    webhook_replay(txn, hook, ids, n);
    assert_int_equal(engine_commit(f->engine, txn), OK);
    webhooks_reload(hooks_of(f));
    return (size_t)waiting(f, hook);
}

static void test_a_dead_letter_is_replayed(void **state) {
    struct fixture *f = *state;
    struct receiver_path *path = hook_receiver_path(f->receiver, "/a");
    double before = requests_ended("status");
    path->status = 404;
    add(f, "h1", "/a", "*");
    moves(f, "S1", MOVE_CLAIM);
    until_dead(f, path, "h1", before);
    assert_int_equal(waiting(f, "h1"), 0);
    const char *id = hook_receiver_get(f->receiver, "/a", 0)->id;
    char *kept =
        engine_redis_text(f->engine, "HGET " KEYS "hookdead:h1 %s", id);
    engine_has(kept,
               "status 404\x1f"
               "12\x1f{\"id\"");
    free(kept);

    /* The next one is not held up by it. */
    path->status = 200;
    moves(f, "S2", MOVE_CLAIM);
    later(f, 2 * 3600 * 1000);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 1);
    assert_int_equal(replay(f, "h1", &id, 1), 1);
    assert_int_equal(dead(f, "h1"), 0);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 2);
    assert_string_equal(
        hook_receiver_get(f->receiver, "/a", WEBHOOK_TRIES + 1)->id, id);
    ENGINE_UNTIL(f->engine, waiting(f, "h1") == 0);
}

/* More than fit: the oldest are given up, of those the oldest are gone. */
static void test_streams_are_bounded(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 12; i++) {
        char id[16];
        snprintf(id, sizeof(id), "e%02d", i);
        struct txn *txn = txn_new(f->engine->bot.store);
        txn_op(txn, "webhook_add");
        txn_key(txn, "webhooks");
        txn_arg_int(txn, 50);
        txn_arg(txn, "h9");
        txn_arg(txn, "sealed by nobody");
        txn_op(txn, "webhook_event");
        txn_key(txn, "webhooks");
        txn_key(txn, "webhookcounts");
        txn_key(txn, "hook:h9");
        txn_key(txn, "hookdead:h9");
        txn_key(txn, "hookdied:h9");
        txn_arg(txn, "h9");
        txn_arg(txn, id);
        txn_arg(txn, "{}");
        txn_arg_int(txn, 1000 + i);
        txn_arg_int(txn, 5);
        txn_arg_int(txn, 4);
        assert_int_equal(engine_commit(f->engine, txn), OK);
    }
    assert_int_equal(waiting(f, "h9"), 5);
    assert_int_equal(dead(f, "h9"), 4);
    assert_int_equal(engine_redis(f->engine, "ZCARD " KEYS "hookdied:h9"), 4);
    char *given = engine_redis_text(f->engine,
                                    "HGET " KEYS "webhookcounts h9:overflowed");
    assert_string_equal(given, "7");
    free(given);
    for (int i = 0; i < 12; i++) {
        char id[16];
        snprintf(id, sizeof(id), "e%02d", i);
        assert_int_equal(
            engine_redis(f->engine, "HEXISTS " KEYS "hookdead:h9 %s", id),
            i >= 3 && i < 7);
    }
    /* It cannot be opened: it is known, and nothing is sent. */
    webhooks_reload(hooks_of(f));
    engine_settle(f->engine);
    assert_int_equal(waiting(f, "h9"), 5);
}

static void test_there_are_not_too_many(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i <= WEBHOOKS_MAX; i++) {
        char id[16];
        snprintf(id, sizeof(id), "h%d", i);
        struct txn *txn = txn_new(f->engine->bot.store);
        webhook_add(txn,
                    &(struct webhook){.id = id,
                                      .url = "http://127.0.0.1:1/",
                                      .secret = SECRET,
                                      .events = "*",
                                      .unit = "*",
                                      .by = ""},
                    WEBHOOKS_MAX);
        assert_int_equal(engine_commit(f->engine, txn),
                         i < WEBHOOKS_MAX ? OK : ERR_LIMIT);
    }
    webhooks_reload(hooks_of(f));
    engine_settle(f->engine);
}

/* ---- ends and beginnings ---- */

/* Nothing of a secret stands in the store as it is. */
static void test_the_secret_is_sealed(void **state) {
    struct fixture *f = *state;
    add(f, "h1", "/a", "*");
    char *kept = engine_redis_text(f->engine, "HGET " KEYS "webhooks h1");
    engine_has_not(kept, "whsec");
    engine_has_not(kept, "127.0.0.1");
    assert_true(strlen(kept) > 40);
    free(kept);
}

static void test_a_removed_hook_hears_nothing(void **state) {
    struct fixture *f = *state;
    struct receiver_path *path = hook_receiver_path(f->receiver, "/a");
    path->mode = RECEIVER_HOLDS;
    add(f, "h1", "/a", "*");
    claims(f, 10);
    ENGINE_UNTIL(f->engine, path->now == WEBHOOK_PARALLEL);
    struct txn *txn = txn_new(f->engine->bot.store);
    webhook_remove(txn, "h1");
    assert_int_equal(engine_commit(f->engine, txn), OK);
    /* Somebody who does not know yet: nothing is written. */
    moves(f, "S99", MOVE_CLAIM);
    assert_int_equal(waiting(f, "h1"), 0);
    webhooks_reload(hooks_of(f));
    engine_settle(f->engine);
    path->mode = RECEIVER_STATUS;
    hook_receiver_release(f->receiver, "/a");
    ENGINE_UNTIL(f->engine, path->now == 0);
    moves(f, "S1", MOVE_CLAIM);
    engine_settle(f->engine);
    assert_int_equal(path->requests, WEBHOOK_PARALLEL);
    assert_int_equal(engine_redis(f->engine, "EXISTS " KEYS "hooksender:h1"),
                     0);
    txn = txn_new(f->engine->bot.store);
    webhook_remove(txn, "h1");
    assert_int_equal(engine_commit(f->engine, txn), ERR_NOT_FOUND);
}

static bool heard_of(struct fixture *f, const char *id) {
    size_t n = hook_receiver_heard(f->receiver, "/a");
    for (size_t i = 0; i < n; i++)
        if (strcmp(hook_receiver_get(f->receiver, "/a", i)->id, id) == 0)
            return true;
    return false;
}

/* Killed with requests under way: every event comes, each with its id. */
static void test_killed_and_started_again(void **state) {
    struct fixture *f = *state;
    char *ids[40];
    add(f, "h1", "/a", "*");
    hook_receiver_path(f->receiver, "/a")->mode = RECEIVER_HOLDS;
    claims(f, 40);
    ENGINE_UNTIL(f->engine, hook_receiver_path(f->receiver, "/a")->now ==
                                WEBHOOK_PARALLEL);
    for (size_t i = 0; i < WEBHOOK_PARALLEL; i++)
        ids[i] = xstrdup(hook_receiver_get(f->receiver, "/a", i)->id);
    int port = f->receiver->port;
    hook_receiver_free(f->receiver);
    engine_restart(f->engine);
    f->receiver = hook_receiver_new(&f->engine->loop.uv, port);
    moves(f, "S41", MOVE_CLAIM); /* at once, the hooks are known */
    /* The dead process holds the hook until its time is over. */
    assert_int_equal(engine_redis(f->engine, "EXISTS " KEYS "hooksender:h1"),
                     1);
    engine_redis(f->engine, "DEL " KEYS "hooksender:h1");
    webhooks_reload(hooks_of(f));
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 41);
    ENGINE_UNTIL(f->engine, waiting(f, "h1") == 0);
    /* Those under way arrive in any order. */
    for (size_t i = 0; i < WEBHOOK_PARALLEL; i++) {
        assert_true(heard_of(f, ids[i]));
        free(ids[i]);
    }
}

/* Of two processes one sends; when it stops, the other one goes on at once. */
static void test_one_sender(void **state) {
    struct fixture *f = *state;
    struct bot other = f->engine->bot;
    other.webhooks = webhooks_new(&other);
    add(f, "h1", "/a", "*");
    webhooks_store_up(other.webhooks);
    claims(f, 30);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 30);
    ENGINE_UNTIL(f->engine, waiting(f, "h1") == 0);
    engine_settle(f->engine);
    assert_int_equal(f->receiver->n, 30);
    webhooks_stop(hooks_of(f));
    engine_settle(f->engine);
    claims(f, 5);
    webhooks_reload(other.webhooks);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 35);
    ENGINE_UNTIL(f->engine, waiting(f, "h1") == 0);
    assert_int_equal(f->receiver->n, 35);
    webhooks_free(other.webhooks);
}

/* The store goes away when an event was heard: it stays known as such. */
static void test_the_store_goes_away(void **state) {
    struct fixture *f = *state;
    struct receiver_path *path = hook_receiver_path(f->receiver, "/a");
    path->mode = RECEIVER_HOLDS;
    add(f, "h1", "/a", "*");
    moves(f, "S1", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, path->now == 1);
    redis_server_kill(f->engine->redis);
    ENGINE_UNTIL(f->engine, !store_is_up(f->engine->bot.store));
    path->mode = RECEIVER_STATUS;
    hook_receiver_release(f->receiver, "/a");
    ENGINE_UNTIL(f->engine, path->now == 0);
    redis_server_start(f->engine->redis);
    redis_server_wait(f->engine->redis);
    ENGINE_UNTIL(f->engine, store_is_up(f->engine->bot.store));
    ENGINE_UNTIL(f->engine, waiting(f, "h1") == 0);
    assert_int_equal(path->requests, 1);
    moves(f, "S2", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, hook_receiver_heard(f->receiver, "/a") == 2);
}

static void test_private_addresses_are_refused(void **state) {
    struct fixture *f = *state;
    hook_receiver_free(f->receiver);
    engine_free(f->engine);
    f->engine = engine_new(NULL);
    f->receiver = hook_receiver_new(&f->engine->loop.uv, 0);
    double before = requests_ended("denied");
    add(f, "h1", "/a", "*");
    moves(f, "S1", MOVE_CLAIM);
    ENGINE_UNTIL(f->engine, requests_ended("denied") > before);
    assert_int_equal(f->receiver->n, 0);
    assert_int_equal(waiting(f, "h1"), 1);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_an_event_is_said_and_signed),
        TEST(test_the_documented_check),
        TEST(test_only_what_is_wanted),
        TEST(test_the_units_of_a_hook),
        cmocka_unit_test(test_names_of_events),
        TEST(test_a_failure_is_tried_again),
        TEST(test_the_connection_breaks),
        TEST(test_a_redirect_is_not_followed),
        TEST(test_one_does_not_wait_for_another),
        TEST(test_silence_is_a_failure),
        TEST(test_a_failing_hook_is_tried_gently),
        TEST(test_a_dead_letter_is_replayed),
        TEST(test_streams_are_bounded),
        TEST(test_there_are_not_too_many),
        TEST(test_the_secret_is_sealed),
        TEST(test_a_removed_hook_hears_nothing),
        TEST(test_killed_and_started_again),
        TEST(test_one_sender),
        TEST(test_the_store_goes_away),
        TEST(test_private_addresses_are_refused),
    };
    return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}

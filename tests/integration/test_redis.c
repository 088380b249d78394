#include "store/redis.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/resp.h"
#include "tests/integration/redis_server.h"

#include <hiredis/hiredis.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_SECONDS 30

static const char library_one[] =
    "#!lua name=test@VERSION\n"
    "redis.register_function('put@VERSION', function(keys, args)\n"
    "  redis.call('SET', keys[1], args[1])\n"
    "  return #keys + #args\n"
    "end)\n"
    "redis.register_function('which@VERSION', function() return 1 end)\n";
static const char library_two[] =
    "#!lua name=test@VERSION\n"
    "redis.register_function('which@VERSION', function() return 2 end)\n";

struct fixture {
    uv_loop_t loop;
    uv_timer_t tick; /* so that a loop with nothing to do is not stuck */
    struct redis_server *server;
    struct redis *redis;
    int ups;
    int downs;
    int done; /* callbacks called */
    bool free_when_down;
};

struct result {
    struct fixture *f;
    enum err err;
    int called;
    int order; /* the how-manieth callback this was */
    int type;  /* of the reply, 0 for none */
    long long integer;
    char text[64];
    bool free_redis;
};

static void on_up(void *data) {
    struct fixture *f = data;

    f->ups++;
}

static void on_down(void *data) {
    struct fixture *f = data;

    f->downs++;
    if (f->free_when_down) {
        redis_free(f->redis);
        f->redis = NULL;
    }
}

static void on_done(void *data, enum err err, const redisReply *reply) {
    struct result *r = data;

    r->called++;
    r->order = ++r->f->done;
    r->err = err;
    assert_true((reply != NULL) == (err == OK || err == ERR_IO));
    if (reply != NULL) {
        r->type = reply->type;
        r->integer = reply->integer;
        if (reply->str != NULL)
            snprintf(r->text, sizeof(r->text), "%s", reply->str);
    }
    if (r->free_redis) {
        redis_free(r->f->redis);
        r->f->redis = NULL;
    }
}

static void on_tick(uv_timer_t *timer) {
    (void)timer;
}

#define RUN_UNTIL(f, condition)                                                \
    do {                                                                       \
        time_t end = time(NULL) + PATIENCE_SECONDS;                            \
        while (!(condition)) {                                                 \
            if (time(NULL) > end)                                              \
                fail_msg("never: %s", #condition);                             \
            uv_run(&(f)->loop, UV_RUN_ONCE);                                   \
        }                                                                      \
    } while (0)

static void connect_to(struct fixture *f, const char *url,
                       const char *functions) {
    struct redis_options options = {.url = url,
                                    .functions = functions,
                                    .on_up = on_up,
                                    .on_down = on_down,
                                    .data = f};

    f->redis = redis_new(&f->loop, &options);
    assert_non_null(f->redis);
}

static const struct resp none;

static void connect_up(struct fixture *f, const char *functions) {
    connect_to(f, redis_server_url(f->server), functions);
    assert_false(redis_is_up(f->redis));
    RUN_UNTIL(f, redis_is_up(f->redis));
    assert_int_equal(f->ups, 1);
}

static void command(struct fixture *f, struct result *r, const char *a,
                    const char *b, const char *c) {
    const char *argv[] = {a, b, c};
    size_t argc = c != NULL ? 3 : b != NULL ? 2 : 1;

    *r = (struct result){.f = f};
    redis_command(f->redis, on_done, r, argc, argv, NULL);
    assert_int_equal(r->called, 0);
}

static void function(struct fixture *f, struct result *r, const char *name) {
    *r = (struct result){.f = f};
    redis_function(f->redis, on_done, r, name, &none, &none);
    assert_int_equal(r->called, 0);
}

static int setup(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));

    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->tick);
    uv_timer_start(&f->tick, on_tick, 100, 100);
    *state = f;
    return 0;
}

static int setup_server(void **state) {
    setup(state);
    ((struct fixture *)*state)->server = redis_server_new(NULL);
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;

    redis_free(f->redis);
    uv_close((uv_handle_t *)&f->tick, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    redis_server_free(f->server);
    free(f);
    return 0;
}

/* A number in an answer of INFO: "name:5" or "…,name=5". */
static long info_number(struct fixture *f, const char *section,
                        const char *name) {
    redisReply *reply = redis_server_command(f->server, "INFO %s", section);
    const char *found = strstr(reply->str, name);
    long number = found != NULL ? strtol(found + strlen(name), NULL, 10) : 0;

    freeReplyObject(reply);
    return number;
}

/* Order, coalescing, arguments. */

static void test_pipeline(void **state) {
    static struct result results[500];
    struct fixture *f = *state;
    long reads;

    connect_up(f, NULL);
    reads = info_number(f, "stats", "total_reads_processed:");
    for (int i = 0; i < 500; i++)
        command(f, &results[i], "INCR", "n", NULL);
    assert_int_equal(redis_pending(f->redis), 500);
    RUN_UNTIL(f, f->done == 500);
    assert_int_equal(redis_pending(f->redis), 0);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(results[i].err, OK);
        assert_int_equal(results[i].called, 1);
        assert_int_equal(results[i].order, i + 1);
        assert_int_equal(results[i].integer, i + 1);
    }
    reads = info_number(f, "stats", "total_reads_processed:") - reads;
    /* 500 commands are one write, hence one or two reads, and INFO's own. */
    assert_in_range(reads, 2, 4);
}

static void test_large_batch(void **state) {
    static struct result results[100];
    struct fixture *f = *state;
    size_t size = 100000;
    char *value = xmalloc(size + 1);

    memset(value, 'x', size);
    value[size] = '\0';
    connect_up(f, NULL);
    /* 10 MB do not fit into the socket: written as it empties. */
    for (int i = 0; i < 100; i++)
        command(f, &results[i], "APPEND", "big", value);
    RUN_UNTIL(f, f->done == 100);
    assert_int_equal(results[99].integer, 10000000);
    free(value);
}

static void test_binary(void **state) {
    struct fixture *f = *state;
    const char *argv[] = {"SET", "k", "a\0b\r\nc"};
    size_t lens[] = {3, 1, 6};
    struct result r = {.f = f};

    connect_up(f, NULL);
    redis_command(f->redis, on_done, &r, 3, argv, lens);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.err, OK);
    command(f, &r, "STRLEN", "k", NULL);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.integer, 6);
}

static void test_error_reply(void **state) {
    struct fixture *f = *state;
    struct result set;
    struct result incr;
    struct result get;

    connect_up(f, NULL);
    command(f, &set, "SET", "k", "word");
    command(f, &incr, "INCR", "k", NULL);
    command(f, &get, "GET", "k", NULL);
    RUN_UNTIL(f, get.called);
    assert_int_equal(incr.err, ERR_IO);
    assert_int_equal(incr.type, REDIS_REPLY_ERROR);
    assert_memory_equal(incr.text, "ERR value", 9);
    assert_int_equal(get.err, OK);
    assert_string_equal(get.text, "word");
    assert_int_equal(f->downs, 0);
}

/* Losing the server. */

static void test_away_before_connected(void **state) {
    struct fixture *f = *state;
    struct result r;

    connect_to(f, redis_server_url(f->server), NULL);
    command(f, &r, "PING", NULL, NULL);
    assert_int_equal(redis_pending(f->redis), 0);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(r.called, 1);
    assert_int_equal(r.err, ERR_AWAY);
}

static void test_killed_midway(void **state) {
    static struct result results[100];
    struct fixture *f = *state;
    struct result r;

    connect_up(f, NULL);
    kill(redis_server_pid(f->server), SIGSTOP);
    for (int i = 0; i < 100; i++)
        command(f, &results[i], "INCR", "n", NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    redis_server_kill(f->server);
    RUN_UNTIL(f, f->downs == 1);
    assert_int_equal(f->done, 100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(results[i].err, ERR_TIMEOUT);
        assert_int_equal(results[i].order, i + 1);
    }
    assert_false(redis_is_up(f->redis));
    command(f, &r, "PING", NULL, NULL);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.err, ERR_AWAY);

    redis_server_start(f->server);
    RUN_UNTIL(f, redis_is_up(f->redis));
    assert_int_equal(f->ups, 2);
    command(f, &r, "PING", NULL, NULL);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.err, OK);
}

static void test_killed_when_idle(void **state) {
    struct fixture *f = *state;

    connect_up(f, NULL);
    for (int round = 1; round <= 3; round++) {
        redis_server_kill(f->server);
        RUN_UNTIL(f, f->downs == round);
        redis_server_start(f->server);
        RUN_UNTIL(f, f->ups == round + 1);
    }
}

static void test_deadline(void **state) {
    struct fixture *f = *state;
    struct result first;
    struct result second;
    uint64_t begun;
    uint64_t took;

    connect_up(f, NULL);
    kill(redis_server_pid(f->server), SIGSTOP);
    begun = uv_hrtime();
    command(f, &first, "PING", NULL, NULL);
    command(f, &second, "PING", NULL, NULL);
    RUN_UNTIL(f, f->downs == 1);
    took = (uv_hrtime() - begun) / 1000000;
    assert_in_range(took, 4900, 15000);
    assert_int_equal(first.err, ERR_TIMEOUT);
    assert_int_equal(second.err, ERR_TIMEOUT);
    kill(redis_server_pid(f->server), SIGCONT);
    RUN_UNTIL(f, f->ups == 2);
}

static void test_own_stall_is_no_timeout(void **state) {
    struct fixture *f = *state;
    struct result r;

    connect_up(f, NULL);
    kill(redis_server_pid(f->server), SIGSTOP);
    command(f, &r, "PING", NULL, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    kill(redis_server_pid(f->server), SIGCONT);
    /* Redis answers; it is this process that stands still too long. */
    sleep(6);
    assert_int_equal(r.called, 0);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.err, OK);
    assert_int_equal(f->downs, 0);
}

static void test_loading(void **state) {
    struct fixture *f = *state;
    struct result r;

    f->server = redis_server_new(
        "appendonly no\nkey-load-delay 300\n"
        "loading-process-events-interval-bytes 1024");
    freeReplyObject(redis_server_command(
        f->server, "EVAL %s 0",
        "for i = 1, 2000 do redis.call('SET', 'key' .. i, i) end"));
    freeReplyObject(redis_server_command(f->server, "SAVE"));
    redis_server_kill(f->server);
    redis_server_start(f->server);
    connect_up(f, library_one);
    command(f, &r, "DBSIZE", NULL, NULL);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.integer, 2000);
    /* Otherwise this test has shown nothing. */
    assert_true(info_number(f, "errorstats", "errorstat_LOADING:count=") > 0);
    assert_int_equal(f->downs, 0);
}

static void test_becomes_replica(void **state) {
    struct fixture *f = *state;
    struct result r;

    connect_up(f, NULL);
    freeReplyObject(redis_server_command(f->server, "REPLICAOF 127.0.0.1 1"));
    command(f, &r, "INCR", "n", NULL);
    RUN_UNTIL(f, f->downs == 1);
    assert_int_equal(r.err, ERR_IO);
    assert_memory_equal(r.text, "READONLY", 8);
    freeReplyObject(redis_server_command(f->server, "REPLICAOF NO ONE"));
    RUN_UNTIL(f, f->ups == 2);
    command(f, &r, "INCR", "n", NULL);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.err, OK);
}

/* Urls, passwords, TCP. */

static void test_malformed_url(void **state) {
    struct fixture *f = *state;
    struct redis_options options = {.url = "redis://:secret@"};

    assert_null(redis_new(&f->loop, &options));
}

static void test_wrong_password(void **state) {
    struct fixture *f = *state;
    char *url;

    f->server = redis_server_new("requirepass right\n");
    freeReplyObject(redis_server_command(f->server, "AUTH right"));
    url = xasprintf("unix://:wrong@%s", redis_server_socket(f->server));
    connect_to(f, url, library_one);
    free(url);
    RUN_UNTIL(f,
              info_number(f, "errorstats", "errorstat_WRONGPASS:count=") > 0);
    assert_false(redis_is_up(f->redis));
    assert_int_equal(f->ups, 0);
    /* The administrator changes it: found without a restart. */
    freeReplyObject(
        redis_server_command(f->server, "CONFIG SET requirepass wrong"));
    RUN_UNTIL(f, redis_is_up(f->redis));
    assert_int_equal(f->downs, 0);
}

static void test_tcp_password_db(void **state) {
    struct fixture *f = *state;
    int port = redis_server_free_port();
    char *config = xasprintf("port %d\nrequirepass p@s:s/\n", port);
    char *url = xasprintf("redis://:p%%40s%%3As%%2F@localhost:%d/3", port);
    redisReply *reply;
    struct result r;

    f->server = redis_server_new(config);
    redis_server_stop(f->server);
    connect_to(f, url, NULL);
    /* Refused for a while, by each address of localhost. */
    for (int i = 0; i < 5; i++)
        uv_run(&f->loop, UV_RUN_ONCE);
    redis_server_start(f->server);
    RUN_UNTIL(f, redis_is_up(f->redis));
    command(f, &r, "SET", "k", "v");
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.err, OK);
    redis_server_wait(f->server);
    freeReplyObject(redis_server_command(f->server, "AUTH %s", "p@s:s/"));
    freeReplyObject(redis_server_command(f->server, "SELECT 3"));
    reply = redis_server_command(f->server, "GET k");
    assert_string_equal(reply->str, "v");
    freeReplyObject(reply);
    free(url);
    free(config);
}

static void test_unknown_host(void **state) {
    struct fixture *f = *state;
    struct result r;

    connect_to(f, "redis://host.invalid", NULL);
    command(f, &r, "PING", NULL, NULL);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.err, ERR_AWAY);
    /* Freed in the middle of a look-up, which teardown waits for. */
    redis_free(f->redis);
    f->redis = NULL;
}

/* Functions. */

static void test_function(void **state) {
    struct fixture *f = *state;
    struct resp keys = {0}, args = {0};
    struct result r = {.f = f};

    connect_up(f, library_one);
    resp_adds(&keys, "key");
    resp_adds(&args, "value");
    redis_function(f->redis, on_done, &r, "put", &keys, &args);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.err, OK);
    assert_int_equal(r.integer, 2);
    r = (struct result){.f = f};
    for (int i = 2; i < 100; i++)
        resp_adds(&args, "value");
    redis_function(f->redis, on_done, &r, "put", &keys, &args);
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.integer, 100);
    resp_finish(&keys);
    resp_finish(&args);
    command(f, &r, "GET", "key", NULL);
    RUN_UNTIL(f, r.called);
    assert_string_equal(r.text, "value");
}

static void test_two_versions(void **state) {
    struct fixture *f = *state;
    struct redis *one;
    struct result r1;
    struct result r2;

    connect_up(f, library_one);
    one = f->redis;
    connect_to(f, redis_server_url(f->server), library_two);
    RUN_UNTIL(f, redis_is_up(f->redis));
    function(f, &r2, "which");
    r1 = (struct result){.f = f};
    redis_function(one, on_done, &r1, "which", &none, &none);
    RUN_UNTIL(f, r1.called && r2.called);
    assert_int_equal(r1.integer, 1);
    assert_int_equal(r2.integer, 2);
    redis_free(one);
}

static void test_already_loaded(void **state) {
    struct fixture *f = *state;
    struct result r;

    connect_up(f, library_one);
    redis_free(f->redis);
    connect_to(f, redis_server_url(f->server), library_one);
    RUN_UNTIL(f, redis_is_up(f->redis));
    function(f, &r, "which");
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.integer, 1);
}

static void test_function_vanishes(void **state) {
    static struct result results[20];
    struct fixture *f = *state;
    struct result get;
    struct result r;

    connect_up(f, library_one);
    freeReplyObject(redis_server_command(f->server, "FUNCTION FLUSH"));
    for (int i = 0; i < 20; i++)
        function(f, &results[i], "which");
    command(f, &get, "INCR", "n", NULL);
    RUN_UNTIL(f, get.called);
    /* Nothing was done, and what else was under way is not disturbed. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(results[i].err, ERR_AWAY);
    assert_int_equal(get.err, OK);
    RUN_UNTIL(f, redis_is_up(f->redis));
    assert_int_equal(f->downs, 1);
    assert_int_equal(f->ups, 2);
    function(f, &r, "which");
    RUN_UNTIL(f, r.called);
    assert_int_equal(r.err, OK);
    assert_int_equal(r.integer, 1);
}

static void test_broken_library(void **state) {
    struct fixture *f = *state;

    connect_to(f, redis_server_url(f->server), "#!lua name=x\nthis is not lua");
    RUN_UNTIL(f, info_number(f, "errorstats", "errorstat_ERR:count=") > 0);
    for (int i = 0; i < 3; i++)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_false(redis_is_up(f->redis));
    assert_int_equal(f->ups, 0);
}

/* Freeing. */

static void test_free_with_waiting(void **state) {
    static struct result results[10];
    struct fixture *f = *state;

    connect_up(f, NULL);
    kill(redis_server_pid(f->server), SIGSTOP);
    for (int i = 0; i < 10; i++)
        command(f, &results[i], "PING", NULL, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    redis_free(f->redis);
    f->redis = NULL;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(results[i].called, 1);
        assert_int_equal(results[i].err, ERR_AWAY);
    }
    assert_int_equal(f->downs, 0);
}

static void test_free_in_answer(void **state) {
    static struct result results[10];
    struct fixture *f = *state;

    connect_up(f, NULL);
    for (int i = 0; i < 10; i++)
        command(f, &results[i], "PING", NULL, NULL);
    results[4].free_redis = true;
    RUN_UNTIL(f, f->done == 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(results[i].called, 1);
        assert_int_equal(results[i].err, i <= 4 ? OK : ERR_AWAY);
    }
}

static void test_free_while_losing(void **state) {
    static struct result results[10];
    struct fixture *f = *state;

    connect_up(f, NULL);
    kill(redis_server_pid(f->server), SIGSTOP);
    for (int i = 0; i < 10; i++)
        command(f, &results[i], "PING", NULL, NULL);
    results[4].free_redis = true;
    uv_run(&f->loop, UV_RUN_NOWAIT);
    redis_server_kill(f->server);
    RUN_UNTIL(f, f->done == 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(results[i].called, 1);
        assert_int_equal(results[i].err, i <= 4 ? ERR_TIMEOUT : ERR_AWAY);
    }
    assert_int_equal(f->downs, 0);
}

static void test_free_when_refused(void **state) {
    static struct result results[10];
    struct fixture *f = *state;

    connect_to(f, redis_server_url(f->server), NULL);
    for (int i = 0; i < 10; i++)
        command(f, &results[i], "PING", NULL, NULL);
    results[4].free_redis = true;
    RUN_UNTIL(f, f->done == 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(results[i].called, 1);
        assert_int_equal(results[i].err, ERR_AWAY);
    }
}

static void test_free_when_down(void **state) {
    struct fixture *f = *state;

    connect_up(f, NULL);
    f->free_when_down = true;
    redis_server_kill(f->server);
    RUN_UNTIL(f, f->downs == 1);
    assert_null(f->redis);
}

#define WITH_SERVER(test)                                                      \
    cmocka_unit_test_setup_teardown(test, setup_server, teardown)
#define ALONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_SERVER(test_pipeline),
        WITH_SERVER(test_large_batch),
        WITH_SERVER(test_binary),
        WITH_SERVER(test_error_reply),
        WITH_SERVER(test_away_before_connected),
        WITH_SERVER(test_killed_midway),
        WITH_SERVER(test_killed_when_idle),
        WITH_SERVER(test_deadline),
        WITH_SERVER(test_own_stall_is_no_timeout),
        ALONE(test_loading),
        WITH_SERVER(test_becomes_replica),
        ALONE(test_malformed_url),
        ALONE(test_wrong_password),
        ALONE(test_tcp_password_db),
        ALONE(test_unknown_host),
        WITH_SERVER(test_function),
        WITH_SERVER(test_two_versions),
        WITH_SERVER(test_already_loaded),
        WITH_SERVER(test_function_vanishes),
        WITH_SERVER(test_broken_library),
        WITH_SERVER(test_free_with_waiting),
        WITH_SERVER(test_free_in_answer),
        WITH_SERVER(test_free_while_losing),
        WITH_SERVER(test_free_when_refused),
        WITH_SERVER(test_free_when_down),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

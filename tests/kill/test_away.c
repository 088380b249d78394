/* Redis goes away while the daemon lives: riders are told so once, nothing is
 * half done, and the daemon recovers by itself. */
#include "base/mem.h"
#include "tests/integration/daemon.h"
#include "tests/peer/onebot_peer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 30000
#define SILENCE_MS 1500
#define AWAY "小蜂暂时连不上"
#define UNCERTAIN "不确定有没有收下"
#define CREATED "已登记，编号 S"

/* The redis-server of the settings: a script, which may be taken away. */
static char script[64];

struct fixture {
    struct test_daemon *daemon;
    struct peer *peer;
};

static int set_up(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));
    char settings[256];

    snprintf(script, sizeof(script), "/tmp/xiaofeng-redis-server-XXXXXX");
    int fd = mkstemp(script);
    assert_true(fd >= 0);
    dprintf(fd, "#!/bin/sh\nexec redis-server \"$@\"\n");
    close(fd);
    assert_int_equal(chmod(script, 0700), 0);
    snprintf(settings, sizeof(settings),
             "[redis]\nserver = %s\n[pace]\naccount_rate = 0\n"
             "group_rate = 0\n",
             script);
    f->daemon = test_daemon_new(settings);
    f->peer = test_daemon_connect(f->daemon, "10001000");
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;

    peer_close(f->peer);
    test_daemon_free(f->daemon);
    unlink(script);
    free(f);
    return 0;
}

static void say(const struct fixture *f, const char *id, const char *text) {
    peer_send_private_text(f->peer, "90001", id, text);
    assert_true(peer_flush(f->peer, PATIENCE_MS));
}

/* The next answer holds words. */
static void hear(const struct fixture *f, const char *words) {
    struct peer_call *call = peer_wait_call(f->peer, PATIENCE_MS);

    assert_non_null(call);
    bool right = strstr(call->text, words) != NULL;
    if (!right)
        print_error("wanted \"%s\", heard \"%s\"\n", words, call->text);
    peer_call_free(call);
    assert_true(right);
}

static void hear_nothing(const struct fixture *f) {
    struct peer_call *call = peer_wait_call(f->peer, SILENCE_MS);

    if (call != NULL)
        print_error("heard \"%s\"\n", call->text);
    assert_null(call);
}

static long long tickets(const struct fixture *f) {
    return test_daemon_redis_int(f->daemon, "ZCARD {qinhuai}:tickets:qq.90001");
}

static void kill_redis(const struct fixture *f) {
    pid_t pid = test_daemon_redis_pid(f->daemon);

    assert_true(pid > 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
}

static void take_redis_away(const struct fixture *f) {
    assert_int_equal(chmod(script, 0600), 0);
    kill_redis(f);
}

static void give_redis_back(const struct fixture *f) {
    assert_int_equal(chmod(script, 0700), 0);
    /* Its next start comes by itself. */
    assert_int_equal(test_daemon_redis_int(f->daemon, "EXISTS nothing"), 0);
}

static void wait_until_ready(const struct fixture *f) {
    for (int i = 0; i < PATIENCE_MS / 20; i++) {
        if (test_daemon_get(f->daemon, "/readyz", NULL) == 200)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    fail_msg("the daemon does not recover");
}

/* ---- the tests ----------------------------------------------------------- */

/* A Redis that comes back at once is not noticed. */
static void test_killed(void **state) {
    const struct fixture *f = *state;

    for (int i = 0; i < 5; i++) {
        char id[16];
        snprintf(id, sizeof(id), "%d", 500 + i);
        kill_redis(f);
        say(f, id, "诉求 换电柜坏了");
        hear(f, CREATED);
        assert_int_equal(tickets(f), i + 1);
    }
    assert_true(test_daemon_logged(f->daemon, "killed by signal 9"));
}

/* One that stays away: each rider is told once an outage. */
static void test_away(void **state) {
    const struct fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        char ids[3][16];
        for (int n = 0; n < 3; n++)
            snprintf(ids[n], sizeof(ids[n]), "%d", 600 + i * 10 + n);
        take_redis_away(f);
        for (int n = 0; n < 3; n++)
            say(f, ids[n], "诉求 换电柜坏了");
        hear(f, AWAY);
        hear_nothing(f);
        assert_int_equal(test_daemon_get(f->daemon, "/readyz", NULL), 503);
        assert_int_equal(test_daemon_get(f->daemon, "/healthz", NULL), 200);
        give_redis_back(f);
        wait_until_ready(f);
        assert_int_equal(tickets(f), i);
        say(f, ids[2], "诉求 换电柜坏了");
        hear(f, CREATED);
        assert_int_equal(tickets(f), i + 1);
    }
}

/* In the language the rider has chosen, though nothing can be read. */
static void test_away_in_english(void **state) {
    const struct fixture *f = *state;

    say(f, "700", "语言 en");
    hear(f, "English");
    take_redis_away(f);
    say(f, "701", "request my battery is broken");
    hear(f, "send it again");
    give_redis_back(f);
}

/* What was sent to Redis and never answered is neither yes nor no; delivered
 * again it is answered, and is there once. */
static void test_uncertain(void **state) {
    const struct fixture *f = *state;

    freeReplyObject(test_daemon_redis(f->daemon, "CLIENT PAUSE 7000 WRITE"));
    say(f, "800", "诉求 换电柜坏了");
    hear(f, UNCERTAIN);
    wait_until_ready(f);
    say(f, "800", "诉求 换电柜坏了");
    hear(f, CREATED);
    say(f, "800", "诉求 换电柜坏了");
    hear(f, CREATED);
    assert_int_equal(tickets(f), 1);
}

/* A Redis that stands still for a while. */
static void test_stopped(void **state) {
    const struct fixture *f = *state;
    pid_t pid = test_daemon_redis_pid(f->daemon);

    assert_int_equal(kill(pid, SIGSTOP), 0);
    say(f, "900", "诉求 换电柜坏了");
    hear(f, AWAY);
    assert_int_equal(kill(pid, SIGCONT), 0);
    wait_until_ready(f);
    assert_int_equal(tickets(f), 0);
    say(f, "901", "诉求 换电柜坏了");
    hear(f, CREATED);
    assert_int_equal(tickets(f), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_killed),    TEST(test_away),    TEST(test_away_in_english),
        TEST(test_uncertain), TEST(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

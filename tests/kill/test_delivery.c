/* The daemon and its Redis are killed at random while a broadcast goes to
 * 10,000 groups over four accounts: each group gets it once or is listed as
 * unknown, and never twice. XIAOFENG_KILL_SEED repeats what is done when. */
#include "base/mem.h"
#include "tests/integration/daemon.h"
#include "tests/peer/onebot_peer.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define N_GROUPS 10000
#define N_ACCOUNTS 4
#define KILLS 8
#define CALM_MS 1200     /* at most, between two kills */
#define SEND_DELAY_MS 10 /* the platform's */
#define END_MS 120000
#define FIRST_GROUP 20000000

static const char *const accounts[N_ACCOUNTS] = {"10001000", "10002000",
                                                 "10003000", "10004000"};
static struct test_daemon *daemon_under_test;
static struct peer *peers[N_ACCOUNTS];
static unsigned got[N_GROUPS];
static unsigned by_account[N_ACCOUNTS];
static unsigned problems;
static uint64_t random_state;

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static unsigned roll(unsigned n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % n;
}

static void redis(const char *command) {
    freeReplyObject(test_daemon_redis(daemon_under_test, command));
}

/* ---- the broadcast, as it stands when it was approved ----------------------
 */

static void add_groups(void) {
    redisReply *reply;
    for (int i = 0; i < N_GROUPS; i += 100) {
        char command[8192];
        int len = snprintf(command, sizeof(command),
                           "RPUSH {qinhuai}:delivery:B1:chats");
        for (int j = i; j < i + 100; j++)
            len += snprintf(command + len, sizeof(command) - (size_t)len,
                            " qq.g%d", FIRST_GROUP + j);
        reply = test_daemon_redis(daemon_under_test, command);
        freeReplyObject(reply);
    }
}

/* Half of the groups can be reached by all accounts, the others by two. */
static void begin(void) {
    char *letters = xmalloc(N_GROUPS + 1);
    memset(letters, 'w', N_GROUPS);
    letters[N_GROUPS] = '\0';
    add_groups();
    freeReplyObject(test_daemon_redis(
        daemon_under_test, "SET {qinhuai}:delivery:B1:states %s", letters));
    memset(letters, '~', N_GROUPS);
    freeReplyObject(test_daemon_redis(
        daemon_under_test, "SET {qinhuai}:delivery:B1:senders %s", letters));
    free(letters);
    freeReplyObject(test_daemon_redis(
        daemon_under_test,
        "HSET {qinhuai}:delivery:B1:parts n 2 0 %s w:0 5000 1 %s w:1 5000",
        "0 5000 qq.10001000,qq.10002000,qq.10003000,qq.10004000 zh-CN",
        "5000 5000 qq.10001000,qq.10002000 zh-CN"));
    redis(
        "HSET {qinhuai}:record:broadcast:B1 v 1 state sending lane notice "
        "text 周五义诊 target groups ignore 1 created 1");
    redis("ZADD {qinhuai}:records:broadcast 1 B1");
    redis("ZADD {qinhuai}:deliveries 1 B1");
    redis("HSET {qinhuai}:delivery:B1 state live total 10000 w 10000 begun 1");
    redis("ZADD {qinhuai}:deliveries:live 1 B1");
}

/* ---- the platform -----------------------------------------------------------
 */

static void on_send(void *data, bool group, const char *frame, size_t len) {
    const char *at = memmem(frame, len, "\"group_id\":", 11);
    long number = at == NULL ? 0 : strtol(at + 11, NULL, 10) - FIRST_GROUP;

    ++*(unsigned *)data;
    if (!group || number < 0 || number >= N_GROUPS) {
        printf("WRONG: a send to nobody we know\n");
        problems++;
    } else if (++got[number] > 1) {
        printf("WRONG: group %ld got it %u times\n", number, got[number]);
        problems++;
    }
}

static void connect_all(void) {
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        if (peers[i] != NULL)
            continue;
        peers[i] = test_daemon_connect(daemon_under_test, accounts[i]);
        peer_set_delay(peers[i], SEND_DELAY_MS);
        peer_set_on_send(peers[i], on_send, &by_account[i]);
    }
}

/* A moment of the platform's life. */
static void step(void) {
    struct pollfd pollers[N_ACCOUNTS];
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        if (peers[i] != NULL && peer_run(peers[i], 0, false) < 0) {
            peer_cut(peers[i]);
            peers[i] = NULL;
        }
    }
    connect_all();
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        peer_flush(peers[i], 1000);
        pollers[i] = (struct pollfd){.fd = peer_fd(peers[i]), .events = POLLIN};
    }
    poll(pollers, N_ACCOUNTS, 2);
}

/* What the dead daemon had written arrives. */
static void lose_connections(void) {
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        int64_t until = now_ms() + 2000;
        while (peer_run(peers[i], 20, false) >= 0 && now_ms() < until)
            ;
        peer_cut(peers[i]);
        peers[i] = NULL;
    }
}

static void strike(void) {
    unsigned what = roll(4);
    if (what == 0) {
        pid_t pid = test_daemon_redis_pid(daemon_under_test);
        if (pid > 0)
            kill(pid, SIGKILL);
    }
    test_daemon_kill(daemon_under_test);
    lose_connections();
    test_daemon_start(daemon_under_test);
    connect_all();
}

/* ---- the end ----------------------------------------------------------------
 */

static bool is_done(void) {
    char *state = test_daemon_redis_string(daemon_under_test,
                                           "HGET {qinhuai}:delivery:B1 state");
    bool done = state != NULL && strcmp(state, "done") == 0;
    free(state);
    return done;
}

static void until_done(void) {
    int64_t until = now_ms() + END_MS;
    while (!is_done() && now_ms() < until)
        for (int i = 0; i < 50; i++)
            step();
}

static void check_count(const char *letter, long long right) {
    char *text = test_daemon_redis_string(
        daemon_under_test, "HGET {qinhuai}:delivery:B1 %s", letter);
    if (strtoll(text == NULL ? "0" : text, NULL, 10) != right) {
        printf("WRONG: %s of \"%s\" are counted, there are %lld\n",
               text == NULL ? "none" : text, letter, right);
        problems++;
    }
    free(text);
}

static void verify(void) {
    char *letters = test_daemon_redis_string(
        daemon_under_test, "GET {qinhuai}:delivery:B1:states");
    long long n[256] = {0}, arrived = 0;
    for (size_t i = 0; i < N_GROUPS; i++) {
        char letter = letters[i];
        n[(unsigned char)letter]++;
        arrived += letter == 'u' && got[i] > 0;
        if (letter == 'o' ? got[i] == 1 : letter == 'u' && got[i] <= 1)
            continue;
        problems++;
        printf("WRONG: group %zu is '%c' and got it %u times\n", i, letter,
               got[i]);
    }
    free(letters);
    check_count("o", n['o']);
    check_count("u", n['u']);
    check_count("w", 0);
    check_count("s", 0);
    if (!is_done()) {
        printf("WRONG: it has not ended\n");
        problems++;
    }
    char *state = test_daemon_redis_string(
        daemon_under_test, "HGET {qinhuai}:record:broadcast:B1 state");
    if (state == NULL || strcmp(state, "done") != 0) {
        printf("WRONG: its record is %s\n", state);
        problems++;
    }
    free(state);
    printf("sent %lld, unknown %lld, of which %lld arrived; by account", n['o'],
           n['u'], arrived);
    for (size_t i = 0; i < N_ACCOUNTS; i++)
        printf(" %u", by_account[i]);
    printf("\n");
}

int main(void) {
    const char *seed = getenv("XIAOFENG_KILL_SEED");
    random_state =
        seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %llu\n", (unsigned long long)random_state);
    random_state = random_state * 2654435761u + 1;
    daemon_under_test = test_daemon_new(
        "[pace]\naccount_rate = 250\naccount_burst = 50\ngroup_rate = 0\n"
        "broadcast_jitter = 0s\n");
    begin();
    connect_all();
    for (int kills = 0; kills < KILLS; kills++) {
        int64_t until = now_ms() + roll(CALM_MS);
        while (now_ms() < until)
            step();
        strike();
    }
    until_done();
    verify();
    for (size_t i = 0; i < N_ACCOUNTS; i++)
        peer_close(peers[i]);
    test_daemon_free(daemon_under_test);
    printf("%s: %u problems\n", problems == 0 ? "passed" : "FAILED", problems);
    return problems == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

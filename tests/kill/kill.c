#include "tests/kill/kill.h"

#include <signal.h>
#include <stdarg.h>
#include <time.h>

/*
 * What is killed, and how often. XIAOFENG_KILL_SEED, _RIDERS and _KILLS change
 * a run; the seed is printed, so that what people do can be repeated (what the
 * machine does in between cannot).
 */
#define RIDERS 250
#define KILLS 20
#define CALM_MS 3600     /* at most, between two kills */
#define RUSH_MS 250      /* at most, from a rush to its kill */
#define SEND_DELAY_MS 25 /* the platform's, for every message of the bot */
#define END_MS 60000     /* for all answers, when the last kill is over */

struct world world;

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

unsigned roll(unsigned n) {
    world.random = world.random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(world.random >> 33) % n;
}

void problem(const char *fmt, ...) {
    va_list args;

    fputs("WRONG: ", stdout);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    fputc('\n', stdout);
    world.problems++;
}

const char *account_id(size_t account) {
    static const char *const ids[N_ACCOUNTS] = {"10001000", "10002000"};
    return ids[account];
}

const char *group_id(size_t group) {
    static char ids[N_GROUPS][16];
    snprintf(ids[group], sizeof(ids[0]), "%zu", 20010001 + group);
    return ids[group];
}

size_t account_of_group(size_t group) {
    return group % N_ACCOUNTS;
}

/* ---- connections --------------------------------------------------------- */

static void connect_all(void) {
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        if (world.peers[i] != NULL)
            continue;
        world.peers[i] = test_daemon_connect(world.daemon, account_id(i));
        peer_set_delay(world.peers[i], SEND_DELAY_MS);
        people_redeliver(i);
    }
}

static void cut(size_t account) {
    peer_cut(world.peers[account]);
    world.peers[account] = NULL;
    world.disturbed_ms = now_ms();
}

/* False when the connection has ended. */
static bool read_calls(size_t account) {
    struct peer *peer = world.peers[account];
    struct peer_call *call;
    int got = peer_run(peer, 0, false);

    while ((call = peer_wait_call(peer, 0)) != NULL) {
        people_read(account, call);
        peer_call_free(call);
    }
    return got >= 0;
}

static void wait_for_frames(void) {
    struct pollfd pollers[N_ACCOUNTS + N_CALLERS + HOOK_FDS];
    size_t n = N_ACCOUNTS;

    for (size_t i = 0; i < N_ACCOUNTS; i++)
        pollers[i] =
            (struct pollfd){.fd = peer_fd(world.peers[i]), .events = POLLIN};
    n += callers_fds(pollers + n);
    n += hooks_fds(pollers + n);
    poll(pollers, n, 5);
}

/* A moment of everybody's life. */
static void step(void) {
    for (size_t i = 0; i < N_ACCOUNTS; i++)
        if (!read_calls(i)) {
            problem("account %s was disconnected", account_id(i));
            cut(i);
        }
    connect_all();
    people_act();
    callers_act();
    hooks_act();
    for (size_t i = 0; i < N_ACCOUNTS; i++)
        peer_flush(world.peers[i], 1000);
    wait_for_frames();
}

/* ---- killing --------------------------------------------------------------
 */

static void kill_redis(void) {
    pid_t pid = test_daemon_redis_pid(world.daemon);

    if (pid > 0 && kill(pid, SIGKILL) == 0)
        world.n.redis_kills++;
}

/* What has come to the peers until now is read by them, or is lost with the
 * connection. */
static void lose_connections(void) {
    for (size_t i = 0; i < N_ACCOUNTS; i++) {
        if (roll(2))
            read_calls(i);
        cut(i);
    }
}

static void kill_daemon(bool redis_too) {
    if (redis_too)
        kill_redis();
    test_daemon_kill(world.daemon);
    world.n.kills++;
    lose_connections();
    test_daemon_start(world.daemon);
    if (!world.last_kill)
        hooks_let_go(); /* as if those seconds had passed */
    world.disturbed_ms = now_ms();
}

static void strike(void) {
    unsigned what = roll(20), waiting = people_waiting();

    world.n.in_flight += waiting;
    if (waiting > world.n.most_in_flight)
        world.n.most_in_flight = waiting;

    if (what < 11) {
        kill_daemon(false);
    } else if (what < 16) {
        kill_daemon(true);
    } else if (what < 18) {
        kill_redis();
        world.disturbed_ms = now_ms();
    } else {
        world.n.cuts++;
        cut(roll(N_ACCOUNTS));
    }
    connect_all();
}

/* Until the next kill: at a random moment, often when everybody writes at once,
 * or soon after the first group got a broadcast. */
static void stay_calm(void) {
    int64_t until = now_ms() + roll(CALM_MS);
    int64_t rush = until - roll(RUSH_MS);
    bool lurk = roll(2);

    world.broadcast_begun = false;
    while (now_ms() < until) {
        step();
        if (now_ms() >= rush) {
            people_rush();
            rush = INT64_MAX;
        }
        if (lurk && world.broadcast_begun) {
            until = now_ms() + roll(SEND_DELAY_MS);
            lurk = false;
        }
    }
}

/* ---- the whole ------------------------------------------------------------
 */

static uint64_t setting(const char *name, uint64_t usual) {
    const char *text = getenv(name);
    return text == NULL ? usual : strtoull(text, NULL, 10);
}

/* What get_group_list would say. */
static void make_groups(void) {
    for (size_t i = 0; i < N_GROUPS; i++) {
        const char *id = group_id(i);
        freeReplyObject(test_daemon_redis(
            world.daemon,
            "HSET {qinhuai}:group:qq.g%s title 站点%s account qq.%s", id, id,
            account_id(account_of_group(i))));
        freeReplyObject(test_daemon_redis(world.daemon,
                                          "SADD {qinhuai}:groups qq.g%s", id));
    }
}

static void until_quiet(const char *what) {
    int64_t until = now_ms() + END_MS;

    while (!(people_quiet() && callers_quiet()) && now_ms() < until)
        step();
    if (people_quiet() && callers_quiet())
        return;
    printf("%s has not ended in %d s\n", what, END_MS / 1000);
    people_complain();
    callers_complain();
}

static void until_sent(void) {
    int64_t until = now_ms() + END_MS;

    for (size_t i = 0; i < N_ACCOUNTS;) {
        step();
        long long n = test_daemon_redis_int(
            world.daemon, "XLEN {qinhuai}:outbox:qq.%s", account_id(i));
        if (n == 0) {
            i++;
        } else if (now_ms() > until) {
            problem("%lld notices of %s were not sent", n, account_id(i));
            return;
        }
    }
    while (hooks_waiting() > 0 && now_ms() < until)
        step();
    step(); /* what came last is read */
}

static void print_figures(int64_t begun_ms) {
    printf("%.1f s, seed %llu\n", (double)(now_ms() - begun_ms) / 1000,
           (unsigned long long)world.seed);
    printf(
        "killed: the daemon %u times, its Redis %u times; cut: %u "
        "connections\n",
        world.n.kills, world.n.redis_kills, world.n.cuts);
    printf("people: %u with %u requests and reports, %u messages\n",
           HASH_COUNT(world.people), world.n.records, world.n.messages);
    printf(
        "in flight when something was killed: %u messages, at most %u at "
        "once\n",
        world.n.in_flight, world.n.most_in_flight);
    printf("delivered again: %u without an answer, %u with one\n",
           world.n.redelivered, world.n.answered_again);
    printf("answers: %u, repeated %u, away %u, uncertain %u\n", world.n.answers,
           world.n.repeated, world.n.away, world.n.uncertain);
}

static void finish(void) {
    for (size_t i = 0; i < N_ACCOUNTS; i++)
        peer_close(world.peers[i]);
    test_daemon_free(world.daemon);
    photo_server_free(world.photos);
    callers_free();
    hooks_free();
    people_free();
    moves_free();
}

int main(void) {
    int64_t begun_ms = now_ms();
    uint64_t kills = setting("XIAOFENG_KILL_KILLS", KILLS);

    setvbuf(stdout, NULL, _IOLBF, 0);
    world.seed = setting("XIAOFENG_KILL_SEED", (uint64_t)time(NULL));
    world.random = world.seed * 2654435761u + 1;
    world.next_id = 1000000;
    printf("seed %llu\n", (unsigned long long)world.seed);
    world.photos = photo_server_new();
    world.daemon = test_daemon_new(
        "[pace]\naccount_rate = 0\ngroup_rate = 0\n"
        "broadcast_jitter = 0s\n"
        "[rider]\nrate = 0\n"
        "[api]\nrate = 0\npeer_rate = 0\n"
        "[photo]\nprivate_urls = yes\n"
        "[webhook]\nprivate_urls = yes\n");
    test_daemon_any_hour(world.daemon);
    make_groups();
    people_make((unsigned)setting("XIAOFENG_KILL_RIDERS", RIDERS));
    staff_make();
    callers_make();
    hooks_make();
    connect_all();
    while (world.n.kills < kills) {
        stay_calm();
        world.last_kill = world.n.kills + 1 == kills;
        strike();
    }
    world.closing = true;
    until_quiet("the conversations");
    world.checking = true;
    until_quiet("the search for each number");
    until_sent();
    callers_settle();
    print_figures(begun_ms);
    verify();
    finish();
    printf("%s: %u problems\n", world.problems == 0 ? "passed" : "FAILED",
           world.problems);
    return world.problems == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

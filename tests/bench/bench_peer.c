/*
 * The OneBot 11 implementation that the bench's bots serve: it writes what
 * riders write and counts what is answered.
 *
 *   bench_peer PORT PID requests COUNT SECONDS FIRST  as fast as it goes, until
 *                                                     either is reached
 *   bench_peer PORT PID paced RATE SECONDS FIRST      at RATE a second, from
 *                                                     the planned moment on
 *   bench_peer PORT PID hellos COUNT FIRST            riders write for the
 *                                                     first time, in private
 *   bench_peer PORT PID ratings COUNT FIRST           they rate how it ended
 *   bench_peer PORT PID chatter COUNT FIRST           a group's talk
 *   bench_peer PORT PID sends COUNT FIRST             waits for so many calls
 *   bench_peer PORT 0 first PROGRAM ARGUMENTS…        starts the bot, and asks
 *
 * FIRST is the first rider's number. Prints "name value" lines; the processor
 * time is that of PID.
 */
#include "tests/bench/proc.h"
#include "tests/peer/onebot_peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOKEN "bench"
#define GROUP "700000001"
#define STALL_MS 15000
#define WINDOW 256

struct bench {
    struct peer *peer;
    pid_t pid;
    uint64_t first; /* of riders and messages */
    uint64_t group_sends, private_sends;
    double *sent_s;     /* by message, for paced ones */
    double *latency_ms; /* of each answer, in the order they came */
    uint64_t n_sent, n_latencies;
    double first_call_s, last_call_s;
};

static _Noreturn void die(const char *what) {
    fprintf(stderr, "bench_peer: %s\n", what);
    exit(1);
}

static void on_send(void *data, bool group, const char *frame, size_t len) {
    static const char reply[] = "\"reply\",\"data\":{\"id\":\"";
    struct bench *bench = data;
    const char *at;
    uint64_t i;

    if (group)
        bench->group_sends++;
    else
        bench->private_sends++;
    bench->last_call_s = proc_now_s();
    if (bench->first_call_s == 0)
        bench->first_call_s = bench->last_call_s;
    if (!bench->sent_s)
        return;
    at = memmem(frame, len, reply, strlen(reply));
    if (!at)
        return;
    i = strtoull(at + strlen(reply), NULL, 10) - bench->first;
    if (i < bench->n_sent)
        bench->latency_ms[bench->n_latencies++] =
            (bench->last_call_s - bench->sent_s[i]) * 1000;
}

static void say_request(struct bench *bench, uint64_t i) {
    char number[24];

    snprintf(number, sizeof(number), "%llu",
             (unsigned long long)(bench->first + i));
    peer_send_group_text(bench->peer, GROUP, number, number,
                         "诉求 三山街的换电柜坏了,两天没有人来修");
}

/* One call at a time, or what came within a millisecond or so. */
static void take(struct bench *bench, int timeout_ms, bool must) {
    int n = peer_run(bench->peer, timeout_ms, true);

    if (n < 0)
        die("the bot has closed the connection");
    if (n == 0 && must)
        die("the bot does not answer");
}

/* With WINDOW under way: enough to keep everybody busy. */
static void run_requests(struct bench *bench, uint64_t count, double seconds) {
    double start_s = proc_now_s(), cpu_s = proc_cpu_s(bench->pid);
    uint64_t sent = 0;

    while (sent < count && proc_now_s() < start_s + seconds) {
        while (sent < count && sent - bench->group_sends < WINDOW)
            say_request(bench, sent++);
        take(bench, STALL_MS, true);
    }
    while (bench->group_sends < sent)
        take(bench, STALL_MS, true);
    seconds = proc_now_s() - start_s;
    peer_run(bench->peer, 50, false); /* what is left to do belongs to it */
    printf("count %llu\nrate %.3f\ncpu_us %.6f\n", (unsigned long long)sent,
           (double)sent / seconds,
           (proc_cpu_s(bench->pid) - cpu_s) / (double)sent * 1e6);
}

static int by_size(const void *a, const void *b) {
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void print_latencies(struct bench *bench) {
    uint64_t n = bench->n_latencies;

    qsort(bench->latency_ms, n, sizeof(double), by_size);
    printf("p50 %.3f\np99 %.3f\nmax %.3f\n", bench->latency_ms[n / 2],
           bench->latency_ms[n * 99 / 100], bench->latency_ms[n - 1]);
}

static void run_paced(struct bench *bench, double rate, double seconds) {
    uint64_t count = (uint64_t)(rate * seconds);
    double start_s = proc_now_s(), cpu_s = proc_cpu_s(bench->pid);

    bench->sent_s = calloc(count, sizeof(double));
    bench->latency_ms = calloc(count, sizeof(double));
    if (!bench->sent_s || !bench->latency_ms)
        die("no memory");
    while (bench->n_latencies < count) {
        double now_s = proc_now_s();

        if (now_s > start_s + seconds + 10)
            die("answers are missing");
        while (bench->n_sent < count &&
               start_s + (double)bench->n_sent / rate <= now_s) {
            bench->sent_s[bench->n_sent] =
                start_s + (double)bench->n_sent / rate;
            say_request(bench, bench->n_sent++);
        }
        if (!peer_flush(bench->peer, STALL_MS))
            die("the bot does not read");
        take(bench, 1, false);
    }
    printf("cpu %.6f\n", proc_cpu_s(bench->pid) - cpu_s);
    print_latencies(bench);
}

static const char *const talk[] = {
    "好的",
    "今天单子真多",
    "新街口那边堵车,大家绕一下",
    "哈哈哈哈",
    "谁有多的雨衣,借我一件,晚上还",
    "帮我看一下站里的头盔还在不在",
    "3号线出口的充电桩修好了没有",
    "收到",
    "夫子庙商户出餐太慢,等了四十分钟,平台还算我超时,这个能申诉吗?",
    "[表情]",
};
#define TALK (sizeof(talk) / sizeof(talk[0]))

static void run_chatter(struct bench *bench, uint64_t count) {
    const char *const images[] = {
        "https://gchat.example/gchatpic_new/0/0-0-8F0E2A?term=2&is_origin=0",
        NULL};
    char *frames[TALK];
    size_t lens[TALK], bytes = 0;
    double cpu_s, start_s;

    for (size_t i = 0; i < TALK; i++) {
        struct peer_message message = {
            .group = GROUP,
            .user = "800000001",
            .text = talk[i],
            .images = i == 9 ? images : NULL,
        };
        frames[i] = peer_message_frame(bench->peer, &message);
        lens[i] = strlen(frames[i]);
        bytes += lens[i];
    }
    cpu_s = proc_cpu_s(bench->pid);
    start_s = proc_now_s();
    for (uint64_t i = 0; i < count; i++) {
        peer_send_frame(bench->peer, frames[i % TALK], lens[i % TALK]);
        if (i % 256 == 0 && !peer_flush(bench->peer, STALL_MS))
            die("the bot does not read");
    }
    /* Somebody asks in private: when that is answered all before is read. */
    peer_send_private_text(bench->peer, "800000002", NULL, "帮助");
    while (bench->private_sends == 0)
        take(bench, STALL_MS, true);
    printf("cpu %.6f\nseconds %.6f\nbytes %zu\nsends %llu\n",
           proc_cpu_s(bench->pid) - cpu_s, proc_now_s() - start_s, bytes / TALK,
           (unsigned long long)bench->group_sends);
    for (size_t i = 0; i < TALK; i++)
        free(frames[i]);
}

/* Each rider says it once, in private. */
static void run_words(struct bench *bench, uint64_t count, const char *words) {
    for (uint64_t sent = 0; sent < count || bench->private_sends < count;) {
        while (sent < count && sent - bench->private_sends < WINDOW) {
            char user[24];

            snprintf(user, sizeof(user), "%llu",
                     (unsigned long long)(bench->first + sent++));
            peer_send_private_text(bench->peer, user, user, words);
        }
        take(bench, STALL_MS, true);
    }
    peer_run(bench->peer, 50, false);
}

static void run_sends(struct bench *bench, uint64_t count) {
    double cpu_s = proc_cpu_s(bench->pid);

    puts("waiting");
    fflush(stdout);
    while (bench->group_sends < count)
        take(bench, STALL_MS, true);
    printf("seconds %.6f\n", bench->last_call_s - bench->first_call_s);
    peer_flush(bench->peer, STALL_MS); /* an outcome a call, none cut off */
    peer_run(bench->peer, 100, false);
    printf("cpu %.6f\n", proc_cpu_s(bench->pid) - cpu_s);
}

static struct peer *come_in(int port) {
    const struct peer_options options = {.port = port, .token = TOKEN};
    struct peer *peer;

    for (int i = 0; i < 20000; i++) {
        peer = peer_connect(&options, NULL);
        if (peer)
            return peer;
        usleep(500);
    }
    die("nobody to connect to");
}

static void run_first(int port, char **argv) {
    double start_s = proc_now_s();
    struct bench bench = {0};
    pid_t pid = fork();

    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    bench.peer = come_in(port);
    peer_set_on_send(bench.peer, on_send, &bench);
    peer_send_private_text(bench.peer, "900000001", NULL, "帮助");
    while (bench.private_sends == 0)
        take(&bench, STALL_MS, true);
    printf("ms %.3f\n", (bench.first_call_s - start_s) * 1000);
    peer_close(bench.peer);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

int main(int argc, char **argv) {
    struct bench bench = {0};
    int port = argc > 4 ? atoi(argv[1]) : 0;
    const char *what = port ? argv[3] : "";
    double a = port ? strtod(argv[4], NULL) : 0;

    if (strcmp(what, "first") == 0) {
        run_first(port, argv + 4);
        return 0;
    }
    if (!port || argc < 6)
        die("see the head of bench_peer.c");
    bench.pid = atoi(argv[2]);
    bench.first = strtoull(argv[argc - 1], NULL, 10);
    bench.peer = come_in(port);
    peer_set_on_send(bench.peer, on_send, &bench);
    peer_run(bench.peer, 50, false); /* it asks who we are */
    if (strcmp(what, "requests") == 0)
        run_requests(&bench, (uint64_t)a, strtod(argv[5], NULL));
    else if (strcmp(what, "paced") == 0)
        run_paced(&bench, a, strtod(argv[5], NULL));
    else if (strcmp(what, "chatter") == 0)
        run_chatter(&bench, (uint64_t)a);
    else if (strcmp(what, "hellos") == 0)
        run_words(&bench, (uint64_t)a, "帮助");
    else if (strcmp(what, "ratings") == 0)
        run_words(&bench, (uint64_t)a, "5");
    else if (strcmp(what, "sends") == 0)
        run_sends(&bench, (uint64_t)a);
    else
        die("see the head of bench_peer.c");
    peer_cut(bench.peer);
    return 0;
}

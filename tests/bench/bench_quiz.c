/*
 * Riders who answer the question of the day, each once, in private.
 *
 *   bench_quiz PORT PID answers COUNT SECONDS FIRST  as fast as it goes, until
 *                                                    either is reached
 *   bench_quiz PORT PID paced RATE SECONDS FIRST     at RATE a second, from the
 *                                                    planned moment on
 *
 * FIRST is the first rider's number. Prints "name value" lines; the processor
 * time is that of PID.
 */
#include "tests/bench/proc.h"
#include "tests/peer/onebot_peer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOKEN "bench"
#define STALL_MS 15000
#define WINDOW 256
#define TRIES 20000

struct bench {
    struct peer *peer;
    pid_t pid;
    uint64_t first;
    uint64_t n_sent, n_answered;
    double *sent_s, *latency_ms; /* by rider */
};

static _Noreturn void die(const char *what) {
    fprintf(stderr, "bench_quiz: %s\n", what);
    exit(1);
}

static void on_send(void *data, bool group, const char *frame, size_t len) {
    static const char user[] = "\"user_id\":", verdict[] = "✗";
    struct bench *bench = data;
    const char *at = memmem(frame, len, user, strlen(user));
    uint64_t i;

    if (group || !at)
        return;
    if (!memmem(frame, len, verdict, strlen(verdict)) &&
        !memmem(frame, len, "✓", strlen("✓")))
        die("that is no verdict");
    at += strlen(user);
    i = strtoull(*at == '"' ? at + 1 : at, NULL, 10) - bench->first;
    if (i >= bench->n_sent || bench->latency_ms[i] != 0)
        die("nobody has asked for that");
    bench->latency_ms[i] = (proc_now_s() - bench->sent_s[i]) * 1000;
    bench->n_answered++;
}

/* Three in four are right. */
static void answer(struct bench *bench, double at_s) {
    uint64_t i = bench->n_sent++;
    char number[24];

    bench->sent_s[i] = at_s;
    snprintf(number, sizeof(number), "%llu",
             (unsigned long long)(bench->first + i));
    peer_send_private_text(bench->peer, number, number,
                           i % 4 ? "答题 2" : "答题 1");
}

static void take(struct bench *bench, int timeout_ms, bool must) {
    int n = peer_run(bench->peer, timeout_ms, true);

    if (n < 0)
        die("the bot has closed the connection");
    if (n == 0 && must)
        die("the bot does not answer");
}

static void run_answers(struct bench *bench, uint64_t count, double seconds) {
    double start_s = proc_now_s();

    while (bench->n_sent < count && proc_now_s() < start_s + seconds) {
        while (bench->n_sent < count &&
               bench->n_sent - bench->n_answered < WINDOW)
            answer(bench, proc_now_s());
        take(bench, STALL_MS, true);
    }
    while (bench->n_answered < bench->n_sent)
        take(bench, STALL_MS, true);
    printf("rate %.3f\n", (double)bench->n_sent / (proc_now_s() - start_s));
}

static void run_paced(struct bench *bench, double rate, double seconds) {
    uint64_t count = (uint64_t)(rate * seconds);
    double start_s = proc_now_s();

    while (bench->n_answered < count) {
        double now_s = proc_now_s(), next_s;

        if (now_s > start_s + seconds + 10)
            die("answers are missing");
        while (bench->n_sent < count &&
               (next_s = start_s + (double)bench->n_sent / rate) <= now_s)
            answer(bench, next_s);
        if (!peer_flush(bench->peer, STALL_MS))
            die("the bot does not read");
        take(bench, 1, false);
    }
}

static int by_size(const void *a, const void *b) {
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void print_latencies(struct bench *bench) {
    uint64_t n = bench->n_answered;

    qsort(bench->latency_ms, n, sizeof(double), by_size);
    printf("count %llu\np50 %.3f\np99 %.3f\nmax %.3f\n", (unsigned long long)n,
           bench->latency_ms[n / 2], bench->latency_ms[n * 99 / 100],
           bench->latency_ms[n - 1]);
}

static struct peer *come_in(int port) {
    const struct peer_options options = {.port = port, .token = TOKEN};

    for (int i = 0; i < TRIES; i++) {
        struct peer *peer = peer_connect(&options, NULL);
        if (peer)
            return peer;
        usleep(500);
    }
    die("nobody to connect to");
}

int main(int argc, char **argv) {
    struct bench bench = {0};
    double a = argc == 7 ? strtod(argv[4], NULL) : 0;
    double seconds = argc == 7 ? strtod(argv[5], NULL) : 0;
    bool paced = argc == 7 && strcmp(argv[3], "paced") == 0;
    size_t room = (size_t)(paced ? a * seconds : a) + 1;
    double cpu_s;

    if (argc != 7 || a < 1 || (!paced && strcmp(argv[3], "answers") != 0))
        die("see the head of bench_quiz.c");
    bench.pid = atoi(argv[2]);
    bench.first = strtoull(argv[6], NULL, 10);
    bench.sent_s = calloc(room, sizeof(double));
    bench.latency_ms = calloc(room, sizeof(double));
    if (!bench.sent_s || !bench.latency_ms)
        die("no memory");
    bench.peer = come_in(atoi(argv[1]));
    peer_set_on_send(bench.peer, on_send, &bench);
    peer_run(bench.peer, 50, false); /* it asks who we are */
    cpu_s = proc_cpu_s(bench.pid);
    if (paced)
        run_paced(&bench, a, seconds);
    else
        run_answers(&bench, (uint64_t)a, seconds);
    peer_run(bench.peer, 50, false); /* what is left to do belongs to it */
    printf("cpu_us %.3f\n",
           (proc_cpu_s(bench.pid) - cpu_s) / (double)bench.n_answered * 1e6);
    print_latencies(&bench);
    peer_cut(bench.peer);
    return 0;
}

/*
 * Several accounts of a chat platform, each in groups of its own, that take and
 * answer what a broadcast sends.
 *
 *   bench_accounts PORT PID ACCOUNTS GROUPS RATE BURST
 *
 * Says "ready" when the bot knows the groups of all accounts, and waits for one
 * message in each. Prints "name value" lines: the seconds from the first to the
 * last, the processor time of PID meanwhile, and, when RATE is not 0, by how
 * many percent the account that strayed most was away from BURST messages at
 * once and that many a second.
 */
#include "tests/bench/proc.h"
#include "tests/peer/onebot_peer.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "bench"
#define ACCOUNTS_MAX 64
#define GROUPS_MAX 500 /* of one account, that the bot takes */
#define STALL_MS 20000
#define GROUP_JSON "{\"group_id\":%d,\"group_name\":\"%d号站点\"},"
#define GROUP_JSON_BYTES 64
#define FIRST_ACCOUNT 10001000
#define FIRST_GROUP 710000000

struct account {
    struct peer *peer;
    char id[16];
    char *groups;
    unsigned n;
    double first_s, last_s;
};

static struct account accounts[ACCOUNTS_MAX];
static int n_accounts, n_groups;
static unsigned total;

static _Noreturn void die(const char *what) {
    fprintf(stderr, "bench_accounts: %s\n", what);
    exit(1);
}

static void on_send(void *data, bool group, const char *frame, size_t len) {
    struct account *account = data;
    (void)group;
    (void)frame;
    (void)len;
    account->last_s = proc_now_s();
    if (account->n++ == 0)
        account->first_s = account->last_s;
    total++;
}

static void come_in(struct account *account, int i, int port) {
    size_t size = (size_t)n_groups * GROUP_JSON_BYTES + 3, at = 0;
    account->groups = malloc(size);
    if (account->groups == NULL)
        die("no memory");
    account->groups[at++] = '[';
    for (int g = 0; g < n_groups; g++) {
        int id = FIRST_GROUP + i * n_groups + g;
        int n = snprintf(account->groups + at, size - at, GROUP_JSON, id, g);
        at += (size_t)n;
    }
    account->groups[at - 1] = ']'; /* instead of the last comma */
    account->groups[at] = '\0';
    snprintf(account->id, sizeof(account->id), "%d", FIRST_ACCOUNT + i);
    account->peer =
        peer_connect(&(struct peer_options){.port = port,
                                            .token = TOKEN,
                                            .self_id = account->id,
                                            .groups = account->groups},
                     NULL);
    if (account->peer == NULL)
        die("nobody to connect to");
    peer_set_on_send(account->peer, on_send, account);
    peer_run(account->peer, 100, false); /* it asks who we are, and where */
}

/* Whatever any of them was sent. */
static void take(void) {
    struct pollfd fds[ACCOUNTS_MAX];
    for (int i = 0; i < n_accounts; i++)
        fds[i] =
            (struct pollfd){.fd = peer_fd(accounts[i].peer), .events = POLLIN};
    if (poll(fds, (nfds_t)n_accounts, STALL_MS) <= 0)
        die("the bot sends nothing");
    for (int i = 0; i < n_accounts; i++)
        if (fds[i].revents != 0 && peer_run(accounts[i].peer, 0, false) < 0)
            die("the bot has closed a connection");
}

static void print(double rate, double burst, double cpu_s) {
    double first_s = accounts[0].first_s, last_s = 0, worst = 0;
    for (int i = 0; i < n_accounts; i++) {
        const struct account *account = &accounts[i];
        double took_s = account->last_s - account->first_s;
        double away = rate > 0 ? took_s / ((account->n - burst) / rate) - 1 : 0;
        if (account->first_s < first_s)
            first_s = account->first_s;
        if (account->last_s > last_s)
            last_s = account->last_s;
        if (away < 0)
            away = -away;
        if (away > worst)
            worst = away;
    }
    printf("seconds %.6f\ncpu %.6f\nworst %.4f\n", last_s - first_s, cpu_s,
           worst * 100);
}

int main(int argc, char **argv) {
    int port = argc == 7 ? atoi(argv[1]) : 0;
    pid_t pid = port ? (pid_t)atoi(argv[2]) : 0;
    n_accounts = port ? atoi(argv[3]) : 0;
    n_groups = port ? atoi(argv[4]) : 0;
    if (n_accounts < 1 || n_accounts > ACCOUNTS_MAX || n_groups < 2 ||
        n_groups > GROUPS_MAX)
        die("see the head of bench_accounts.c");
    for (int i = 0; i < n_accounts; i++)
        come_in(&accounts[i], i, port);
    puts("ready");
    fflush(stdout);
    double cpu_s = proc_cpu_s(pid);
    while (total < (unsigned)(n_accounts * n_groups))
        take();
    for (int i = 0; i < n_accounts; i++)
        peer_flush(accounts[i].peer, STALL_MS);
    for (int i = 0; i < n_accounts; i++)
        peer_run(accounts[i].peer, 20, false);
    print(strtod(argv[5], NULL), strtod(argv[6], NULL),
          proc_cpu_s(pid) - cpu_s);
    for (int i = 0; i < n_accounts; i++) {
        peer_cut(accounts[i].peer);
        free(accounts[i].groups);
    }
    return 0;
}

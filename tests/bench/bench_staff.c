/*
 * Staff, many of them: calls of the API on connections that stay open, and
 * consoles that listen.
 *
 *   bench_staff PORT PID get SESSION COUNT PATH      one after the other
 *   bench_staff PORT PID moves SESSION SECONDS FIRST claim and release, by
 *                                                    MOVERS at once; of tickets
 *                                                    S<FIRST> and those behind
 *   bench_staff PORT PID close SESSION COUNT FIRST   claim, answer and close
 *   bench_staff PORT PID live SESSION SECONDS RATE   CONSOLES listen while RATE
 *                                                    tickets a minute are filed
 *
 * SESSION is the beginning of secrets: "<SESSION>0" and so on are sessions of
 * users. Prints "name value" lines; the processor time is that of PID.
 */
#include "tests/bench/proc.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CSRF "bench"
#define MOVERS 16
#define PAIRS 2 /* of claim and release, of one ticket */
#define CONSOLES 200
#define OF_ONE_USER 40
#define BYTES 262144
#define STALL_MS 15000

static _Noreturn void die(const char *what) {
    fprintf(stderr, "bench_staff: %s\n", what);
    exit(1);
}

struct peer {
    int fd;
    char *got; /* BYTES, with a NUL behind what was read */
    size_t len;
    /* moves */
    unsigned ticket, step;
    long version;
};

static uint16_t port;
static pid_t pid;
static const char *session;

static struct peer peer_new(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct peer peer = {.fd = socket(AF_INET, SOCK_STREAM, 0),
                        .got = malloc(BYTES + 1)};
    int on = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!peer.got || peer.fd < 0 ||
        connect(peer.fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        die("cannot connect");
    setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    peer.got[0] = '\0';
    return peer;
}

static void say(struct peer *peer, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct peer *peer, const char *fmt, ...) {
    char text[4096];
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(text) ||
        write(peer->fd, text, (size_t)len) != len)
        die("cannot write");
}

static void hear(struct peer *peer) {
    ssize_t n = read(peer->fd, peer->got + peer->len, BYTES - peer->len);

    if (n <= 0)
        die("a connection has ended, or says too much");
    peer->len += (size_t)n;
    peer->got[peer->len] = '\0';
}

static void forget(struct peer *peer, size_t len) {
    peer->len -= len;
    memmove(peer->got, peer->got + len, peer->len + 1);
}

static void call(struct peer *peer, const char *method, const char *path,
                 const char *body) {
    say(peer,
        "%s /api/v1%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Cookie: xf_session=%s0\r\nX-CSRF-Token: " CSRF
        "\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        method, path, session, strlen(body), body);
}

/* The bytes of a whole answer at the front, 0 while it is not there. */
static size_t answer_len(const struct peer *peer) {
    const char *end = strstr(peer->got, "\r\n\r\n");
    const char *length = strcasestr(peer->got, "content-length:");

    if (!end || !length)
        return 0;
    size_t len = (size_t)(end + 4 - peer->got) + strtoul(length + 15, NULL, 10);
    return len <= peer->len ? len : 0;
}

static void must_be(const struct peer *peer, const char *status) {
    if (strncmp(peer->got, "HTTP/1.1 ", 9) != 0 ||
        strncmp(peer->got + 9, status, 3) != 0) {
        fprintf(stderr, "%.600s\n", peer->got);
        die("another answer than expected");
    }
}

/* One call and its whole answer. */
static size_t ask(struct peer *peer, const char *method, const char *path,
                  const char *body, const char *status) {
    size_t len;

    call(peer, method, path, body);
    while ((len = answer_len(peer)) == 0)
        hear(peer);
    must_be(peer, status);
    return len;
}

static long version_of(const struct peer *peer) {
    const char *at = strstr(peer->got, "\"version\":");

    if (!at)
        die("an answer without a version");
    return strtol(at + 10, NULL, 10);
}

/* ---- one after the other ------------------------------------------------- */

static int by_size(const void *a, const void *b) {
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void print_times(double *ms, size_t n) {
    if (n == 0)
        die("nothing was measured");
    qsort(ms, n, sizeof(*ms), by_size);
    printf("p50 %.3f\np99 %.3f\nmax %.3f\n", ms[n / 2], ms[n * 99 / 100],
           ms[n - 1]);
}

static void run_get(size_t count, const char *path) {
    struct peer peer = peer_new();
    double *ms = calloc(count + 1, sizeof(*ms));

    if (!ms)
        die("no memory");
    for (size_t i = 0; i < count; i++) {
        double start_s = proc_now_s();
        size_t len = ask(&peer, "GET", path, "", "200");
        ms[i] = (proc_now_s() - start_s) * 1000;
        if (i == 0)
            printf("bytes %zu\n", len);
        forget(&peer, len);
    }
    print_times(ms, count);
}

/* ---- moves --------------------------------------------------------------- */

static void next_move(struct peer *peer) {
    char path[64], body[96];

    if (peer->step == 2 * PAIRS) {
        peer->ticket += MOVERS;
        peer->step = 0;
        peer->version = 1;
    }
    snprintf(path, sizeof(path), "/tickets/S%u/moves", peer->ticket);
    snprintf(body, sizeof(body), "{\"move\":\"%s\",\"version\":%ld}",
             peer->step++ % 2 == 0 ? "claim" : "release", peer->version);
    call(peer, "POST", path, body);
}

static void run_moves(double seconds, unsigned first) {
    struct peer peers[MOVERS];
    struct pollfd fds[MOVERS];
    size_t moves = 0;

    for (unsigned i = 0; i < MOVERS; i++) {
        peers[i] = peer_new();
        peers[i].ticket = first + i;
        peers[i].version = 1;
        fds[i] = (struct pollfd){.fd = peers[i].fd, .events = POLLIN};
        next_move(&peers[i]);
    }
    double start_s = proc_now_s(), cpu_s = proc_cpu_s(pid);
    while (proc_now_s() < start_s + seconds) {
        if (poll(fds, MOVERS, STALL_MS) <= 0)
            die("no answer");
        for (unsigned i = 0; i < MOVERS; i++) {
            if (fds[i].revents == 0)
                continue;
            hear(&peers[i]);
            size_t len = answer_len(&peers[i]);
            if (len == 0)
                continue;
            must_be(&peers[i], "200");
            peers[i].version = version_of(&peers[i]);
            forget(&peers[i], len);
            next_move(&peers[i]);
            moves++;
        }
    }
    seconds = proc_now_s() - start_s;
    printf("rate %.1f\ncpu %.4f\ncpu_us %.2f\n", (double)moves / seconds,
           (proc_cpu_s(pid) - cpu_s) / seconds,
           (proc_cpu_s(pid) - cpu_s) / (double)moves * 1e6);
}

static void run_close(size_t count, unsigned first) {
    static const char *const moves[] = {
        "\"move\":\"claim\"",
        "\"move\":\"answer\",\"text\":\"已经联系换电公司,明天上午派人来修\"",
        "\"move\":\"close\",\"text\":\"换电柜修好了,可以正常换电\"",
    };
    struct peer peer = peer_new();

    for (unsigned i = 0; i < count; i++) {
        long version = 1;
        for (size_t m = 0; m < sizeof(moves) / sizeof(moves[0]); m++) {
            char path[64], body[256];
            snprintf(path, sizeof(path), "/tickets/S%u/moves", first + i);
            snprintf(body, sizeof(body), "{%s,\"version\":%ld}", moves[m],
                     version);
            size_t len = ask(&peer, "POST", path, body, "200");
            version = version_of(&peer);
            forget(&peer, len);
        }
    }
}

/* ---- consoles ------------------------------------------------------------ */

struct hall {
    struct peer consoles[CONSOLES], filer;
    struct pollfd fds[CONSOLES + 1];
    double *ms;
    size_t heard, room, bytes, welcome;
    bool asked; /* the filer waits for an answer */
};

static double wall_ms(void) {
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (double)ts.tv_sec * 1000 + (double)ts.tv_nsec / 1e6;
}

static void come_in(struct peer *peer, unsigned i) {
    *peer = peer_new();
    say(peer,
        "GET /console/ws HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nCookie: xf_session=%s%u\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        session, i / OF_ONE_USER);
    while (!strstr(peer->got, "\r\n\r\n"))
        hear(peer);
    must_be(peer, "101");
    forget(peer, (size_t)(strstr(peer->got, "\r\n\r\n") + 4 - peer->got));
}

/* The size of a frame at the front, 0 while it is not whole. */
static size_t frame_len(const struct peer *peer, size_t *head) {
    const unsigned char *got = (const unsigned char *)peer->got;

    if (peer->len < 2)
        return 0;
    size_t len = got[1];
    *head = 2;
    if (len == 126) {
        if (peer->len < 4)
            return 0;
        len = (size_t)got[2] << 8 | got[3];
        *head = 4;
    } else if (len == 127) {
        die("a very long frame");
    }
    return *head + len <= peer->len ? *head + len : 0;
}

static void take_frame(struct hall *hall, const char *frame, size_t head,
                       size_t len) {
    const char *text = frame + head;
    static const char word[] = "\"created_ms\":";
    const char *at = memmem(text, len, word, strlen(word));

    if (frame[0] == (char)0x88) {
        fprintf(stderr, "%.*s\n", (int)(len > 2 ? len - 2 : 0), text + 2);
        die("a console was closed");
    }
    hall->bytes += len;
    if (!at) {
        hall->welcome += memmem(text, len, "\"hello\"", 7) != NULL;
        return;
    }
    if (hall->heard < hall->room)
        hall->ms[hall->heard++] = wall_ms() - strtod(at + strlen(word), NULL);
}

static void take_frames(struct hall *hall, struct peer *peer) {
    size_t head, len;

    while ((len = frame_len(peer, &head)) > 0) {
        take_frame(hall, peer->got, head, len - head);
        forget(peer, len);
    }
}

static void hear_frames(struct hall *hall, struct peer *peer) {
    hear(peer);
    take_frames(hall, peer);
}

/* What comes within a while. */
static void listen_for(struct hall *hall, double seconds) {
    int ms = seconds > 0 ? (int)(seconds * 1000) : 0;

    if (poll(hall->fds, CONSOLES + 1, ms) <= 0)
        return;
    for (unsigned i = 0; i < CONSOLES; i++)
        if (hall->fds[i].revents != 0)
            hear_frames(hall, &hall->consoles[i]);
    if (hall->fds[CONSOLES].revents != 0) {
        hear(&hall->filer);
        size_t len;
        while ((len = answer_len(&hall->filer)) > 0) {
            must_be(&hall->filer, "201");
            hall->asked = false;
            forget(&hall->filer, len);
        }
    }
}

static void run_live(double seconds, double rate) {
    static const char report[] =
        "{\"kind\":\"report\",\"category\":\"damage\",\"text\":"
        "\"三山街路口的井盖松了,骑车经过很响,晚上看不清,请尽快处理\","
        "\"place\":\"三山街路口\",\"lat\":32.021,\"lon\":118.783}";
    size_t count = (size_t)(seconds * rate / 60), filed = 0;
    struct hall *hall = calloc(1, sizeof(*hall));

    if (!hall)
        die("no memory");
    hall->room = count * CONSOLES;
    hall->ms = calloc(hall->room + 1, sizeof(double));
    hall->filer = peer_new();
    hall->fds[CONSOLES] =
        (struct pollfd){.fd = hall->filer.fd, .events = POLLIN};
    for (unsigned i = 0; i < CONSOLES; i++) {
        come_in(&hall->consoles[i], i);
        take_frames(hall, &hall->consoles[i]); /* some came along */
        hall->fds[i] =
            (struct pollfd){.fd = hall->consoles[i].fd, .events = POLLIN};
    }
    double give_up_s = proc_now_s() + STALL_MS / 1000.0;
    while (hall->welcome < CONSOLES && proc_now_s() < give_up_s)
        listen_for(hall, 0.1);
    double start_s = proc_now_s(), cpu_s = proc_cpu_s(pid);
    hall->bytes = 0;
    give_up_s = start_s + seconds + STALL_MS / 1000.0;
    while (hall->heard < hall->room && proc_now_s() < give_up_s) {
        double due_s = start_s + (double)filed * 60 / rate;
        if (filed < count && !hall->asked && proc_now_s() >= due_s) {
            call(&hall->filer, "POST", "/tickets", report);
            hall->asked = true;
            filed++;
        } else if (hall->asked) {
            listen_for(hall, 0.1);
        } else {
            listen_for(hall, filed < count ? due_s - proc_now_s() : 0.1);
        }
    }
    seconds = proc_now_s() - start_s;
    printf("heard %zu\nexpected %zu\ncpu %.4f\nbytes %.1f\n", hall->heard,
           hall->room, (proc_cpu_s(pid) - cpu_s) / seconds,
           (double)hall->bytes / (double)(hall->heard + 1));
    print_times(hall->ms, hall->heard);
}

int main(int argc, char **argv) {
    if (argc != 7)
        die("see the head of bench_staff.c");
    port = (uint16_t)atoi(argv[1]);
    pid = atoi(argv[2]);
    session = argv[4];
    double number = strtod(argv[5], NULL);
    unsigned last = (unsigned)strtoul(argv[6], NULL, 10);

    if (strcmp(argv[3], "get") == 0)
        run_get((size_t)number, argv[6]);
    else if (strcmp(argv[3], "moves") == 0)
        run_moves(number, last);
    else if (strcmp(argv[3], "close") == 0)
        run_close((size_t)number, last);
    else if (strcmp(argv[3], "live") == 0)
        run_live(number, last);
    else
        die("see the head of bench_staff.c");
    return 0;
}

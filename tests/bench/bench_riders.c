/*
 * Many riders of the web chat, who come in and then only listen.
 *
 *   bench_riders PORT PID COUNT hello    they say hello and are welcomed
 *   bench_riders PORT PID COUNT silent   connections only
 *
 * Prints by how much the memory of PID grew for each.
 */
#include "tests/bench/proc.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define WARM_UP 50       /* who come before the first look */
#define OF_ONE_ADDRESS 4 /* a few share one, as behind a router */

static _Noreturn void die(const char *what) {
    fprintf(stderr, "bench_riders: %s\n", what);
    exit(1);
}

/* Reads until word comes. */
static void await(int fd, const char *word) {
    static char seen[256 * 1024];
    size_t len = 0;

    while (len < sizeof(seen)) {
        ssize_t n = read(fd, seen + len, sizeof(seen) - len);
        if (n <= 0)
            die("a connection has ended");
        len += (size_t)n;
        if (memmem(seen, len, word, strlen(word)))
            return;
    }
    die("too much to read");
}

static void say(int fd, const char *text, size_t len) {
    if (write(fd, text, len) != (ssize_t)len)
        die("cannot write");
}

static void say_hello(int fd) {
    static const char hello[] =
        "{\"type\":\"hello\",\"token\":null,\"nick\":\"小李\","
        "\"group\":\"bench\",\"lang\":\"zh-CN\"}";
    char frame[sizeof(hello) + 6] = {(char)0x81, (char)(0x80 | strlen(hello))};

    _Static_assert(sizeof(hello) < 126, "one byte of length");
    memcpy(frame + 6, hello, strlen(hello)); /* a mask of zeros */
    say(fd, frame, strlen(hello) + 6);
    await(fd, "\"welcome\"");
}

static int come_in(uint16_t port, unsigned i, bool hello) {
    static const char upgrade[] =
        "GET /chat/ws HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    from.sin_addr.s_addr = htonl(0x7f010002 + i / OF_ONE_ADDRESS);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        die("cannot connect");
    say(fd, upgrade, strlen(upgrade));
    await(fd, "\r\n\r\n");
    if (hello)
        say_hello(fd);
    return fd;
}

int main(int argc, char **argv) {
    struct rlimit files = {8192, 8192};
    unsigned count = argc > 4 ? (unsigned)atoi(argv[3]) : 0;
    long own_kb, rss_kb, more_kb;
    pid_t pid;

    if (count == 0)
        die("PORT PID COUNT hello|silent");
    setrlimit(RLIMIT_NOFILE, &files);
    pid = atoi(argv[2]);
    rss_kb = own_kb = 0;
    for (unsigned i = 0; i < count + WARM_UP; i++) {
        if (i == WARM_UP)
            rss_kb = proc_rss_kb(pid, &own_kb);
        come_in((uint16_t)atoi(argv[1]), i, strcmp(argv[4], "hello") == 0);
    }
    more_kb = proc_rss_kb(pid, &own_kb) - rss_kb;
    printf("kb %.3f\n", (double)more_kb / count);
    return 0;
}

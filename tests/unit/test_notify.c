#include "base/mem.h"
#include "bot/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* The service manager: a datagram socket at address, a path or "@name". */
static int listen_at(const char *address) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t len = strlen(address);
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_true(len < sizeof(addr.sun_path));
    memcpy(addr.sun_path, address, len);
    if (*address == '@')
        addr.sun_path[0] = '\0';
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&addr,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    return fd;
}

static void expect(int fd, const char *text) {
    char got[1024];
    ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

    assert_true(n >= 0);
    got[n] = '\0';
    assert_string_equal(got, text);
}

static void expect_nothing(int fd) {
    char got[16];

    assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
}

static void finish(uv_loop_t *loop, struct notify *notify) {
    notify_free(notify);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
}

static void play(const char *address) {
    uv_loop_t loop;
    int fd = listen_at(address);

    uv_loop_init(&loop);
    setenv("NOTIFY_SOCKET", address, 1);
    struct notify *notify = notify_new(&loop);
    assert_non_null(notify);
    assert_null(getenv("NOTIFY_SOCKET"));
    notify_ready(notify);
    expect(fd, "READY=1");
    notify_status(notify, "%d accounts\nREADY=0", 2);
    expect(fd, "STATUS=2 accounts READY=0");
    notify_stopping(notify);
    expect(fd, "STOPPING=1");
    uv_run(&loop, UV_RUN_NOWAIT);
    expect_nothing(fd); /* no watchdog was asked for */
    finish(&loop, notify);
    close(fd);
}

static void test_path(void **state) {
    char dir[] = "/tmp/xiaofeng-notify-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(dir));
    char *path = xasprintf("%s/socket", dir);
    play(path);
    unlink(path);
    rmdir(dir);
    free(path);
}

static char *abstract_name(void) {
    return xasprintf("@xiaofeng-notify-%d", (int)getpid());
}

static void test_abstract_name(void **state) {
    char *name = abstract_name();

    (void)state;
    play(name);
    free(name);
}

static void test_long_status_is_cut(void **state) {
    char *name = abstract_name();
    int fd = listen_at(name);
    char text[1001], got[1024];
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    setenv("NOTIFY_SOCKET", name, 1);
    struct notify *notify = notify_new(&loop);
    notify_status(notify, "%s", text);
    assert_int_equal(recv(fd, got, sizeof(got), 0), 255);
    finish(&loop, notify);
    close(fd);
    free(name);
}

struct listener {
    uv_poll_t poll;
    int fd;
    int left; /* signs of life still wanted */
};

static void on_readable(uv_poll_t *poll, int status, int events) {
    struct listener *listener = poll->data;

    assert_int_equal(status, 0);
    assert_int_equal(events, UV_READABLE);
    expect(listener->fd, "WATCHDOG=1");
    if (--listener->left == 0)
        uv_close((uv_handle_t *)poll, NULL);
}

/* Turns the loop until the watchdog has spoken n times. */
static void expect_watchdog(uv_loop_t *loop, int fd, int n) {
    struct listener listener = {.fd = fd, .left = n};

    assert_int_equal(uv_poll_init(loop, &listener.poll, fd), 0);
    listener.poll.data = &listener;
    uv_poll_start(&listener.poll, UV_READABLE, on_readable);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(listener.left, 0);
}

static void play_watchdog(const char *pid) {
    char *name = abstract_name();
    int fd = listen_at(name);
    uv_loop_t loop;

    uv_loop_init(&loop);
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("WATCHDOG_USEC", "20000", 1);
    if (pid != NULL)
        setenv("WATCHDOG_PID", pid, 1);
    struct notify *notify = notify_new(&loop);
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    uv_run(&loop, UV_RUN_NOWAIT);
    expect_nothing(fd); /* it is not ready yet */
    notify_ready(notify);
    expect(fd, "READY=1");
    uint64_t start = uv_hrtime();
    expect_watchdog(&loop, fd, 6);
    /* The first at once, five more every half of 20 ms. */
    assert_in_range((uv_hrtime() - start) / 1000000, 45, 5000);
    finish(&loop, notify);
    close(fd);
    free(name);
}

static void test_watchdog(void **state) {
    char *pid = xasprintf("%d", (int)getpid());

    (void)state;
    play_watchdog(NULL);
    play_watchdog(pid);
    free(pid);
}

/* Settings of a watchdog that are not for us, or are not numbers. */
static void test_no_watchdog(void **state) {
    static const char *const cases[][2] = {
        {"20000", "1"}, {"20000", "x"}, {"-1", ""},
        {"0", ""},      {"20ms", ""},   {"99999999999999999999999", ""}};
    char *name = abstract_name();
    int fd = listen_at(name);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uv_loop_t loop;
        uv_loop_init(&loop);
        setenv("NOTIFY_SOCKET", name, 1);
        setenv("WATCHDOG_USEC", cases[i][0], 1);
        if (cases[i][1][0] != '\0')
            setenv("WATCHDOG_PID", cases[i][1], 1);
        struct notify *notify = notify_new(&loop);
        notify_ready(notify);
        expect(fd, "READY=1");
        uv_run(&loop, UV_RUN_DEFAULT); /* returns: nothing is waited for */
        expect_nothing(fd);
        finish(&loop, notify);
    }
    close(fd);
    free(name);
}

static void test_nobody_listens(void **state) {
    static const char *const addresses[] = {"", "@", "/", "relative",
                                            "vsock:2"};
    char *name = abstract_name();
    char longer[200];
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    unsetenv("NOTIFY_SOCKET");
    assert_null(notify_new(&loop));
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        setenv("NOTIFY_SOCKET", addresses[i], 1);
        assert_null(notify_new(&loop));
        assert_null(getenv("NOTIFY_SOCKET"));
    }
    memset(longer, '/', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    setenv("NOTIFY_SOCKET", longer, 1);
    assert_null(notify_new(&loop));

    /* A manager that is gone is told nothing, and that is all. */
    setenv("NOTIFY_SOCKET", name, 1);
    struct notify *notify = notify_new(&loop);
    assert_non_null(notify);
    notify_ready(notify);
    finish(&loop, notify);
    free(name);

    notify_ready(NULL);
    notify_stopping(NULL);
    notify_status(NULL, "x");
    notify_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_abstract_name),
        cmocka_unit_test(test_long_status_is_cut),
        cmocka_unit_test(test_watchdog),
        cmocka_unit_test(test_no_watchdog),
        cmocka_unit_test(test_nobody_listens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

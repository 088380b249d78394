#include "bot/notify.h"

#define LOG_MODULE "notify"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define STATUS_BYTES 256

struct notify {
    int fd;
    struct sockaddr_un addr;
    socklen_t addr_len;
    uint64_t watchdog_ms; /* between two signs of life; 0: none are wanted */
    uv_timer_t watchdog;
};

/* A path, or "@" and an abstract name. */
static bool parse_address(struct notify *notify, const char *text) {
    size_t len = strlen(text);

    if ((*text != '/' && *text != '@') || len < 2 ||
        len >= sizeof(notify->addr.sun_path))
        return false;
    notify->addr.sun_family = AF_UNIX;
    memcpy(notify->addr.sun_path, text, len);
    if (*text == '@')
        notify->addr.sun_path[0] = '\0';
    notify->addr_len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    return true;
}

static bool parse_count(const char *text, uint64_t *out) {
    char *end;

    if (text == NULL || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* Twice as often as asked, so that one late turn is no death. */
static uint64_t read_watchdog(void) {
    const char *pid_text = getenv("WATCHDOG_PID");
    uint64_t usec, pid;

    if (!parse_count(getenv("WATCHDOG_USEC"), &usec) || usec == 0)
        return 0;
    if (pid_text != NULL &&
        (!parse_count(pid_text, &pid) || pid != (uint64_t)getpid()))
        return 0;
    return usec / 2000 > 0 ? usec / 2000 : 1;
}

static void send_text(struct notify *notify, const char *text) {
    ssize_t n;

    if (notify == NULL)
        return;
    do
        n = sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL,
                   (const struct sockaddr *)&notify->addr, notify->addr_len);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        LOG_WARN("cannot tell the service manager: %s", strerror(errno));
}

static void on_watchdog(uv_timer_t *timer) {
    send_text(timer->data, "WATCHDOG=1");
}

static struct notify *open_socket(const char *address) {
    struct notify *notify = xcalloc(1, sizeof(*notify));

    notify->fd = -1;
    if (!parse_address(notify, address))
        LOG_WARN("NOTIFY_SOCKET is not an address we know");
    else if ((notify->fd = socket(
                  AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
        LOG_WARN("no socket for the service manager: %s", strerror(errno));
    if (notify->fd >= 0)
        return notify;
    free(notify);
    return NULL;
}

struct notify *notify_new(uv_loop_t *loop) {
    const char *address = getenv("NOTIFY_SOCKET");
    struct notify *notify = address != NULL ? open_socket(address) : NULL;

    if (notify != NULL) {
        notify->watchdog_ms = read_watchdog();
        uv_timer_init(loop, &notify->watchdog);
        notify->watchdog.data = notify;
        /* It alone is no reason for the loop to go on. */
        uv_unref((uv_handle_t *)&notify->watchdog);
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return notify;
}

static void on_closed(uv_handle_t *handle) {
    struct notify *notify = handle->data;

    close(notify->fd);
    free(notify);
}

void notify_free(struct notify *notify) {
    if (notify != NULL)
        uv_close((uv_handle_t *)&notify->watchdog, on_closed);
}

void notify_ready(struct notify *notify) {
    send_text(notify, "READY=1");
    if (notify != NULL && notify->watchdog_ms > 0)
        uv_timer_start(&notify->watchdog, on_watchdog, 0, notify->watchdog_ms);
}

void notify_stopping(struct notify *notify) {
    send_text(notify, "STOPPING=1");
}

void notify_status(struct notify *notify, const char *fmt, ...) {
    char text[STATUS_BYTES] = "STATUS=";
    size_t len = strlen(text);
    va_list args;

    if (notify == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(text + len, sizeof(text) - len, fmt, args);
    va_end(args);
    /* A newline would begin another assignment. */
    for (char *c = text; *c != '\0'; c++)
        if (*c == '\n')
            *c = ' ';
    send_text(notify, text);
}

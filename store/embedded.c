#include "store/embedded.h"

#define LOG_MODULE "embedded"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "store/embedded_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TAKEOVER_MS 10000 /* for the Redis of a killed daemon to be gone */
#define STOP_MS 10000     /* for ours to write what it holds */
#define TICK_MS 5
#define RESTART_MAX_MS 2000
#define STABLE_MS 1000 /* a child that lived so long is started at once */
#define SOCKET_PATH_BYTES (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

static struct metric exits_total =
    METRIC_COUNTER("xiaofeng_embedded_redis_exits_total",
                   "Times the private Redis died by itself.");

struct embedded_redis {
    struct embedded_child child;
    struct embedded_options options;
    char *dir;
    char *server_path;
    char *url;
    int daemon_lock_fd; /* ours alone: who else asks for it is a daemon */
    pid_t pid;          /* 0 between its death and the next start */
    uint64_t started_ms;
    unsigned failures; /* deaths soon after the start, in a row */
    bool freed;
    uv_timer_t restart;
    uv_signal_t sigchld;
    int handles; /* not closed yet */
};

static void sleep_tick(void) {
    struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};

    nanosleep(&tick, NULL);
}

/* The directory. */

static bool make_dirs(char *path) {
    for (char *p = path + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        bool ok = mkdir(path, 0700) == 0 || errno == EEXIST;
        *p = '/';
        if (!ok)
            return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* The absolute path of the directory, which exists then; NULL: see the log. */
static char *open_dir(const char *path) {
    char *copy = xstrdup(path);
    char *dir = NULL;

    if (path[0] == '\0' || !make_dirs(copy) ||
        (dir = realpath(path, NULL)) == NULL) {
        LOG_ERR("cannot make the directory \"%s\": %s", path, strerror(errno));
    } else if (strlen(dir) + strlen("/" EMBEDDED_SOCKET) > SOCKET_PATH_BYTES) {
        LOG_ERR(
            "the path of the data directory is %zu bytes long, a unix "
            "socket allows %zu: choose a shorter one",
            strlen(dir), SOCKET_PATH_BYTES - strlen("/" EMBEDDED_SOCKET));
        free(dir);
        dir = NULL;
    }
    free(copy);
    return dir;
}

/* What redis_url.c would take for more than a part of the path. */
static char *socket_url(const char *dir) {
    struct buf url;

    buf_init(&url);
    buf_adds(&url, "unix://");
    for (const char *p = dir; *p != '\0'; p++) {
        if (*p == '?' || *p == '%')
            buf_addf(&url, "%%%02X", (unsigned)*p);
        else
            buf_addc(&url, *p);
    }
    buf_adds(&url, "/" EMBEDDED_SOCKET);
    return buf_take(&url);
}

/* Locks. */

/* The lock file, held; -1 when another process still has it after wait_ms, or
 * on an error, which errno tells apart. */
static int take_lock(const char *dir, const char *name, int wait_ms) {
    char *path = xasprintf("%s/%s", dir, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    free(path);
    if (fd < 0)
        return -1;
    /* flock() itself could wait, but only for ever. */
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        if (error == EWOULDBLOCK && wait_ms > 0) {
            sleep_tick();
            wait_ms -= TICK_MS;
            continue;
        }
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static enum err lock_failed(const char *holder) {
    if (errno != EWOULDBLOCK) {
        LOG_ERR("cannot lock the data directory: %s", strerror(errno));
        return ERR_IO;
    }
    LOG_ERR("the data directory is in use by %s", holder);
    return ERR_CONFLICT;
}

/*
 * Two locks: the daemon's own says at once that another daemon lives. The
 * child's may be held a little longer by the Redis of a daemon that was killed,
 * which saves and goes.
 */
static enum err take_locks(struct embedded_redis *redis) {
    redis->daemon_lock_fd = take_lock(redis->dir, "xiaofeng.lock", 0);
    if (redis->daemon_lock_fd < 0)
        return lock_failed("another daemon");
    redis->child.lock_fd = take_lock(redis->dir, "redis.lock", TAKEOVER_MS);
    if (redis->child.lock_fd < 0)
        return lock_failed("the redis-server of an earlier daemon");
    return OK;
}

/* The child's life. */

static void on_restart(uv_timer_t *timer);

static void restart_later(struct embedded_redis *redis) {
    unsigned n = redis->failures;
    uint64_t delay = 0;

    if (n > 0)
        delay = n < 6 ? (uint64_t)50 << n : RESTART_MAX_MS;
    uv_timer_start(&redis->restart, on_restart, delay, 0);
}

static enum err start(struct embedded_redis *redis) {
    enum err err = embedded_child_start(&redis->child, &redis->pid);

    redis->started_ms = uv_now(redis->restart.loop);
    return err;
}

static void on_restart(uv_timer_t *timer) {
    struct embedded_redis *redis = timer->data;

    if (start(redis) == OK)
        return;
    redis->failures++;
    restart_later(redis);
}

static void log_death(int status) {
    if (WIFSIGNALED(status))
        LOG_ERR("redis-server was killed by signal %d, starting it again",
                WTERMSIG(status));
    else
        LOG_ERR(
            "redis-server ended with status %d, starting it again; "
            "redis.log in the data directory says why",
            WEXITSTATUS(status));
}

static void on_sigchld(uv_signal_t *handle, int signum) {
    struct embedded_redis *redis = handle->data;
    uint64_t now = uv_now(handle->loop);
    int status;

    (void)signum;
    if (redis->pid == 0 || waitpid(redis->pid, &status, WNOHANG) != redis->pid)
        return;
    redis->pid = 0;
    metric_add(&exits_total, 1);
    log_death(status);
    if (now - redis->started_ms >= STABLE_MS)
        redis->failures = 0;
    restart_later(redis);
    redis->failures++;
    if (redis->options.on_exit != NULL)
        redis->options.on_exit(redis->options.data);
}

static void stop_child(pid_t pid) {
    if (pid == 0)
        return;
    kill(pid, SIGTERM);
    for (int waited = 0; waited < STOP_MS; waited += TICK_MS) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return;
        sleep_tick();
    }
    LOG_ERR("redis-server does not stop, killing it");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* The public face. */

static void release_locks(struct embedded_redis *redis) {
    if (redis->child.lock_fd >= 0)
        close(redis->child.lock_fd);
    if (redis->daemon_lock_fd >= 0)
        close(redis->daemon_lock_fd);
    redis->child.lock_fd = redis->daemon_lock_fd = -1;
}

static void release(struct embedded_redis *redis) {
    release_locks(redis);
    free(redis->dir);
    free(redis->server_path);
    free(redis->url);
    free(redis);
}

/* Takes the directory and starts the child, before there is any handle. */
static enum err begin(uv_loop_t *loop, struct embedded_redis *redis,
                      const struct embedded_options *options) {
    enum err err;

    redis->options = *options;
    redis->daemon_lock_fd = redis->child.lock_fd = -1;
    redis->dir = open_dir(options->dir);
    if (redis->dir == NULL)
        return ERR_IO;
    redis->url = socket_url(redis->dir);
    redis->server_path = xstrdup(options->server_path);
    redis->child.dir = redis->dir;
    redis->child.server_path = redis->server_path;
    err = take_locks(redis);
    if (err != OK)
        return err;
    err = embedded_child_start(&redis->child, &redis->pid);
    redis->started_ms = uv_now(loop);
    return err;
}

static void on_closed(uv_handle_t *handle) {
    struct embedded_redis *redis = handle->data;

    if (--redis->handles == 0)
        release(redis);
}

enum err embedded_redis_new(uv_loop_t *loop,
                            const struct embedded_options *options,
                            struct embedded_redis **out) {
    struct embedded_redis *redis = xcalloc(1, sizeof(*redis));
    enum err err = begin(loop, redis, options);

    if (err != OK) {
        release(redis);
        return err;
    }
    uv_timer_init(loop, &redis->restart);
    uv_signal_init(loop, &redis->sigchld);
    redis->restart.data = redis->sigchld.data = redis;
    redis->handles = 2;
    uv_signal_start(&redis->sigchld, on_sigchld, SIGCHLD);
    /* It may have died before anyone listened. */
    raise(SIGCHLD);
    *out = redis;
    return OK;
}

const char *embedded_redis_url(const struct embedded_redis *redis) {
    return redis->url;
}

int embedded_redis_pid(const struct embedded_redis *redis) {
    return redis->pid;
}

void embedded_redis_free(struct embedded_redis *redis) {
    if (redis == NULL || redis->freed)
        return;
    redis->freed = true;
    stop_child(redis->pid);
    redis->pid = 0;
    release_locks(redis);
    uv_close((uv_handle_t *)&redis->restart, on_closed);
    uv_close((uv_handle_t *)&redis->sigchld, on_closed);
}

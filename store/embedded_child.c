#include "store/embedded_child.h"

#define LOG_MODULE "embedded"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_NAME "redis.log"
#define LOG_BYTES (1024L * 1024) /* then it is set aside at the next start */

/* Where the child finds what it needs, from here on up closed. */
enum { LOCK_FD = 3, REPORT_FD, FIRST_CLOSED_FD };

/*
 * Everything in it is relative to the working directory, so no path of the
 * user's has to be quoted. What could be overlooked as a default is said: no
 * network, no debugging, no modules; every answered write is on disk.
 */
static const char config[] =
    "port 0\n"
    "unixsocket " EMBEDDED_SOCKET
    "\n"
    "unixsocketperm 700\n"
    "daemonize no\n"
    "supervised no\n"
    "dir .\n"
    "logfile " LOG_NAME
    "\n"
    "loglevel notice\n"
    "always-show-logo no\n"
    "databases 1\n"
    "maxclients 64\n"
    "enable-protected-configs no\n"
    "enable-debug-command no\n"
    "enable-module-command no\n"
    "save \"\"\n"
    "appendonly yes\n"
    "appendfsync always\n"
    "no-appendfsync-on-rewrite no\n"
    "aof-use-rdb-preamble yes\n"
    "aof-load-truncated yes\n"
    "maxmemory 0\n"
    "maxmemory-policy noeviction\n"
    "hash-max-listpack-value 1024\n"
    "hash-max-listpack-entries 128\n"
    "stream-node-max-entries 1000\n"
    "lazyfree-lazy-eviction yes\n"
    "lazyfree-lazy-expire yes\n"
    "lazyfree-lazy-server-del yes\n"
    "lazyfree-lazy-user-del yes\n"
    "lazyfree-lazy-user-flush yes\n"
    "latency-tracking no\n";

/* The log holds no command, but it should not grow for years either. */
static void rotate_log(const char *dir) {
    char *log = xasprintf("%s/" LOG_NAME, dir);
    char *old = xasprintf("%s/" LOG_NAME ".1", dir);
    struct stat st;

    if (stat(log, &st) == 0 && st.st_size > LOG_BYTES && rename(log, old) != 0)
        LOG_WARN("cannot set redis.log aside: %s", strerror(errno));
    free(old);
    free(log);
}

/* A pipe that holds the whole configuration and then ends; -1 on failure. */
static int config_pipe(void) {
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0)
        return -1;
    /* It is smaller than any pipe's buffer, so this cannot block. */
    if (write(fds[1], config, sizeof(config) - 1) !=
        (ssize_t)(sizeof(config) - 1)) {
        close(fds[0]);
        fds[0] = -1;
    }
    close(fds[1]);
    return fds[0];
}

/* From fork to exec: only what is safe while other threads held locks. */

static void reset_signals(void) {
    sigset_t none;

    /* exec gives handled signals their defaults, ignored ones stay so. */
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool place_fds(int config_fd, int lock_fd, int report_fd, int log_fd) {
    /* Above all targets first, so that none is overwritten unmoved. */
    config_fd = fcntl(config_fd, F_DUPFD_CLOEXEC, FIRST_CLOSED_FD);
    lock_fd = fcntl(lock_fd, F_DUPFD_CLOEXEC, FIRST_CLOSED_FD);
    report_fd = fcntl(report_fd, F_DUPFD_CLOEXEC, FIRST_CLOSED_FD);
    log_fd = fcntl(log_fd, F_DUPFD_CLOEXEC, FIRST_CLOSED_FD);
    if (dup2(config_fd, 0) < 0 || dup2(log_fd, 1) < 0 || dup2(log_fd, 2) < 0 ||
        dup2(lock_fd, LOCK_FD) < 0 || dup3(report_fd, REPORT_FD, O_CLOEXEC) < 0)
        return false;
    close_range(FIRST_CLOSED_FD, ~0U, 0);
    return true;
}

static _Noreturn void run_child(const struct embedded_child *child,
                                pid_t parent, int config_fd, int report_fd) {
    char from_stdin[] = "-";
    char *const argv[] = {(char *)(uintptr_t)child->server_path, from_stdin,
                          NULL};
    int log_fd;
    int error;

    reset_signals();
    /* A terminal's Ctrl-C is for the daemon, which then stops us in order. */
    setpgid(0, 0);
    umask(077);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1);
    if (chdir(child->dir) == 0 &&
        (log_fd = open(LOG_NAME, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                       0600)) >= 0 &&
        place_fds(config_fd, child->lock_fd, report_fd, log_fd)) {
        report_fd = REPORT_FD;
        execvp(argv[0], argv);
    }
    error = errno;
    (void)!write(report_fd, &error, sizeof(error));
    _exit(1);
}

/* The errno of a child that did not get to run redis-server, or 0. */
static int read_report(int fd) {
    int error = 0;
    ssize_t n;

    do
        n = read(fd, &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(error) ? error : 0;
}

static enum err start_with(const struct embedded_child *child, int config_fd,
                           pid_t *out) {
    pid_t parent = getpid();
    int report[2];
    int error;
    pid_t pid;

    if (pipe2(report, O_CLOEXEC) != 0)
        return ERR_IO;
    pid = fork();
    if (pid == 0)
        run_child(child, parent, config_fd, report[1]);
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        return ERR_IO;
    }
    /* exec closes the other end: this waits for a millisecond or two. */
    error = read_report(report[0]);
    close(report[0]);
    if (error != 0) {
        waitpid(pid, NULL, 0);
        errno = error;
        return ERR_IO;
    }
    *out = pid;
    return OK;
}

enum err embedded_child_start(const struct embedded_child *child, pid_t *out) {
    int config_fd;
    enum err err = ERR_IO;

    rotate_log(child->dir);
    config_fd = config_pipe();
    if (config_fd >= 0) {
        err = start_with(child, config_fd, out);
        close(config_fd);
    }
    if (err != OK)
        LOG_ERR("cannot start \"%s\" (Debian package redis-server): %s",
                child->server_path, strerror(errno));
    return err;
}

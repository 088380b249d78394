#include "store/embedded.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/redis.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_SECONDS 30

struct fixture {
    uv_loop_t loop;
    uv_timer_t tick; /* so that a loop with nothing to do is not stuck */
    char base[64];   /* removed at the end */
    char dir[96];    /* of the embedded Redis, in base */
    struct embedded_redis *embedded;
    struct redis *redis;
    int exits;
    int answers;
    enum err err;
    char text[64];
};

static void on_tick(uv_timer_t *timer) {
    (void)timer;
}

static void on_exit_of_child(void *data) {
    struct fixture *f = data;

    f->exits++;
}

#define RUN_UNTIL(f, condition)                                                \
    do {                                                                       \
        time_t end = time(NULL) + PATIENCE_SECONDS;                            \
        while (!(condition)) {                                                 \
            if (time(NULL) > end)                                              \
                fail_msg("never: %s", #condition);                             \
            uv_run(&(f)->loop, UV_RUN_ONCE);                                   \
        }                                                                      \
    } while (0)

static enum err begin(struct fixture *f, const char *dir, const char *server,
                      struct embedded_redis **out) {
    struct embedded_options options = {.dir = dir,
                                       .server_path = server,
                                       .on_exit = on_exit_of_child,
                                       .data = f};

    return embedded_redis_new(&f->loop, &options, out);
}

/* Starts it and connects to it, as the daemon does. */
static void begin_up(struct fixture *f) {
    struct redis_options options = {0};

    assert_int_equal(begin(f, f->dir, "redis-server", &f->embedded), OK);
    options.url = embedded_redis_url(f->embedded);
    f->redis = redis_new(&f->loop, &options);
    assert_non_null(f->redis);
    RUN_UNTIL(f, redis_is_up(f->redis));
}

static void end(struct fixture *f) {
    redis_free(f->redis);
    embedded_redis_free(f->embedded);
    f->redis = NULL;
    f->embedded = NULL;
}

static void on_done(void *data, enum err err, const redisReply *reply) {
    struct fixture *f = data;

    f->answers++;
    f->err = err;
    f->text[0] = '\0';
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY &&
        reply->elements == 2)
        reply = reply->element[1]; /* of CONFIG GET */
    if (reply != NULL && reply->str != NULL)
        snprintf(f->text, sizeof(f->text), "%s", reply->str);
}

static const char *command(struct fixture *f, const char *a, const char *b,
                           const char *c) {
    const char *argv[] = {a, b, c};
    int before = f->answers;

    redis_command(f->redis, on_done, f, c != NULL ? 3 : 2, argv, NULL);
    RUN_UNTIL(f, f->answers > before);
    assert_int_equal(f->err, OK);
    return f->text;
}

static int setup(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));

    snprintf(f->base, sizeof(f->base), "/tmp/xiaofeng-embedded-XXXXXX");
    assert_non_null(mkdtemp(f->base));
    /* What a url or a configuration file could stumble over. */
    snprintf(f->dir, sizeof(f->dir), "%s/a b/c?%%41\"'#", f->base);
    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->tick);
    uv_timer_start(&f->tick, on_tick, 100, 100);
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    struct fixture *f = *state;

    end(f);
    uv_close((uv_handle_t *)&f->tick, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    nftw(f->base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static mode_t mode_of(const char *dir, const char *name) {
    char *path = xasprintf("%s/%s", dir, name);
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    free(path);
    return st.st_mode & 0777;
}

static void test_start_stop_keeps_data(void **state) {
    struct fixture *f = *state;
    uint64_t begun = uv_hrtime();
    int pid;

    begin_up(f);
    print_message("ready in %d ms\n", (int)((uv_hrtime() - begun) / 1000000));
    assert_int_equal(mode_of(f->dir, "."), 0700);
    assert_int_equal(mode_of(f->dir, "redis.sock"), 0700);
    assert_int_equal(mode_of(f->dir, "appendonlydir"), 0700);
    command(f, "SET", "k", "kept");
    pid = embedded_redis_pid(f->embedded);
    assert_int_equal(kill(pid, 0), 0);
    end(f);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);

    begin_up(f);
    assert_string_equal(command(f, "GET", "k", NULL), "kept");
    assert_int_equal(f->exits, 0);
}

static void test_configuration(void **state) {
    static const char *const expected[][2] = {
        {"port", "0"},
        {"appendonly", "yes"},
        {"appendfsync", "always"},
        {"save", ""},
        {"maxmemory-policy", "noeviction"},
        {"aof-use-rdb-preamble", "yes"},
        {"hash-max-listpack-value", "1024"},
        {"stream-node-max-entries", "1000"},
        {"enable-debug-command", "no"},
        {"enable-module-command", "no"},
    };
    struct fixture *f = *state;

    begin_up(f);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        assert_string_equal(command(f, "CONFIG", "GET", expected[i][0]),
                            expected[i][1]);
}

static void test_child_killed(void **state) {
    struct fixture *f = *state;
    int pid;

    begin_up(f);
    for (int round = 1; round <= 3; round++) {
        command(f, "INCR", "n", NULL);
        pid = embedded_redis_pid(f->embedded);
        kill(pid, SIGKILL);
        RUN_UNTIL(f, f->exits == round && !redis_is_up(f->redis));
        RUN_UNTIL(f, redis_is_up(f->redis));
        assert_int_not_equal(embedded_redis_pid(f->embedded), pid);
    }
    assert_string_equal(command(f, "GET", "n", NULL), "3");
}

static void test_freed_while_dead(void **state) {
    struct fixture *f = *state;

    begin_up(f);
    kill(embedded_redis_pid(f->embedded), SIGKILL);
    RUN_UNTIL(f, f->exits == 1);
    end(f);
    begin_up(f);
}

static void test_second_is_refused(void **state) {
    struct fixture *f = *state;
    struct embedded_redis *second = NULL;

    begin_up(f);
    assert_int_equal(begin(f, f->dir, "redis-server", &second), ERR_CONFLICT);
    assert_null(second);
    command(f, "SET", "k", "undisturbed");
}

static void test_missing_binary(void **state) {
    struct fixture *f = *state;

    assert_int_equal(
        begin(f, f->dir, "/nonexistent/redis-server", &f->embedded), ERR_IO);
    assert_null(f->embedded);
    /* The locks went with it. */
    begin_up(f);
}

static void test_server_that_cannot_run(void **state) {
    struct fixture *f = *state;

    /* Starts, and ends at once: not an error yet, but it is told. */
    assert_int_equal(begin(f, f->dir, "false", &f->embedded), OK);
    RUN_UNTIL(f, f->exits == 3);
}

static void test_long_path(void **state) {
    struct fixture *f = *state;
    char *path = xasprintf("%s/%080d", f->base, 0);

    assert_int_equal(begin(f, path, "redis-server", &f->embedded), ERR_IO);
    free(path);
}

static void test_dir_is_a_file(void **state) {
    struct fixture *f = *state;
    char *path = xasprintf("%s/file", f->base);

    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(begin(f, path, "redis-server", &f->embedded), ERR_IO);
    free(path);
}

/* A daemon of its own, which is killed. */

static int run_daemon(const char *dir) {
    struct fixture f = {0};
    int pid;

    uv_loop_init(&f.loop);
    uv_timer_init(&f.loop, &f.tick);
    uv_timer_start(&f.tick, on_tick, 100, 100);
    snprintf(f.dir, sizeof(f.dir), "%s", dir);
    begin_up(&f);
    command(&f, "SET", "k", "of the killed");
    pid = embedded_redis_pid(f.embedded);
    if (write(STDOUT_FILENO, &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
        return 1;
    return uv_run(&f.loop, UV_RUN_DEFAULT);
}

/* Returns its pid; *redis_pid is that of its Redis. */
static pid_t begin_daemon(const char *dir, int *redis_pid) {
    struct pollfd readable = {.events = POLLIN};
    int fds[2];
    pid_t pid;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDOUT_FILENO);
        execl("/proc/self/exe", "test_embedded", dir, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    readable.fd = fds[0];
    assert_int_equal(poll(&readable, 1, PATIENCE_SECONDS * 1000), 1);
    assert_int_equal(read(fds[0], redis_pid, sizeof(*redis_pid)),
                     sizeof(*redis_pid));
    close(fds[0]);
    return pid;
}

static void test_daemon_killed(void **state) {
    struct fixture *f = *state;
    struct embedded_redis *second = NULL;
    int redis_pid;
    int status;
    pid_t daemon;

    /* So that the orphan can be waited for here. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    daemon = begin_daemon(f->dir, &redis_pid);
    assert_int_equal(begin(f, f->dir, "redis-server", &second), ERR_CONFLICT);
    kill(daemon, SIGKILL);
    waitpid(daemon, NULL, 0);
    begin_up(f);
    assert_string_equal(command(f, "GET", "k", NULL), "of the killed");
    /* Its Redis was not killed, it was told and went. */
    assert_int_equal(waitpid(redis_pid, &status, 0), redis_pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        TEST(test_start_stop_keeps_data),  TEST(test_configuration),
        TEST(test_child_killed),           TEST(test_freed_while_dead),
        TEST(test_second_is_refused),      TEST(test_missing_binary),
        TEST(test_server_that_cannot_run), TEST(test_long_path),
        TEST(test_dir_is_a_file),          TEST(test_daemon_killed),
    };
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2)
        return run_daemon(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

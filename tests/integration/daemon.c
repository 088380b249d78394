#include "tests/integration/daemon.h"
#include "tests/integration/ticket_peek.h"

#include "base/buf.h"
#include "base/mem.h"
#include "tests/peer/onebot_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_MS 60000
#define STOP_MS 60000
#define TICK_MS 5
#define LOG_TAIL 6000

struct test_daemon {
    char dir[64];
    char conf[96], log[96], notify[96], socket[112];
    char program[512];
    char *settings;
    int notify_fd;
    int port;
    pid_t pid; /* 0 when it does not run */
    redisContext *redis;
};

/* ---- failing ------------------------------------------------------------- */

static char *read_file(const char *path, size_t *len) {
    struct buf text;
    char bytes[65536];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    buf_init(&text);
    while (fd >= 0 && (got = read(fd, bytes, sizeof(bytes))) > 0)
        buf_add(&text, bytes, (size_t)got);
    if (fd >= 0)
        close(fd);
    *len = text.len;
    buf_addc(&text, '\0');
    return buf_take(&text);
}

static _Noreturn void fail(const struct test_daemon *daemon, const char *what) {
    size_t len;
    char *log = read_file(daemon->log, &len);

    fprintf(stderr, "daemon: %s\n---- the end of its log, %s\n%s----\n", what,
            daemon->log, log + (len > LOG_TAIL ? len - LOG_TAIL : 0));
    abort();
}

bool test_daemon_logged(const struct test_daemon *daemon, const char *text) {
    size_t len;
    char *log = read_file(daemon->log, &len);
    bool found = memmem(log, len, text, strlen(text)) != NULL;

    free(log);
    return found;
}

static void check_log(const struct test_daemon *daemon) {
    if (test_daemon_logged(daemon, "Sanitizer") ||
        test_daemon_logged(daemon, "runtime error: "))
        fail(daemon, "a sanitizer has found something");
}

static void tick(void) {
    nanosleep(&(struct timespec){.tv_nsec = TICK_MS * 1000000L}, NULL);
}

/* ---- starting ------------------------------------------------------------ */

static void write_config(const struct test_daemon *daemon) {
    FILE *file = fopen(daemon->conf, "w");

    if (file == NULL)
        fail(daemon, "xiaofeng.conf");
    fprintf(file,
            "[xiaofeng]\ndistrict = " TEST_DAEMON_DISTRICT
            "\n"
            "operator_name = 秦淮区委两新工委\ncontact = 025-12345\n"
            "public_url = " TEST_DAEMON_URL
            "\ndata_dir = %s/data\n"
            "[server]\naddress = 127.0.0.1\nport = 0\n"
            "[onebot11]\ntoken = " TEST_DAEMON_TOKEN "\n%s",
            daemon->dir, daemon->settings);
    if (fclose(file) != 0 || chmod(daemon->conf, 0600) != 0)
        fail(daemon, "xiaofeng.conf");
}

/* The socket on which the daemon says that it is ready, as to systemd. */
static void open_notify(struct test_daemon *daemon) {
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", daemon->notify);
    daemon->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (daemon->notify_fd < 0 ||
        bind(daemon->notify_fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
        fail(daemon, "the notify socket");
}

static bool next_notice(const struct test_daemon *daemon, int timeout_ms,
                        char *text, size_t size) {
    struct pollfd poller = {.fd = daemon->notify_fd, .events = POLLIN};

    if (poll(&poller, 1, timeout_ms) <= 0)
        return false;
    ssize_t len = recv(daemon->notify_fd, text, size - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    return true;
}

static _Noreturn void run(const struct test_daemon *daemon, pid_t parent) {
    int log = open(daemon->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent && dup2(log, STDERR_FILENO) >= 0) {
        setenv("NOTIFY_SOCKET", daemon->notify, 1);
        execl(daemon->program, "xiaofeng", "-c", daemon->conf, (char *)NULL);
    }
    _exit(127);
}

/* The last one in the log. */
static int find_port(const struct test_daemon *daemon) {
    size_t len;
    char *log = read_file(daemon->log, &len);
    int port = 0;

    for (const char *at = log; (at = strstr(at, "listening on ")) != NULL;
         at++) {
        const char *word = strstr(at, "port ");
        if (word != NULL)
            port = atoi(word + strlen("port "));
    }
    free(log);
    return port;
}

void test_daemon_start(struct test_daemon *daemon) {
    char notice[512];
    pid_t parent = getpid();
    int waited = 0;

    while (next_notice(daemon, 0, notice, sizeof(notice)))
        ; /* of its last life */
    write_config(daemon);
    daemon->pid = fork();
    if (daemon->pid < 0)
        fail(daemon, "fork");
    if (daemon->pid == 0)
        run(daemon, parent);
    do {
        notice[0] = '\0';
        if (!next_notice(daemon, 50, notice, sizeof(notice)))
            waited += 50;
        if (waited > READY_MS || waitpid(daemon->pid, NULL, WNOHANG) != 0)
            fail(daemon, "it did not start");
    } while (strstr(notice, "READY=1") == NULL);
    daemon->port = find_port(daemon);
    if (daemon->port == 0)
        fail(daemon, "its log names no port");
}

void test_daemon_set(struct test_daemon *daemon, const char *settings) {
    free(daemon->settings);
    daemon->settings = xstrdup(settings == NULL ? "" : settings);
}

struct test_daemon *test_daemon_new(const char *settings) {
    struct test_daemon *daemon = xcalloc(1, sizeof(*daemon));
    const char *build = getenv("XIAOFENG_BUILD");

    snprintf(daemon->dir, sizeof(daemon->dir), "/tmp/xiaofeng-test-XXXXXX");
    if (mkdtemp(daemon->dir) == NULL)
        fail(daemon, "mkdtemp");
    signal(SIGPIPE, SIG_IGN); /* hiredis may write to a Redis that is gone */
    snprintf(daemon->program, sizeof(daemon->program), "%s/xiaofeng",
             build == NULL ? "." : build);
    snprintf(daemon->conf, sizeof(daemon->conf), "%s/xiaofeng.conf",
             daemon->dir);
    snprintf(daemon->log, sizeof(daemon->log), "%s/log", daemon->dir);
    snprintf(daemon->notify, sizeof(daemon->notify), "%s/notify", daemon->dir);
    snprintf(daemon->socket, sizeof(daemon->socket), "%s/data/redis/redis.sock",
             daemon->dir);
    test_daemon_set(daemon, settings);
    open_notify(daemon);
    test_daemon_start(daemon);
    return daemon;
}

/* ---- ending -------------------------------------------------------------- */

static void forget_redis(struct test_daemon *daemon) {
    redisFree(daemon->redis);
    daemon->redis = NULL;
}

void test_daemon_kill(struct test_daemon *daemon) {
    forget_redis(daemon);
    if (daemon->pid == 0)
        return;
    kill(daemon->pid, SIGKILL);
    waitpid(daemon->pid, NULL, 0);
    daemon->pid = 0;
}

void test_daemon_stop(struct test_daemon *daemon) {
    int status = 0;

    forget_redis(daemon);
    if (daemon->pid == 0)
        return;
    kill(daemon->pid, SIGTERM);
    for (int waited = 0; waitpid(daemon->pid, &status, WNOHANG) == 0;
         waited += TICK_MS) {
        if (waited > STOP_MS)
            fail(daemon, "it does not stop");
        tick();
    }
    daemon->pid = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail(daemon, "it did not end well");
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void test_daemon_free(struct test_daemon *daemon) {
    if (daemon == NULL)
        return;
    test_daemon_stop(daemon);
    check_log(daemon);
    close(daemon->notify_fd);
    nftw(daemon->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(daemon->settings);
    free(daemon);
}

/* ---- what it is ---------------------------------------------------------- */

int test_daemon_port(const struct test_daemon *daemon) {
    return daemon->port;
}

pid_t test_daemon_pid(const struct test_daemon *daemon) {
    return daemon->pid;
}

const char *test_daemon_dir(const struct test_daemon *daemon) {
    return daemon->dir;
}

struct peer *test_daemon_connect(struct test_daemon *daemon,
                                 const char *self_id) {
    int status = 0;
    struct peer *peer =
        peer_connect(&(struct peer_options){.port = daemon->port,
                                            .token = TEST_DAEMON_TOKEN,
                                            .self_id = self_id},
                     &status);

    if (peer == NULL) {
        fprintf(stderr, "daemon: status %d\n", status);
        fail(daemon, "it takes no connection");
    }
    return peer;
}

char *test_daemon_code(struct test_daemon *daemon, const char *role) {
    char code[64] = "";
    char *command = xasprintf("'%s' -c '%s' code %s test 2>>'%s'",
                              daemon->program, daemon->conf, role, daemon->log);
    FILE *out = popen(command, "r");

    if (out == NULL || fgets(code, sizeof(code), out) == NULL ||
        pclose(out) != 0)
        fail(daemon, "no code was made");
    free(command);
    code[strcspn(code, "\n")] = '\0';
    return xstrdup(code);
}

int test_daemon_command(struct test_daemon *daemon, const char *args,
                        char **out) {
    char *command =
        xasprintf("'%s' -c '%s' %s 2>&1", daemon->program, daemon->conf, args);
    FILE *pipe = popen(command, "r");
    struct buf said;
    char bytes[4096];
    size_t n;

    if (pipe == NULL)
        fail(daemon, "no command can be run");
    buf_init(&said);
    buf_reserve(&said, 1);
    while ((n = fread(bytes, 1, sizeof(bytes), pipe)) > 0)
        buf_add(&said, bytes, n);
    int status = pclose(pipe);
    free(command);
    char *text = buf_take(&said);
    if (text != NULL && strstr(text, "Sanitizer") != NULL)
        fail(daemon, text);
    if (out != NULL)
        *out = text == NULL ? xstrdup("") : text;
    else
        free(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void test_daemon_any_hour(struct test_daemon *daemon) {
    static const char name[] = "xiaofeng_policy_loads_total";
    char *path = xasprintf("%s/hours.json", daemon->dir);
    char *command = xasprintf("document put broadcasts '%s'", path);
    double loads = test_daemon_metric(daemon, name);
    FILE *file = fopen(path, "w");

    if (file == NULL || fputs("{}", file) < 0 || fclose(file) != 0 ||
        test_daemon_command(daemon, command, NULL) != 0)
        fail(daemon, "the hours cannot be set");
    for (int i = 0; test_daemon_metric(daemon, name) <= loads; i++) {
        if (i > STOP_MS / TICK_MS)
            fail(daemon, "the hours are not taken up");
        tick();
    }
    free(command);
    free(path);
}

/* ---- its Redis ------------------------------------------------------------
 */

static bool connect_redis(struct test_daemon *daemon) {
    if (daemon->redis != NULL && daemon->redis->err == 0)
        return true;
    forget_redis(daemon);
    daemon->redis = redisConnectUnix(daemon->socket);
    if (daemon->redis != NULL && daemon->redis->err == 0)
        return true;
    forget_redis(daemon);
    return false;
}

static redisReply *ask(struct test_daemon *daemon, const char *fmt,
                       va_list args) {
    redisReply *reply = NULL;

    for (int waited = 0; reply == NULL; waited += TICK_MS) {
        va_list copy;
        if (connect_redis(daemon)) {
            va_copy(copy, args);
            reply = redisvCommand(daemon->redis, fmt, copy);
            va_end(copy);
        }
        if (reply != NULL && reply->type == REDIS_REPLY_ERROR &&
            strncmp(reply->str, "LOADING ", 8) == 0) {
            freeReplyObject(reply);
            reply = NULL;
        }
        if (reply == NULL && waited > READY_MS)
            fail(daemon, "its Redis does not answer");
        if (reply == NULL)
            tick();
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        fprintf(stderr, "daemon: Redis: %s\n", reply->str);
        fail(daemon, "a command was refused");
    }
    return reply;
}

redisReply *test_daemon_redis(struct test_daemon *daemon, const char *fmt,
                              ...) {
    va_list args;

    va_start(args, fmt);
    redisReply *reply = ask(daemon, fmt, args);
    va_end(args);
    return reply;
}

long long test_daemon_redis_int(struct test_daemon *daemon, const char *fmt,
                                ...) {
    va_list args;

    va_start(args, fmt);
    redisReply *reply = ask(daemon, fmt, args);
    va_end(args);
    long long value = reply->type == REDIS_REPLY_STRING
                          ? strtoll(reply->str, NULL, 10)
                          : reply->integer;
    freeReplyObject(reply);
    return value;
}

char *test_daemon_redis_string(struct test_daemon *daemon, const char *fmt,
                               ...) {
    va_list args;

    va_start(args, fmt);
    redisReply *reply = ask(daemon, fmt, args);
    va_end(args);
    char *value = reply->str == NULL ? NULL : xstrndup(reply->str, reply->len);
    freeReplyObject(reply);
    return value;
}

char *test_daemon_ticket(struct test_daemon *daemon, const char *id,
                         const char *field) {
    char *key_file = xasprintf("%s/data/field.key", daemon->dir);
    char *found = ticket_peek(
        test_daemon_redis_string(
            daemon, "HGET {" TEST_DAEMON_DISTRICT "}:ticket:%s private", id),
        id, key_file, field);
    free(key_file);
    return found;
}

pid_t test_daemon_redis_pid(struct test_daemon *daemon) {
    pid_t pid = 0;

    if (!connect_redis(daemon))
        return 0;
    redisReply *reply = redisCommand(daemon->redis, "INFO server");
    if (reply != NULL && reply->type == REDIS_REPLY_STRING) {
        const char *at = strstr(reply->str, "process_id:");
        if (at != NULL)
            pid = (pid_t)atoi(at + strlen("process_id:"));
    }
    freeReplyObject(reply);
    return pid;
}

static bool reply_holds(const redisReply *reply, const char *text) {
    if (reply->str != NULL &&
        memmem(reply->str, reply->len, text, strlen(text)) != NULL)
        return true;
    for (size_t i = 0; i < reply->elements; i++)
        if (reply_holds(reply->element[i], text))
            return true;
    return false;
}

static const char *command_for(const char *type) {
    return strcmp(type, "hash") == 0     ? "HGETALL %s"
           : strcmp(type, "list") == 0   ? "LRANGE %s 0 -1"
           : strcmp(type, "set") == 0    ? "SMEMBERS %s"
           : strcmp(type, "zset") == 0   ? "ZRANGE %s 0 -1"
           : strcmp(type, "stream") == 0 ? "XRANGE %s - +"
                                         : "GET %s";
}

char *test_daemon_redis_find(struct test_daemon *daemon, const char *text,
                             const char *except) {
    redisReply *keys = test_daemon_redis(daemon, "KEYS *");
    char *skip =
        xasprintf("{" TEST_DAEMON_DISTRICT "}:%s", except ? except : "");
    char *found = NULL;

    for (size_t i = 0; i < keys->elements && found == NULL; i++) {
        const char *key = keys->element[i]->str;
        if (except != NULL && strncmp(key, skip, strlen(skip)) == 0)
            continue;
        redisReply *type = test_daemon_redis(daemon, "TYPE %s", key);
        const char *command = command_for(type->str);
        redisReply *value = test_daemon_redis(daemon, command, key);
        if (strstr(key, text) != NULL || reply_holds(value, text))
            found = xstrdup(key);
        freeReplyObject(type);
        freeReplyObject(value);
    }
    free(skip);
    freeReplyObject(keys);
    return found;
}

/* ---- its HTTP ------------------------------------------------------------ */

static char *request(const struct test_daemon *daemon, const char *path) {
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)daemon->port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct buf answer;
    char bytes[4096];
    ssize_t got;

    buf_init(&answer);
    char *head = xasprintf(
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Connection: close\r\n\r\n",
        path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        send(fd, head, strlen(head), MSG_NOSIGNAL) < 0)
        fail(daemon, "HTTP");
    free(head);
    while ((got = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        buf_add(&answer, bytes, (size_t)got);
    close(fd);
    buf_addc(&answer, '\0');
    return buf_take(&answer);
}

int test_daemon_get(const struct test_daemon *daemon, const char *path,
                    char **body) {
    char *answer = request(daemon, path);
    int status = 0;

    sscanf(answer, "HTTP/1.%*d %d", &status);
    const char *end = strstr(answer, "\r\n\r\n");
    if (body != NULL)
        *body = xstrdup(end == NULL ? "" : end + 4);
    free(answer);
    return status;
}

double test_daemon_metric(const struct test_daemon *daemon, const char *name) {
    char *body;
    double value = -1;
    size_t len = strlen(name);

    test_daemon_get(daemon, "/metrics", &body);
    for (const char *line = body; line != NULL && *line != '\0';) {
        if (strncmp(line, name, len) == 0 && line[len] == ' ')
            value = strtod(line + len, NULL);
        line = strchr(line, '\n');
        line += line != NULL;
    }
    free(body);
    return value;
}

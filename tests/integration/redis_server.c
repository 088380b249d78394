#include "tests/integration/redis_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_SECONDS 20

struct redis_server {
    char dir[64];
    char socket[96];
    char url[112];
    char conf[96];
    pid_t pid; /* 0 when it does not run */
    redisContext *context;
};

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "redis_server: %s: %s\n", what, strerror(errno));
    abort();
}

static void write_config(const struct redis_server *server,
                         const char *config) {
    FILE *file = fopen(server->conf, "w");

    if (file == NULL)
        fail("redis.conf");
    fprintf(file,
            "port 0\nunixsocket %s\nunixsocketperm 700\ndir %s\n"
            "logfile redis.log\nsave \"\"\nappendonly yes\n"
            "appendfsync always\nbind 127.0.0.1\n%s",
            server->socket, server->dir, config != NULL ? config : "");
    if (fclose(file) != 0)
        fail("redis.conf");
}

void redis_server_start(struct redis_server *server) {
    pid_t parent = getpid();

    server->pid = fork();
    if (server->pid < 0)
        fail("fork");
    if (server->pid > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        execlp("redis-server", "redis-server", server->conf, (char *)NULL);
    _exit(127);
}

/* 1: ready; 0: not yet. */
static int probe(struct redis_server *server) {
    redisReply *reply;
    int ready;

    if (server->context == NULL)
        server->context = redisConnectUnix(server->socket);
    if (server->context == NULL || server->context->err != 0) {
        redisFree(server->context);
        server->context = NULL;
        return 0;
    }
    reply = redisCommand(server->context, "PING");
    if (reply == NULL) {
        redisFree(server->context);
        server->context = NULL;
        return 0;
    }
    /* A server with a password is ready too. */
    ready = reply->type == REDIS_REPLY_STATUS ||
            strncmp(reply->str, "NOAUTH", 6) == 0;
    freeReplyObject(reply);
    return ready;
}

void redis_server_wait(struct redis_server *server) {
    struct timespec tick = {.tv_nsec = 2000000};
    time_t end = time(NULL) + READY_SECONDS;

    while (!probe(server)) {
        if (waitpid(server->pid, NULL, WNOHANG) != 0 || time(NULL) > end)
            fail("redis-server did not start");
        nanosleep(&tick, NULL);
    }
}

struct redis_server *redis_server_new(const char *config) {
    struct redis_server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        fail("calloc");
    snprintf(server->dir, sizeof(server->dir), "/tmp/xiaofeng-redis-XXXXXX");
    if (mkdtemp(server->dir) == NULL)
        fail("mkdtemp");
    snprintf(server->socket, sizeof(server->socket), "%s/redis.sock",
             server->dir);
    snprintf(server->conf, sizeof(server->conf), "%s/redis.conf", server->dir);
    snprintf(server->url, sizeof(server->url), "unix://%s", server->socket);
    write_config(server, config);
    redis_server_start(server);
    redis_server_wait(server);
    return server;
}

static void end(struct redis_server *server, int signum) {
    redisFree(server->context);
    server->context = NULL;
    if (server->pid == 0)
        return;
    kill(server->pid, signum);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void redis_server_kill(struct redis_server *server) {
    end(server, SIGKILL);
}

void redis_server_stop(struct redis_server *server) {
    end(server, SIGTERM);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void redis_server_free(struct redis_server *server) {
    if (server == NULL)
        return;
    redis_server_kill(server);
    nftw(server->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(server);
}

const char *redis_server_url(const struct redis_server *server) {
    return server->url;
}

const char *redis_server_socket(const struct redis_server *server) {
    return server->socket;
}

const char *redis_server_dir(const struct redis_server *server) {
    return server->dir;
}

pid_t redis_server_pid(const struct redis_server *server) {
    return server->pid;
}

redisReply *redis_server_command(struct redis_server *server, const char *fmt,
                                 ...) {
    redisReply *reply;
    va_list args;

    if (server->context == NULL)
        redis_server_wait(server);
    va_start(args, fmt);
    reply = redisvCommand(server->context, fmt, args);
    va_end(args);
    if (reply == NULL)
        fail("command");
    return reply;
}

int redis_server_free_port(void) {
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
        fail("no free port");
    close(fd);
    return ntohs(addr.sin_port);
}

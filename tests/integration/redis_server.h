#pragma once

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * A throw-away redis-server for tests: a unix socket and an append-only file
 * with fsync on every write, in a directory of its own. It dies with the test.
 * Whatever fails here ends the test with a message.
 */
struct redis_server;

/* Starts it and waits until it answers. config: more lines for redis.conf
 * ("port 0\n…"), or NULL. */
struct redis_server *redis_server_new(const char *config);
void redis_server_free(struct redis_server *server); /* takes NULL */

const char *redis_server_url(const struct redis_server *server);
const char *redis_server_socket(const struct redis_server *server);
const char *redis_server_dir(const struct redis_server *server);
pid_t redis_server_pid(const struct redis_server *server);

void redis_server_kill(struct redis_server *server); /* SIGKILL, and gone */
void redis_server_stop(struct redis_server *server); /* SIGTERM, and gone */
/* Again, on the data it left; returns before it is ready. */
void redis_server_start(struct redis_server *server);
/* Until it answers and has read its data. */
void redis_server_wait(struct redis_server *server);

/* Runs one command and waits; freeReplyObject() the answer, never NULL. */
redisReply *redis_server_command(struct redis_server *server, const char *fmt,
                                 ...);

/* A TCP port of 127.0.0.1 nobody listens on at the moment. */
int redis_server_free_port(void);

#pragma once

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct peer;

/*
 * The real program, with its embedded Redis, on a free port of 127.0.0.1 and
 * in a directory of its own. Whatever fails here ends the test with a message
 * and the end of the daemon's log. It dies with the test.
 */
struct test_daemon;

#define TEST_DAEMON_TOKEN "t0ken-of-the-test"
#define TEST_DAEMON_DISTRICT "qinhuai"
#define TEST_DAEMON_URL "http://bee.test"

/* Starts it and waits until it serves. settings: further sections of
 * xiaofeng.conf ("[rider]\nrate = 0\n"), or NULL. */
struct test_daemon *test_daemon_new(const char *settings);
/* Stops it as test_daemon_stop() does and looks through its log. */
void test_daemon_free(struct test_daemon *daemon); /* takes NULL */

/* SIGTERM; it has to end with status 0. */
void test_daemon_stop(struct test_daemon *daemon);
void test_daemon_kill(struct test_daemon *daemon); /* SIGKILL, and gone */
/* Again, on the data it left; the port may be another one. */
void test_daemon_start(struct test_daemon *daemon);
/* For the next start. */
void test_daemon_set(struct test_daemon *daemon, const char *settings);

int test_daemon_port(const struct test_daemon *daemon);
pid_t test_daemon_pid(const struct test_daemon *daemon);
const char *test_daemon_dir(const struct test_daemon *daemon);
/* The embedded Redis, as it is now; 0 when it does not answer. */
pid_t test_daemon_redis_pid(struct test_daemon *daemon);

/* A OneBot 11 account, connected. */
struct peer *test_daemon_connect(struct test_daemon *daemon,
                                 const char *self_id);
/* What `xiaofeng code ROLE` prints; free(). */
char *test_daemon_code(struct test_daemon *daemon, const char *role);
/* `xiaofeng ARGS` with the same settings, ARGS as in a shell; the exit status,
 * and what it says, errors too, in *out (free(); may be NULL). */
int test_daemon_command(struct test_daemon *daemon, const char *args,
                        char **out);

/* Broadcasts leave at any hour from now on: of its own accord a district is
 * quiet at night and at meals. */
void test_daemon_any_hour(struct test_daemon *daemon);

/* One command to the embedded Redis; freeReplyObject(), never NULL. */
redisReply *test_daemon_redis(struct test_daemon *daemon, const char *fmt, ...);
/* Answers of integers and of strings (free(); NULL: nil). */
long long test_daemon_redis_int(struct test_daemon *daemon, const char *fmt,
                                ...);
char *test_daemon_redis_string(struct test_daemon *daemon, const char *fmt,
                               ...);
/* A private field of a stored ticket, see ticket_peek.h; free(). */
char *test_daemon_ticket(struct test_daemon *daemon, const char *id,
                         const char *field);
/* The first key whose name or content holds text; free(), NULL: none. Not
 * looked at are keys that begin with except (NULL: none), behind the
 * district's tag. */
char *test_daemon_redis_find(struct test_daemon *daemon, const char *text,
                             const char *except);

/* Whether a line of its log, from all its lives, holds text. */
bool test_daemon_logged(const struct test_daemon *daemon, const char *text);
/* The value of a line of /metrics: "xiaofeng_turns_total"; -1: no such line. */
double test_daemon_metric(const struct test_daemon *daemon, const char *name);
/* GET; the status, and the body in *body (free(); may be NULL). */
int test_daemon_get(const struct test_daemon *daemon, const char *path,
                    char **body);

#pragma once

#include "base/arena.h"
#include "store/store.h"
#include "store/txn.h"
#include "tests/integration/redis_server.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/*
 * A store on a loop with a Redis of its own, for tests of the modules of
 * store/. Calls of those modules end in store_fixture_wait().
 */
struct store_fixture {
    uv_loop_t loop;
    uv_timer_t tick;
    struct redis_server *server;
    struct store *store;
    struct arena arena;
    unsigned ups, downs;
    bool done; /* set it in a callback */
    enum err err;
    char answer[256]; /* of the last commit() */
    char values[8][256];
    size_t n_values;
};

int store_fixture_setup(void **state);
int store_fixture_teardown(void **state);

/* Commits and waits; the result is in f->err, answer and values. */
enum err store_fixture_commit(struct store_fixture *f, struct txn *txn);
/* Runs the loop until f->done, which it takes back. */
void store_fixture_wait(struct store_fixture *f);
void store_fixture_wait_up(struct store_fixture *f);
/* Another process on the same Redis. */
struct store *store_fixture_other(struct store_fixture *f);

/* What Redis says to one command of words and keys "{test}:…": an integer, the
 * length of a string or a list, -1 for nil. */
long long store_fixture_redis(struct store_fixture *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same as text, in the arena; "" for nil. */
const char *store_fixture_text(struct store_fixture *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#include "tests/integration/store_fixture.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE_MS 20000
#define WORDS_MAX 6

static void on_tick(uv_timer_t *timer) {
    (void)timer;
}

static void on_up(void *data) {
    struct store_fixture *f = data;
    f->ups++;
}

static void on_down(void *data) {
    struct store_fixture *f = data;
    f->downs++;
}

struct store *store_fixture_other(struct store_fixture *f) {
    struct store *store = store_new(
        &f->loop, &(struct store_options){.url = redis_server_url(f->server),
                                          .district = "test",
                                          .seen_ttl_ms = 3600000,
                                          .on_up = on_up,
                                          .on_down = on_down,
                                          .data = f});
    assert_non_null(store);
    return store;
}

/* One round of the loop, until there was no end of them. */
static void step(struct store_fixture *f, int64_t end) {
    if (clock_mono_ms(&clock_system) > end)
        fail_msg("never");
    uv_run(&f->loop, UV_RUN_ONCE);
}

void store_fixture_wait(struct store_fixture *f) {
    int64_t end = clock_mono_ms(&clock_system) + PATIENCE_MS;
    while (!f->done)
        step(f, end);
    f->done = false;
}

void store_fixture_wait_up(struct store_fixture *f) {
    int64_t end = clock_mono_ms(&clock_system) + PATIENCE_MS;
    while (!store_is_up(f->store) || store_pending(f->store) > 0)
        step(f, end);
}

int store_fixture_setup(void **state) {
    struct store_fixture *f = xcalloc(1, sizeof(*f));
    log_init(LOG_ERROR, false);
    signal(SIGPIPE, SIG_IGN);
    assert_true(token_init());
    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->tick);
    uv_timer_start(&f->tick, on_tick, 20, 20);
    arena_init(&f->arena);
    f->server = redis_server_new(NULL);
    f->store = store_fixture_other(f);
    store_fixture_wait_up(f);
    *state = f;
    return 0;
}

int store_fixture_teardown(void **state) {
    struct store_fixture *f = *state;
    store_free(f->store);
    uv_close((uv_handle_t *)&f->tick, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    arena_finish(&f->arena);
    redis_server_free(f->server);
    free(f);
    return 0;
}

static void on_committed(void *data, const struct txn_result *result) {
    struct store_fixture *f = data;
    assert_false(f->done); /* once */
    f->done = true;
    f->err = result->err;
    assert_true((result->answer != NULL) == (result->err == ERR_DUPLICATE));
    snprintf(f->answer, sizeof(f->answer), "%.*s", (int)result->answer_len,
             result->answer == NULL ? "" : result->answer);
    f->n_values = result->n_values;
    for (size_t i = 0; i < result->n_values && i < ARRAY_LEN(f->values); i++)
        snprintf(f->values[i], sizeof(f->values[i]), "%s", result->values[i]);
}

enum err store_fixture_commit(struct store_fixture *f, struct txn *txn) {
    txn_commit(txn, on_committed, f);
    assert_false(f->done); /* later in the loop */
    store_fixture_wait(f);
    return f->err;
}

__attribute__((format(printf, 2, 0))) static redisReply *
run(struct store_fixture *f, const char *fmt, va_list args) {
    static const char *const formats[WORDS_MAX] = {
        "", "%s", "%s %s", "%s %s %s", "%s %s %s %s", "%s %s %s %s %s"};
    char *line = xvasprintf(fmt, args), *save = NULL;
    char *words[WORDS_MAX] = {NULL};
    size_t n = 0;
    for (char *word = strtok_r(line, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        assert_true(n < WORDS_MAX - 1);
        words[n++] = word;
    }
    redisReply *reply =
        redis_server_command(f->server, formats[n], words[0], words[1],
                             words[2], words[3], words[4]);
    free(line);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s", reply->str);
    return reply;
}

long long store_fixture_redis(struct store_fixture *f, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    redisReply *reply = run(f, fmt, args);
    va_end(args);
    long long number = reply->type == REDIS_REPLY_INTEGER ? reply->integer
                       : reply->type == REDIS_REPLY_NIL   ? -1
                       : reply->type == REDIS_REPLY_ARRAY
                           ? (long long)reply->elements
                           : (long long)reply->len;
    freeReplyObject(reply);
    return number;
}

const char *store_fixture_text(struct store_fixture *f, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    redisReply *reply = run(f, fmt, args);
    va_end(args);
    const char *text = reply->type == REDIS_REPLY_STRING
                           ? arena_strndup(&f->arena, reply->str, reply->len)
                           : "";
    freeReplyObject(reply);
    return text;
}

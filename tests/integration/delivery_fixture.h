#pragma once

#include "base/mem.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/delivery.h"
#include "store/broadcast.h"
#include "store/delivery.h"
#include "store/record.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * Broadcasts as somebody has approved them, for tests of how they are
 * delivered. Their groups are "qq.g1" and up, in the order of their parts.
 */
#define TEXT "明天有雨,路滑慢行"
#define FIRST ENGINE_ACCOUNT
#define SECOND "qq.2000"
#define BOTH FIRST "," SECOND

struct sending {
    const char *id;       /* NULL: "B1" */
    const char *accounts; /* of the first part */
    int n;
    const char *accounts2; /* of a second one, or NULL */
    int n2;
    const char *lang2;
    bool ordinary; /* waits for its hours */
    const char *photo, *link_url, *translations;
};

static inline void begin_sending(struct engine *e,
                                 const struct sending *sending) {
    const char *id = sending->id == NULL ? "B1" : sending->id;
    struct txn *txn = txn_new(e->bot.store);
    char names[512][16];
    const char *chats[512];
    for (int i = 0; i < sending->n + sending->n2; i++) {
        snprintf(names[i], sizeof(names[i]), "qq.g%d", i + 1);
        chats[i] = names[i];
    }
    broadcast_put(txn, &(struct broadcast){
                           .id = id,
                           .state = BROADCAST_SENDING,
                           .lane = LANE_NOTICE,
                           .text = TEXT,
                           .translations = sending->translations,
                           .photo = sending->photo,
                           .link_url = sending->link_url,
                           .target = "groups",
                           .ignores_hours = !sending->ordinary,
                           .by = "qq.1",
                           .total = sending->n + sending->n2,
                           .created_ms = ENGINE_START_MS,
                       });
    delivery_add(txn, id, &(struct delivery_part){sending->accounts, ""}, chats,
                 (size_t)sending->n);
    if (sending->accounts2 != NULL)
        delivery_add(txn, id,
                     &(struct delivery_part){
                         sending->accounts2,
                         sending->lang2 == NULL ? "" : sending->lang2},
                     chats + sending->n, (size_t)sending->n2);
    struct notice report = {
        .lane = LANE_ANSWER,
        .account = FIRST,
        .chat = "qq.u1",
        .rider = "qq.1",
        .key = "notify.report",
    };
    notice_param(&report, "id", id);
    delivery_begin(txn, id, &report, clock_wall_ms(e->bot.clock));
    assert_int_equal(engine_commit(e, txn), OK);
    deliveries_look(&e->bot);
}

/* One move of the delivery, and the daemon is told. */
#define MOVE(e, call)                                                          \
    do {                                                                       \
        struct txn *txn = txn_new((e)->bot.store);                             \
        call;                                                                  \
        assert_int_equal(engine_commit((e), txn), OK);                         \
        deliveries_look(&(e)->bot);                                            \
    } while (0)

static inline char *letters(struct engine *e) {
    return engine_redis_text(e, "GET {test}:delivery:B1:states");
}

static inline void letters_are(struct engine *e, const char *right) {
    char *now = letters(e);
    assert_string_equal(now, right);
    free(now);
}

static inline size_t count_letters(struct engine *e, char letter) {
    char *now = letters(e);
    size_t n = 0;
    for (const char *at = now; *at != '\0'; at++)
        n += *at == letter;
    free(now);
    return n;
}

static inline bool state_is(struct engine *e, const char *right) {
    char *now = engine_redis_text(e, "HGET {test}:delivery:B1 state");
    bool is = strcmp(now, right) == 0;
    free(now);
    return is;
}

static inline size_t said_by(const struct engine *e, const char *account) {
    size_t n = 0;
    for (size_t i = 0; i < e->n_sent; i++)
        n += strcmp(e->sent[i].by, account) == 0 &&
             strstr(e->sent[i].text, TEXT) != NULL;
    return n;
}

/* No group got it more than once. */
static inline void never_twice(const struct engine *e) {
    for (size_t i = 0; i < e->n_sent; i++)
        for (size_t j = i + 1; j < e->n_sent; j++)
            if (strstr(e->sent[i].text, TEXT) != NULL &&
                strstr(e->sent[j].text, TEXT) != NULL)
                assert_string_not_equal(e->sent[i].chat, e->sent[j].chat);
}

/* The sweeps of a few seconds go by; nothing else is to be awaited. */
static inline void sweeps(struct engine *e) {
    for (int i = 0; i < 3; i++) {
        deliveries_look(&e->bot);
        engine_settle(e);
    }
}

struct counted {
    struct delivery_counts counts;
    bool done;
};

static inline void on_counted(void *data, enum err err,
                              const struct delivery_counts *counts) {
    struct counted *counted = data;
    assert_int_equal(err, OK);
    counted->counts = *counts;
    counted->done = true;
}

static inline struct delivery_counts counts_of(struct engine *e,
                                               const char *id) {
    struct counted counted = {.done = false};
    struct arena arena;
    arena_init(&arena);
    delivery_counts_get(e->bot.store, &arena, id, on_counted, &counted);
    ENGINE_UNTIL(e, counted.done);
    counted.counts.state = "";
    arena_finish(&arena);
    return counted.counts;
}

static inline int setup(void **state) {
    *state = engine_new(NULL);
    return 0;
}

/* Batches of four, one message a second of the test's clock. */
static inline int setup_paced(void **state) {
    *state = engine_new(&(struct engine_options){
        .paced = true,
        .config = "[pace]\naccount_rate=1\naccount_burst=20\ngroup_rate=0\n"
                  "broadcast_jitter=0s\n[rider]\nrate=0\n",
    });
    return 0;
}

static inline int teardown(void **state) {
    engine_free(*state);
    return 0;
}

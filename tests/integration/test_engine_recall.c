/* Broadcasts that are taken back, and who has read them. */
#include "base/arena.h"
#include "tests/integration/delivery_fixture.h"

#include "store/delivery_send.h"

static size_t recalled(const struct engine *e) {
    size_t n = 0;
    for (size_t i = 0; i < e->n_sent; i++)
        n += e->sent[i].recalled;
    return n;
}

/* Each is taken back by the account that sent it. */
static void test_in_time(void **state) {
    struct engine *e = *state;
    engine_online(e, SECOND);
    begin_sending(e, &(struct sending){.accounts = BOTH, .n = 30});
    ENGINE_UNTIL(e, state_is(e, "done"));
    assert_true(said_by(e, FIRST) > 0 && said_by(e, SECOND) > 0);
    MOVE(e, delivery_recall(txn, "B1", clock_wall_ms(e->bot.clock)));
    ENGINE_UNTIL(e, count_letters(e, 'c') == 30);
    assert_int_equal(recalled(e), 30);
    struct delivery_counts counts = counts_of(e, "B1");
    assert_int_equal(counts.recalled, 30);
    assert_int_equal(counts.recalling, 0);
    assert_int_equal(counts.sent, 0);
    assert_int_equal(counts.delivered, 30);
    ENGINE_UNTIL(e, engine_redis(e, "ZCARD {test}:deliveries:live") == 0);
    struct txn *txn = txn_new(e->bot.store);
    delivery_recall(txn, "B1", clock_wall_ms(e->bot.clock));
    assert_int_equal(engine_commit(e, txn), ERR_STATE);
}

static void second_is_late(struct engine *e, const struct engine_sent *sent,
                           struct send_end *end) {
    (void)e;
    if (strcmp(sent->chat, "qq.g2") == 0)
        *end = (struct send_end){.outcome = OUTCOME_REFUSED,
                                 .reason = "消息超过2分钟"};
}

/* In the midst of sending: what waits is not sent any more, what arrived goes,
 * the platform finds one too late and says so. */
static void test_midway(void **state) {
    struct engine *e = *state;
    e->recall_platform = second_is_late;
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 60});
    ENGINE_UNTIL(e, engine_said(e, TEXT) == 20);
    MOVE(e, delivery_recall(txn, "B1", clock_wall_ms(e->bot.clock)));
    clock_manual_advance(&e->clock, 30000);
    ENGINE_UNTIL(e, count_letters(e, 'c') == 19);
    char *now = letters(e);
    assert_int_equal(now[1], 'l');
    free(now);
    assert_int_equal(engine_said(e, TEXT), 20);
    assert_int_equal(count_letters(e, 'w'), 40);
    char *why = engine_redis_text(e, "HGET {test}:delivery:B1:reasons 1");
    assert_string_equal(why, "消息超过2分钟");
    free(why);
}

/* The account is not there: it waits for it, and after two days it is too
 * late. */
static void test_too_late(void **state) {
    struct engine *e = *state;
    engine_online(e, SECOND);
    begin_sending(e, &(struct sending){.accounts = SECOND, .n = 3});
    ENGINE_UNTIL(e, state_is(e, "done"));
    account_offline(account_find(&e->bot, SECOND), e);
    MOVE(e, delivery_recall(txn, "B1", clock_wall_ms(e->bot.clock)));
    sweeps(e);
    letters_are(e, "ddd");
    clock_manual_advance(&e->clock, DELIVERY_RECALL_MS + 1000);
    ENGINE_UNTIL(e, count_letters(e, 'l') == 3);
    assert_int_equal(counts_of(e, "B1").too_late, 3);
    assert_int_equal(recalled(e), 0);
}

/* The process ends while it recalls: the next one goes on. */
static void test_crash(void **state) {
    struct engine *e = *state;
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 10});
    ENGINE_UNTIL(e, state_is(e, "done"));
    struct txn *txn = txn_new(e->bot.store);
    delivery_recall(txn, "B1", clock_wall_ms(e->bot.clock));
    assert_int_equal(engine_commit(e, txn), OK);
    engine_restart(e);
    ENGINE_UNTIL(e, count_letters(e, 'c') == 10);
}

/* ---- readers ---------------------------------------------------------------
 */

struct names {
    char text[256];
    bool done;
};

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void on_names(void *data, enum err err, const char *const *names,
                     size_t n) {
    struct names *all = data;
    const char *sorted[16];
    assert_int_equal(err, OK);
    assert_true(n <= 16);
    for (size_t i = 0; i < n; i++)
        sorted[i] = names[i];
    qsort(sorted, n, sizeof(sorted[0]), by_name);
    for (size_t i = 0; i < n; i++) {
        strcat(all->text, sorted[i]);
        strcat(all->text, " ");
    }
    all->done = true;
}

static struct names readers(struct engine *e, const char *rider) {
    struct names names = {.done = false};
    struct arena arena;
    arena_init(&arena);
    if (rider == NULL)
        delivery_readers(e->bot.store, &arena, "B1", on_names, &names);
    else
        delivery_ids(e->bot.store, &arena, rider, on_names, &names);
    ENGINE_UNTIL(e, names.done);
    arena_finish(&arena);
    return names;
}

static enum err reads(struct engine *e, size_t index, const char *rider,
                      const char *visitor) {
    struct txn *txn = txn_new(e->bot.store);
    delivery_read(txn, "B1", index, rider, visitor,
                  clock_wall_ms(e->bot.clock));
    return engine_commit(e, txn);
}

static struct delivery_hour hours[8];
static size_t n_hours;

static void on_hours(void *data, enum err err,
                     const struct delivery_hour *found, size_t n) {
    assert_int_equal(err, OK);
    assert_true(n <= 8);
    for (size_t i = 0; i < n; i++)
        hours[i] = found[i];
    n_hours = n;
    *(bool *)data = true;
}

static void test_readers(void **state) {
    struct engine *e = *state;
    bool done = false;
    struct arena arena;
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 3});
    ENGINE_UNTIL(e, state_is(e, "done"));
    assert_int_equal(reads(e, 0, "qq.7", NULL), OK);
    assert_int_equal(reads(e, 0, "qq.7", NULL), OK); /* once */
    assert_int_equal(reads(e, 0, "qq.8", NULL), OK);
    clock_manual_advance(&e->clock, 3600000);
    assert_int_equal(reads(e, 1, NULL, "somebody"), OK);
    assert_int_equal(reads(e, 1, NULL, "somebody"), OK);
    assert_int_equal(reads(e, 3, "qq.7", NULL), ERR_NOT_FOUND);
    assert_int_equal(counts_of(e, "B1").read, 2);
    assert_string_equal(readers(e, NULL).text, "qq.7 qq.8 qq.g1 qq.g2 ");
    assert_string_equal(readers(e, "qq.7").text, "B1 ");
    assert_string_equal(readers(e, "qq.9").text, "");
    arena_init(&arena);
    delivery_reads(e->bot.store, &arena, "B1", on_hours, &done);
    ENGINE_UNTIL(e, done);
    arena_finish(&arena);
    assert_int_equal(n_hours, 2);
    assert_int_equal(hours[0].n, 2);
    assert_int_equal(hours[1].n, 1);
    assert_int_equal(hours[1].at_ms - hours[0].at_ms, 3600000);
}

struct pushed {
    enum err err;
    char id[24];
    size_t index;
    bool done;
};

static void on_pushed(void *data, enum err err, const char *id, size_t index) {
    struct pushed *pushed = data;
    pushed->err = err;
    snprintf(pushed->id, sizeof(pushed->id), "%s", id == NULL ? "" : id);
    pushed->index = index;
    pushed->done = true;
}

static struct pushed pushed_to(struct engine *e, const char *chat) {
    struct pushed pushed = {.done = false};
    struct arena arena;
    arena_init(&arena);
    delivery_pushed(e->bot.store, &arena, chat, clock_wall_ms(e->bot.clock),
                    on_pushed, &pushed);
    ENGINE_UNTIL(e, pushed.done);
    arena_finish(&arena);
    return pushed;
}

/* What a chat got last; and a rider who is forgotten is in no list. */
static void test_pushed_and_forgotten(void **state) {
    struct engine *e = *state;
    const char *ids[] = {"B1", "B2"};
    begin_sending(e, &(struct sending){.accounts = FIRST, .n = 3});
    ENGINE_UNTIL(e, state_is(e, "done"));
    begin_sending(e, &(struct sending){.id = "B2", .accounts = FIRST, .n = 2});
    ENGINE_UNTIL(e, engine_said(e, "B2 发完了") == 1);
    assert_string_equal(pushed_to(e, "qq.g2").id, "B2");
    assert_int_equal(pushed_to(e, "qq.g2").index, 1);
    assert_string_equal(pushed_to(e, "qq.g3").id, "B1");
    assert_int_equal(pushed_to(e, "qq.g3").index, 2);
    assert_int_equal(pushed_to(e, "qq.g4").err, ERR_NOT_FOUND);
    assert_int_equal(reads(e, 2, "qq.7", NULL), OK);

    struct txn *txn = txn_new(e->bot.store);
    delivery_forget(txn, "qq.7", "qq.g3", ids, 2);
    assert_int_equal(engine_commit(e, txn), OK);
    assert_string_equal(readers(e, NULL).text, "");
    assert_int_equal(pushed_to(e, "qq.g3").err, ERR_NOT_FOUND);
    assert_int_equal(engine_redis(e, "STRLEN {test}:delivery:B1:states"), 3);
    char *chat = engine_redis_text(e, "LINDEX {test}:delivery:B1:chats 2");
    assert_string_equal(chat, "");
    free(chat);
    clock_manual_advance(&e->clock, 31LL * 24 * 3600 * 1000);
    assert_int_equal(pushed_to(e, "qq.g2").err, ERR_NOT_FOUND);

    txn = txn_new(e->bot.store);
    delivery_drop(txn, "B2");
    assert_int_equal(engine_commit(e, txn), OK);
    assert_int_equal(engine_redis(e, "EXISTS {test}:delivery:B2:chats"), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define PACED(name) cmocka_unit_test_setup_teardown(name, setup_paced, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_in_time), PACED(test_midway), TEST(test_too_late),
        TEST(test_crash),   TEST(test_readers), TEST(test_pushed_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

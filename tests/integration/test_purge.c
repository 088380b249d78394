/* An end to what was kept long enough: tickets, photos, files of nothing,
 * entries of the audit log. */
#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/audit_anchors.h"
#include "bot/audit_check.h"
#include "bot/config.h"
#include "bot/files.h"
#include "bot/nightly.h"
#include "bot/photo_file.h"
#include "bot/policy.h"
#include "bot/purge.h"
#include "store/audit.h"
#include "store/broadcast.h"
#include "store/ticket.h"
#include "store/upload.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY_MS (24LL * 3600 * 1000)

static struct engine *e;
static struct arena arena;
static struct policy_rules rules;
static int64_t now_ms;

static int setup(void **state) {
    (void)state;
    e = engine_new(NULL);
    arena_init(&arena);
    rules = (struct policy_rules){
        .retention_ticket_days = 730,
        .retention_audit_days = 1095,
        .retention_photo_days = 730,
    };
    /* Files have the time of the machine: three days later they are old. */
    now_ms = clock_wall_ms(&clock_system) + 3 * DAY_MS;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    engine_free(e);
    return 0;
}

/* ---- what there is ------------------------------------------------------ */

/* 22 letters: "photo-a_______________". */
static const char *photo(char letter) {
    return arena_printf(&arena, "photo-%c_______________", letter);
}

static char *photo_dir(void) {
    return arena_printf(&arena, "%s/photos", e->dir);
}

static void put_photo(char letter) {
    assert_int_equal(photo_file_write(photo_dir(), photo(letter),
                                      &(struct photo_bytes){"jpeg", 4, "t", 1}),
                     OK);
}

static bool has_photo(char letter) {
    char *large = photo_file_path(photo_dir(), photo(letter), false);
    char *thumb = photo_file_path(photo_dir(), photo(letter), true);
    bool there = access(large, F_OK) == 0;
    assert_true(there == (access(thumb, F_OK) == 0));
    free(large);
    free(thumb);
    return there;
}

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct ticket *copy = arena_alloc(&arena, sizeof(*copy));
    assert_int_equal(err, OK);
    *copy = *ticket; /* it is borrowed for the call */
    *(const struct ticket **)data = copy;
}

static const struct ticket *get(const char *id) {
    const struct ticket *ticket = NULL;
    ticket_get(e->bot.store, &arena, id, on_ticket, &ticket);
    ENGINE_UNTIL(e, ticket != NULL);
    return ticket;
}

static void create(const char *id, const char *rider, const char *photos,
                   int64_t days_ago) {
    struct txn *txn = txn_new(e->bot.store);
    ticket_create(txn, &(struct ticket){
                           .id = id,
                           .rider = rider,
                           .account = ENGINE_ACCOUNT,
                           .chat = "qq.u5",
                           .group = "",
                           .nick = "小王",
                           .category = "charge",
                           .text = "换电柜坏了",
                           .photos = photos,
                           .place = "新街口",
                           .lat = "",
                           .lon = "",
                           .created_ms = now_ms - days_ago * DAY_MS,
                       });
    assert_int_equal(engine_commit(e, txn), OK);
}

static void withdraw(const char *id, int64_t days_ago) {
    const struct ticket *ticket = get(id);
    struct ticket after = *ticket;
    struct txn *txn = txn_new(e->bot.store);
    after.state = TICKET_WITHDRAWN;
    after.updated_ms = now_ms - days_ago * DAY_MS;
    ticket_change(txn, ticket, &after, NULL);
    assert_int_equal(engine_commit(e, txn), OK);
}

static void create_ended(const char *id, const char *rider, const char *photos,
                         int64_t days_ago) {
    create(id, rider, photos, days_ago);
    withdraw(id, days_ago);
}

/* ---- what is under test ------------------------------------------------- */

struct result {
    bool done;
    enum err err;
    struct purge_counts counts;
};

static void on_purged(void *data, enum err err,
                      const struct purge_counts *counts) {
    struct result *result = data;
    assert_false(result->done);
    *result = (struct result){true, err, *counts};
}

static struct purge_counts run(bool dry_run) {
    struct result result = {0};
    purge(&(struct purge_options){
        .loop = &e->loop.uv,
        .store = e->bot.store,
        .seal = e->bot.seal,
        .config = e->config,
        .rules = &rules,
        .now_ms = now_ms,
        .dry_run = dry_run,
        .done = on_purged,
        .data = &result,
    });
    assert_false(result.done);
    ENGINE_UNTIL(e, result.done);
    assert_int_equal(result.err, OK);
    return result.counts;
}

static void on_checked(void *data, const struct audit_report *report) {
    *(struct audit_report *)data = *report;
}

static struct audit_report check(void) {
    struct audit_report report = {.err = ERR_COUNT};
    char *anchors = audit_anchors_path(e->config);
    audit_check(&(struct audit_check_options){
        .store = e->bot.store,
        .seal = e->bot.seal,
        .anchors = anchors,
        .done = on_checked,
        .data = &report,
    });
    free(anchors);
    ENGINE_UNTIL(e, report.err != ERR_COUNT);
    assert_int_equal(report.err, OK);
    assert_true(report.ok);
    return report;
}

/* ---- tests -------------------------------------------------------------- */

static void test_tickets_and_photos(void **state) {
    (void)state;
    for (char letter = 'a'; letter <= 'g'; letter++)
        put_photo(letter);
    create_ended("S1", "qq.5",
                 arena_printf(&arena, "%s,%s", photo('a'), photo('g')), 800);
    create_ended("S2", "qq.5", photo('b'), 100);
    create("S3", "qq.5", photo('c'), 900);
    /* d is nobody's; others have theirs in a draft and in a chat. */
    engine_redis(e, "HSET {test}:rider:qq.6 draft report\x1fphotos=%s",
                 photo('e'));
    engine_redis(e, "XADD {test}:chat:web.g1 * m %s", photo('f'));

    for (int i = 0; i < 2; i++) {
        struct purge_counts counts = run(true);
        assert_int_equal(counts.tickets, 1);
        assert_int_equal(counts.photos, 2);
        assert_int_equal(counts.strays, 1);
        assert_int_equal(counts.entries, 0);
    }
    for (char letter = 'a'; letter <= 'g'; letter++)
        assert_true(has_photo(letter));
    assert_int_equal(get("S1")->state, TICKET_WITHDRAWN);
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 0);

    struct purge_counts counts = run(false);
    assert_int_equal(counts.tickets, 1);
    assert_int_equal(counts.photos, 2);
    assert_int_equal(counts.strays, 1);
    for (char letter = 'a'; letter <= 'g'; letter++)
        assert_true(has_photo(letter) == (strchr("adg", letter) == NULL));
    assert_int_equal(get("S1")->state, TICKET_ERASED);
    assert_string_equal(get("S1")->text, "");
    assert_string_equal(get("S2")->photos, photo('b'));
    assert_int_equal(get("S3")->state, TICKET_NEW);
    assert_int_equal(engine_redis(e, "ZSCORE {test}:tickets:qq.5 S1"), -1);
    assert_int_equal(engine_redis(e, "ZCARD {test}:tickets:qq.5"), 2);
    /* The board hears of the ticket; the run itself is noted. */
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 2);

    counts = run(false);
    assert_int_equal(counts.tickets + counts.photos + counts.strays, 0);
    check();
}

static void put_upload(char letter, int64_t days_ago) {
    char *path = files_path_in(arena_printf(&arena, "%s/files", e->dir),
                               photo(letter), FILE_PDF);
    assert_true(file_make_dirs_of(path));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    free(path);
    struct txn *txn = txn_new(e->bot.store);
    upload_put(txn, &(struct upload){.id = photo(letter),
                                     .name = "a.pdf",
                                     .type = "pdf",
                                     .by = "user:li",
                                     .created_ms = now_ms - days_ago * DAY_MS});
    assert_int_equal(engine_commit(e, txn), OK);
}

static bool has_upload(char letter) {
    char *path = files_path_in(arena_printf(&arena, "%s/files", e->dir),
                               photo(letter), FILE_PDF);
    bool there = access(path, F_OK) == 0;
    assert_true(there == (engine_redis(e, "EXISTS {test}:record:file:%s",
                                       photo(letter)) == 1));
    free(path);
    return there;
}

/* What organisers sent along stays as long as a broadcast has it. */
static void test_uploaded_files(void **state) {
    (void)state;
    put_photo('p');
    for (char letter = 'a'; letter <= 'd'; letter++)
        put_upload(letter, letter == 'd' ? 1 : 3);
    struct txn *txn = txn_new(e->bot.store);
    broadcast_put(txn, &(struct broadcast){.id = "B1",
                                           .file = photo('a'),
                                           .photo = photo('p')});
    assert_int_equal(engine_commit(e, txn), OK);
    assert_int_equal(run(true).files, 2);
    assert_true(has_upload('b'));
    struct purge_counts counts = run(false);
    assert_int_equal(counts.files, 2);
    assert_int_equal(counts.strays, 0);
    assert_true(has_photo('p'));
    for (char letter = 'a'; letter <= 'd'; letter++)
        assert_true(has_upload(letter) == (strchr("bc", letter) == NULL));
    assert_int_equal(run(false).files, 0);
}

/* A photo may be on its way into a ticket for some time. */
static void test_young_files_stay(void **state) {
    (void)state;
    put_photo('a');
    now_ms -= 3 * DAY_MS;
    assert_int_equal(run(false).strays, 0);
    assert_true(has_photo('a'));
}

/* Things that organisers keep have pictures, too. */
static void test_pictures_of_records(void **state) {
    (void)state;
    static const struct {
        char letter;
        const char *kind, *field;
    } kept[] = {{'a', "material:M1", "cover"},
                {'b', "broadcast:B1", "photo"},
                {'c', "question:Q1", "photo"}};
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        put_photo(kept[i].letter);
        engine_redis(e, "HSET {test}:record:%s %s %s", kept[i].kind,
                     kept[i].field, photo(kept[i].letter));
    }
    put_photo('z');
    assert_int_equal(run(false).strays, 1);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        assert_true(has_photo(kept[i].letter));
    assert_false(has_photo('z'));
}

static void test_photos_before_their_tickets(void **state) {
    (void)state;
    rules.retention_photo_days = 30;
    for (char letter = 'a'; letter <= 'd'; letter++)
        put_photo(letter);
    create_ended("S1", "qq.5", photo('a'), 800);
    create_ended("S2", "qq.5", photo('b'), 100);
    create_ended("S3", "qq.5", photo('c'), 10);
    create("S4", "qq.5", photo('d'), 100);
    struct purge_counts counts = run(true);
    assert_int_equal(counts.tickets, 1);
    assert_int_equal(counts.photos, 2);
    counts = run(false);
    assert_int_equal(counts.tickets, 1);
    assert_int_equal(counts.photos, 2);
    assert_int_equal(counts.strays, 0);
    assert_string_equal(get("S2")->photos, "");
    assert_string_equal(get("S2")->text, "换电柜坏了");
    for (char letter = 'a'; letter <= 'd'; letter++)
        assert_true(has_photo(letter) == (letter >= 'c'));
    assert_int_equal(run(false).photos, 0);
}

/* More than a page of them. */
static void test_many(void **state) {
    (void)state;
    for (int i = 1; i <= 250; i++)
        create_ended(arena_printf(&arena, "S%d", i), "qq.5", "", 731);
    assert_int_equal(run(true).tickets, 250);
    assert_int_equal(run(false).tickets, 250);
    assert_int_equal(engine_redis(e, "ZCARD {test}:ended"), 0);
    assert_int_equal(engine_redis(e, "ZCARD {test}:erased"), 250);
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 251);
    assert_int_equal(run(false).tickets, 0);
}

static void on_ends(void *data, enum err err, const struct audit_ends *ends) {
    assert_int_equal(err, OK);
    *(struct audit_ends *)data = *ends;
}

static void anchor(void) {
    struct audit_ends ends = {0};
    char line[AUDIT_ANCHOR_SIZE], *path = audit_anchors_path(e->config);
    audit_ends_get(e->bot.store, e->bot.seal, on_ends, &ends);
    ENGINE_UNTIL(e, ends.head.number > 0);
    audit_anchor_print(e->bot.seal, &ends.head, line);
    assert_int_equal(audit_anchors_add(path, line), OK);
    free(path);
}

static void add_entries(int n) {
    struct txn *txn = txn_new(e->bot.store);
    for (int i = 0; i < n; i++)
        txn_audit(txn, "qq.90001", "request-answer", "S1", "");
    assert_int_equal(engine_commit(e, txn), OK);
}

static void test_the_audit_log(void **state) {
    (void)state;
    add_entries(1500);
    anchor();
    add_entries(1000);
    anchor();
    now_ms += 1090 * DAY_MS;
    assert_int_equal(run(true).entries, 0);
    assert_int_equal(run(false).entries, 0);
    now_ms += 3 * DAY_MS; /* and the entry of the purge itself */
    assert_int_equal(run(true).entries, 2501);
    assert_int_equal(check().anchors, 2);
    assert_int_equal(run(false).entries, 2501);
    struct audit_report report = check();
    assert_int_equal(report.entries, 1);
    assert_int_equal(report.forgotten, 2501);
    assert_int_equal(report.anchors, 0);
    add_entries(10);
    anchor();
    assert_int_equal(check().anchored, 2512);
}

static void test_every_night(void **state) {
    (void)state;
    struct nightly *nightly = nightly_new(&e->bot);
    /* 2024-01-01 02:59 and 03:00 in China. */
    e->clock.now_ms = 1704049140000;
    nightly_look(nightly);
    engine_settle(e);
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 0);
    e->clock.now_ms += 60000;
    for (int i = 0; i < 3; i++) {
        nightly_look(nightly);
        ENGINE_UNTIL(e, engine_redis(e, "XLEN {test}:audit") == 1);
        engine_settle(e);
        e->clock.now_ms += 600000;
    }
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 1);
    e->clock.now_ms += DAY_MS - 1800000;
    nightly_look(nightly);
    ENGINE_UNTIL(e, engine_redis(e, "XLEN {test}:audit") == 2);
    e->clock.now_ms += DAY_MS;
    nightly_look(nightly); /* and the end of the program in the midst of it */
    nightly_free(nightly);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_tickets_and_photos),
        TEST(test_young_files_stay),
        TEST(test_uploaded_files),
        TEST(test_pictures_of_records),
        TEST(test_photos_before_their_tickets),
        TEST(test_many),
        TEST(test_the_audit_log),
        TEST(test_every_night),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

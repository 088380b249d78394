/* The audit log against whoever may write into Redis: every alteration of a
 * stored log is found, and a log that nobody touched is in order. */
#include "base/file.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/audit_anchors.h"
#include "bot/audit_check.h"
#include "bot/audit_hash.h"
#include "store/audit.h"
#include "tests/integration/store_fixture.h"

#include <ftw.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ENTRIES 300
#define ANCHOR_EVERY 100
#define ROOM (ENTRIES + 8)
#define AUDIT "{test}:audit"
#define HEAD "{test}:audit:head"
#define BASE "{test}:audit:base"

static struct store_fixture *f;
static struct seal *seal;
static char dir[64], anchors[96], keys[96];

/* ---- set-up ------------------------------------------------------------- */

static int setup(void **state) {
    snprintf(dir, sizeof(dir), "/tmp/xiaofeng-audit-XXXXXX");
    if (mkdtemp(dir) == NULL || store_fixture_setup(state) != 0)
        return -1;
    f = *state;
    snprintf(anchors, sizeof(anchors), "%s/" AUDIT_ANCHORS_FILE, dir);
    snprintf(keys, sizeof(keys), "%s/field.key", dir);
    return seal_load(keys, &seal) == OK ? 0 : -1;
}

static int remove_one(const char *name, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(name);
}

static int teardown(void **state) {
    seal_free(seal);
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return store_fixture_teardown(state);
}

__attribute__((format(printf, 1, 2))) static redisReply *redis(const char *fmt,
                                                               ...) {
    va_list args;
    va_start(args, fmt);
    char *line = xvasprintf(fmt, args);
    va_end(args);
    redisReply *reply = redis_server_command(f->server, line);
    free(line);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s", reply->str);
    return reply;
}

#define run(...) freeReplyObject(redis(__VA_ARGS__))

/* ---- what is under test ------------------------------------------------- */

static struct audit_report report;

static void on_checked(void *data, const struct audit_report *result) {
    (void)data;
    report = *result;
    f->done = true;
}

static bool in_order(void) {
    audit_check(&(struct audit_check_options){
        .store = f->store,
        .seal = seal,
        .anchors = anchors,
        .done = on_checked,
    });
    assert_false(f->done);
    store_fixture_wait(f);
    assert_int_equal(report.err, OK);
    assert_true(report.ok == (report.n_findings == 0));
    return report.ok;
}

static void passes(void) {
    if (!in_order())
        fail_msg("entry %" PRId64 " %s: %s", report.findings[0].number,
                 report.findings[0].id, report.findings[0].what);
}

static void on_ends(void *data, enum err err, const struct audit_ends *ends) {
    assert_int_equal(err, OK);
    *(struct audit_ends *)data = *ends;
    f->done = true;
}

static struct audit_ends read_ends(void) {
    struct audit_ends ends;
    audit_ends_get(f->store, seal, on_ends, &ends);
    store_fixture_wait(f);
    return ends;
}

static void anchor(void) {
    char line[AUDIT_ANCHOR_SIZE];
    struct audit_ends ends = read_ends();
    audit_anchor_print(seal, &ends.head, line);
    assert_int_equal(audit_anchors_add(anchors, line), OK);
}

static void add(const char *actor, const char *action, const char *subject,
                const char *detail) {
    struct txn *txn = txn_new(f->store);
    txn_audit(txn, actor, action, subject, detail);
    assert_int_equal(store_fixture_commit(f, txn), OK);
}

/* Some in a transaction of their own, some three at once. */
static void make_log(int entries) {
    char subject[24], detail[64];
    int anchored = 0;
    for (int i = 1; i <= entries;) {
        struct txn *txn = txn_new(f->store);
        for (int n = i % 5 == 0 ? 3 : 1; n > 0 && i <= entries; n--, i++) {
            snprintf(subject, sizeof(subject), "S%d", i);
            snprintf(detail, sizeof(detail), "%s%d", i % 7 ? "" : "新街口\x1f",
                     i * 31);
            txn_audit(txn, i % 3 ? "rider" : "qq.90001", "request-create",
                      i % 4 ? subject : "", i % 2 ? detail : "");
        }
        assert_int_equal(store_fixture_commit(f, txn), OK);
        if ((i - 1) / ANCHOR_EVERY > anchored) {
            anchored++;
            anchor();
        }
    }
}

/* ---- a copy of the log, to be altered ----------------------------------- */

enum { WHO, DID, WHAT, HOW, HASH, FIELDS };

struct line {
    char *id, *fields[FIELDS];
};

static struct line lines[ROOM];
static size_t n_lines;
static char *head;

static void copy_log(void) {
    redisReply *all = redis("XRANGE " AUDIT " - +");
    n_lines = all->elements;
    assert_int_equal(n_lines, ENTRIES);
    for (size_t i = 0; i < n_lines; i++) {
        const redisReply *entry = all->element[i];
        lines[i].id = xstrdup(entry->element[0]->str);
        for (size_t j = 0; j < FIELDS; j++)
            lines[i].fields[j] =
                xstrdup(entry->element[1]->element[2 * j + 1]->str);
    }
    freeReplyObject(all);
    redisReply *end = redis("GET " HEAD);
    head = xstrdup(end->str);
    freeReplyObject(end);
}

static void store_lines(void) {
    run("DEL " AUDIT);
    for (size_t i = 0; i < n_lines; i++) {
        char *const *fields = lines[i].fields;
        redisReply *reply = redis_server_command(
            f->server, "XADD " AUDIT " %s who %s did %s what %s how %s h %s",
            lines[i].id, fields[WHO], fields[DID], fields[WHAT], fields[HOW],
            fields[HASH]);
        assert_int_equal(reply->type, REDIS_REPLY_STRING);
        freeReplyObject(reply);
    }
}

static void store_head(const char *text) {
    redisReply *reply =
        redis_server_command(f->server, "SET " HEAD " %s", text);
    freeReplyObject(reply);
}

static void free_lines(void) {
    for (size_t i = 0; i < n_lines; i++) {
        free(lines[i].id);
        for (size_t j = 0; j < FIELDS; j++)
            free(lines[i].fields[j]);
    }
    n_lines = 0;
    free(head);
    head = NULL;
}

static void take_out(size_t at, size_t how_many) {
    for (size_t i = at; i < at + how_many; i++) {
        free(lines[i].id);
        for (size_t j = 0; j < FIELDS; j++)
            free(lines[i].fields[j]);
    }
    memmove(&lines[at], &lines[at + how_many],
            (n_lines - at - how_many) * sizeof(*lines));
    n_lines -= how_many;
}

/* The hashes from one entry on, as if it had been written so. */
static void chain_anew(size_t from) {
    for (size_t i = from; i < n_lines; i++) {
        char *const *fields = lines[i].fields;
        char link[AUDIT_LINK_SIZE] = "", hash[SHA1_HEX_SIZE];
        if (i > 0)
            snprintf(link, sizeof(link), "%zu %s %s", i, lines[i - 1].id,
                     strchr(lines[i - 1].fields[HASH], ' ') + 1);
        char *text = xasprintf("%s\x1f%s\x1f%s\x1f%s\x1f%s", link, fields[WHO],
                               fields[DID], fields[WHAT], fields[HOW]);
        sha1_hex(text, strlen(text), hash);
        free(text);
        free(lines[i].fields[HASH]);
        lines[i].fields[HASH] = xasprintf("%zu %s", i + 1, hash);
    }
    const struct line *last = &lines[n_lines - 1];
    free(head);
    head = xasprintf("%zu %s %s", n_lines, last->id,
                     strchr(last->fields[HASH], ' ') + 1);
}

/* ---- alterations -------------------------------------------------------- */

static uint32_t dice = 20261122;

static size_t roll(size_t sides) {
    dice = dice * 1664525 + 1013904223;
    return (dice >> 8) % sides;
}

static void change_field(void) {
    char **field = &lines[roll(n_lines)].fields[roll(FIELDS)];
    char *was = *field;
    size_t len = strlen(was);
    if (len == 0 || roll(3) == 0) {
        *field = xasprintf("%s0", was);
        free(was);
    } else {
        size_t at = roll(len);
        was[at] = was[at] == '1' ? '2' : '1';
    }
}

/* From the end of one field to the begin of the next. */
static void move_letter(void) {
    struct line *line = &lines[roll(n_lines)];
    char *who = line->fields[WHO], *did = line->fields[DID];
    line->fields[DID] = xasprintf("%c%s", who[strlen(who) - 1], did);
    who[strlen(who) - 1] = '\0';
    free(did);
}

static void delete_one(void) {
    take_out(roll(n_lines), 1);
}

static void delete_some(void) {
    size_t how_many = 2 + roll(20);
    take_out(roll(n_lines - how_many), how_many);
}

/* The ids stay, for Redis takes them in their order only. */
static void swap_two(void) {
    size_t a = roll(n_lines), b = (a + 1 + roll(n_lines - 1)) % n_lines;
    for (size_t j = 0; j < FIELDS; j++) {
        char *was = lines[a].fields[j];
        lines[a].fields[j] = lines[b].fields[j];
        lines[b].fields[j] = was;
    }
}

/* All but the hash: what was done looks like somebody else's. */
static void swap_texts(void) {
    size_t a = roll(n_lines - 1);
    char *was = lines[a].fields[WHAT];
    lines[a].fields[WHAT] = xstrdup("S999");
    free(was);
}

static void cut_tail(void) {
    size_t how_many = 1 + roll(50);
    take_out(n_lines - how_many, how_many);
}

static void cut_tail_and_head(void) {
    cut_tail();
    chain_anew(n_lines);
}

/* A new id between that of an entry and the next; whether there is one. */
static char *id_behind(size_t i) {
    int64_t t, n, next_t = INT64_MAX, next_n = 0;
    sscanf(lines[i].id, "%" SCNd64 "-%" SCNd64, &t, &n);
    if (i + 1 < n_lines)
        sscanf(lines[i + 1].id, "%" SCNd64 "-%" SCNd64, &next_t, &next_n);
    if (t == next_t && n + 1 == next_n)
        return NULL;
    return xasprintf("%" PRId64 "-%" PRId64, t, n + 1);
}

static size_t insert_line(void) {
    size_t at = roll(n_lines);
    char *id;
    while ((id = id_behind(at)) == NULL)
        at = roll(n_lines);
    memmove(&lines[at + 2], &lines[at + 1],
            (n_lines - at - 1) * sizeof(*lines));
    lines[at + 1] = (struct line){
        id,
        {xstrdup("qq.6"), xstrdup("export"), xstrdup(""), xstrdup("0"),
         xasprintf("%zu 0123456789012345678901234567890123456789", at + 2)}};
    n_lines++;
    return at + 1;
}

static void insert_one(void) {
    insert_line();
}

/* Without a hash, as those of before there was a chain. */
static void insert_unchained(void) {
    size_t at = insert_line();
    free(lines[at].fields[HASH]);
    lines[at].fields[HASH] = xstrdup("");
}

/* Not behind the last one: an entry that is added as the program adds them is
 * no alteration. */
static void insert_and_chain(void) {
    size_t at;
    while ((at = insert_line()) + 1 == n_lines)
        take_out(at, 1);
    chain_anew(at);
}

static void change_and_chain(void) {
    size_t at = roll(n_lines);
    free(lines[at].fields[WHO]);
    lines[at].fields[WHO] = xstrdup("qq.6");
    chain_anew(at);
}

static void change_id(void) {
    size_t at = roll(n_lines);
    char *id;
    while ((id = id_behind(at)) == NULL)
        at = roll(n_lines);
    free(lines[at].id);
    lines[at].id = id;
}

static void replace_head(void) {
    const struct line *line = &lines[roll(n_lines - 1)];
    free(head);
    head = xasprintf("%s", "");
    switch (roll(4)) {
    case 0: /* that of an earlier entry, which fits */
        free(head);
        head = xasprintf("%ld %s %s", strtol(line->fields[HASH], NULL, 10),
                         line->id, strchr(line->fields[HASH], ' ') + 1);
        break;
    case 1:
        free(head);
        head = xasprintf(
            "%d 1795000000000-0 "
            "0123456789012345678901234567890123456789",
            ENTRIES);
        break;
    case 2:
        free(head);
        head = xstrdup("rubbish");
        break;
    default: /* none at all */
        break;
    }
}

/* As the program forgets, with a record that it did not sign. */
static void forge_base(void) {
    char *id = xstrdup(lines[49].id);
    char *hash = xstrdup(strchr(lines[49].fields[HASH], ' ') + 1);
    take_out(0, 50);
    char mac[SEAL_MAC_SIZE];
    seal_mac(seal, "another thing", hash, mac);
    char *text = xasprintf("50 %s %s %s", id, hash, mac);
    redisReply *reply =
        redis_server_command(f->server, "SET " BASE " %s", text);
    free(text);
    assert_int_equal(reply->type, REDIS_REPLY_STATUS);
    freeReplyObject(reply);
    free(hash);
    free(id);
}

static void (*const alterations[])(void) = {
    change_field,     move_letter,      delete_one, delete_some,
    swap_two,         swap_texts,       cut_tail,   cut_tail_and_head,
    insert_one,       insert_unchained, change_id,  insert_and_chain,
    change_and_chain, replace_head,     forge_base,
};

static void test_every_alteration_is_found(void **state) {
    (void)state;
    int found = 0;
    make_log(ENTRIES);
    passes();
    assert_int_equal(report.entries, ENTRIES);
    assert_int_equal(report.anchors, ENTRIES / ANCHOR_EVERY);
    assert_int_equal(report.anchored, ENTRIES);
    for (int i = 0; i < 100; i++) {
        copy_log();
        redisReply *log = redis("DUMP " AUDIT);
        redisReply *end = redis("GET " HEAD);
        alterations[(size_t)i % ARRAY_LEN(alterations)]();
        store_lines();
        store_head(head);
        bool noticed = !in_order();
        found += noticed;
        if (!noticed)
            print_error("alteration %zu of round %d was not found\n",
                        (size_t)i % ARRAY_LEN(alterations), i);
        free_lines();
        run("DEL " AUDIT " " BASE);
        freeReplyObject(redis_server_command(
            f->server, "RESTORE " AUDIT " 0 %b", log->str, log->len));
        store_head(end->str);
        freeReplyObject(log);
        freeReplyObject(end);
    }
    passes();
    print_message("found %d of 100\n", found);
    assert_int_equal(found, 100);
}

/* ---- what is no alteration ---------------------------------------------- */

static void test_an_empty_log(void **state) {
    (void)state;
    passes();
    assert_int_equal(report.entries, 0);
    add("a", "b", "c", "d");
    passes();
    assert_int_equal(report.entries, 1);
    assert_int_equal(report.anchored, 0);
}

static void on_written(void *data, const struct txn_result *result) {
    (void)data;
    assert_int_equal(result->err, OK);
}

static void test_while_it_is_written(void **state) {
    (void)state;
    make_log(1200);
    audit_check(&(struct audit_check_options){
        .store = f->store,
        .seal = seal,
        .anchors = anchors,
        .done = on_checked,
    });
    /* Each is sent before the answer to a page, and the next page after it. */
    for (int i = 0; i < 40; i++) {
        struct txn *txn = txn_new(f->store);
        txn_audit(txn, "a", "b", "c", "d");
        txn_commit(txn, on_written, NULL);
        uv_run(&f->loop, UV_RUN_ONCE);
    }
    store_fixture_wait(f);
    assert_int_equal(report.err, OK);
    assert_true(report.ok);
    store_fixture_wait_up(f);
    passes();
    assert_int_equal(report.entries, 1240);
}

/* What the program wrote before it knew of chains stays readable. */
static void test_a_log_of_before_the_chain(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++)
        run("XADD " AUDIT " * who a did b what c%d how d", i);
    passes();
    assert_int_equal(report.unchained, 5);
    add("a", "b", "c", "d");
    add("a", "b", "c", "d");
    passes();
    assert_int_equal(report.entries, 8); /* one says what was before */
    assert_int_equal(report.unchained, 5);
    run("XADD " AUDIT " * who a did b what late how d");
    assert_false(in_order());
}

/* It goes on, and says so. */
static void test_a_lost_end(void **state) {
    (void)state;
    make_log(20);
    run("DEL " HEAD);
    assert_false(in_order());
    add("a", "b", "c", "d");
    assert_false(in_order());
    assert_int_equal(report.n_findings, 1);
    assert_int_equal(report.first_bad, 21);
    assert_int_equal(report.entries, 22);
    run("SET " HEAD " rubbish");
    add("a", "b", "c", "d");
    assert_false(in_order());
    assert_int_equal(report.n_findings, 2);
}

/* ---- forgetting --------------------------------------------------------- */

struct page {
    struct audit_entry entries[ROOM];
    size_t n;
    char next[AUDIT_ID_SIZE];
};

static void on_page(void *data, enum err err, const struct audit_entry *entries,
                    size_t n) {
    struct page *page = data;
    assert_int_equal(err, OK);
    assert_true(n <= ROOM);
    memcpy(page->entries, entries, n * sizeof(*entries));
    page->n = n;
    f->done = true;
}

static void follow(struct page *page, const char *after, size_t max) {
    audit_follow(f->store, &f->arena, after, max, on_page, page);
    store_fixture_wait(f);
}

static void forget(size_t n) {
    static struct page page;
    follow(&page, "", n);
    assert_int_equal(page.n, n);
    struct txn *txn = txn_new(f->store);
    audit_forget(txn, seal, &page.entries[n - 1]);
    assert_int_equal(store_fixture_commit(f, txn), OK);
}

static void test_forgetting(void **state) {
    (void)state;
    make_log(ENTRIES);
    forget(120);
    passes();
    assert_int_equal(report.entries, ENTRIES - 120);
    assert_int_equal(report.forgotten, 120);
    forget(1);
    passes();
    assert_int_equal(report.forgotten, 121);
    assert_int_equal(audit_anchors_rewrite(anchors, seal, 122), OK);
    passes();
    assert_int_equal(report.anchors, 2);
    forget(ENTRIES - 121); /* all of it */
    passes();
    assert_int_equal(report.entries, 0);
    add("a", "b", "c", "d");
    passes();
    assert_int_equal(report.entries, 1);
    /* One more, by somebody else. */
    make_log(3);
    struct page *page = xcalloc(1, sizeof(*page));
    follow(page, "", 1);
    run("XDEL " AUDIT " %s", page->entries[0].id);
    assert_false(in_order());
    free(page);
}

static void test_turning_keys(void **state) {
    (void)state;
    make_log(ENTRIES);
    forget(50);
    assert_int_equal(seal_add_key(seal), OK);
    passes();
    struct audit_ends ends = read_ends();
    assert_true(ends.base_old);
    struct txn *txn = txn_new(f->store);
    audit_sign_base(txn, seal, &ends.base);
    assert_int_equal(store_fixture_commit(f, txn), OK);
    assert_int_equal(audit_anchors_rewrite(anchors, seal, 0), OK);
    assert_int_equal(seal_drop_old(seal), OK);
    ends = read_ends();
    assert_false(ends.base_old || ends.base_forged);
    passes();
    assert_int_equal(report.anchors, ENTRIES / ANCHOR_EVERY);
    assert_int_equal(report.entries, ENTRIES - 50);
}

/* ---- anchors ------------------------------------------------------------ */

static void write_anchors(const char *mode, const char *text) {
    FILE *file = fopen(anchors, mode);
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_a_line_cut_by_a_crash(void **state) {
    (void)state;
    make_log(ANCHOR_EVERY);
    write_anchors("a", "200 0123");
    passes();
    add("a", "b", "c", "d");
    anchor();
    passes();
    assert_int_equal(report.anchors, 2);
}

static void test_lines_that_are_not_ours(void **state) {
    (void)state;
    make_log(ANCHOR_EVERY);
    write_anchors("a",
                  "50 0123456789012345678901234567890123456789 "
                  "k1:0123456789\n");
    assert_false(in_order());
    write_anchors("w", "\n");
    assert_false(in_order());
    write_anchors("w", "");
    passes(); /* so few entries need none */
    assert_int_equal(report.anchors, 0);
}

/* ---- reading ------------------------------------------------------------ */

static void test_following(void **state) {
    (void)state;
    static struct page page;
    char after[AUDIT_ID_SIZE] = "";
    make_log(50);
    int64_t number = 0;
    do {
        follow(&page, after, 20);
        for (size_t i = 0; i < page.n; i++) {
            assert_int_equal(page.entries[i].number, ++number);
            assert_true(page.entries[i].at_ms > 1700000000000);
            assert_false(page.entries[i].odd);
            assert_true(audit_id_valid(page.entries[i].id));
        }
        if (page.n > 0)
            snprintf(after, sizeof(after), "%s", page.entries[page.n - 1].id);
    } while (page.n == 20);
    assert_int_equal(number, 50);
    follow(&page, after, 20);
    assert_int_equal(page.n, 0);
    add("rider", "withdraw", "S7", "why");
    follow(&page, after, 20);
    assert_int_equal(page.n, 1);
    assert_string_equal(page.entries[0].actor, "rider");
    assert_string_equal(page.entries[0].action, "withdraw");
    assert_string_equal(page.entries[0].subject, "S7");
    assert_string_equal(page.entries[0].detail, "why");
}

static void on_last(void *data, enum err err, const char *id) {
    assert_int_equal(err, OK);
    snprintf(data, AUDIT_ID_SIZE, "%s", id);
    f->done = true;
}

static void test_the_last_id(void **state) {
    (void)state;
    static struct page page;
    char id[AUDIT_ID_SIZE];
    audit_last(f->store, on_last, id);
    store_fixture_wait(f);
    assert_string_equal(id, "");
    make_log(3);
    audit_last(f->store, on_last, id);
    store_fixture_wait(f);
    follow(&page, "", 10);
    assert_string_equal(id, page.entries[2].id);
    assert_true(audit_id_valid(id));
    assert_false(audit_id_valid(""));
    assert_false(audit_id_valid("12"));
    assert_false(audit_id_valid("12-"));
    assert_false(audit_id_valid("(12-1"));
    assert_false(audit_id_valid("12-1 "));
    assert_false(audit_id_valid("123456789012345678901-1"));
}

static void on_found(void *data, enum err err,
                     const struct audit_entry *entries, size_t n,
                     const char *next) {
    struct page *page = data;
    on_page(page, err, entries, n);
    snprintf(page->next, sizeof(page->next), "%s", next);
}

static void test_searching(void **state) {
    (void)state;
    static struct page page;
    make_log(ENTRIES);
    for (int i = 0; i < 700; i++)
        add("user:wang", "export", "", "");
    struct audit_filter all = {"", "", ""};
    char before[AUDIT_ID_SIZE] = "";
    int64_t number = ENTRIES + 700;
    do {
        audit_search(f->store, &f->arena, &all, before, 200, on_found, &page);
        store_fixture_wait(f);
        for (size_t i = 0; i < page.n; i++)
            assert_int_equal(page.entries[i].number, number--);
        snprintf(before, sizeof(before), "%s", page.next);
    } while (before[0] != '\0');
    assert_int_equal(number, 0);
    /* Behind many pages of others. */
    struct audit_filter one = {"qq.90001", "request-create", "S3"};
    audit_search(f->store, &f->arena, &one, "", 10, on_found, &page);
    store_fixture_wait(f);
    assert_int_equal(page.n, 1);
    assert_int_equal(page.entries[0].number, 3);
    assert_string_equal(page.next, "");
    struct audit_filter none = {"qq.90001", "export", ""};
    audit_search(f->store, &f->arena, &none, "", 10, on_found, &page);
    store_fixture_wait(f);
    assert_int_equal(page.n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_every_alteration_is_found),
        TEST(test_an_empty_log),
        TEST(test_while_it_is_written),
        TEST(test_a_log_of_before_the_chain),
        TEST(test_a_lost_end),
        TEST(test_forgetting),
        TEST(test_turning_keys),
        TEST(test_a_line_cut_by_a_crash),
        TEST(test_lines_that_are_not_ours),
        TEST(test_following),
        TEST(test_the_last_id),
        TEST(test_searching),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

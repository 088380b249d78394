/* Tickets by the API: lists, pages, moves, notes, and who may see what. */
#include "base/mem.h"
#include "bot/api/export.h"
#include "bot/api/views.h"
#include "bot/board.h"
#include "tests/integration/staff_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct staff_fixture *start(void **state) {
    struct staff_fixture *f = *state;

    staff_user(f, "wang", USER_STAFF, "*", "*");
    return f;
}

static const char *path_of(struct staff_fixture *f, const char *id,
                           const char *rest) {
    return arena_printf(&f->arena, "/tickets/%s%s", id, rest);
}

/* Of a list by a filter. */
static const char *list(struct staff_fixture *f, const char *who,
                        const char *query) {
    staff_call(f, who, "GET", arena_printf(&f->arena, "/tickets?%s", query),
               NULL);
    return staff_ids(f);
}

static void answers(struct staff_fixture *f, unsigned status,
                    const char *code) {
    if (f->status != status)
        fail_msg("%u, not %u: %s", f->status, status, f->body);
    if (code != NULL)
        assert_string_equal(staff_text(f, "code"), code);
}

/* ---- lists ---------------------------------------------------------------
 */

static void test_item(void **state) {
    struct staff_fixture *f = start(state);
    const char *id = staff_file(f, 'P',
                                (struct ticket){
                                    .text = "井盖坏了,找我13812345678",
                                    .photos = "aa,bb",
                                    .lat = "32.041234",
                                    .lon = "118.789012",
                                    .place = "新街口",
                                    .category = "damage",
                                });

    assert_string_equal(list(f, "wang", ""), id);
    assert_int_equal(staff_int(f, "total"), 1);
    assert_true(json_is_null(staff_at(f, "next")));
    assert_string_equal(staff_text(f, "items.0.state"), "routed");
    assert_string_equal(staff_text(f, "items.0.kind"), "report");
    assert_string_equal(staff_text(f, "items.0.category"), "damage");
    assert_string_equal(staff_text(f, "items.0.urgency"), "normal");
    assert_string_equal(staff_text(f, "items.0.unit"), "xinjiekou");
    assert_string_equal(staff_text(f, "items.0.community"), "xinjiekou");
    assert_string_equal(staff_text(f, "items.0.excerpt"),
                        "井盖坏了,找我138****5678");
    assert_string_equal(staff_text(f, "items.0.due_what"), "acknowledge");
    assert_int_equal(staff_int(f, "items.0.photos"), 2);
    assert_int_equal(staff_int(f, "items.0.level"), 1);
    assert_int_equal(staff_int(f, "items.0.followers"), 0);
    assert_int_equal(staff_int(f, "items.0.version"), 1);
    assert_true(json_is_null(staff_at(f, "items.0.assignee")));
    assert_true(json_is_null(staff_at(f, "items.0.rating")));
    assert_true(json_is_false(staff_at(f, "items.0.overdue")));
    assert_non_null(strstr(f->body, "\"lat\":32.041234,"));
    assert_int_equal(staff_int(f, "counts.by_state.routed"), 1);
    assert_int_equal(staff_int(f, "counts.unassigned"), 1);
    assert_int_equal(staff_int(f, "counts.mine"), 0);
    assert_null(strstr(f->body, "98765"));
    assert_null(strstr(f->body, STAFF_NICK));
}

static void test_filters(void **state) {
    struct staff_fixture *f = start(state);
    const char *a = staff_file(f, 'S', (struct ticket){.text = "换电柜坏了"});
    const char *b = staff_file(
        f, 'P', (struct ticket){.text = "垃圾", .category = "sanitation"});
    const char *c =
        staff_file(f, 'P', (struct ticket){.text = "冒烟", .category = "fire"});

    staff_wait_board(f, c, 1);
    assert_int_equal(staff_move(f, "wang", a, "claim", NULL), 200);
    staff_wait_board(f, a, 2);
    assert_string_equal(list(f, "wang", "state=claimed"), a);
    assert_string_equal(list(f, "wang", "assignee=me"), a);
    assert_string_equal(list(f, "wang", "assignee=wang"), a);
    assert_string_equal(list(f, "wang", "kind=request"), a);
    assert_string_equal(list(f, "wang", "category=sanitation"), b);
    assert_string_equal(list(f, "wang", "unit=chengguan"), b);
    assert_string_equal(list(f, "wang", "urgency=urgent"), c);
    assert_string_equal(list(f, "wang", "unit=branch&sort=created"),
                        arena_printf(&f->arena, "%s %s", a, c));
    assert_string_equal(list(f, "wang", "q=%E5%86%92%E7%85%99"), c);
    assert_string_equal(list(f, "wang", "q=%E5%86%92%E7%85%99&kind=request"),
                        "");
    assert_string_equal(list(f, "wang", "open=1&state=closed"), "");
    assert_string_equal(list(f, "wang", "level=2"), "");
    assert_int_equal(staff_int(f, "counts.mine"), 1);
    static const char *const bad[] = {
        "state=nonsense", "kind=x",       "level=9",     "urgency=1",
        "sort=size",      "order=up",     "since_ms=-1", "until_ms=x",
        "cursor=abc",     "cursor=1.x;y", "overdue=yes",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        staff_call(f, "wang", "GET",
                   arena_printf(&f->arena, "/tickets?%s", bad[i]), NULL);
        answers(f, 422, "invalid");
    }
}

static void test_pages(void **state) {
    struct staff_fixture *f = start(state);
    const char *ids[7], *seen = "", *all = "";
    const char *cursor = "";

    for (int i = 0; i < 7; i++) {
        ids[i] = staff_file(f, 'S', (struct ticket){0});
        all = arena_printf(&f->arena, "%s%s ", all, ids[i]);
    }
    staff_wait_board(f, ids[6], 1);
    for (int page = 0; page < 3; page++) {
        const char *got = list(
            f, "wang",
            arena_printf(&f->arena, "sort=created&limit=3&cursor=%s", cursor));
        seen = arena_printf(&f->arena, "%s%s ", seen, got);
        assert_int_equal(staff_int(f, "total"), 7);
        assert_int_equal(staff_at(f, "counts") == NULL, page > 0);
        const char *next = json_string_value(staff_at(f, "next"));
        assert_int_equal(next == NULL, page == 2);
        cursor = arena_strdup(&f->arena, next);
    }
    assert_string_equal(seen, all);
}

/* ---- one ticket ----------------------------------------------------------
 */

static void test_page(void **state) {
    struct staff_fixture *f = start(state);
    const char *id = staff_file(
        f, 'S',
        (struct ticket){.text = "站长电话 13812345678", .photos = "aa"});
    const char *path = path_of(f, id, "");

    staff_call(f, "wang", "GET", path, NULL);
    answers(f, 200, NULL);
    assert_non_null(strstr(f->head, "\"v1\""));
    assert_string_equal(staff_text(f, "text"), "站长电话 138****5678");
    assert_string_equal(staff_text(f, "who"), STAFF_NICK);
    assert_string_equal(staff_text(f, "photos.0"), "aa");
    assert_null(strstr(f->body, "98765"));
    assert_int_equal(json_array_size(staff_at(f, "log")), 0);
    assert_int_equal(json_array_size(staff_at(f, "looking")), 0);
    assert_true(json_array_size(staff_at(f, "moves")) > 5);
    assert_string_equal(staff_text(f, "moves.1"), "claim");
    assert_true(json_is_null(staff_at(f, "points")));

    /* Who may learn whose it is sees the numbers. */
    staff_grant(f, "wang", USER_UNMASK, "*", "*");
    staff_call(f, "wang", "GET", path, NULL);
    assert_string_equal(staff_text(f, "text"), "站长电话 13812345678");

    static const char *const none[] = {"S999", "S",     "X1",     "s1",
                                       "S01",  "S1%20", "..%2fS1"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        staff_call(f, "wang", "GET", path_of(f, none[i], ""), NULL);
        answers(f, 404, "not_found");
    }
}

static long long views(struct staff_fixture *f) {
    return engine_redis(f->engine, "XLEN {test}:audit");
}

static void test_views(void **state) {
    struct staff_fixture *f = start(state);
    const char *id = staff_file(f, 'S', (struct ticket){0});

    staff_user(f, "li", USER_STAFF, "*", "*");
    long long before = views(f);
    staff_call(f, "wang", "GET", path_of(f, id, ""), NULL);
    assert_int_equal(views(f), before + 1);
    staff_call(f, "wang", "GET", path_of(f, id, ""), NULL);
    assert_int_equal(views(f), before + 1);
    staff_call(f, "li", "GET", path_of(f, id, ""), NULL);
    assert_int_equal(views(f), before + 2);
    clock_manual_advance(&f->engine->clock, VIEW_MS);
    staff_call(f, "wang", "GET", path_of(f, id, ""), NULL);
    assert_int_equal(views(f), before + 3);
    /* What nobody may see is no look. */
    staff_user(f, "zhao", USER_STAFF, "chengguan", "*");
    before = views(f);
    staff_call(f, "zhao", "GET", path_of(f, id, ""), NULL);
    answers(f, 404, NULL);
    assert_int_equal(views(f), before);
}

/* ---- who sent it ---------------------------------------------------------
 */

static void test_anonymous(void **state) {
    struct staff_fixture *f = start(state);
    const char *id =
        staff_file(f, 'S', (struct ticket){.anonymous = true, .text = "扣款"});
    const char *path = path_of(f, id, "/unmask");

    staff_grant(f, "wang", USER_LEAD, "*", "*");
    staff_user(f, "admin", USER_ADMIN, "*", "*");
    assert_int_equal(staff_move(f, "wang", id, "answer", "\"text\":\"在查\""),
                     200);
    static const char *const paths[] = {
        "/tickets", "/tickets/%s", "/export.csv", "/roundtable?quarter=2023Q4"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char *at = i == 1 ? xasprintf("/tickets/%s", id) : xstrdup(paths[i]);
        staff_call(f, "wang", "GET", at, NULL);
        answers(f, 200, NULL);
        assert_null(strstr(f->body, "98765"));
        assert_null(strstr(f->body, STAFF_NICK));
        assert_null(strstr(f->body, "20010001"));
        free(at);
    }
    staff_call(f, "wang", "POST", path, "{\"reason\":\"要回电话给骑手\"}");
    answers(f, 403, NULL);
    staff_call(f, "admin", "POST", path, "{\"reason\":\"要回电话给骑手\"}");
    answers(f, 403, NULL);
    staff_grant(f, "admin", USER_UNMASK, "xinjiekou", "*");
    staff_call(f, "admin", "POST", path, "{\"reason\":\"短\"}");
    answers(f, 422, "too_short");
    staff_call(f, "admin", "POST", path, "{}");
    answers(f, 422, NULL);
    long long before = views(f);
    staff_call(f, "admin", "POST", path, "{\"reason\":\"要回电话给骑手\"}");
    answers(f, 200, NULL);
    assert_string_equal(staff_text(f, "rider"), STAFF_RIDER);
    assert_int_equal(views(f), before + 1);
    /* Not beyond the grant. */
    const char *other =
        staff_file(f, 'P', (struct ticket){.category = "sanitation"});
    staff_call(f, "admin", "POST", path_of(f, other, "/unmask"),
               "{\"reason\":\"要回电话给骑手\"}");
    answers(f, 404, NULL);
}

/* ---- moves ---------------------------------------------------------------
 */

static void test_moves(void **state) {
    struct staff_fixture *f = start(state);
    const char *id = staff_file(f, 'S', (struct ticket){0});

    assert_int_equal(staff_move(f, "wang", id, "claim", NULL), 200);
    assert_string_equal(staff_text(f, "state"), "claimed");
    assert_string_equal(staff_text(f, "assignee"), "wang");
    assert_int_equal(staff_int(f, "version"), 2);
    assert_string_equal(staff_text(f, "log.0.move"), "claim");
    assert_string_equal(staff_text(f, "log.0.who"), "wang");
    assert_int_equal(staff_move(f, "wang", id, "answer", NULL), 422);
    assert_string_equal(staff_text(f, "field"), "text");
    assert_int_equal(
        staff_move(f, "wang", id, "answer", "\"text\":\" \\u0007明天修 \""),
        200);
    assert_string_equal(staff_text(f, "log.1.text"), "明天修");
    assert_int_equal(staff_move(f, "wang", id, "route", "\"unit\":\"mars\""),
                     422);
    assert_string_equal(staff_text(f, "code"), "no_such_unit");
    assert_int_equal(staff_move(f, "wang", id, "sort",
                                "\"category\":\"wage\",\"urgency\":\"urgent\""),
                     200);
    assert_string_equal(staff_text(f, "category"), "wage");
    assert_string_equal(staff_text(f, "urgency"), "urgent");
    assert_int_equal(staff_move(f, "wang", id, "sort", "\"category\":\"x\""),
                     422);
    assert_int_equal(staff_move(f, "wang", id, "escalate", NULL), 200);
    assert_string_equal(staff_text(f, "unit"), "branch");
    assert_int_equal(staff_int(f, "level"), 3);
    assert_int_equal(staff_move(f, "wang", id, "close", "\"text\":\"好了\""),
                     200);
    assert_true(staff_int(f, "closed_ms") > 0);
    assert_int_equal(staff_move(f, "wang", id, "claim", NULL), 422);
    assert_string_equal(staff_text(f, "code"), "not_allowed");
    static const char *const never[] = {"file", "confirm", "withdraw", "warn",
                                        "fly"};
    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        assert_int_equal(staff_move(f, "wang", id, never[i], NULL), 422);
        assert_string_equal(staff_text(f, "field"), "move");
    }
}

static void test_stale(void **state) {
    struct staff_fixture *f = start(state);
    const char *id = staff_file(f, 'S', (struct ticket){0});
    const char *path = path_of(f, id, "/moves");

    staff_user(f, "li", USER_STAFF, "*", "*");
    assert_int_equal(staff_move(f, "wang", id, "claim", NULL), 200);
    staff_call(f, "li", "POST", path, "{\"move\":\"claim\",\"version\":1}");
    answers(f, 409, "stale");
    assert_string_equal(staff_text(f, "current.assignee"), "wang");
    assert_int_equal(staff_int(f, "current.version"), 2);
    assert_int_equal(staff_int(f, "current.log.0.at_ms"), ENGINE_START_MS);
    staff_call(f, "li", "POST", path, "{\"move\":\"claim\"}");
    answers(f, 422, NULL);
    staff_call(f, "li", "POST", path, "{\"move\":\"claim\",\"version\":\"2\"}");
    answers(f, 422, NULL);
    /* Claimed by somebody else. */
    staff_call(f, "li", "GET", path_of(f, id, ""), NULL);
    char *moves = json_dumps(staff_at(f, "moves"), JSON_COMPACT);
    assert_null(strstr(moves, "\"answer\""));
    assert_non_null(strstr(moves, "\"release\""));
    free(moves);
    assert_int_equal(staff_move(f, "li", id, "answer", "\"text\":\"我来\""),
                     422);
    assert_string_equal(staff_text(f, "code"), "claimed");
}

static void test_texts(void **state) {
    struct staff_fixture *f = start(state);
    const char *id = staff_file(f, 'S', (struct ticket){0});
    char *text = xcalloc(1, 3 * 2001 + 16);

    for (int i = 0; i < 2000; i++)
        strcat(text, "好");
    char *more = xasprintf("\"text\":\"%s\"", text);
    assert_int_equal(staff_move(f, "wang", id, "answer", more), 200);
    free(more);
    strcat(text, "好");
    more = xasprintf("\"text\":\"%s\"", text);
    assert_int_equal(staff_move(f, "wang", id, "answer", more), 422);
    assert_string_equal(staff_text(f, "field"), "text");
    free(more);
    free(text);
    assert_int_equal(staff_move(f, "wang", id, "answer", "\"text\":7"), 422);
    assert_int_equal(
        staff_move(f, "wang", id, "answer", "\"text\":\"\\u0000\""), 400);
    assert_int_equal(staff_move(f, "wang", id, "close",
                                "\"photos\":[\"nothing-of-that-name00\"]"),
                     422);
    assert_string_equal(staff_text(f, "code"), "no_such_photo");
    assert_int_equal(staff_move(f, "wang", id, "close", "\"photos\":\"a\""),
                     422);
}

static void test_notes(void **state) {
    struct staff_fixture *f = start(state);
    const char *id = staff_file(f, 'S', (struct ticket){0});

    staff_user(f, "audit", USER_AUDITOR, "*", "*");
    engine_clear(f->engine);
    staff_call(f, "wang", "POST", path_of(f, id, "/notes"),
               "{\"text\":\"站长不接电话\"}");
    answers(f, 201, NULL);
    assert_string_equal(staff_text(f, "who"), "wang");
    engine_settle(f->engine);
    assert_int_equal(f->engine->n_sent, 0);
    staff_call(f, "audit", "GET", path_of(f, id, ""), NULL);
    assert_string_equal(staff_text(f, "notes.0.text"), "站长不接电话");
    assert_int_equal(json_array_size(staff_at(f, "log")), 0);
    assert_int_equal(json_array_size(staff_at(f, "moves")), 0);
    staff_call(f, "audit", "POST", path_of(f, id, "/notes"),
               "{\"text\":\"我也写\"}");
    answers(f, 403, NULL);
    staff_call(f, "wang", "POST", path_of(f, id, "/notes"), "{\"text\":\"\"}");
    answers(f, 422, NULL);
}

static void test_merge(void **state) {
    struct staff_fixture *f = start(state);
    struct ticket at = {.lat = "32.041", .lon = "118.789", .text = "井盖"};
    const char *a = staff_file(f, 'P', at);
    at.lat = "32.0411";
    const char *b = staff_file(f, 'P', at);
    at.lat = "32.05";
    const char *far = staff_file(f, 'P', at);

    staff_wait_board(f, far, 1);
    staff_call(f, "wang", "GET", path_of(f, a, "/similar"), NULL);
    assert_string_equal(staff_ids(f), b);
    staff_call(f, "wang", "GET", path_of(f, a, ""), NULL);
    assert_int_equal(staff_int(f, "similar_hint"), 1);
    assert_int_equal(staff_move(f, "wang", b, "merge", NULL), 422);
    assert_string_equal(staff_text(f, "field"), "into");
    assert_int_equal(staff_move(f, "wang", b, "merge", "\"into\":\"S77777\""),
                     422);
    const char *into = arena_printf(&f->arena, "\"into\":\"%s\"", a);
    assert_int_equal(staff_move(f, "wang", b, "merge", into), 200);
    assert_string_equal(staff_text(f, "merged_into"), a);
    staff_wait_board(f, a, 2);
    staff_call(f, "wang", "GET", path_of(f, a, "/similar"), NULL);
    assert_string_equal(staff_ids(f), "");
}

/* ---- scope ---------------------------------------------------------------
 */

static void test_scope(void **state) {
    struct staff_fixture *f = start(state);
    const char *ours = staff_file(f, 'S', (struct ticket){0});
    const char *theirs =
        staff_file(f, 'P', (struct ticket){.category = "sanitation"});

    staff_user(f, "li", USER_DEPARTMENT, "chengguan", "*");
    staff_user(f, "zhou", USER_STAFF, "*", "wage");
    staff_wait_board(f, theirs, 1);
    assert_string_equal(list(f, "li", ""), theirs);
    assert_int_equal(staff_int(f, "total"), 1);
    assert_int_equal(staff_int(f, "counts.unassigned"), 1);
    assert_string_equal(list(f, "zhou", ""), "");
    staff_call(f, "li", "GET", path_of(f, ours, ""), NULL);
    answers(f, 404, "not_found");
    staff_call(f, "li", "GET", path_of(f, ours, "/similar"), NULL);
    answers(f, 404, "not_found");
    assert_int_equal(staff_move(f, "li", ours, "claim", NULL), 404);
    staff_call(f, "li", "POST", path_of(f, ours, "/notes"),
               "{\"text\":\"看看\"}");
    answers(f, 404, "not_found");
    /* Nor can it be merged into one that is not theirs. */
    const char *into = arena_printf(&f->arena, "\"into\":\"%s\"", ours);
    assert_int_equal(staff_move(f, "li", theirs, "merge", into), 422);
    assert_string_equal(staff_text(f, "code"), "no_such_ticket");
    staff_call(f, "li", "GET", "/statistics", NULL);
    answers(f, 403, NULL);
    staff_call(f, "nobody", "GET", "/tickets", NULL);
    answers(f, 401, NULL);
}

/* ---- many at once --------------------------------------------------------
 */

static void test_bulk(void **state) {
    struct staff_fixture *f = start(state);
    const char *a = staff_file(f, 'S', (struct ticket){0});
    const char *b = staff_file(f, 'S', (struct ticket){0});
    const char *c =
        staff_file(f, 'P', (struct ticket){.category = "sanitation"});

    staff_user(f, "lead", USER_LEAD, "xinjiekou", "*");
    assert_int_equal(staff_move(f, "wang", b, "claim", NULL), 200);
    const char *body = arena_printf(
        &f->arena,
        "{\"move\":\"claim\",\"tickets\":[{\"id\":\"%s\",\"version\":1},"
        "{\"id\":\"%s\",\"version\":1},{\"id\":\"%s\",\"version\":1},"
        "{\"id\":\"zz\",\"version\":1}]}",
        a, b, c);
    staff_call(f, "wang", "POST", "/moves", body);
    answers(f, 403, NULL);
    staff_call(f, "lead", "POST", "/moves", body);
    answers(f, 200, NULL);
    assert_int_equal(json_array_size(staff_at(f, "results")), 4);
    assert_string_equal(staff_text(f, "results.0.id"), a);
    assert_true(json_is_true(staff_at(f, "results.0.ok")));
    assert_int_equal(staff_int(f, "results.0.version"), 2);
    assert_string_equal(staff_text(f, "results.1.code"), "stale");
    assert_string_equal(staff_text(f, "results.2.code"), "not_found");
    assert_string_equal(staff_text(f, "results.3.code"), "not_found");
    staff_call(f, "lead", "POST", "/moves", "{\"move\":\"claim\"}");
    answers(f, 422, "required");
    staff_call(f, "lead", "POST", "/moves",
               "{\"move\":\"claim\",\"tickets\":[{\"id\":1}]}");
    answers(f, 422, "invalid");
    struct buf many = {0};
    buf_adds(&many, "{\"move\":\"claim\",\"tickets\":[");
    for (int i = 0; i < 201; i++)
        buf_addf(&many, "%s{\"id\":\"S%d\",\"version\":1}", i == 0 ? "" : ",",
                 i + 1);
    buf_adds(&many, "]}");
    staff_call(f, "lead", "POST", "/moves", many.data);
    answers(f, 422, "too_many");
    buf_finish(&many);
}

/* ---- filing --------------------------------------------------------------
 */

static void test_filing(void **state) {
    struct staff_fixture *f = *state;

    staff_user(f, "dept", USER_DEPARTMENT, "*", "*");
    staff_call(f, "dept", "POST", "/tickets",
               "{\"kind\":\"report\",\"text\":\"路灯不亮\",\"category\":"
               "\"damage\",\"place\":\"夫子庙\",\"lat\":32.0417,\"lon\":"
               "118.7842,\"datum\":\"gcj02\",\"contact\":\"值班 "
               "13812345678\"}");
    answers(f, 201, NULL);
    const char *id = arena_strdup(&f->arena, staff_text(f, "id"));
    assert_int_equal(id[0], 'P');
    assert_string_equal(staff_text(f, "unit"), "fuzimiao");
    assert_string_equal(staff_text(f, "who"), "值班 138****5678");
    double lat = json_real_value(staff_at(f, "lat"));
    assert_true(lat > 32.0427 && lat < 32.0457); /* GCJ-02 is off there */
    char *source =
        engine_redis_text(f->engine, "HGET {test}:ticket:%s source", id);
    assert_string_equal(source, "user:dept");
    free(source);
    static const char *const bad[] = {
        "{\"kind\":\"report\"}",
        "{\"text\":\"a\"}",
        "{\"kind\":\"x\",\"text\":\"a\"}",
        "{\"kind\":\"report\",\"text\":\"a\",\"category\":\"x\"}",
        "{\"kind\":\"report\",\"text\":\"a\",\"lat\":1}",
        "{\"kind\":\"report\",\"text\":\"a\",\"lat\":91,\"lon\":1}",
        "{\"kind\":\"report\",\"text\":\"a\",\"lat\":\"1\",\"lon\":1}",
        "{\"kind\":\"report\",\"text\":\"a\",\"datum\":\"bd09\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        staff_call(f, "dept", "POST", "/tickets", bad[i]);
        answers(f, 422, NULL);
    }
    staff_user(f, "wang", USER_STAFF, "*", "*");
    staff_call(f, "wang", "POST", "/tickets",
               "{\"kind\":\"report\",\"text\":\"a\"}");
    answers(f, 403, NULL);
}

/* ---- numbers -------------------------------------------------------------
 */

static void test_statistics(void **state) {
    struct staff_fixture *f = start(state);
    const int64_t hour = 3600000, day = 24 * hour;
    const char *a = staff_file(f, 'S', (struct ticket){0});
    const char *b = staff_file(f, 'P', (struct ticket){.category = "fire"});

    clock_manual_advance(&f->engine->clock, 3 * hour);
    assert_int_equal(staff_move(f, "wang", a, "answer", "\"text\":\"在办\""),
                     200);
    clock_manual_advance(&f->engine->clock, day);
    assert_int_equal(staff_move(f, "wang", a, "close", "\"text\":\"好\""), 200);
    staff_wait_board(f, a, 3);
    staff_wait_board(f, b, 1);
    /* 22:13 UTC is the next morning in Nanjing. */
    staff_call(f, "wang", "GET",
               arena_printf(&f->arena, "/statistics?from_ms=%lld&to_ms=%lld",
                            ENGINE_START_MS - day,
                            (long long)ENGINE_START_MS + 2 * day),
               NULL);
    answers(f, 200, NULL);
    assert_int_equal(json_array_size(staff_at(f, "days")), 4);
    assert_string_equal(staff_text(f, "days.0.day"), "2023-11-14");
    assert_int_equal(staff_int(f, "days.0.new"), 0);
    assert_int_equal(staff_int(f, "days.1.new"), 2);
    assert_int_equal(staff_int(f, "days.2.closed"), 1);
    assert_float_equal(json_real_value(staff_at(f, "time_to_answer.median_h")),
                       3, 0.001);
    assert_int_equal(staff_int(f, "time_to_answer.buckets.2.n"), 1);
    assert_int_equal(staff_int(f, "time_to_answer.buckets.0.n"), 0);
    assert_int_equal(json_array_size(staff_at(f, "by_category")), 2);
    assert_int_equal(staff_int(f, "by_level.0.n"), 2);
    assert_int_equal(staff_int(f, "by_level.0.open"), 1);
    assert_int_equal(staff_int(f, "by_state.closed"), 1);
    assert_int_equal(staff_int(f, "open"), 1);
    assert_int_equal(staff_int(f, "rating.n"), 0);
    assert_true(json_is_null(staff_at(f, "rating.mean")));
    staff_call(f, "wang", "GET", "/statistics?kind=request", NULL);
    assert_int_equal(staff_int(f, "open"), 0);
    staff_call(f, "wang", "GET", "/statistics?from_ms=1000&to_ms=900", NULL);
    answers(f, 422, "invalid");
    staff_call(f, "wang", "GET",
               "/statistics?from_ms=1600000000000&to_ms=1700000000000", NULL);
    answers(f, 422, "too_long");
}

static void test_roundtable(void **state) {
    struct staff_fixture *f = start(state);
    const char *a = staff_file(f, 'S', (struct ticket){0});
    const char *b = staff_file(f, 'P', (struct ticket){.category = "fire"});

    assert_int_equal(staff_move(f, "wang", b, "escalate", NULL), 200);
    assert_int_equal(staff_move(f, "wang", a, "close", "\"text\":\"好\""), 200);
    staff_wait_board(f, a, 2);
    staff_wait_board(f, b, 2);
    staff_call(f, "wang", "GET", "/roundtable?quarter=2023Q4", NULL);
    answers(f, 200, NULL);
    assert_int_equal(staff_int(f, "new"), 2);
    assert_int_equal(staff_int(f, "closed"), 1);
    assert_float_equal(json_real_value(staff_at(f, "rate")), 0.5, 0.001);
    assert_string_equal(staff_text(f, "longest_open.0.id"), b);
    assert_string_equal(staff_text(f, "escalated.0.id"), b);
    assert_int_equal(json_array_size(staff_at(f, "longest_open")), 1);
    staff_call(f, "wang", "GET", "/roundtable?quarter=2023Q3", NULL);
    assert_int_equal(staff_int(f, "new"), 0);
    assert_int_equal(json_array_size(staff_at(f, "longest_open")), 0);
    static const char *const bad[] = {"",       "2023Q5", "2023",
                                      "0023Q1", "2023q1", "2023Q11"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        staff_call(f, "wang", "GET",
                   arena_printf(&f->arena, "/roundtable?quarter=%s", bad[i]),
                   NULL);
        answers(f, 422, "invalid");
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, staff_setup, staff_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_item),       TEST(test_filters), TEST(test_pages),
        TEST(test_page),       TEST(test_views),   TEST(test_anonymous),
        TEST(test_moves),      TEST(test_stale),   TEST(test_texts),
        TEST(test_notes),      TEST(test_merge),   TEST(test_scope),
        TEST(test_bulk),       TEST(test_filing),  TEST(test_statistics),
        TEST(test_roundtable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

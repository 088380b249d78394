#include "bot/policy.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "bot/policy_parts.h"
#include "bot/worktime.h"
#include "handlers/tickets.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define HOUR_MS 3600000LL

/* A district of two communities. */
static const char *const organisation =
    "{\"units\":["
    "{\"id\":\"top\",\"name\":\"行业党委\",\"kind\":\"industry\"},"
    "{\"id\":\"qh\",\"name\":\"秦淮区\",\"kind\":\"district\",\"parent\":"
    "\"top\"},"
    "{\"id\":\"town\",\"name\":\"街道党工委\",\"kind\":\"township\",\"parent\":"
    "\"qh\",\"contact\":\"张三 025-1\"},"
    "{\"id\":\"branch\",\"name\":\"联合支部\",\"kind\":\"branch\",\"parent\":"
    "\"town\"},"
    "{\"id\":\"a\",\"name\":\"夫子庙社区\",\"kind\":\"community\",\"parent\":"
    "\"branch\"},"
    "{\"id\":\"b\",\"name\":\"朝天宫社区\",\"kind\":\"community\",\"parent\":"
    "\"town\",\"level\":2},"
    "{\"id\":\"fire\",\"name\":\"消防大队\",\"kind\":\"department\",\"parent\":"
    "\"qh\"}]}";

struct parsed {
    struct arena arena;
    struct document documents[POLICY_DOCUMENTS];
    struct problems problems;
    struct policy *policy;
};

static void set(struct parsed *p, enum policy_document which,
                const char *json) {
    p->documents[which] =
        (struct document){.name = policy_names[which],
                          .version = 7,
                          .json = json,
                          .json_len = json == NULL ? 0 : strlen(json)};
}

static struct parsed *parsed_new(void) {
    struct parsed *p = xcalloc(1, sizeof(*p));
    arena_init(&p->arena);
    set(p, POLICY_ORGANISATION, organisation);
    return p;
}

static void parsed_free(struct parsed *p) {
    policy_free(p->policy);
    arena_finish(&p->arena);
    free(p);
}

static enum err parse(struct parsed *p) {
    policy_free(p->policy);
    return policy_parse(p->documents, 480, &p->arena, &p->problems, &p->policy);
}

/* The document is refused with these problems, a line each. */
static void refused(enum policy_document which, const char *json,
                    const char *problems) {
    struct parsed *p = parsed_new();
    struct buf said;
    set(p, which, json);
    buf_init(&said);
    assert_int_equal(parse(p), ERR_INVALID);
    assert_null(p->policy);
    for (size_t i = 0; i < p->problems.n; i++) {
        assert_int_equal(p->problems.items[i].document, which);
        buf_addf(&said, "%s: %s\n", p->problems.items[i].path,
                 p->problems.items[i].text);
    }
    assert_string_equal(said.data, problems);
    /* Nobody has to listen. */
    assert_int_equal(
        policy_parse(p->documents, 480, &p->arena, NULL, &p->policy),
        ERR_INVALID);
    buf_finish(&said);
    parsed_free(p);
}

static void accepted(struct parsed *p, enum policy_document which,
                     const char *json) {
    set(p, which, json);
    if (parse(p) != OK)
        fail_msg("%s: %s", p->problems.items[0].path,
                 p->problems.items[0].text);
}

static const char *id_of(const struct unit *unit) {
    return unit == NULL ? "" : unit->id;
}

/* ---- the defaults ----------------------------------------------------------
 */

static void test_defaults(void **state) {
    struct parsed *p = parsed_new();
    size_t n;
    (void)state;
    set(p, POLICY_ORGANISATION, NULL);
    p->documents[POLICY_ORGANISATION].version = 0;
    assert_int_equal(parse(p), OK);
    const struct policy *policy = p->policy;
    assert_int_equal(policy_version(policy, POLICY_ORGANISATION), 0);
    assert_string_equal(id_of(policy_route(policy, NULL, "wage")), "district");
    assert_string_equal(id_of(policy_above(policy, "district", 1)), "industry");
    assert_null(policy_community(policy, &(struct geo){32.02, 118.79}, "夫"));
    assert_true(policy_is_urgent(policy, "fire"));
    assert_true(policy_is_urgent(policy, "safety"));
    assert_false(policy_is_urgent(policy, "wage"));
    assert_false(policy_is_urgent(policy, "nonsense"));
    assert_false(policy_is_urgent(policy, NULL));
    assert_true(policy_has_year(policy, 2025));
    assert_true(policy_has_year(policy, 2026));
    assert_false(policy_has_year(policy, 2027));
    assert_false(policy_has_year(policy, 1900));
    const struct template *templates = policy_templates(policy, &n);
    assert_true(n >= 5);
    assert_true(templates[0].text[0] != '\0');
    const struct policy_rules *rules = policy_rules(policy);
    assert_int_equal(rules->report_points, 5);
    assert_true(fabs(rules->duplicate_m - 150) < 0.1);
    assert_int_equal(rules->duplicate_ms, 72 * HOUR_MS);
    assert_int_equal(rules->nudge_ms, 72 * HOUR_MS);
    assert_int_equal(rules->rest_ms, 96 * HOUR_MS);
    assert_int_equal(rules->retention_ticket_days, 730);
    assert_int_equal(rules->retention_audit_days, 1095);
    assert_int_equal(rules->retention_chat_days, 30);
    parsed_free(p);
}

/* Those of the State Council: all days that are not Monday to Friday. */
static void test_default_calendar(void **state) {
    static const struct {
        const char *from, *to;
        int days;
    } spans[] = {
        {"2025-01-26", "2025-01-27", 1}, {"2025-01-28", "2025-02-05", 0},
        {"2025-02-08", "2025-02-09", 1}, {"2025-04-27", "2025-05-06", 4},
        {"2025-05-31", "2025-06-03", 0}, {"2025-09-28", "2025-10-09", 3},
        {"2025-10-11", "2025-10-12", 1}, {"2025-01-01", "2026-01-01", 248},
        {"2026-02-14", "2026-02-24", 1}, {"2026-02-28", "2026-03-01", 1},
        {"2026-05-09", "2026-05-10", 1}, {"2026-06-19", "2026-06-22", 0},
        {"2026-09-20", "2026-09-21", 1}, {"2026-09-25", "2026-09-28", 0},
        {"2026-10-01", "2026-10-08", 0}, {"2026-10-10", "2026-10-11", 1},
        {"2026-01-01", "2026-01-05", 1}, {"2026-01-01", "2027-01-01", 248},
    };
    struct parsed *p = parsed_new();
    (void)state;
    assert_int_equal(parse(p), OK);
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        struct tm from = {0}, to = {0};
        strptime(spans[i].from, "%Y-%m-%d", &from);
        strptime(spans[i].to, "%Y-%m-%d", &to);
        int64_t worked = worktime_between(policy_worktime(p->policy),
                                          (timegm(&from) - 8 * 3600LL) * 1000,
                                          (timegm(&to) - 8 * 3600LL) * 1000);
        if (worked != spans[i].days * 8 * HOUR_MS)
            fail_msg("%s to %s: %g days", spans[i].from, spans[i].to,
                     (double)worked / (8 * HOUR_MS));
    }
    parsed_free(p);
}

static void test_names_and_categories(void **state) {
    struct parsed *p = parsed_new();
    size_t n = 0;
    (void)state;
    assert_string_equal(policy_names[POLICY_ORGANISATION], "organisation");
    assert_string_equal(policy_names[POLICY_RULES], "rules");
    for (size_t i = 0; request_kinds[i] != NULL; i++)
        assert_true(policy_category(request_kinds[i]) >= 0);
    for (size_t i = 0; report_categories[i] != NULL; i++)
        assert_true(policy_category(report_categories[i]) >= 0);
    while (policy_categories[n] != NULL)
        n++;
    assert_int_equal(n, 14);
    parsed_free(p);
}

/* ---- the organisation ------------------------------------------------------
 */

static void test_units(void **state) {
    struct parsed *p = parsed_new();
    const struct unit *first;
    (void)state;
    assert_int_equal(parse(p), OK);
    assert_int_equal(policy_units(p->policy, &first), 7);
    assert_string_equal(first[2].id, "town");
    assert_string_equal(first[2].name, "街道党工委");
    assert_string_equal(first[2].contact, "张三 025-1");
    assert_int_equal(first[2].level, 4);
    assert_string_equal(id_of(first[2].parent), "qh");
    assert_null(first[0].parent);
    assert_int_equal(policy_unit(p->policy, "branch")->level, 3);
    assert_int_equal(policy_unit(p->policy, "a")->level, 0);
    assert_int_equal(policy_unit(p->policy, "b")->level, 2);
    assert_null(policy_unit(p->policy, "none"));
    assert_null(policy_unit(p->policy, ""));
    assert_int_equal(policy_version(p->policy, POLICY_ORGANISATION), 7);
    parsed_free(p);
}

static void test_covers(void **state) {
    struct parsed *p = parsed_new();
    (void)state;
    assert_int_equal(parse(p), OK);
    assert_true(policy_covers(p->policy, "*", "gone"));
    assert_true(policy_covers(p->policy, "", ""));
    assert_true(policy_covers(p->policy, "top", "a"));
    assert_true(policy_covers(p->policy, "town", "a"));
    assert_true(policy_covers(p->policy, "a", "a"));
    assert_true(policy_covers(p->policy, "gone", "gone"));
    assert_false(policy_covers(p->policy, "a", "town"));
    assert_false(policy_covers(p->policy, "a", "b"));
    assert_false(policy_covers(p->policy, "town", "fire"));
    assert_false(policy_covers(p->policy, "town", "gone"));
    parsed_free(p);
}

static void test_ladder(void **state) {
    struct parsed *p = parsed_new();
    (void)state;
    assert_int_equal(parse(p), OK);
    assert_string_equal(id_of(policy_above(p->policy, "a", 1)), "branch");
    assert_string_equal(id_of(policy_above(p->policy, "branch", 3)), "town");
    assert_string_equal(id_of(policy_above(p->policy, "a", 3)), "town");
    assert_string_equal(id_of(policy_above(p->policy, "town", 4)), "top");
    assert_string_equal(id_of(policy_above(p->policy, "fire", 1)), "top");
    assert_null(policy_above(p->policy, "top", 5));
    assert_null(policy_above(p->policy, "a", 5));
    assert_null(policy_above(p->policy, "gone", 1));
    parsed_free(p);
}

static void test_bad_organisations(void **state) {
    (void)state;
    refused(POLICY_ORGANISATION, "{\"units\":[]}", "units: is empty\n");
    refused(POLICY_ORGANISATION, "{}", "units: is missing\n");
    refused(POLICY_ORGANISATION, "[1]", ": is not an object\n");
    refused(POLICY_ORGANISATION, "{\"units\":{}}", "units: is not an array\n");
    refused(POLICY_ORGANISATION,
            "{\"units\":[{\"id\":\"A b\",\"name\":\"\",\"kind\":\"king\","
            "\"size\":3},7]}",
            "units[0]: has a member that is not known: size\n"
            "units[0].id: is not of a-z, 0-9, _ and -\n"
            "units[0].name: is empty\n"
            "units[0].kind: is none of district, community, department, firm, "
            "member, branch, enterprise, township, industry\n"
            "units[1]: is not an object\n");
    refused(POLICY_ORGANISATION,
            "{\"units\":["
            "{\"id\":\"a\",\"name\":\"x\",\"kind\":\"firm\",\"level\":1,"
            "\"contact\":5},"
            "{\"id\":\"b\",\"name\":\"x\\ny\",\"kind\":\"firm\",\"level\":6},"
            "{\"id\":\"a\",\"name\":\" x\",\"kind\":\"firm\",\"level\":2.5,"
            "\"parent\":\"nobody\"}]}",
            "units[0].level: is that of the riders\n"
            "units[0].contact: is not a text\n"
            "units[1].name: is more than one line\n"
            "units[1].level: is not from 0 to 5\n"
            "units[2].name: has blanks at an end, or characters that cannot be "
            "shown\n"
            "units[2].level: is not a whole number\n"
            "units[2].id: is that of units[0], too\n"
            "units[2].parent: is no unit of the organisation: nobody\n");
}

static void test_circles(void **state) {
    (void)state;
#define UNIT(id, parent)                                                       \
    "{\"id\":\"" id "\",\"name\":\"x\",\"kind\":\"firm\",\"parent\":\"" parent \
    "\"}"
    refused(POLICY_ORGANISATION, "{\"units\":[" UNIT("a", "a") "]}",
            "units[0].parent: leads in a circle\n");
    refused(POLICY_ORGANISATION,
            "{\"units\":[" UNIT("a", "b") "," UNIT("b", "c") "," UNIT(
                "c", "a") "," UNIT("d", "a") "," UNIT("e", "") "]}",
            "units[0].parent: leads in a circle\n"
            "units[1].parent: leads in a circle\n"
            "units[2].parent: leads in a circle\n"
            "units[3].parent: is more than 16 levels below the top, or below a "
            "circle\n");
}

static void test_too_many_units(void **state) {
    struct parsed *p = parsed_new();
    struct buf json;
    (void)state;
    buf_init(&json);
    buf_adds(&json, "{\"units\":[");
    for (int i = 0; i < UNITS_MAX; i++)
        buf_addf(&json, "%s{\"id\":\"u%d\",\"name\":\"x\",\"kind\":\"firm\"%s}",
                 i > 0 ? "," : "", i, i > 0 ? ",\"parent\":\"u0\"" : "");
    size_t len = json.len;
    buf_adds(&json, "]}");
    accepted(p, POLICY_ORGANISATION, json.data);
    assert_true(policy_covers(p->policy, "u0", "u4999"));
    /* The built-in routing finds somebody. */
    assert_string_equal(id_of(policy_route(p->policy, NULL, "")), "u0");
    json.len = len;
    buf_adds(&json, ",1]}");
    refused(POLICY_ORGANISATION, json.data,
            "units: has more than 5000 elements\n");
    buf_finish(&json);
    parsed_free(p);
}

static void test_problems_are_bounded(void **state) {
    struct parsed *p = parsed_new();
    struct buf json;
    (void)state;
    buf_init(&json);
    buf_adds(&json, "{\"units\":[0");
    for (int i = 0; i < 100; i++)
        buf_adds(&json, ",0");
    buf_adds(&json, "]}");
    set(p, POLICY_ORGANISATION, json.data);
    assert_int_equal(parse(p), ERR_INVALID);
    assert_int_equal(p->problems.n, POLICY_PROBLEMS_MAX);
    assert_string_equal(p->problems.items[49].path, "units[49]");
    buf_finish(&json);
    parsed_free(p);
}

static void test_not_json(void **state) {
    char *large = xmalloc(DOCUMENT_BYTES_MAX + 2);
    struct parsed *p = parsed_new();
    static const char *const bad[] = {"",
                                      "{",
                                      "nonsense",
                                      "{\"units\":[],\"units\":[]}",
                                      "\xff\xfe",
                                      "{\"units\":\"\xc3\"}",
                                      "{\"units\":\"\\u0000\"}",
                                      "{} {}"};
    (void)state;
    for (size_t i = 1; i < ARRAY_LEN(bad); i++) {
        set(p, POLICY_RULES, bad[i]);
        assert_int_equal(parse(p), ERR_INVALID);
        assert_int_equal(p->problems.n, 1);
        assert_string_equal(p->problems.items[0].path, "");
        assert_int_equal(p->problems.items[0].document, POLICY_RULES);
        assert_non_null(strstr(p->problems.items[0].text, "is not JSON"));
    }
    /* Nested deep. */
    memset(large, '[', 100000);
    large[100000] = '\0';
    set(p, POLICY_RULES, large);
    assert_int_equal(parse(p), ERR_INVALID);
    memset(large, ' ', DOCUMENT_BYTES_MAX + 1);
    large[DOCUMENT_BYTES_MAX + 1] = '\0';
    set(p, POLICY_RULES, large);
    assert_int_equal(parse(p), ERR_INVALID);
    assert_string_equal(p->problems.items[0].text, "is larger than 2 MB");
    free(large);
    parsed_free(p);
}

/* ---- areas -----------------------------------------------------------------
 */

#define COLLECTION(features)                                                   \
    "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"
#define FEATURE(unit, rings)                                                   \
    "{\"type\":\"Feature\",\"id\":1,\"properties\":{\"unit\":\"" unit          \
    "\",\"colour\":\"red\"},\"geometry\":{\"type\":\"Polygon\","               \
    "\"coordinates\":[" rings "]}}"
#define SQUARE_A                                                               \
    "[[118.78,32.01],[118.80,32.01],[118.80,32.03],[118.78,32.03],"            \
    "[118.78,32.01]]"
#define HOLE_A                                                                 \
    "[[118.788,32.018],[118.792,32.018],[118.792,32.022],[118.788,32.022,9],"  \
    "[118.788,32.018]]"
#define SQUARE_B                                                               \
    "[[118.80,32.01],[118.82,32.01],[118.82,32.03],[118.80,32.03],"            \
    "[118.80,32.01]]"

static const char *community_at(const struct parsed *p, double lat,
                                double lon) {
    return id_of(policy_community(p->policy, &(struct geo){lat, lon}, NULL));
}

static void test_areas(void **state) {
    struct parsed *p = parsed_new();
    (void)state;
    accepted(p, POLICY_AREAS,
             COLLECTION(
                 FEATURE("a", SQUARE_A "," HOLE_A) "," FEATURE("b", SQUARE_B)));
    assert_string_equal(community_at(p, 32.015, 118.785), "a");
    assert_string_equal(community_at(p, 32.015, 118.815), "b");
    assert_string_equal(community_at(p, 32.02, 118.79), ""); /* the hole */
    assert_string_equal(community_at(p, 32.05, 118.79), "");
    assert_string_equal(community_at(p, (double)NAN, 118.79), "");
    assert_string_equal(community_at(p, 1e300, 118.79), "");
    parsed_free(p);
}

static void test_multi_polygon_and_datum(void **state) {
    struct parsed *p = parsed_new();
    (void)state;
    accepted(
        p, POLICY_AREAS,
        "{\"type\":\"FeatureCollection\",\"datum\":\"gcj02\",\"features\":"
        "[{\"type\":\"Feature\",\"properties\":{\"unit\":\"a\"},"
        "\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":[[" SQUARE_A
        "],[" SQUARE_B "]]}}]}");
    /* A corner of the square, as the map shows it and as it is. */
    struct geo corner = geo_gcj02_to_wgs84((struct geo){32.01, 118.78});
    assert_string_equal(community_at(p, corner.lat + 1e-5, corner.lon + 1e-5),
                        "a");
    assert_string_equal(community_at(p, corner.lat - 1e-5, corner.lon - 1e-5),
                        "");
    corner = geo_gcj02_to_wgs84((struct geo){32.03, 118.82});
    assert_string_equal(community_at(p, corner.lat - 1e-5, corner.lon - 1e-5),
                        "a");
    parsed_free(p);
}

static void test_names_of_places(void **state) {
    struct parsed *p = parsed_new();
    (void)state;
    assert_int_equal(parse(p), OK);
#define PLACE(place) id_of(policy_community(p->policy, NULL, place))
    assert_string_equal(PLACE("夫子庙社区门口"), "a");
    assert_string_equal(PLACE("就在夫子廟牌坊下"), "a");
    assert_string_equal(PLACE("朝天宫"), "b");
    assert_string_equal(PLACE("天宫"), "");
    assert_string_equal(PLACE("社区"), "");
    assert_string_equal(PLACE(""), "");
    assert_string_equal(PLACE(NULL), "");
    /* A position says more than a word. */
    accepted(p, POLICY_AREAS, COLLECTION(FEATURE("b", SQUARE_B)));
    struct geo in_b = {32.02, 118.81}, nowhere = {32, 120};
    assert_string_equal(id_of(policy_community(p->policy, &in_b, "夫子庙社区")),
                        "b");
    assert_string_equal(
        id_of(policy_community(p->policy, &nowhere, "夫子庙社区")), "a");
    /* What two are called tells nothing. */
    accepted(p, POLICY_ORGANISATION,
             "{\"units\":["
             "{\"id\":\"a\",\"name\":\"莲花社区\",\"kind\":\"community\"},"
             "{\"id\":\"b\",\"name\":\"莲花街道\",\"kind\":\"community\"}]}");
    assert_string_equal(PLACE("莲花"), "");
    assert_string_equal(PLACE("莲花街道 3 号"), "b");
    parsed_free(p);
}

static void test_bad_areas(void **state) {
    (void)state;
    refused(POLICY_AREAS, "{\"type\":\"Feature\"}",
            "type: is not \"FeatureCollection\"\n");
    refused(POLICY_AREAS, "[]", "type: is not \"FeatureCollection\"\n");
    refused(POLICY_AREAS, "{\"type\":\"FeatureCollection\",\"datum\":\"bd09\"}",
            "datum: is neither \"wgs84\" nor \"gcj02\"\n"
            "features: is missing\n");
    refused(POLICY_AREAS, COLLECTION("1,{\"type\":\"Feature\"}"),
            "features[0].type: is not \"Feature\"\n"
            "features[1].properties.unit: is missing\n"
            "features[1].geometry.type: is neither \"Polygon\" nor "
            "\"MultiPolygon\"\n");
    refused(
        POLICY_AREAS,
        COLLECTION(FEATURE("nobody", SQUARE_A) "," FEATURE("fire", SQUARE_A)),
        "features[0].properties.unit: is no unit of the organisation: "
        "nobody\n"
        "features[1].properties.unit: is the unit of a department, not of "
        "a community\n");
#define RINGS "features[0].geometry.coordinates"
    refused(POLICY_AREAS, COLLECTION(FEATURE("a", "")),
            RINGS ": has no ring\n");
    refused(POLICY_AREAS, COLLECTION(FEATURE("a", "7,[]")),
            RINGS "[0]: is not an array\n" RINGS
                  "[1]: has fewer than 3 points\n");
    refused(POLICY_AREAS, COLLECTION(FEATURE("a", "[[1,2],[3,4],[1,2]]")),
            RINGS "[0]: has fewer than 3 points\n");
    refused(POLICY_AREAS, COLLECTION(FEATURE("a", "[[1,2],[1,2],[1,2],[1,2]]")),
            RINGS "[0]: has fewer than 3 points\n");
    refused(POLICY_AREAS, COLLECTION(FEATURE("a", "[[1,2],[3,2],[3,4],[1,4]]")),
            RINGS "[0]: does not end where it begins\n");
    refused(POLICY_AREAS, COLLECTION(FEATURE("a", "[[1,2],[2,3],[3,4],[1,2]]")),
            RINGS "[0]: has no area\n");
    refused(POLICY_AREAS,
            COLLECTION(FEATURE("a", "[[1,2],[3,2],[3,\"4\"],[1,2]]")),
            RINGS "[0][2]: is not [longitude, latitude] in degrees\n");
    refused(POLICY_AREAS, /* latitude first */
            COLLECTION(FEATURE("a", "[[32,118],[32,119],[33,119],[32,118]]")),
            RINGS "[0][0]: is not [longitude, latitude] in degrees\n");
    refused(POLICY_AREAS, COLLECTION(FEATURE("a", "[[1],[1,2,3],5,[1]]")),
            RINGS "[0][0]: is not [longitude, latitude] in degrees\n");
}

/* A star of many points, each edge across most others. */
static void add_star(struct buf *json, int points, int step) {
    buf_adds(json, "[");
    for (int i = 0; i <= points; i++) {
        double angle = 2 * M_PI * ((double)i * step / points);
        buf_addf(json, "%s[%.6f,%.6f]", i > 0 ? "," : "",
                 118.79 + 0.01 * cos(angle), 32.02 + 0.01 * sin(angle));
    }
    buf_adds(json, "]");
}

static void with_ring(struct buf *json, int points, int step) {
    buf_clear(json);
    buf_adds(json,
             "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":"
             "\"Feature\",\"properties\":{\"unit\":\"a\"},\"geometry\":{"
             "\"type\":\"Polygon\",\"coordinates\":[");
    add_star(json, points, step);
    buf_adds(json, "]}}]}");
}

static void test_tangles(void **state) {
    struct parsed *p = parsed_new();
    struct buf json;
    (void)state;
    buf_init(&json);
    with_ring(&json, 5, 2); /* five crossings */
    accepted(p, POLICY_AREAS, json.data);
    with_ring(&json, 20000, 1); /* a fine circle */
    accepted(p, POLICY_AREAS, json.data);
    assert_string_equal(community_at(p, 32.02, 118.79), "a");
    with_ring(&json, 101, 50);
    refused(POLICY_AREAS, json.data, RINGS "[0]: crosses itself too often\n");
    /* A comb of many long edges, side by side. */
    buf_clear(&json);
    buf_adds(&json,
             "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":"
             "\"Feature\",\"properties\":{\"unit\":\"a\"},\"geometry\":{"
             "\"type\":\"Polygon\",\"coordinates\":[[[118,31]");
    for (int i = 0; i < 10000; i++)
        buf_addf(&json, ",[%d,%.5f]", i % 2 == 0 ? 120 : 119, 31 + i * 0.00002);
    buf_adds(&json, ",[118,31]]]}}]}");
    refused(POLICY_AREAS, json.data,
            RINGS "[0]: is too tangled to be looked at\n");
    buf_finish(&json);
    parsed_free(p);
}

static void test_many_polygons(void **state) {
    struct parsed *p = parsed_new();
    struct buf json;
    (void)state;
    buf_init(&json);
    buf_adds(&json,
             "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":"
             "\"Feature\",\"properties\":{\"unit\":\"a\"},\"geometry\":{"
             "\"type\":\"MultiPolygon\",\"coordinates\":[");
    for (int i = 0; i < POLYGONS_MAX; i++)
        buf_addf(&json, "%s[[[%d,%d],[%d.5,%d],[%d,%d.5],[%d,%d]]]",
                 i > 0 ? "," : "", i % 80, i / 80, i % 80, i / 80, i % 80,
                 i / 80, i % 80, i / 80);
    size_t len = json.len;
    buf_adds(&json, "]}}]}");
    accepted(p, POLICY_AREAS, json.data);
    assert_string_equal(community_at(p, 24.2, 79.2), "a");
    assert_string_equal(community_at(p, 24.4, 79.4), "");
    json.len = len;
    buf_adds(&json, "]}}," FEATURE("a", SQUARE_A) "]}");
    refused(POLICY_AREAS, json.data,
            "features[1].geometry.coordinates: is one more than the 2000 "
            "polygons that may be\n");
    buf_finish(&json);
    parsed_free(p);
}

/* ---- routing ----------------------------------------------------------------
 */

static const char *routed(const struct parsed *p, const char *community,
                          const char *category) {
    return id_of(policy_route(
        p->policy, community == NULL ? NULL : policy_unit(p->policy, community),
        category));
}

static void test_most_specific_route(void **state) {
    struct parsed *p = parsed_new();
    (void)state;
    accepted(p, POLICY_ROUTING,
             "{\"default\":\"qh\",\"rules\":["
             "{\"community\":\"b\",\"category\":\"*\",\"unit\":\"town\"},"
             "{\"community\":\"*\",\"category\":\"fire\",\"unit\":\"fire\"},"
             "{\"community\":\"a\",\"category\":\"fire\",\"unit\":\"branch\"}"
             "]}");
    assert_string_equal(routed(p, "a", "fire"), "branch");
    assert_string_equal(routed(p, "b", "fire"), "fire");
    assert_string_equal(routed(p, NULL, "fire"), "fire");
    assert_string_equal(routed(p, "b", "wage"), "town");
    assert_string_equal(routed(p, "a", "wage"), "a");
    assert_string_equal(routed(p, NULL, "wage"), "qh");
    assert_string_equal(routed(p, NULL, ""), "qh");
    assert_string_equal(routed(p, "b", ""), "town");
    assert_string_equal(routed(p, NULL, NULL), "qh");
    parsed_free(p);
}

static void test_bad_routes(void **state) {
    (void)state;
    refused(POLICY_ROUTING, "{\"default\":\"district\",\"rules\":[]}",
            "default: is no unit of the organisation: district\n");
    refused(POLICY_ROUTING, "{\"default\":5}",
            "default: is not the id of a unit\nrules: is missing\n");
    refused(POLICY_ROUTING,
            "{\"default\":\"qh\",\"rules\":["
            "{\"community\":\"x\",\"category\":\"gold\",\"unit\":\"y\"},"
            "{\"community\":\"*\",\"category\":\"*\",\"unit\":\"qh\"},"
            "{\"category\":3}]}",
            "rules[0].community: is no unit of the organisation: x\n"
            "rules[0].category: is no category: gold\n"
            "rules[0].unit: is no unit of the organisation: y\n"
            "rules[1]: is for everything: that is \"default\"\n"
            "rules[2].community: is missing\n"
            "rules[2].category: is not a category or \"*\"\n"
            "rules[2].unit: is missing\n");
    refused(POLICY_ROUTING,
            "{\"default\":\"qh\",\"rules\":["
            "{\"community\":\"a\",\"category\":\"*\",\"unit\":\"qh\"},"
            "{\"community\":\"b\",\"category\":\"*\",\"unit\":\"qh\"},"
            "{\"community\":\"a\",\"category\":\"*\",\"unit\":\"town\"}]}",
            "rules[2]: is for the same as one before it\n");
}

/* ---- clocks -----------------------------------------------------------------
 */

#define CLOCK(category, urgency, minutes)                                      \
    "{\"category\":\"" category "\",\"urgency\":\"" urgency                    \
    "\",\"acknowledge_min\":1,\"resolve_min\":" minutes ",\"warn_min\":0}"
#define CLOCKS(rules)                                                          \
    "{\"rules\":[" rules "],\"rider_nudge_h\":1,\"rider_rest_h\":2}"

static int64_t minutes(const struct parsed *p, const char *category,
                       bool urgent) {
    return policy_clock(p->policy, category, urgent)->resolve_ms / 60000;
}

static void test_most_specific_clock(void **state) {
    struct parsed *p = parsed_new();
    (void)state;
    accepted(
        p, POLICY_CLOCKS,
        CLOCKS(CLOCK("*", "*", "10") "," CLOCK("*", "urgent", "20") "," CLOCK(
            "wage", "*", "30") "," CLOCK("wage", "urgent",
                                         "40") "," CLOCK("fire", "normal",
                                                         "50")));
    assert_int_equal(minutes(p, "rest", false), 10);
    assert_int_equal(minutes(p, "rest", true), 20);
    assert_int_equal(minutes(p, "wage", false), 30);
    assert_int_equal(minutes(p, "wage", true), 40);
    assert_int_equal(minutes(p, "fire", false), 50);
    assert_int_equal(minutes(p, "fire", true), 20);
    assert_int_equal(minutes(p, "", false), 10);
    assert_int_equal(minutes(p, NULL, true), 20);
    parsed_free(p);
}

static void test_due(void **state) {
    struct parsed *p = parsed_new();
    struct tm tm = {0};
    (void)state;
    assert_int_equal(parse(p), OK);
    const struct clock_rule *normal = policy_clock(p->policy, "wage", false);
    const struct clock_rule *urgent = policy_clock(p->policy, "fire", true);
    assert_int_equal(normal->acknowledge_ms, 4 * HOUR_MS);
    assert_int_equal(urgent->acknowledge_ms, HOUR_MS / 4);
    assert_false(normal->around_the_clock);
    assert_true(urgent->around_the_clock);
    /* A Thursday; from the next day on it is mid-autumn. */
    strptime("2026-09-24 17:00", "%Y-%m-%d %H:%M", &tm);
    int64_t at = (timegm(&tm) - 8 * 3600LL) * 1000;
    assert_int_equal(policy_due(p->policy, urgent, at, urgent->resolve_ms),
                     at + 8 * HOUR_MS);
    /* An hour, then Monday to Wednesday; after the National Day the rest. */
    int64_t due = policy_due(p->policy, normal, at, normal->resolve_ms);
    memset(&tm, 0, sizeof(tm));
    strptime("2026-10-09 17:00", "%Y-%m-%d %H:%M", &tm);
    assert_int_equal(due, (timegm(&tm) - 8 * 3600LL) * 1000);
    assert_int_equal(policy_left(p->policy, normal, at, due),
                     normal->resolve_ms);
    assert_int_equal(policy_left(p->policy, normal, due, at), 0);
    assert_int_equal(policy_left(p->policy, urgent, at, at + 5), 5);
    parsed_free(p);
}

static void test_bad_clocks(void **state) {
    (void)state;
    refused(POLICY_CLOCKS, CLOCKS(CLOCK("*", "normal", "5")),
            "rules: has none for category * that is urgent\n");
    refused(POLICY_CLOCKS, CLOCKS(CLOCK("wage", "*", "5")),
            "rules: has none for category * that is normal\n"
            "rules: has none for category * that is urgent\n");
    refused(POLICY_CLOCKS,
            CLOCKS(CLOCK("*", "*", "5") "," CLOCK("*", "*", "6")),
            "rules[1]: is for the same as one before it\n");
    refused(POLICY_CLOCKS,
            "{\"rules\":[{\"category\":\"x\",\"urgency\":\"now\","
            "\"acknowledge_min\":9,\"resolve_min\":5,\"warn_min\":-1,"
            "\"around_the_clock\":1}],\"rider_nudge_h\":5,"
            "\"rider_rest_h\":5}",
            "rules[0].category: is no category: x\n"
            "rules[0].urgency: is none of \"normal\", \"urgent\" and \"*\"\n"
            "rules[0].acknowledge_min: is not from 1 to 5\n"
            "rules[0].warn_min: is not from 0 to 5\n"
            "rules[0].around_the_clock: is not true or false\n"
            "rider_rest_h: is not later than rider_nudge_h\n");
    refused(POLICY_CLOCKS, CLOCKS(CLOCK("*", "*", "9223372036854775807")),
            "rules[0].resolve_min: is not from 1 to 527040\n");
    refused(POLICY_CLOCKS, "{\"rules\":[" CLOCK("*", "*", "1") "]}",
            "rider_nudge_h: is missing\nrider_rest_h: is missing\n");
}

/* ---- calendar, templates, rules ---------------------------------------------
 */

#define CALENDAR(years)                                                        \
    "{\"hours\":{\"mon\":\"9:00-17:00\"},\"years\":{" years "}}"

static void test_bad_calendars(void **state) {
    (void)state;
    refused(POLICY_CALENDAR, "{}",
            "hours: is missing\nyears: is not an object of years\n");
    refused(POLICY_CALENDAR, "{\"hours\":{\"mon\":\"\"},\"years\":{}}",
            "hours: has no hours at all\n");
    refused(POLICY_CALENDAR,
            "{\"hours\":{\"mon\":\"9-17\",\"tue\":7,\"Mittwoch\":\"\"},"
            "\"years\":{}}",
            "hours: has a member that is not known: Mittwoch\n"
            "hours.mon: is not like \"09:00-12:00,13:30-17:30\"\n"
            "hours.tue: is not like \"09:00-12:00,13:30-17:30\"\n");
    refused(POLICY_CALENDAR, CALENDAR("\"26\":{},\"1999\":{},\"2O26\":{}"),
            "years: has a year that is not from 2000 to 2099\n"
            "years: has a year that is not from 2000 to 2099\n"
            "years: has a year that is not from 2000 to 2099\n");
    refused(POLICY_CALENDAR, CALENDAR("\"2026\":{\"holidays\":7}"),
            "years.2026.holidays: is not an array\n");
    refused(POLICY_CALENDAR,
            CALENDAR("\"2026\":{\"holidays\":[\"2026-02-30\",\"2025-01-01\",3,"
                     "\"2026-05-01\"],\"workdays\":[\"2026-05-01\"]}"),
            "years.2026.holidays[0]: is no day of 2026 such as "
            "\"2026-10-01\"\n"
            "years.2026.holidays[1]: is no day of 2026 such as "
            "\"2026-10-01\"\n"
            "years.2026.holidays[2]: is no day of 2026 such as "
            "\"2026-10-01\"\n"
            "years.2026.workdays[0]: is there twice\n");
}

static void test_bad_templates(void **state) {
    (void)state;
    refused(POLICY_TEMPLATES,
            "{\"templates\":[{\"id\":\"a\",\"title\":\"\",\"text\":\"{id} "
            "{phone}\"},{\"id\":\"a\",\"title\":\"x\",\"text\":\"y\\u202e\"}]}",
            "templates[0].title: is empty\n"
            "templates[0].text: has a { that is none of {id}, {unit}, {date} "
            "and {name}\n"
            "templates[1].text: has blanks at an end, or characters that "
            "cannot be shown\n"
            "templates[1].id: is that of templates[0], too\n");
}

static void test_rules(void **state) {
    struct parsed *p = parsed_new();
    (void)state;
    accepted(p, POLICY_RULES,
             "{\"points\":{\"report\":0},\"duplicates\":{\"metres\":80},"
             "\"urgent\":[\"wage\"]}");
    assert_int_equal(policy_rules(p->policy)->report_points, 0);
    assert_true(fabs(policy_rules(p->policy)->duplicate_m - 80) < 0.1);
    assert_int_equal(policy_rules(p->policy)->duplicate_ms, 72 * HOUR_MS);
    assert_int_equal(policy_rules(p->policy)->retention_photo_days, 730);
    assert_true(policy_is_urgent(p->policy, "wage"));
    assert_false(policy_is_urgent(p->policy, "fire"));
    parsed_free(p);
    refused(POLICY_RULES,
            "{\"points\":{\"report\":-1,\"event\":2},\"duplicates\":[],"
            "\"retention_days\":{\"audit\":30},\"urgent\":[\"*\",\"x\",1]}",
            "points: has a member that is not known: event\n"
            "points.report: is not from 0 to 1000\n"
            "duplicates: is not an object\n"
            "retention_days.audit: is not from 1095 to 36500\n"
            "urgent[0]: is not one category\n"
            "urgent[1]: is no category: x\n"
            "urgent[2]: is not a category or \"*\"\n");
}

static void test_broadcasts(void **state) {
    struct parsed *p = parsed_new();
    (void)state;
    accepted(p, POLICY_BROADCASTS, NULL);
    assert_false(policy_broadcasts(p->policy)->approval);
    assert_true(policy_broadcasts(p->policy)->closed[12 * 60]);
    assert_false(policy_broadcasts(p->policy)->closed[8 * 60]);
    accepted(p, POLICY_BROADCASTS,
             "{\"approval\":true,\"quiet\":[\"22:00-06:00\"],"
             "\"holidays\":\"hold\"}");
    const struct policy_broadcasts *is = policy_broadcasts(p->policy);
    assert_true(is->approval && is->holds_holidays);
    assert_true(is->closed[0] && is->closed[5 * 60 + 59] &&
                is->closed[22 * 60] && is->closed[23 * 60 + 59]);
    assert_false(is->closed[6 * 60] || is->closed[21 * 60 + 59]);
    assert_int_equal(policy_offset_ms(p->policy), 8 * HOUR_MS);
    parsed_free(p);
    refused(POLICY_BROADCASTS,
            "{\"approval\":1,\"quiet\":[\"24h\",\"x\",3],\"peaks\":{},"
            "\"holidays\":\"never\",\"more\":0}",
            ": has a member that is not known: more\n"
            "approval: is not true or false\n"
            "quiet[0]: is not like \"21:30-07:30\"\n"
            "quiet[1]: is not like \"21:30-07:30\"\n"
            "quiet[2]: is not like \"21:30-07:30\"\n"
            "peaks: is not an array\n"
            "holidays: is neither \"send\" nor \"hold\"\n");
    refused(POLICY_BROADCASTS,
            "{\"quiet\":[\"20:00-08:00\"],\"peaks\":[\"8:00-20:00\"]}",
            ": leaves no time of the day to send anything\n");
}

/* Any byte of a document may be anything: no reading beyond, no crash. */
static void test_damaged(void **state) {
    static const char *const areas =
        COLLECTION(FEATURE("a", SQUARE_A "," HOLE_A));
    (void)state;
    for (int which = 0; which < POLICY_DOCUMENTS; which++) {
        struct parsed *p = parsed_new();
        const char *good = which == POLICY_ORGANISATION ? organisation
                           : which == POLICY_AREAS
                               ? areas
                               : policy_default((enum policy_document)which);
        size_t len = strlen(good);
        unsigned seed = 1;
        for (int round = 0; round < 300; round++) {
            char *bad = malloc(len + 1);
            assert_non_null(bad);
            memcpy(bad, good, len + 1);
            for (int i = 0; i < 1 + round % 3; i++) {
                seed = seed * 1103515245u + 12345u;
                bad[(seed >> 8) % len] = "\"{}[]:,0a9\x80 "[(seed >> 24) % 12];
            }
            set(p, (enum policy_document)which, bad);
            if (parse(p) == OK) {
                assert_non_null(policy_route(p->policy, NULL, "fire"));
                assert_non_null(policy_clock(p->policy, "fire", true));
            } else {
                assert_true(p->problems.n > 0);
            }
            free(bad);
        }
        parsed_free(p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_default_calendar),
        cmocka_unit_test(test_names_and_categories),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_covers),
        cmocka_unit_test(test_ladder),
        cmocka_unit_test(test_bad_organisations),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_too_many_units),
        cmocka_unit_test(test_problems_are_bounded),
        cmocka_unit_test(test_not_json),
        cmocka_unit_test(test_areas),
        cmocka_unit_test(test_multi_polygon_and_datum),
        cmocka_unit_test(test_names_of_places),
        cmocka_unit_test(test_bad_areas),
        cmocka_unit_test(test_tangles),
        cmocka_unit_test(test_many_polygons),
        cmocka_unit_test(test_most_specific_route),
        cmocka_unit_test(test_bad_routes),
        cmocka_unit_test(test_most_specific_clock),
        cmocka_unit_test(test_due),
        cmocka_unit_test(test_bad_clocks),
        cmocka_unit_test(test_bad_calendars),
        cmocka_unit_test(test_bad_templates),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_broadcasts),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

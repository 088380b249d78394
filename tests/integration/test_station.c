/* Stations: the store, the command 驿站, and `xiaofeng station`. */
#include "store/station.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "store/store.h"
#include "tests/integration/engine.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#define RIDER "qq.1"
#define HERE_LAT 32.043312
#define HERE_LON 118.789823

/* At 06:13 local time, when the engine's clock stands. */
static const struct station samples[] = {
    {.name = "科巷宁小蜂驿站",
     .address = "科巷 12 号",
     .hours = "08:00-20:00",
     .offers = "喝水 充电 热饭",
     .lat = 32.0441,
     .lon = 118.7912},
    {.name = "新街口宁小蜂驿站",
     .address = "中山路 1 号",
     .hours = "24h",
     .offers = "喝水 如厕 wifi",
     .lat = 32.0418,
     .lon = 118.784},
    {.name = "栖霞驿站",
     .address = "",
     .hours = "06:00-22:00",
     .offers = "充电",
     .lat = 32.12,
     .lon = 118.95},
    {.name = "无锡路驿站",
     .address = "",
     .hours = "",
     .offers = "",
     .lat = 31.5,
     .lon = 118.8},
};

static enum err set(struct engine *e, const struct station *stations,
                    size_t n) {
    struct txn *txn = txn_new(e->bot.store);
    station_set(txn, stations, n);
    return engine_commit(e, txn);
}

static enum err take_away(struct engine *e, const char *name) {
    struct txn *txn = txn_new(e->bot.store);
    station_remove(txn, name);
    return engine_commit(e, txn);
}

static int setup_empty(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int setup(void **state) {
    *state = engine_new(NULL);
    assert_int_equal(set(*state, samples, ARRAY_LEN(samples)), OK);
    /* A rider who has been told about privacy. */
    engine_role(*state, RIDER, 0);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static const char *ask(struct engine *e, const char *text) {
    return engine_ask(e, RIDER, text);
}

static const char *at(struct engine *e, double lat, double lon) {
    engine_clear(e);
    engine_place(e, RIDER, lat, lon, "科巷新寓");
    engine_settle(e);
    return engine_last(e, NULL);
}

/* ---- the store ------------------------------------------------------------
 */

struct listing {
    struct arena arena;
    struct station stations[STATIONS_MAX];
    size_t n, total;
    enum err err;
    bool done;
};

static void on_list(void *data, enum err err, const struct station *stations,
                    size_t n, size_t total) {
    struct listing *listing = data;
    memcpy(listing->stations, stations, n * sizeof(*stations));
    listing->n = n;
    listing->total = total;
    listing->err = err;
    listing->done = true;
}

static struct listing *listing_new(void) {
    struct listing *listing = xcalloc(1, sizeof(*listing));
    arena_init(&listing->arena);
    return listing;
}

static void listing_free(struct listing *listing) {
    arena_finish(&listing->arena);
    free(listing);
}

static struct listing *list_near(struct engine *e, double lat, double lon,
                                 double radius_m, size_t max) {
    struct listing *listing = listing_new();
    station_list_near(e->bot.store, &listing->arena, lat, lon, radius_m, max,
                      on_list, listing);
    ENGINE_UNTIL(e, listing->done);
    assert_int_equal(listing->err, OK);
    return listing;
}

static struct listing *list_all(struct engine *e, size_t max) {
    struct listing *listing = listing_new();
    station_list_all(e->bot.store, &listing->arena, max, on_list, listing);
    ENGINE_UNTIL(e, listing->done);
    assert_int_equal(listing->err, OK);
    return listing;
}

static void test_nearest_first(void **state) {
    struct engine *e = *state;
    struct listing *near = list_near(e, HERE_LAT, HERE_LON, 20000, 3);
    assert_int_equal(near->n, 3);
    assert_string_equal(near->stations[0].name, samples[0].name);
    assert_string_equal(near->stations[0].address, samples[0].address);
    assert_string_equal(near->stations[0].hours, samples[0].hours);
    assert_string_equal(near->stations[0].offers, samples[0].offers);
    assert_true(near->stations[0].lat > 32.0440 &&
                near->stations[0].lat < 32.0442);
    assert_true(near->stations[0].distance_m > 140 &&
                near->stations[0].distance_m < 170);
    assert_string_equal(near->stations[1].name, samples[1].name);
    assert_string_equal(near->stations[2].name, samples[2].name);
    listing_free(near);
    near = list_near(e, HERE_LAT, HERE_LON, 20000, 1);
    assert_int_equal(near->n, 1);
    listing_free(near);
    near = list_near(e, 90, 0, 1000, 3); /* beyond what a geo set knows */
    assert_int_equal(near->n, 0);
    listing_free(near);
}

static void test_all_of_them(void **state) {
    struct engine *e = *state;
    struct listing *all = list_all(e, STATIONS_MAX);
    assert_int_equal(all->n, 4);
    assert_int_equal(all->total, 4);
    for (size_t i = 1; i < all->n; i++)
        assert_true(strcmp(all->stations[i - 1].name, all->stations[i].name) <
                    0);
    listing_free(all);
    all = list_all(e, 2);
    assert_int_equal(all->n, 2);
    assert_int_equal(all->total, 4);
    listing_free(all);
}

static void test_changed_and_removed(void **state) {
    struct engine *e = *state;
    struct station moved = samples[0];
    moved.lat = 32.3;
    moved.hours = "24h";
    assert_int_equal(set(e, &moved, 1), OK);
    struct listing *near = list_near(e, 32.3, 118.7912, 1000, 3);
    assert_int_equal(near->n, 1);
    assert_string_equal(near->stations[0].hours, "24h");
    listing_free(near);
    assert_int_equal(engine_redis(e, "ZCARD {test}:stations"), 4);
    assert_int_equal(take_away(e, moved.name), OK);
    assert_int_equal(take_away(e, moved.name), ERR_NOT_FOUND);
    near = list_near(e, 32.3, 118.7912, 1000, 3);
    assert_int_equal(near->n, 0);
    listing_free(near);
    near = list_all(e, STATIONS_MAX);
    assert_int_equal(near->n, 3);
    listing_free(near);
}

/* All of them or none. */
static void test_no_more_than_there_may_be(void **state) {
    struct engine *e = *state;
    struct station *many = xcalloc(STATIONS_MAX, sizeof(*many));
    char(*names)[32] = xcalloc(STATIONS_MAX, sizeof(*names));
    for (size_t i = 0; i < STATIONS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "驿站%zu", i);
        many[i] = samples[1];
        many[i].name = names[i];
    }
    assert_int_equal(set(e, many, STATIONS_MAX), ERR_LIMIT);
    assert_int_equal(engine_redis(e, "ZCARD {test}:stations"), 4);
    assert_int_equal(set(e, many, STATIONS_MAX - 4), OK);
    assert_int_equal(set(e, samples, 4), OK); /* changes are no additions */
    assert_int_equal(set(e, &many[STATIONS_MAX - 1], 1), ERR_LIMIT);
    assert_int_equal(engine_redis(e, "ZCARD {test}:stations"), STATIONS_MAX);
    free(names);
    free(many);
}

/* ---- the command ------------------------------------------------------------
 */

static void test_nearest_by_position(void **state) {
    struct engine *e = *state;
    engine_has(ask(e, "驿站"), "发个位置");
    const char *said = at(e, HERE_LAT, HERE_LON);
    engine_has(said,
               "离你最近的驿站：\n"
               "· 科巷宁小蜂驿站，160 米，现在关着，08:00 开门\n"
               "  科巷 12 号\n"
               "  有：喝水 充电 热饭\n"
               "· 新街口宁小蜂驿站，570 米，全天开放\n");
    engine_has(said, "· 栖霞驿站，17.3 公里，开着，到 22:00\n  有：充电");
    engine_has_not(said, "无锡路");
    engine_has_not(said, "科巷新寓");
    assert_int_equal(engine_count(e, "qq.u1"), 1);
}

/* The append-only file has all that was ever written. */
static bool was_written(struct engine *e, const char *text) {
    char *pattern = xasprintf("%s/appendonlydir/*", redis_server_dir(e->redis));
    glob_t files;
    bool found = false;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char bytes[65536];
        struct buf all;
        size_t len;
        FILE *file = fopen(files.gl_pathv[i], "rb");
        assert_non_null(file);
        buf_init(&all);
        while ((len = fread(bytes, 1, sizeof(bytes), file)) > 0)
            buf_add(&all, bytes, len);
        fclose(file);
        found |= all.len > 0 &&
                 memmem(all.data, all.len, text, strlen(text)) != NULL;
        buf_finish(&all);
    }
    globfree(&files);
    free(pattern);
    return found;
}

static void test_position_is_kept_nowhere(void **state) {
    struct engine *e = *state;
    ask(e, "驿站");
    engine_has(at(e, HERE_LAT, HERE_LON), "160 米");
    assert_true(was_written(e, "station.place.ask"));
    assert_false(was_written(e, "160 米"));
    assert_false(was_written(e, "118.7898"));
    assert_false(was_written(e, "科巷新寓"));
    char *form = engine_redis_text(e, "HGET {test}:rider:%s form", RIDER);
    assert_string_equal(form, "");
    free(form);
}

/* Redelivered, it is not answered again: nothing of the answer is left. */
static void test_redelivered(void **state) {
    struct engine *e = *state;
    struct segment segment = {
        .type = SEGMENT_LOCATION, .lat = HERE_LAT, .lon = HERE_LON};
    struct message message = {
        .rider = RIDER, .id = "same", .segments = &segment, .n_segments = 1};
    ask(e, "驿站");
    engine_clear(e);
    engine_send(e, &message);
    engine_settle(e);
    engine_send(e, &message);
    engine_settle(e);
    assert_int_equal(engine_count(e, "qq.u1"), 1);
}

static void test_without_position(void **state) {
    struct engine *e = *state;
    ask(e, "驿站");
    engine_has(ask(e, "跳过"), "驿站共 4 个：\n");
    engine_has(engine_last(e, NULL), "· 新街口宁小蜂驿站，全天开放\n");
    engine_has_not(engine_last(e, NULL), "米");
    ask(e, "驿站");
    engine_has(ask(e, "科巷"), "你要找的：科巷\n驿站共 1 个：\n· 科巷宁");
    ask(e, "驿站");
    engine_has(ask(e, "火星"), "没有找到「火星」");
}

static void test_what_it_offers(void **state) {
    struct engine *e = *state;
    engine_has(ask(e, "驿站 有没有能充电的？"), "发个位置");
    engine_has(at(e, HERE_LAT, HERE_LON), "你要找的：充电\n离你最近的驿站：");
    engine_has(engine_last(e, NULL), "科巷宁小蜂");
    engine_has(engine_last(e, NULL), "栖霞");
    engine_has_not(engine_last(e, NULL), "新街口");
    ask(e, "厕所");
    engine_has(at(e, HERE_LAT, HERE_LON), "新街口宁小蜂驿站，570 米");
    engine_has_not(engine_last(e, NULL), "栖霞");
    engine_has(ask(e, "哪里有厕所啊"), "发个位置");
    engine_has(ask(e, "跳过"), "驿站共 1 个：\n· 新街口");
    ask(e, "驛站 無線網");
    engine_has(ask(e, "跳过"), "你要找的：wifi\n驿站共 1 个：\n· 新街口");
}

static void test_far_and_nowhere(void **state) {
    struct engine *e = *state;
    ask(e, "驿站");
    engine_has(at(e, 31.55, 118.8),
               "5 公里内没有，最近的在这里：\n"
               "· 无锡路驿站，5.6 公里\n");
    ask(e, "驿站");
    engine_has(at(e, 20, 100), "100 公里内没有驿站");
    ask(e, "驿站 冰箱");
    engine_has(engine_last(e, NULL), "没有找到「冰箱」");
}

static void test_group_is_answered_at_once(void **state) {
    struct engine *e = *state;
    engine_has(engine_ask_group(e, RIDER, "驿站"), "驿站共 4 个");
    assert_int_equal(e->n_sent, 1);
    engine_has(engine_ask_group(e, RIDER, "厕所 在哪"), "驿站共 1 个：\n· 新");
    struct segment segments[] = {
        {.type = SEGMENT_TEXT, .text = "驿站"},
        {.type = SEGMENT_LOCATION, .lat = HERE_LAT, .lon = HERE_LON}};
    engine_clear(e);
    engine_send(e, &(struct message){.rider = RIDER,
                                     .chat = ENGINE_GROUP,
                                     .segments = segments,
                                     .n_segments = 2});
    engine_settle(e);
    engine_has(engine_last(e, ENGINE_GROUP), "科巷宁小蜂驿站，160 米");
    engine_ask_group(e, RIDER, "驿站门口见");
    assert_int_equal(e->n_sent, 0);
    char *form = engine_redis_text(e, "HGET {test}:rider:%s form", RIDER);
    assert_string_equal(form, "");
    free(form);
}

/* A complaint about a station is not a search. */
static void test_complaint(void **state) {
    struct engine *e = *state;
    engine_has(ask(e, "驿站的空调坏了好几天"), "作为诉求提交");
    engine_has(ask(e, "1"), "已登记，编号 S");
    char *text = engine_ticket(e, "S1", "text");
    assert_string_equal(text, "驿站的空调坏了好几天");
    free(text);
    ask(e, "取消");
    engine_has(ask(e, "充电站充电太贵了"), "作为诉求提交");
    ask(e, "3");
    engine_has(ask(e, "驿站 三山街"), "没有找到「三山街」");
}

/* The form of another command waits meanwhile. */
static void test_another_form_waits(void **state) {
    struct engine *e = *state;
    engine_has(ask(e, "诉求"), "一句话就行");
    struct segment segments[] = {
        {.type = SEGMENT_TEXT, .text = "驿站"},
        {.type = SEGMENT_LOCATION, .lat = HERE_LAT, .lon = HERE_LON}};
    engine_send(e, &(struct message){
                       .rider = RIDER, .segments = segments, .n_segments = 2});
    engine_settle(e);
    engine_has(engine_last(e, NULL), "160 米");
    engine_has(ask(e, "天太热了受不了"), "已登记，编号 S1");
    /* Nor does the title of a kind begin it. */
    engine_has(ask(e, "歇脚驿站"), "已归到「歇脚驿站」");
}

static void test_from_the_menu(void **state) {
    struct engine *e = *state;
    char number[8];
    const char *menu = ask(e, "帮助"), *line = strstr(menu, " 驿站：");
    assert_non_null(line);
    while (line > menu && line[-1] != '\n')
        line--;
    snprintf(number, sizeof(number), "%.*s", (int)strcspn(line, " "), line);
    engine_has(ask(e, number), "发个位置");
    engine_has(ask(e, "跳过"), "驿站共 4 个");
}

static void test_in_other_languages(void **state) {
    struct engine *e = *state;
    ask(e, "语言 en");
    engine_has(ask(e, "toilet please"), "Send your position");
    engine_has(at(e, HERE_LAT, HERE_LON),
               "You look for: toilet\nNearest to you:\n"
               "· 新街口宁小蜂驿站, 570 m, always open");
    ask(e, "language 2");
    ask(e, "驛站");
    engine_has(at(e, HERE_LAT, HERE_LON), "160 公尺，目前休息，08:00 開門");
}

static void test_none_yet(void **state) {
    struct engine *e = *state;
    ask(e, "驿站");
    engine_has(ask(e, "跳过"), "还没有登记驿站");
    engine_has(engine_ask_group(e, RIDER, "驿站"), "还没有登记驿站");
}

/* ---- the command line -------------------------------------------------------
 */

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Runs `xiaofeng -c … station ARGS`; its status, and what it wrote. */
static int station(struct engine *e, const char *args, char *said,
                   size_t size) {
    char *conf = xasprintf("%s/xiaofeng.conf", e->dir);
    char *text = xasprintf(
        "[xiaofeng]\ndistrict=test\ndata_dir=%s\n"
        "[redis]\nurl=%s\n",
        e->dir, redis_server_url(e->redis));
    write_file(conf, text);
    char *line = xasprintf("cd %s && %s/xiaofeng -c %s station %s 2>&1", e->dir,
                           getenv("XIAOFENG_BUILD"), conf, args);
    FILE *output = popen(line, "r");
    assert_non_null(output);
    size_t len = fread(said, 1, size - 1, output);
    said[len] = '\0';
    int status = pclose(output);
    assert_true(WIFEXITED(status));
    free(line);
    free(text);
    free(conf);
    return WEXITSTATUS(status);
}

static void test_add_and_remove(void **state) {
    struct engine *e = *state;
    char said[4096];
    assert_int_equal(station(e,
                             "add 江宁驿站 --lat 31.95 --lon=118.84 "
                             "--hours 9:00-18:00 --offers 喝水、充电",
                             said, sizeof(said)),
                     0);
    struct listing *near = list_near(e, 31.95, 118.84, 1000, 1);
    assert_int_equal(near->n, 1);
    assert_string_equal(near->stations[0].hours, "09:00-18:00");
    assert_string_equal(near->stations[0].offers, "喝水 充电");
    listing_free(near);
    assert_int_equal(station(e, "add 江宁 --lat 31.95", said, sizeof(said)), 1);
    engine_has(said, "its lon is not a number");
    assert_int_equal(station(e, "add --lat 31 --lon 118", said, sizeof(said)),
                     2);
    assert_int_equal(station(e, "remove 江宁驿站", said, sizeof(said)), 0);
    assert_int_equal(station(e, "remove 江宁驿站", said, sizeof(said)), 1);
    engine_has(said, "there is no station of that name");
    assert_int_equal(engine_redis(e, "ZCARD {test}:stations"), 0);
    assert_int_equal(engine_redis(e, "XLEN {test}:audit"), 2);
}

static void test_import(void **state) {
    struct engine *e = *state;
    char said[4096], path[128];
    snprintf(path, sizeof(path), "%s/stations.csv", e->dir);
    write_file(path, "name,lat,lon\n甲驿站,32,118\n乙驿站,,118\n");
    assert_int_equal(station(e, "import stations.csv", said, sizeof(said)), 1);
    engine_has(said, "stations.csv:3: its lat is not a number");
    engine_has(said, "nothing was imported");
    assert_int_equal(engine_redis(e, "ZCARD {test}:stations"), 0);
    write_file(path, "name,lat,lon\n甲驿站,32,118\n乙驿站,33,118\n");
    assert_int_equal(
        station(e, "import --dry-run stations.csv", said, sizeof(said)), 0);
    assert_int_equal(engine_redis(e, "ZCARD {test}:stations"), 0);
    assert_int_equal(station(e, "import stations.csv", said, sizeof(said)), 0);
    engine_has(said, "2 stations\n");
    assert_int_equal(station(e, "import stations.csv", said, sizeof(said)), 0);
    assert_int_equal(engine_redis(e, "ZCARD {test}:stations"), 2);
    assert_int_equal(station(e, "import none.csv", said, sizeof(said)), 1);
    assert_int_equal(station(e, "import", said, sizeof(said)), 2);
    assert_int_equal(station(e, "", said, sizeof(said)), 2);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define EMPTY(name) cmocka_unit_test_setup_teardown(name, setup_empty, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_nearest_first),
        TEST(test_all_of_them),
        TEST(test_changed_and_removed),
        TEST(test_no_more_than_there_may_be),
        TEST(test_nearest_by_position),
        TEST(test_position_is_kept_nowhere),
        TEST(test_redelivered),
        TEST(test_without_position),
        TEST(test_what_it_offers),
        TEST(test_far_and_nowhere),
        TEST(test_group_is_answered_at_once),
        TEST(test_complaint),
        TEST(test_another_form_waits),
        TEST(test_from_the_menu),
        TEST(test_in_other_languages),
        EMPTY(test_none_yet),
        EMPTY(test_add_and_remove),
        EMPTY(test_import),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

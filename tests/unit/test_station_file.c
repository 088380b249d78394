#include "bot/station_file.h"

#include "base/arena.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct reading {
    struct arena arena;
    struct buf faults; /* "line: what\n" */
    struct station *stations;
    size_t n;
    bool good;
};

static void on_fault(void *data, size_t line, const char *what) {
    struct reading *reading = data;
    buf_addf(&reading->faults, "%zu: %s\n", line, what);
}

static void read_bytes(struct reading *reading, const char *bytes, size_t len) {
    /* Of its very size, so that reading beyond it is seen. */
    char *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    arena_init(&reading->arena);
    buf_init(&reading->faults);
    reading->good = station_file_read(&reading->arena, copy, len, on_fault,
                                      reading, &reading->stations, &reading->n);
    free(copy);
    buf_adds(&reading->faults, "");
    assert_true(reading->good == (reading->faults.len == 0));
}

static void read_text(struct reading *reading, const char *text) {
    read_bytes(reading, text, strlen(text));
}

static void finish(struct reading *reading) {
    arena_finish(&reading->arena);
    buf_finish(&reading->faults);
}

#define HEADER "name,address,lat,lon,hours,offers\n"

static void faulty(const char *text, const char *faults) {
    struct reading reading;
    read_text(&reading, text);
    assert_false(reading.good);
    assert_string_equal(reading.faults.data, faults);
    finish(&reading);
}

static void test_as_spreadsheets_save_it(void **state) {
    struct reading reading;
    (void)state;
    read_text(&reading,
              "\xef\xbb\xbf" HEADER
              "科巷驿站,\"科巷 12 号, 东门\",32.0441,118.7912,8：00～20：00,"
              "喝水、充电， 热饭\r\n"
              "\r\n"
              "新街口驿站,,32.0418,118.784,,\r\n"
              ",,,,,\r\n"
              "\"带\"\"引号\"\"的\",,-33.5,-70,24小时,\"wifi\"");
    assert_true(reading.good);
    assert_int_equal(reading.n, 3);
    const struct station *station = &reading.stations[0];
    assert_string_equal(station->name, "科巷驿站");
    assert_string_equal(station->address, "科巷 12 号, 东门");
    assert_string_equal(station->hours, "08:00-20:00");
    assert_string_equal(station->offers, "喝水 充电 热饭");
    assert_true(station->lat > 32.0440 && station->lat < 32.0442);
    assert_true(station->lon > 118.7911 && station->lon < 118.7913);
    assert_string_equal(reading.stations[1].hours, "");
    assert_string_equal(reading.stations[1].offers, "");
    assert_string_equal(reading.stations[2].name, "带\"引号\"的");
    assert_string_equal(reading.stations[2].hours, "24h");
    assert_true(reading.stations[2].lat < -33.4);
    finish(&reading);
}

static void test_columns_in_any_order(void **state) {
    struct reading reading;
    (void)state;
    read_text(&reading, "经度,纬度,名称\n118.79,32.04,科巷驿站\n");
    assert_true(reading.good);
    assert_int_equal(reading.n, 1);
    assert_string_equal(reading.stations[0].name, "科巷驿站");
    assert_string_equal(reading.stations[0].address, "");
    assert_true(reading.stations[0].lon > 118);
    finish(&reading);
}

static void test_faults_have_their_lines(void **state) {
    (void)state;
    faulty(HEADER
           "好,,32,118,,\n"
           "\n"
           ",无名,32,118,,\n"
           "\"两行的\n地址\",,32,118,,\n"
           "坏时间,,32,118,八点,\n"
           "没有纬度,,,118,,\n"
           "北极,,89,118,,\n"
           "数字后面有字,,32x,118,,\n"
           "太东,,32,181,,\n"
           "无穷,,inf,118,,\n"
           "少一列,,32,118,\n"
           "好,,33,119,,\n",
           "4: it has no name\n"
           "5: its name is longer than 40 characters or a line\n"
           "7: its hours are not like 08:00-20:00 or 24h\n"
           "8: its lat is not a number from -85 to 85\n"
           "9: its lat is not a number from -85 to 85\n"
           "10: its lat is not a number from -85 to 85\n"
           "11: its lon is not a number from -180 to 180\n"
           "12: its lat is not a number from -85 to 85\n"
           "13: it has another number of columns than the first line\n"
           "14: the name is that of line 2\n");
}

static void test_faults_of_the_header(void **state) {
    (void)state;
    faulty("", "0: the file is empty\n");
    faulty("\n\n", "0: the file is empty\n");
    faulty("name,lat,lon,phone\n驿站,1,2,3\n", "1: no such column: phone\n");
    faulty("name,lat\n驿站,1\n", "1: the column lon is missing\n");
    faulty("name,lat,lon,名称\n", "1: a column is there twice\n");
}

static void test_faults_of_the_form(void **state) {
    (void)state;
    faulty(HEADER "\"不闭合,,32,118,,\n驿站,,32,118,,\n",
           "2: a quotation mark is not closed\n");
    faulty(HEADER "驿站,,32,118,,\n半\"个,,32,118,,\n",
           "3: a quotation mark is out of place\n");
    faulty(HEADER "\xbf\xc6\xff,,32,118,,\n",
           "2: it is neither UTF-8 nor GBK: save the table as \"CSV "
           "UTF-8\"\n");
    faulty("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n",
           "1: there are too many columns\n");
}

static void test_bounds(void **state) {
    struct reading reading;
    struct buf text;
    (void)state;
    buf_init(&text);
    buf_adds(&text, "name,lat,lon\n");
    for (int i = 0; i < STATIONS_MAX; i++)
        buf_addf(&text, "驿站%d,32,118\n", i);
    read_bytes(&reading, text.data, text.len);
    assert_true(reading.good);
    assert_int_equal(reading.n, STATIONS_MAX);
    finish(&reading);
    buf_adds(&text, "再一个,32,118\n");
    read_bytes(&reading, text.data, text.len);
    assert_string_equal(reading.faults.data,
                        "1002: there are more than 1000 stations\n");
    finish(&reading);
    for (int i = 0; i < 100; i++)
        buf_adds(&text, "坏,x,118\n");
    read_bytes(&reading, text.data, text.len);
    assert_non_null(strstr(reading.faults.data, "0: and 51 more faults\n"));
    finish(&reading);
    while (text.len <= STATION_FILE_BYTES)
        buf_addc(&text, '\n');
    read_bytes(&reading, text.data, text.len);
    assert_string_equal(reading.faults.data,
                        "0: the file is larger than 1 MB\n");
    finish(&reading);
    buf_finish(&text);
}

static void test_bytes_of_nothing(void **state) {
    static const char bytes[] = "name,lat,lon\n驿\0站,32,118\n";
    struct reading reading;
    (void)state;
    read_bytes(&reading, bytes, sizeof(bytes) - 1);
    assert_true(reading.good);
    assert_string_equal(reading.stations[0].name, "驿站");
    finish(&reading);
}

static void test_the_same_name_is_the_same_station(void **state) {
    char a[STATION_ID_SIZE], b[STATION_ID_SIZE];
    (void)state;
    station_id(a, "科巷驿站");
    station_id(b, "科巷驿站");
    assert_string_equal(a, b);
    station_id(b, "科巷驿站 ");
    assert_string_not_equal(a, b);
    assert_int_equal(strlen(a), STATION_ID_SIZE - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_spreadsheets_save_it),
        cmocka_unit_test(test_columns_in_any_order),
        cmocka_unit_test(test_faults_have_their_lines),
        cmocka_unit_test(test_faults_of_the_header),
        cmocka_unit_test(test_faults_of_the_form),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_bytes_of_nothing),
        cmocka_unit_test(test_the_same_name_is_the_same_station),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

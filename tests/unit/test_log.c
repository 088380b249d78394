#define LOG_MODULE "test"
#include "base/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/utf8.h"

static char logged[8192];
static int real_stderr;
static FILE *file;

/* From here to log_end() standard error goes to a file. */
static void log_begin(void) {
    file = tmpfile();
    assert_non_null(file);
    real_stderr = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
}

static void log_end(void) {
    size_t len;

    assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
    close(real_stderr);
    rewind(file);
    len = fread(logged, 1, sizeof(logged) - 1, file);
    logged[len] = '\0';
    fclose(file);
}

static size_t count_newlines(const char *s) {
    size_t count = 0;

    for (; *s; s++)
        count += *s == '\n';
    return count;
}

static void test_a_line_for_people(void **state) {
    int year;
    int ms;
    char rest[128];

    (void)state;
    log_init(LOG_INFO, false);
    log_begin();
    LOG_INFO("turn %d done", 42);
    log_end();
    assert_int_equal(sscanf(logged,
                            "%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%3dZ %127[^\n]",
                            &year, &ms, rest),
                     3);
    assert_true(year >= 2024);
    assert_string_equal(rest, "INFO  test: turn 42 done");
    assert_int_equal(count_newlines(logged), 1);
}

static void test_levels_are_kept_to(void **state) {
    (void)state;
    log_init(LOG_WARN, false);
    assert_true(log_enabled(LOG_ERROR));
    assert_true(log_enabled(LOG_WARN));
    assert_false(log_enabled(LOG_INFO));
    log_begin();
    LOG_ERR("one");
    LOG_WARN("two");
    LOG_INFO("three");
    LOG_DBG("four");
    log_end();
    assert_int_equal(count_newlines(logged), 2);
    assert_non_null(strstr(logged, "ERROR test: one"));
    assert_non_null(strstr(logged, "WARN  test: two"));
    log_init(LOG_DEBUG, false);
    assert_true(log_enabled(LOG_DEBUG));
}

static const char *member(json_t *line, const char *key) {
    return json_string_value(json_object_get(line, key));
}

static void test_a_json_line(void **state) {
    json_t *line;

    (void)state;
    log_init(LOG_INFO, true);
    log_begin();
    LOG_WARN("say \"hi\" \\ back\nand\tforth\rend \x01\x7f");
    log_end();
    assert_int_equal(count_newlines(logged), 1);
    line = json_loads(logged, 0, NULL);
    assert_non_null(line);
    assert_string_equal(member(line, "level"), "warn");
    assert_string_equal(member(line, "module"), "test");
    assert_string_equal(member(line, "message"),
                        "say \"hi\" \\ back\nand\tforth\rend ??");
    assert_int_equal(strlen(member(line, "time")),
                     strlen("2026-05-01T12:00:01.250Z"));
    json_decref(line);
}

static void test_no_message_makes_two_lines(void **state) {
    (void)state;
    log_init(LOG_INFO, false);
    log_begin();
    LOG_INFO("a\nERROR forged: line\r\n");
    log_end();
    assert_int_equal(count_newlines(logged), 1);
    assert_non_null(strstr(logged, "a\\nERROR forged: line\\r\\n\n"));
}

static void test_broken_bytes_do_not_pass(void **state) {
    json_t *line;

    (void)state;
    log_init(LOG_INFO, true);
    log_begin();
    LOG_INFO("id %s", "\xff\xc0\xaf ok \xed\xa0\x80");
    log_end();
    line = json_loads(logged, 0, NULL);
    assert_non_null(line);
    assert_string_equal(member(line, "message"), "id ??? ok ???");
    json_decref(line);
}

static void test_long_messages_are_cut(void **state) {
    char text[5000];

    (void)state;
    for (int shift = 0; shift < 3; shift++) {
        json_t *line;
        size_t len = (size_t)shift;

        memset(text, '"', sizeof(text));
        for (; len + 4 < sizeof(text); len += 3)
            memcpy(text + len, "骑", 3);
        text[len] = '\0';
        log_init(LOG_INFO, true);
        log_begin();
        LOG_INFO("%s", text);
        log_end();
        assert_true(strlen(logged) < 4096);
        assert_true(utf8_valid(logged, strlen(logged)));
        line = json_loads(logged, 0, NULL);
        assert_non_null(line);
        assert_non_null(strstr(member(line, "message"), "骑..."));
        json_decref(line);
    }
}

static void test_quotes_fill_the_longest_line(void **state) {
    char text[5000];

    (void)state;
    memset(text, '"', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_init(LOG_INFO, true);
    log_begin();
    log_write(LOG_INFO, "a-module-name-longer-than-any-that-there-is", "%s",
              text);
    log_end();
    assert_true(strlen(logged) < 4096);
    assert_int_equal(count_newlines(logged), 1);
}

static void test_errno_is_left_alone(void **state) {
    (void)state;
    log_init(LOG_INFO, false);
    log_begin();
    errno = EPROTO;
    LOG_INFO("%m");
    assert_int_equal(errno, EPROTO);
    log_end();
}

static void test_level_words(void **state) {
    enum log_level level = LOG_ERROR;

    (void)state;
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LOG_DEBUG);
    assert_true(log_level_parse("warn", &level));
    assert_int_equal(level, LOG_WARN);
    assert_false(log_level_parse("", &level));
    assert_false(log_level_parse("verbose", &level));
    assert_int_equal(level, LOG_WARN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_for_people),
        cmocka_unit_test(test_levels_are_kept_to),
        cmocka_unit_test(test_a_json_line),
        cmocka_unit_test(test_no_message_makes_two_lines),
        cmocka_unit_test(test_broken_bytes_do_not_pass),
        cmocka_unit_test(test_long_messages_are_cut),
        cmocka_unit_test(test_quotes_fill_the_longest_line),
        cmocka_unit_test(test_errno_is_left_alone),
        cmocka_unit_test(test_level_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

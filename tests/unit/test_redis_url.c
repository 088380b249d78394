#include "store/redis_url.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void parse(struct redis_url *url, const char *text) {
    assert_int_equal(redis_url_parse(url, text), OK);
}

static void test_tcp(void **state) {
    struct redis_url url;

    (void)state;
    parse(&url, "redis://localhost");
    assert_string_equal(url.host, "localhost");
    assert_int_equal(url.port, 6379);
    assert_int_equal(url.db, 0);
    assert_null(url.path);
    assert_null(url.password);
    redis_url_finish(&url);

    parse(&url, "redis://bee:a%40b%2Fc:d@redis.example:7000/12");
    assert_string_equal(url.host, "redis.example");
    assert_string_equal(url.user, "bee");
    assert_string_equal(url.password, "a@b/c:d");
    assert_int_equal(url.port, 7000);
    assert_int_equal(url.db, 12);
    redis_url_finish(&url);

    parse(&url, "redis://:p@ss@[::1]:1/");
    assert_string_equal(url.host, "::1");
    assert_null(url.user);
    assert_string_equal(url.password, "p@ss");
    assert_int_equal(url.port, 1);
    redis_url_finish(&url);

    parse(&url, "redis://[fe80::2]");
    assert_string_equal(url.host, "fe80::2");
    assert_int_equal(url.port, 6379);
    redis_url_finish(&url);
}

static void test_unix(void **state) {
    struct redis_url url;

    (void)state;
    parse(&url, "unix:///run/redis.sock");
    assert_string_equal(url.path, "/run/redis.sock");
    assert_null(url.host);
    redis_url_finish(&url);

    parse(&url, "unix://:x@/a%3Fb@c/r.sock?db=3");
    assert_string_equal(url.path, "/a?b@c/r.sock");
    assert_string_equal(url.password, "x");
    assert_int_equal(url.db, 3);
    redis_url_finish(&url);
}

static void test_malformed(void **state) {
    static const char *const texts[] = {
        "",
        "redis",
        "redis:",
        "redis://",
        "redis:///0",
        "redis://:6379",
        "rediss://localhost",
        "http://localhost",
        "redis://localhost:",
        "redis://localhost:0",
        "redis://localhost:65536",
        "redis://localhost:+1",
        "redis://localhost:99999999999999999999",
        "redis://localhost/x",
        "redis://localhost/-1",
        "redis://localhost/10000",
        "redis://localhost/0/1",
        "redis://local host",
        "redis://password@localhost",
        "redis://:@localhost",
        "redis://:%4@localhost",
        "redis://:%zz@localhost",
        "redis://:a%00b@localhost",
        "redis://[::1",
        "redis://[::1]x",
        "redis://[]",
        "unix://",
        "unix://relative",
        "unix://?db=1/x",
        "unix://x/redis.sock",
        "unix:///redis.sock?db=",
        "unix:///redis.sock?db=1x",
        "unix:///redis.sock?other=1",
        "unix:///%",
    };
    struct redis_url url;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (redis_url_parse(&url, texts[i]) != ERR_INVALID)
            fail_msg("accepted: %s", texts[i]);
}

static void test_path_length(void **state) {
    struct redis_url url;
    char text[7 + 109];

    (void)state;
    snprintf(text, sizeof(text), "unix://%0108d", 0);
    text[7] = '/';
    assert_int_equal(redis_url_parse(&url, text), ERR_INVALID);
    text[7 + 107] = '\0';
    parse(&url, text);
    assert_int_equal(strlen(url.path), 107);
    redis_url_finish(&url);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_unix),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_path_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

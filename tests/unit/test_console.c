#include "bot/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(const char *url, const char *origin) {
    char *got = console_tiles_origin(url);

    if (origin == NULL)
        assert_null(got);
    else
        assert_string_equal(got, origin);
    free(got);
}

static void test_origins(void **state) {
    (void)state;
    expect("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example");
    expect("http://127.0.0.1:8081/t/{z}/{x}/{y}", "http://127.0.0.1:8081");
    expect("http://[::1]:8081/{z}", "http://[::1]:8081");
    expect("https://tiles.example?x={x}", "https://tiles.example");
}

static void test_many_hosts(void **state) {
    (void)state;
    expect("https://{s}.tile.example/{z}/{x}/{y}.png",
           "https://*.tile.example");
    expect("https://webrd0{s}.is.example:8443/a?x={x}&s={s}",
           "https://*.is.example:8443");
    expect("https://tiles.example/{s}/{z}", "https://tiles.example");
}

/* What would let more into the policy than a host. */
static void test_refused(void **state) {
    (void)state;
    expect("https://", NULL);
    expect("tiles.example", NULL);
    expect("https://{s}/{z}", NULL);
    expect("https://tile.{s}.example/", NULL);
    expect("https://{z}.example/", NULL);
    expect("https://a;script-src*/", NULL);
    expect("https://{s}.a;script-src", NULL);
    expect("https://'unsafe-inline'/", NULL);
    expect("https://user@tiles.example/", NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_many_hosts),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

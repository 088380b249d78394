#include "base/netaddr.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static bool is_public(const char *text) {
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return netaddr_is_public((const struct sockaddr *)&in);
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
        fail_msg("not an address: %s", text);
    return netaddr_is_public((const struct sockaddr *)&in6);
}

static void expect_all(const char *const *texts, size_t n, bool expected) {
    for (size_t i = 0; i < n; i++)
        if (is_public(texts[i]) != expected)
            fail_msg("%s: expected %s", texts[i],
                     expected ? "public" : "not public");
}

static void test_special_ipv4_is_not_public(void **state) {
    (void)state;
    static const char *const texts[] = {
        "0.0.0.0",         "0.1.2.3",         "10.0.0.0",
        "10.255.255.255",  "100.64.0.0",      "100.127.255.255",
        "127.0.0.1",       "127.255.255.255", "169.254.169.254",
        "172.16.0.0",      "172.31.255.255",  "192.0.0.8",
        "192.0.2.1",       "192.88.99.1",     "192.168.0.1",
        "192.168.255.255", "198.18.0.0",      "198.19.255.255",
        "198.51.100.7",    "203.0.113.9",     "224.0.0.1",
        "239.255.255.255", "240.0.0.1",       "255.255.255.255",
    };
    expect_all(texts, ARRAY_LEN(texts), false);
}

/* The neighbours of each range: a mask one bit too wide shows here. */
static void test_other_ipv4_is_public(void **state) {
    (void)state;
    static const char *const texts[] = {
        "1.0.0.0",         "9.255.255.255",   "11.0.0.0",
        "100.63.255.255",  "100.128.0.0",     "126.255.255.255",
        "128.0.0.1",       "169.253.255.255", "169.255.0.0",
        "172.15.255.255",  "172.32.0.0",      "191.255.255.255",
        "192.0.1.0",       "192.0.3.0",       "192.88.98.255",
        "192.88.100.0",    "192.167.255.255", "192.169.0.0",
        "198.17.255.255",  "198.20.0.0",      "198.51.99.255",
        "198.51.101.0",    "203.0.112.255",   "203.0.114.0",
        "223.255.255.255", "114.114.114.114",
    };
    expect_all(texts, ARRAY_LEN(texts), true);
}

static void test_special_ipv6_is_not_public(void **state) {
    (void)state;
    static const char *const texts[] = {
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:0:8.8.8.8",
        "64:ff9b::10.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    };
    expect_all(texts, ARRAY_LEN(texts), false);
}

static void test_other_ipv6_is_public(void **state) {
    (void)state;
    static const char *const texts[] = {
        "2000::1",        "2001:200::1",      "2001:da8::1",  "2001:4860::8888",
        "2003::1",        "240e::1",          "3fff:1000::1", "3ffe::1",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    };
    expect_all(texts, ARRAY_LEN(texts), true);
}

static void test_other_families_are_not_public(void **state) {
    (void)state;
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    assert_false(netaddr_is_public((const struct sockaddr *)&un));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_special_ipv4_is_not_public),
        cmocka_unit_test(test_other_ipv4_is_public),
        cmocka_unit_test(test_special_ipv6_is_not_public),
        cmocka_unit_test(test_other_ipv6_is_public),
        cmocka_unit_test(test_other_families_are_not_public),
    };
    return cmocka_run_group_tests_name("netaddr", tests, NULL, NULL);
}

#include "base/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state) {
    (void)state;
    return token_init() ? 0 : -1;
}

static void test_init_may_be_repeated(void **state) {
    (void)state;
    assert_true(token_init());
}

static void test_random_tokens(void **state) {
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz0123456789-_";
    char tokens[200][TOKEN_MAX];

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        token_random(tokens[i], sizeof(tokens[i]), 32);
        assert_int_equal(strlen(tokens[i]), 43);
        assert_int_equal(strspn(tokens[i], allowed), 43);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(tokens[i], tokens[j]);
    }
}

static void test_token_sizes(void **state) {
    char token[TOKEN_MAX];

    (void)state;
    token_random(token, sizeof(token), 1);
    assert_int_equal(strlen(token), 2);
    token_random(token, sizeof(token), 47);
    assert_int_equal(strlen(token), 63);
    token_random(token, 44, 32);
    assert_int_equal(strlen(token), 43);
}

static void test_codes_can_be_read_aloud(void **state) {
    bool seen[256] = {false};
    char code[9];
    int kinds = 0;

    (void)state;
    for (int i = 0; i < 500; i++) {
        token_code(code, sizeof(code), 8);
        assert_int_equal(strlen(code), 8);
        assert_null(strpbrk(code, "0O1IL"));
        for (const char *c = code; *c; c++)
            seen[(unsigned char)*c] = true;
    }
    for (int c = 0; c < 256; c++)
        kinds += seen[c];
    /* 8 digits and 23 letters; that one of 31 is missing in 4000 draws has
     * odds of about 1 to 10^55. */
    assert_int_equal(kinds, 31);
}

static void test_hashes(void **state) {
    char hash[TOKEN_HASH_SIZE];

    (void)state;
    /* From FIPS 180-4's examples. */
    token_hash(hash, "abc");
    assert_string_equal(hash,
                        "ba7816bf8f01cfea414140de5dae2223"
                        "b00361a396177a9cb410ff61f20015ad");
    token_hash(hash, "");
    assert_string_equal(hash,
                        "e3b0c44298fc1c149afbf4c8996fb924"
                        "27ae41e4649b934ca495991b7852b855");
}

static void test_comparing(void **state) {
    (void)state;
    assert_true(token_equal("", ""));
    assert_true(token_equal("s3cret", "s3cret"));
    assert_false(token_equal("s3cret", "s3creT"));
    assert_false(token_equal("s3cret", "s3cre"));
    assert_false(token_equal("s3cret", "s3crets"));
    assert_false(token_equal("", "x"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_may_be_repeated),
        cmocka_unit_test(test_random_tokens),
        cmocka_unit_test(test_token_sizes),
        cmocka_unit_test(test_codes_can_be_read_aloud),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_comparing),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}

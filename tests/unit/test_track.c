#include "bot/track.h"

#include "base/mem.h"
#include "base/seal.h"
#include "base/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], path[96];
static struct seal *seal;

static int setup(void **state) {
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/xiaofeng-track-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/field.key", dir);
    return token_init() && seal_load(path, &seal) == OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    seal_free(seal);
    unlink(path);
    return rmdir(dir);
}

static void is_read_as(const char *token, const char *id, size_t index) {
    struct track track;
    assert_true(track_parse(seal, token, &track));
    assert_string_equal(track.id, id);
    assert_int_equal(track.index, index);
}

static void is_none(const char *token) {
    struct track track;
    assert_false(track_parse(seal, token, &track));
}

static void test_back_and_forth(void **state) {
    static const struct {
        const char *id;
        size_t index;
    } some[] = {{"B1", 0},
                {"B12", 345},
                {"B999999999999999999", 999999999},
                {"B7", 1000000}};
    char token[TRACK_TOKEN_SIZE];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        track_token(seal, some[i].id, some[i].index, token);
        is_read_as(token, some[i].id, some[i].index);
        /* Nothing that an address or a chat would break at. */
        assert_int_equal(strspn(token,
                                "0123456789-_abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                         strlen(token));
    }
}

/* Every letter of it counts. */
static void test_altered(void **state) {
    char token[TRACK_TOKEN_SIZE], other[TRACK_TOKEN_SIZE + 8];
    (void)state;
    track_token(seal, "B12", 345, token);
    size_t len = strlen(token);
    for (size_t i = 0; i < len; i++) {
        strcpy(other, token);
        other[i] = other[i] == '1' ? '2' : '1';
        is_none(other);
        strcpy(other, token);
        other[i] = '\0';
        is_none(other);
    }
    snprintf(other, sizeof(other), "%s0", token);
    is_none(other);
    snprintf(other, sizeof(other), "%s:", token);
    is_none(other);
    snprintf(other, sizeof(other), "B12-0345%s", strrchr(token, '-'));
    is_none(other);
}

static void test_nonsense(void **state) {
    char longest[5000];
    (void)state;
    memset(longest, 'B', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    is_none(longest);
    memset(longest + 1, '1', sizeof(longest) - 2);
    is_none(longest);
    static const char *const some[] = {
        "",
        "B",
        "B-",
        "B1",
        "B1-",
        "B1-1",
        "B1-1-",
        "B1-1-.",
        "B1-1-k",
        "B1-1-k1.",
        "1-1-1",
        "B1--1-k1.",
        "B-1-1-1",
        "B1-1e5-k1",
        "b1-1-k1.0123456789abcdef",
        "B1-1-k1.0123456789abcdef",
    };
    for (size_t i = 0; i < ARRAY_LEN(some); i++)
        is_none(some[i]);
}

/* Links that are on their way outlive the turning of keys, until the old ones
 * are dropped. */
static void test_keys_turn(void **state) {
    char token[TRACK_TOKEN_SIZE], after[TRACK_TOKEN_SIZE];
    (void)state;
    track_token(seal, "B3", 4, token);
    assert_int_equal(seal_add_key(seal), OK);
    track_token(seal, "B3", 4, after);
    assert_string_not_equal(token, after);
    is_read_as(token, "B3", 4);
    is_read_as(after, "B3", 4);
    assert_int_equal(seal_drop_old(seal), OK);
    is_none(token);
    is_read_as(after, "B3", 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_and_forth),
        cmocka_unit_test(test_altered),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_keys_turn),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

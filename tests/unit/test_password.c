#include "bot/password.h"

#include "base/mem.h"
#include "base/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    uv_loop_t loop;
    struct passwords *passwords;
    unsigned done;
    enum err err;
    unsigned n[ERR_COUNT];
    char hash[PASSWORD_HASH_SIZE];
};

static int setup(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));
    uv_loop_init(&f->loop);
    f->passwords = passwords_new(&f->loop);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    passwords_free(f->passwords);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

static void on_checked(void *data, enum err err) {
    struct fixture *f = data;
    f->done++;
    f->err = err;
    f->n[err]++;
}

static void on_hashed(void *data, enum err err, const char *hash) {
    struct fixture *f = data;
    assert_true((hash != NULL) == (err == OK));
    snprintf(f->hash, sizeof(f->hash), "%s", hash == NULL ? "" : hash);
    on_checked(data, err);
}

static enum err check(struct fixture *f, const char *hash,
                      const char *password) {
    unsigned before = f->done;
    password_check(f->passwords, hash, password, on_checked, f);
    assert_int_equal(f->done, before); /* later */
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->done, before + 1);
    return f->err;
}

static enum err hash(struct fixture *f, const char *password) {
    unsigned before = f->done;
    password_hash(f->passwords, password, on_hashed, f);
    assert_int_equal(f->done, before);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->done, before + 1);
    return f->err;
}

static void the_right_one_is_right(void **state) {
    struct fixture *f = *state;
    char first[PASSWORD_HASH_SIZE], now[PASSWORD_HASH_SIZE];
    assert_int_equal(hash(f, "correct horse 小蜂"), OK);
    assert_memory_equal(f->hash, "$argon2id$", 10);
    assert_null(strstr(f->hash, "horse"));
    strcpy(first, f->hash);
    assert_int_equal(check(f, first, "correct horse 小蜂"), OK);
    assert_int_equal(check(f, first, "correct horse"), ERR_DENIED);
    assert_int_equal(check(f, first, ""), ERR_DENIED);
    assert_int_equal(check(f, "no hash", "correct horse 小蜂"), ERR_DENIED);
    assert_int_equal(hash(f, "correct horse 小蜂"), OK);
    assert_string_not_equal(f->hash, first); /* salted */
    password_hash_now(now, "correct horse 小蜂");
    assert_int_equal(check(f, now, "correct horse 小蜂"), OK);
}

static void some_are_none(void **state) {
    struct fixture *f = *state;
    char text[PASSWORD_BYTES_MAX + 2];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(hash(f, text), ERR_INVALID);
    assert_int_equal(check(f, "", text), ERR_DENIED);
    text[PASSWORD_BYTES_MAX] = '\0';
    assert_int_equal(hash(f, text), OK);
    assert_int_equal(check(f, f->hash, text), OK);
    text[PASSWORD_BYTES_MIN - 1] = '\0';
    assert_int_equal(hash(f, text), ERR_INVALID);
}

/* Whether a name is known must not be seen from how long it takes. */
static void nobodys_takes_as_long(void **state) {
    struct fixture *f = *state;
    uint64_t best[2] = {UINT64_MAX, UINT64_MAX};
    assert_int_equal(hash(f, "correct horse"), OK);
    for (int i = 0; i < 8; i++) {
        uint64_t begun = uv_hrtime();
        assert_int_equal(check(f, i % 2 ? f->hash : NULL, "wrong horse"),
                         ERR_DENIED);
        uint64_t took = uv_hrtime() - begun;
        if (took < best[i % 2])
            best[i % 2] = took;
    }
    assert_true(best[0] < best[1] * 2 && best[1] < best[0] * 2);
}

static void there_are_not_more_than_many(void **state) {
    struct fixture *f = *state;
    unsigned n = PASSWORDS_AT_ONCE + PASSWORDS_WAITING;
    for (unsigned i = 0; i < n + 3; i++)
        password_check(f->passwords, NULL, "wrong horse", on_checked, f);
    /* The first have not begun to end: those that do not fit do at once. */
    while (f->n[ERR_LIMIT] < 3)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(f->done < n);
    passwords_free(f->passwords); /* the others hear that it is over */
    f->passwords = NULL;
    assert_int_equal(f->done, n + 3);
    assert_true(f->n[ERR_AWAY] > 0);
    assert_int_equal(f->n[ERR_AWAY] + f->n[ERR_DENIED], n);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_right_one_is_right),
        TEST(some_are_none),
        TEST(nobodys_takes_as_long),
        TEST(there_are_not_more_than_many),
    };

    if (!token_init())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
